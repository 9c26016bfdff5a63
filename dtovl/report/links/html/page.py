"""Put the page together: findings, the drawing, every link in a table that can be filtered."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dtovl._version import __version__
from dtovl.codes.base import Severity
from dtovl.report.escape import html
from dtovl.report.html.standalone import fill, policy
from dtovl.report.links.answer import SELF, specifier
from dtovl.report.links.picture import picture_of
from dtovl.report.links.svg import MOST_ARROWS, drawing
from dtovl.report.links.svg import style as drawing_style
from dtovl.report.spans import amount
from dtovl.report.text import counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.links.changes import End
    from dtovl.report.links.answer import Answer, Row


def render(answer: Answer) -> str:
    """Write links as one HTML page, which works without network and from a file.

    All of it stands in the page itself, escaped; the script only filters. The page's own policy
    lets run that script and its one style sheet, by their digests, and fetches nothing.
    """
    suppliers, consumers = answer.rows()
    rows = [*suppliers, *consumers]
    style = _file("page.css") + drawing_style()
    script = _file("page.js")
    found = [one for rule, one in answer.findings if rule.rule != SELF]
    worst = max((one.severity for one in found), default=Severity.INFO)
    parts = {
        "policy": policy(script, style),
        "style": style,
        "script": script,
        "verdict": worst.label,
        "badge": html(_badge(found)),
        "title": html(f"Links of {answer.short_title}"),
        "headline": html(answer.headline(rows)),
        "name": html(answer.title),
        "version": html(__version__),
        "findings": _findings(found),
        "drawing": _drawing(answer),
        "count": f"{len(rows):,}",
        "toggles": "".join(_toggles(rows)),
        "rows": "\n".join(_rows(rows)),
    }
    return fill(_file("page.html"), parts)


def _badge(found: Sequence[Diagnostic]) -> str:
    return counts([one for one in found if one.severity > Severity.INFO]) or "no problem found"


# -- findings --------------------------------------------------------------------------------------


def _findings(found: Sequence[Diagnostic]) -> str:
    """List the findings, info ones folded away."""
    if not found:
        return ""
    grave = [one for one in found if one.severity > Severity.INFO]
    minor = [one for one in found if one.severity <= Severity.INFO]
    parts = ['<section aria-label="Findings"><h2>Findings</h2>']
    if grave:
        parts.append(f"<ul>{''.join(map(_finding, grave))}</ul>")
    if minor:
        told = amount(len(minor), "info finding")
        inside = f"<summary>{told}</summary><ul>{''.join(map(_finding, minor))}</ul>"
        parts.append(f"<details>{inside}</details>")
    return "".join([*parts, "</section>"])


def _finding(found: Diagnostic) -> str:
    facts = [("at", str(found.where) if found.where is not None else "")]
    facts += [("why", found.why), ("who", found.who)]
    facts += [("note", note.text) for note in found.notes]
    facts += [("fix", found.fix)]
    facts += [("kernel", line) for line in found.kernel]
    told = "".join(f"<dt>{name}</dt><dd>{html(text)}</dd>" for name, text in facts if text)
    return (
        f'<li class="finding {found.severity.label}"><span class="code">{found.code.number}</span>'
        f'<span class="path">{html(found.path)}</span> '
        f'<span class="message">{html(found.message)}</span>'
        f"{f'<dl>{told}</dl>' if told else ''}</li>"
    )


# -- drawing ---------------------------------------------------------------------------------------


def _drawing(answer: Answer) -> str:
    """Draw what can be drawn; the table has it all in any case."""
    picture = picture_of(answer)
    arrows = len(picture.arrows)
    if not arrows:
        return ""
    if arrows > MOST_ARROWS:
        told = f"{arrows:,} arrows are too many for a drawing: name a node, or give --kind."
        inside = f'<p class="quiet">{told}</p>'
    else:
        inside = f'<div class="picture" tabindex="0">{drawing(picture)}</div>'
    return f'<section aria-label="Drawing"><h2>Drawing</h2>{inside}</section>'


# -- links -----------------------------------------------------------------------------------------


def _toggles(rows: Sequence[Row]) -> Iterator[str]:
    """Write a button for everything that links may be, with how many are so."""
    number = Counter(word for row in rows for word in _words(row))
    first = [word for word in ("added", "gone", "changed", "unavailable") if word in number]
    for word in (*first, *sorted(set(number) - set(first))):
        yield (
            f'<button type="button" data-is="{html(word)}" aria-pressed="false">{html(word)} '
            f'<span class="number">{number[word]:,}</span></button>'
        )


def _words(row: Row) -> list[str]:
    seen = row.seen
    off = ["unavailable"] if seen.consumer.off or seen.supplier.off else []
    return [*filter(None, (row.kind, seen.link.kind)), *off]


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    before = ""
    for row in rows:
        seen = row.seen
        again = seen.node.path == before
        before = seen.node.path
        classes = " ".join(filter(None, (row.kind, "again" if again else "first")))
        name = f' <span class="label">{html(seen.name)}</span>' if seen.name else ""
        text = " ".join((*_called(seen.node), seen.entry, seen.name, *_called(seen.supplier)))
        yield (
            f'<tr class="{classes}" data-is="{html(" ".join(_words(row)))}" '
            f'data-text="{html(text)}"><td class="mark">{row.mark.strip()}</td>'
            f'<td class="node">{_node(seen.node)}</td>'
            f'<td class="entry">{html(seen.entry)}{name}</td>'
            f'<td class="supplier">{_node(seen.supplier)}</td>'
            f"<td>{html(specifier(seen.values))}</td>"
            f'<td class="remarks">{"; ".join(_remarks(row))}</td></tr>'
        )


def _called(end: End) -> tuple[str, ...]:
    return (end.path, *end.labels)


def _node(end: End) -> str:
    folder, slash, name = end.path.rpartition("/")
    labels = f' <span class="label">&amp;{html(", &".join(end.labels))}</span>'
    return (
        f'<span class="path"><span class="folder">{html(folder + slash)}</span>{html(name)}</span>'
        f"{labels if end.labels else ''}"
    )


def _remarks(row: Row) -> Iterator[str]:
    """Say what is not as usual, and what was otherwise before."""
    seen, change = row.seen, row.change
    for who, end in (("node", seen.node), ("supplier", seen.supplier)):
        if end.off:
            yield f'<span class="bad">{who} {html(end.state)}</span>'
    if seen.link.hidden:
        yield "behind a gap"
    if not seen.link.mandatory:
        yield seen.strength
    if change is not None and change.before is not None and change.after is not None:
        before = change.before
        if "specifier" in change.what:
            yield f"was {html(specifier(before.values) or '<>')}"
        for who, was, now in (
            ("node", before.node, seen.node),
            ("supplier", before.supplier, seen.supplier),
        ):
            if bool(was.off) != bool(now.off):
                yield f"{who} was {html(was.state or 'available')}"


def _file(name: str) -> str:
    from importlib.resources import files

    return files(__package__).joinpath(name).read_text("utf-8")
