"""Diagnostics as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.report.spans import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.diagnostics import Diagnostic

_INDENT = 10
"""Columns before the content of `at`, `why` and their like."""

_TAB = 8


def diagnostic_lines(found: Diagnostic) -> Iterator[Line]:
    """Write one finding: what and where, then the place, reason, culprit, cure, kernel's words.

    A line without content is left out. Lines of source and of the kernel are never wrapped, so
    that they can be searched for.
    """
    severity = found.severity.label
    message = found.message
    # Some begin with the node by themselves, with a property behind it.
    subject = f" {found.path}: " if found.path and not _names(message, found.path) else " "
    head = (severity, f"{severity}[{found.code.number}]"), ("path", subject)
    yield Line((*head, ("", message)), hang=4, fixed=2)
    if found.where is not None:
        yield _labelled("at", str(found.where), style="place", wrap=False)
    yield from _excerpt(found.excerpt)
    if found.why:
        yield _labelled("why", found.why)
    if found.who:
        yield _labelled("who", found.who)
    for note in found.notes:
        place = f"{note.location}: " if note.location is not None else ""
        yield _labelled("note", place + note.text)
    if found.fix:
        yield _labelled("fix", found.fix)
    for number, line in enumerate(found.kernel):
        yield _labelled("" if number else "kernel", line, wrap=False)


def _names(message: str, path: str) -> bool:
    return message.startswith(path) and message[len(path) :].startswith((":", " "))


def diagnostics_lines(findings: Iterable[Diagnostic]) -> Iterator[Line]:
    """Write findings in the order given."""
    for found in findings:
        yield from diagnostic_lines(found)


def shown(findings: Iterable[Diagnostic], least: Severity) -> list[Diagnostic]:
    """Give the findings of a severity or worse, each one once.

    The same finding made twice, as by a fragment that is looked at for two appliers, is shown once.
    """
    seen = set()
    kept = []
    for found in findings:
        mark = (found.code.number, found.path, found.where, found.who, found.message, found.why)
        if found.severity >= least and mark not in seen:
            seen.add(mark)
            kept.append(found)
    return kept


def counts(findings: Iterable[Diagnostic]) -> str:
    """Say how many findings there are: `2 errors, 1 warning`; empty for none."""
    number: dict[Severity, int] = {}
    for found in findings:
        number[found.severity] = number.get(found.severity, 0) + 1
    parts = []
    for severity in sorted(number, reverse=True):
        plural = "s" if number[severity] > 1 and severity > Severity.INFO else ""
        parts.append(f"{number[severity]} {severity.label}{plural}")
    return ", ".join(parts)


def _labelled(label: str, text: str, *, style: str = "", wrap: bool = True) -> Line:
    spans = ("label", f"  {label}".ljust(_INDENT)), (style, text)
    return Line(spans, hang=_INDENT if wrap else -1)


def _excerpt(excerpt: str) -> Iterator[Line]:
    """Show the source line and its caret; tabs become columns, as the caret counts columns."""
    for line in excerpt.splitlines():
        if line:
            yield Line((("label", " " * _INDENT), ("excerpt", line.expandtabs(_TAB))))
