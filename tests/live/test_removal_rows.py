"""Rows K110 to K128: removing overlays."""

from __future__ import annotations

import pytest
from support.boards import Board, clash, suspect_board
from support.overlays import at
from support.trees import Content, cells

from dtovl.live.changeset import Action
from dtovl.model.dialect import LINUX_7_2
from dtovl.script import direct

START = "OF: overlay: overlay changeset"
SUSPECT = "OF: overlay: suspect devicetree state, refuse to remove overlay"
REVERTED = "OF: Error reverting changeset (-19)"


def blocked(number: int, later: int, path: str) -> list[str]:
    return [
        f"OF: overlay: node_overlaps_later_cs: #{number} overlaps with #{later} @{path}",
        f"OF: overlay: overlay #{number} is not topmost",
    ]


# -- what is refused -------------------------------------------------------------------------------


def test_k110_nothing_is_removed_from_a_suspect_tree() -> None:
    board = suspect_board()
    board.forget()
    for number in (1, 2, 7):
        assert board.remove(number) == ("-EBUSY", number)
        assert board.lines() == [SUSPECT]
    assert board.overlays.remove_all() == "-EBUSY"
    assert board.live.tree.find("/soc/first") is not None


def test_k118_a_removal_that_cannot_be_taken_back_spoils_the_tree_for_good() -> None:
    board = Board()
    board.applied(at("/soc", {"p": 1, "q": 1}))
    board.live.faults.update({"revert-entry-0": "-ENOMEM", "reapply-entry": "-ENOMEM"})
    assert board.remove(1) == ("-ENOMEM", 1)
    assert "OF: Error reverting changeset (-12)" in board.lines()
    assert board.names("/soc")[-1] == "p"
    assert "state-suspect" in board.codes()
    assert board.remove(1) == ("-EBUSY", 1)
    assert board.lines() == [SUSPECT]
    assert board.apply(at("/soc", {"n": {}})).error == "-EBUSY"


@pytest.mark.parametrize("number", [0, -1, 2, 4711])
def test_k111_unknown_ids(number: int) -> None:
    board = Board()
    board.applied(at("/soc", {"n": {}}))
    board.remove(board.applied(at("/soc", {"m": {}})))
    board.forget()
    assert board.remove(number) == ("-ENODEV", number)
    assert board.lines() == [f"OF: overlay: remove: Could not find overlay #{number}"]
    assert "unknown-overlay" in board.codes()


def test_k111_linux_7_2_takes_0_for_nothing() -> None:
    board = Board(dialect=LINUX_7_2)
    board.applied(at("/soc", {"n": {}}))
    assert board.remove(0) == ("", 0)
    assert board.lines() == []


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        pytest.param({"soc": {"n": {}}}, {"soc": {"p": 1}}, "/soc/n", id="around"),
        pytest.param({"soc": {"p": 1}}, {"soc": {"n": {}}}, "/soc", id="inside"),
        pytest.param({"soc": {"n": {}}}, {"soc": {"n": {"p": 1}}}, "/soc/n", id="same"),
        pytest.param({"soc": {"n": {}}}, {"soc": {"n": {"m": {}}}}, "/soc/n", id="child"),
        pytest.param({"soc": {"u@2": {"p": 1}}}, {"z": 1}, "/soc/u@2", id="root-later"),
        pytest.param({"z": 1}, {"soc": {"u@2": {"p": 1}}}, "", id="root-earlier"),
    ],
)
def test_k112_a_later_overlay_in_the_way(first: Content, second: Content, path: str) -> None:
    board = Board()
    board.applied(at("/", first))
    board.applied(at("/", second))
    tree = board.tree()
    assert board.remove(1) == ("-EBUSY", 1)
    assert board.log() == [("line", line) for line in blocked(1, 2, path)]
    assert board.codes() == {"not-topmost"}
    assert board.tree() == tree
    assert board.remove(2) == ("", 0)
    assert board.remove(1) == ("", 0)


def test_k112_of_several_the_newest_is_named() -> None:
    board = Board()
    board.applied(at("/soc", {"n": {}}))
    for name in ("p", "q"):
        board.applied(at("/soc/n", {name: 1}))
    assert board.remove(1) == ("-EBUSY", 1)
    assert board.lines() == blocked(1, 3, "/soc/n")


