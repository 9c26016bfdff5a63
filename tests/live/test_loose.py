"""Nodes that no walk over the tree finds: below a detached one, or dropped by its parent."""

from __future__ import annotations

import pytest
from support.boards import Board
from support.invariants import check_caches, check_indices, check_links
from support.overlays import at

from dtovl.live.objects import Oops
from dtovl.script import direct


def check(board: Board) -> None:
    """Hold links, indices and caches of the tree against what a walk finds."""
    found = list(board.live.tree.walk())
    check_links(board.live, found)
    check_indices(board.live.tree, found)
    check_caches(board.live.tree, found)
    assert board.live.loose.isdisjoint(found)


def cut_off(board: Board) -> None:
    """Take /soc out and put it in again: its children are dropped."""
    check(board)
    soc = board.node("/soc")
    direct.detach_node(board.live, soc)
    check(board)
    direct.attach_node(board.live, soc)
    check(board)


def test_children_of_a_node_that_comes_back_are_dropped() -> None:
    board = Board()
    bare = board.node("/soc/bare")
    cut_off(board)
    assert board.children("/soc") == []
    assert bare in board.live.loose
    assert 7 not in board.live.tree.by_phandle


def test_a_dropped_node_is_attached_again() -> None:
    board = Board()
    node = board.node("/soc/u@2")
    cut_off(board)
    direct.attach_node(board.live, node)
    check(board)
    assert board.node("/soc/u@2") is node
    assert board.live.tree.by_phandle[7] is node


def test_a_dropped_node_is_not_detached() -> None:
    board = Board()
    node = board.node("/soc/bare")
    cut_off(board)
    with pytest.raises(Oops) as caught:
        direct.detach_node(board.live, node)
    assert caught.value.node is node


def test_a_node_below_a_detached_one_is_detached() -> None:
    board = Board()
    soc, node = board.node("/soc"), board.node("/soc/u@2")
    direct.detach_node(board.live, soc)
    direct.detach_node(board.live, node)
    check(board)
    assert not board.live.attached(node)
    assert [child.name for child in soc.children.values()] == ["bare"]


def test_what_hangs_on_a_dropped_node_is_not_in_the_tree_either() -> None:
    board = Board()
    bare = board.node("/soc/bare")
    cut_off(board)
    made = direct.new_node(board.live, bare, "made")
    direct.new_property(board.live, made, board.prop("phandle", 0x42))
    direct.attach_node(board.live, made)
    check(board)
    assert made in board.live.loose
    assert 0x42 not in board.live.tree.by_phandle


def test_new_children_of_a_node_that_came_back_stand_first() -> None:
    board = Board()
    board.applied(at("/soc", {"a": {}, "b": {}}))
    cut_off(board)
    for name in ("c", "d"):
        direct.attach_node(board.live, direct.new_node(board.live, board.node("/soc"), name))
    check(board)
    assert board.children("/soc") == ["d", "c"]


def test_labels_come_back_with_the_symbols() -> None:
    board = Board()
    symbols, node = board.node("/__symbols__"), board.node("/soc/u@2")
    assert board.live.tree.labels_of(node) == ("u",)
    direct.detach_node(board.live, symbols)
    assert board.live.tree.labels_of(node) == ()
    direct.attach_node(board.live, symbols)
    assert board.live.tree.labels_of(node) == ("u",)


def test_labels_that_an_overlay_exports_are_known() -> None:
    board = Board()
    assert board.live.tree.labels_of(board.node("/soc/u@2")) == ("u",)
    board.applied(at("/soc", {"n": {}}), symbols={"n": "/fragment@0/__overlay__/n"})
    assert board.live.tree.labels_of(board.node("/soc/n")) == ("n",)


def test_a_node_attached_twice_is_known_by_its_new_phandle() -> None:
    board = Board()
    node = board.node("/soc/u@2")
    direct.update_property(board.live, node, board.prop("phandle", 0x42))
    direct.attach_node(board.live, node)
    assert board.live.tree.by_phandle[0x42] is node
    assert 7 not in board.live.tree.by_phandle


def test_a_dropped_node_is_below_nobody_for_the_rule_of_the_topmost() -> None:
    board = Board()
    first = board.applied(at("/soc", {"n": {}}))
    board.applied(at("/soc/n", {"inner": {}}))
    node = board.node("/soc/n")
    assert board.remove(first)[0] == "-EBUSY"
    direct.detach_node(board.live, node)
    assert board.remove(first)[0] == "-EBUSY"
    direct.attach_node(board.live, node)
    assert board.remove(first) == ("", 0)


def test_the_root_only_goes_from_sysfs() -> None:
    board = Board()
    root = board.live.tree.root
    count = board.live.count(root)
    direct.detach_node(board.live, root)
    assert board.codes() == {"detached-twice"}
    assert not board.live.in_sysfs(root)
    assert board.live.attached(root)
    assert board.live.count(root) == count - 1
    assert board.children("/soc") == ["u@2", "bare"]


def test_attaching_twice_counts_the_children_that_are_dropped() -> None:
    board = Board()
    node = board.node("/soc")
    count = board.live.count(node)
    twin = Board()
    twin.live.touch(twin.node("/soc"))
    for one in (board, twin):
        direct.attach_node(one.live, one.node("/soc"))
    assert board.live.count(node) == twin.live.count(twin.node("/soc")) == count + 1


def test_a_ring_stops_the_walk_for_phandles_but_not_changes_elsewhere() -> None:
    board = Board()
    direct.attach_node(board.live, board.node("/soc/bare"))
    direct.attach_node(board.live, direct.new_node(board.live, board.node("/aliases"), "n"))
    with pytest.raises(Oops) as caught:
        board.apply(at("/aliases", {"m": {}}))
    assert caught.value.node is board.node("/soc")


def test_a_node_that_was_never_attached_is_freed_without_a_look_at_its_parent() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {}}))
    guest = direct.new_node(board.live, board.node("/soc/n"), "guest")
    board.remove(number)
    board.forget()
    board.live.put(guest)
    assert board.codes() == set()
    assert guest in board.live.freed


def test_listeners_spell_out_the_path_of_a_node_whose_parent_was_freed() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {"inner": {}}}))
    node = board.node("/soc/n/inner")
    board.live.hold(node, "me")
    board.live.hold(node, "me")
    board.remove(number)
    board.forget()
    direct.detach_node(board.live, node)
    assert "parent-freed" in board.codes()
