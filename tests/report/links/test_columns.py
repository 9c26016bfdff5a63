"""Columns of a drawing: consumers stand left of suppliers, but where they need each other."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dtovl.report.links.columns import columns_of

Pairs = list[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Pairs]:
    count = draw(st.integers(1, 12))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    wanted = ends.filter(lambda one: one[0] != one[1])
    return count, draw(st.lists(wanted, max_size=30, unique=True)) if count > 1 else []


def reaches(pairs: Pairs, start: int, end: int) -> bool:
    seen, stack = {start}, [start]
    while stack:
        one = stack.pop()
        more = {b for a, b in pairs if a == one} - seen
        seen |= more
        stack += more
    return end in seen


def back(columns: list[int], pairs: Pairs) -> Pairs:
    return [(a, b) for a, b in pairs if columns[a] > columns[b]]


@given(graphs())
@settings(deadline=None)
def test_only_what_needs_itself_in_a_circle_points_back(graph: tuple[int, Pairs]) -> None:
    count, pairs = graph
    columns = columns_of(count, pairs)
    assert len(columns) == count
    assert sorted(set(columns)) == list(range(max(columns) + 1))
    assert all(columns[a] != columns[b] for a, b in pairs)
    assert all(reaches(pairs, b, a) for a, b in back(columns, pairs))
    assert columns == columns_of(count, pairs)


@given(graphs())
@settings(deadline=None)
def test_fewer_than_half_point_back(graph: tuple[int, Pairs]) -> None:
    count, pairs = graph
    single = [(a, b) for a, b in pairs if (b, a) not in pairs]
    assert len(back(columns_of(count, single), single)) <= len(single) / 2


def test_a_ring_has_one_arrow_back() -> None:
    for size in (2, 3, 1500):
        ring = [(one, (one + 1) % size) for one in range(size)]
        random.Random(size).shuffle(ring)
        assert len(back(columns_of(size, ring), ring)) == 1


def test_one_arrow_that_closes_many_circles_is_turned() -> None:
    pairs = [(0, 1), (1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5), (5, 0)]
    assert back(columns_of(6, pairs), pairs) in ([(5, 0)], [(0, 1)])


def test_arrows_between_circles_are_not_turned() -> None:
    circles = [(0, 1), (1, 0), (2, 3), (3, 2)]
    for bridge in ((0, 2), (2, 0), (1, 3), (3, 0)):
        for pairs in ([bridge, *circles], [*circles[::-1], bridge]):
            found = back(columns_of(4, pairs), pairs)
            assert len(found) == 2
            assert bridge not in found


def test_a_long_chain() -> None:
    chain = [(one + 1, one) for one in range(5000)]
    assert columns_of(5001, chain) == list(range(5000, -1, -1))
