"""A run as a person reads it: findings, how it came to them, lanes, the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.lifetimes.past import Past
from dtovl.report.lifetimes.reasons import reasons
from dtovl.report.lifetimes.relevant import relevant
from dtovl.report.lifetimes.words import sentence
from dtovl.report.spans import BLANK, Line, amount
from dtovl.report.text import counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.diagnostics import Diagnostic
    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.trace import Moment, Trace
    from dtovl.report.lifetimes.answer import Answer

MOST_TOLD = 40
"""Findings that are told with reasons; of more only the line."""

MOST_STEPS = 40
"""Moments that are told in words; of more the first and the last ones."""

_INDENT = 10


def finding_lines(answer: Answer) -> Iterator[Line]:
    """Write a line per finding and nothing else."""
    for found in answer.diagnostics:
        yield _head(found)


def run_lines(answer: Answer, *, explain: bool, verbose: bool) -> Iterator[Line]:
    """Write all about a run; one without findings is told only if verbose."""
    trace = answer.trace
    past = Past(trace)
    for number, (finding, found) in enumerate(
        zip(answer.findings, answer.diagnostics, strict=True)
    ):
        yield _head(found)
        if number < MOST_TOLD:
            yield from _about(finding, found, past)
            yield BLANK
    told = relevant(trace) if answer.findings else list(trace.moments) if verbose else []
    if told or answer.findings:
        if told:
            yield from _sequence(told, answer)
        from dtovl.report.lifetimes.lanes_text import lane_lines

        yield from _heading("Lanes", "actors side by side, time downwards")
        yield from lane_lines(trace)
        yield BLANK
    if explain:
        from dtovl.report.lifetimes.timeline import timeline_lines

        yield from timeline_lines(trace)
    yield from _refused(answer)
    yield from verdict_lines(answer)


# -- findings --------------------------------------------------------------------------------------


def _head(found: Diagnostic) -> Line:
    """Write the line of a finding; it is not wrapped, so that other programs can read it."""
    severity = found.severity.label
    return Line(
        (
            ("place", f"{found.where}"),
            ("", ": "),
            (severity, f"{severity} {found.code.number}"),
            ("", f": {found.message}"),
        )
    )


def _about(finding: Finding, found: Diagnostic, past: Past) -> Iterator[Line]:
    for number, reason in enumerate(reasons(finding, past)):
        yield _labelled("" if number else "why", reason)
    if finding.rule in ("T005", "T006"):
        yield _labelled("cycle", _cycle(finding))
    if found.fix:
        yield _labelled("fix", found.fix)


def _cycle(finding: Finding) -> str:
    """Write a cycle as arrows, back to where it begins."""
    steps = finding.details["cycle"]
    if finding.rule == "T005":
        ways = [f"{step['actor']} --[{step['waits_for']}]-->" for step in steps]
        return " ".join((*ways, steps[0]["actor"]))
    ways = [f"{step['held']} --[{step['actor']} {step['event']}]-->" for step in steps]
    return " ".join((*ways, steps[0]["held"]))


def _labelled(label: str, text: str) -> Line:
    return Line((("label", f"  {label}".ljust(_INDENT)), ("", text)), hang=_INDENT)


def _heading(title: str, why: str) -> Iterator[Line]:
    yield Line((("heading", title), ("dim", f"  ({why})" if why else "")), hang=2)


# -- the way to them -------------------------------------------------------------------------------


def _sequence(told: list[Moment], answer: Answer) -> Iterator[Line]:
    trace = answer.trace
    title = "How it comes to that" if answer.findings else "What happens"
    left_out = len(trace.moments) - len(told)
    why = f"{left_out:,} of {amount(len(trace.moments), 'event')} left out"
    yield from _heading(title, why if left_out else "")
    ids = min(max(3, *(len(moment.event.name) for moment in told)), 12)
    names = min(max(len(moment.event.actor) for moment in told), 16)
    hidden = len(told) - MOST_STEPS
    for number, moment in enumerate(told):
        if hidden > 0 and MOST_STEPS // 2 <= number < MOST_STEPS // 2 + hidden:
            if number == MOST_STEPS // 2:
                yield Line((("dim", f"  ... {hidden:,} events ..."),))
            continue
        yield _step(moment, trace, ids, names)
    if trace.at_end:
        rules = " ".join(dict.fromkeys(one.rule for one in trace.at_end))
        spans = ("label", f"  {'end':<{ids}}  "), ("", "what is left is judged ")
        yield Line((*spans, ("bad", f"[{rules}]")), hang=ids + 4)
    yield BLANK


def _step(moment: Moment, trace: Trace, ids: int, names: int) -> Line:
    event = moment.event
    head = f"  {event.name:<{ids}}  "
    found = trace.found.get(moment.number, ())
    rules = "".join(f" [{one.rule}]" for one in found)
    note = f"  ({event.note})" if event.note else ""
    return Line(
        (
            ("label", head),
            ("name", f"{event.actor:<{names}}"),
            ("change" if moment.waits_for else "", f"  {sentence(moment, trace.scenario)}"),
            ("bad", rules),
            ("dim", note),
        ),
        hang=len(head) + names + 4,
        fixed=2,
    )


# -- the end ---------------------------------------------------------------------------------------


def _refused(answer: Answer) -> Iterator[Line]:
    for event, why in answer.trace.result.refused:
        yield Line((("label", "refused".ljust(_INDENT)), ("", f"{event}: {why}")), hang=_INDENT)


def verdict_lines(answer: Answer) -> Iterator[Line]:
    """Say how it ends: verdict, how many findings; of an exploration how much was looked at."""
    scenario, search = answer.scenario, answer.search
    actors = amount(len(scenario.actors), "actor")
    size = f"{amount(len(scenario.events), 'event')} of {actors}"
    if search is None:
        if answer.findings:
            yield _verdict("findings", f"{counts(answer.diagnostics)} in {size}")
        else:
            yield _verdict("clean", f"{size}, no rule is broken")
        return
    found = search.found
    states = amount(found.states, "state")
    if found.order is not None:
        taken = "the shortest" if found.complete else "the shortest seen"
        length = f"{taken} order that breaks a rule takes {len(found.order):,}"
        yield _verdict("findings", f"{counts(answer.diagnostics)}; {length} of {size}")
        yield _labelled_flat("order", " ".join(event.name for event in found.order))
        others = [one for one in found.found if one[0] not in {f.rule for f in answer.findings}]
        if others:
            told = ", ".join(" ".join(filter(None, one[:2])) for one in others[:20])
            yield _labelled_flat("others", f"in other orders: {told}")
    elif answer.findings:
        yield _verdict("findings", f"{counts(answer.diagnostics)} in the order of the file: {size}")
    elif found.complete:
        yield _verdict("clean", f"no order of {size} breaks a rule")
    else:
        yield _verdict("clean", f"no order of those seen breaks a rule ({size})")
    if found.complete:
        yield _labelled_flat("searched", f"{states}, every order (seed {search.seed})")
    else:
        yield _labelled_flat(
            "searched",
            f"{states}, then the bound was hit: not every order was seen (--bound)",
        )


def _verdict(word: str, text: str) -> Line:
    style = "good" if word == "clean" else "bad"
    return Line((("label", "verdict".ljust(_INDENT)), (style, word), ("", f": {text}")), hang=10)


def _labelled_flat(label: str, text: str) -> Line:
    return Line((("label", label.ljust(_INDENT)), ("", text)), hang=_INDENT)
