"""Results of a matrix as Markdown, for the summary of a job on GitHub.

Names and messages stand in `<code>` or `<pre>`, as references where they could mean something:
there GitHub makes no link, mention or number of an issue of them, and no table ends early.

Source: GitHub, "Workflow commands", job summaries: more than 1 MiB of a step is dropped whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.matrix.group import blamed
from dtovl.report.causes import (
    at,
    boards,
    by_weight,
    extent,
    finding_lines,
    fresh,
    label,
    left,
    listed,
    shorten,
    spot_of,
    subject,
    tally,
    verdict,
)
from dtovl.report.escape import html, markdown
from dtovl.report.spans import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.matrix.checked import Checked, Group, Judged, Place

BYTES = 1_000_000
"""Bytes of the whole, below the 1 MiB that GitHub takes, with room for a step's own words."""

_CELL = 300
_LINE = 1_000
_CAUSES = 100
_CASES = 200
_PLACES = 50
_BOARDS = 12
_NAMES = 3


def render(checked: Checked) -> str:
    """Write verdict, causes, each cause with its places folded, and the failed cases folded.

    What no longer fits is left out and counted in a last line.
    """
    new = fresh(checked)
    kept = [_head(checked, new)]
    size = len(kept[0].encode())
    blocks = [_failed(checked.cases), *(_details(group) for group in new), *_others(checked)]
    written = [block for block in blocks if block]
    for number, block in enumerate(written):
        size += len(block.encode("utf-8", "replace")) + 1
        if size > BYTES:
            kept.append(f"*{amount(len(written) - number, 'more part')} left out: no room.*\n")
            break
        kept.append(block)
    return "\n".join(kept)


def _head(checked: Checked, new: Sequence[Group]) -> str:
    word = "failed" if checked.fails else "passed"
    part = " (part {} of {})".format(*checked.shard) if checked.shard else ""
    others = f"; not new: {left(checked)}" if left(checked) else ""
    lines = [
        f"## dtovl check: {word}{part}",
        "",
        f"**{verdict(checked)}**",
        "",
        f"{amount(len(checked.bases), 'base')}, {amount(len(checked.overlays), 'overlay')}, "
        f"{amount(checked.compared, 'pair')} of overlays compared. "
        f"New causes: {tally(new)}{others}.",
        "",
    ]
    if new:
        titles = ("severity", "code", "cause", "overlays", "places", "boards")
        lines += _table(titles, _rows(new))
    if len(new) > _CAUSES:
        lines += [f"and {amount(len(new) - _CAUSES, 'more cause')}", ""]
    return "\n".join(lines)


def _rows(groups: Sequence[Group]) -> Iterator[tuple[str, ...]]:
    for group in groups[:_CAUSES]:
        yield (
            label(group.severity),
            _code(f"{group.code} {group.name}"),
            _code(group.message),
            _code(listed(_overlays(group), _NAMES)) if _overlays(group) else "",
            f"{len(group.places):,}",
            f"{len(boards(group.places)):,}",
        )


def _overlays(group: Group) -> list[str]:
    """List the overlays of a cause: two causes may differ in nothing else."""
    return sorted({name for place in group.places for name in blamed(place)})


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _failed(cases: Sequence[Judged]) -> str:
    """List the failed cases, folded."""
    failed = [judged.case for judged in cases if judged.state == "failed"]
    if not failed:
        return ""
    rows = (
        (
            _code(case.base),
            _code(case.name or " + ".join(case.overlays)),
            ", ".join(_code(f"{one.applier} {one.error}") for one in case.verdicts if one.error),
        )
        for case in failed[:_CASES]
    )
    lines = [
        "<details>",
        f"<summary>{amount(len(failed), 'failed case')}</summary>",
        "",
        *_table(("base", "overlays", "refused by"), rows),
    ]
    if len(failed) > _CASES:
        lines += [f"and {amount(len(failed) - _CASES, 'more case')}", ""]
    return "\n".join([*lines, "</details>", ""])


def _details(group: Group) -> str:
    """Tell a cause as the text report does, with its places, folded."""
    count = amount(len(group.places), "place")
    summary = f"{label(group.severity)} {_code(group.code)} {_code(group.message)} ({count})"
    lines = list(finding_lines(group.places[0].finding, group.severity)) if group.places else []
    body = "\n".join(html(shorten(line, _LINE)) for line in (*lines, "", *_places(group.places)))
    # Where the summary is printed, `##[` and `##vso[` begin commands anywhere in a line of the log.
    body = body.replace("##", "#&#35;")
    return f"<details>\n<summary>{summary}</summary>\n\n<pre>\n{body}\n</pre>\n\n</details>\n"


def _places(places: Sequence[Place]) -> Iterator[str]:
    """Write where a cause shows: a line for each file, line and set of overlays, and its boards."""
    gathered: dict[tuple[str, str], list[Place]] = {}
    for place in places:
        gathered.setdefault((at(spot_of(place)), subject(place)), []).append(place)
    yield f"{amount(len(places), 'place')}:"
    for (where, tried), group in sorted(gathered.items())[:_PLACES]:
        names = [where] if f"{where}:".startswith(f"{tried}:") else [where, tried]
        on = extent(group, _BOARDS)
        yield "  " + "  ".join([*names, on] if on else names)
    if len(gathered) > _PLACES:
        yield f"  and {len(gathered) - _PLACES:,} more"


def _others(checked: Checked) -> Iterator[str]:
    """List what is known or expected, and overlays that fit no base, folded."""
    old = [group for group in by_weight(checked.groups) if group.standing != "new"]
    if old:
        rows = (
            (group.standing, _code(group.code), _code(group.message), f"{len(group.places):,}")
            for group in old[:_CAUSES]
        )
        lines = [
            "<details>",
            f"<summary>Not new: {left(checked)}</summary>",
            "",
            *_table(("standing", "code", "cause", "places"), rows),
        ]
        if len(old) > _CAUSES:
            lines += [f"and {amount(len(old) - _CAUSES, 'more cause')}", ""]
        yield "\n".join([*lines, "</details>", ""])
    lost = checked.fits_nothing
    if lost:
        yield (
            f"<details>\n<summary>{amount(len(lost), 'overlay')} without a base</summary>\n\n"
            f"{_code(listed(lost, _CASES), 64 * _CELL)}\n\n</details>\n"
        )


def _code(text: str, most: int = _CELL) -> str:
    return f"<code>{markdown(shorten(text, most))}</code>"
