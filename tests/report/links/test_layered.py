"""Boxes and arrows find places: nothing overlaps, arrows begin and end where they should."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dtovl.report.links.layered import Arrow, Layout, Size, lay_out


@st.composite
def drawings(draw: st.DrawFn) -> tuple[list[Size], list[Arrow]]:
    count = draw(st.integers(1, 12))
    sizes = draw(
        st.lists(
            st.builds(Size, st.integers(20, 400).map(float), st.integers(20, 200).map(float)),
            min_size=count,
            max_size=count,
        )
    )
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    pairs = draw(st.lists(ends.filter(lambda one: one[0] != one[1]), max_size=30))
    return sizes, [Arrow(one, other, sizes[one].height / 2) for one, other in pairs]


def overlap(one: tuple[float, float], a: Size, other: tuple[float, float], b: Size) -> bool:
    return (
        one[0] < other[0] + b.width
        and other[0] < one[0] + a.width
        and one[1] < other[1] + b.height
        and other[1] < one[1] + a.height
    )


@given(drawings())
@settings(deadline=None)
def test_boxes_do_not_overlap_and_lie_within(drawing: tuple[list[Size], list[Arrow]]) -> None:
    sizes, arrows = drawing
    layout = lay_out(sizes, arrows)
    for at, (one, size) in enumerate(zip(layout.boxes, sizes, strict=True)):
        assert one[0] >= 0
        assert one[1] >= -1e-6
        assert one[0] + size.width <= layout.size.width + 1e-6
        assert one[1] + size.height <= layout.size.height + 1e-6
        for other, b in zip(layout.boxes[:at], sizes[:at], strict=True):
            assert not overlap(one, size, other, b)


@given(drawings())
@settings(deadline=None)
def test_arrows_join_their_boxes_and_pass_between_others(
    drawing: tuple[list[Size], list[Arrow]],
) -> None:
    sizes, arrows = drawing
    layout = lay_out(sizes, arrows)
    for arrow, points in zip(arrows, layout.arrows, strict=True):
        for box, (x, y) in ((arrow.source, points[0]), (arrow.target, points[-1])):
            left, top = layout.boxes[box]
            assert x in (left, left + sizes[box].width)
            assert top <= y <= top + sizes[box].height
        assert points[0][1] == layout.boxes[arrow.source][1] + arrow.start
        # Level stretches are those that pass a column: they must not cut a box.
        for (x, y), (to, level) in zip(points[1:-1:2], points[2:-1:2], strict=True):
            assert y == level
            for (left, top), size in zip(layout.boxes, sizes, strict=True):
                passes = min(x, to) < left + size.width and left < max(x, to)
                assert not (passes and top < y < top + size.height)


@given(drawings())
@settings(deadline=None, max_examples=20)
def test_the_same_again(drawing: tuple[list[Size], list[Arrow]]) -> None:
    assert lay_out(*drawing) == lay_out(*drawing)


BOX = Size(100.0, 40.0)


def columns(pairs: list[tuple[int, int]], count: int) -> list[float]:
    layout = lay_out([BOX] * count, [Arrow(a, b, 20.0) for a, b in pairs])
    lefts = sorted({left for left, _ in layout.boxes})
    return [lefts.index(left) for left, _ in layout.boxes]


def test_consumers_stand_left_of_what_they_need() -> None:
    assert columns([(0, 1), (1, 2), (0, 2)], 3) == [0, 1, 2]


def test_a_box_stands_near_what_it_is_joined_with() -> None:
    # 3 needs only the last of a chain, 4 is needed only by its first.
    assert columns([(0, 1), (1, 2), (3, 2), (0, 4)], 5) == [0, 1, 2, 1, 1]


def test_an_arrow_back_ends_on_the_other_side() -> None:
    layout = lay_out([BOX, BOX], [Arrow(0, 1, 20.0), Arrow(1, 0, 20.0)])
    for points in layout.arrows:
        assert abs(points[0][0] - points[-1][0]) < BOX.width + 100


def test_a_straight_chain_is_straight() -> None:
    layout = lay_out([BOX] * 3, [Arrow(0, 1, 20.0), Arrow(1, 2, 20.0)])
    assert len({round(top, 3) for _, top in layout.boxes}) == 1


def test_nothing_to_draw() -> None:
    assert lay_out([], []) == Layout([], [], Size(0, 0))
    assert lay_out([BOX], []) == Layout([(0.0, 0.0)], [], BOX)
