"""Links as a person reads them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.links.selection import interrupt_path
from dtovl.report.links.answer import SELF, called, specifier
from dtovl.report.spans import BLANK, Line, Span, amount
from dtovl.report.text import counts, diagnostics_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.links.changes import End, Seen
    from dtovl.links.dmawindows import Reach
    from dtovl.links.link import Finding
    from dtovl.report.links.answer import Answer, Row

_UNREADABLE = ("L001", "L002", "L003", "L005", "L028", "L033")
"""Rules about entries that lead to no supplier."""

_STYLES = {"added": "add", "gone": "remove", "changed": "change", "": ""}

# An entry wider than this does not push what stands beside it further away.
_WIDEST = 26


def links_lines(answer: Answer, *, verbose: int) -> Iterator[Line]:
    """Write the answer; verbose 1 shows more: infos, how strong links are, events; 2: L010."""
    suppliers, consumers = answer.rows()
    title = f"{answer.title}: {answer.headline([*suppliers, *consumers])}"
    yield Line((("heading", title),), hang=2, fixed=0)
    if answer.node is not None:
        yield from _node_lines(answer, answer.node)
        if not answer.selection.reverse:
            yield from _section("suppliers", _supplier_lines(answer, suppliers))
        yield from _section("consumers", _consumer_lines(answer, consumers))
        if verbose and answer.events and not answer.selection.reverse:
            yield from _section("set-up of its IOMMUs", _event_lines(answer.events))
    elif answer.selection.reverse:
        yield from _reversed_lines(answer, suppliers, verbose)
    else:
        yield from _grouped_lines(suppliers, verbose)
    yield from _finding_lines(answer, verbose)


# -- one node --------------------------------------------------------------------------------------


def _node_lines(answer: Answer, node: End) -> Iterator[Line]:
    yield BLANK
    yield Line((("path", node.path), *_labels(node)))
    was = answer.was
    if node.off or (was is not None and was.off):
        now = node.state or "available"
        changed = was is not None and bool(was.off) != bool(node.off)
        before = was.state or "available" if was is not None else ""
        yield _fact("status", f"{now}, was {before}" if changed else now)
    if node.address is not None:
        yield _fact("address", f"{node.address:#x}")
    if answer.dma is not None and not answer.selection.reverse:
        yield _fact("dma", _dma_words(answer.dma))
    scope = answer.selection.scope
    way = interrupt_path(answer.graph, scope) if scope is not None else []
    if way and not answer.selection.reverse:
        steps = [f"{called(one.supplier)} {specifier(one.values)}".rstrip() for one in way]
        yield _fact("interrupt", ", then ".join(steps))


def _dma_words(reach: Reach) -> str:
    """Say what a device can address, and which bus lets it."""
    shown = [
        f"{one.bus:#x}-{one.bus + one.size - 1:#x}" + f" is {one.cpu:#x}" * (one.cpu != one.bus)
        for one in reach.windows
        if one.size
    ]
    return f"{', '.join(shown) or 'nothing'} by dma-ranges of {reach.at.path}"


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
    """Write what a node needs; of nodes that belong to it with their names before it.

    Entries that lead nowhere follow.
    """
    top = answer.node
    broken = _broken(answer)
    entries = [_below(top, row.seen.node.path) + _entry(row.seen) for row in rows]
    width = _width([*entries, *(entry for entry, _ in broken)])
    for row, entry in zip(rows, entries, strict=True):
        end = row.seen.supplier
        behind = (*_specifier(row), *_notes(row, end), *_strength(row.seen))
        yield _row(row, entry, width, (*_end(end), *behind))
    for entry, found in broken:
        severity = found.severity.label
        column = min(width, _WIDEST)
        told = found.message.partition("]")[2].lstrip(": ")
        spans = (severity, "! "), (severity, f"{entry:<{column}}"), ("", f"  {told}")
        yield Line(spans, hang=column + 4, fixed=2)


def _broken(answer: Answer) -> list[tuple[str, Diagnostic]]:
    """Give the entries of the node that lead to no supplier, with what is wrong with them."""
    scope = answer.selection.scope
    return [
        (
            f"{_below(answer.node, finding.node.path)}"
            f"{finding.property}[{finding.details.get('index', 0)}]",
            found,
        )
        for finding, found in answer.findings
        if finding.rule in _UNREADABLE and scope is not None and finding.node.path in scope.paths
    ]


def _below(top: End | None, path: str) -> str:
    """Name a node that belongs to another one, "" for that one itself."""
    if top is None or path == top.path:
        return ""
    return path.removeprefix(top.path + "/") + " "


def _consumer_lines(answer: Answer, rows: Sequence[Row]) -> Iterator[Line]:
    """Write who needs a node; which of the nodes that belong to it is said where it is another."""
    entries = [_entry(row.seen) for row in rows]
    width = _width(entries)
    for row, entry in zip(rows, entries, strict=True):
        seen = row.seen
        below = _below(answer.node, seen.supplier.path)
        part = [("label", f"  of {below.rstrip()}"), *_labels(seen.supplier)] if below else []
        behind = (*_specifier(row), *_notes(row, seen.node), *part, *_strength(seen))
        yield _row(row, entry, width, (*_end(seen.node), *behind))


def _event_lines(events: Sequence[str]) -> Iterator[Line]:
    """Write events: step, who acts, what happens."""
    for event in events:
        yield Line((("", "  "), ("", event)), hang=6)


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
            strength = _strength(row.seen) if verbose else ()
            behind = (*_specifier(row), *_notes(row, end), *strength)
            yield _row(row, entry, width, (*_short(end), *behind))


def _reversed_lines(answer: Answer, rows: Sequence[Row], verbose: int) -> Iterator[Line]:
    """Write links grouped by the node that supplies, in tree order; one that went comes last."""
    by_supplier: dict[str, list[Row]] = {}
    for row in rows:
        by_supplier.setdefault(row.seen.supplier.path, []).append(row)
    for node in answer.board.tree.walk() if by_supplier else ():
        found = by_supplier.pop(node.path, None)
        if found is not None:
            yield from _supplied_lines(found, verbose)
    for found in by_supplier.values():
        yield from _supplied_lines(found, verbose)


def _supplied_lines(rows: Sequence[Row], verbose: int) -> Iterator[Line]:
    end = rows[-1].seen.supplier
    yield BLANK
    yield Line((("path", end.path), *_labels(end), *_state(end)), hang=4)
    entries = [_entry(row.seen) for row in rows]
    width = _width(entries)
    for row, entry in zip(rows, entries, strict=True):
        node = row.seen.node
        behind = (*_specifier(row), *_notes(row, node), *(_strength(row.seen) if verbose else ()))
        yield _row(row, entry, width, (*_short(node), *behind))


def _was(rows: Sequence[Row]) -> Iterator[Span]:
    """Say that a consumer was not available before, or that it was."""
    for row in rows:
        change = row.change
        if change is not None and "consumer" in change.what and change.before is not None:
            yield "dim", f"  was {change.before.consumer.state or 'available'}"
            return


def _row(row: Row, entry: str, width: int, behind: Iterable[Span]) -> Line:
    style = _STYLES[row.kind]
    column = min(width, _WIDEST)
    spans = (style, row.mark + " "), (style or "name", f"{entry:<{column}}"), ("", "  ")
    return Line((*spans, *behind), hang=column + 4, fixed=3)


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


def _short(end: End) -> Iterator[Span]:
    """Name a node among many: by its first label as source has it, else by its path."""
    yield "path", f"&{end.labels[0]}" if end.labels else end.path


def _specifier(row: Row) -> Iterator[Span]:
    if row.seen.values:
        yield "value", f" {specifier(row.seen.values)}"
    change = row.change
    if change is not None and "specifier" in change.what and change.before is not None:
        yield "old", f" was {specifier(change.before.values) or '<>'}"


def _notes(row: Row, end: End) -> Iterator[Span]:
    """Say whether the node at the other end is available, was, and whether a gap hides it."""
    seen, change = row.seen, row.change
    notes = [end.state] if end.off else []
    if change is not None and change.before is not None and change.after is not None:
        before = change.before
        old = before.supplier if end.path == before.supplier.path else before.node
        if bool(old.off) != bool(end.off):
            notes.append(f"was {old.state or 'available'}")
        if "hidden" in change.what and not seen.link.hidden:
            notes.append("was behind a gap")
    if seen.link.hidden:
        notes.append("behind a gap")
    if notes:
        yield "warning" if end.off else "dim", f"  {', '.join(notes)}"


def _strength(seen: Seen) -> Iterator[Span]:
    """Say how much a link counts where the driver core does not wait for the supplier."""
    if not seen.link.mandatory:
        yield "dim", f"  {seen.strength}"


# -- findings --------------------------------------------------------------------------------------


def _finding_lines(answer: Answer, verbose: int) -> Iterator[Line]:
    told = [found for rule, found in answer.findings if _is_told(rule, found, verbose)]
    if told:
        yield BLANK
        yield from diagnostics_lines(told)
    usual = [found for rule, found in answer.findings if rule.rule != SELF or verbose > 1]
    hidden = len(usual) - len(told)
    if not told and not hidden:
        return
    more = f"{amount(hidden, 'info finding')} shown with -v" if hidden else ""
    yield BLANK
    yield Line((("heading", "; ".join(filter(None, (counts(told), more)))),))


def _is_told(finding: Finding, found: Diagnostic, verbose: int) -> bool:
    if finding.rule == SELF:
        return verbose > 1
    return verbose > 0 or found.severity > Severity.INFO
