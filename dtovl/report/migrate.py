"""What came of a replay, as a person reads it: the verdict, then a block for each session."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.model.values import printable, render
from dtovl.replay.stream import ADD, DELETE, UPDATE, name_of
from dtovl.report.migrate_kernel import finding_words, operation_words
from dtovl.report.spans import BLANK, Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.replay.findings import Finding
    from dtovl.replay.records import OpEntry, Value
    from dtovl.replay.result import Changed, NodeEntry, Result
    from dtovl.replay.stream import Problem
    from dtovl.report.spans import Span

_LIMIT = 60  # characters of a property value
_WIDEST = 56  # columns for paths; a longer one moves its own line only
_STATUS = 9
_PHANDLE = 10
_COLUMNS = 80  # a remark that does not fit stands on a line of its own
_LABEL = 10
_STYLES = {
    "kept": "good",
    "updated": "change",
    "added": "add",
    "removed": "remove",
    "dangling": "bad",
    "leaked": "bad",
    "retained": "warning",
}
_MEMORY = {
    "boot": "(boot node, count 0)",
    "freed": "(count 0, its memory is freed)",
    "lost": "(its memory is lost)",
}
_VERDICTS = {
    "ok": ("good", "no node dangles, none is leaked"),
    "ok-if-equivalent": ("good", "no node dangles, if what the log lacks is as it was before"),
    "unknown": ("warning", "the log lacks what was added, and there is nothing to compare"),
    "hazard": ("bad", ""),
}
_INFERRED = (
    "inferred, as there is no base: which nodes there were, from the lines that name them, and who "
    "holds them, from where they stand. Not looked at, as no property is known: references "
    "(PS107), scope (PS137), what an add changes"
)


def replay_lines(
    result: Result, log: str, *, explain: bool = False, quiet: bool = False
) -> Iterator[Line]:
    """Write the result of a replay; log is the name of the input.

    explain adds to each finding what led to it; quiet leaves out findings of severity info.
    """
    view = _View(result)
    yield _verdict_line(result)
    if result.base == "inferred":
        yield Line((("", "  "), ("dim", _INFERRED)), hang=2)
    for number in range(1, view.sessions + 1):
        yield BLANK
        yield _heading(view, number)
        yield from _table(view.nodes[number])
        for finding in view.findings[number]:
            if quiet and finding.severity == Severity.INFO:
                continue
            yield _finding_line(finding, log)
            if explain:
                yield from _events_lines(finding, view)
    yield BLANK
    yield Line((("label", "verdict: "), (_VERDICTS[result.verdict][0], result.verdict)))


class _View:
    """Which operations, nodes and findings belong to which session, counted from 1.

    A node stands in the block of the last session that named it, or deleted or added a node above
    it; a finding in that of its line, one without a line in the last.
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self.sessions = last = max(result.sessions, 1)
        numbers = range(1, last + 1)
        self.operations: dict[int, list[OpEntry]] = {one: [] for one in numbers}
        self.nodes: dict[int, list[NodeEntry]] = {one: [] for one in numbers}
        self.findings: dict[int, list[Finding]] = {one: [] for one in numbers}
        self.by_line: dict[int, list[OpEntry]] = {}
        named: dict[str, int] = {}
        moved: dict[str, int] = {}
        for entry in result.ops:
            self.operations[entry.session].append(entry)
            if entry.line is not None:
                self.by_line.setdefault(entry.line, []).append(entry)
            if entry.path is not None:
                named[entry.path] = entry.session
                if entry.operation.kind != UPDATE:
                    moved[entry.path] = entry.session
        for node in result.nodes:
            self.nodes[_session_of(node.path, named, moved) or last].append(node)
        starts = [self._first_line(one) for one in numbers[1:]]
        for finding in result.findings:
            line = finding.line
            session = last if line is None else bisect_right(starts, line) + 1
            self.findings[session].append(finding)

    def _first_line(self, session: int) -> int:
        lines = (one.line for one in self.operations[session])
        return next((line for line in lines if line is not None), 0)


def _session_of(path: str, named: dict[str, int], moved: dict[str, int]) -> int:
    """Give the last session that named a path, or moved one above it, 0 for none."""
    session = named.get(path, 0)
    while path := path.rpartition("/")[0]:
        session = max(session, moved.get(path, 0))
    return session


def _verdict_line(result: Result) -> Line:
    verdict = result.verdict
    style, words = _VERDICTS[verdict]
    words = words or _hazards(result.findings)
    counts = ", ".join(f"{count} {name}" for name, count in result.counts.items() if count)
    warnings = sum(one.severity == Severity.WARNING for one in result.findings)
    more = f"; {amount(warnings, 'warning')}" if warnings else ""
    text = f": {words} ({counts or 'no nodes'}{more})"
    return Line((("label", "verdict: "), (style, verdict), ("", text)), hang=4, fixed=2)


def _hazards(findings: Iterable[Finding]) -> str:
    """Say what makes it a hazard: the errors by kind, with their number."""
    number = Counter(one.code for one in findings if one.severity == Severity.ERROR)
    names = ((code.name.replace("-", " "), count) for code, count in number.items())
    return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in names)


def _heading(view: _View, number: int) -> Line:
    operations = view.operations[number]
    kinds = Counter(one.operation.kind for one in operations)
    parts = [amount(kinds[kind], kind) for kind in (DELETE, UPDATE, ADD) if kinds[kind]]
    adds = [one.operation for one in operations if one.operation.kind == ADD]
    lacking = sum(one.content is None and not one.refused for one in adds)
    if lacking:
        which = "" if lacking == len(adds) else f"of {lacking} "
        parts[-1] += f" (content {which}not in the log)"
    result = view.result
    base = "base inferred" if result.base == "inferred" else "base given"
    text = f"{', '.join(parts) or 'nothing'}, policy {result.policy}, {base}"
    return Line((("heading", f"session {number}: "), ("", text)), hang=2)


