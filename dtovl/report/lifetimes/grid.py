"""Where things stand in a drawing of lanes: rows of moments downwards, columns of actors."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.escape import terminal
from dtovl.report.lifetimes.lanes import lay_lanes, narrowed
from dtovl.report.lifetimes.words import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.lifetimes.trace import Trace
    from dtovl.report.lifetimes.lanes import Row

MOST_ROWS = 300
"""Rows of a drawing; of longer runs those that matter."""

_MOST_ACTORS = 20
_LINE = 14.0
_PAD = 20.0
_GAP = 22.0
_END = 30.0
_LETTER = 6.7
_WORDS = 32  # letters of a label in a line
_BARS = 24.0  # room left of a lane for what its actor has
_LABEL = 13.0  # from a lane to its labels
_LEAST = 96.0


class Cell(NamedTuple):
    """A row in its place: top and mark are heights, lines its label, broken."""

    row: Row
    top: float
    mark: float
    lines: tuple[str, ...]
    bottom: float


class Column(NamedTuple):
    """A lane: left edge, the line itself, width."""

    actor: str
    left: float
    lane: float
    width: float


class Grid(NamedTuple):
    """All places. end is the height of the end of the run; left_out counts actors, tail moments."""

    cells: tuple[Cell, ...]
    columns: tuple[Column, ...]
    ids: float
    end: float
    height: float
    width: float
    left_out: int
    tail: int

    def height_of(self, number: int) -> float:
        """Give the height of a moment by its number; of one that is not shown that of the next."""
        place = bisect_left(self.cells, number, key=lambda cell: cell.row.moment.number)
        return self.cells[place].mark if place < len(self.cells) else self.end


def lay_grid(trace: Trace) -> Grid:
    """Lay rows and columns of a run."""
    lanes = lay_lanes(trace, MOST_ROWS)
    actors = narrowed(lanes, _MOST_ACTORS)
    cells, top = [], 0.0
    for row in lanes.rows:
        if row.gap:
            top += _GAP
        lines = _label(row)
        bottom = top + _PAD + _LINE * len(lines)
        cells.append(Cell(row, top, top + _PAD, lines, bottom))
        top = bottom
    end = top + (_GAP if lanes.tail else 0.0) + _END / 2
    ids = 12.0 + _LETTER * min(
        max((len(row.moment.event.name) for row in lanes.rows), default=3), 12
    )
    columns, left = [], ids
    for actor in actors:
        width = max(_LEAST, _BARS + _LABEL + _widest(actor, cells) * _LETTER + 14.0)
        columns.append(Column(actor, left, left + _BARS, width))
        left += width
    return Grid(
        tuple(cells),
        tuple(columns),
        ids,
        end,
        end + _END / 2,
        left,
        len(lanes.actors) - len(actors),
        lanes.tail,
    )


def _widest(actor: str, cells: Sequence[Cell]) -> int:
    lines = (line for cell in cells if cell.row.moment.event.actor == actor for line in cell.lines)
    return max([len(shortened(actor, _WORDS)) + 1, *map(len, lines)])


def _label(row: Row) -> tuple[str, ...]:
    """Break the label of a row into lines: what is done, what for it waits, the rules it breaks."""
    moment = row.moment
    lines = _broken(short(moment))
    if moment.waits_for:
        lines += _broken(f"waits for {moment.waits_for}")
    if row.found:
        lines.append(" ".join(dict.fromkeys(one.rule for one in row.found)))
    return tuple(lines)


def _broken(text: str) -> list[str]:
    """Break a text into lines of few letters; long words are shortened, at most four lines."""
    lines = [""]
    for word in (shortened(word, _WORDS) for word in terminal(text).split(" ")):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _WORDS:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines if len(lines) <= 4 else [*lines[:3], f"{lines[3]} …"]


def shortened(text: str, most: int) -> str:
    """Leave out the middle of a long text."""
    half = (most - 1) // 2
    text = terminal(text)
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"
