"""What overlays change in a predicted order: who binds, who no longer does, who has to wait."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.probe.seen import BOUND, DEFERRED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dtovl.report.probe.seen import Seen


class Bound(NamedTuple):
    """How a device came to be bound: as which one, counted from 1; in which stage, at which try.

    waited is the reason of its last deferral before, "" when it bound at once.
    """

    place: int
    stage: str
    tries: int
    waited: str


class Move(NamedTuple):
    """A device that binds at another time, seen among those that bind both before and after."""

    device: str
    before: Bound
    after: Bound
    later: bool


class Difference(NamedTuple):
    """What is otherwise with the overlays than without them.

    bound      devices that bind now and did not
    unbound    devices that bound before and do not now
    moved      devices that bind both times, at another time
    deferred, failed  devices that are so now, and were neither: reason, errno
    released   devices that were deferred for good or failed and now are not: in which words
    reworded   devices that are so both times, but otherwise: the words before and now
    unmatched, never_added  what is so now and was not
    sync_pending  suppliers whose sync_state is held back by more consumers: those that are new
    freed      suppliers whose sync_state was held back and is not any more
    """

    bound: dict[str, Bound]
    unbound: dict[str, Bound]
    moved: tuple[Move, ...]
    deferred: dict[str, str]
    failed: dict[str, int]
    released: dict[str, str]
    reworded: dict[str, tuple[str, str]]
    unmatched: tuple[str, ...]
    never_added: tuple[str, ...]
    sync_pending: dict[str, tuple[str, ...]]
    freed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Tell whether anything is otherwise."""
        return any(self)


def difference(before: Seen, after: Seen) -> Difference:
    """Compare two predictions, by path."""
    old, new = bound_of(before), bound_of(after)
    stuck, now_stuck = _stuck(before), _stuck(after)
    return Difference(
        bound={path: how for path, how in new.items() if path not in old},
        unbound={path: how for path, how in old.items() if path not in new},
        moved=tuple(_moves(old, new)),
        deferred={path: why for path, why in after.deferred.items() if path not in stuck},
        failed={path: errno for path, errno in after.failed.items() if path not in stuck},
        released={path: words for path, words in stuck.items() if path not in now_stuck},
        reworded={
            path: (stuck[path], words)
            for path, words in now_stuck.items()
            if stuck.get(path, words) != words
        },
        unmatched=_new(after.unmatched, before.unmatched),
        never_added=_new(after.never_added, before.never_added),
        sync_pending=_held(before, after),
        freed=tuple(path for path in before.sync_pending if path not in after.sync_pending),
    )


def bound_of(seen: Seen) -> dict[str, Bound]:
    """Tell of each device that binds how it came to that, in the order of binding."""
    tries: dict[str, int] = {}
    waited: dict[str, str] = {}
    found: dict[str, Bound] = {}
    for stage, device, _, result in seen.log:
        if result == BOUND:
            number = tries.get(device, 0) + 1
            found.setdefault(device, Bound(len(found) + 1, stage, number, waited.get(device, "")))
        elif result.startswith(DEFERRED):
            tries[device] = tries.get(device, 0) + 1
            waited[device] = result[len(DEFERRED) :]
    return found


def _stuck(seen: Seen) -> dict[str, str]:
    """Give the devices that a driver has tried and that never bind, and why."""
    failed = {path: f"fails with {errno}" for path, errno in seen.failed.items()}
    return {**seen.deferred, **failed}


def _new(after: Iterable[str], before: Iterable[str]) -> tuple[str, ...]:
    known = set(before)
    return tuple(path for path in after if path not in known)


def _held(before: Seen, after: Seen) -> dict[str, tuple[str, ...]]:
    found = {}
    for path, consumers in after.sync_pending.items():
        more = _new(consumers, before.sync_pending.get(path, ()))
        if more:
            found[path] = more
    return found


def _moves(old: Mapping[str, Bound], new: Mapping[str, Bound]) -> Iterable[Move]:
    """Find the fewest devices whose moving explains the new order of those bound both times.

    Who binds in another stage, or after more or fewer tries, has moved. Of the others the longest
    run that keeps its order stands still.
    """
    common = [path for path in new if path in old]
    ranks = {path: rank for rank, path in enumerate(path for path in old if path in new)}
    moved = {
        path
        for path in common
        if (old[path].stage, old[path].tries) != (new[path].stage, new[path].tries)
    }
    rest = [path for path in common if path not in moved]
    still = _longest_rise([ranks[path] for path in rest])
    moved.update(path for path in rest if ranks[path] not in still)
    for rank, path in enumerate(common):
        if path in moved:
            was, now = old[path], new[path]
            later = now.tries > was.tries if now.tries != was.tries else rank >= ranks[path]
            yield Move(path, was, now, later)


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Give the longest rising run among different numbers, gaps allowed (patience sorting)."""
    tops: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        pile = bisect_left(tops, number)
        before[number] = tops[pile - 1] if pile else None
        tops[pile : pile + 1] = [number]
    found = set()
    one = tops[-1] if tops else None
    while one is not None:
        found.add(one)
        one = before[one]
    return found
