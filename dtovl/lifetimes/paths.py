"""A path: a run of a scenario whose next event is free to choose, one actor at a time.

Which events can be taken next is said here, and what makes two paths end in the same state.

An order is a list of events that a scenario file could have: events of one actor stay in line,
`after` is kept, and the checks of the order of a list hold (no use before alloc, no hold id that is
in use). An event of a blocked actor is not taken before the actor got through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.lifetimes.machine import Machine, Result
from dtovl.lifetimes.state import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.scenario import Event, Scenario

_TAKES = ("get", "borrow", "link")
_GIVES = ("put", "forget", "unlink")
_JUDGED_UNALLOCATED = ("put", "del", "add", "get")
_NAMING = ("object", "parent", "old", "new")

Position = tuple[int, ...]

Link = tuple[Any, "Event"]
"""The events of a path, the last one first: (what was before or None, event)."""


class Program:
    """What each actor does, in its line; what an event needs to be in its place of a list."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.actors = tuple(scenario.actors)
        lines: dict[str, list[Event]] = {name: [] for name in self.actors}
        for event in scenario.events:
            lines[event.actor].append(event)
        self.lines = tuple(tuple(lines[name]) for name in self.actors)
        self.place = {event.name: place for place, event in enumerate(scenario.events)}
        self.spots = {
            event.name: (actor, place)
            for actor, line in enumerate(self.lines)
            for place, event in enumerate(line)
        }
        self.first: Position = (0,) * len(self.actors)
        self.needs = {event.name: self._needs(event) for event in scenario.events}

    def _needs(self, event: Event) -> tuple[str, ...]:
        """List the objects that must have been allocated before an event."""
        if event.verb == "alloc":
            return ()
        objects = self.scenario.objects
        found = []
        for field in _NAMING:
            spec = objects.get(event.get(field))
            if spec is None or spec.static:
                continue
            if spec.kind == "kobject" and event.verb in _JUDGED_UNALLOCATED:
                continue
            found.append(spec.name)
        return tuple(found)


def hold_taken(event: Event) -> tuple[str, str] | None:
    """Give the hold or pin that an event begins to use the id of, by the order of the list."""
    if event.verb in _TAKES:
        return ("hold", event.get("as"))
    return ("pin", event.get("as")) if event.verb == "pin" else None


def hold_given(event: Event) -> tuple[str, str] | None:
    """Give the hold or pin whose id an event makes free again, by the order of the list."""
    if event.verb in _GIVES and event.get("hold"):
        return ("hold", event.get("hold"))
    return ("pin", event.get("as")) if event.verb == "unpin" else None