def test_k112_exported_labels_are_in_the_way() -> None:
    board = Board()
    for name in ("a", "b"):
        board.applied(at("/soc", {name: {}}), symbols={name: f"/fragment@0/__overlay__/{name}"})
    assert board.remove(1) == ("-EBUSY", 1)
    assert board.lines() == blocked(1, 2, "/__symbols__")


def test_k112_later_is_who_came_later_not_who_has_the_larger_id() -> None:
    board = Board()
    board.applied(at("/soc", {"a": {}}))
    board.applied(at("/soc", {"b": {}}))
    board.remove(1)
    assert board.applied(at("/soc", {"p": 1})) == 1
    board.forget()
    assert board.remove(2) == ("-EBUSY", 2)
    assert board.lines() == blocked(2, 1, "/soc/b")


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 1, 3), (3, 1, 2)])
def test_k113_siblings_are_removed_in_any_order(order: tuple[int, ...]) -> None:
    board = Board()
    tree = board.tree()
    for name in ("a", "b", "c"):
        board.applied(at("/soc", {name: {"p": 1, "m": {}}}))
    for number in order:
        assert board.remove(number) == ("", 0)
    assert board.tree() == tree


def test_k113_properties_of_siblings_are_removed_in_any_order() -> None:
    board = Board()
    board.applied(at("/soc/u@2", {"p": 1}))
    board.applied(at("/soc/bare", {"p": 1}))
    assert board.remove(1) == ("", 0)


def test_k114_an_overlay_without_entries_blocks_nobody() -> None:
    board = Board()
    board.applied(at("/", {"#address-cells": 1}))
    board.applied(at("/", {"z": 1}))
    board.applied(at("/", {"#address-cells": 1}))
    assert board.remove(1) == ("", 0)
    assert board.remove(2) == ("", 0)


def test_k115_a_failed_build_blocks_for_ever() -> None:
    board = Board()
    board.applied(at("/soc", {"a": {}}))
    assert board.apply(*clash(at("/soc", {"p": 1}))).error
    board.forget()
    for _ in range(2):
        assert board.remove(1) == ("-EBUSY", 1)
        assert board.lines() == blocked(1, 2, "/soc/a")
    assert board.remove(2)[0] == "-ENODEV"


def test_k115a_nodes_that_were_never_attached_block_nobody() -> None:
    board = Board()
    board.applied(at("/soc", {"p": 1}))
    assert board.apply(*clash(at("/soc", {"n": {"m": {}}}))).error
    record = board.overlays.find(2)
    assert record is not None
    assert record.changeset.entries
    assert board.remove(1) == ("", 0)


# -- listeners -------------------------------------------------------------------------------------

CONTENT = (at("/soc", {"n": {"p": 1, "m": {}}, "q": 1}), at("/soc/bare", {"x": 9}))


def test_k116_a_listener_that_refuses_the_removal() -> None:
    board = Board()
    board.applied(*CONTENT)
    tree, counts = board.tree(), board.counts()
    board.fail("overlay", "pre-remove", nth=2)
    assert board.remove(1) == ("-EBUSY", 1)
    assert board.log() == [
        ("pre-remove", "/soc"),
        ("pre-remove", "/soc/bare"),
        ("inject", "EBUSY"),
        ("line", f"{START} pre-remove notifier error -16, target: /soc/bare"),
    ]
    assert (board.tree(), board.counts()) == (tree, counts)
    assert board.remove(1) == ("", 0)
    assert board.events()[:2] == [("pre-remove", "/soc"), ("pre-remove", "/soc/bare")]


def test_k119_a_listener_that_fails_about_an_entry() -> None:
    board = Board()
    tree = board.tree()
    board.applied(*CONTENT)
    board.fail("reconfig", "detach-node", "EEXIST")
    assert board.remove(1) == ("-EEXIST", 0)
    assert [line for line in board.lines() if "notif" in line] == [
        "OF: changeset notifier error @/soc/n/m",
        "OF: overlay: overlay remove changeset entry notify error -17",
    ]
    assert board.tree() == tree
    assert board.overlays.listed == []


