from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.trees import Content, cells, strings, tree_of

from dtovl.model.compare import difference, same
from dtovl.model.node import Node
from dtovl.model.tree import Header, Tree

X = 0xFFFFFFFF


def board(**changes: Content | bytes | str | int | list[int] | None) -> Content:
    return {
        "compatible": "acme,board",
        "clk": {"#clock-cells": 1, "phandle": 1},
        "gpio": {"#gpio-cells": 2, "phandle": 2},
        "uart": {"clocks": [1, 7], "reset-gpios": [2, 17, 0], "status": "okay"},
        "__symbols__": {"clk": "/clk", "uart": "/uart"},
        **changes,
    }


def lines(a: Content | Tree, b: Content | Tree, *, ordered: bool = False) -> list[str]:
    old = a if isinstance(a, Tree) else tree_of(a)
    new = b if isinstance(b, Tree) else tree_of(b)
    return [
        f"{found.kind} {found.path} {found.name}".rstrip()
        for found in difference(old, new, ordered=ordered)
    ]


def test_equal_trees_do_not_differ() -> None:
    assert lines(board(), board()) == []


def test_each_kind_of_difference() -> None:
    changed = board(
        compatible="acme,other",
        uart={"clocks": [1, 7], "reset-gpios": [2, 27, 0], "speed": 9600},
        led={"a": {"b": {}}},
    )
    old, new = tree_of(board(old={"x": {}})), tree_of(changed)
    found = difference(old, new)
    assert [(one.kind, one.path, one.name) for one in found] == [
        ("property-changed", "/", "compatible"),
        ("property-changed", "/uart", "reset-gpios"),
        ("property-removed", "/uart", "status"),
        ("property-added", "/uart", "speed"),
        ("node-removed", "/old", ""),
        ("node-added", "/led", ""),
    ]
    change, added, removed, grown = found[1], found[3], found[4], found[5]
    assert (change.old, change.new) == (cells(2, 17, 0), cells(2, 27, 0))
    assert (change.node_a, change.node_b) == (old.find("/uart"), new.find("/uart"))
    assert (added.old, added.new) == (None, cells(9600))
    assert (removed.node_a, removed.node_b) == (old.find("/old"), None)
    assert (grown.node_a, grown.node_b) == (None, new.find("/led"))


def test_renumbered_phandles_are_hidden_and_counted() -> None:
    other = board(
        gpio={"phandle": 1, "#gpio-cells": 2},
        clk={"phandle": 9, "#clock-cells": 1},
        uart={"reset-gpios": [1, 17, 0], "status": "okay", "clocks": [9, 7]},
    )
    found = difference(tree_of(board()), tree_of(other))
    assert list(found) == []
    assert found.renumbered == 2


def test_a_reference_to_another_node_is_a_difference_even_with_equal_bytes() -> None:
    swapped = board(clk={"#clock-cells": 1, "phandle": 3}, other={"#clock-cells": 1, "phandle": 1})
    assert lines(board(), swapped) == ["property-changed /uart clocks", "node-added /other"]


def test_a_reference_that_now_dangles_is_a_difference() -> None:
    assert lines(board(), board(clk={"#clock-cells": 1})) == [
        "property-removed /clk phandle",
        "property-changed /uart clocks",
    ]


def test_a_phandle_that_nothing_refers_to_may_be_missing() -> None:
    assert lines(board(), board(spare={})) == ["node-added /spare"]
    assert lines(board(spare={"phandle": 5}), board(spare={})) == []
    assert lines(board(spare={}), board(spare={"phandle": 5})) == []
    # The number stands under another name.
    assert lines(board(), board(clk={"#clock-cells": 1, "linux,phandle": 1})) == []


def test_a_phandle_of_another_size_is_a_difference() -> None:
    odd = board(spare={"phandle": b"\0\5"})
    assert lines(board(spare={"phandle": 5}), odd) == ["property-changed /spare phandle"]
    assert lines(board(spare={}), odd) == ["property-added /spare phandle"]
    assert lines(odd, board(spare={})) == ["property-removed /spare phandle"]


def test_arguments_and_plain_numbers_are_compared_as_they_are() -> None:
    # 1 is the number of a phandle, but here it is an argument.
    assert lines(board(uart={"clocks": [1, 1]}), board(uart={"clocks": [1, 2]})) == [
        "property-changed /uart clocks"
    ]
    assert lines(board(uart={"reg": 1}), board(uart={"reg": 2})) == ["property-changed /uart reg"]
    assert lines(board(uart={"x": b"\1"}), board(uart={"x": b"\1\2"})) == [
        "property-changed /uart x"
    ]


def overlay(first: str, second: str, number: int, offset: int = 4) -> Content:
    places = [f"/fragment@0/__overlay__/{name}:clocks:0" for name in (first, second)]
    return {
        "fragment@0": {
            "target": X,
            "__overlay__": {
                first: {"clocks": [X, number]},
                second: {"clocks": [X, number]},
                "c": {"phandle": number},
            },
        },
        "__fixups__": {"osc": strings(*places), "soc": strings("/fragment@0:target:0")},
        "__local_fixups__": {
            "fragment@0": {"__overlay__": {first: {"clocks": offset}, second: {"clocks": 4}}}
        },
    }


