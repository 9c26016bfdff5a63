"""What is said of an overlay that applies: without use, or with harm."""

from __future__ import annotations

import pytest
from checks.board import BOARD, all_text, findings, only, run
from support.overlays import PLACEHOLDER, at, inside, overlay_of, to
from support.trees import Content, tree_of

from dtovl.checks.conventions import check_tree
from dtovl.codes.base import Severity
from dtovl.model.dialect import LIBFDT, LINUX, Dialect

BOTH = pytest.mark.parametrize("applier", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)
DEVICE: Content = {"compatible": "acme,dev"}


def numbers(content: Content, applier: Dialect = LIBFDT) -> list[str]:
    return [one.code.number for one in findings(overlay_of(to("soc", content)), applier=applier)]


@BOTH
def test_a_good_overlay_raises_nothing(applier: Dialect) -> None:
    overlay = overlay_of(
        to("mmc", {"status": "okay"}),
        to("i2c1", {"cam@10": {**DEVICE, "reg": 0x10}}),
        symbols={"cam": "/fragment@1/__overlay__/cam@10"},
    )
    done = run(overlay, applier=applier)
    assert done.findings == []
    assert all(verdict.applies for verdict in done.verdicts)


@BOTH
def test_nodes_that_were_to_change_one_of_the_base(applier: Dialect) -> None:
    overlay = overlay_of(at("/soc", {"mmc@3001": {"status": "okay"}, "gone@1": {"status": "okay"}}))
    found = only(findings(overlay, applier=applier), "DT130")
    assert found.message.startswith("2 nodes without `compatible` are ")
    assert "status" in found.message
    assert "fragment@0" in found.why
    both = all_text(found)
    assert "/soc/mmc@3000 (&mmc)" in both or "gone@1" in found.path


def test_the_likeliest_of_several_nodes_is_suggested() -> None:
    overlay = overlay_of(at("/soc", {"serial@2001": {"status": "okay"}}))
    found = only(findings(overlay), "DT130")
    assert found.message.startswith("1 node without `compatible` is ")
    assert "did you mean /soc/serial@1000 (&uart1)?" in found.fix


@pytest.mark.parametrize(
    "content",
    [
        {"dev": {**DEVICE, "status": "okay"}},
        {"ports": {"port": {"endpoint": {"status": "okay"}}}},
        {"dev": {**DEVICE, "led@1": {"status": "okay", "reg": 1}}},
        {"group": {"pins": {"drive": 1}}},
    ],
    ids=["device", "graph", "inside-a-device", "no-status-no-unit-address"],
)
def test_nodes_that_are_of_use(content: Content) -> None:
    assert "DT130" not in numbers(content)


@BOTH
def test_values_that_are_as_they_were(applier: Dialect) -> None:
    overlay = overlay_of(to("mmc", {"status": "disabled", "compatible": "acme,mmc", "x": 1}))
    found = only(findings(overlay, applier=applier), "DT131")
    assert "disabled" in all_text(found)
    assert "compatible" in all_text(found)
    assert found.severity is Severity.WARNING


def test_cells_may_be_repeated() -> None:
    assert numbers({"#address-cells": 1, "#size-cells": 1}) == []


def test_a_label_that_only_just_resolves() -> None:
    symbols = BOARD["__symbols__"]
    assert isinstance(symbols, dict)
    base: Content = {**BOARD, "__symbols__": {**symbols, "loose": "/soc/serial"}}
    found = only(findings(overlay_of(to("loose", {"x": 1})), base=base), "DT132")
    assert "loose" in found.message
    assert "/soc/serial@1000" in found.message


@BOTH
def test_a_label_that_names_no_node(applier: Dialect) -> None:
    overlay = overlay_of(to("soc", {"n": DEVICE}), symbols={"l": "/fragment@0/__overlay__/gone"})
    found = only(findings(overlay, applier=applier), "DT133")
    assert "label l" in found.message
    assert "/soc/gone" in found.message
    assert found.fix == "put the label on a node inside a fragment"


@BOTH
def test_reg_that_does_not_fit_the_bus(applier: Dialect) -> None:
    overlay = overlay_of(to("i2c1", {"cam@10": {**DEVICE, "reg": [0x10, 1, 2]}}))
    assert findings(overlay, applier=applier) == []
    found = only(
        findings(overlay_of(to("soc", {"dev@1": {**DEVICE, "reg": 1}})), applier=applier), "DT134"
    )
    assert found.path == "/soc/dev@1"
    assert "4 bytes" in found.message
    assert "8" in found.message
    assert "/soc" in found.message


@pytest.mark.parametrize(
    ("name", "reg", "cure"),
    [("c@50", 0x51, "c@51"), ("c@0x50", 0x50, "c@50"), ("c@0050", 0x50, "c@50")],
)
def test_a_unit_address_that_is_not_reg(name: str, reg: int, cure: str) -> None:
    overlay = overlay_of(to("i2c1", {name: {**DEVICE, "reg": reg}}))
    assert cure in only(findings(overlay), "DT135").fix


