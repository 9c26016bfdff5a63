"""Rows K052, K070 to K100: what an apply that fails leaves behind, and driver changesets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.boards import Board, clash, suspect_board
from support.overlays import at, to

from dtovl.live.changeset import Action
from dtovl.live.objects import Oops
from dtovl.model.dialect import LINUX_7_2
from dtovl.script import direct

if TYPE_CHECKING:
    from support.trees import Content

START = "OF: overlay: overlay changeset"
REVERTED = "OF: Error reverting changeset (-19)"


def not_removed(place: str) -> list[str]:
    return [f"OF: changeset: apply failed: REMOVE_PROPERTY {place}", REVERTED]


# -- ids and what a failed apply keeps -------------------------------------------------------------


def test_k052_a_failed_search_for_targets_keeps_the_id() -> None:
    board = Board()
    done = board.apply(at("/soc", {"n": {}}), at("/gone", {}))
    assert (done.error, done.number) == ("-EINVAL", 1)
    assert board.lines() == [
        "OF: overlay: find target, node: /fragment@1, path '/gone' not found",
        "OF: overlay: init_overlay_changeset() failed, ret = -22",
    ]
    assert board.codes() == {"failed-kept"}
    assert [one.number for one in board.overlays.listed] == [1]


@pytest.mark.parametrize(
    ("fragments", "tables"),
    [
        pytest.param([at("/soc", {"n": {}})], {"local": {"gone": {}}}, id="local-fixup"),
        pytest.param([to("gone", {"n": {}})], {}, id="label"),
        pytest.param([at("/soc", {"n": {}}), at("/gone", {})], {}, id="target"),
        pytest.param([], {}, id="nothing-in-it"),
    ],
)
def test_k088_what_failed_before_building_can_be_removed(
    fragments: list[Content], tables: dict[str, Content]
) -> None:
    board = Board()
    tree, counts = board.tree(), board.counts()
    done = board.apply(*fragments, **tables)
    assert done.error
    assert done.number == 1
    assert board.tree() == tree
    board.forget()
    assert board.remove(1) == ("", 0)
    assert board.lines() == []
    assert (board.tree(), board.counts()) == (tree, counts)
    assert board.applied(at("/soc", {"n": {}})) == 1


def test_targets_that_were_found_are_held_until_the_removal() -> None:
    board = Board()
    before = board.counts()
    board.apply(at("/soc", {}), at("/soc", {}), at("/gone", {}), at("/soc/bare", {}))
    assert board.count("/soc") == before["/soc"] + 2
    assert board.count("/soc/bare") == before["/soc/bare"]
    board.remove(1)
    assert board.counts() == before


def test_k075_a_failed_build_keeps_its_entries_unapplied() -> None:
    board = Board()
    tree, before = board.tree(), board.counts()
    done = board.apply(*clash(at("/soc", {"p": 1, "n": {"q": 1}})))
    assert (done.error, done.number) == ("-EINVAL", 1)
    assert board.codes() == {"failed-stuck"}
    assert board.tree() == tree
    record = board.overlays.find(1)
    assert record is not None
    assert not record.in_force
    actions = [(entry.action, entry.node.name) for entry in record.changeset.entries]
    assert actions == [
        (Action.ADD, "soc"),
        (Action.ATTACH, "n"),
        (Action.ADD, "n"),
        (Action.ADD, "n"),
    ]
    # Two fragments aim at it, one entry is about it; the new node never became its child.
    assert board.count("/soc") == before["/soc"] + 3
    new = record.changeset.entries[1].node
    assert board.live.count(new) == 3
    assert not board.live.in_sysfs(new)


def test_k089_a_failed_build_that_ends_in_an_addition_is_never_removed() -> None:
    board = Board()
    tree = board.tree()
    board.apply(*clash(at("/soc", {"p": 1})))
    board.forget()
    for _ in range(2):
        assert board.remove(1) == ("-ENODEV", 1)
        assert board.lines() == not_removed("/soc:p")
        assert board.tree() == tree
    assert board.codes() == {"not-removable"}
    assert board.overlays.remove_all() == "-ENODEV"


def test_k090_a_failed_build_that_ends_in_an_update_crashes_at_removal() -> None:
    board = Board()
    tree = board.tree()
    board.apply(*clash(at("/soc/bare", {"x": 9})))
    with pytest.raises(Oops) as caught:
        board.remove(1)
    assert caught.value.node is board.node("/soc/bare")
    assert board.tree() == tree


def test_k090_linux_7_2_refuses_it_instead() -> None:
    board = Board(dialect=LINUX_7_2)
    tree = board.tree()
    board.apply(*clash(at("/soc/bare", {"x": 9})))
    board.forget()
    assert board.remove(1) == ("-ENODEV", 1)
    assert board.lines() == not_removed("/soc/bare:x")
    assert board.tree() == tree


def test_k081_the_least_free_id_is_given_out() -> None:
    board = Board()
    numbers = [board.applied(at("/soc", {name: {}})) for name in ("a", "b", "c")]
    assert numbers == [1, 2, 3]
    board.remove(2)
    board.remove(1)
    assert board.applied(at("/soc", {"d": {}})) == 1
    assert board.apply(at("/gone", {})).number == 2
    assert board.applied(at("/soc", {"e": {}})) == 4
    assert [one.number for one in board.overlays.listed] == [3, 1, 2, 4]


def test_k070_k071_new_nodes_hold_properties_of_their_own() -> None:
    board = Board()
    board.applied(at("/soc", {"n@1": {"phandle": 1, "p": 1}}))
    node = board.node("/soc/n@1")
    assert node.phandle == 9
    assert board.names("/soc/n@1") == ["phandle", "p", "name"]
    assert board.live.tree.by_phandle[9] is node


# -- the suspect state -----------------------------------------------------------------------------


def test_k086_a_rollback_that_fails_spoils_the_tree_for_good() -> None:
    board = suspect_board()
    assert "OF: Error applying changeset (-12)" in board.lines()
    assert "state-suspect" in board.codes()
    assert board.overlays.suspect == "cam.dtbo"
    assert "p" in board.names("/soc")


def test_k080_nothing_is_applied_to_a_suspect_tree() -> None:
    board = suspect_board()
    board.forget()
    tree = board.tree()
    for _ in range(2):
        done = board.apply(at("/soc", {"n": {}}))
        assert (done.error, done.number) == ("-EBUSY", 0)
        assert board.lines() == ["OF: overlay: devicetree state suspect, refuse to apply overlay"]
    assert board.tree() == tree
    assert [one.number for one in board.overlays.listed] == [1, 2]


# -- listeners -------------------------------------------------------------------------------------

CONTENT = (
    at("/soc", {"n": {"p": 1}, "bare": {"x": 9, "new": 1}}),
    at("/", {"z": 1}),
)


def test_k082_a_listener_that_refuses_before_anything_is_built() -> None:
    board = Board()
    tree, counts = board.tree(), board.counts()
    board.fail("overlay", "pre-apply", nth=2)
    done = board.apply(*CONTENT, symbols={"n": "/fragment@0/__overlay__/n"})
    assert (done.error, done.number) == ("-EBUSY", 1)
    assert board.tree() == tree
    assert board.log() == [
        ("pre-apply", "/soc"),
        ("pre-apply", "/"),
        ("inject", "EBUSY"),
        ("line", f"{START} pre-apply notifier error -16, target: "),
    ]
    assert board.remove(1) == ("", 0)
    removed = [(f"{when}-remove", path) for when in ("pre", "post") for path in PATHS]
    assert board.events() == removed
    assert board.counts() == counts


PATHS = ("/soc", "/", "/__symbols__")


@pytest.mark.parametrize("chain", ["reconfig", "reconfig-first"])
def test_k083_a_listener_that_fails_about_an_entry(chain: str) -> None:
    board, whole = Board(), Board()
    whole.applied(*CONTENT)
    board.fail(chain, "add-property", times=2)
    done = board.apply(*CONTENT)
    assert (done.error, done.number) == ("-EBUSY", 1)
    assert board.lines()[-3:] == [
        "OF: changeset notifier error @/soc/n",
        "OF: changeset notifier error @/soc/n",
        "OF: overlay: overlay apply changeset entry notify error -16",
    ]
    assert board.tree() == whole.tree()
    assert board.counts() == whole.counts()
    assert board.remove(1) == ("", 0)


def test_k083_the_last_error_is_given() -> None:
    board = Board()

    class Late:
        def reconfig(self, place: str, action: str, node: object) -> str:
            return "-EINVAL" if (place, action) == ("reconfig", "update-property") else ""

        def overlay(self, action: str, target: object, content: object) -> str:
            return "-EIO" if action == "post-apply" else ""

    board.fail("reconfig", "attach-node", "EEXIST")
    board.live.listeners.append(Late())
    assert board.apply(*CONTENT).error == "-EINVAL"
    assert any("entry notify error -22" in line for line in board.lines())


def test_k084_a_listener_that_fails_afterwards() -> None:
    board, whole = Board(), Board()
    whole.applied(*CONTENT)
    board.fail("overlay", "post-apply", "EINVAL")
    done = board.apply(*CONTENT)
    assert (done.error, done.number) == ("-EINVAL", 1)
    assert board.log()[-3:] == [
        ("post-apply", "/soc"),
        ("inject", "EINVAL"),
        ("line", f"{START} post-apply notifier error -22, target: /soc"),
    ]
    assert board.tree() == whole.tree()
    assert board.applied(at("/soc", {"m": {}})) == 2


def test_k084_an_error_about_an_entry_comes_first() -> None:
    board = Board()
    board.fail("overlay", "post-apply", "EINVAL")
    board.fail("reconfig", "attach-node", "EEXIST")
    assert board.apply(*CONTENT).error == "-EEXIST"


def test_k087_what_happens_in_which_order() -> None:
    board = Board()
    board.apply(*CONTENT)
    leak = "OF: overlay: WARNING: memory leak will occur if overlay removed, property: "
    assert board.log() == [
        ("pre-apply", "/soc"),
        ("pre-apply", "/"),
        ("line", f"{leak}/soc/bare/x"),
        ("line", f"{leak}/soc/bare/new"),
        ("line", f"{leak}/z"),
        ("attach-node", "/soc/n"),
        ("add-property", "/soc/n", "p"),
        ("add-property", "/soc/n", "name"),
        ("update-property", "/soc/bare", "x"),
        ("add-property", "/soc/bare", "new"),
        ("add-property", "/", "z"),
        ("post-apply", "/soc"),
        ("post-apply", "/"),
    ]


def test_k087_entries_are_in_force_when_the_first_listener_hears() -> None:
    board = Board()
    seen: list[object] = []

    class Reader:
        def reconfig(self, place: str, action: str, node: object) -> str:
            seen.append(board.live.property(board.node("/"), "z"))
            return ""

        def overlay(self, action: str, target: object, content: object) -> str:
            return ""

    board.live.listeners.append(Reader())
    board.applied(*CONTENT)
    assert set(seen) == {b"\0\0\0\1"}


# -- driver changesets -----------------------------------------------------------------------------


def test_k085_an_entry_that_fails_takes_back_those_before_newest_first() -> None:
    board = Board()
    tree = board.tree()
    changeset = board.changeset()
    board.record(changeset, Action.REMOVE, "/soc/bare", "y")
    board.record(changeset, Action.REMOVE, "/soc/bare", "z")
    board.record(changeset, Action.UPDATE, "/soc/bare", "x", 9)
    board.record(changeset, Action.ADD, "/soc/bare", "x", 9)
    board.record(changeset, Action.ADD, "/soc/bare", "never", 9)
    assert changeset.apply(board.live) == "-EEXIST"
    assert not changeset.applied
    assert board.log() == [
        ("line", "OF: changeset: apply failed: ADD_PROPERTY    /soc/bare:x"),
        ("line", "OF: Error applying changeset (-17)"),
    ]
    assert sorted(board.tree()[3][2]) == sorted(tree[3][2])
    # What was removed comes back last.
    assert board.names("/soc/bare") == ["x", "name", "z", "y"]


def test_k091_a_property_is_not_added_twice() -> None:
    board = Board()
    node = board.node("/soc/bare")
    assert direct.add_property(board.live, node, board.prop("x", 9)) == "-EEXIST"
    assert board.live.property(node, "x") == b"\0\0\0\1"
    assert board.live.log == []


def test_k092_only_the_very_property_is_removed() -> None:
    board = Board()
    changeset = board.changeset()
    changeset.record(board.live, Action.REMOVE, board.node("/soc/bare"), board.prop("x", 1))
    assert changeset.apply(board.live) == "-ENODEV"
    assert board.lines() == [
        "OF: changeset: apply failed: REMOVE_PROPERTY /soc/bare:x",
        "OF: Error applying changeset (-19)",
    ]
    assert "x" in board.names("/soc/bare")


def test_k093_an_update_of_what_is_absent_adds_it_and_its_revert_removes_it() -> None:
    board = Board()
    tree = board.tree()
    changeset = board.changeset()
    board.record(changeset, Action.UPDATE, "/soc/bare", "new", 1)
    assert changeset.apply(board.live) == ""
    assert board.names("/soc/bare")[-1] == "new"
    assert changeset.revert(board.live) == ""
    assert board.tree() == tree
    assert board.events() == [
        ("update-property", "/soc/bare", "new"),
        ("remove-property", "/soc/bare", "new"),
    ]


def test_k094_a_removed_property_comes_back_last() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.REMOVE, "/soc/bare", "x")
    changeset.apply(board.live)
    assert board.dead("/soc/bare") == ["x"]
    changeset.revert(board.live)
    assert board.names("/soc/bare") == ["y", "z", "name", "x"]
    assert board.dead("/soc/bare") == []


def test_k095_a_node_comes_back_without_its_children() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.DETACH, "/soc")
    assert changeset.apply(board.live) == ""
    assert board.live.tree.find("/soc") is None
    assert 7 not in board.live.tree.by_phandle
    assert changeset.revert(board.live) == ""
    assert board.children("/") == ["soc", "aliases", "__symbols__"]
    assert board.children("/soc") == []
    assert board.node("/soc").phandle == 5
    assert 7 not in board.live.tree.by_phandle


@pytest.mark.parametrize(("newer", "left"), [(False, 0), (True, 1)], ids=["6.1", "7.2"])
def test_k096_detaching_a_detached_node(newer: bool, left: int) -> None:
    board = Board(dialect=LINUX_7_2) if newer else Board()
    node = board.node("/soc/bare")
    assert direct.detach_node(board.live, node) == ""
    assert board.live.count(node) == 1
    assert board.codes() == set()
    assert direct.detach_node(board.live, node) == ""
    assert "detached-twice" in board.codes()
    assert board.live.count(node) == left


def test_k097_a_changeset_applied_twice() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.ADD, "/soc/bare", "new", 1)
    assert changeset.apply(board.live) == ""
    board.forget()
    assert changeset.apply(board.live) == "-EEXIST"
    assert board.lines() == [
        "OF: changeset: apply failed: ADD_PROPERTY    /soc/bare:new",
        "OF: Error applying changeset (-17)",
    ]
    assert "new" in board.names("/soc/bare")


def test_k097_what_stands_behind_a_property_put_in_twice_is_lost() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.ADD, "/soc/bare", "new", 1)
    changeset.apply(board.live)
    direct.add_property(board.live, board.node("/soc/bare"), board.prop("behind"))
    changeset.apply(board.live)
    assert board.codes() == {"property-list-cut"}
    assert board.names("/soc/bare")[-1] == "new"


def test_k098_nobody_is_told_of_properties_outside_sysfs() -> None:
    board = Board()
    node = direct.new_node(board.live, board.node("/soc"), "made")
    changeset = board.changeset()
    changeset.record(board.live, Action.ADD, node, board.prop("p", 1))
    assert changeset.apply(board.live) == ""
    assert direct.update_property(board.live, node, board.prop("q", 1)) == ""
    assert board.events() == []
    assert direct.attach_node(board.live, node) == ""
    assert board.events() == [("attach-node", "/soc/made")]
    assert changeset.revert(board.live) == ""
    assert board.events() == [("remove-property", "/soc/made", "p")]


def test_k099_listeners_hear_of_all_entries_afterwards() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.ADD, "/soc/bare", "new", 1)
    board.record(changeset, Action.UPDATE, "/soc/bare", "x", 9)
    board.record(changeset, Action.REMOVE, "/soc/bare", "y")
    assert changeset.apply(board.live) == ""
    told = [
        ("add-property", "/soc/bare", "new"),
        ("update-property", "/soc/bare", "x"),
        ("remove-property", "/soc/bare", "y"),
    ]
    assert board.events() == told
    assert changeset.revert(board.live) == ""
    assert board.events() == [
        ("add-property", "/soc/bare", "y"),
        ("update-property", "/soc/bare", "x"),
        ("remove-property", "/soc/bare", "new"),
    ]


def test_k099_the_log_is_the_same_when_nobody_listens() -> None:
    logs = []
    for listens in (True, False):
        board = Board()
        if not listens:
            board.live.listeners.clear()
        board.apply(*CONTENT)
        board.remove(1)
        logs.append(board.log())
    assert logs[0] == logs[1]


@pytest.mark.parametrize("verb", ["apply", "revert"])
def test_k100_a_listener_that_fails_undoes_nothing(verb: str) -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.ADD, "/soc/bare", "new", 1)
    action = {"apply": "add-property", "revert": "remove-property"}[verb]
    board.fail("reconfig", action)
    errors = [changeset.apply(board.live)]
    assert changeset.applied
    errors.append(changeset.revert(board.live))
    assert not changeset.applied
    assert errors == (["-EBUSY", ""] if verb == "apply" else ["", "-EBUSY"])
    assert board.lines() == ["OF: changeset notifier error @/soc/bare"]
    assert "new" not in board.names("/soc/bare")


def test_a_node_attached_twice_closes_a_ring() -> None:
    board = Board()
    direct.attach_node(board.live, board.node("/soc/bare"))
    assert board.codes() == {"child-ring"}
    with pytest.raises(Oops):
        direct.attach_node(board.live, direct.new_node(board.live, board.node("/soc"), "made"))


def test_a_node_is_not_attached_before_its_parent() -> None:
    board = Board()
    above = direct.new_node(board.live, board.node("/soc"), "above")
    below = direct.new_node(board.live, above, "below")
    with pytest.raises(Oops):
        direct.attach_node(board.live, below)
