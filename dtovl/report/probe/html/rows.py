"""The timeline: a row for each device, with a mark for each try."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.escape import html
from dtovl.report.probe.seen import BOUND, DEFERRED, FAILED, SYNC_STATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dtovl.report.probe.answer import Answer
    from dtovl.report.probe.html.axis import Axis
    from dtovl.report.probe.seen import Seen, Try

STATES = (
    ("bound", "bound", "binds in the end"),
    ("deferred", "waits for ever", "deferred for good: what it waits for never comes"),
    ("failed", "failed", "its driver gave up with an error"),
    ("unmatched", "no driver", "no driver ever tried it"),
    ("missing", "never added", "no device is made of the node: nobody populates its parent"),
)
"""State, its word, what it means; the order of the toggles."""

_MARKS = {
    "bound": '<circle class="m-bound" r="5"/>',
    "deferred": '<circle class="m-deferred" r="3.5"/>',
    "failed": '<path class="m-failed" d="M-4-4 4 4M4-4-4 4"/>',
    "sync": '<path class="m-sync" d="M0-4.5 4.5 0 0 4.5-4.5 0z"/>',
}


class Row(NamedTuple):
    """A device of the timeline, or a node that never becomes one.

    place   number in the order of binding, 0: never
    tries   index in the log and try
    changed what overlays change about it, in a word or two; "" for nothing
    """

    device: str
    state: str
    place: int
    tries: tuple[tuple[int, Try], ...]
    changed: str


class View(NamedTuple):
    """What rows are drawn with: the prediction, the axis, numbers of rows, how devices end."""

    seen: Seen
    axis: Axis
    ids: Mapping[str, int]
    standing: Mapping[str, str]


def rows_of(answer: Answer) -> list[Row]:
    """Give the rows: what binds in that order, then what never does."""
    seen = answer.seen
    tries: dict[str, list[tuple[int, Try]]] = {}
    for index, one in enumerate(seen.log):
        tries.setdefault(one.device, []).append((index, one))
    changed = _changed(answer)
    listed = (
        ("bound", seen.order),
        ("deferred", seen.deferred),
        ("failed", seen.failed),
        ("unmatched", seen.unmatched),
        ("missing", seen.never_added),
    )
    rows: dict[str, Row] = {}
    for state, paths in listed:
        for place, path in enumerate(paths, 1):
            number = place if state == "bound" else 0
            own = tuple(tries.get(path, ()))
            rows.setdefault(path, Row(path, state, number, own, changed.get(path, "")))
    return list(rows.values())


def _changed(answer: Answer) -> dict[str, str]:
    found = answer.difference
    if found is None:
        return {}
    words = {move.device: "later" if move.later else "earlier" for move in found.moved}
    words.update(dict.fromkeys((*found.deferred, *found.failed), "new"))
    words.update(dict.fromkeys((*found.unmatched, *found.never_added), "new"))
    words.update(dict.fromkeys(found.bound, "new"))
    words.update(dict.fromkeys(found.reworded, "otherwise"))
    words.update(dict.fromkeys(found.unbound, "no longer binds"))
    return words


def row_html(row: Row, view: View) -> str:
    """Write a row; it opens to show tries and suppliers, and who waits is in its lane."""
    tag = f'<span class="tag">{html(row.changed)}</span>' if row.changed else ""
    place = str(row.place) if row.place else ""
    return (
        f'<details class="row" id="d{view.ids[row.device]}" data-state="{row.state}"'
        f"{' data-changed' if row.changed else ''}><summary>"
        f'<span class="place">{place}</span>'
        f'<span class="subject"><span class="path">{path_html(row.device)}</span>{tag}</span>'
        f"{_lane(row, view)}</summary>"
        f'<div class="more">{"".join(_more(row, view))}</div></details>'
    )


def path_html(path: str) -> str:
    """Write a path whose last name stands out."""
    folder, slash, name = path.rpartition("/")
    return f'<span class="folder">{html(folder + slash)}</span><b>{html(name)}</b>'


def _lane(row: Row, view: View) -> str:
    """Draw the tries of a device from left to right; a line joins those between which it waits."""
    parts = [f'<svg class="lane" role="img" aria-label="{html(_spoken(row, view.seen))}">']
    places = view.axis.places
    ends = [index for index, one in row.tries if not one.result.startswith(SYNC_STATE)]
    if row.state == "deferred" and ends:
        start = places[ends[0]]
        parts.append(f'<line class="l-ever" x1="{start:.2f}%" x2="100%" y1="11" y2="11"/>')
    elif len(ends) > 1:
        first, last = places[ends[0]], places[ends[-1]]
        parts.append(f'<line class="l-wait" x1="{first:.2f}%" x2="{last:.2f}%" y1="11" y2="11"/>')
    for index, one in row.tries:
        title = html(f"{index + 1}, {one.stage}: {one.result}")
        parts.append(
            f'<svg class="mark" x="{places[index]:.2f}%" y="11">'
            f"<title>{title}</title>{_MARKS[_kind(one.result)]}</svg>"
        )
    parts.append("</svg>")
    return "".join(parts)


def _kind(result: str) -> str:
    if result == BOUND:
        return "bound"
    if result.startswith(DEFERRED):
        return "deferred"
    return "failed" if result.startswith(FAILED) else "sync"


def _spoken(row: Row, seen: Seen) -> str:
    if row.state == "bound":
        tries = sum(1 for _, one in row.tries if not one.result.startswith(SYNC_STATE))
        return f"bound as number {row.place}, at try {tries}"
    if row.state == "deferred":
        return f"waits for ever: {seen.deferred[row.device]}"
    if row.state == "failed":
        return f"failed with {seen.failed[row.device]}"
    return next(word for state, word, _ in STATES if state == row.state)


def _more(row: Row, view: View) -> Iterator[str]:
    seen, ids = view.seen, view.ids
    if row.device in seen.causes:
        cause = seen.causes[row.device]
        yield (
            f'<p class="first">first cause: {link(cause.node, ids)} '
            f'<span class="bad">{html(cause.words)}</span></p>'
        )
    if row.tries:
        yield '<table class="tries"><caption>Tries</caption>'
        for index, one in row.tries:
            yield (
                f'<tr><td class="place">{index + 1}</td><td>{html(one.stage)}</td>'
                f'<td class="name">{html(one.driver)}</td>'
                f'<td class="r-{_kind(one.result)}">{html(one.result)}</td></tr>'
            )
        yield "</table>"
    needs = seen.needs.get(row.device, ())
    if needs:
        yield '<table class="needs"><caption>Suppliers</caption>'
        for need in needs:
            state = view.standing.get(need.device, need.state)
            yield (
                f'<tr><td class="name">{html(need.place)}</td>'
                f"<td>{link(need.supplier, ids, need.device)}</td><td>{html(state)}</td></tr>"
            )
        yield "</table>"
    if not (row.tries or needs or row.device in seen.causes):
        what = next(meaning for state, _, meaning in STATES if state == row.state)
        yield f'<p class="quiet">{html(what)}</p>'


def link(path: str, ids: Mapping[str, int], device: str = "") -> str:
    """Write a path that leads to the row of its device, where there is one."""
    number = ids.get(device or path)
    if number is None:
        return f'<span class="path">{path_html(path)}</span>'
    return f'<a class="path" href="#d{number}">{path_html(path)}</a>'
