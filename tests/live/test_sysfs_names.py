"""Names in sysfs: a message names the directory as it is called there."""

from __future__ import annotations

from support.boards import Board

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
