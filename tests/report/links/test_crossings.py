"""The order within columns: few lines cross, and never more than in the order given."""

from __future__ import annotations

import random
from itertools import combinations, permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from dtovl.report.links.crossings import Line, crossings, ordered
from dtovl.report.links.layered import Arrow, Size, lay_out

Order = list[list[int]]
Graph = tuple[list[int], list[Line]]


@st.composite
def graphs(draw: st.DrawFn, most: int = 20) -> Graph:
    columns = draw(st.lists(st.integers(0, 3), min_size=1, max_size=most))
    wanted = [
        (a, b) for a, b in product(range(len(columns)), repeat=2) if columns[a] + 1 == columns[b]
    ]
    some = draw(st.lists(st.sampled_from(wanted), max_size=30, unique=True)) if wanted else []
    ends = st.sampled_from([0.125, 0.5, 0.875])  # exact, so that their sums are, too
    return columns, [Line(a, b, draw(ends), draw(ends)) for a, b in some]


def as_given(columns: list[int]) -> Order:
    every = range(max(columns, default=-1) + 1)
    return [[one for one, at in enumerate(columns) if at == column] for column in every]


def counted(columns: list[int], order: Order, lines: list[Line]) -> int:
    place = {one: at for column in order for at, one in enumerate(column)}
    number = 0
    for a, b in combinations(lines, 2):
        if columns[a.left] == columns[b.left]:
            start = place[a.left] + a.out - place[b.left] - b.out
            end = place[a.right] + a.into - place[b.right] - b.into
            number += start * end < 0
    return number


@given(graphs())
@settings(deadline=None)
def test_crossings_are_counted(graph: Graph) -> None:
    columns, lines = graph
    order = as_given(columns)
    assert crossings(order, lines) == counted(columns, order, lines)


@given(graphs())
@settings(deadline=None)
def test_an_order_holds_everything_and_is_no_worse_than_the_one_given(graph: Graph) -> None:
    columns, lines = graph
    order = ordered(columns, lines)
    start = as_given(columns)
    assert [sorted(column) for column in order] == start
    assert crossings(order, lines) <= crossings(start, lines)
    assert order == ordered(columns, lines)


@given(graphs(most=7))
@settings(deadline=None, max_examples=60)
def test_small_drawings_come_near_the_best_order(graph: Graph) -> None:
    columns, lines = graph
    lines = [Line(one.left, one.right) for one in lines]
    every = product(*(map(list, permutations(column)) for column in as_given(columns)))
    best = min(crossings(list(order), lines) for order in every)
    assert crossings(ordered(columns, lines), lines) <= best + 1


def shuffled(columns: list[int], lines: list[Line], seed: int) -> Graph:
    names = list(range(len(columns)))
    random.Random(seed).shuffle(names)
    moved = [0] * len(columns)
    for one, name in enumerate(names):
        moved[name] = columns[one]
    return moved, [Line(names[a], names[b], out, into) for a, b, out, into in lines]


def test_a_tree_is_drawn_without_crossings() -> None:
    columns = [0] + [1] * 3 + [2] * 9 + [3] * 27
    lines = [Line((one - 1) // 3, one) for one in range(1, 40)]
    for seed in range(20):
        tree = shuffled(columns, lines, seed)
        assert crossings(as_given(tree[0]), tree[1]) > 100
        assert crossings(ordered(*tree), tree[1]) == 0


def woven(seed: int) -> Graph:
    """Make four columns of twelve, with up to fifteen lines from each to the next."""
    pick = random.Random(seed)
    pairs = {
        (pick.randrange(12) + 12 * gap, pick.randrange(12) + 12 * (gap + 1))
        for gap in range(3)
        for _ in range(15)
    }
    return [one // 12 for one in range(48)], [Line(a, b) for a, b in sorted(pairs)]


def test_most_crossings_go() -> None:
    """Sweeps or changes of places alone leave 400 and more, both of them 355 of 3,717."""
    graphs = [woven(seed) for seed in range(30)]
    assert sum(crossings(as_given(columns), lines) for columns, lines in graphs) == 3717
    assert sum(crossings(ordered(*one), one[1]) for one in graphs) < 370


def test_a_good_order_stays() -> None:
    for seed in range(10):
        columns, lines = woven(seed)
        order = ordered(columns, lines)
        place = {one: at for at, one in enumerate(one for column in order for one in column)}
        again = [Line(place[a], place[b], *ends) for a, b, *ends in lines]
        least = crossings(as_given(columns), again)
        assert least == crossings(order, lines)
        assert crossings(ordered(columns, again), again) <= least


def test_rows_of_a_box_tell_the_order_of_what_they_lead_to() -> None:
    rows = [Line(0, target, (5 - target) / 6) for target in range(1, 5)]
    assert ordered([0, 1, 1, 1, 1], rows) == [[0], [4, 3, 2, 1]]
    # The same from the right.
    rows = [Line(source, 4, 0.5, (4 - source) / 6) for source in range(4)]
    assert ordered([0, 0, 0, 0, 1], rows) == [[3, 2, 1, 0], [4]]


def test_neighbours_change_places_where_means_do_not_tell() -> None:
    # All four want the middle of the column before, yet orders differ in crossings.
    lines = [Line(1, 3), Line(0, 4), Line(2, 4)]
    assert crossings(ordered([0, 0, 0, 1, 1], lines), lines) == 0


BOX = Size(100.0, 60.0)


def test_boxes_stand_as_the_rows_that_lead_to_them() -> None:
    arrows = [Arrow(0, 1, 50.0), Arrow(0, 2, 30.0), Arrow(0, 3, 10.0)]
    tops = [top for _, top in lay_out([BOX] * 4, arrows).boxes]
    assert tops[1] > tops[2] > tops[3]


def test_boxes_stand_as_the_rows_that_lead_back_to_them() -> None:
    forward = [Arrow(a, b, 30.0) for a, b in ((0, 2), (1, 2), (0, 3), (1, 3), (3, 2))]
    for rows in ((10.0, 50.0), (50.0, 10.0)):
        arrows = [*forward, Arrow(2, 0, rows[0]), Arrow(2, 1, rows[1])]
        boxes = lay_out([BOX] * 4, arrows).boxes
        assert boxes[0][0] == boxes[1][0] < boxes[2][0]
        assert (boxes[0][1] < boxes[1][1]) == (rows[0] < rows[1])


def test_two_thousand_arrows() -> None:
    pick = random.Random(7)
    pairs = {(pick.randrange(500), pick.randrange(500)) for _ in range(2000)}
    sizes = [Size(100.0, 40.0)] * 500
    arrows = [Arrow(a, b, 20.0) for a, b in sorted(pairs) if a != b]
    assert lay_out(sizes, arrows) == lay_out(sizes, arrows)


def test_one_line_to_each_of_very_many() -> None:
    lines = [Line(0, one, one / 3001) for one in range(3000, 0, -1)]
    assert ordered([0] + [1] * 3000, lines)[1] == list(range(1, 3001))
