"""The table of supplier properties, as section 2 of the specification has it: every row at work."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from support.linked import check_tree
from support.trees import Content, strings, tree_of

from dtovl.links.board import Board
from dtovl.links.judge import judge

DANGLING = 0x99


class Listed(NamedTuple):
    """A property of the specification: its cells property ("" none, "=" may be absent), `fwl`."""

    name: str
    cells: str
    fwl: str
    one: bool = False


ARGUMENTS = [
    Listed("clocks", "#clock-cells", "on"),
    Listed("assigned-clocks", "#clock-cells", "no"),
    Listed("interconnects", "#interconnect-cells", "on"),
    Listed("iommus", "#iommu-cells", "strict"),
    Listed("mboxes", "#mbox-cells", "on"),
    Listed("io-channels", "#io-channel-cells", "on"),
    Listed("io-backends", "#io-backend-cells", "newer"),
    Listed("interrupts-extended", "#interrupt-cells", "on"),
    Listed("dmas", "#dma-cells", "strict"),
    Listed("power-domains", "#power-domain-cells", "on"),
    Listed("hwlocks", "#hwlock-cells", "on"),
    Listed("phys", "#phy-cells", "on"),
    Listed("pwms", "#pwm-cells", "on"),
    Listed("resets", "#reset-cells", "on"),
    Listed("access-controllers", "#access-controller-cells", "newer"),
    Listed("pses", "#pse-cells", "newer"),
    Listed("cooling-device", "#cooling-cells", "no"),
    Listed("mux-controls", "#mux-control-cells", "no"),
    Listed("mux-states", "#mux-state-cells", "no"),
    Listed("sound-dai", "#sound-dai-cells", "no"),
    Listed("thermal-sensors", "#thermal-sensor-cells", "no"),
    Listed("gpios", "#gpio-cells", "on"),
    Listed("reset-gpios", "#gpio-cells", "on"),
    Listed("acme,reset-gpios", "#gpio-cells", "on"),
]
OPTIONAL_CELLS = [
    Listed("msi-parent", "#msi-cells", "newer"),
    Listed("nvmem-cells", "#nvmem-cell-cells", "on"),
]
LISTS = [
    *(Listed(name, "", "on") for name in ("extcon", "wakeup-parent", "leds", "backlight", "panel")),
    *(Listed(name, "", "newer") for name in ("power-supplies", "post-init-providers")),
    *(Listed(name, "", "no") for name in ("operating-points-v2", "required-opps")),
    *(Listed(name, "", "no") for name in ("cpu-idle-states", "domain-idle-states")),
    *(Listed(name, "", "no") for name in ("memory-region", "next-level-cache", "cpus")),
    *(Listed(name, "", "no") for name in ("interrupt-affinity", "affinity", "sram")),
    Listed("memory-controllers", "", "no"),
]
SINGLE = [
    *(Listed(name, "", "on", one=True) for name in ("vcc-supply", "acme,vdd-supply", "x-supply")),
    *(Listed(name, "", "no", one=True) for name in ("cpu", "phy-handle", "mdio-parent-bus")),
    *(Listed(name, "", "no", one=True) for name in ("nvmem", "syscon", "i2c-bus", "i2c-parent")),
    *(Listed(name, "", "no", one=True) for name in ("ddc-i2c-bus", "ethernet", "trip")),
]
COUNTED = [*ARGUMENTS, *OPTIONAL_CELLS]
ALL = [*COUNTED, *LISTS, *SINGLE]

NAMED = {
    "clocks": "clock-names",
    "resets": "reset-names",
    "dmas": "dma-names",
    "phys": "phy-names",
    "pwms": "pwm-names",
    "mboxes": "mbox-names",
    "iommus": "iommu-names",
    "power-domains": "power-domain-names",
    "io-channels": "io-channel-names",
    "nvmem-cells": "nvmem-cell-names",
    "memory-region": "memory-region-names",
    "hwlocks": "hwlock-names",
    "thermal-sensors": "thermal-sensor-names",
    "interrupts-extended": "interrupt-names",
}

UNLISTED = [
    *("ngpios", "#gpio-cells", "gpio-ranges", "gpio-line-names", "gpio-reserved-ranges"),
    *("-supply", "-gpios", "-gpio", "acme,nr-gpios", "clock-names", "acme-names", "pinctrl-names"),
    *(
        "pinctrl-",
        "pinctrl-a",
        "pinctrl-0x",
        "clock-ranges",
        "io-channel-ranges",
        "clock",
        "supply",
    ),
    *("reset-gpios-x", "my-clocks", "phandle", "reg", "interrupts-extended-x", "assigned-clock"),
]


def by_name(rows: list[Listed]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])


def board(name: str, value: bytes | list[int], **supplier: bytes | str | int | None) -> Content:
    """Make a consumer with one property, and a supplier whose phandle is 1."""
    return {
        "consumer": {"compatible": "acme,c", name: value},
        "s": {"compatible": "acme,s", "phandle": 1, **supplier},
    }


def notes(name: str, count: int) -> list[str]:
    """Give what is said of a name, or of its number of entries, whatever the entries are."""
    if name == "interconnects" and count % 2:
        return [f"L024 info /consumer interconnects entries={count} names=-1"]
    return []


@by_name(ALL)
def test_l001_of_every_property(row: Listed) -> None:
    line = f"L001 error /consumer {row.name} index=0 cell=0 phandle={DANGLING}"
    check_tree(tree_of(board(row.name, [DANGLING])), [line])


@pytest.mark.parametrize("name", UNLISTED)
def test_l001_not_of_names_that_are_none(name: str) -> None:
    check_tree(tree_of(board(name, [DANGLING])), [])


@by_name([row for row in ALL if row.name != "iommus"])
def test_l006_warns_only_where_the_driver_core_waits(row: Listed) -> None:
    """A disabled IOMMU is L023."""
    severity = "warning" if row.fwl == "on" else "info"
    line = f"L006 {severity} /consumer {row.name} index=0 supplier=/s"
    content = board(row.name, [1], status="disabled", **({row.cells: 0} if row.cells else {}))
    check_tree(tree_of(content), [line, *notes(row.name, 1)])


@by_name(ARGUMENTS)
def test_l002_names_the_cells_that_are_missing(row: Listed) -> None:
    line = f"L002 error /consumer {row.name} index=0 cell=0 supplier=/s missing={row.cells}"
    check_tree(tree_of(board(row.name, [1])), [line])


@by_name([*OPTIONAL_CELLS, *LISTS, *SINGLE])
def test_l002_not_where_no_cells_are_needed(row: Listed) -> None:
    check_tree(tree_of(board(row.name, [1])), [], [f"/consumer {row.name}[0] /s"])


@by_name(COUNTED)
def test_l003_counts_by_the_cells_of_the_class(row: Listed) -> None:
    line = f"L003 error /consumer {row.name} index=0 supplier=/s want=2 have=1"
    check_tree(tree_of(board(row.name, [1, 5], **{row.cells: 2})), [line])


@by_name(ALL)
def test_l004_of_every_property(row: Listed) -> None:
    cells = {row.cells: 0} if row.cells else {}
    line = f"L004 error /consumer {row.name} length=7"
    value = b"\0\0\0\1\0\0\0"
    check_tree(tree_of(board(row.name, value, **cells)), [line, *notes(row.name, 1)])


@by_name([row for row in ALL if row.name != "assigned-clocks"])
def test_l005_hides_in_lists_that_the_driver_core_always_reads(row: Listed) -> None:
    """A hole in assigned-clocks is normal."""
    hides = row.fwl == "on" and not row.one
    expected = [f"L005 info /consumer {row.name} index=0 hides={str(hides).lower()}"]
    if row.name.endswith("-supply"):
        expected.append(f"L026 warning /consumer {row.name} cells=2")
    cells = {row.cells: 0} if row.cells else {}
    check_tree(tree_of(board(row.name, [0, 1], **cells)), expected)


@by_name([row for row in ALL if row.name != "assigned-clocks"])
def test_l005_of_minus_one_is_an_error_only_beside_cells(row: Listed) -> None:
    """Whether -1 is normal in assigned-clocks as 0 is, the specification does not say."""
    severity = "error" if row.cells else "warning"
    line = f"L005 {severity} /consumer {row.name} index=0 value=4294967295"
    check_tree(tree_of(board(row.name, [0xFFFFFFFF])), [line])


@by_name([row for row in ALL if row.name in NAMED])
def test_l024_of_every_list_with_names(row: Listed) -> None:
    content = board(row.name, [1, 1], **({row.cells: 0} if row.cells else {}))
    consumer = content["consumer"]
    assert isinstance(consumer, dict)
    consumer[NAMED[row.name]] = strings("one")
    check_tree(tree_of(content), [f"L024 warning /consumer {row.name} entries=2 names=1"])


@by_name([row for row in ALL if row.name not in NAMED])
def test_l024_not_of_others(row: Listed) -> None:
    """What would be the names of other lists is nothing: `leds` and `led-names`, for example."""
    content = board(row.name, [1, 1], **({row.cells: 0} if row.cells else {}))
    consumer = content["consumer"]
    assert isinstance(consumer, dict)
    consumer[f"{row.name.removesuffix('s')}-names"] = strings("one", "two", "three")
    wider = [f"L026 warning /consumer {row.name} cells=2"] if row.name.endswith("-supply") else []
    if row.name == "interconnects":
        wider = ["L024 warning /consumer interconnects entries=1 names=3"]
    check_tree(tree_of(content), wider)


def test_a_phandle_may_have_its_old_name() -> None:
    content = board("clocks", [7])
    content["old"] = {"compatible": "acme,o", "linux,phandle": 7, "#clock-cells": 0}
    check_tree(tree_of(content), [], ["/consumer clocks[0] /old"])


def test_of_several_nodes_with_one_phandle_the_first_counts() -> None:
    content = board("clocks", [7])
    content["one"] = {"compatible": "acme,1", "phandle": 7, "#clock-cells": 0}
    content["two"] = {"compatible": "acme,2", "phandle": 7, "#clock-cells": 0}
    check_tree(tree_of(content), [], ["/consumer clocks[0] /one"])


@by_name(ALL)
def test_a_link_says_whether_the_driver_core_waits_for_it(row: Listed) -> None:
    tree = tree_of(board(row.name, [1], **({row.cells: 0} if row.cells else {})))
    (consumer, _) = tree.root.children.values()
    (link,) = judge(Board(tree))[0][consumer].links
    assert (link.mandatory, link.optional) == (row.fwl == "on", row.fwl == "strict")


def test_a_link_holds_its_specifier() -> None:
    tree = tree_of(board("clocks", [1, 7, 8, 1, 9, 10], **{"#clock-cells": 2}))
    links = [link for one in judge(Board(tree))[0].values() for link in one.links]
    assert [(link.index, link.values) for link in links] == [(0, (7, 8)), (1, (9, 10))]


def test_findings_stand_in_tree_order_then_order_of_properties_then_index() -> None:
    """L009 and L011 stand at the end."""
    content: Content = {
        "b": {"compatible": "b", "phandle": 1, "#clock-cells": 0, "clocks": 2},
        "a": {"compatible": "a", "phandle": 2, "#clock-cells": 0, "clocks": [1, 0, 0x99]},
        "u": {"compatible": "u", "phys": 3, "resets": 0x98, "x": {"compatible": "x", "phandle": 3}},
        "d": {"extcon": [0x71, 0x72], "clocks": [0, 0]},
    }
    x = content["u"]
    assert isinstance(x, dict)
    assert isinstance(x["x"], dict)
    x["x"]["#phy-cells"] = 0
    found = [
        (one.rule, one.node.path, one.details.get("index"))
        for one in judge(Board(tree_of(content)))[1]
    ]
    assert found[:-2] == [
        ("L005", "/a", 1),
        ("L001", "/a", 2),
        ("L001", "/u", 0),
        ("L001", "/d", 0),
        ("L001", "/d", 1),
        ("L005", "/d", 0),
        ("L005", "/d", 1),
    ]
    assert {rule for rule, _, _ in found[-2:]} == {"L009", "L011"}
