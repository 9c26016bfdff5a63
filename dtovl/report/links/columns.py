"""In which column of a drawing each box stands: left of what it needs, wherever that is possible.

Boxes that need each other in a circle cannot all have that: some arrows are turned round for the
search of columns, as few as a greedy rule finds.

Source: P. Eades, X. Lin, W. F. Smyth: A fast and effective heuristic for the feedback arc set
problem (1993), on each strongly connected part; columns by longest path.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from dtovl.links.cycles import components

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIGHTENING = 4


def columns_of(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Give each of count boxes a column, from 0 on without gaps.

    pairs are the different arrows, (consumer, supplier), none from a box to itself. Boxes move to
    where their arrows are short: to their suppliers if they have more of these than of consumers,
    else to those.
    """
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    turned = _turned(count, pairs)
    for number, pair in enumerate(pairs):
        source, target = pair[::-1] if number in turned else pair
        after[source].append(target)
        before[target].append(source)
    in_order = _sorted(after, before)
    columns = [0] * count
    for one in in_order:
        columns[one] = max((columns[other] + 1 for other in before[one]), default=0)
    for _ in range(_TIGHTENING):
        for one in reversed(in_order):
            if len(after[one]) > len(before[one]):
                columns[one] = min(columns[other] for other in after[one]) - 1
        for one in in_order:
            if before[one] and len(after[one]) <= len(before[one]):
                columns[one] = max(columns[other] for other in before[one]) + 1
    used = {column: number for number, column in enumerate(sorted(set(columns)))}
    return [used[column] for column in columns]


def _sorted(after: list[list[int]], before: list[list[int]]) -> list[int]:
    """List boxes, each behind all that stand before it; of several the one that came first."""
    waits = [len(near) for near in before]
    ready = [one for one, number in enumerate(waits) if not number]
    for one in ready:  # grows on the way
        for other in after[one]:
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    return ready


def _turned(count: int, pairs: Sequence[tuple[int, int]]) -> set[int]:
    """Choose arrows, by number, that leave no circle when they are turned round."""
    graph: dict[int, list[int]] = {one: [] for one in range(count)}
    for source, target in pairs:
        graph[source].append(target)
    place: dict[int, tuple[int, int]] = {}
    for part, members in enumerate(components(graph)):
        line = _line(sorted(members), graph)
        place.update((one, (part, at)) for at, one in enumerate(line))
    found = set()
    for number, (source, target) in enumerate(pairs):
        here, there = place.get(source), place.get(target)
        if here is not None and there is not None and here[0] == there[0] and here > there:
            found.add(number)
    return found


def _line(members: Sequence[int], graph: dict[int, list[int]]) -> list[int]:
    """Put the boxes of one part into a line, along which few arrows lead back.

    Those that need nothing of what is left go to its end, then those that nothing needs to its
    beginning; when there are none, the one that needs most in comparison with what needs it.
    """
    inside = set(members)
    after = {one: [other for other in graph[one] if other in inside] for one in members}
    before: dict[int, list[int]] = {one: [] for one in members}
    for one in members:
        for other in after[one]:
            before[other].append(one)
    outward = {one: len(after[one]) for one in members}
    inward = {one: len(before[one]) for one in members}
    most = 2 * len(members)

    def rank(one: int) -> int:
        if not outward[one]:
            return -most - 1
        return inward[one] - outward[one] if inward[one] else -most

    heap = [(rank(one), one) for one in members]
    heapify(heap)
    first: list[int] = []
    last: list[int] = []
    while heap:
        told, one = heappop(heap)
        if one not in inside or told != rank(one):
            continue  # it went, or stands elsewhere in the heap by now
        inside.discard(one)
        (last if not outward[one] else first).append(one)
        for near, degree in ((before[one], outward), (after[one], inward)):
            for other in near:
                if other in inside:
                    degree[other] -= 1
                    heappush(heap, (rank(other), other))
    return first + last[::-1]
