"""The steps of a script as they were carried out: what was asked, answered, logged and found."""

from __future__ import annotations

from collections import Counter
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes.base import Severity
from dtovl.model.values import render
from dtovl.report.kernel_log import log_lines, log_objects
from dtovl.report.spans import BLANK, Line, Span, amount
from dtovl.report.text import counts, diagnostic_lines, diagnostics_lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dtovl.diagnostics import Diagnostic
    from dtovl.model.dialect import Dialect
    from dtovl.script.recorded import Difference
    from dtovl.script.stepfile import ScriptStep

_LOUDEST = 6  # of the levels that an ordinary kernel shows
_INDENT = 10
_LIMIT = 120
_BESIDES = ("log", "findings", "hazard", "nodes", "leaks")


class Ran(NamedTuple):
    """A step that was carried out.

    answer is None when the recorder, and dtovl, refused it. differences are those against the file,
    None where the file says nothing. findings are all that belong to the step.
    """

    step: ScriptStep
    answer: Mapping[str, Any] | None
    differences: list[Difference] | None
    findings: list[Diagnostic]


class Run(NamedTuple):
    """A script that was carried out, whole or up to a step that ended it.

    name and base are those of the files as they were given, total the number of steps in the file;
    inputs are findings about base and overlays as files.
    """

    name: str
    base: str
    dialect: Dialect
    total: int
    inputs: list[Diagnostic]
    steps: list[Ran]

    def findings(self) -> list[Diagnostic]:
        """List all findings, in order."""
        return [*self.inputs, *(found for one in self.steps for found in one.findings)]


def run_lines(
    run: Run, *, least: Severity, verbose: bool, check: bool, quiet: bool
) -> Iterator[Line]:
    """Write the steps one after the other, then a summary; quiet: findings alone."""
    if quiet:
        yield from diagnostics_lines(shown(run.findings(), least))
        return
    yield Line((("heading", f"{run.name} on {run.base}, {run.dialect.title}"),), hang=2, fixed=0)
    yield from diagnostics_lines(shown(run.inputs, least))
    for one in run.steps:
        yield from step_lines(one, least=least, verbose=verbose, check=check)
    yield BLANK
    yield Line((("heading", _summary(run, least, check)),), hang=2, fixed=0)


def run_document(run: Run) -> str:
    """Give a whole run for machines."""
    from dtovl.report.json import diagnostics, document

    content: dict[str, object] = {
        "file": run.name,
        "base": run.base,
        "kernel": run.dialect.kernel,
        "total": run.total,
        "steps": [step_object(one) for one in run.steps],
        "diagnostics": diagnostics(run.inputs),
    }
    return document("run", content)


def step_lines(ran: Ran, *, least: Severity, verbose: bool, check: bool) -> Iterator[Line]:
    """Write one step: op and parameters, answers, kernel lines with meaning, findings."""
    step = ran.step
    yield BLANK
    spans: list[Span] = [("label", f"{step.number:>3}  "), ("heading", step.op)]
    yield Line((*spans, *_parameters(step.values)), hang=5)
    if step.note:
        yield _labelled("note", step.note)
    answer = ran.answer
    if answer is None:
        yield _labelled("result", "refused, as by the recorder")
    else:
        yield from _answer_lines(answer, verbose)
    if check:
        yield from _check_lines(ran.differences)
    # The kernel's lines stand above already.
    for found in shown(ran.findings, least):
        bare = copy(found)
        bare.kernel = ()
        yield from diagnostic_lines(bare)


def _answer_lines(answer: Mapping[str, Any], verbose: bool) -> Iterator[Line]:
    words = _answer_words(answer)
    if words:
        failed = str(answer.get("ret", "")).startswith("-")
        yield _labelled("result", words, style="bad" if failed else "good")
    for node in answer.get("nodes", ()):
        yield from _node_lines(node)
    if answer.get("nodes") == []:
        yield _labelled("result", "the steps have left no trace on any node")
    if "leaks" in answer:
        yield _labelled("leaks", _leak_words(answer["leaks"]))
    log = answer["log"]
    texts = [one["text"] for one in log if one.get("level", _LOUDEST + 1) <= _LOUDEST]
    yield from log_lines(texts, verbose=verbose)
    for label, event in _events(log, verbose):
        yield _labelled(label, event)
    if answer["hazard"]:
        yield _labelled("hazard", answer["hazard"], style="bad")


def _answer_words(answer: Mapping[str, Any]) -> str:
    """Say in one line what the kernel function gave: `ret 0, id 1`."""
    return ", ".join(
        f"{key} {_plain(value)}" for key, value in answer.items() if key not in _BESIDES
    )


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "<" + " ".join(map(_plain, value)) + ">"
    return str(value)


def _parameters(values: Mapping[str, Any]) -> Iterator[Span]:
    for key, value in values.items():
        if key != "op":
            yield "label", f" {key}="
            yield "", _written(values, key, value)


