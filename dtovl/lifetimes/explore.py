"""Searches the orders of a scenario's events for the shortest that breaks a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.machine import Result
from dtovl.lifetimes.paths import Path, Program
from dtovl.lifetimes.statekeys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.scenario import Event, Scenario

BOUND = 250_000
"""States that an exploration visits at most, by default."""

Found = tuple[str, str, str]


class Exploration(NamedTuple):
    """What an exploration found.

    order: the shortest order that breaks a rule, up to the event at which it shows; None when none
    was found. rest: events of blocked actors that are never reached in it; order + rest, run from
    beginning to end, gives result when at_end. result: what is found in that order up to there;
    at_end: only after its last event. found: (rule, object, hold) of all that is found in any
    order, sorted, "" for what a finding has not. states: how many were visited; prefixes: how many
    beginnings of orders these stand for (counted without reduction alone, else 0). complete: no
    order is left out; False when the bound was hit.
    """

    order: tuple[Event, ...] | None
    rest: tuple[Event, ...]
    result: Result | None
    at_end: bool
    found: tuple[Found, ...]
    states: int
    prefixes: int
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
    return plain(Program(scenario), bound, progress)


def plain(
    program: Program, bound: int, progress: Callable[[int], None] | None = None
) -> Exploration:
    """Take every event that can be taken in every state, the shortest orders first."""
    keys, layer, states, prefixes, complete = Keys(), {}, 1, 1, True
    best: Path | None = None
    ended: Path | None = None
    found: set[Found] = set()
    layer = {(): [Path(program), 1]}
    while layer:
        following: dict = {}
        for path, ways in layer.values():
            choices = path.choices()
            if not choices:
                end = path.judge()[1]
                found |= {about(one) for one in end}
                if end and ended is None:
                    ended = path
            for actor in choices:
                new = path.take(actor)
                prefixes += ways
                found |= {about(one) for one in new.raised}
                if best is None and new.raised:
                    best = new
                key = keys.of(new)
                if key in following:
                    following[key][1] += ways
                    continue
                if states >= bound:
                    complete = False
                    continue
                states += 1
                following[key] = [new, ways]
        layer = following
        if progress is not None:
            progress(states)
    if best is not None and (ended is None or best.depth <= ended.depth):
        result = Result(tuple(best.machine.effects.findings), tuple(best.machine.effects.refused))
        return Exploration(best.order(), (), result, False, tuple(sorted(found)), states, prefixes, complete)
    if ended is not None:
        return Exploration(ended.order(), ended.rest(), ended.judge()[0], True, tuple(sorted(found)), states, prefixes, complete)
    return Exploration(None, (), None, False, tuple(sorted(found)), states, prefixes, complete)


def about(one: Finding) -> Found:
    """Give what a finding is about, without who and when."""
    return (one.rule, one.details.get("object") or "", one.details.get("hold") or "")