@pytest.mark.parametrize("name", ["c@50", "c@50,1", "c"])
def test_a_unit_address_that_is_right_or_means_more(name: str) -> None:
    overlay = overlay_of(to("i2c1", {name: {**DEVICE, "reg": 0x50}}))
    assert [one for one in findings(overlay) if one.code.number == "DT135"] == []


@pytest.mark.parametrize(
    ("bus", "name"),
    [
        ({"device_type": "pci"}, "dev@2"),
        ({"device_type": "pciex"}, "dev@2"),
        ({}, "dev@second"),
        ({"#address-cells": 3}, "dev@2"),
    ],
    ids=["pci", "pciex", "no-number", "three-cells"],
)
def test_a_unit_address_that_is_no_address(bus: Content, name: str) -> None:
    content: Content = {
        "compatible": "acme,bus",
        "#address-cells": 1,
        "#size-cells": 0,
        **bus,
        name: {**DEVICE, "reg": [0x51, 0, 0]},
    }
    assert "DT135" not in numbers({"bus": content})


@BOTH
def test_two_devices_at_one_address(applier: Dialect) -> None:
    overlay = overlay_of(to("i2c1", {"other@48": {**DEVICE, "reg": 0x48}}))
    found = only(findings(overlay, applier=applier), "DT136")
    assert "temp@48 (board.dtb) and other@48" in found.message
    disabled: Content = {"other@48": {**DEVICE, "reg": 0x48, "status": "disabled"}}
    assert findings(overlay_of(to("i2c1", disabled)), applier=applier) == []


def test_of_many_devices_at_one_address_each_is_told_once() -> None:
    content: Content = {f"dev{number}@48": {**DEVICE, "reg": 0x48} for number in range(20)}
    found = [one for one in findings(overlay_of(to("i2c1", content))) if one.code.number == "DT136"]
    assert len(found) == 20
    assert len({one.path for one in found}) == 20


# -- what Linux makes of it ------------------------------------------------------------------------


def test_a_phandle_that_linux_drops() -> None:
    overlay = overlay_of(
        to("i2c1", {"link": 1, "temp@48": {"phandle": 1}}), local=inside({"link": 0})
    )
    found = only(findings(overlay, applier=LINUX), "DT137")
    assert "/soc/i2c@4000/temp@48" in found.message
    assert "1 reference" in found.message
    assert found.severity is Severity.WARNING
    other = only(findings(overlay), "DT137")
    assert other.severity is Severity.INFO


def test_a_phandle_that_nobody_refers_to_may_be_dropped() -> None:
    overlay = overlay_of(to("i2c1", {"temp@48": {"phandle": 1}}))
    assert findings(overlay, applier=LINUX) == []


def test_a_fixup_that_linux_passes_over() -> None:
    overlay = overlay_of(
        to("soc", {"r": PLACEHOLDER}), fixups={"mmc": "/fragment@0/__overlay__/gone:r:0"}
    )
    found = only(findings(overlay, applier=LINUX), "DT123")
    assert "label mmc" in found.message
    assert "/fragment@0/__overlay__/gone:r:0" in found.message


def test_compatible_without_nul() -> None:
    overlay = overlay_of(to("soc", {"n": {"compatible": b"a,b"}}))
    assert only(findings(overlay, applier=LINUX), "DT122").severity is Severity.WARNING


def test_two_devices_of_one_name() -> None:
    overlay = overlay_of(to("soc", {"serial@1000,0": {"reg": [0x1000, 4]}}))
    done = run(overlay, applier=LINUX)
    found = only(done.findings, "DT128")
    assert "/soc/serial@1000" in all_text(found)
    assert done.verdicts[0].applies
    assert done.verdicts[0].error == "-EINVAL"
    assert done.stack.failed is None


def test_of_two_new_devices_of_one_name_the_second_is_told() -> None:
    content: Content = {"dev@9000": {"reg": [0x9000, 4]}, "dev@9000,0": {"reg": [0x9000, 4]}}
    found = only(findings(overlay_of(to("soc", content)), applier=LINUX), "DT128")
    assert found.path == "/soc/dev@9000,0"


def test_depth_and_shared_names_are_told() -> None:
    deep: Content = {}
    for _ in range(64):
        deep = {"n": deep}
    found = findings(overlay_of(to("soc", {"x": deep})), applier=LINUX)
    assert only(found, "DT138").path.startswith("/fragment@0/__overlay__/x")
    shared = findings(overlay_of(to("mmc", {"status": {"x": 1}})), applier=LINUX)
    assert "status#1" in only(shared, "DT139").message


# -- whole trees -----------------------------------------------------------------------------------


def test_a_good_tree_raises_nothing() -> None:
    assert check_tree(tree_of(BOARD)) == []


def test_a_tree_with_oddities_is_told_by_path() -> None:
    odd: Content = {
        **BOARD,
        "aliases": {"serial0": "/gone", "name": "aliases"},
        "__symbols__": {"gone": "/gone", "phandle": 1},
        "leds": {"#address-cells": 1, "#size-cells": 0, "led@2": {"reg": 1}, "red@1": {"reg": 1}},
    }
    found = [(one.code.number, one.path) for one in check_tree(tree_of(odd))]
    assert found == [
        ("DT133", "/__symbols__"),
        ("DT140", "/aliases"),
        ("DT135", "/leds/led@2"),
    ]
