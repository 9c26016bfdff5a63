"""What remove_all leaves in the kernel's list, and who looks at it."""

from __future__ import annotations

from support.blob import blob
from support.boards import Board
from support.overlays import at, overlay_content, to
from support.raw_blob import changed

from dtovl.live.blob import apply_parsed, parse_blob

USED = "freed-overlay-used"


def emptied() -> Board:
    """Make a board on which remove_all took the only overlay."""
    board = Board()
    board.applied(at("/soc", {"n": {}}))
    assert board.overlays.remove_all() == ""
    assert USED not in board.codes()
    board.forget()
    return board


def test_an_id_that_never_was_looks_at_no_freed_overlay() -> None:
    board = emptied()
    assert board.remove(7) == ("-ENODEV", 7)
    assert USED not in board.codes()


def test_the_id_of_a_freed_overlay_leads_to_it() -> None:
    board = emptied()
    board.remove(1)
    assert USED in board.codes()


def test_what_has_no_entries_is_removed_without_a_look_at_the_others() -> None:
    board = Board()
    assert board.apply(to("gone", {})).error == "-EINVAL"
    board.applied(at("/soc", {"n": {}}))
    assert board.overlays.remove_all() == ""
    assert USED not in board.codes()


def test_what_has_entries_is_compared_with_freed_overlays() -> None:
    board = Board()
    board.applied(at("/soc", {"n": {}}))
    board.applied(at("/soc/bare", {"n": {}}))
    board.overlays.remove_all()
    assert USED in board.codes()


def test_a_blob_without_structure_enters_the_list_and_one_without_header_does_not() -> None:
    board = emptied()
    good = blob(overlay_content(at("/soc", {})))
    apply_parsed(board.overlays, parse_blob(changed(good, magic=1), "it.dtbo"))
    assert USED not in board.codes()
    apply_parsed(board.overlays, parse_blob(changed(good, size_dt_struct=4), "it.dtbo"))
    assert USED in board.codes()
