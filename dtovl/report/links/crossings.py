"""In which order things stand in the columns of a drawing, so that few of its lines cross.

Each thing goes to the mean height of what it is joined with in the column before, sweep by sweep
from left to right and back; then neighbours change places where that saves crossings. The best
order that was met is the one taken, so it is never worse than the one at the start.

Source: K. Sugiyama, S. Tagawa, M. Toda (1981) for the sweeps; E. R. Gansner and others: A
technique for drawing directed graphs (1993) for changing places.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MIDDLE = 0.5
"""Where a line ends that may end anywhere."""

_SWEEPS = 24
_FEWEST = 2
_EXCHANGES = 3
# Sweeps without a better order before they end.
_PATIENCE = 8
# Lines looked at, in all sweeps together: some tenths of a second.
_MOST_LINES = 60_000
# Pairs of lines compared for one change of places; two hubs stand where the sweep put them.
_MOST_PAIRS = 4_000


class Line(NamedTuple):
    """A line between things in neighbouring columns.

    out and into say where on the side of left and right it ends, from 0 at the top to 1.
    """

    left: int
    right: int
    out: float = MIDDLE
    into: float = MIDDLE


def ordered(columns: Sequence[int], lines: Sequence[Line]) -> list[list[int]]:
    """Give what stands in each column, from top to bottom.

    columns has the column of each thing, from 0 on; every line leads to the next column.
    """
    search = _Search(columns, lines)
    best = _in_columns(range(len(columns)), columns)
    least = crossings(best, lines)
    sweeps = max(_FEWEST, min(_SWEEPS, _MOST_LINES // max(1, len(columns) + len(lines))))
    starts = [_in_columns(_along(columns, lines), columns)]
    if sweeps > _FEWEST:
        starts.append(best)
    for start in starts:
        found, number = search.improve(start, sweeps)
        if number < least:
            best, least = found, number
    return best


def crossings(order: Iterable[Sequence[int]], lines: Iterable[Line]) -> int:
    """Count the pairs of lines that cross in an order."""
    place = {one: at for column in order for at, one in enumerate(column)}
    column_of = {one: number for number, column in enumerate(order) for one in column}
    gaps: dict[int, list[tuple[float, float]]] = {}
    for left, right, out, into in lines:
        gaps.setdefault(column_of[left], []).append((place[left] + out, place[right] + into))
    return sum(map(_inversions, gaps.values()))


def _inversions(ends: list[tuple[float, float]]) -> int:
    """Count pairs of which one starts above and ends below the other."""
    ends.sort()
    passed: list[float] = []
    number = 0
    for _, into in ends:
        number += len(passed) - bisect_right(passed, into)
        insort(passed, into)
    return number


def _in_columns(things: Iterable[int], columns: Sequence[int]) -> list[list[int]]:
    """Put things into their columns, in the order given."""
    found: list[list[int]] = [[] for _ in range(max(columns, default=-1) + 1)]
    for one in things:
        found[columns[one]].append(one)
    return found


def _along(columns: Sequence[int], lines: Iterable[Line]) -> Iterator[int]:
    """Give things as lines lead to them from the first, so that what is joined stands together."""
    near: list[list[int]] = [[] for _ in columns]
    for left, right, _, _ in lines:
        near[left].append(right)
        near[right].append(left)
    seen = [False] * len(columns)
    for start in range(len(columns)):
        stack = [start]
        while stack:
            one = stack.pop()
            if not seen[one]:
                seen[one] = True
                yield one
                stack += reversed(near[one])


_Near = list[list[tuple[int, float]]]
"""For each thing those it is joined with on one side, and where on their side the line ends."""


class _Search:
    """Sweeps over the columns of one drawing."""

    def __init__(self, columns: Sequence[int], lines: Sequence[Line]) -> None:
        self._lines = lines
        self._before: _Near = [[] for _ in columns]
        self._after: _Near = [[] for _ in columns]
        for left, right, out, into in lines:
            self._before[right].append((left, out))
            self._after[left].append((right, into))
        self._place = [0] * len(columns)

    def improve(self, start: list[list[int]], sweeps: int) -> tuple[list[list[int]], int]:
        """Give the best order that sweeps from a start come by, and its crossings."""
        order = [list(column) for column in start]
        for column in order:
            self._keep(column)
        best, least, waited = start, crossings(start, self._lines), 0
        for sweep in range(sweeps):
            if not least or waited == _PATIENCE:
                break
            rightward = sweep % 2 == 0
            near = self._before if rightward else self._after
            for column in order if rightward else reversed(order):
                # Every other pair of sweeps turns those round that want the same place.
                self._sweep(column, near, turn=sweep % 4 > 1)
            # Once will do in a drawing so large that nobody follows its lines.
            for _ in range(_EXCHANGES if sweeps > _FEWEST else 1):
                if not sum(map(self._exchange, order)):
                    break
            number = crossings(order, self._lines)
            waited += 1
            if number < least:
                best, least, waited = [list(column) for column in order], number, 0
        return best, least

    def _keep(self, column: list[int]) -> None:
        for at, one in enumerate(column):
            self._place[one] = at

    def _sweep(self, column: list[int], near: _Near, *, turn: bool) -> None:
        """Sort what is joined by the mean of its ends; the others keep their places."""
        wish = {one: sum(self._ends(near[one])) / len(near[one]) for one in column if near[one]}
        joined = [one for one in column if one in wish]
        if turn:
            joined.reverse()
        joined.sort(key=wish.__getitem__)
        free = iter(joined)
        column[:] = [next(free) if one in wish else one for one in column]
        self._keep(column)

    def _exchange(self, column: list[int]) -> bool:
        """Let neighbours change places that cross less then; tell whether any did."""
        before = [self._ends(self._before[one]) for one in column]
        after = [self._ends(self._after[one]) for one in column]
        changed = False
        for at in range(len(column) - 1):
            below = at + 1
            saved = _saved(before[at], before[below]) + _saved(after[at], after[below])
            if saved > 0:
                column[at], column[below] = column[below], column[at]
                for ends in (before, after):
                    ends[at], ends[below] = ends[below], ends[at]
                changed = True
        if changed:
            self._keep(column)
        return changed

    def _ends(self, near: Iterable[tuple[int, float]]) -> list[float]:
        """Give how far down lines end in the next column."""
        return [self._place[other] + at for other, at in near]


def _saved(upper: Sequence[float], lower: Sequence[float]) -> int:
    """Count the crossings that are saved when two neighbours change places, on one side of them."""
    if len(upper) == len(lower) == 1:  # as most are, where arrows pass a column
        return (upper[0] > lower[0]) - (upper[0] < lower[0])
    if len(upper) * len(lower) > _MOST_PAIRS:
        return 0
    return sum((one > other) - (one < other) for one in upper for other in lower)
