"""Where boxes and arrows of a drawing go: consumers on the left, what they need on the right.

Boxes get columns (layers) so that nearly all arrows point to the right; an arrow that passes a
column gets a place of its own in it, so that it passes between boxes and not through one. The
order within a column, with few crossings, is igraph's; heights are ours, as it knows no sizes.

Source: K. Sugiyama, S. Tagawa, M. Toda: Methods for visual understanding of hierarchical system
structures (1981); for heights the pool-adjacent-violators algorithm, which finds the places
nearest to the wanted ones in a given order.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[float, float]

_BETWEEN_BOXES = 14.0
_BETWEEN_COLUMNS = 56.0
_LANE = 7.0
_SWEEPS = 16
_STRAIGHT = 6.0
_TIGHTENING = 4


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

    def __init__(self, columns: list[int], pairs: Iterable[tuple[int, int]]) -> None:
        self.columns = list(columns)
        self.ways: dict[tuple[int, int], list[int]] = {}
        self.edges: list[tuple[int, int]] = []
        for source, target in pairs:
            left, right = source, target
            if self.columns[left] > self.columns[right]:
                left, right = right, left
            way = [left]
            for column in range(self.columns[left] + 1, self.columns[right]):
                way.append(len(self.columns))
                self.columns.append(column)
            way.append(right)
            self.edges += pairwise(way)
            self.ways[source, target] = way if left == source else way[::-1]


def lay_out(sizes: Sequence[Size], arrows: Sequence[Arrow]) -> Layout:
    """Find places for boxes of given sizes, and ways for arrows between different ones."""
    pairs = list(dict.fromkeys((one.source, one.target) for one in arrows))
    chains = _Chains(_columns(len(sizes), pairs), pairs)
    order = _order(chains)
    heights = [one.height for one in sizes] + [_LANE] * (len(chains.columns) - len(sizes))
    starts: dict[tuple[int, int], list[float]] = {}
    for one in arrows:
        starts.setdefault((one.source, one.target), []).append(one.start)
    tops = _tops(chains, order, heights, starts, len(sizes))
    lefts, widths = _lefts(chains, order, sizes)
    boxes = [(lefts[chains.columns[one]], tops[one]) for one in range(len(sizes))]
    whole = Size(
        max((lefts[-1] + widths[-1]), 0) if lefts else 0,
        max((tops[one] + heights[one] for one in range(len(heights))), default=0),
    )
    ways = _Ways(chains, sizes, boxes, tops, lefts, widths)
    return Layout(boxes, [ways.way(one) for one in arrows], whole)


# -- columns ---------------------------------------------------------------------------------------


def _columns(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Give each box a column, those of consumers before those of what they need.

    Arrows that close a cycle are turned round for this. Then boxes move to where their arrows are
    shorter: to their suppliers if they have more of these than of consumers, else to those.
    """
    import igraph

    graph = igraph.Graph(n=count, edges=pairs, directed=True)
    back = set(graph.feedback_arc_set())
    forward = [
        (target, source) if number in back else (source, target)
        for number, (source, target) in enumerate(pairs)
    ]
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for source, target in forward:
        after[source].append(target)
        before[target].append(source)
    sorted_ones = igraph.Graph(n=count, edges=forward, directed=True).topological_sorting()
    columns = [0] * count
    for one in sorted_ones:
        columns[one] = max((columns[other] + 1 for other in before[one]), default=0)
    for _ in range(_TIGHTENING):
        for one in reversed(sorted_ones):
            if len(after[one]) > len(before[one]):
                columns[one] = min(columns[other] for other in after[one]) - 1
        for one in sorted_ones:
            if before[one] and len(after[one]) <= len(before[one]):
                columns[one] = max(columns[other] for other in before[one]) + 1
    used = {column: number for number, column in enumerate(sorted(set(columns)))}
    return [used[column] for column in columns]


def _order(chains: _Chains) -> list[list[int]]:
    """Give what stands in each column, from top to bottom."""
    import igraph

    graph = igraph.Graph(n=len(chains.columns), edges=chains.edges, directed=True)
    places = graph.layout_sugiyama(layers=chains.columns, maxiter=200).coords
    columns: list[list[int]] = [[] for _ in range(max(chains.columns, default=-1) + 1)]
    for one in sorted(range(len(chains.columns)), key=lambda one: (places[one][0], one)):
        columns[chains.columns[one]].append(one)
    return columns


# -- heights ---------------------------------------------------------------------------------------


def _tops(
    chains: _Chains,
    order: list[list[int]],
    heights: list[float],
    starts: dict[tuple[int, int], list[float]],
    count: int,
) -> list[float]:
    """Find how high everything stands: near to what it is joined with, in order, apart."""
    joined: list[list[tuple[int, float, float]]] = [[] for _ in heights]
    for pair, way in chains.ways.items():
        own = sum(starts[pair]) / len(starts[pair])
        for at, (one, other) in enumerate(pairwise(way)):
            leaving = own if at == 0 else heights[one] / 2
            joined[one].append((other, heights[other] / 2 - leaving, 1.0))
            joined[other].append((one, leaving - heights[other] / 2, 1.0))
    tops = [0.0] * len(heights)
    for column in order:
        top = 0.0
        for one in column:
            tops[one] = top
            top += heights[one] + _BETWEEN_BOXES
    for sweep in range(_SWEEPS):
        for column in order if sweep % 2 == 0 else reversed(order):
            wanted, weights = [], []
            for one in column:
                near = joined[one]
                total = sum(weight for _, _, weight in near)
                wish = sum((tops[other] + shift) * weight for other, shift, weight in near)
                wanted.append(wish / total if total else tops[one])
                weights.append(_STRAIGHT if one >= count else max(total, 0.1))
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
    for one, _ in chains.edges:
        crowd[chains.columns[one]] += 1
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
