"""Which events depend on each other, and which actors suffice to go on with.

Two events of different actors depend on each other when their footprints meet in a thing that one
of them changes; things that both only add to do not count. Independent ones commute: in either
order the same state follows, the same rules break on the same things, and what was blocked stays
blocked. So orders that differ only by swaps of independent neighbours are one order told in several
ways, and it is enough to run each class once.

`enough` gives actors of which one goes first in some order of every class that leads on from a
state (a persistent set, after Godefroid; computed by closure from one actor):

* the actor's next event can go on: with it come all actors that have an event left, now or later,
  that depends on it; and, when it may wake blocked actors, these, with all that theirs depend on;
* it cannot: with it come all actors that could change that.

Whatever the actors outside do, it neither depends on nor prevents the next events of those inside.
There are no cycles in what is searched (every step takes an event), so nothing is put off for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.footprints import Footprint, Tables, Thing, Tracer
from dtovl.lifetimes.paths import is_behind, waits_silently
from dtovl.lifetimes.state import NONE

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from dtovl.lifetimes.paths import Path, Program
    from dtovl.lifetimes.scenario import Event


_SEEDS = 32
"""So many actors are tried at most to begin a closure with: what is found is enough anyway."""


class Marks(NamedTuple):
    """A footprint, a bit per thing."""

    reads: int
    writes: int
    adds: int

    def meets(self, other: Marks) -> bool:
        """Tell whether two footprints depend on each other."""
        touched = other.reads | other.writes | other.adds
        changed = other.writes | other.adds
        return bool(
            self.writes & touched
            or self.reads & changed
            or self.adds & (other.reads | other.writes)
        )

    def touches(self, other: Marks) -> bool:
        """Tell whether they share a thing that one of them changes or adds to."""
        return self.meets(other) or bool(self.adds & other.adds)

    def joined(self, other: Marks) -> Marks:
        """Give both footprints in one."""
        return Marks(self.reads | other.reads, self.writes | other.writes, self.adds | other.adds)


class Relations:
    """What each event of a scenario depends on, and all that an actor has left."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._bits: dict[Thing, int] = {}
        self.marks = self._all_marks(Tables(program))
        self._where = _Where(self.marks)
        self._last: dict[Marks, tuple[tuple[int, int], ...]] = {}
        self._numbers = {name: number for number, name in enumerate(program.actors)}

    def _all_marks(self, tables: Tables) -> tuple[tuple[Marks, ...], ...]:
        """Give the footprint of each event of each line; like events have the same."""
        known: dict[Hashable, Marks] = {}

        def marks_of(event: Event) -> Marks:
            ordered = event.name if event.after or event.name in tables.ahead else ""
            alike = (ordered, event.actor, event.verb, *sorted(event.fields.items()))
            if alike not in known:
                known[alike] = _marks(Tracer(tables).trace(event), self._bits)
            return known[alike]

        return tuple(tuple(marks_of(event) for event in line) for line in self.program.lines)

    def enough(self, path: Path, choices: Sequence[int]) -> Sequence[int]:
        """Give a part of the choices that is enough to go on with: the smallest, then the first."""
        best, free = choices, set(choices)
        known: dict[int, Iterable[int]] = {}
        for seed in choices[:_SEEDS]:
            if len(best) == 1:
                break
            some = self._closure(path, seed, free, known, len(best)) & free
            if len(some) < len(best):
                best = [actor for actor in choices if actor in some]
        return best

    def of(self, event: Event) -> Marks:
        """Give the footprint of an event."""
        actor, place = self.program.spots[event.name]
        return self.marks[actor][place]

    def reach(self, spots: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """Say, per actor, how many of its events others depend on, that lead to some at last."""
        reach = [0] * len(self.marks)
        work: list[Marks] = []
        self._extend(reach, work, spots)
        while work:
            marks = work.pop()
            for actor, line in enumerate(self.marks):
                for place in range(len(line) - 1, reach[actor] - 1, -1):
                    if marks.touches(line[place]):
                        self._extend(reach, work, ((actor, place),))
                        break
        return tuple(reach)

    def _extend(
        self, reach: list[int], work: list[Marks], spots: Iterable[tuple[int, int]]
    ) -> None:
        for actor, place in spots:
            work.extend(self.marks[actor][reach[actor] : place + 1])
            reach[actor] = max(reach[actor], place + 1)

    def _closure(
        self, path: Path, seed: int, free: set[int], known: dict[int, Iterable[int]], most: int
    ) -> set[int]:
        """Give an actor with all that have to come; no matter who when most of the free do."""
        within, work, count = {seed}, [seed], 1
        while work and count < most:
            actor = work.pop()
            if actor not in known:
                known[actor] = self._companions(path, actor, free)
            for other in known[actor]:
                if other not in within:
                    within.add(other)
                    work.append(other)
                    count += other in free
        return within

    def _companions(self, path: Path, actor: int, free: set[int]) -> Iterable[int]:
        """Give the actors that come with one."""
        place = path.at[actor]
        if self.program.actors[actor] in path.machine.stuck:
            return self._meeting(path, self.marks[actor][place - 1])
        if actor in free:
            return self._meeting(path, self.marks[actor][place])
        event = path.next_event(actor)
        return () if event is None else self._enablers(path, event)

    def _meeting(self, path: Path, marks: Marks) -> list[int]:
        """List the actors that have not got through their last event that meets a footprint."""
        last = self._last.get(marks)
        if last is None:
            last = self._last[marks] = self._where.last_to_meet(marks)
        stuck, actors, at = path.machine.stuck, self.program.actors, path.at
        return [
            actor
            for actor, place in last
            if at[actor] <= place or (at[actor] == place + 1 and actors[actor] in stuck)
        ]

    def _enablers(self, path: Path, event: Event) -> list[int]:
        """List actors without which an event stays out of place or blocked."""
        machine, numbers = path.machine, self._numbers
        if is_behind(event, machine):
            missing = next(name for name in event.after if name not in machine.through)
            return [self.program.spots[missing][0]] if missing in self.program.spots else []
        for name in self.program.needs[event.name]:
            if machine.state.lives[name].state == NONE:
                return self._touching(path, ("life", name))
        if waits_silently(event, machine):
            if event.verb == "lock":
                return [numbers[machine.state.owners[event.get("lock")]]]
            if event.verb == "wait":
                return self._touching(path, ("complete", event.get("completion")))
            return self._touching(path, ("work", event.get("work")))
        return self._touching(path, ("hold", event.get("as")))

    def _touching(self, path: Path, thing: Thing) -> list[int]:
        """List the actors with something left that may change a thing or add to it."""
        return self._meeting(path, Marks(self._bits.get(thing, 0), 0, 0))


def _marks(footprint: Footprint, bits: dict[Thing, int]) -> Marks:
    def mask(things: Iterable[Thing]) -> int:
        joined = 0
        for thing in things:
            joined |= bits.setdefault(thing, 1 << len(bits))
        return joined

    return Marks(mask(footprint.reads), mask(footprint.writes), mask(footprint.adds))


class _Where:
    """For each thing the last place in each line that looks at, changes, or adds to it."""

    def __init__(self, lines: Sequence[Sequence[Marks]]) -> None:
        self._last: tuple[dict[int, dict[int, int]], ...] = ({}, {}, {})
        for actor, line in enumerate(lines):
            for place, marks in enumerate(line):
                for kind, mask in zip(self._last, marks, strict=True):
                    for bit in _bits_of(mask):
                        kind.setdefault(bit, {})[actor] = place

    def last_to_meet(self, marks: Marks) -> tuple[tuple[int, int], ...]:
        """Give each actor with an event that depends on a footprint, and the place of its last."""
        reads, writes, adds = self._last
        found: dict[int, int] = {}
        against = ((writes, adds), (reads, writes, adds), (reads, writes))
        for mask, kinds in zip(marks, against, strict=True):
            for bit in _bits_of(mask):
                for kind in kinds:
                    for actor, place in kind.get(bit, {}).items():
                        found[actor] = max(place, found.get(actor, -1))
        return tuple(sorted(found.items()))


def _bits_of(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest
