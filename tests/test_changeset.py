"""Entries of a changeset: what applying does, and that reverting gives back everything."""

from __future__ import annotations

from typing import Any

import pytest
from support.overlays import lines, state
from support.trees import Content, again, tree_of

from dtovl.changeset import AttachNode, Changeset, DetachNode, Entry, SetProperty
from dtovl.diagnostics import Location
from dtovl.model.node import Node
from dtovl.model.tree import Origin, Tree

BOARD: Content = {
    "compatible": "acme,board",
    "one": {"phandle": 1, "a": 1, "b": 2, "c": 3},
    "two": {"phandle": 2, "below": {"phandle": 3}},
    "three": {"linux,phandle": 4},
    "__symbols__": {"first": "/one"},
}
WHO = Origin(1, "cam.dtbo", "fragment@0")
PLACE = Location("cam.dts", 3, 5)


def node_at(tree: Tree, path: str) -> Node:
    found = tree.find(path)
    assert found is not None
    return found


def applied(tree: Tree, *entries: Entry) -> Changeset:
    changeset = Changeset(list(entries))
    changeset.apply(tree)
    return changeset


def order(tree: Tree, path: str) -> list[str]:
    return [key for key, _ in tree.properties_of(node_at(tree, path))]


def siblings(tree: Tree, path: str) -> list[str]:
    return [child.name for child in tree.children_of(node_at(tree, path))]


# -- what an entry does ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "new", "head", "expected"),
    [
        ("a", b"new", False, ["phandle", "a", "b", "c"]),
        ("a", b"new", True, ["phandle", "a", "b", "c"]),
        ("x", b"new", False, ["phandle", "a", "b", "c", "x"]),
        ("x", b"new", True, ["x", "phandle", "a", "b", "c"]),
        ("b", None, False, ["phandle", "a", "c"]),
    ],
    ids=["update", "update-at-head", "add-last", "add-first", "remove"],
)
def test_set_property_keeps_or_takes_its_place(
    key: str, new: bytes | None, head: bool, expected: list[str]
) -> None:
    tree = tree_of(BOARD)
    entry = SetProperty(node_at(tree, "/one"), key, new, head=head)
    old = node_at(tree, "/one").properties.get(key)
    applied(tree, entry)
    assert order(tree, "/one") == expected
    assert node_at(tree, "/one").properties.get(key) == new
    assert entry.old == old


def test_what_is_put_at_the_head_last_stands_first() -> None:
    tree = tree_of(BOARD)
    one = node_at(tree, "/one")
    applied(tree, *(SetProperty(one, key, b"", head=True) for key in "xyz"))
    assert order(tree, "/one") == ["z", "y", "x", "phandle", "a", "b", "c"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [(True, ["new", "one", "two", "three"]), (False, ["one", "two", "three", "new"])],
)
def test_attached_nodes_stand_first_or_last(head: bool, expected: list[str]) -> None:
    tree = tree_of(BOARD)
    applied(tree, AttachNode(tree.root, Node("new"), head=head))
    assert [name for name in siblings(tree, "/") if name != "__symbols__"] == expected


def test_a_second_node_of_one_name_is_kept_beside_the_first() -> None:
    tree = tree_of(BOARD)
    applied(tree, AttachNode(tree.root, Node("one")))
    assert siblings(tree, "/").count("one") == 2
    assert node_at(tree, "/one").properties["a"] == b"\0\0\0\1"


def test_attaching_and_detaching_keep_the_phandle_index() -> None:
    tree = tree_of(BOARD)
    two = node_at(tree, "/two")
    below = node_at(tree, "/two/below")
    changeset = applied(tree, DetachNode(two))
    assert 2 not in tree.by_phandle
    assert 3 not in tree.by_phandle
    assert two.parent is None
    changeset.revert(tree)
    assert tree.by_phandle[3] is below
    fresh = Node("new")
    fresh.properties["phandle"] = b"\0\0\0\x20"
    fresh.phandle = 0x20
    applied(tree, AttachNode(two, fresh))
    assert tree.by_phandle[0x20] is fresh
    assert tree.largest_phandles() == (0x20, 0x20)


def test_a_node_without_parent_cannot_be_detached() -> None:
    with pytest.raises(ValueError, match="without parent"):
        DetachNode(tree_of(BOARD).root)


def test_the_phandle_of_a_node_changes_where_the_entry_says_so() -> None:
    tree = tree_of(BOARD)
    one = node_at(tree, "/one")
    kept = SetProperty(one, "phandle", b"\0\0\0\x09")
    applied(tree, kept)
    assert (one.phandle, tree.by_phandle[1]) == (1, one)
    assert tree.odd_phandles[one] == 9
    applied(tree, SetProperty(one, "phandle", b"\0\0\0\x0a", phandle=10))
    assert tree.by_phandle[10] is one
    assert 1 not in tree.by_phandle
    assert one not in tree.odd_phandles


