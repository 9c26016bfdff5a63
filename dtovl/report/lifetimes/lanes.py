"""Lanes of actors, time downwards: moments that are shown, who waits and who has what then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.lifetimes.relevant import relevant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.trace import Moment, Trace


class Row(NamedTuple):
    """A moment that is shown. gap: moments before it that are not.

    waiting and holding tell, for each actor, what it waits for and has from this moment on; an
    actor with nothing is left out.
    """

    moment: Moment
    found: tuple[Finding, ...]
    gap: int
    waiting: Mapping[str, str]
    holding: Mapping[str, tuple[str, ...]]


class Lanes(NamedTuple):
    """The lanes of some actors; tail: moments after the last row that are not shown."""

    actors: tuple[str, ...]
    rows: tuple[Row, ...]
    tail: int


def lay_lanes(trace: Trace, most: int) -> Lanes:
    """Choose at most so many moments, those that lead to findings first, and lay the lanes."""
    chosen = _chosen(trace, most)
    rows: list[Row] = []
    waiting: dict[str, str] = {}
    holding: dict[str, tuple[str, ...]] = {}
    gap = 0
    for moment in trace.moments:
        actor = moment.event.actor
        waiting = {one: what for one, what in waiting.items() if one != actor}
        if moment.waits_for:
            waiting[actor] = moment.waits_for
        holding = {one: what for one, what in holding.items() if one != actor}
        if moment.held:
            holding[actor] = tuple(dict.fromkeys(moment.held))
        if moment.number in chosen:
            found = trace.found.get(moment.number, ())
            rows.append(Row(moment, found, gap, waiting, holding))
            gap = 0
        else:
            gap += 1
    shown = {row.moment.event.actor for row in rows} | set(trace.stuck)
    return Lanes(tuple(one for one in trace.scenario.actors if one in shown), tuple(rows), gap)


def narrowed(lanes: Lanes, most: int) -> tuple[str, ...]:
    """Choose actors: of too many those that break rules, wait or have something, then others."""
    if len(lanes.actors) <= most:
        return lanes.actors
    wanted = dict.fromkeys(row.moment.event.actor for row in lanes.rows if row.found)
    for row in lanes.rows:
        wanted.update(dict.fromkeys((*row.waiting, *row.holding)))
    wanted.update(dict.fromkeys(lanes.actors))
    kept = set(list(wanted)[:most])
    return tuple(actor for actor in lanes.actors if actor in kept)


def _chosen(trace: Trace, most: int) -> set[int]:
    """Choose moments by number: all; of too many those with findings, those that lead to them, the
    latest first, and some around these. Of a long run without findings it is the beginning.
    """
    if len(trace.moments) <= most:
        return {moment.number for moment in trace.moments}
    chosen: dict[int, None] = dict.fromkeys(sorted(trace.found)[:most])
    leading = [moment.number for moment in reversed(relevant(trace))]
    around = [number + step for number in leading for step in _AROUND]
    for number in (*leading, *around):
        if len(chosen) < most and 0 <= number < len(trace.moments):
            chosen[number] = None
    return set(chosen) or set(range(most))


_AROUND = (-1, 1, -2, 2)
