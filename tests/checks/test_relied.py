"""What overlays rely on, kind by kind, and what a board without it is told to lack."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from support.overlays import PLACEHOLDER, at, overlay_of, to
from support.trees import Content, strings, tree_of

from dtovl.checks.follow import Devices
from dtovl.checks.gaps import Reporter, gaps_of
from dtovl.checks.relied import describe, needs_of
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.model.dialect import LIBFDT

if TYPE_CHECKING:
    from dtovl.overlay.fragments import Overlay

SOC: dict[str, Any] = {
    "compatible": "simple-bus",
    "#address-cells": 1,
    "#size-cells": 1,
    "ranges": b"",
    "phandle": 1,
    "interrupt-parent": 2,
    "intc@1000": {
        "reg": [0x1000, 1],
        "phandle": 2,
        "#interrupt-cells": 2,
        "compatible": "acme,intc",
    },
    "gpio@2000": {"reg": [0x2000, 1], "phandle": 3, "#gpio-cells": 2, "compatible": "acme,gpio"},
}


def board(**changes: Any) -> Content:
    """Make a board; changes are nodes below /soc by name without unit, None for none."""
    soc = copy.deepcopy(SOC)
    for key, value in changes.items():
        name = next((one for one in soc if one.partition("@")[0] == key), key)
        if value is None:
            del soc[name]
        else:
            old = soc.get(name)
            soc[name] = {**old, **value} if isinstance(old, dict) else value
    labels = {"soc": "/soc", "intc": "/soc/intc@1000", "gpio": "/soc/gpio@2000"}
    return {
        "#address-cells": 1,
        "#size-cells": 1,
        "compatible": "acme,board",
        "soc": soc,
        "__symbols__": {**labels},
    }


def told(overlay: Overlay, new: Content, old: Content | None = None) -> list[Diagnostic]:
    now = tree_of(new)
    needs = needs_of(overlay, tree_of(board() if old is None else old), LIBFDT)
    sink = Sink()
    Reporter(now, "a.dtb", LIBFDT).report(gaps_of(needs, now, LIBFDT), "x.dtbo", sink)
    return list(sink)


def numbers(found: list[Diagnostic]) -> list[str]:
    return [one.code.number for one in found]


OTHER_COUNT = board(intc={"#interrupt-cells": 3})
DEVICE: Content = {"reg": [0x5000, 1], "interrupts": [5, 4]}


def test_interrupts_are_counted_by_the_parent_that_is_inherited() -> None:
    found = told(overlay_of(to("soc", {"timer@5000": DEVICE})), OTHER_COUNT)
    assert numbers(found) == ["DT653"]
    assert "#interrupt-cells (of the interrupt parent)" in found[0].message
    assert "is 3 in a.dtb, and was 2" in found[0].message


def test_interrupts_of_a_node_two_levels_down() -> None:
    bus: Content = {"#address-cells": 1, "#size-cells": 1, "timer@5000": DEVICE}
    assert numbers(told(overlay_of(to("soc", {"bus": bus})), OTHER_COUNT)) == ["DT653"]


def test_an_interrupt_parent_that_the_overlay_names() -> None:
    device = {"interrupts": [5, 4], "interrupt-parent": PLACEHOLDER}
    fixups: Any = {"intc": "/fragment@0/__overlay__/x:interrupt-parent:0"}
    overlay = overlay_of(to("soc", {"x": device}), fixups=fixups)
    found = told(overlay, OTHER_COUNT)
    assert numbers(found) == ["DT653"]
    assert (
        found[0].fix == "write interrupts with 3 cells behind &intc, or keep #interrupt-cells at 2"
    )
    assert told(overlay, board(gpio={"#gpio-cells": 3})) == []


def test_an_interrupt_parent_inside_the_overlay() -> None:
    device: Content = {"interrupts": [5], "interrupt-parent": 1}
    inside: Content = {"x": device, "own": {"phandle": 1, "#interrupt-cells": 1}}
    local: Any = {"fragment@0": {"__overlay__": {"x": {"interrupt-parent": 0}}}}
    assert told(overlay_of(to("soc", inside), local=local), OTHER_COUNT) == []


def test_a_local_reference_to_a_node_that_merges_with_the_base() -> None:
    inside: Content = {"gpio@2000": {"phandle": 1}, "x": {"reset-gpios": [1, 7, 0]}}
    local: Any = {"fragment@0": {"__overlay__": {"x": {"reset-gpios": 0}}}}
    overlay = overlay_of(to("soc", inside), local=local)
    assert numbers(told(overlay, board(gpio={"#gpio-cells": 3}))) == ["DT653"]
    device: Content = {"interrupts": [5, 4], "interrupt-parent": 1}
    local = {"fragment@0": {"__overlay__": {"x": {"interrupt-parent": 0}}}}
    overlay = overlay_of(to("soc", {"intc@1000": {"phandle": 1}, "x": device}), local=local)
    assert numbers(told(overlay, OTHER_COUNT)) == ["DT653"]


def test_a_count_that_the_overlay_itself_gives_is_no_need() -> None:
    inside: Content = {"gpio@2000": {"#gpio-cells": 2}, "x": {"a-gpios": [PLACEHOLDER, 7, 0]}}
    fixups: Any = {"gpio": "/fragment@0/__overlay__/x:a-gpios:0"}
    overlay = overlay_of(to("soc", inside), fixups=fixups)
    assert told(overlay, board(gpio={"#gpio-cells": 3})) == []


def test_the_lines_of_a_hog_are_counted_by_its_parent() -> None:
    hog: Content = {"gpio-hog": b"", "gpios": [7, 0]}
    overlay = overlay_of(to("gpio", {"hog": hog}))
    assert numbers(told(overlay, board(gpio={"#gpio-cells": 3}))) == ["DT653"]


def test_reg_of_a_target_is_counted_by_the_node_above() -> None:
    old = board()
    new = {**old, "#size-cells": 2}
    assert numbers(told(overlay_of(at("/soc", {"reg": [1, 1]})), new, old)) == ["DT653"]
    assert told(overlay_of(at("/soc", {"ranges": b""})), new, old) == []


def test_reg_below_a_new_bus_is_counted_by_that_bus() -> None:
    bus: Content = {"#address-cells": 1, "#size-cells": 0, "x@1": {"reg": 1}}
    new = board()
    new["soc"]["#size-cells"] = 2  # type: ignore[index, call-overload]
    found = told(overlay_of(at("/soc", {"bus": bus})), new)
    assert "DT653" not in numbers(found)


def test_paths_spelled_out_as_values() -> None:
    old = {**board(), "aliases": {}, "chosen": {}}
    value = at("/aliases", {"gpio0": "/soc/gpio@2000", "none": "/lib/firmware", "root": "/"})
    new = {**board(gpio=None), "aliases": {}, "chosen": {}}
    found = told(overlay_of(value), new, old)
    assert [one.message for one in found] == ["path /soc/gpio@2000 is gone from a.dtb"]
    assert found[0].why.startswith("/soc has no child 'gpio@2000'")
    options = at("/chosen", {"stdout-path": "/soc/gpio@2000:115200n8"})
    assert numbers(told(overlay_of(options), new, old)) == ["DT651"]


def test_a_phandle_that_is_written_out() -> None:
    overlay = overlay_of({"target": 3, "__overlay__": {"x": 1}})
    assert told(overlay, board()) == []
    moved = board(gpio={"phandle": 30}, intc={"phandle": 3})
    found = told(overlay, moved)
    assert [one.message for one in found] == ["phandle 3 is gone from a.dtb"]
    assert "it was /soc/gpio@2000" in found[0].why
    assert numbers(told(overlay, board(gpio={"phandle": 30}))) == ["DT651"]


def test_an_overlay_that_brings_compatible_does_not_rely_on_it() -> None:
    new = board(gpio={"compatible": "acme,other"})
    assert told(overlay_of(to("gpio", {"compatible": "acme,mine"})), new) == []
    assert numbers(told(overlay_of(to("gpio", {"status": "okay"})), new)) == ["DT654"]


def test_what_hangs_on_another_device_is_not_told() -> None:
    inside: Content = {"leds": {"x": 1}}
    old = board(gpio={"leds": {}})
    new = board(gpio={"compatible": "acme,other"})
    assert numbers(told(overlay_of(to("gpio", inside)), new, old)) == ["DT654"]


def test_a_label_whose_node_has_no_phandle() -> None:
    new = board()
    del new["soc"]["gpio@2000"]["phandle"]  # type: ignore[index, union-attr, call-overload]
    found = told(overlay_of(to("gpio", {"x": 1})), new)
    assert numbers(found) == ["DT650"]
    assert "which has no phandle" in found[0].notes[0].text
    assert "dtc -@" in found[0].fix


def test_an_overlay_for_the_board_that_was() -> None:
    overlay = overlay_of(to("soc", {"x": 1}))
    overlay.tree.root.properties["compatible"] = strings("acme,board")
    found = told(overlay, {**board(), "compatible": "acme,other"})
    assert numbers(found) == ["DT654"]
    assert found[0].why == "x.dtbo is for acme,board"


def test_what_another_overlay_brings_is_no_need() -> None:
    overlay = overlay_of(to("mikrobus", {"x": 1}), at("/soc/shield", {"y": 1}))
    assert told(overlay, {"__symbols__": {}}) == []


# -- the same device -------------------------------------------------------------------------------


def followed(old: Content, path: str, new: Content) -> tuple[str, bool, str] | None:
    then, now = tree_of(old), tree_of(new)
    node = then.find(path)
    assert node is not None
    found = Devices(now, LIBFDT).follow(describe(then, node))
    return None if found is None else (found.node.path, found.sure, found.by)


RTC: Content = {"compatible": "acme,rtc", "reg": [0x3000, 1]}


@pytest.mark.parametrize(
    ("soc", "expected"),
    [
        ({"rtc@3000": RTC}, ("/soc/rtc@3000", True, "where it was")),
        ({"clock@3000": RTC}, ("/soc/clock@3000", True, "bus address 0x3000")),
        # The one with the address counts, not the one with the path.
        (
            {"rtc@3000": {**RTC, "reg": [0x4000, 1]}, "other@3000": RTC},
            ("/soc/other@3000", True, "bus address 0x3000"),
        ),
        # A wrapper of the same kind answers at the address as well: the name tells.
        (
            {
                "module@3000": {
                    **RTC,
                    "ranges": [0, 0x3000, 0x100],
                    "#address-cells": 1,
                    "#size-cells": 1,
                    "rtc@0": {**RTC, "reg": [0, 1]},
                }
            },
            ("/soc/module@3000/rtc@0", True, "bus address 0x3000"),
        ),
        (
            {"rtc@9": {**RTC, "reg": [9, 1]}, "x@8": {**RTC, "reg": [8, 1]}, "#": "rtc@9"},
            ("/soc/rtc@9", True, "label rtc"),
        ),
        (
            {"clock@9": {**RTC, "reg": [9, 1]}},
            ("/soc/clock@9", False, "the only one compatible with acme,rtc"),
        ),
        (
            {
                "a": {"rtc@3000": {"compatible": "acme,rtc"}},
                "b": {"clock@1": {"compatible": "acme,rtc"}},
            },
            ("/soc/a/rtc@3000", False, "the only one of its name"),
        ),
        ({"rtc@3000": {"compatible": "acme,other", "reg": [0x3000, 1]}}, None),
        ({"a@1": {**RTC, "reg": [1, 1]}, "b@2": {**RTC, "reg": [2, 1]}}, None),
    ],
)
def test_a_device_is_followed(soc: dict[str, Any], expected: tuple[str, bool, str] | None) -> None:
    old = board(**{"rtc@3000": RTC})
    old["__symbols__"]["rtc"] = "/soc/rtc@3000"  # type: ignore[index, call-overload]
    new = board()
    labelled = soc.get("#")
    new["soc"].update({name: node for name, node in soc.items() if name != "#"})  # type: ignore[union-attr]
    if labelled:
        new["__symbols__"]["rtc"] = f"/soc/{labelled}"  # type: ignore[index, call-overload]
    assert followed(old, "/soc/rtc@3000", new) == expected


def test_a_device_without_compatible_is_known_by_name_and_address() -> None:
    old, new = board(), board()
    old["soc"]["mem@7000"] = {"reg": [0x7000, 1]}  # type: ignore[index, call-overload]
    new["soc"]["bus"] = {  # type: ignore[index, call-overload]
        "#address-cells": 1,
        "#size-cells": 1,
        "ranges": b"",
        "mem@7000": {"reg": [0x7000, 1]},
        "other@7000": {"reg": [0x7000, 1]},
    }
    expected = "/soc/bus/mem@7000", True, "bus address 0x7000"
    assert followed(old, "/soc/mem@7000", new) == expected