def test_overlays_are_compared_by_what_their_fixups_mean() -> None:
    assert lines(overlay("a", "b", 1), overlay("b", "a", 7)) == []
    other = overlay("a", "b", 1)
    other["__fixups__"]["osc2"] = other["__fixups__"].pop("osc")  # type: ignore[index,union-attr]
    assert lines(overlay("a", "b", 1), other) == [
        "property-changed /fragment@0/__overlay__/a clocks",
        "property-changed /fragment@0/__overlay__/b clocks",
        "property-removed /__fixups__ osc",
        "property-added /__fixups__ osc2",
    ]
    several = {"n": {"x": [1, 1], "phandle": 1}, "fragment@0": {"__overlay__": {}}}
    assert (
        lines(
            {**several, "__local_fixups__": {"n": {"x": [0, 4]}}},
            {**several, "__local_fixups__": {"n": {"x": [4, 0]}}},
        )
        == []
    )
    assert lines(overlay("a", "b", 1), overlay("a", "b", 2, offset=0)) == [
        "property-changed /fragment@0/__overlay__/a clocks",
        "property-changed /__local_fixups__/fragment@0/__overlay__/a clocks",
    ]


def test_order_counts_when_asked_for() -> None:
    one: Content = {"a": 1, "b": 2, "c": 3, "x": {}, "y": {}}
    other: Content = {"b": 2, "a": 1, "d": 4, "y": {}, "x": {}, "z": {}}
    assert lines(one, other) == [
        "property-removed / c",
        "property-added / d",
        "node-added /z",
    ]
    found = difference(tree_of(one), tree_of(other), ordered=True)
    assert [(each.kind, each.old, each.new) for each in found[2:4]] == [
        ("properties-reordered", b"a b", b"b a"),
        ("nodes-reordered", b"x y", b"y x"),
    ]
    # What stands at the head of a node is the last of its dict.
    headed = tree_of({"b": 2, "a": 1, "x": {}, "y": {}})
    headed.head_properties[headed.root] = 1
    assert lines({"a": 1, "b": 2, "x": {}, "y": {}}, headed, ordered=True) == []


def test_repeated_names_are_matched_by_their_order() -> None:
    def twins(first: int, second: int) -> Tree:
        tree = tree_of({"n": {"x": first}})
        twin = Node("n")
        twin.properties["x"] = cells(second)
        tree.root.add_child(twin)
        return tree

    found = difference(twins(1, 2), twins(1, 3))
    assert [(one.path, one.old, one.new) for one in found] == [("/n", cells(2), cells(3))]


def test_headers() -> None:
    old = tree_of({}, Header(0, ((0x1000, 0x10),), b"\0" * 8, 16))
    new = tree_of({}, Header(1, ((0x1000, 0x10), (0x2000, 0x20))))
    assert [(one.kind, one.name, one.old, one.new) for one in difference(old, new)] == [
        ("header-changed", "boot_cpuid", b"0x0", b"0x1"),
        ("header-changed", "reservations", b"0x1000+0x10", b"0x1000+0x10 0x2000+0x20"),
    ]
    assert not same(old, new)
    assert same(old, tree_of({}, Header(0, ((0x1000, 0x10),), b"\0" * 8, 17)))
    assert not same(old, tree_of({}, Header(0, ((0x1000, 0x10),))))


def test_same_sees_every_byte() -> None:
    assert same(tree_of(board()), tree_of(board()))
    for other in (
        board(clk={"#clock-cells": 1, "phandle": 8}),
        board(extra={}),
        board(gpio={"#gpio-cells": 2, "phandle": 2, "x": {}}),
        board(compatible=b"acme,board"),
    ):
        assert not same(tree_of(board()), tree_of(other))
    reordered = tree_of({"b": 1, "a": {}, "c": {}})
    assert same(tree_of({"b": 1, "c": {}, "a": {}}), reordered)
    assert not same(tree_of({"b": 1, "c": {}, "a": {}}), reordered, ordered=True)


def test_depth_is_no_matter() -> None:
    def deep(value: int) -> Tree:
        tree = tree_of({})
        node = tree.root
        for _ in range(5000):
            child = Node("n")
            node.add_child(child)
            node = child
        node.properties["x"] = cells(value)
        return tree

    assert difference(deep(1), deep(1)) == []
    assert len(difference(deep(1), deep(2))) == 1
    assert same(deep(1), deep(1), ordered=True)


NAMES = st.sampled_from(["a", "b", "c@1", "clocks", "x-supply", "phandle", "reg"])
VALUES = st.lists(st.integers(0, 5), max_size=4).map(lambda some: cells(*some))
CONTENTS = st.recursive(
    st.dictionaries(NAMES, VALUES, max_size=4),
    lambda inner: st.dictionaries(NAMES, inner | VALUES, max_size=4),
    max_leaves=12,
)


@given(CONTENTS, CONTENTS)
def test_difference_is_symmetric(a: Content, b: Content) -> None:
    one, other = tree_of(a), tree_of(b)
    there, back = difference(one, other), difference(other, one)
    opposite = {"added": "removed", "removed": "added"}

    def turned(kind: str) -> str:
        what, _, how = kind.partition("-")
        return f"{what}-{opposite.get(how, how)}"

    assert sorted((turned(each.kind), each.path, each.name) for each in there) == sorted(
        (each.kind, each.path, each.name) for each in back
    )
    assert there.renumbered == back.renumbered
    if same(one, other):
        assert there == []
    assert difference(one, tree_of(a)) == []
