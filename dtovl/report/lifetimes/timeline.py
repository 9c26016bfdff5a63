"""The life of each object that findings are about: allocated, taken, dropped, used, freed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.trace import ALIVE, COUNT, DROPPED, GONE, TAKEN
from dtovl.report.lifetimes.words import HOLDS, label
from dtovl.report.spans import BLANK, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.trace import Change, Moment, Trace

MOST_OBJECTS = 12
"""Objects that are told of; more are counted."""

MOST_STATIONS = 60
"""Moments that are told of one object."""


def timeline_lines(trace: Trace) -> Iterator[Line]:
    """Write the timelines of all objects and waitables that findings name."""
    objects = _objects(trace)
    for name in objects[:MOST_OBJECTS]:
        spec = trace.scenario.objects[name]
        yield from _told(f"Life of {name}", spec.kind, trace, lambda one, n=name: _life(one, n))
    if len(objects) > MOST_OBJECTS:
        yield Line((("dim", f"... and {len(objects) - MOST_OBJECTS} more objects"),))
        yield BLANK
    for name in _waitables(trace)[:MOST_OBJECTS]:
        yield from _told(
            f"Who had {name}", "locks and the like", trace, _Having(name, trace).station
        )


def _objects(trace: Trace) -> list[str]:
    """List the objects that findings name, and those whose sysfs operations are waited for."""
    found: dict[str, None] = {}
    for finding in trace.result.findings:
        for key in ("object", "dependent", "by"):
            found[finding.details.get(key, "")] = None
        for wanted in _wanted(finding):
            found[wanted.partition(":")[2]] = None
    return [name for name in found if name in trace.scenario.objects]


def _waitables(trace: Trace) -> list[str]:
    found: dict[str, None] = {}
    for finding in trace.result.findings:
        found.update(dict.fromkeys(_wanted(finding)))
    return list(found)


def _wanted(finding: Finding) -> list[str]:
    details = finding.details
    cycle = details.get("cycle", ())
    found = [step[key] for step in cycle for key in ("waits_for", "held") if key in step]
    if "waits_for" in details:
        found.append(details["waits_for"])
    if finding.rule == "T021":
        found.append(details["hold"])
    return found


def _told(title: str, kind: str, trace: Trace, station: object) -> Iterator[Line]:
    assert callable(station)
    told = [(moment, words) for moment in trace.moments if (words := station(moment))]
    yield Line((("heading", title), ("dim", f"  ({kind})")), hang=2)
    if not told:
        yield Line((("dim", "  nothing happens to it"),))
    else:
        ids = min(max(len(moment.event.name) for moment, _ in told), 12)
        names = min(max(len(moment.event.actor) for moment, _ in told), 16)
        for moment, words in told[:MOST_STATIONS]:
            head = f"  {moment.event.name:<{ids}}  "
            rules = "".join(f" [{one.rule}]" for one in trace.found.get(moment.number, ()))
            yield Line(
                (
                    ("label", head),
                    ("name", f"{moment.event.actor:<{names}}"),
                    ("", f"  {words}"),
                    ("bad", rules),
                ),
                hang=len(head) + names + 4,
                fixed=2,
            )
        if len(told) > MOST_STATIONS:
            yield Line((("dim", f"  ... {len(told) - MOST_STATIONS:,} more"),))
    yield BLANK


def _life(moment: Moment, name: str) -> str:
    """Say what a moment is in the life of an object; "" for nothing."""
    parts = []
    by_label = f": {label(moment.event)}"
    for one in moment.changes:
        if one.name == name and one.what == ALIVE:
            scope = moment.event.get("scope")
            parts.append(f"allocated in scope {scope}" if scope else "allocated")
        elif one.name == name and one.what == GONE:
            own = moment.event.verb == "free" and moment.event.get("object") == name
            parts.append("freed" if own else f"freed{by_label}")
        elif one.name == name and one.what == COUNT and one.number:
            parts.append(f"count {one.number}")
        elif one.hold is not None and one.hold.object == name:
            parts.append(_held(one))
    if parts:
        return ", ".join(dict.fromkeys(parts))
    if moment.target == name:
        if moment.waits_for:
            return f"has to wait{by_label}"
        touched = moment.event.verb in ("use", "read", "write")
        return f"used{by_label}" if touched else label(moment.event)
    values = (moment.event.get(key) for key in ("object", "parent", "old", "new"))
    return label(moment.event) if name in values else ""


def _held(change: Change) -> str:
    hold = change.hold
    assert hold is not None
    kind = HOLDS[hold.kind]
    if change.what == TAKEN:
        return f"taken by {hold.by}: {hold.name}, a {kind}"
    return f"dropped by {hold.by}: {hold.name}" if change.what == DROPPED else ""


class _Having:
    """Tells moment by moment who has a lock or the like."""

    def __init__(self, name: str, trace: Trace) -> None:
        self._name = name
        self._has: set[str] = set()
        self._trace = trace

    def station(self, moment: Moment) -> str:
        """Say what a moment changes in that."""
        actor, name = moment.event.actor, self._name
        if moment.waits_for == name:
            return f"waits: {label(moment.event)}"
        if name in moment.held and actor not in self._has:
            self._has.add(actor)
            return f"has it from here: {label(moment.event)}"
        if name not in moment.held and actor in self._has:
            self._has.discard(actor)
            return f"gives it back: {label(moment.event)}"
        if any(one.what == "completed" and one.name == name for one in moment.changes):
            return f"completes it: {label(moment.event)}"
        return ""
