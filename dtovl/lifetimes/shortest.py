"""The shortest order that shows what is known to break in some order.

A search by classes meets everything that breaks, but not by the shortest way: independent events
stand between. What it met gives goals. A goal is an event at which a rule breaks, or the events in
which actors block each other. On the shortest way stand only events that a goal depends on, through
others if need be, and an actor needs at least as many events as its line has up to the goal. So all
orders are tried, the shorter ones first, but only as far as some goal is still within reach.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.paths import Path
from dtovl.lifetimes.statekeys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.lifetimes.independence import Relations
    from dtovl.lifetimes.paths import Program
    from dtovl.lifetimes.statekeys import Key
    from dtovl.lifetimes.tally import Tally

_FAR = 1 << 30

Spot = tuple[int, int]


class Goal(NamedTuple):
    """Events (actor, place in its line) to come to, and how far each actor is of use for that."""

    spots: tuple[Spot, ...]
    reach: tuple[int, ...]

    def distance(self, path: Path) -> int:
        """Count the events that are missing at least; far when it is out of reach."""
        if any(at > most for at, most in zip(path.at, self.reach, strict=True)):
            return _FAR
        missing, stuck, actors = 0, path.machine.stuck, path.program.actors
        for actor, place in self.spots:
            left = place + 1 - path.at[actor]
            if left < 0 or (left == 0 and actors[actor] not in stuck):
                return _FAR
            missing += left
        return missing


def goals(program: Program, relations: Relations, names: Iterable[tuple[str, ...]]) -> list[Goal]:
    """List the goals that names of events stand for."""
    places = sorted(tuple(sorted(program.spots[name] for name in some)) for some in names)
    return [Goal(where, relations.reach(where)) for where in places]


def cut(path: Path, relations: Relations) -> Path:
    """Leave out of a path what its last event does not depend on, if it still breaks a rule."""
    program, order = path.program, path.order()
    kept, actors, marks = [order[-1]], {order[-1].actor}, relations.of(order[-1])
    for event in reversed(order[:-1]):
        if event.actor in actors or marks.touches(relations.of(event)):
            kept.append(event)
            actors.add(event.actor)
            marks = marks.joined(relations.of(event))
    short = Path(program)
    for event in reversed(kept):
        actor, place = program.spots[event.name]
        if short.at[actor] != place or actor not in short.choices():
            return path
        short = short.take(actor)
        if short.raised:
            return short
    return path


class Shortest:
    """Looks for the shortest way to any of some goals: what may be nearest is tried first.

    Of equally near ones that whose events come first in the list is tried first.
    """

    def __init__(self, program: Program, goals: list[Goal], tally: Tally) -> None:
        self._program = program
        self._goals = goals
        self._tally = tally
        self._tries = {spot for goal in goals for spot in goal.spots}

    def find(self, most: int) -> Path | None:
        """Give the path, of at most so many events; None when there is none."""
        keys, first = Keys(), Path(self._program)
        known: set[Key] = set()
        open_: list[tuple[int, tuple[int, ...], Path]] = []
        if self._goals:
            open_.append((self._needed(first), (), first))
        while open_:
            _, places, path = heappop(open_)
            if path.raised:
                return path
            for actor in self._choices(path):
                new = path.take(actor)
                needed = new.depth if new.raised else self._needed(new)
                key = keys.of(new)
                if needed > most or (key in known and not new.raised):
                    continue
                if not self._tally.visit():
                    return None
                known.add(key)
                place = self._program.place[self._program.lines[actor][path.at[actor]].name]
                heappush(open_, (needed, (*places, place), new))
        return None

    def _needed(self, path: Path) -> int:
        """Count the events of the shortest order that may go on from a path to a goal."""
        return path.depth + min(goal.distance(path) for goal in self._goals)

    def _choices(self, path: Path) -> list[int]:
        useful = set(path.choices(idle=False))
        return [
            actor
            for actor in path.choices()
            if actor in useful or (actor, path.at[actor]) in self._tries
        ]
