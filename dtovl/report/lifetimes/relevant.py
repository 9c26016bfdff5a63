"""Which moments of a run have to do with what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.scenario import Scenario
    from dtovl.lifetimes.trace import Moment, Trace

_THINGS = ("object", "hold", "dependent", "module", "gate", "scope", "waits_for", "held_by")
_OWN = ("start", "finish", "fail", "unwound")
_LOCKING = ("lock", "unlock")


class Concern:
    """What findings are about: things by name, works and actors on error paths, racing actors."""

    def __init__(self, findings: Iterable[Finding], scenario: Scenario) -> None:
        self.names: set[str] = set()
        self._actors: set[str] = set()
        self._racing: set[str] = set()
        self._events: set[str] = set()
        self._scenario = scenario
        for finding in findings:
            self._add(finding)
        self.names.discard("")

    def _add(self, finding: Finding) -> None:
        details, objects = finding.details, self._scenario.objects
        self._events.add(finding.event)
        for value in _values(details):
            kind, colon, of = value.partition(":")
            self.names.add(of if colon else value)
            if kind == "work":
                self._actors.add(of)
        self._events.update(details[key] for key in ("freed", "failed") if key in details)
        if finding.rule in ("T011", "T017"):
            self._actors.add(details["actor"])
        if finding.rule == "T020":
            self._racing.update((details["actor"], details["other"]))
        if details.get("by") in objects:
            self.names.add(details["by"])
        if finding.rule in ("T010", "T015"):
            self.names.add(objects[details["object"]].window)

    def includes(self, moment: Moment) -> bool:
        """Tell whether a moment is one of those that lead to a finding."""
        event = moment.event
        if event.name in self._events:
            return True
        if event.verb in _OWN:
            return event.actor in self._actors
        if event.verb in _LOCKING and event.actor in self._racing:
            return True
        if event.get("work") in self._actors or moment.waits_for.partition(":")[2] in self.names:
            return True
        values = {value for value in event.fields.values() if isinstance(value, str)}
        touched = {change.name for change in moment.changes} | {moment.target}
        return not self.names.isdisjoint(values | touched)


def _values(details: dict[str, Any]) -> Iterator[str]:
    for key in _THINGS:
        value = details.get(key)
        yield from value if isinstance(value, list) else filter(None, (value,))
    for step in details.get("cycle", ()):
        yield from (step[key] for key in ("waits_for", "held", "wanted") if key in step)


def relevant(trace: Trace) -> list[Moment]:
    """Give the moments that lead to the findings of a run, up to the last of these."""
    findings = trace.result.findings
    if not findings:
        return []
    concern = Concern(findings, trace.scenario)
    # Who waits for ever is known only when all is over.
    at_end = trace.at_end or any(one.rule in ("T005", "T016") for one in findings)
    last = len(trace.moments) if at_end else max(trace.found, default=-1)
    return [
        moment for moment in trace.moments if moment.number <= last and concern.includes(moment)
    ]
