"""A run for machines: the shape of expected results, and further keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.json import place

if TYPE_CHECKING:
    from dtovl.lifetimes.trace import Moment
    from dtovl.report.lifetimes.answer import Answer


def run_object(answer: Answer) -> dict[str, object]:
    """Give the result of a run."""
    trace, scenario = answer.trace, answer.scenario
    findings = [
        {**finding.as_object(), "place": place(found.where), "suggestion": found.fix}
        for finding, found in zip(answer.findings, answer.diagnostics, strict=True)
    ]
    return {
        "file": scenario.file,
        "scenario": scenario.name,
        "verdict": trace.result.verdict,
        "findings": findings,
        "refused": trace.result.as_object()["refused"],
        "moments": [_moment(moment) for moment in trace.moments],
        "blocked": [
            {
                "actor": actor,
                "event": stuck.event.name,
                "waits_for": stuck.waits_for,
                "owners": list(stuck.owners),
                "behind": [event.name for event in trace.behind.get(actor, ())],
            }
            for actor, stuck in trace.stuck.items()
        ],
        "exploration": _exploration(answer),
    }


def _moment(moment: Moment) -> dict[str, object]:
    return {
        "event": moment.event.name,
        "actor": moment.event.actor,
        "do": moment.event.verb,
        "line": moment.event.line or None,
        "waits_for": moment.waits_for or None,
    }


def _exploration(answer: Answer) -> dict[str, object] | None:
    if answer.search is None:
        return None
    found = answer.search.found
    return {
        "bound": answer.search.bound,
        "seed": answer.search.seed,
        "states": found.states,
        "complete": found.complete,
        "order": None if found.order is None else [event.name for event in found.order],
        "found": [
            {"rule": rule, "object": name or None, "hold": hold or None}
            for rule, name, hold in found.found
        ],
    }
