"""Searches the orders of a scenario's events for the shortest that breaks a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.independence import Relations
from dtovl.lifetimes.paths import Program
from dtovl.lifetimes.searches import by_class, plainly
from dtovl.lifetimes.shortest import Shortest, goals
from dtovl.lifetimes.tally import Found, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.lifetimes.machine import Result
    from dtovl.lifetimes.scenario import Event, Scenario

BOUND = 250_000
"""States that an exploration visits at most, by default."""


class Exploration(NamedTuple):
    """What an exploration found.

    order: the shortest order that breaks a rule, up to the event at which it shows; None when none
    was found. rest: events of blocked actors that are never reached in it; order + rest, run from
    beginning to end, gives result when at_end. result: what is found in that order up to there;
    at_end: only after its last event. found: (rule, object, hold) of all that is found in any
    order, sorted, "" for what a finding has not. states: how many were visited; beginnings: how many
    beginnings of orders these stand for (counted without reduction alone, else 0). complete: no
    order is left out; False when the bound was hit.
    """

    order: tuple[Event, ...] | None
    rest: tuple[Event, ...]
    result: Result | None
    at_end: bool
    found: tuple[Found, ...]
    states: int
    beginnings: int
    complete: bool

    @property
    def rules(self) -> tuple[str, ...]:
        """Give the rules that some order breaks, sorted."""
        return tuple(sorted({rule for rule, _, _ in self.found}))


def explore(
    scenario: Scenario,
    *,
    bound: int = BOUND,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
    reduce: bool = True,
) -> Exploration:
    """Search the orders of a scenario for the shortest that breaks a rule."""
    program, tally, beginnings = Program(scenario), Tally(bound, progress), 0
    if reduce:
        relations = Relations(program)
        by_class(program, relations, tally, seed)
        _shorten(program, relations, tally)
    else:
        beginnings = plainly(program, tally)
    return _told(tally, beginnings)


def _shorten(program: Program, relations: Relations, tally: Tally) -> None:
    """Look for the shortest way to what broke before the end, unless the end is nearer."""
    most = len(program.scenario.events)
    if tally.shown is not None:
        most = min(most, tally.shown.depth)
    if tally.ended is not None:
        most = min(most, tally.length)
    found = Shortest(program, goals(program, relations, tally.goals), tally).find(most)
    if found is not None:
        tally.shown = found


def _told(tally: Tally, beginnings: int) -> Exploration:
    order: tuple[Event, ...] | None = None
    rest: tuple[Event, ...] = ()
    result, at_end = None, False
    shown, ended = tally.shown, tally.ended
    if shown is not None and (ended is None or shown.depth <= tally.length):
        order = shown.order()
        result = shown.result()
    elif ended is not None:
        order, rest, at_end = (*ended.order(), *ended.attempts()), ended.rest(), True
        result = ended.finish().end()
    found = tuple(sorted(tally.found))
    return Exploration(order, rest, result, at_end, found, tally.states, beginnings, tally.complete)
