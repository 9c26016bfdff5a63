"""Every order of a scenario, one after the other, each run from its beginning: slow and simple.

Written from the format alone: it shares the machine with what it checks, but neither copies of
runs, nor keys of states, nor what depends on what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.scenario import Event, Scenario

Order = tuple["Event", ...]


class Enumeration(NamedTuple):
    """What all orders find, events up to the first finding (0: none), beginnings of orders."""

    found: tuple[tuple[str, str, str], ...]
    shortest: int
    beginnings: int


def enumerate_orders(scenario: Scenario) -> Enumeration:
    """Run every order of a scenario."""
    found: set[tuple[str, str, str]] = set()
    lengths, beginnings, left = [], 0, [()]
    while left:
        order = left.pop()
        beginnings += 1
        machine = run(scenario, order)
        going_on = [(*order, event) for event in following(scenario, order, machine)]
        left.extend(going_on)
        findings = machine.effects.findings + cycles(scenario, order, machine)
        if not going_on:
            findings = finish(scenario, order, machine)
        if findings:
            lengths.append(len(order))
            found.update(about(one) for one in findings)
    return Enumeration(tuple(sorted(found)), min(lengths, default=0), beginnings)


def run(scenario: Scenario, order: Order) -> Machine:
    """Run a beginning of an order."""
    machine = Machine(scenario)
    for event in order:
        machine.step(event)
    return machine


def about(one: Finding) -> tuple[str, str, str]:
    """Give rule, object and hold of a finding."""
    return (one.rule, one.details.get("object") or "", one.details.get("hold") or "")


def following(scenario: Scenario, order: Order, machine: Machine) -> Iterator[Event]:
    """Give the events that can be the next ones of an order."""
    taken = {event.name for event in order}
    blocked = {stuck.event.name for stuck in machine.stuck.values()}
    started = set()
    for event in scenario.events:
        if event.name in taken or event.actor in started:
            continue
        started.add(event.actor)
        behind = any(one not in taken or one in blocked for one in event.after)
        if event.actor not in machine.stuck and not behind and fits(scenario, order, event):
            yield event


def fits(scenario: Scenario, order: Order, event: Event) -> bool:
    """Tell whether a list of events may go on so: nothing unallocated, no id that is in use."""
    allocated = {one.get("object") for one in order if one.verb == "alloc"}
    for field in ("object", "parent", "old", "new"):
        spec = scenario.objects.get(event.get(field))
        if spec is None or spec.static or event.verb == "alloc":
            continue
        if spec.kind == "kobject" and event.verb in ("put", "del", "add", "get"):
            continue
        if spec.name not in allocated:
            return False
    return event.get("as") not in used_ids(order) or event.verb == "unpin"


def used_ids(order: Order) -> set[str]:
    """Collect the ids of holds and pins that are in use after an order."""
    used: dict[str, bool] = {}
    for one in order:
        if one.verb in ("get", "borrow", "link", "pin"):
            used[one.get("as")] = one.verb == "pin"
        elif one.verb in ("put", "forget", "unlink") and used.get(one.get("hold")) is False:
            del used[one.get("hold")]
        elif one.verb == "unpin" and used.get(one.get("as")) is True:
            del used[one.get("as")]
    return set(used)


def cycles(scenario: Scenario, order: Order, machine: Machine) -> list[Finding]:
    """Give the deadlocks that stay, whoever still goes on."""
    for_good = [one for one in machine.stuck if goes_round(scenario, machine, one)]
    if not for_good:
        return []
    alone = run(scenario, order)
    alone.stuck = {one: alone.stuck[one] for one in for_good}
    return [one for one in alone.end().findings if one.rule == "T005"]


def goes_round(scenario: Scenario, machine: Machine, actor: str) -> bool:
    """Tell whether an actor waits for itself by way of others, without completions."""
    seen: set[str] = set()
    left = [actor]
    while left:
        one = machine.stuck[left.pop()]
        waits_for = one.waits_for
        idle = waits_for.startswith("work:") and waits_for[5:] not in machine.state.running
        if waits_for in scenario.completions or idle:
            continue
        for owner in one.owners:
            if owner == actor:
                return True
            if owner in machine.stuck and owner not in seen:
                seen.add(owner)
                left.append(owner)
    return False


def finish(scenario: Scenario, order: Order, machine: Machine) -> list[Finding]:
    """Judge the end of an order: blocked actors keep what they would still do."""
    taken = {event.name for event in order}
    waiting = dict.fromkeys(machine.stuck, True)
    for event in scenario.events:
        if event.name not in taken:
            behind = any(one not in machine.through for one in event.after)
            if waiting.setdefault(event.actor, behind):
                machine.step(event)
    return list(machine.end().findings)
