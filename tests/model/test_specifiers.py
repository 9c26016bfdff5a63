from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import cells, strings, tree_of

from dtovl.model import bindings
from dtovl.model.bindings import pattern_of
from dtovl.model.cells import cell
from dtovl.model.specifiers import References, is_overlay

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

BOARD = {
    "#address-cells": 2,
    "clk": {"phandle": 1, "#clock-cells": 1},
    "osc": {"phandle": 2, "#clock-cells": 0},
    "gpio": {"phandle": 3, "#gpio-cells": 2},
    "bank": {"phandle": 4, "#gpio-cells": 3},
    "bare": {"phandle": 5},
    "intc": {"phandle": 6, "#interrupt-cells": 3},
    "gic": {"phandle": 7, "#interrupt-cells": 1, "#address-cells": 1},
    "smmu": {"phandle": 8, "#iommu-cells": 2},
    "old": {"linux,phandle": 9},
    "user": {},
}

X = 0xFFFFFFFF


def found(value: bytes, key: str, **extra: object) -> list[tuple[int, str]]:
    tree = tree_of(BOARD | {"user": {key: value, **extra}})  # type: ignore[dict-item]
    user = tree.root.children["user"]
    return [(at, owner.name) for at, owner in References(tree).sites(user, key, value)]


@pytest.mark.parametrize(
    ("key", "numbers", "expected"),
    [
        ("clocks", [1, 5, 2, 1, 6], [(0, "clk"), (8, "osc"), (12, "clk")]),
        ("clocks", [0, 2, 0, 1, 7], [(4, "osc"), (12, "clk")]),  # holes
        ("clocks", [2, 77, 2], [(0, "osc")]),  # unknown provider: the rest is unreadable
        ("clocks", [2, X, 2], [(0, "osc")]),
        ("clocks", [2, 5, 2], [(0, "osc"), (4, "bare")]),  # provider without #clock-cells
        ("clocks", [2, 1], [(0, "osc"), (4, "clk")]),  # argument missing
        ("reset-gpios", [3, 17, 1, 4, 0, 1, 2, 3, 0, 0], [(0, "gpio"), (12, "bank"), (28, "gpio")]),
        ("acme,reset-gpio", [3, 17, 1], [(0, "gpio")]),
        ("acme,nr-gpios", [3], []),
        ("vdd-supply", [2, 1], [(0, "osc")]),  # what follows the phandle is not looked at
        ("-supply", [2], []),
        ("pinctrl-0", [1, 77, 2], [(0, "clk"), (8, "osc")]),
        ("pinctrl-names", [1], []),
        ("pinctrl-single,pins", [1], []),
        ("interrupt-parent", [6], [(0, "intc")]),
        ("interrupts-extended", [6, 0, 8, 4, 7, 3], [(0, "intc"), (16, "gic")]),
        ("msi-parent", [5, 1], [(0, "bare"), (4, "clk")]),  # no #msi-cells: no arguments
        ("gpio-ranges", [1, 2, 3, 4, 2, 5, 1, 1], [(0, "clk"), (16, "osc")]),
        ("remote-endpoint", [9], [(0, "old")]),
        ("iommu-map", [0, 8, 1, 2, 3, 8, 4, 5], [(4, "smmu"), (20, "smmu")]),
        ("iommu-map", [0, 8, 1, 0, 2, 3, 8, 4, 0, 5], [(4, "smmu"), (24, "smmu")]),
        ("iommu-map", [0, 8, 1, 0, 2] * 4, [(4, "smmu"), (24, "smmu"), (44, "smmu"), (64, "smmu")]),
        ("phandle", [1], []),
        ("linux,phandle", [1], []),
        ("whatever", [1], []),
        ("reg", [1], []),
    ],
)
def test_what_a_property_refers_to(
    key: str, numbers: list[int], expected: list[tuple[int, str]]
) -> None:
    assert found(cells(*numbers), key) == expected


def test_bytes_behind_the_last_cell_are_not_looked_at() -> None:
    assert found(cells(2, 1) + b"\0\0\0", "clocks") == [(0, "osc"), (4, "clk")]
    assert found(b"\0\0\1", "clocks") == []


def test_a_gpio_hog_has_specifiers_of_its_parent() -> None:
    assert found(cells(3, 1, 0), "gpios") == [(0, "gpio")]
    assert found(cells(3, 1, 0), "gpios", **{"gpio-hog": None}) == []


def test_rows_of_an_interrupt_map() -> None:
    # Nexus: 2 address cells (inherited), 1 specifier cell. intc: no address, gic: one.
    rows = [0, 0, 1, 6, 0, 8, 4, 0, 0, 2, 7, 99, 3, 0, 0, 3, 6, 0, 9, 4]
    expected = [(12, "intc"), (40, "gic"), (64, "intc")]
    assert found(cells(*rows), "interrupt-map", **{"#interrupt-cells": 1}) == expected
    assert found(cells(*rows), "interrupt-map") == []
    broken = [*rows[:7], 0, 0, 2, 5, 1, 2, 3]
    assert found(cells(*broken), "interrupt-map", **{"#interrupt-cells": 1}) == [
        (12, "intc"),
        (40, "bare"),
    ]


