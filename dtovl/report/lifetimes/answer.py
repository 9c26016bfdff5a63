"""All that a report of `dtovl simulate` tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.lifetimes.findings import WARNINGS, diagnose

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic
    from dtovl.lifetimes.explore import Exploration
    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.scenario import Scenario
    from dtovl.lifetimes.trace import Trace


class Search(NamedTuple):
    """An exploration, with what it was asked for: most states to visit, seed of its order."""

    found: Exploration
    bound: int
    seed: int


class Answer:
    """A run, that of the file or the shortest that an exploration found to break a rule.

    search is None without exploration. trace is the run that is told; after an exploration that
    found nothing it is that of the file.
    """

    __slots__ = ("diagnostics", "scenario", "search", "trace")

    def __init__(self, scenario: Scenario, trace: Trace, search: Search | None) -> None:
        self.scenario = scenario
        self.trace = trace
        self.search = search
        # The end has no line of its own: that of the last event is the nearest to it.
        lines = {event.name: event.line for event in scenario.events}
        last = max(lines.values(), default=0)
        judged = len(self.findings) - len(trace.at_end)
        self.diagnostics: list[Diagnostic] = [
            diagnose(one, scenario, lines[one.event] if number < judged else last)
            for number, one in enumerate(self.findings)
        ]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Give what was found in the run."""
        return self.trace.result.findings

    @property
    def severities(self) -> set[Severity]:
        """Give the severities of all that was found, also of what other orders break."""
        found = {one.severity for one in self.diagnostics}
        if self.search is not None:
            rules = self.search.found.rules
            found |= {Severity.WARNING if one in WARNINGS else Severity.ERROR for one in rules}
        return found
