"""Where boxes and arrows of a drawing go: consumers on the left, what they need on the right.

Boxes get columns (layers) so that nearly all arrows point to the right; an arrow that passes a
column gets a place of its own in it, so that it passes between boxes and not through one. Order
within the columns first (dtovl.report.links.crossings), then heights, then ways of arrows.

Source: K. Sugiyama, S. Tagawa, M. Toda: Methods for visual understanding of hierarchical system
structures (1981); for heights the pool-adjacent-violators algorithm, which finds the places
nearest to the wanted ones in a given order.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.links.columns import columns_of
from dtovl.report.links.crossings import MIDDLE, Line, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Point = tuple[float, float]

_BETWEEN_BOXES = 14.0
_BETWEEN_COLUMNS = 56.0
_LANE = 7.0
_SWEEPS = 16
# Places found in all sweeps together, before there are fewer of these.
_MOST_PLACES = 100_000
_STRAIGHT = 6.0


class Size(NamedTuple):
    """Width and height of a box."""

    width: float
    height: float


class Arrow(NamedTuple):
    """From a box to another one; start is the place on the side of the first, from its top."""

    source: int
    target: int
    start: float


class Layout(NamedTuple):
    """Places of the upper left corners of boxes, points that arrows pass, and the whole size."""

    boxes: list[Point]
    arrows: list[list[Point]]
    size: Size


class _Chains:
    """Boxes and the places of arrows in columns they pass, numbered together, boxes first."""

    def __init__(self, columns: Iterable[int], starts: Mapping[tuple[int, int], float]) -> None:
        self.columns = list(columns)
        self.ways: dict[tuple[int, int], list[int]] = {}
        self.lines: list[Line] = []
        for (source, target), start in starts.items():
            left, right = source, target
            if self.columns[left] > self.columns[right]:
                left, right = right, left
            way = [left]
            for column in range(self.columns[left] + 1, self.columns[right]):
                way.append(len(self.columns))
                self.columns.append(column)
            way.append(right)
            # Arrows leave a box at the row they belong to, and reach it where there is room.
            lines = [Line(one, other) for one, other in pairwise(way)]
            if left == source:
                lines[0] = lines[0]._replace(out=start)
            else:
                lines[-1] = lines[-1]._replace(into=start)
            self.lines += lines
            self.ways[source, target] = way if left == source else way[::-1]


def lay_out(sizes: Sequence[Size], arrows: Sequence[Arrow]) -> Layout:
    """Find places for boxes of given sizes, and ways for arrows between different ones."""
    starts: dict[tuple[int, int], list[float]] = {}
    for one in arrows:
        starts.setdefault((one.source, one.target), []).append(one.start)
    means = {pair: sum(some) / len(some) for pair, some in starts.items()}
    parts = {pair: _part(mean, sizes[pair[0]].height) for pair, mean in means.items()}
    chains = _Chains(columns_of(len(sizes), list(starts)), parts)
    order = ordered(chains.columns, chains.lines)
    heights = [one.height for one in sizes] + [_LANE] * (len(chains.columns) - len(sizes))
    tops = _tops(chains, order, heights, means, len(sizes))
    lefts, widths = _lefts(chains, order, sizes)
    boxes = [(lefts[chains.columns[one]], tops[one]) for one in range(len(sizes))]
    whole = Size(
        max((lefts[-1] + widths[-1]), 0) if lefts else 0,
        max((tops[one] + heights[one] for one in range(len(heights))), default=0),
    )
    ways = _Ways(chains, sizes, boxes, tops, lefts, widths)
    return Layout(boxes, [ways.way(one) for one in arrows], whole)


def _part(start: float, height: float) -> float:
    """Give a place on the side of a box as a part of its height."""
    return min(max(start / height, 0.0), 0.999) if height > 0 else MIDDLE


# -- heights ---------------------------------------------------------------------------------------


def _tops(
    chains: _Chains,
    order: list[list[int]],
    heights: list[float],
    starts: Mapping[tuple[int, int], float],
    count: int,
) -> list[float]:
    """Find how high everything stands: near to what it is joined with, in order, apart."""
    joined: list[list[int]] = [[] for _ in heights]
    shifts = [0.0] * len(heights)
    for pair, way in chains.ways.items():
        own = starts[pair]
        for at, (one, other) in enumerate(pairwise(way)):
            leaving = own if at == 0 else heights[one] / 2
            shift = heights[other] / 2 - leaving
            joined[one].append(other)
            joined[other].append(one)
            shifts[one] += shift
            shifts[other] -= shift
    tops = [0.0] * len(heights)
    for column in order:
        top = 0.0
        for one in column:
            tops[one] = top
            top += heights[one] + _BETWEEN_BOXES
    sweeps = max(4, min(_SWEEPS, _MOST_PLACES // max(1, len(heights))))
    for sweep in range(sweeps):
        for column in order if sweep % 2 == 0 else reversed(order):
            wanted, weights = [], []
            for one in column:
                near = joined[one]
                wish = sum([tops[other] for other in near]) + shifts[one]
                wanted.append(wish / len(near) if near else tops[one])
                weights.append(_STRAIGHT if one >= count else max(len(near), 0.1))
            for one, top in zip(column, _apart(column, wanted, weights, heights), strict=True):
                tops[one] = top
    least = min(tops, default=0.0)
    return [top - least for top in tops]


def _apart(
    column: Sequence[int], wanted: list[float], weights: list[float], heights: list[float]
) -> list[float]:
    """Give the places nearest to the wanted ones that keep order and distance."""
    offsets, offset = [], 0.0
    for one in column:
        offsets.append(offset)
        offset += heights[one] + _BETWEEN_BOXES
    # Pools of neighbours that stand as close as they may: mean of their wishes, weight, number.
    pools: list[tuple[float, float, int]] = []
    for wish, weight, before in zip(wanted, weights, offsets, strict=True):
        mean, total, number = wish - before, weight, 1
        while pools and pools[-1][0] >= mean:
            other, heavy, several = pools.pop()
            mean = (mean * total + other * heavy) / (total + heavy)
            total, number = total + heavy, number + several
        pools.append((mean, total, number))
    means = [mean for mean, _, number in pools for _ in range(number)]
    return [mean + before for mean, before in zip(means, offsets, strict=True)]


# -- widths and ways -------------------------------------------------------------------------------


def _lefts(
    chains: _Chains, order: list[list[int]], sizes: Sequence[Size]
) -> tuple[list[float], list[float]]:
    """Give left edge and width of every column; many arrows between two want more room."""
    crowd = [0] * len(order)
    for line in chains.lines:
        crowd[chains.columns[line.left]] += 1
    lefts, widths, left = [], [], 0.0
    for number, column in enumerate(order):
        width = max((sizes[one].width for one in column if one < len(sizes)), default=0.0)
        lefts.append(left)
        widths.append(width)
        left += width + _BETWEEN_COLUMNS + min(3.0 * crowd[number], 120.0)
    return lefts, widths


class _Ways:
    """Points that arrows pass; those that end at one side of a box share it evenly."""

    def __init__(
        self,
        chains: _Chains,
        sizes: Sequence[Size],
        boxes: list[Point],
        tops: list[float],
        lefts: list[float],
        widths: list[float],
    ) -> None:
        self._chains = chains
        self._sizes = sizes
        self._boxes = boxes
        self._tops = tops
        self._lefts = lefts
        self._widths = widths
        self._ends = self._find_ends()

    def way(self, arrow: Arrow) -> list[Point]:
        pair = (arrow.source, arrow.target)
        way = self._chains.ways[pair]
        columns = self._chains.columns
        right = columns[arrow.source] < columns[arrow.target]
        left, top = self._boxes[arrow.source]
        out = self._sizes[arrow.source].width if right else 0.0
        points = [(left + out, top + arrow.start)]
        for one in way[1:-1]:
            near, far = self._lefts[columns[one]], self._widths[columns[one]]
            height = self._tops[one] + _LANE / 2
            passed = [(near, height), (near + far, height)]
            points += passed if right else passed[::-1]
        left, top = self._boxes[arrow.target]
        inward = 0.0 if right else self._sizes[arrow.target].width
        points.append((left + inward, top + self._ends[pair]))
        return points

    def _find_ends(self) -> dict[tuple[int, int], float]:
        """Spread the arrow heads over the sides of boxes, in order of where they come from."""
        sides: dict[tuple[int, bool], list[tuple[float, tuple[int, int]]]] = {}
        columns = self._chains.columns
        for pair, way in self._chains.ways.items():
            source, target = pair
            side = (target, columns[source] < columns[target])
            sides.setdefault(side, []).append((self._tops[way[-2]], pair))
        ends = {}
        for (target, _), comers in sides.items():
            step = self._sizes[target].height / (len(comers) + 1)
            for number, (_, pair) in enumerate(sorted(comers), 1):
                ends[pair] = step * number
        return ends
