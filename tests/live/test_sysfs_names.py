"""Names in sysfs: a message names the directory as it is called there."""

from __future__ import annotations

import pytest
from support.boards import Board

from dtovl.live.changeset import Action
from dtovl.live.objects import Oops
from dtovl.script import direct


def test_a_renamed_node_is_called_by_its_name_in_sysfs() -> None:
    board = Board()
    twin = direct.new_node(board.live, board.node("/soc"), "bare")
    direct.attach_node(board.live, twin)
    direct.add_property(board.live, twin, board.prop("n"))
    direct.attach_node(board.live, direct.new_node(board.live, twin, "n"))
    assert board.lines() == [
        'Duplicate name in soc, renamed to "bare#1"',
        'Duplicate name in bare#1, renamed to "n#1"',
    ]


def test_the_name_goes_with_the_last_reference() -> None:
    board = Board()
    node = direct.new_node(board.live, board.node("/soc"), "n")
    direct.attach_node(board.live, node)
    for _ in range(2):
        board.live.put(node)
    assert node not in board.live.kobject_names


def test_a_name_is_free_again_when_its_file_goes() -> None:
    board = Board()
    soc = board.node("/soc")
    direct.add_property(board.live, soc, board.prop("twin", 1))
    direct.attach_node(board.live, direct.new_node(board.live, soc, "twin"))
    assert board.lines() == ['Duplicate name in soc, renamed to "twin#1"']
    direct.update_property(board.live, soc, board.prop("twin", 2))
    assert board.lines() == []


def test_a_file_that_is_made_twice_keeps_both_names() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.UPDATE, "/soc/bare", "fresh", 1)
    for expected in ([], ["fresh#1"], ["fresh#2"]):
        changeset.apply(board.live)
        renamed = [f'Duplicate name in bare, renamed to "{name}"' for name in expected]
        assert board.lines() == renamed
    assert board.names("/soc/bare")[-1] == "fresh"
    with pytest.raises(Oops):
        changeset.revert(board.live)


def test_an_old_file_goes_with_the_directory() -> None:
    board = Board()
    node = board.node("/soc/bare")
    changeset = board.changeset()
    board.record(changeset, Action.UPDATE, "/soc/bare", "fresh", 1)
    changeset.apply(board.live)
    changeset.apply(board.live)
    board.live.hold(node, "me")
    direct.detach_node(board.live, node)
    board.forget()
    direct.attach_node(board.live, node)
    assert board.lines() == []
