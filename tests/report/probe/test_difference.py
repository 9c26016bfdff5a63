"""What overlays change in an order: `dtovl.report.probe.difference`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from support.predictions import NOTHING, after, before, log

from dtovl.report.probe.difference import Bound, bound_of, difference

if TYPE_CHECKING:
    from dtovl.report.probe.seen import Seen

PATHS = [f"/d{number}" for number in range(12)]


def order(*paths: str) -> Seen:
    """Give a board on which devices bind in an order."""
    return NOTHING._replace(
        order=paths, log=log(*(f"device {path} driver bound" for path in paths))
    )


def test_how_a_device_came_to_be_bound() -> None:
    assert bound_of(before()) == {
        "/clk": Bound(1, "core", 1, ""),
        "/gpio": Bound(2, "device", 1, ""),
        "/uart": Bound(3, "device", 1, ""),
        "/wifi": Bound(4, "late+", 2, "supplier /gpio not ready"),
    }


def test_nothing_is_otherwise() -> None:
    assert not difference(before(), before())
    assert not difference(after(), after())


def test_what_an_overlay_changes() -> None:
    found = difference(before(), after())
    assert found
    assert found.bound == {"/sensor": Bound(4, "device", 1, "")}
    assert list(found.unbound) == ["/wifi"]
    assert list(found.deferred) == ["/wifi", "/camera"]
    assert found.failed == {"/spi": -22}
    assert (found.released, found.reworded) == ({}, {})
    assert (found.unmatched, found.never_added) == (("/odd",), ("/odd/child",))
    assert found.sync_pending == {"/clk": ("/camera", "/wifi")}
    assert [(move.device, move.later) for move in found.moved] == [("/gpio", False)]


def test_the_other_way_round() -> None:
    found = difference(after(), before())
    assert list(found.bound) == ["/wifi"]
    assert list(found.unbound) == ["/sensor"]
    assert (found.deferred, found.failed) == ({}, {})
    assert found.released == {**after().deferred, "/spi": "fails with -22"}
    assert found.freed == ("/clk",)
    assert [(move.device, move.later) for move in found.moved] == [("/gpio", True)]


def test_what_never_binds_either_way_is_told_apart() -> None:
    one = NOTHING._replace(deferred={"/a": "x", "/b": "y"}, failed={"/c": -5})
    two = NOTHING._replace(deferred={"/a": "z"}, failed={"/c": -22, "/b": -1})
    found = difference(one, two)
    assert found.reworded == {
        "/a": ("x", "z"),
        "/b": ("y", "fails with -1"),
        "/c": ("fails with -5", "fails with -22"),
    }
    assert (found.deferred, found.failed, found.released) == ({}, {}, {})


def test_only_who_is_new_among_those_that_hold_back() -> None:
    one = NOTHING._replace(sync_pending={"/a": ("/x",), "/b": ("/y",)})
    two = NOTHING._replace(sync_pending={"/a": ("/w", "/x"), "/b": ("/y",)})
    assert difference(one, two).sync_pending == {"/a": ("/w",)}


def test_a_new_device_moves_no_other_one() -> None:
    found = difference(order("/a", "/b", "/c"), order("/new", "/a", "/b", "/between", "/c"))
    assert list(found.bound) == ["/new", "/between"]
    assert found.moved == ()


def test_the_fewest_devices_move() -> None:
    first, *rest = PATHS
    found = difference(order(first, *rest), order(*rest, first))
    assert [(move.device, move.later) for move in found.moved] == [(first, True)]
    found = difference(order(*rest, first), order(first, *rest))
    assert [(move.device, move.later) for move in found.moved] == [(first, False)]


def test_another_stage_or_more_tries_are_a_move_without_another_order() -> None:
    late = order("/a", "/b")._replace(
        log=log("device /a driver bound", "device /b driver deferred: x", "late+ /b driver bound")
    )
    (move,) = difference(order("/a", "/b"), late).moved
    assert (move.device, move.later, move.before.tries, move.after.tries) == ("/b", True, 1, 2)
    (move,) = difference(late, order("/a", "/b")).moved
    assert (move.device, move.later, move.after.stage) == ("/b", False, "device")


@given(st.permutations(PATHS), st.permutations(PATHS))
def test_the_others_keep_their_order(one: list[str], two: list[str]) -> None:
    moved = {move.device for move in difference(order(*one), order(*two)).moved}
    still = [path for path in one if path not in moved]
    assert still == [path for path in two if path not in moved]
    assert len(moved) < len(PATHS)
