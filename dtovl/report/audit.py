"""An audit as a person reads it: findings in the order of the log, those alike together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.audit.reports import MOST_FRAMES
from dtovl.codes.base import Severity
from dtovl.diagnostics import Note
from dtovl.report.audit_words import as_diagnostic
from dtovl.report.spans import BLANK, Line, amount
from dtovl.report.text import counts, diagnostic_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.audit.board import Board
    from dtovl.audit.result import Audit, Finding
    from dtovl.diagnostics import Diagnostic

MOST_ALIKE = 5
"""Lines of one kind about one overlay that are shown before the rest is counted."""


def audit_lines(
    audit: Audit, log: str, *, verbose: bool = False, quiet: bool = False
) -> Iterator[Line]:
    """Write an audit; verbose: every line, and info findings; quiet: only the findings."""
    least = Severity.INFO if verbose else Severity.WARNING
    shown = [one for one in audit.findings if one.severity >= least]
    if not quiet:
        yield from _head(audit, log)
    if verbose:
        for found in shown:
            yield from diagnostic_lines(_whole(found, log, audit.board))
    else:
        for group in _grouped(shown):
            yield from diagnostic_lines(_together(group, log, audit.board))
    if quiet:
        return
    if shown:
        yield BLANK
    yield Line((("", _summary(audit, log, shown)),), hang=2, fixed=0)


def _head(audit: Audit, log: str) -> Iterator[Line]:
    """Say what the log is held against, with the ids of the overlays."""
    board = audit.board
    if board is None:
        return
    yield Line((("heading", f"{log} held against {board.base}"),), hang=2, fixed=0)
    for one in board.given:
        number = f"#{one.number}" if one.number else "no id"
        error = f"  refused here too: {one.error}" if one.error else ""
        yield Line((("label", f"  {number:<6} "), ("path", one.name), ("", error)))
    if board.given:
        yield BLANK


class _Group:
    """Findings that differ only in the node or property, and those that follow from them."""

    __slots__ = ("alike", "follow")

    def __init__(self) -> None:
        self.alike: list[Finding] = []
        self.follow: list[Finding] = []


def _grouped(findings: Sequence[Finding]) -> list[_Group]:
    groups: dict[tuple[object, ...], _Group] = {}
    owners: dict[Finding, _Group] = {}
    for found in findings:
        cause = found.cause
        if cause is not None and cause.code == found.code and cause in owners:
            owners[cause].follow.append(found)
            continue
        own = (found,) if found.traces or found.tie.path == "" else ()
        key = (found.kind.name, found.code, found.means, found.tie.overlays, *own)
        group = owners[found] = groups.setdefault(key, _Group())
        group.alike.append(found)
    return list(groups.values())


def _together(group: _Group, log: str, board: Board | None) -> Diagnostic:
    """Put a group into one diagnostic, its lines of the kernel below each other."""
    alike = group.alike
    told = as_diagnostic(alike[0], log, board)
    kernel = [one.text for one in alike[:MOST_ALIKE]]
    if len(alike) > 1:
        others = [as_diagnostic(one, log, board) for one in alike[1:]]
        told.path = told.path if all(one.path == told.path for one in others) else ""
        told.why = told.why if all(one.why == told.why for one in others) else ""
        lines, last = sum(one.count for one in alike), max(one.last for one in alike)
        told.notes = (Note(f"{lines:,} lines of this kind, last in line {last}"),)
    if len(alike) > MOST_ALIKE:
        kernel.append(f"... and {amount(len(alike) - MOST_ALIKE, 'more line')}, shown with -v")
    told.kernel = (*kernel, *(one.text for one in group.follow[:MOST_ALIKE]))
    return told


def _whole(found: Finding, log: str, board: Board | None) -> Diagnostic:
    """Tell everything of one finding."""
    told = as_diagnostic(found, log, board, MOST_FRAMES)
    told.notes = (*told.notes, *_details(found))
    return told


def _details(found: Finding) -> Iterator[Note]:
    if len(found.numbers) > 1:
        more = ", ..." if found.count > len(found.numbers) else ""
        yield Note(f"lines {', '.join(map(str, found.numbers))}{more}")
    if found.kind.function:
        yield Note(f"printed by {found.kind.function}")


def _summary(audit: Audit, log: str, shown: Sequence[Finding]) -> str:
    size = amount(audit.lines, "line")
    if not audit.known:
        return f"{log}: {size}, none about devicetrees or overlays"
    hidden = len(audit.findings) - len(shown)
    told = counts(as_diagnostic(one, "", None) for one in shown) or "nothing wrong"
    text = f"{log}: {size}, {audit.known:,} of them about devicetrees: {told}"
    if hidden:
        text += f"; {hidden} more with -v"
    if audit.more:
        text += f"; {amount(audit.more, 'further finding')} not kept"
    return text
