"""New causes of a matrix as GitHub workflow commands, which become annotations of files.

Of one step GitHub makes at most 10 annotations of each kind, from the first that come; so the
severe and widespread causes come first, one command each, and the rest is counted in a notice.

Source: GitHub, "Workflow commands"; actions/runner, ActionCommand.cs (a command is any line that
begins with `::` after spaces) and ExecutionContext.cs (4,096 characters of a message are kept).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.causes import (
    at,
    extent,
    fresh,
    headline,
    label,
    left,
    listed,
    shorten,
    sites,
    subject,
    tally,
    verdict,
)
from dtovl.report.escape import workflow_data, workflow_property

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.matrix.checked import Checked, Group

SHOWN = 10
"""Annotations of one kind that GitHub makes of one step."""

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_MESSAGE = 4_000
_LINE = 1_000
_TITLE = 200
_NEXT_LINE = "%0A"


def render(checked: Checked, folder: str = "") -> str:
    """Write the commands, and a last line in words that says what came of all cases.

    folder is where the names of files begin, seen from the root of the repository.
    """
    new = fresh(checked)
    shown: list[str] = []
    rest: list[Group] = []
    room = dict.fromkeys(_COMMANDS.values(), SHOWN)
    # One place among the notices is for what has no room.
    room["notice"] -= 1
    for group in new:
        word = _COMMANDS[label(group.severity)]
        if room[word]:
            room[word] -= 1
            shown.append(_command(word, group, folder))
        else:
            rest.append(group)
    if rest or len(new) < len(checked.groups):
        shown.append(_rest(rest, checked))
    return "".join(f"{line}\n" for line in (*shown, f"dtovl: {verdict(checked)}"))


def _command(word: str, group: Group, folder: str) -> str:
    found = sites(group)
    spot = found[0].spot if found else None
    properties = []
    if spot is not None and spot.file:
        properties.append(("file", _below(spot.file, folder)))
        if spot.line > 0:
            properties.append(("line", str(spot.line)))
        if spot.line > 0 and spot.column > 0:
            properties.append(("col", str(spot.column)))
    properties.append(("title", shorten(f"{group.code} {group.name}", _TITLE)))
    written = ",".join(f"{key}={workflow_property(value)}" for key, value in properties)
    return f"::{word} {written}::{_joined(_message(group))}"


def _message(group: Group) -> Iterator[str]:
    """Say what is wrong, on which boards, why, how to mend it, and where else it shows."""
    places = group.places
    if not places:
        yield group.message
        return
    first = places[0].finding
    yield headline(first.path, group.message)
    where = extent(places)
    if where:
        yield where
    tried = sorted({subject(place) for place in places if place.overlays})
    if tried:
        yield f"with {listed(tried, 3)}"
    yield from (
        f"{word}: {text}" for word, text in (("why", first.why), ("who", first.who)) if text
    )
    for note in first.notes:
        yield f"{at(note.at)}: {note.text}" if note.at.file else note.text
    if first.fix:
        yield f"fix: {first.fix}"
    further = sites(group)[1:]
    if further:
        yield f"also at {listed([at(site.spot) for site in further], 5)}"


def _joined(lines: Iterable[str]) -> str:
    """Join lines to a message that is kept whole; GitHub counts characters before escaping."""
    kept = []
    size = 0
    for line in lines:
        short = shorten(line, _LINE)
        size += len(short) + 1
        if size > _MESSAGE:
            break
        kept.append(workflow_data(short))
    return _NEXT_LINE.join(kept)


def _rest(rest: list[Group], checked: Checked) -> str:
    parts = []
    if rest:
        parts.append(f"{tally(rest)} more without an annotation: GitHub shows {SHOWN} of a kind")
    if left(checked):
        parts.append(f"not new: {left(checked)}")
    return f"::notice title=dtovl::{workflow_data('; '.join(parts))}"


def _below(file: str, folder: str) -> str:
    from posixpath import join, normpath

    return normpath(join(folder, file))
