"""Runs the events of a scenario in their order, and finds the rules they break.

States of an actor: free, or blocked at an event that waits for one thing. An event is tried; when
it has to wait, also deep inside (a release, the end of a scope), everything it did is taken back
and its actor is blocked; the actor's later events go to its backlog. After each event of the list
the blocked actors are tried again, in rounds, until nobody gets through. Nothing else moves time.

An event whose `after` names one that is still blocked, or in a backlog, waits for it like for
anything else; it asks for nothing, so this gives no edges of possible deadlocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.lifetimes import deadlock, endchecks
from dtovl.lifetimes.effects import Effects
from dtovl.lifetimes.state import State
from dtovl.lifetimes.verbs import carry_out
from dtovl.lifetimes.waiting import Blocked, Orders

if TYPE_CHECKING:
    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.scenario import Event, Scenario


_EVENT = "event:"


# What these verbs begin is done also when they have to wait; others change nothing then.
_AT_ONCE = ("cancel", "unplug")


class Stuck(NamedTuple):
    """A blocked actor: the event it is at, what for, who had that at the last attempt."""

    event: Event
    waits_for: str
    owners: tuple[str, ...]


class Result(NamedTuple):
    """What came of a run; refused are (event, why) of what was not let in."""

    findings: tuple[Finding, ...]
    refused: tuple[tuple[str, str], ...]

    @property
    def verdict(self) -> str:
        """Give `clean` or `findings`."""
        return "findings" if self.findings else "clean"

    def as_object(self) -> dict[str, Any]:
        """Give the result as JSON has it."""
        return {
            "verdict": self.verdict,
            "findings": [one.as_object() for one in self.findings],
            "refused": [{"event": event, "why": why} for event, why in self.refused],
        }


class Machine:
    """One run of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.state = State(scenario)
        self.orders = Orders()
        self.effects = Effects(scenario, self.state, self.orders)
        self.stuck: dict[str, Stuck] = {}
        self.backlog: dict[str, list[Event]] = {name: [] for name in scenario.actors}
        self.ahead = {name for event in scenario.events for name in event.after}
        self.through: set[str] = set()

    def fork(self) -> Machine:
        """Give one that is where this one is, and goes on by itself."""
        new = Machine.__new__(Machine)
        new.scenario = self.scenario
        new.state = self.state.fork()
        new.orders = self.orders.fork()
        new.effects = self.effects.fork(new.state, new.orders)
        new.stuck = self.stuck.copy()
        new.backlog = {name: events[:] for name, events in self.backlog.items()}
        new.ahead = self.ahead
        new.through = self.through.copy()
        return new

    def run(self) -> Result:
        """Run all events, then look at what is left."""
        for event in self.scenario.events:
            self.step(event)
        return self.end()

    def step(self, event: Event) -> None:
        """Take one event from the list, then let those who waited try again."""
        if event.actor in self.stuck:
            self.backlog[event.actor].append(event)
        elif self.attempt(event) or event.verb in _AT_ONCE:
            self._retry()

    def waits(self) -> deadlock.Waits:
        """Give who waits for whom."""
        return deadlock.Waits(self.scenario, self.state, self.stuck, self.backlog)

    def end(self) -> Result:
        """Judge what is left, when no event is."""
        effects = self.effects
        places = {event.name: place for place, event in enumerate(self.scenario.events)}
        waits = self.waits()
        found = deadlock.cycles(waits)
        effects.findings.extend(found)
        effects.findings.extend(deadlock.forever(waits))
        if not found:
            effects.findings.extend(deadlock.possible(self.orders, places))
        if not self.stuck:
            endchecks.check(effects)
        return Result(tuple(effects.findings), tuple(effects.refused))

    def attempt(self, event: Event) -> bool:
        """Try an event; False: its actor is blocked at it, and nothing is changed."""
        state, effects = self.state, self.effects
        state.mark()
        found, refused = len(effects.findings), len(effects.refused)
        raised = len(effects.raised)
        effects.begin(event)
        try:
            self._keep_order(event)
            carry_out(effects, event)
        except Blocked as blocked:
            owners = tuple(self._owners_of(blocked.waitable))
            state.undo()
            del effects.findings[found:], effects.refused[refused:], effects.raised[raised:]
            effects.forget()
            self.stuck[event.actor] = Stuck(event, blocked.waitable, owners)
            effects.waiting[event.actor] = blocked.waitable
            return False
        self.stuck.pop(event.actor, None)
        effects.waiting.pop(event.actor, None)
        if event.name in self.ahead:
            self.through.add(event.name)
        return True

    def _keep_order(self, event: Event) -> None:
        """Wait for the events that come first by design. Raises Blocked."""
        for name in event.after:
            if name not in self.through:
                raise Blocked(f"{_EVENT}{name}")

    def _owners_of(self, waitable: str) -> list[str]:
        if waitable.startswith(_EVENT):
            name = waitable[len(_EVENT) :]
            return [event.actor for event in self.scenario.events if event.name == name]
        return self.effects.owners_of(waitable)

    def _retry(self) -> None:
        moved = bool(self.stuck)
        while moved:
            moved = False
            for actor in self.scenario.actors:
                stuck = self.stuck.get(actor)
                if stuck is None or self._is_as_before(stuck):
                    continue
                if self.attempt(stuck.event):
                    moved = True
                    self._work_off(self.backlog[actor])

    def _is_as_before(self, stuck: Stuck) -> bool:
        """Tell at a glance that an attempt would end as the last one did, without a trace."""
        state, event = self.state, stuck.event
        if event.verb == "lock":
            return (state.owners.get(stuck.waits_for),) == stuck.owners
        if event.verb == "wait" and event.get("completion") == stuck.waits_for:
            return stuck.waits_for not in state.complete
        return False

    def _work_off(self, backlog: list[Event]) -> None:
        while backlog:
            event = backlog.pop(0)
            if not self.attempt(event):
                return