def test_rows_of_a_gpio_map_have_no_addresses() -> None:
    rows = [0, 0, 3, 17, 1, 1, 0, 4, 0, 5, 1]
    expected = [(8, "gpio"), (28, "bank")]
    assert found(cells(*rows), "gpio-map", **{"#gpio-cells": 2}) == expected


def test_a_controller_of_three_cells_has_longer_gpio_ranges() -> None:
    rows = [1, 0, 0, 0, 32, 2, 1, 0, 32, 32]
    assert found(cells(*rows), "gpio-ranges", **{"#gpio-cells": 3}) == [(0, "clk"), (20, "osc")]


OVERLAY = {
    "fragment@0": {
        "target": X,
        "__overlay__": {
            "dev": {"clocks": [X, 5, 1, 7], "acme,odd": [9, 1], "supply": "text", "regs": [1]},
            "clk": {"phandle": 1, "#clock-cells": 1},
            "self": {"phandle": 1},
        },
    },
    "__symbols__": {"clk": "/fragment@0/__overlay__/clk"},
    "__fixups__": {
        "uart0": strings("/fragment@0:target:0"),
        "soc_clk": strings("/fragment@0/__overlay__/dev:clocks:0"),
        "bad": strings("", "no colons", "/a:b", "/fragment@0:target:-4", "/fragment@0:nope:0"),
        "worse": b"/fragment@0:target:0",
        "deep": strings("/fragment@9:target:0", "/fragment@0:target:99999999999", "a:b:c:d"),
    },
    "__local_fixups__": {
        "fragment@0": {
            "__overlay__": {
                "dev": {"clocks": 8, "acme,odd": [4, 8, X], "gone": 0},
                "self": {"phandle": 0},
            }
        }
    },
}


def test_an_overlay_refers_where_its_fixups_say() -> None:
    tree = tree_of(OVERLAY)  # type: ignore[arg-type]
    references = References(tree)
    dev = tree.find("/fragment@0/__overlay__/dev")
    assert dev is not None

    def sites(key: str) -> list[tuple[int, str]]:
        return [(at, owner.name) for at, owner in references.sites(dev, key, dev.properties[key])]

    assert sites("clocks") == [(8, "clk")]
    assert sites("acme,odd") == [(4, "clk")]  # cells outside the value are left out
    assert sites("regs") == []
    itself = tree.root.children["fragment@0"].children["__overlay__"].children["self"]
    assert references.sites(itself, "phandle", cells(1)) == []
    assert references.outside(dev, "clocks") == {0: "soc_clk"}
    assert references.outside(dev, "regs") == {}
    assert references.names(dev, "clocks", dev.properties["clocks"]) == {0: "soc_clk", 8: "clk"}
    assert References(tree).outside(tree.root.children["fragment@0"], "target") == {0: "uart0"}


def test_names_are_labels_or_paths() -> None:
    tree = tree_of(BOARD | {"__symbols__": {"xtal": "/osc"}})  # type: ignore[arg-type]
    value = cells(1, 0, 2)
    names = References(tree).names(tree.root.children["user"], "clocks", value)
    assert names == {0: "/clk", 8: "xtal"}


def test_a_base_with_local_fixups_is_read_both_ways() -> None:
    board = BOARD | {
        "user": {"clocks": [2], "acme,odd": [1, 2]},
        "__local_fixups__": {"user": {"acme,odd": 4}, "clocks": {"clocks": 2}},
    }
    tree = tree_of(board)  # type: ignore[arg-type]
    user = tree.root.children["user"]
    assert [at for at, _ in References(tree).sites(user, "acme,odd", cells(1, 2))] == [4]
    assert [at for at, _ in References(tree).sites(user, "clocks", cells(2))] == [0]
    table = tree.root.children["__local_fixups__"].children["clocks"]
    assert References(tree).sites(table, "clocks", cells(2)) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, False),
        ({"fragment@0": {"__overlay__": {}}}, True),
        ({"anything": {"__overlay__": {}}}, True),
        ({"fragment@0": {"target": 1}}, False),
        ({"__fixups__": {}}, True),
        ({"__local_fixups__": {}}, False),
        ({"__overlay__": {}}, False),
    ],
)
def test_is_overlay(content: dict[str, dict[str, object]], expected: bool) -> None:
    assert is_overlay(tree_of(content)) is expected  # type: ignore[arg-type]


def board_tree() -> Tree:
    return tree_of(BOARD)  # type: ignore[arg-type]


NAMES = st.sampled_from(
    [*vars(bindings)["_EXACT"], "interrupt-map", "gpio-map", "a-supply", "b-gpios", "pinctrl-3"]
)
WILD = st.one_of(
    st.binary(max_size=40),
    st.lists(st.integers(0, 10) | st.just(X), max_size=12).map(lambda some: cells(*some)),
)


@given(NAMES, WILD, st.integers(0, X), st.booleans())
def test_wild_values_give_sites_within_them(
    key: str, value: bytes, count: int, nexus: bool
) -> None:
    tree = board_tree()
    tree.root.children["clk"].properties["#clock-cells"] = cells(count)
    user = tree.root.children["user"]
    if nexus:
        user.properties |= {"#interrupt-cells": cells(count), "#gpio-cells": cells(2)}
    sites = References(tree).sites(user, key, value)
    assert [at for at, _ in sites] == sorted({at for at, _ in sites})
    for at, owner in sites:
        assert tree.by_phandle[cell(value, at)] is owner
    assert pattern_of(key) is not None