def test_the_first_of_two_nodes_with_one_phandle_is_found_and_its_heir_when_it_goes() -> None:
    tree = tree_of({"one": {"phandle": 1}, "two": {"phandle": 1}, "three": {"phandle": 1}})
    one, two, three = (node_at(tree, path) for path in ("/one", "/two", "/three"))
    assert tree.by_phandle[1] is one
    before = state(tree)
    changeset = applied(tree, DetachNode(one))
    assert tree.by_phandle[1] is two
    changeset.add(DetachNode(three), tree)
    assert 1 not in tree.shared_phandles
    changeset.revert(tree)
    assert tree.by_phandle[1] is one
    assert state(tree)["by_phandle"] == before["by_phandle"]


def test_origins_and_positions_are_entered_and_given_back() -> None:
    tree = tree_of(BOARD)
    one = node_at(tree, "/one")
    before = Location("board.dts", 9)
    tree.positions[one, "a"] = before
    new = Node("new")
    changeset = applied(
        tree,
        SetProperty(one, "a", b"", WHO, position=PLACE),
        AttachNode(one, new, WHO, positions={new: PLACE}),
    )
    assert tree.origin_of(one, "a") == WHO
    assert tree.origin_of(one, "b") is None
    assert tree.origin_of(new) == WHO
    assert tree.positions[one, "a"] == PLACE
    assert tree.positions[new] == PLACE
    changeset.revert(tree)
    assert tree.origins == {}
    assert tree.positions == {(one, "a"): before}


def test_a_value_without_text_has_no_place_until_the_old_one_is_back() -> None:
    """The place of the value before, in the source of the base, would be that of another value."""
    tree = tree_of(BOARD)
    one = node_at(tree, "/one")
    places = {(one, "a"): Location("board.dts", 9), (one, "b"): Location("board.dts", 10)}
    tree.positions.update(places)
    changeset = applied(tree, SetProperty(one, "a", b"", WHO), SetProperty(one, "b", None, WHO))
    assert tree.positions == {}
    changeset.revert(tree)
    assert tree.positions == places


def test_properties_of_a_new_node_have_its_origin() -> None:
    tree = tree_of(BOARD)
    new, inner = Node("new"), Node("inner")
    new.add_child(inner)
    applied(tree, AttachNode(tree.root, new, WHO))
    assert tree.origin_of(inner, "anything") == WHO


# -- reverting -------------------------------------------------------------------------------------


def _subtree() -> Node:
    top = Node("new@1")
    inner = Node("inner")
    top.add_child(inner)
    inner.phandle = 0x30
    inner.properties["phandle"] = b"\0\0\0\x30"
    return top


