"""What a run finds. The words are those of the codes; they are made when somebody reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes import lifetimes as codes
from dtovl.codes.base import Code, Severity
from dtovl.diagnostics import Diagnostic, Location

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.lifetimes.scenario import Scenario

_CODES = {one.number: one for one in vars(codes).values() if isinstance(one, Code)}

WARNINGS = frozenset(number for number, one in _CODES.items() if one.severity is Severity.WARNING)
"""Rules that are warnings."""

# Two findings that have these alike are one.
_SAME = ("object", "hold", "dependent", "field", "op", "module", "gate")

END = "end"
"""The event of what is found when all is over."""


class Finding(NamedTuple):
    """A rule that is broken: at which event, the keys of the rule."""

    rule: str
    event: str
    details: dict[str, Any]

    @property
    def severity(self) -> str:
        """Give `error` or `warning`."""
        return "warning" if self.rule in WARNINGS else "error"

    @property
    def words(self) -> dict[str, Any]:
        """Give what stands in the message of the rule."""
        when = "after the last event" if self.event == END else f"at {self.event}"
        words = {"event": self.event, "when": when, **self.details}
        if self.rule in _WORDINGS:
            words.update(_WORDINGS[self.rule](self.details, words))
        return words

    @property
    def message(self) -> str:
        """Say what is wrong."""
        return _CODES[self.rule].message.format(**self.words)

    def as_object(self) -> dict[str, Any]:
        """Give the finding as JSON has it."""
        about = {"rule": self.rule, "severity": self.severity, "event": self.event}
        return {**about, **self.details, "message": self.message}

    @property
    def identity(self) -> tuple[Any, ...]:
        """Give what two findings have alike that are one."""
        details = self.details
        actor = None
        if self.rule == "T011" or "object" not in details:
            actor = details.get("actor")
        return (self.rule, actor, *(details.get(key) for key in _SAME))


def diagnose(finding: Finding, scenario: Scenario, line: int = -1) -> Diagnostic:
    """Give the diagnostic of a finding, at a line, or at that of its event."""
    if line < 0:
        lines = (event.line for event in scenario.events if event.name == finding.event)
        line = next(lines, 0)
    return Diagnostic(_CODES[finding.rule], at=Location(scenario.file, line), **finding.words)


Words = dict[str, Any]


def _held(details: Words) -> str:
    holds = details["held_by"]
    return f"held by {', '.join(holds)}" if holds else "nothing holds it"


def _used(details: Words, words: Words) -> Words:
    way = [details[key] for key in ("object", "hold") if key in details]
    return {"used": " via ".join(way)}


def _released_twice(details: Words, words: Words) -> Words:
    freed = details.get("freed")
    reason = f"already freed at {freed}" if freed else "it holds no reference"
    return {**_used(details, words), "reason": reason}


def _replaced(details: Words, words: Words) -> Words:
    if "held_by" in details:
        return {"what": f"never released; {_held(details)}"}
    return {"what": f"freed {words['when']} while {details['by']} keeps {details['hold']}"}


def _code_gone(details: Words, words: Words) -> Words:
    if "object" in details:
        return {"reason": f"while {details['object']} is alive"}
    return {"reason": f"when {details['actor']} runs it"}


def _window(details: Words, words: Words) -> Words:
    if details["phase"] == END:
        return {"what": "kept for good"}
    return {"what": f"freed inside the notifier window (phase {details['phase']})"}


def _waits(details: Words, words: Words) -> Words:
    told = (f"{one['actor']} waits for {one['waits_for']}" for one in details["cycle"])
    return {"waits": "; ".join(told)}


def _orders(details: Words, words: Words) -> Words:
    told = (
        f"{one['actor']} holds {one['held']} and wants {one['wanted']} at {one['event']}"
        for one in details["cycle"]
    )
    return {"steps": "; ".join(told)}


_WORDINGS: dict[str, Callable[[Words, Words], Words]] = {
    "T001": _used,
    "T002": lambda details, words: {"held": _held(details)},
    "T003": _released_twice,
    "T005": _waits,
    "T006": _orders,
    "T013": _replaced,
    "T014": _code_gone,
    "T015": _window,
    "T019": _used,
}