def test_k120_a_listener_that_fails_afterwards() -> None:
    board = Board()
    tree = board.tree()
    board.applied(*CONTENT)
    board.fail("overlay", "post-remove", "EINVAL")
    assert board.remove(1) == ("-EINVAL", 0)
    assert board.log()[-3:] == [
        ("post-remove", "/soc"),
        ("inject", "EINVAL"),
        ("line", f"{START} post-remove notifier error -22, target: /soc"),
    ]
    assert board.tree() == tree
    assert board.overlays.listed == []


def test_k120_an_error_about_an_entry_comes_first() -> None:
    board = Board()
    board.applied(*CONTENT)
    board.fail("overlay", "post-remove", "EINVAL")
    board.fail("reconfig", "detach-node", "EEXIST")
    assert board.remove(1) == ("-EEXIST", 0)


# -- what is left ----------------------------------------------------------------------------------


def test_k117_a_revert_that_fails_is_taken_back() -> None:
    board = Board()
    board.applied(at("/soc/bare", {"p": 1, "q": 1, "x": 9}))
    direct.remove_property(board.live, board.node("/soc/bare"), "q")
    tree = board.tree()
    board.forget()
    for _ in range(2):
        assert board.remove(1) == ("-ENODEV", 1)
        assert board.log() == [
            ("pre-remove", "/soc/bare"),
            ("line", "OF: changeset: apply failed: REMOVE_PROPERTY /soc/bare:q"),
            ("line", REVERTED),
        ]
        assert board.tree() == tree
    assert not board.overlays.suspect


@pytest.mark.parametrize("holders", [1, 3])
def test_k121_a_held_node_is_removed_and_lost(holders: int) -> None:
    board = Board()
    tree = board.tree()
    board.applied(at("/soc", {"n": {"p": 1}}))
    node = board.node("/soc/n")
    for number in range(holders):
        board.live.hold(node, f"driver{number}", "probe")
    assert board.remove(1) == ("", 0)
    assert board.lines() == [
        f"OF: ERROR: memory leak, expected refcount 1 instead of {1 + holders}, "
        "of_node_get()/of_node_put() unbalanced - destroy cset entry: attach overlay node /soc/n"
    ]
    assert board.tree() == tree
    assert board.live.count(node) == holders
    held = next(one for one in board.live.take_findings() if one.code.name == "node-held")
    assert "driver0 (probe)" in held.message


def test_k121_a_changeset_that_was_not_destroyed_holds_too() -> None:
    board = Board()
    board.applied(at("/soc", {"n": {"status": "disabled"}}))
    changeset = board.changeset()
    board.record(changeset, Action.UPDATE, "/soc/n", "status", "okay")
    board.record(changeset, Action.ADD, "/soc/n", "reg", 1)
    changeset.apply(board.live)
    changeset.revert(board.live)
    assert board.remove(1) == ("", 0)
    assert "expected refcount 1 instead of 3" in board.lines()[0]
    changeset.destroy(board.live)
    assert board.lines() == ["OF: ERROR: memory leak before free overlay changeset,  /soc/n"]


def test_k122_the_last_put_comes_too_late() -> None:
    board = Board()
    board.applied(at("/soc", {"n": {}}))
    node = board.node("/soc/n")
    board.live.hold(node, "a")
    board.live.hold(node, "b")
    board.remove(1)
    board.forget()
    board.live.release(node, "a")
    assert board.lines() == []
    board.live.release(node, "b")
    assert board.lines() == ["OF: ERROR: memory leak before free overlay changeset,  /soc/n"]
    assert node in board.live.lost


def test_a_held_child_outlives_its_freed_parent() -> None:
    board = Board()
    board.applied(at("/soc", {"n": {"m": {}}}))
    parent, child = board.node("/soc/n"), board.node("/soc/n/m")
    board.live.hold(child, "driver")
    board.remove(1)
    assert parent in board.live.freed
    board.forget()
    board.live.check_path(child)
    assert board.codes() == {"parent-freed"}


def test_k123_properties_of_base_nodes_are_dead_for_good() -> None:
    board = Board()
    for round_ in (1, 2):
        board.applied(at("/soc/bare", {"p": 1, "x": 9}))
        assert board.dead("/soc/bare")[0] == "x"
        assert board.remove(1) == ("", 0)
        assert board.dead("/soc/bare") == ["p", "x"] * round_
        assert "property-leaked" in board.codes()


