"""Searches the orders of a scenario's events for the shortest that breaks a rule.

What an order is. Events of one actor keep their line; `after` is kept: an event comes after those
that it names have got through. The checks that a list of events has to pass hold for every order:
nothing is used before some event allocated it, no hold id is taken while it is in use. An event is
taken when its actor is not blocked; it is tried at once, and blocked actors are tried again after
every event, as in a plain run, so that each order found is a list that a plain run can be given.

Who gets a lock that becomes free is a choice of order: among actors that tried and are blocked the
first of the `actors` map gets it, as everywhere; but an attempt to lock, wait or flush in vain
leaves no trace, so the orders in which the others come to try later stand for the other outcomes.
Attempts that do leave a trace (a gate that closes, a queued work that is dropped, a directory that
lets nobody in, a release that stops halfway) are taken as events of their own.

What counts. Anything found at an event; a cycle of blocked actors as soon as nobody else can break
it; whatever the end brings, when no actor can go on. The shortest order is the one with the fewest
events up to there, attempts of blocked actors included.

How. First one order of each class of orders that differ by swaps of independent events
(`independence`); states that are met again are not searched again (`statekeys`). That meets every
end and everything that breaks. Then, for what breaks before the end, the shortest way to it
(`shortest`). Without reduction every event is taken in every state.

Source: P. Godefroid, Partial-Order Methods for the Verification of Concurrent Systems (persistent
sets); P. Hart, N. Nilsson, B. Raphael, A Formal Basis for the Heuristic Determination of Minimum
Cost Paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.independence import Relations
from dtovl.lifetimes.paths import Program
from dtovl.lifetimes.searches import by_class, plainly
from dtovl.lifetimes.shortest import Shortest, cut, goals
from dtovl.lifetimes.tally import Found, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.lifetimes.machine import Result
    from dtovl.lifetimes.scenario import Event, Scenario

BOUND = 250_000
"""States that an exploration visits at most, by default, of a scenario of usual size."""

_USUAL = 100
"""Actors, events and objects together up to which a scenario is of usual size."""

_LEAST = 100
"""States that are visited of any scenario, however large."""

_GOALS = 200_000
"""Goals, times events, up to which the shortest way to one of them is looked for."""


def default_bound(scenario: Scenario) -> int:
    """Give how many states to visit at most: fewer of a large scenario, as each costs more.

    What a state costs, in time and memory, grows with the things in it and, for the choice of
    actors, with their pairs.
    """
    actors = len(scenario.actors)
    size = actors + len(scenario.events) + len(scenario.objects) + actors**2 // _USUAL
    return min(BOUND, BOUND * _USUAL**2 // max(size, _USUAL) ** 2 + _LEAST)


class Exploration(NamedTuple):
    """What an exploration found.

    order: the shortest order that breaks a rule, up to the event at which it shows; None when none
    was found. rest: what blocked actors would still do in it; order + rest, run from beginning to
    end, gives result when at_end. result: what is found in that order up to there; at_end: only
    when all is over. found: (rule, object, hold) of all that is found in any order, sorted, "" for
    what a finding has not. states: how many were visited; beginnings: how many beginnings of orders
    they stand for (counted without reduction alone, else 0). complete: no order is left out and
    none is shorter; False when the bound was hit.
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
    bound: int | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
    reduce: bool = True,
) -> Exploration:
    """Search the orders of a scenario for the shortest that breaks a rule.

    bound: states to visit at most, None for a default. seed: which orders to try first, 0 for those
    near the list; of equally short orders another may be told, and what is found differs only when
    the bound is hit. progress is told the number of states from time to time. reduce: run one order
    of each class alone.
    """
    most = default_bound(scenario) if bound is None else bound
    program, tally, beginnings = Program(scenario), Tally(most, progress), 0
    if reduce:
        relations = Relations(program)
        by_class(program, relations, tally, seed)
        _shorten(program, relations, tally)
    else:
        beginnings = plainly(program, tally)
    return _told(tally, beginnings)


def _shorten(program: Program, relations: Relations, tally: Tally) -> None:
    """Look for a shorter way to what broke before the end, unless the end is nearer."""
    most = len(program.scenario.events)
    if tally.shown is not None:
        tally.shown = cut(tally.shown, relations)
        most = tally.shown.depth - 1
    if tally.ended is not None:
        most = min(most, tally.length)
    if not tally.complete or sum(map(bool, program.lines)) < 2:
        return
    if len(tally.goals) * len(program.scenario.events) > _GOALS:
        tally.complete = False
        return
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
