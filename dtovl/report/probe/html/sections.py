"""The cards above and below the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.escape import html
from dtovl.report.probe.html.rows import link
from dtovl.report.probe.text import change_rows, identity
from dtovl.report.probe.trees import trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dtovl.report.probe.answer import Answer
    from dtovl.report.probe.seen import Seen
    from dtovl.report.probe.text import ChangeRow
    from dtovl.report.probe.trees import Branch

_WORDS = {"add": "good", "remove": "bad", "change": "changed", "dim": "quiet"}
_SIGNS = {"+": "+", "-": "\u2212", "!": "!", "~": "~", ">": "\u2192", "<": "\u2190"}


def difference_html(answer: Answer, ids: Mapping[str, int]) -> str:
    """Write what overlays change; nothing where there are none."""
    found = answer.difference
    if found is None:
        return ""
    title = "With the overlay" if len(answer.overlays) == 1 else "With the overlays"
    rows = [
        f'<li class="{_WORDS[one.style]}"><span class="sign">{html(_SIGNS[one.mark])}</span>'
        f'<span>{link(one.path, ids)} <span class="what">{html(_told(one))}</span></span></li>'
        for one in change_rows(answer, found)
    ]
    body = f'<ul class="changes">{"".join(rows)}</ul>' if rows else _quiet("Nothing changes.")
    return _card("difference", title, body, len(rows))


def cause_html(answer: Answer, ids: Mapping[str, int]) -> str:
    """Write the first causes, and below each what waits for it; nothing where nothing waits."""
    shown = answer.problems.deferred
    if not shown:
        return ""
    parts = []
    for cause, branches in trees(answer.seen, shown):
        parts.append(
            f'<section class="cause"><h3>{link(cause.node, ids)} '
            f'<span class="bad">{html(cause.words)}</span></h3>'
            f"{''.join(_tree(branches, answer.seen, ids))}</section>"
        )
    return _card("causes", "First causes", "".join(parts), len(parts))


def _told(row: ChangeRow) -> str:
    return f"{row.text}: {row.reason}" if row.reason else row.text


_DEEPEST = 24


def _tree(branches: Iterable[Branch], seen: Seen, ids: Mapping[str, int]) -> Iterator[str]:
    """Write devices that wait as nested lists; below some level all stand as deep."""
    depth = 0
    for branch in branches:
        level = min(branch.depth, _DEEPEST)
        if level > depth:
            yield "<ul>" * (level - depth)
        else:
            yield "</li>" + "</ul></li>" * (depth - level)
        depth = level
        place = f'<span class="name">{html(branch.wait.place)}</span>' if branch.wait.named else ""
        reason = html(seen.deferred[branch.device])
        yield f'<li title="{reason}">{place}{link(branch.device, ids)}'
    yield "</li></ul>" * depth


def other_html(answer: Answer, ids: Mapping[str, int]) -> str:
    """Write sync_state, groups and findings."""
    return "".join((_sync(answer, ids), _groups(answer.seen, ids), _findings(answer)))


def _sync(answer: Answer, ids: Mapping[str, int]) -> str:
    pending = answer.problems.sync_pending
    if not pending:
        return ""
    rows = "".join(
        f"<tr><td>{link(path, ids)}</td>"
        f"<td>{', '.join(link(one, ids) for one in held_by)}</td></tr>"
        for path, held_by in pending.items()
    )
    head = "<tr><th>supplier</th><th>held back by</th></tr>"
    return _card("sync", "sync_state held back", f"<table>{head}{rows}</table>", len(pending))


def _groups(seen: Seen, ids: Mapping[str, int]) -> str:
    if not seen.groups:
        return ""
    rows = []
    for group in seen.groups:
        masters = "".join(
            f'<li class="{"wait" if one.late or one.bypasses else ""}">'
            f"{link(one.device, ids)} {html(one.words)}</li>"
            for one in group.masters
        )
        rows.append(
            f"<tr><td>{link(group.iommu, ids)}</td>"
            f'<td class="name">{html(identity(group.id))}</td><td><ul>{masters}</ul></td></tr>'
        )
    head = "<tr><th>IOMMU</th><th>id</th><th>masters</th></tr>"
    table = f"<table>{head}{''.join(rows)}</table>"
    return _card("groups", "IOMMU groups", table, len(rows), shut=True)


def _findings(answer: Answer) -> str:
    from dtovl.codes.base import Severity
    from dtovl.report.text import shown

    found = shown(
        (told.diagnostic for told in answer.findings if answer.shows(told)), Severity.INFO
    )
    if not found:
        return ""
    items = []
    for one in found:
        lines = [("at", str(one.where or "")), ("why", one.why), ("who", one.who)]
        lines += [("note", note.text) for note in one.notes]
        lines.append(("fix", one.fix))
        facts = "".join(f"<dt>{label}</dt><dd>{html(text)}</dd>" for label, text in lines if text)
        label = f"{one.severity.label}[{one.code.number}]"
        items.append(
            f'<section class="finding {one.severity.label}"><h3><span class="code">{html(label)}'
            f"</span> {html(one.message)}</h3><dl>{facts}</dl></section>"
        )
    return _card("findings", "Findings", "".join(items), len(items), shut=True)


def _card(name: str, title: str, body: str, count: int, *, shut: bool = False) -> str:
    number = f' <span class="number">{count:,}</span>' if count else ""
    return (
        f'<details class="card {name}"{"" if shut else " open"}><summary><h2>{html(title)}{number}'
        f"</h2></summary><div>{body}</div></details>"
    )


def _quiet(text: str) -> str:
    return f'<p class="quiet">{html(text)}</p>'
