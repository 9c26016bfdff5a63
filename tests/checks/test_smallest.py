"""Delta debugging: the fewest parts that still fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from dtovl.checks.smallest import smallest_failing

if TYPE_CHECKING:
    from collections.abc import Sequence


@given(st.integers(1, 24), st.data())
def test_the_culprits_are_what_is_left(count: int, data: st.DataObject) -> None:
    culprits = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    asked: list[tuple[int, ...]] = []

    def fails(parts: Sequence[int]) -> bool:
        asked.append(tuple(parts))
        return culprits <= set(parts)

    assert smallest_failing(range(count), fails) == sorted(culprits)
    assert all(list(parts) == sorted(parts) for parts in asked)
    assert len(asked) <= count * count + 3 * count


@given(st.integers(1, 12), st.data())
def test_of_what_is_left_no_part_can_be_left_out(count: int, data: st.DataObject) -> None:
    groups = data.draw(st.lists(st.sets(st.integers(0, count - 1), min_size=1), min_size=1))

    def fails(parts: Sequence[int]) -> bool:
        return any(group <= set(parts) for group in groups)

    found = smallest_failing(range(count), lambda parts: fails(parts))
    if fails(range(count)):
        assert fails(found)
        assert not any(fails([*found[:at], *found[at + 1 :]]) for at in range(len(found)))
