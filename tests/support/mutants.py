"""Scenarios with one thing left out that keeps order: what a search has to find the harm of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.lifetimes.scenario import Event, Scenario

# verb that begins: verb that ends, the fields that tie both, whether one actor does both
_PAIRS = {
    "lock": ("unlock", "lock", "lock", True),
    "enter": ("exit_gate", "gate", "gate", True),
    "enter_sysfs": ("leave_sysfs", "object", "object", True),
    "get": ("put", "as", "hold", False),
    "pin": ("unpin", "as", "as", False),
}
_ALONE = ("flush", "cancel", "wait", "unplug")


def mutants(scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    """Give each scenario without one ordering primitive, and what is left out.

    A lock goes with its unlock, a section with its end, a reference with its put. What is ordered
    by `after` by way of an event that goes stays ordered.
    """
    for event in scenario.events:
        if event.verb in _ALONE or event.verb in _PAIRS:
            yield f"{event.verb} {event.name}", without(scenario, _with_its_end(scenario, event))
        for name in event.after:
            yield f"after {name} of {event.name}", _unordered(scenario, event, name)


def without(scenario: Scenario, gone: set[str]) -> Scenario:
    """Leave events out, but not the order that others have by way of them."""
    before: dict[str, tuple[str, ...]] = {}
    kept: list[Event] = []
    last: dict[str, tuple[str, ...]] = {}
    for event in scenario.events:
        inherited = last.get(event.actor, ())
        after = tuple(dict.fromkeys(one for name in event.after for one in before[name]))
        if event.name in gone:
            previous = tuple(one.name for one in kept if one.actor == event.actor)[-1:]
            before[event.name] = tuple(dict.fromkeys((*previous, *inherited, *after)))
            last[event.actor] = tuple(dict.fromkeys((*inherited, *after)))
        else:
            before[event.name] = (event.name,)
            last[event.actor] = ()
            kept.append(event._replace(after=tuple(dict.fromkeys((*inherited, *after)))))
    return scenario._replace(events=tuple(kept))


def _with_its_end(scenario: Scenario, event: Event) -> set[str]:
    if event.verb not in _PAIRS:
        return {event.name}
    verb, field, tie, alone = _PAIRS[event.verb]
    behind = scenario.events[scenario.events.index(event) + 1 :]
    for other in behind:
        ends = other.verb == verb and other.get(tie) == event.get(field)
        if ends and (not alone or other.actor == event.actor):
            return {event.name, other.name}
    return {event.name}


def _unordered(scenario: Scenario, event: Event, name: str) -> Scenario:
    after = tuple(one for one in event.after if one != name)
    changed = event._replace(after=after)
    events = (changed if one is event else one for one in scenario.events)
    return scenario._replace(events=tuple(events))