# -- the table of nodes ----------------------------------------------------------------------------


def _table(nodes: Sequence[NodeEntry]) -> Iterator[Line]:
    width = max((len(_shown(one.path)) for one in nodes), default=0)
    losers = {one.path.rpartition("/")[0] or "/" for one in nodes if one.status == "leaked"}
    for node in nodes:
        yield from _row(node, min(width, _WIDEST), losers)
        for change in node.changes:
            yield _change_line(change)


def _row(node: NodeEntry, width: int, losers: set[str]) -> Iterator[Line]:
    phandle = "-" if node.phandle is None else f"0x{node.phandle:x}"
    spans: list[Span] = [
        (_STYLES[node.status], f"  {node.status:<{_STATUS}}"),
        ("path", f"{_shown(node.path):<{width}}"),
        ("value", f"  {phandle}"),
    ]
    words = _remarks(node, losers)
    gap = f"{'':{_PHANDLE - len(phandle)}}  "
    if sum(len(text) for _, text in spans) + len(gap) + len(words) <= _COLUMNS:
        if words:
            spans.append(("", gap + words))
        yield Line(tuple(spans))
        return
    yield Line(tuple(spans))
    yield Line((("", f"{'':{_STATUS + 4}}"), ("", words)), hang=_STATUS + 4)


def _remarks(node: NodeEntry, losers: set[str]) -> str:
    words = []
    if node.holders:
        words.append(f"held by {', '.join(map(_shown, node.holders))}")
    if node.status == "removed":
        words.append(_MEMORY[node.memory])
    if node.status == "added" and node.path in losers:
        words.append("without its children")
    if node.assumed:
        words.append("(assumed)")
    return " ".join(words)


def _change_line(change: Changed) -> Line:
    style, mark = {"add": ("add", "+"), "delete": ("remove", "-")}.get(
        change.action, ("change", "~")
    )
    spans: list[Span] = [(style, f"{'':13}{mark} "), ("name", _shown(change.name))]
    old, new = _text(change.old, change.name), _text(change.new, change.name)
    spans.append(("", " = "))
    if old is not None and old != new:
        spans.append(("old", old))
        spans += [("", " -> ")] if new is not None else []
    if new is not None:
        spans.append(("new", new))
    return Line(tuple(spans), hang=17, fixed=2)


def _shown(text: str) -> str:
    """Write a path or a name of a log; what is not printable ASCII as its bytes."""
    return printable(name_of(text))


def _text(value: Value, name: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, bytes):
        return "(not known)"
    return render(value, name=name, limit=_LIMIT) or "(empty)"


# -- findings and errors ---------------------------------------------------------------------------


def _finding_line(finding: Finding, log: str) -> Line:
    place = log if finding.line is None else f"{log}:{finding.line}"
    path = f"{finding.path}: " if finding.path is not None else ""
    severity = finding.severity.label
    return Line(
        (
            ("place", place),
            ("", ": "),
            (severity, f"{severity} {finding.code.number}"),
            ("", ": "),
            ("path", path),
            ("", finding.message),
        ),
        hang=4,
        fixed=4,
    )


def _events_lines(finding: Finding, view: _View) -> Iterator[Line]:
    """Write what led to a finding, what the kernel prints there, and what to do."""
    for line, sentence in finding.explain():
        yield _labelled("before" if line is None else f"line {line}", sentence)
    policy = view.result.policy
    entries = [] if finding.line is None else view.by_line.get(finding.line, [])
    texts = [text for entry in entries for text in operation_words(entry, policy)]
    for number, text in enumerate((*texts, *finding_words(finding, policy))):
        yield _labelled("" if number else "kernel", text, wrap=False)
    if finding.code.suggestion:
        yield _labelled("fix", finding.code.suggestion)


def _labelled(label: str, text: str, *, wrap: bool = True) -> Line:
    spans = ("label", f"    {label:<{_LABEL}}"), ("", text)
    return Line(spans, hang=4 + _LABEL if wrap else -1)


def problem_line(problem: Problem, file: str) -> Line:
    """Write what in a file cannot be read: `FILE:LINE:COL: error: PS2xx: what`.

    A problem of a whole line stands at its first column, one of the whole file at none.
    """
    place = file if problem.line is None else f"{file}:{problem.line}:{problem.column or 1}"
    head = ("place", place), ("", ": "), ("error", f"error: {problem.code}"), ("", ": ")
    return Line((*head, ("", problem.message)))


def problems_object(problems: Iterable[Problem], policy: str) -> dict[str, object]:
    """Give the document of a replay that could not be made, without its schema."""
    errors = [{"code": one.code, "line": one.line, "message": one.message} for one in problems]
    return {"policy": policy, "exit": 2, "errors": errors}


def ignored_lines(
    number: int, samples: Sequence[tuple[int, str]], log: str, *, verbose: bool
) -> Iterator[Line]:
    """Say how many lines of a log were passed over; verbose: show the first of them."""
    if not number:
        return
    more = "" if verbose else ", shown with -v"
    yield Line((("dim", f"{amount(number, 'line')} of {log} passed over{more}"),), hang=2)
    for line, text in samples if verbose else ():
        yield Line((("label", f"  {line:>6}  "), ("excerpt", text.rstrip("\r\n"))))
    if verbose and len(samples) < number:
        yield Line((("dim", f"          and {number - len(samples):,} more"),))