def _written(values: Mapping[str, Any], key: str, value: Any) -> str:
    """Write a parameter; the value of a property as source has it."""
    if key == "value" and isinstance(value, str):
        try:
            data = bytes.fromhex(value)
        except ValueError:
            return value
        return render(data, name=str(values.get("name", "")), limit=_LIMIT) or '""'
    text = _plain(value)
    return f'"{text}"' if not text or " " in text else text


def _node_lines(node: Mapping[str, Any]) -> Iterator[Line]:
    """Write what the op `dump` tells of a node."""
    flags = f", {', '.join(node['flags'])}" if node["flags"] else ""
    out = "" if node["attached"] else ", not in the tree"
    text = f"  {amount(node['refs'], 'reference')}{flags}{out}"
    yield Line((("path", f"  {node['path']}"), ("", text)), hang=6)
    for holder in node["holders"]:
        where = f" ({holder['where']})" if holder["where"] else ""
        yield Line((("", f"      {holder['refs']} held by {holder['name']}{where}"),), hang=10)
    if node["dead"]:
        yield Line((("", f"      dead properties: {', '.join(node['dead'])}"),), hang=10, fixed=0)
    for name, value in node.get("props", ()):
        text = render(bytes.fromhex(value), name=name, limit=_LIMIT)
        spans: list[Span] = [("name", f"      {name}")]
        if text:
            spans += [("", " = "), ("value", text)]
        yield Line(tuple(spans), hang=10)


def _leak_words(leaks: list[str]) -> str:
    number = Counter(leaks)
    return ", ".join(f"{number[kind]} {kind}" for kind in sorted(number)) or "none"


def _events(log: Iterable[Mapping[str, Any]], verbose: bool) -> Iterator[tuple[str, str]]:
    """Give label and text of events: devices that come and go, with verbose all."""
    for one in log:
        event = one.get("event")
        if event == "device" and one["action"] in ("add", "del"):
            sign = "+" if one["action"] == "add" else "-"
            yield "device", f"{sign} {one['device']} ({one['node']})"
        elif event is not None and verbose:
            yield "event", _event_words(one)


def _event_words(event: Mapping[str, Any]) -> str:
    """Write an event of a chain of listeners, of a device, or of a driver."""
    name, node = event["event"], event.get("node", "")
    if name == "overlay":
        return f"overlay {event['action']}: {event['overlay']} on {event['target']}"
    if name == "reconfig":
        words = f"reconfig {event['action']}: {node}"
        if "property" not in event:
            return words
        was = f", {event['old_length']} before" if "old_length" in event else ""
        return f"{words}:{event['property']} ({amount(event['length'], 'byte')}{was})"
    if name == "device":
        return f"device {event['action']}: {event['device']} ({node})"
    rest = (f"{key} {_plain(value)}" for key, value in event.items() if key != "event")
    return " ".join([str(name), *rest])


def _check_lines(differences: list[Difference] | None) -> Iterator[Line]:
    """Say whether the step is as recorded; what differs is a finding."""
    if differences is None:
        yield _labelled("check", "nothing is recorded", style="dim")
    elif differences:
        parts = ", ".join(dict.fromkeys(one.part for one in differences))
        yield _labelled("check", f"not as recorded: {parts}", style="bad")
    else:
        yield _labelled("check", "as recorded", style="good")


def _summary(run: Run, least: Severity, check: bool) -> str:
    """Say how many steps there were, how many are as recorded, and what was found."""
    done = len(run.steps)
    steps = amount(run.total, "step")
    parts = [steps if done == run.total else f"{done} of {steps}"]
    if check:
        compared = [one for one in run.steps if one.differences is not None]
        same = sum(not one.differences for one in compared)
        parts.append(f"{same} of {len(compared)} as recorded")
    found = shown(run.findings(), Severity.INFO)
    told = [one for one in found if one.severity >= least]
    parts.append(counts(told) or "nothing found")
    if len(told) < len(found):
        parts.append(f"{amount(len(found) - len(told), 'info finding')} shown with -v")
    return "; ".join(parts)


def step_object(ran: Ran) -> dict[str, object]:
    """Give one step for machines."""
    from dtovl.report.json import diagnostics

    step = ran.step
    answer = ran.answer or {}
    differences = ran.differences
    return {
        "number": step.number,
        "op": step.op,
        "parameters": {key: value for key, value in step.values.items() if key != "op"},
        "note": step.note or None,
        "refused": ran.answer is None,
        "result": {key: value for key, value in answer.items() if key not in _BESIDES[:3]},
        "log": [
            {**one, **log_objects([one["text"]])[0]} if "text" in one else one
            for one in answer.get("log", ())
        ],
        "hazard": answer.get("hazard") or None,
        "as_recorded": None if differences is None else not differences,
        "differences": [one._asdict() for one in differences or ()],
        "diagnostics": diagnostics(ran.findings),
    }


def _labelled(label: str, text: str, *, style: str = "") -> Line:
    return Line((("label", f"  {label}".ljust(_INDENT)), (style, text)), hang=_INDENT)
