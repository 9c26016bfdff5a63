"""Property lists that the kernel cuts off: what a node is called stays as it was."""

from __future__ import annotations

from support.boards import Board

from dtovl.live.changeset import Action


def test_a_removal_reverted_before_it_was_applied_cuts_the_list() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.REMOVE, "/soc/bare", "x")
    assert changeset.revert(board.live) == "-EEXIST"
    assert board.names("/soc/bare") == ["x"]
    assert board.live.called_name(board.node("/soc/bare")) == "bare"


def test_a_list_tied_to_the_dead_keeps_the_name_of_its_node() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.UPDATE, "/soc/bare", "y", 5)
    changeset.apply_entries(board.live)
    changeset.apply_entries(board.live)
    assert board.names("/soc/bare") == ["x", "y", "y"]
    assert board.live.called_name(board.node("/soc/bare")) == "bare"
    assert "name-freed-twice" in board.codes()
