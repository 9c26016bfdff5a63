"""What happened in a run, moment by moment: who did or waited for what, and what that changed.

A moment is an event that got through, or one that has to wait. A blocked actor's further tries are
no moments, unless it then waits for something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.lifetimes.machine import Machine, Result
from dtovl.lifetimes.state import FREED, Hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.machine import Stuck
    from dtovl.lifetimes.scenario import Event, Scenario
    from dtovl.lifetimes.state import State

ALIVE, GONE, COUNT, TAKEN, DROPPED, DONE, CLOSED = (
    "alive",
    "freed",
    "count",
    "taken",
    "dropped",
    "completed",
    "closed",
)


class Change(NamedTuple):
    """Something that an event changed.

    what and name: an object is `alive` or `freed`, its `count` becomes number; a hold is `taken` or
    `dropped` (hold tells which); a completion is `completed`; a scope is `closed`.
    """

    what: str
    name: str
    number: int = 0
    hold: Hold | None = None


class Moment(NamedTuple):
    """An event that got through, or that has to wait (waits_for, owners: who has that).

    target is the object it is about, also by way of a hold; held is what the actor has afterwards,
    locks and the like; late: it had to wait before; refused: why it was not let in.
    """

    number: int
    event: Event
    waits_for: str
    owners: tuple[str, ...]
    changes: tuple[Change, ...]
    target: str
    held: tuple[str, ...]
    late: bool
    refused: str


class Trace(NamedTuple):
    """A run.

    found has the findings by the number of the moment they belong to; at_end has those of the end,
    which stand last in the result. stuck are actors that are blocked in the end, behind the events
    that they never reached. state and waits (who waits for whom) are those at the first finding, or
    at the end without one.
    """

    scenario: Scenario
    moments: tuple[Moment, ...]
    result: Result
    found: Mapping[int, tuple[Finding, ...]]
    at_end: tuple[Finding, ...]
    stuck: Mapping[str, Stuck]
    behind: Mapping[str, tuple[Event, ...]]
    state: State
    waits: Mapping[str, Stuck]


class _Watched(Machine):
    """A machine that writes down what happens."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.moments: list[Moment] = []
        self.first: tuple[State, dict[str, Stuck]] | None = None
        self._names = {id(life): name for name, life in self.state.lives.items()}

    def attempt(self, event: Event) -> bool:
        """Try an event, and write down what came of it."""
        before = self.stuck.get(event.actor)
        refused, found = len(self.effects.refused), len(self.effects.findings)
        target = self._target(event)
        through = super().attempt(event)
        now = self.stuck.get(event.actor)
        if now is not None and before is not None and now.waits_for == before.waits_for:
            return through
        self.moments.append(
            Moment(
                number=len(self.moments),
                event=event,
                waits_for="" if now is None else now.waits_for,
                owners=() if now is None else now.owners,
                changes=() if now is not None else self._changes(),
                target=target,
                held=tuple(self.state.held[event.actor]),
                late=before is not None,
                refused="".join(why for _, why in self.effects.refused[refused:]),
            )
        )
        if self.first is None and len(self.effects.findings) > found:
            self.first = self.state.fork(), self.stuck.copy()
        return through

    def _target(self, event: Event) -> str:
        """Give the object that an event is about."""
        for field in ("via", "hold"):
            if event.get(field):
                hold = self.state.holds.get(event.get(field))
                return hold.object if hold is not None else event.get("object")
        return event.get("object") or event.get("old")

    def _changes(self) -> tuple[Change, ...]:
        state = self.state
        changes: dict[Change, None] = {}
        for what, *rest in state.journal():
            one = self._change(state, what, rest)
            if one is not None:
                changes[one] = None
        return tuple(changes)

    def _change(self, state: State, what: Any, rest: Sequence[Any]) -> Change | None:
        """Read a change off what would take it back."""
        if what is setattr:
            return self._life(rest)
        table = what.__self__
        if table is state.holds:
            name = rest[0]
            if what.__name__ == "__setitem__" and state.holds.get(name) in (None, rest[1]):
                return Change(DROPPED, name, hold=rest[1])
            return Change(TAKEN, name, hold=state.holds.get(name))
        if table is state.complete:
            return Change(DONE, rest[0])
        if table is state.closed and what.__name__ == "discard":
            return Change(CLOSED, rest[0])
        return None

    def _life(self, rest: Sequence[Any]) -> Change | None:
        life, field = rest[0], rest[1]
        if id(life) not in self._names:
            return None
        name = self._names[id(life)]
        if field == "state":
            return Change(GONE if life.state == FREED else ALIVE, name)
        if field == "count" and self.scenario.objects[name].counted:
            return Change(COUNT, name, life.count)
        return None


def watch(scenario: Scenario) -> Trace:
    """Run a scenario to its end, and give what happened."""
    machine = _Watched(scenario)
    for event in scenario.events:
        machine.step(event)
    before = len(machine.effects.findings)
    result = machine.end()
    judged = (one for one in result.findings[before:] if one.rule not in _WAITING)
    return _trace(machine, result, tuple(judged))


def watch_beginning(scenario: Scenario, order: Iterable[Event], result: Result) -> Trace:
    """Run the events of an order, with nothing judged at its end; result is what they are for."""
    machine = _Watched(scenario)
    for event in order:
        machine.step(event)
    return _trace(machine, result)


_WAITING = ("T005", "T006", "T016")
"""Rules that are judged when all is over, and yet belong to an event."""


def _trace(machine: _Watched, result: Result, at_end: tuple[Finding, ...] = ()) -> Trace:
    state, waits = machine.first or (machine.state, machine.stuck)
    last = {moment.event.name: moment.number for moment in machine.moments}
    found: dict[int, tuple[Finding, ...]] = {}
    for one in result.findings[: len(result.findings) - len(at_end)]:
        if one.event in last:
            number = last[one.event]
            found[number] = (*found.get(number, ()), one)
    return Trace(
        machine.scenario,
        tuple(machine.moments),
        result,
        found,
        at_end,
        dict(machine.stuck),
        {actor: tuple(events) for actor, events in machine.backlog.items() if events},
        state,
        waits,
    )
