"""What the kernel has lost for good, by kind of object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.boards import Board, clash
from support.overlays import at

from dtovl.live.changeset import Action
from dtovl.live.leaks import find_leaks
from dtovl.script import direct

if TYPE_CHECKING:
    from dtovl.live.changeset import LiveChangeset
    from dtovl.model.node import Node

PROPERTY = ["property", "property-name", "property-value"]
OF_CALLER = ["case-property", "case-property", "case-property-name"]
EXPORTED = ["property-name", "symbol-property", "symbol-property"]
NODE = ["node", "node-name"]


def leaks(board: Board, *changesets: LiveChangeset, labelled: tuple[Node, ...] = ()) -> list[str]:
    listed = [one.changeset for one in board.overlays.listed]
    return find_leaks(board.live, [*listed, *changesets], labelled)


def both(*lists: list[str]) -> list[str]:
    return sorted(kind for one in lists for kind in one)


def test_nothing_is_lost_of_new_nodes() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {"p": 1, "m": {"q": None}}}))
    assert leaks(board) == []
    board.remove(number)
    assert leaks(board) == []


def test_properties_put_on_base_nodes_are_lost_at_removal() -> None:
    board = Board()
    number = board.applied(at("/soc/bare", {"p": 1}))
    assert leaks(board) == []
    board.remove(number)
    assert leaks(board) == PROPERTY
    board.remove(board.applied(at("/soc/bare", {"p": 1})))
    assert leaks(board) == both(PROPERTY, PROPERTY)


def test_a_property_without_value_loses_no_value() -> None:
    board = Board()
    board.remove(board.applied(at("/soc/bare", {"p": None})))
    assert leaks(board) == ["property", "property-name"]


def test_an_exported_label_is_lost_with_its_value_made_apart() -> None:
    board = Board()
    fragment = at("/soc", {"n": {}})
    board.remove(board.applied(fragment, symbols={"n": "/fragment@0/__overlay__/n"}))
    assert leaks(board) == EXPORTED


def test_a_property_of_boot_that_comes_back_loses_the_name_of_its_file() -> None:
    board = Board()
    number = board.applied(at("/soc/bare", {"x": 9}))
    assert leaks(board) == []
    board.remove(number)
    assert leaks(board) == both(PROPERTY, ["sysfs-name"])


def test_an_update_is_lost_once_the_next_one_has_replaced_it() -> None:
    board = Board()
    node = board.node("/soc/bare")
    for value in (8, 9):
        direct.update_property(board.live, node, board.prop("x", value))
    assert leaks(board) == OF_CALLER


def test_what_a_changeset_lists_is_not_lost() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.ADD, "/soc/bare", "new", 1)
    assert leaks(board, changeset) == []
    changeset.apply(board.live)
    changeset.revert(board.live)
    assert leaks(board, changeset) == []
    changeset.destroy(board.live)
    assert leaks(board) == OF_CALLER


def test_what_is_in_force_is_not_lost_with_its_changeset() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.ADD, "/soc/bare", "new", 1)
    changeset.apply(board.live)
    changeset.destroy(board.live)
    assert leaks(board) == []


def test_a_property_that_was_replaced_is_kept_by_the_changeset_that_knows_it() -> None:
    board = Board()
    direct.update_property(board.live, board.node("/soc/bare"), board.prop("x", 8))
    changeset = board.changeset()
    board.record(changeset, Action.UPDATE, "/soc/bare", "x", 9)
    changeset.apply(board.live)
    assert leaks(board, changeset) == []
    assert leaks(board) == OF_CALLER


def test_what_failed_while_it_was_built_is_still_listed() -> None:
    board = Board()
    assert board.apply(*clash(at("/soc", {"p": 1, "n": {"q": 1}}))).error
    assert leaks(board) == []
    # If it were not: a node with two properties, and one for the base.
    board.overlays.listed.clear()
    assert leaks(board) == both(NODE, PROPERTY, PROPERTY, PROPERTY)


def test_a_held_node_is_not_lost_while_its_holder_has_it() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {"p": 1}}))
    node = board.node("/soc/n")
    board.live.hold(node, "driver")
    board.remove(number)
    assert leaks(board, labelled=(node,)) == []
    # Its two properties, and the name of its directory.
    whole = both(NODE, ["sysfs-name"], PROPERTY, PROPERTY)
    assert leaks(board) == whole
    board.live.release(node, "driver")
    assert leaks(board) == both(NODE, PROPERTY, PROPERTY)


def test_a_held_child_keeps_its_parent_but_not_the_other_way_round() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {"m": {}}}))
    parent, child = board.node("/soc/n"), board.node("/soc/n/m")
    for node in (parent, child):
        board.live.hold(node, "driver")
    board.remove(number)
    assert leaks(board, labelled=(child,)) == []
    assert leaks(board, labelled=(parent,)) == both(NODE, ["sysfs-name"], PROPERTY)


def test_properties_that_others_gave_a_node_are_freed_with_it() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {}}))
    direct.add_property(board.live, board.node("/soc/n"), board.prop("extra", 1))
    board.remove(number)
    assert leaks(board) == []


def test_a_node_that_a_driver_made_is_lost_unless_it_is_attached_or_put() -> None:
    board = Board()
    node = direct.dup_node(board.live, board.node("/soc/u@2"), board.node("/soc"), "made")
    properties = [PROPERTY] * len(node.properties)
    assert leaks(board) == both(NODE, *properties)
    assert leaks(board, labelled=(node,)) == []
    direct.attach_node(board.live, node)
    assert leaks(board) == []
    direct.detach_node(board.live, node)
    assert leaks(board) == both(NODE, ["sysfs-name"], *properties)
    board.live.put(node)
    assert leaks(board) == []


def test_a_node_of_boot_that_comes_back_loses_the_names_of_its_directory() -> None:
    board = Board()
    node = board.node("/soc/bare")
    direct.detach_node(board.live, node)
    assert leaks(board) == []
    direct.attach_node(board.live, node)
    # The directory, and a file for x, y, z and name.
    assert leaks(board) == ["sysfs-name"] * 5


def test_a_refused_addition_is_lost() -> None:
    board = Board()
    direct.add_property(board.live, board.node("/soc/bare"), board.prop("x", 9))
    assert leaks(board) == OF_CALLER


def test_a_file_that_could_not_be_made_keeps_nothing() -> None:
    board = Board()
    node = board.node("/soc/bare")
    board.live.faults["property-file"] = "-ENOMEM"
    prop = board.prop("p", 1)
    direct.add_property(board.live, node, prop)
    assert leaks(board) == OF_CALLER
    direct.update_property(board.live, board.node("/soc"), board.prop("q", 1))
    assert leaks(board) == OF_CALLER


def test_what_remove_all_freed_is_not_listed_any_more() -> None:
    board = Board()
    board.applied(at("/soc/bare", {"p": 1}))
    board.overlays.remove_all()
    assert leaks(board) == PROPERTY


def test_a_node_that_a_device_was_made_of_is_not_lost() -> None:
    board = Board(devices=True)
    number = board.applied(at("/", {"d": {"compatible": "x"}}))
    assert "/d" in board.devices()
    board.fail("reconfig-first", "detach-node")
    assert board.remove(number) == ("-EBUSY", 0)
    assert "/d" in board.devices()
    assert leaks(board) == []
