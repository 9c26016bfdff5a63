"""All that a report of `dtovl simulate` tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.diagnostics import Diagnostic, Location
from dtovl.lifetimes.findings import END, WARNINGS, diagnose

if TYPE_CHECKING:
    from dtovl.lifetimes.explore import Exploration
    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.scenario import Scenario
    from dtovl.lifetimes.trace import Trace


class Search(NamedTuple):
    """An exploration, with what it was asked for: most states to visit, seed of its order."""

    found: Exploration
    bound: int
    seed: int


class Answer(NamedTuple):
    """A run, that of the file or the shortest that an exploration found to break a rule.

    search is None without exploration. trace is the run that is told; an exploration that found
    nothing tells that of the file, of which nothing is judged then but what it found.
    """

    scenario: Scenario
    trace: Trace
    search: Search | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Give what was found in the run."""
        return self.trace.result.findings

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Give the findings as diagnostics, each at the line of its event."""
        return [_placed(one, self.scenario) for one in self.findings]

    @property
    def severities(self) -> set[Severity]:
        """Give the severities of all that was found, also of what other orders break."""
        found = {one.severity for one in self.diagnostics}
        if self.search is not None:
            rules = self.search.found.rules
            found |= {Severity.WARNING if one in WARNINGS else Severity.ERROR for one in rules}
        return found


def _placed(finding: Finding, scenario: Scenario) -> Diagnostic:
    """Give the diagnostic of a finding; one of the end has the place of the last event."""
    found = diagnose(finding, scenario)
    if finding.event == END and scenario.events:
        found.where = Location(scenario.file, max(event.line for event in scenario.events))
    return found
