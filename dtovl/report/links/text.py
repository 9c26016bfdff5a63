"""Links as a person reads them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.links.selection import interrupt_path
from dtovl.report.links.answer import called, specifier
from dtovl.report.spans import BLANK, Line, Span, amount
from dtovl.report.text import counts, diagnostics_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.links.changes import End, Seen
    from dtovl.links.link import Finding
    from dtovl.report.links.answer import Answer, Row

_STYLES = {"added": "add", "gone": "remove", "changed": "change", "": ""}

# An entry wider than this does not push what stands beside it further away.
_WIDEST = 26

_SELF = "L010"
"""The rule that a device names itself; that is how pin controllers are written."""


def links_lines(answer: Answer, *, verbose: int) -> Iterator[Line]:
    """Write the answer; verbose 1 shows info findings and how strong a link is, 2 L010 as well."""
    suppliers, consumers = answer.rows()
    yield Line((("heading", _title(answer, suppliers, consumers)),), hang=2)
    if answer.node is not None:
        yield from _node_lines(answer, answer.node)
        if not answer.selection.reverse:
            yield from _section("suppliers", _supplier_lines(answer, suppliers))
        yield from _section("consumers", _consumer_lines(consumers, verbose))
    else:
        yield from _grouped_lines(suppliers, verbose)
    yield from _finding_lines(answer, verbose)


def _title(answer: Answer, suppliers: Sequence[Row], consumers: Sequence[Row]) -> str:
    about = answer.name
    if answer.removed:
        about += f", without {answer.removed} again"
    kinds = f" of kind {', '.join(sorted(answer.selection.kinds))}" * bool(answer.selection.kinds)
    rows = (*suppliers, *consumers)
    if answer.changes is None:
        if answer.node is not None:
            return about
        consumers_there = len({row.seen.node.path for row in rows})
        return f"{about}: {amount(len(rows), 'link')}{kinds} of {amount(consumers_there, 'node')}"
    number = {kind: sum(1 for row in rows if row.kind == kind) for kind in _STYLES}
    parts = [f"{number[kind]} {kind}" for kind in ("added", "gone", "changed") if number[kind]]
    told = f"{', '.join(parts)}" if parts else "no link changed"
    return f"{about}: links{kinds}: {told}" if parts else f"{about}: {told}{kinds}"


# -- one node --------------------------------------------------------------------------------------


def _node_lines(answer: Answer, node: End) -> Iterator[Line]:
    yield BLANK
    yield Line((("path", node.path), *_labels(node)))
    if node.off:
        yield _fact("status", node.state)
    if node.address is not None:
        yield _fact("address", f"{node.address:#x}")
    scope = answer.selection.scope
    way = interrupt_path(answer.graph, scope) if scope is not None else []
    if way and not answer.selection.reverse:
        steps = [f"{called(one.supplier)} {specifier(one.values)}".rstrip() for one in way]
        yield _fact("interrupt", ", then ".join(steps))


def _fact(label: str, text: str) -> Line:
    return Line((("label", f"  {label:<11}"), ("", text)), hang=13)


def _section(title: str, lines: Iterator[Line]) -> Iterator[Line]:
    yield BLANK
    first = next(lines, None)
    if first is None:
        yield Line((("heading", f"no {title}"),))
        return
    yield Line((("heading", title),))
    yield first
    yield from lines


def _supplier_lines(answer: Answer, rows: Sequence[Row]) -> Iterator[Line]:
    """Write what a node needs; of nodes that belong to it with their names before it."""
    top = answer.node
    entries = [_below(top, row.seen.node) + _entry(row.seen) for row in rows]
    width = _width(entries)
    for row, entry in zip(rows, entries, strict=True):
        end = row.seen.supplier
        yield _row(row, entry, width, (*_end(end), *_behind(row, end, strength=True)))


def _below(top: End | None, node: End) -> str:
    """Name a node that belongs to another one, "" for that one itself."""
    if top is None or node.path == top.path:
        return ""
    return node.path.removeprefix(top.path + "/") + " "


def _consumer_lines(rows: Sequence[Row], verbose: int) -> Iterator[Line]:
    supplied = {row.seen.supplier.path for row in rows}
    for path, group in groupby(rows, lambda row: row.seen.node.path):
        group_rows = list(group)
        node = group_rows[0].seen.node
        yield Line((("", "  "), ("path", path), *_labels(node), *_state(node)), hang=6)
        entries = [_entry(row.seen) for row in group_rows]
        width = _width(entries)
        for row, entry in zip(group_rows, entries, strict=True):
            # Which of the nodes that belong to the supplier is said where there are several.
            end = _end(row.seen.supplier) if len(supplied) > 1 else ()
            behind = _behind(row, row.seen.supplier, strength=verbose > 0)
            yield _row(row, entry, width, (*end, *behind), indent=4)


# -- all -------------------------------------------------------------------------------------------


def _grouped_lines(rows: Sequence[Row], verbose: int) -> Iterator[Line]:
    """Write links grouped by the node that has the property, in tree order."""
    for path, group in groupby(rows, lambda row: row.seen.node.path):
        group_rows = list(group)
        node = group_rows[-1].seen.node
        yield BLANK
        yield Line((("path", path), *_labels(node), *_state(node), *_was(group_rows)), hang=4)
        entries = [_entry(row.seen) for row in group_rows]
        width = _width(entries)
        for row, entry in zip(group_rows, entries, strict=True):
            end = row.seen.supplier
            behind = _behind(row, end, strength=verbose > 0)
            yield _row(row, entry, width, (*_end(end), *behind))


def _was(rows: Sequence[Row]) -> Iterator[Span]:
    """Say that a consumer was not available before, or that it was."""
    for row in rows:
        change = row.change
        if change is not None and "consumer" in change.what and change.before is not None:
            yield "dim", f"  was {change.before.consumer.state or 'available'}"
            return


def _row(row: Row, entry: str, width: int, behind: Iterable[Span], *, indent: int = 2) -> Line:
    style = _STYLES[row.kind]
    mark = row.mark + " " if row.kind else "  "
    lead = " " * (indent - 2) + mark if indent > 2 else mark
    column = indent + min(width, _WIDEST) + 2
    spans = (style, lead), (style or "name", f"{entry:<{min(width, _WIDEST)}}"), ("", "  ")
    return Line((*spans, *behind), hang=column, fixed=3)


def _entry(seen: Seen) -> str:
    return f"{seen.entry} {seen.name}" if seen.name else seen.entry


def _width(entries: Sequence[str]) -> int:
    return max((len(entry) for entry in entries if len(entry) <= _WIDEST), default=0)


def _labels(end: End) -> Iterator[Span]:
    if end.labels:
        yield "label", f" ({', '.join(end.labels)})"


def _state(end: End) -> Iterator[Span]:
    if end.off:
        yield "warning", f"  {end.state}"


def _end(end: End) -> Iterator[Span]:
    yield "path", end.path
    yield from _labels(end)


def _behind(row: Row, supplier: End, *, strength: bool) -> Iterator[Span]:
    """Write specifier, state, and what these were before."""
    seen, change = row.seen, row.change
    if seen.values:
        yield "value", f" {specifier(seen.values)}"
    before = change.before if change is not None and change.kind == "changed" else None
    what = change.what if change is not None else ()
    if before is not None and "specifier" in what:
        yield "old", f" was {specifier(before.values) or '<>'}"
    notes = [supplier.state] if supplier.off else []
    if before is not None and "supplier" in what:
        notes.append(f"was {before.supplier.state or 'available'}")
    if seen.link.hidden:
        notes.append("behind a gap")
    if before is not None and "hidden" in what and not seen.link.hidden:
        notes.append("was behind a gap")
    if notes:
        yield "warning" if supplier.off else "dim", f"  {', '.join(notes)}"
    if strength and seen.strength != "plain":
        yield "dim", f"  {seen.strength}"


# -- findings --------------------------------------------------------------------------------------


def _finding_lines(answer: Answer, verbose: int) -> Iterator[Line]:
    told = [found for rule, found in answer.findings if _is_told(rule, found, verbose)]
    if told:
        yield BLANK
        yield from diagnostics_lines(told)
    usual = [found for rule, found in answer.findings if rule.rule != _SELF or verbose > 1]
    hidden = len(usual) - len(told)
    if not told and not hidden:
        return
    more = f"{amount(hidden, 'info finding')} shown with -v" if hidden else ""
    yield BLANK
    yield Line((("heading", "; ".join(filter(None, (counts(told), more)))),))


def _is_told(finding: Finding, found: Diagnostic, verbose: int) -> bool:
    if finding.rule == _SELF:
        return verbose > 1
    return verbose > 0 or found.severity > Severity.INFO