def test_k124_an_old_property_returns_to_its_place() -> None:
    board = Board()
    node = board.node("/soc/bare")
    old = board.live.object_of(node, "y")
    tree = board.tree()
    board.applied(at("/soc/bare", {"y": 9}))
    assert board.live.object_of(node, "y") is not old
    board.remove(1)
    assert board.tree() == tree
    assert board.live.object_of(node, "y") is old


def test_k125_remove_all_goes_newest_first_and_leaves_freed_overlays_in_the_list() -> None:
    board = Board()
    tree = board.tree()
    for name in ("a", "b"):
        board.applied(at("/soc", {name: {}}))
    board.forget()
    assert board.overlays.remove_all() == ""
    detached = [event[1] for event in board.events() if event[0] == "detach-node"]
    assert detached == ["/soc/b", "/soc/a"]
    assert board.tree() == tree
    assert "freed-overlay-used" in board.codes()
    # Ids are not given back, and whoever looks at the list reads freed memory.
    assert board.apply(at("/soc", {"c": {}})).number == 3
    assert "freed-overlay-used" in board.codes()


def test_k125_remove_all_stops_at_the_first_error() -> None:
    board = Board()
    for name in ("a", "b", "c"):
        board.applied(at("/soc", {name: {}}))
    board.fail("overlay", "pre-remove", "EINVAL", nth=2)
    assert board.overlays.remove_all() == "-EINVAL"
    assert [one.number for one in board.overlays.listed] == [1, 2]
    assert board.children("/soc")[:2] == ["b", "a"]


def test_k126_of_removed_nodes_only_the_detaching_is_told() -> None:
    board = Board()
    board.applied(*CONTENT)
    board.remove(1)
    assert board.events() == [
        ("pre-remove", "/soc"),
        ("pre-remove", "/soc/bare"),
        ("update-property", "/soc/bare", "x"),
        ("detach-node", "/soc/n/m"),
        ("detach-node", "/soc/n"),
        ("remove-property", "/soc", "q"),
        ("post-remove", "/soc"),
        ("post-remove", "/soc/bare"),
    ]


def test_k127_the_update_of_another_is_lost() -> None:
    board = Board()
    node = board.node("/soc/bare")
    board.applied(at("/soc/bare", {"y": 9}))
    direct.update_property(board.live, node, board.prop("y", 77))
    board.forget()
    assert board.remove(1) == ("", 0)
    assert board.live.property(node, "y") == cells(2)
    assert board.names("/soc/bare") == ["x", "y", "z", "name"]
    assert "name-freed-twice" in board.codes()


def test_k127_what_another_removed_comes_back_last() -> None:
    board = Board()
    node = board.node("/soc/bare")
    board.applied(at("/soc/bare", {"y": 9}))
    direct.remove_property(board.live, node, "y")
    assert board.remove(1) == ("", 0)
    assert board.live.property(node, "y") == cells(2)
    assert board.names("/soc/bare") == ["x", "z", "name", "y"]


def test_k127_linux_7_2_frees_no_name_twice() -> None:
    board = Board(dialect=LINUX_7_2)
    node = board.node("/soc/bare")
    board.applied(at("/soc/bare", {"y": 9}))
    direct.update_property(board.live, node, board.prop("y", 77))
    assert board.remove(1) == ("", 0)
    assert board.live.property(node, "y") == cells(2)
    assert "name-freed-twice" not in board.codes()


def test_k128_a_provider_is_removed_under_its_consumer() -> None:
    board = Board()
    board.applied(at("/soc/u@2", {"clock": {"phandle": 1}}))
    number = board.node("/soc/u@2/clock").phandle
    board.applied(at("/soc/bare", {"clocks": number}))
    assert board.remove(1) == ("", 0)
    assert board.live.property(board.node("/soc/bare"), "clocks") == cells(number)
    assert number not in board.live.tree.by_phandle


def test_an_applied_driver_changeset_makes_removal_fail() -> None:
    board = Board()
    board.applied(at("/soc", {"n": {"status": "disabled"}}))
    changeset = board.changeset()
    board.record(changeset, Action.UPDATE, "/soc/n", "status", "okay")
    changeset.apply(board.live)
    board.forget()
    assert board.remove(1) == ("-ENODEV", 1)
    assert "OF: changeset: apply failed: REMOVE_PROPERTY /soc/n:status" in board.lines()
    changeset.revert(board.live)
    changeset.destroy(board.live)
    assert board.remove(1) == ("", 0)
