"""Lines of the kernel log word for word, and beside them what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.kernel_lines import explain_line
from dtovl.report.spans import Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.checks.kernel_kinds import Kind

MOST_ALIKE = 5
"""Lines of one meaning that are shown before the rest is counted."""

_LABEL = 8
"""Columns that a label takes, with the blanks behind it."""


def kind_of(text: str) -> Kind | None:
    """Find what kind of line this is; None for lines of other parts of the kernel."""
    found = explain_line(text)
    return None if found is None else found.kind


def log_lines(
    log: Sequence[str], told: set[Kind] | None = None, *, verbose: bool = False, indent: int = 2
) -> Iterator[Line]:
    """Write lines of the kernel log, those of one meaning together, with what they mean.

    told are the kinds whose meaning was said already; it is not said again. verbose: of many alike,
    none is left out. indent is the number of columns before the labels.
    """
    for kind, texts in _grouped(log):
        label = "kernel"
        most = len(texts) if verbose else MOST_ALIKE
        for text in texts[:most]:
            yield _labelled(label, text, indent, wrap=False)
            label = ""
        if len(texts) > most:
            more = f"and {amount(len(texts) - most, 'more line')} of this kind, shown with -v"
            yield _labelled("", more, indent, style="dim")
        if kind is None or (told is not None and kind in told):
            continue
        if told is not None:
            told.add(kind)
        code = f" ({kind.code})" if kind.code else ""
        yield _labelled("means", kind.means + code, indent)


def log_objects(log: Iterable[str]) -> list[dict[str, object]]:
    """Give lines of the kernel log for machines: `text`, and `means` and `code` where known."""
    found: list[dict[str, object]] = []
    for text in log:
        kind = kind_of(text)
        means, code = (kind.means, kind.code or None) if kind else (None, None)
        found.append({"text": text, "means": means, "code": code})
    return found


def _grouped(log: Iterable[str]) -> Iterator[tuple[Kind | None, list[str]]]:
    """Put lines together that follow each other and mean the same."""
    group: list[str] = []
    last: Kind | None = None
    for text in log:
        kind = kind_of(text)
        if group and kind is not last:
            yield last, group
            group = []
        group.append(text)
        last = kind
    if group:
        yield last, group


def _labelled(label: str, text: str, indent: int, *, style: str = "", wrap: bool = True) -> Line:
    column = indent + _LABEL
    spans = ("label", (" " * indent + label).ljust(column)), (style, text)
    return Line(spans, hang=column if wrap else -1)