class Path:
    """A run up to some event: the machine, how far each actor is, which ids are in use."""

    __slots__ = ("at", "depth", "link", "machine", "program", "raised", "used")

    def __init__(self, program: Program, machine: Machine | None = None) -> None:
        self.program = program
        self.machine = machine or Machine(program.scenario)
        self.at = program.first
        self.depth = 0
        self.used: frozenset[tuple[str, str]] = frozenset()
        self.raised: tuple[Finding, ...] = ()
        self.link: Link | None = None

    def next_event(self, actor: int) -> Event | None:
        """Give the next event of an actor that has not been taken; None at its end."""
        line, place = self.program.lines[actor], self.at[actor]
        return line[place] if place < len(line) else None

    def is_in_place(self, event: Event) -> bool:
        """Tell whether an event can be the next of the list, blocked or not."""
        machine = self.machine
        if event.after and is_behind(event, machine):
            return False
        for name in self.program.needs[event.name]:
            life = machine.state.lives[name]
            if life.state == NONE:
                return False
        taken = hold_taken(event)
        if taken is None or not self.used:
            return True
        return ("hold", taken[1]) not in self.used and ("pin", taken[1]) not in self.used

    def choices(self, *, idle: bool = True) -> list[int]:
        """Give the actors that can go on, those whose event comes first in the list first.

        idle: with those whose event would only wait, without a trace.
        """
        stuck, actors = self.machine.stuck, self.program.actors
        found = []
        for actor, name in enumerate(actors):
            event = self.next_event(actor)
            if event is None or name in stuck or not self.is_in_place(event):
                continue
            if idle or not is_idle(self, event):
                found.append((self.program.place[event.name], actor))
        return [actor for _, actor in sorted(found)]

    def take(self, actor: int) -> Path:
        """Give the path that takes the next event of an actor; this one stays as it is."""
        event = self.program.lines[actor][self.at[actor]]
        new = Path(self.program, self.machine.fork())
        new.at = (*self.at[:actor], self.at[actor] + 1, *self.at[actor + 1 :])
        new.depth = self.depth + 1
        new.link = (self.link, event)
        taken, given = hold_taken(event), hold_given(event)
        new.used = self.used
        if taken is not None:
            new.used = new.used | {taken}
        elif given is not None:
            new.used = new.used - {given}
        new.machine.step(event)
        new.raised = tuple(new.machine.effects.raised)
        if new.machine.stuck and new.machine.stuck != self.machine.stuck:
            new.raised += tuple(new.machine.waits().lasting())
        return new

    def order(self) -> tuple[Event, ...]:
        """List the events taken."""
        events, link = [], self.link
        while link is not None:
            link, event = link
            events.append(event)
        return tuple(reversed(events))

    def result(self) -> Result:
        """Give what has been found so far, a cycle that nobody can break among it."""
        effects = self.machine.effects
        cycles = (one for one in self.raised if one.rule == "T005")
        return Result((*effects.findings, *cycles), tuple(effects.refused))

    def attempts(self) -> tuple[Event, ...]:
        """List the events that are in their place and can but wait, by place."""
        return self._sorted(
            event
            for actor, name in enumerate(self.program.actors)
            if (event := self.next_event(actor)) is not None
            and name not in self.machine.stuck
            and self.is_in_place(event)
        )

    def rest(self) -> tuple[Event, ...]:
        """List what blocked actors would do later, and those that are behind others, by place."""
        found: list[Event] = []
        trying = {event.actor for event in self.attempts()}
        for actor, name in enumerate(self.program.actors):
            left = self.program.lines[actor][self.at[actor] :]
            if name in trying:
                found.extend(left[1:])
            elif left and (name in self.machine.stuck or is_behind(left[0], self.machine)):
                found.extend(left)
        return self._sorted(found)

    def _sorted(self, events: Iterable[Event]) -> tuple[Event, ...]:
        return tuple(sorted(events, key=lambda event: self.program.place[event.name]))

    def finish(self) -> Machine:
        """Give a machine for which all events are taken, when nobody can go on."""
        machine = self.machine.fork()
        for event in (*self.attempts(), *self.rest()):
            machine.step(event)
        return machine


def is_idle(path: Path, event: Event) -> bool:
    """Tell whether to try an event now is to try it in vain: it is as well taken later.

    Not when a blocked actor waits for the same thing after an attempt that did leave a trace: who
    of them gets it is a choice, and the one that is first among the actors gets it first.
    """
    machine = path.machine
    if not waits_silently(event, machine):
        return False
    waitable = event.get("lock") or event.get("completion") or f"work:{event.get('work')}"
    return waitable not in machine.effects.waiting.values()


def is_behind(event: Event, machine: Machine) -> bool:
    """Tell whether an event waits for others that come first by design."""
    return any(name not in machine.through for name in event.after)


def waits_silently(event: Event, machine: Machine) -> bool:
    """Tell whether an event would have to wait and leave no trace of that.

    Such an attempt changes nothing that the event does not do itself when it gets through.
    """
    state = machine.state
    if event.verb == "lock":
        return event.get("lock") in state.owners
    if event.verb == "wait":
        return event.get("completion") not in state.complete
    if event.verb == "flush":
        return event.get("work") in state.queued or event.get("work") in state.running
    return False
