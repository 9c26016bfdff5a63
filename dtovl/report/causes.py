"""What the reports of a matrix for machines share: causes, where they show, how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

from dtovl.codes.base import Severity
from dtovl.matrix.checked import State
from dtovl.matrix.result import Spot
from dtovl.report.spans import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.matrix.checked import Checked, Group, Place
    from dtovl.matrix.result import Finding

Mark = tuple[str, tuple[str, ...], str]
"""What tells a case: base, overlays, name of the stack."""

LINE = 2_000
"""Characters of a line of a report; what is longer is cut."""

_STATES = {
    "ok": "ok",
    "warned": "with warnings",
    "failed": "failed",
    "known": "known",
    "expected": "expected to fail",
}


class Site(NamedTuple):
    """A file and line that a cause shows at, and the places of the matrix it does so for."""

    spot: Spot
    places: tuple[Place, ...]


def mark(place: Place) -> Mark:
    """Give what tells the case of a place."""
    return place.base, place.overlays, place.stack


def by_weight(groups: Iterable[Group]) -> list[Group]:
    """Sort causes: severe ones first, then those with many places."""
    return sorted(
        groups,
        key=lambda one: (-one.severity, -len(one.places), one.code, one.message, one.standing),
    )


def fresh(checked: Checked) -> list[Group]:
    """Give the causes that are neither in the baseline nor expected, severe ones first."""
    return by_weight(group for group in checked.groups if group.standing == "new")


def label(severity: int) -> str:
    """Give the word for a severity: info, warning, error."""
    return Severity(min(max(severity, Severity.INFO), Severity.ERROR)).label


def shorten(text: str, most: int) -> str:
    """Cut text to at most so many characters, three dots included."""
    return text if len(text) <= most else text[: most - 3] + "..."


def spot_of(place: Place) -> Spot:
    """Give the place in source, or the file it is about where there is none, as for blobs.

    Of several overlays it is the one that the finding names, else the last: it met the trouble.
    Where only notes have places, it is the first of them in that file.
    """
    found = place.finding
    if found.at.file:
        return found.at
    named = [name for name in place.overlays if name and f"({name})" in found.who]
    files = (*named[-1:], *place.overlays[::-1], place.base)
    file = next((name for name in files if name), "")
    return next((note.at for note in found.notes if note.at.file == file), Spot(file))


def headline(path: str, message: str) -> str:
    """Put the node before a message that does not begin with it."""
    return message if message.startswith(path) else f"{path}: {message}"


def sites(group: Group) -> list[Site]:
    """Gather the places of a cause by the file and line it shows at, sorted by those.

    In files without lines, nodes take the place of lines.
    """
    gathered: dict[tuple[Spot, str], list[Place]] = {}
    for place in group.places:
        spot = spot_of(place)
        node = "" if spot.line else place.finding.path
        gathered.setdefault((spot, node), []).append(place)
    return [Site(spot, tuple(places)) for (spot, _), places in sorted(gathered.items(), key=_first)]


def _first(item: tuple[tuple[Spot, str], list[Place]]) -> tuple[Spot, str]:
    return item[0]


def boards(places: Iterable[Place]) -> list[str]:
    """List the bases of places, each once, sorted."""
    return sorted({place.base for place in places if place.base})


def listed(names: Sequence[str], most: int) -> str:
    """Write at most so many names and how many more there are."""
    shown = ", ".join(shorten(name, 200) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def extent(places: Sequence[Place], most: int = 3) -> str:
    """Say on which boards: `on a.dtb`, `on 38 boards: a.dtb, b.dtb, c.dtb and 35 more`; or ""."""
    names = boards(places)
    if not names:
        return ""
    if len(names) == 1:
        return f"on {shorten(names[0], 200)}"
    return f"on {len(names):,} boards: {listed(names, most)}"


def subject(place: Place) -> str:
    """Name what was tried at a place: the stack, or the overlays."""
    return place.stack or " + ".join(place.overlays) or place.base


def at(spot: Spot) -> str:
    """Write a place in source as editors read it: file:line:column."""
    return ":".join([spot.file, *(str(number) for number in spot[1:] if number)])


def finding_lines(found: Finding, severity: int) -> Iterator[str]:
    """Write a finding as lines of raw text; severity is that of its cause.

    The lines are those of the text report. Each may hold anything but is one line to be: the
    medium escapes line ends in it.
    """
    head = f"{label(severity)}[{found.code}]"
    yield f"{head} {headline(found.path, found.message)}"
    if found.at.file:
        yield f"  at      {at(found.at)}"
    for line in found.excerpt.split("\n"):
        if line:
            yield f"          {line}"
    for word, text in (("why", found.why), ("who", found.who)):
        if text:
            yield f"  {word}     {text}"
    for note in found.notes:
        yield f"  note    {at(note.at)}: {note.text}" if note.at.file else f"  note    {note.text}"
    if found.fix:
        yield f"  fix     {found.fix}"
    for number, line in enumerate(found.kernel):
        yield f"{'          ' if number else '  kernel  '}{line}"


def verdict(checked: Checked) -> str:
    """Say in one line what came of the cases: `5,749 cases: 5,737 ok, 12 failed`."""
    number = dict.fromkeys(get_args(State), 0)
    for judged in checked.cases:
        number[judged.state] += 1
    parts = [f"{count:,} {_STATES[state]}" for state, count in number.items() if count]
    return f"{amount(len(checked.cases), 'case')}: {', '.join(parts) or 'nothing to check'}"


def tally(groups: Iterable[Group]) -> str:
    """Count causes by severity: `2 errors, 1 warning`, or `none`."""
    number: dict[int, int] = {}
    for group in groups:
        number[group.severity] = number.get(group.severity, 0) + 1
    parts = [
        amount(number[severity], label(severity), "info" if severity == Severity.INFO else "")
        for severity in sorted(number, reverse=True)
    ]
    return ", ".join(parts) or "none"


def left(checked: Checked) -> str:
    """Say how many causes are not new: `3 known, 1 expected`; "" for none."""
    standing = [group.standing for group in checked.groups]
    words = ("known", "expected")
    return ", ".join(f"{standing.count(word):,} {word}" for word in words if word in standing)
