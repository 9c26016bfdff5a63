"""Links after overlays: what they broke or brought is told, what the base has by itself is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.overlays import at, overlay_of, state, to
from support.trees import Content, strings, tree_of

from dtovl.checks.linked import BaseLinks
from dtovl.checks.verdicts import once
from dtovl.links.board import Board
from dtovl.links.fwspec import iommu_findings
from dtovl.links.judge import judge
from dtovl.links.lateregions import region_findings
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.model.supplierbindings import BINDINGS, Binding, Bindings
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic
    from dtovl.links.link import Finding
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay

OFF: dict[str, str] = {"status": "disabled"}
BASE: Content = {
    "compatible": "acme,board",
    "#address-cells": 1,
    "#size-cells": 1,
    "osc": {"compatible": "fixed-clock", "#clock-cells": 0, "phandle": 1},
    "pll": {"compatible": "acme,pll", "#clock-cells": 1, "clocks": 1, "phandle": 2, **OFF},
    "gpio": {"compatible": "acme,gpio", "gpio-controller": b"", "#gpio-cells": 2, "phandle": 3},
    "iommu": {"compatible": "acme,iommu", "#iommu-cells": 1, "phandle": 4},
    "dma": {"compatible": "acme,dma", "iommus": [4, 7], "phandle": 5},
    "uart": {
        "compatible": "acme,uart",
        "clocks": [1, 1],
        "clock-names": "one",
        "reset-gpio": [3, 1, 0],
        "phandle": 6,
    },
    "display": {
        "compatible": "acme,display",
        "port": {"endpoint": {"remote-endpoint": 9, "phandle": 8}},
    },
    "panel": {
        "compatible": "acme,panel",
        "port": {"endpoint": {"remote-endpoint": 8, "phandle": 9}},
    },
    "__symbols__": {
        "pll": "/pll",
        "gpio": "/gpio",
        "uart": "/uart",
        "out": "/display/port/endpoint",
    },
}


def found(
    *overlays: Overlay,
    base: Content = BASE,
    applier: Dialect = LIBFDT,
    bindings: Bindings = BINDINGS,
    cycles: bool = False,
) -> list[Diagnostic]:
    tree = tree_of(base)
    plain = state(tree)
    links = BaseLinks(tree, bindings, cycles=cycles)
    for _ in range(2):
        stack = apply_stack(tree, overlays, applier)
        assert stack.failed is None
        before = state(tree)
        told = links.diagnostics(stack.outcomes)
        assert state(tree) == before
        stack.revert(tree)
        assert state(tree) == plain
    return once(told)


def brief(findings: list[Diagnostic]) -> list[str]:
    return [f"{one.severity.label} {one.code.number} {one.path} {one.message}" for one in findings]


def camera(**more: object) -> Content:
    return at("/", {"camera": {"compatible": "acme,camera", **more}})  # type: ignore[dict-item]


def with_phandles(fragment: Content, sites: dict[str, tuple[str, ...]]) -> Overlay:
    return overlay_of(
        fragment,
        fixups={
            label: tuple(f"/fragment@0/__overlay__/camera:{site}" for site in places)
            for label, places in sites.items()
        },
    )


# -- what an overlay brings ------------------------------------------------------------------------


def test_a_new_consumer_of_a_disabled_supplier() -> None:
    overlay = with_phandles(camera(clocks=[0, 3]), {"pll": ("clocks:0",)})
    (one,) = found(overlay)
    assert brief([one]) == ["warning L006 /camera clocks[0]: /pll is disabled"]
    assert one.who.startswith("overlay 1 (cam.dtbo)")


def test_a_supplier_that_is_disabled_is_one_finding_for_a_consumer() -> None:
    many = camera(clocks=[0, 3, 0, 4, 0, 5], **{"lane-gpios": [0, 1, 0]})
    sites = {"pll": ("clocks:0", "clocks:8", "clocks:16"), "gpio": ("lane-gpios:0",)}
    off = overlay_of(to("gpio", {"status": "disabled"}), name="off.dtbo")
    findings = found(with_phandles(many, sites), off)
    assert sorted(brief(findings)) == [
        "warning L006 /camera clocks[0]: /pll is disabled",
        "warning L006 /camera lane-gpios[0]: /gpio is disabled",
        "warning L006 /uart reset-gpio[0]: /gpio is disabled",
    ]
    (notes,) = (one.notes for one in findings if "clocks" in one.message)
    assert notes[-1].text == "clocks[1], clocks[2] name it too"


def test_many_entries_are_counted() -> None:
    sites = {"pll": tuple(f"clocks:{8 * index}" for index in range(20))}
    (one,) = found(with_phandles(camera(clocks=[0, 3] * 20), sites))
    assert one.notes[-1].text.endswith("clocks[8] and 11 more name it too")


def test_a_phandle_that_nobody_has() -> None:
    (one,) = found(overlay_of(camera(clocks=[77])))
    assert brief([one]) == ["error L001 /camera clocks[0]: no node has phandle 0x4d"]


@pytest.mark.parametrize("status", ["okay", "disabled"])
def test_what_is_disabled_is_no_more_than_an_info(status: str) -> None:
    overlay = with_phandles(
        camera(clocks=[0, 3], status=status, **{"clock-names": strings("a", "b")}),
        {"pll": ("clocks:0",)},
    )
    labels = {one.code.number: one.severity.label for one in found(overlay)}
    assert labels["L024"] == ("warning" if status == "okay" else "info")
    assert ("L006" in labels) is (status == "okay")


# -- what an overlay does to others ----------------------------------------------------------------


def test_a_supplier_that_an_overlay_disables() -> None:
    told = brief(found(overlay_of(to("gpio", {"status": "disabled"}))))
    assert told == ["warning L006 /uart reset-gpio[0]: /gpio is disabled"]


def test_cells_that_an_overlay_takes_away_from_others() -> None:
    (one,) = found(overlay_of(to("gpio", {"#gpio-cells": 3})), applier=LIBFDT)
    assert brief([one]) == ["error L003 /uart reset-gpio[0]: /gpio wants 3 cells, 2 left"]


def test_what_the_base_says_as_well_is_left_out() -> None:
    """Names and clocks of the UART do not fit, and it uses `-gpio`, whatever is done to it."""
    assert found(overlay_of(to("uart", {"label": "console"}))) == []


def test_what_the_base_says_less_severely_is_told() -> None:
    base = dict(BASE, late={"compatible": "acme,late", "clocks": [66], "phandle": 10, **OFF})
    told = brief(found(overlay_of(at("/late", {"status": "okay"})), base=base))
    assert told == ["error L001 /late clocks[0]: no node has phandle 0x42"]


def test_a_shared_id_of_an_iommu() -> None:
    base = dict(BASE)
    base["usb"] = {"compatible": "acme,usb", "iommus": [4, 7]}
    assert found(overlay_of(at("/usb", {"label": "x"})), base=base) == []
    assert found(overlay_of(at("/iommu", {"label": "x"})), base=base) == []
    told = brief(found(overlay_of(camera(iommus=[4, 7]))))
    # With libfdt what is new comes first.
    assert told == ["info L022 /dma iommus[0]: shares id 0x7 of /iommu with /camera"]


def test_the_end_that_is_left_behind_is_no_more_than_an_info() -> None:
    bridge: Content = {"port": {"endpoint": {"remote-endpoint": 0, "phandle": 1}}}
    overlay = overlay_of(
        at("/", {"bridge": bridge}),
        to("out", {"remote-endpoint": 1}),
        fixups={"out": "/fragment@0/__overlay__/bridge/port/endpoint:remote-endpoint:0"},
        local={"fragment@1": {"__overlay__": {"remote-endpoint": 0}}},
    )
    ends = [one for one in found(overlay) if one.code.number == "L027"]
    assert [(one.severity.label, one.path) for one in ends] == [("info", "/panel/port/endpoint")]
    assert "left behind" in ends[0].why


def test_an_end_that_the_overlay_brings_has_to_fit() -> None:
    bridge: Content = {"port": {"endpoint": {"remote-endpoint": 0, "phandle": 1}}}
    overlay = overlay_of(
        at("/", {"bridge": bridge}),
        fixups={"out": "/fragment@0/__overlay__/bridge/port/endpoint:remote-endpoint:0"},
    )
    ends = [one for one in found(overlay) if one.code.number == "L027"]
    assert [(one.severity.label, one.path) for one in ends] == [
        ("warning", "/bridge/port/endpoint")
    ]


def test_the_other_end_may_come_with_another_overlay() -> None:
    """What stands alone in one overlay is judged with all of a stack in force."""
    hog: Content = {"gpio-hog": b"", "gpios": [1, 0], "input": b""}
    consumer = overlay_of(at("/", {"expander": {"line": hog}}), name="line.dtbo")
    provider = overlay_of(
        at("/", {"expander": {"compatible": "a,b", "gpio-controller": b"", "#gpio-cells": 2}}),
        name="expander.dtbo",
    )
    assert [one.code.number for one in found(consumer)] == ["L030"]
    assert found(consumer, provider) == []
    assert found(provider, consumer) == []


def test_a_phandle_that_linux_drops_is_told_by_another_finding() -> None:
    overlay = overlay_of(
        at("/osc", {"phandle": 1}),
        camera(clocks=[1]),
        local={"fragment@1": {"__overlay__": {"camera": {"clocks": 0}}}},
    )
    base = dict(BASE, osc={"compatible": "fixed-clock", "#clock-cells": 0}, uart={}, pll={})
    assert found(overlay, base=base, applier=LIBFDT) == []
    assert found(overlay, base=base, applier=LINUX) == []
    more = overlay_of(at("/osc", {"phandle": 1}), camera(clocks=[7]))
    assert [one.code.number for one in found(more, base=base, applier=LINUX)] == ["L001"]


def test_reserved_memory_that_comes_too_late() -> None:
    """Linux reserves memory at boot; what a boot loader applies is there by then."""
    region: Content = {"reg": [0x1000, 0x1000], "phandle": 1}
    overlay = overlay_of(
        at("/", {"reserved-memory": {"region": region}}),
        camera(**{"memory-region": [1]}),
        local={"fragment@1": {"__overlay__": {"camera": {"memory-region": 0}}}},
    )
    assert found(overlay) == []
    (one,) = found(overlay, applier=LINUX)
    assert (one.code.number, one.path, one.severity.label) == ("DT684", "/camera", "warning")


def test_an_iommu_that_its_driver_cannot_count_with() -> None:
    smmu: Content = {"compatible": "arm,smmu-v3", "#iommu-cells": 2, "phandle": 30}
    base = dict(BASE, smmu=smmu)
    overlay = overlay_of(camera(iommus=[30, 1, 2]))
    assert [(one.code.number, one.path) for one in found(overlay, base=base)] == [
        ("DT685", "/smmu")
    ]
    base["usb"] = {"compatible": "acme,usb", "iommus": [30, 3, 3]}
    assert found(overlay, base=base) == []


# -- settings --------------------------------------------------------------------------------------


def test_bindings_of_ones_own() -> None:
    lanes = Binding("acme,lanes", "args", "#acme,lane-cells", None, "on")
    overlay = overlay_of(camera(**{"acme,lanes": [1, 2]}))
    assert found(overlay) == []
    told = brief(found(overlay, bindings=Bindings([lanes])))
    assert told == ["error L002 /camera acme,lanes[0]: /osc has no #acme,lane-cells"]


def test_cycles_are_looked_for_when_they_are_wanted() -> None:
    base = dict(BASE)
    for name, own, other in (("a", 20, 21), ("b", 21, 20)):
        base[name] = {"compatible": "x", "#clock-cells": 0, "clocks": other, "phandle": own}
    overlay = overlay_of(
        at("/", {"c": {"compatible": "x", "#clock-cells": 0, "phandle": 1, "clocks": [2]}}),
        at("/", {"d": {"compatible": "x", "#clock-cells": 0, "phandle": 2, "clocks": [1]}}),
        local={
            f"fragment@{number}": {"__overlay__": {name: {"clocks": 0}}}
            for number, name in enumerate("cd")
        },
    )
    assert found(overlay, base=base) == []
    (one,) = found(overlay, base=base, cycles=True)
    assert brief([one]) == ["info L009 /c cycle of 2 devices: /c, /d"]
    part = overlay_of(at("/a", {"status": "disabled"}))
    assert [one.code.number for one in found(part, base=base, cycles=True)] == ["L006"]


# -- all and no others -----------------------------------------------------------------------------


def _said(tree: Tree) -> set[tuple[object, ...]]:
    """Give what judging all of a tree finds, but cycles."""
    board = Board(tree)
    _, findings = judge(board)
    findings += iommu_findings(board)
    findings += region_findings(board, at_boot=True)
    return {_key(one) for one in findings if one.rule != "L009"}


def _key(one: Finding) -> tuple[object, ...]:
    details = sorted(entry for entry in one.details.items() if entry[0] != "hint")
    return one.rule, one.severity, one.node.path, one.property, repr(details)


NAMES = st.sampled_from(["uart", "pll", "gpio", "iommu", "reserved-memory", "bus", "new"])
NUMBERS = st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 0xFFFFFFFF]), max_size=4)
PROPERTIES: st.SearchStrategy[Content] = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["okay", "disabled"]),
        "compatible": st.sampled_from(["acme,any", "arm,smmu-v3", "arm,mmu-500"]),
        "#iommu-cells": st.integers(0, 2),
        "clocks": NUMBERS,
        "reset-gpios": NUMBERS,
        "iommus": NUMBERS,
        "interrupts": NUMBERS,
        "interrupt-parent": st.sampled_from([3, 4, 50]),
        "#clock-cells": st.integers(0, 2),
        "#gpio-cells": st.integers(0, 2),
        "#interrupt-cells": st.integers(0, 2),
        "interrupt-controller": st.just(b""),
        "gpio-controller": st.just(b""),
        "gpio-hog": st.just(b""),
        "gpios": NUMBERS,
        "interrupt-map": NUMBERS,
        "iommu-map": NUMBERS,
        "dma-ranges": NUMBERS,
        "memory-region": NUMBERS,
        "v-supply": NUMBERS,
        "remote-endpoint": NUMBERS,
        "pinctrl-1": NUMBERS,
        "#address-cells": st.integers(0, 2),
    },
)
NODES = st.dictionaries(NAMES, PROPERTIES, max_size=3)


@given(
    st.dictionaries(NAMES, st.tuples(PROPERTIES, NODES), min_size=1, max_size=6),
    st.lists(
        st.dictionaries(NAMES, st.tuples(PROPERTIES, NODES), min_size=1), min_size=1, max_size=2
    ),
)
def test_all_that_is_new_is_found_and_nothing_else(
    base: dict[str, tuple[Content, Content]], overlays: list[dict[str, tuple[Content, Content]]]
) -> None:
    """Judging what overlays touch gives what judging the whole tree before and after gives."""
    content: Content = {}
    for number, (name, (properties, below)) in enumerate(base.items(), 1):
        content[name] = {**properties, "phandle": number, **below}
    tree = tree_of(content)
    before = _said(tree)
    links = BaseLinks(tree)
    made = [
        overlay_of(at("/", {name: {**own, **below} for name, (own, below) in one.items()}))
        for one in overlays
    ]
    stack = apply_stack(tree, made, LIBFDT)
    seen, _ = links.new_findings(Board(tree), stack.outcomes)
    assert {_key(one) for one in seen} == _said(tree) - before
    assert len(seen) == len({_key(one) for one in seen})
    told = links.diagnostics(stack.outcomes)
    assert {one.code.number for one in told} == {one.rule for one in seen}
    assert all(one.message and one.why for one in told)