ENTRIES: dict[str, Any] = {
    "add": lambda tree: SetProperty(node_at(tree, "/one"), "x", b"1", WHO, position=PLACE),
    "add-first": lambda tree: SetProperty(node_at(tree, "/one"), "x", b"1", head=True),
    "update": lambda tree: SetProperty(node_at(tree, "/one"), "b", b"1", WHO),
    "update-to-same": lambda tree: SetProperty(node_at(tree, "/one"), "b", b"\0\0\0\2"),
    "remove": lambda tree: SetProperty(node_at(tree, "/one"), "b", None),
    "remove-last": lambda tree: SetProperty(node_at(tree, "/one"), "c", None),
    "phandle": lambda tree: SetProperty(node_at(tree, "/one"), "phandle", b"\0\0\1\0", phandle=256),
    "phandle-taken": lambda tree: SetProperty(
        node_at(tree, "/one"), "phandle", b"\0\0\0\2", phandle=2
    ),
    "phandle-gone": lambda tree: SetProperty(node_at(tree, "/two"), "phandle", None, phandle=0),
    "phandle-legacy": lambda tree: SetProperty(
        node_at(tree, "/three"), "linux,phandle", b"\0\0\0\7", phandle=7
    ),
    "phandle-property-alone": lambda tree: SetProperty(
        node_at(tree, "/two"), "phandle", b"\0\0\1\0"
    ),
    "symbol": lambda tree: SetProperty(node_at(tree, "/__symbols__"), "second", b"/two\0"),
    "attach": lambda tree: AttachNode(tree.root, _subtree(), WHO),
    "attach-last": lambda tree: AttachNode(node_at(tree, "/two"), _subtree(), head=False),
    "attach-same-name": lambda tree: AttachNode(tree.root, Node("one")),
    "detach-first": lambda tree: DetachNode(node_at(tree, "/one")),
    "detach-middle": lambda tree: DetachNode(node_at(tree, "/two")),
    "detach-leaf": lambda tree: DetachNode(node_at(tree, "/two/below")),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_one_entry_reverts_to_the_very_state(kind: str) -> None:
    tree = tree_of(BOARD)
    before = state(tree)
    changeset = applied(tree, ENTRIES[kind](tree))
    assert kind == "update-to-same" or state(tree) != before
    changeset.revert(tree)
    assert state(tree) == before


FIRST = ("add-first", "attach", "remove", "phandle", "phandle-taken")


@pytest.mark.parametrize(
    ("first", "last"), [(first, last) for first in FIRST for last in ENTRIES if first != last]
)
def test_two_entries_revert_in_reverse(first: str, last: str) -> None:
    tree = tree_of(BOARD)
    before = state(tree)
    changeset = applied(tree, ENTRIES[first](tree))
    between = state(tree)
    changeset.add(ENTRIES[last](tree), tree)
    after = state(tree)
    changeset.revert(tree)
    assert state(tree) == before
    changeset.apply(tree)
    assert state(tree)["lines"] == after["lines"]
    changeset.revert(tree)
    assert state(tree) == before
    assert between != before


@pytest.mark.parametrize(("key", "name"), [("x", "u"), ("y", "v"), ("z", "w")])
def test_what_stood_at_the_head_comes_back_there(key: str, name: str) -> None:
    tree = tree_of(BOARD)
    one = node_at(tree, "/one")
    applied(tree, *(SetProperty(one, each, b"", head=True) for each in "xyz"))
    applied(tree, *(AttachNode(tree.root, Node(each)) for each in "uvw"))
    before = state(tree)
    changeset = applied(
        tree,
        SetProperty(one, key, None),
        SetProperty(one, "a", None),
        DetachNode(node_at(tree, f"/{name}")),
        DetachNode(node_at(tree, "/two")),
    )
    heads = [each for each in "zyx" if each != key]
    assert order(tree, "/one") == [*heads, "phandle", "b", "c"]
    assert siblings(tree, "/")[:3] == [*(each for each in "wvu" if each != name), "one"]
    changeset.revert(tree)
    assert state(tree) == before


@pytest.mark.parametrize("asked_before", [True, False])
def test_the_largest_phandle_goes_with_its_node(asked_before: bool) -> None:
    tree = tree_of(BOARD)
    if asked_before:
        assert tree.largest_phandles() == (4, 4)
    entry = DetachNode(node_at(tree, "/three"))
    entry.apply(tree)
    assert tree.largest_phandles() == (3, 3)
    entry.revert(tree)
    assert tree.largest_phandles() == (4, 4)
    SetProperty(node_at(tree, "/one"), "phandle", b"\0\0\0\x09", phandle=9).apply(tree)
    assert tree.largest_phandles() == (9, 9)


def test_a_repeated_name_is_removed_and_comes_back_in_place() -> None:
    tree = tree_of({"one": {"p": 1, again("p"): 2, "q": 3, again("q"): 4}})
    before = lines(tree)
    changeset = applied(tree, SetProperty(node_at(tree, "/one"), again("p"), None))
    assert lines(tree) == [line for line in before if line != "  p = 00000002"]
    changeset.revert(tree)
    assert lines(tree) == before


# -- failing and going on --------------------------------------------------------------------------


class _Broken(AttachNode):
    """An entry that fails after others were applied."""

    def apply(self, tree: Tree) -> None:
        raise RuntimeError("cannot be applied")


def test_a_failing_entry_reverts_those_before_it() -> None:
    tree = tree_of(BOARD)
    before = state(tree)
    changeset = Changeset([make(tree) for make in ENTRIES.values()][:10])
    changeset.entries.append(_Broken(tree.root, Node("broken")))
    with pytest.raises(RuntimeError):
        changeset.apply(tree)
    assert changeset.applied == 0
    assert state(tree) == before


def test_what_is_not_there_cannot_be_removed() -> None:
    tree = tree_of(BOARD)
    before = state(tree)
    one = node_at(tree, "/one")
    with pytest.raises(ValueError, match="not in list"):
        applied(tree, SetProperty(one, "x", b"1"), SetProperty(one, "gone", None))
    assert state(tree) == before


def test_applying_goes_on_behind_what_is_in_force() -> None:
    tree = tree_of(BOARD)
    one = node_at(tree, "/one")
    changeset = applied(tree, SetProperty(one, "x", b"1"))
    changeset.entries.append(SetProperty(one, "y", b"2"))
    changeset.apply(tree)
    assert (changeset.applied, one.properties["y"]) == (2, b"2")
    changeset.apply(tree)
    assert changeset.applied == 2
    changeset.revert(tree)
    assert (changeset.applied, order(tree, "/one")) == (0, ["phandle", "a", "b", "c"])


def test_old_is_what_is_found_when_the_entry_is_applied() -> None:
    tree = tree_of(BOARD)
    one = node_at(tree, "/one")
    entry = SetProperty(one, "a", b"3")
    applied(tree, SetProperty(one, "a", b"2"), entry)
    assert entry.old == b"2"


def test_labels_follow_the_symbols() -> None:
    tree = tree_of(BOARD)
    two = node_at(tree, "/two")
    assert tree.labels_of(two) == ()
    changeset = applied(tree, SetProperty(node_at(tree, "/__symbols__"), "second", b"/two\0"))
    assert tree.labels_of(two) == ("second",)
    changeset.revert(tree)
    assert tree.labels_of(two) == ()
