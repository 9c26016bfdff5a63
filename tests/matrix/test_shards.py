"""Dividing the work: nothing twice, nothing left out, loads alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worked import plain

from dtovl.errors import UsageError
from dtovl.matrix.shards import Lots, effort, read_shard, shard
from dtovl.matrix.tasks import Source, Task, Wanted

SIZES = st.lists(st.integers(0, 1_000_000), max_size=60)


@given(SIZES, st.integers(1, 9))
def test_every_task_is_in_one_shard_in_the_order_of_the_plan(sizes: list[int], n: int) -> None:
    tasks = plain(*(f"{number}.dtb" for number in range(len(sizes))))

    def size(path: str) -> int:
        return sizes[int(path.partition(".")[0])]

    shards = [shard(tasks, i, n, size) for i in range(1, n + 1)]
    assert shards == [shard(tasks, i, n, size) for i in range(1, n + 1)]
    assert sorted(tasks.index(task) for part in shards for task in part) == list(range(len(tasks)))
    for part in shards:
        assert part == sorted(part, key=tasks.index)
    loads = [sum(effort(task, size) for task in part) for part in shards]
    largest = max((effort(task, size) for task in tasks), default=0)
    assert max(loads) - min(loads) <= largest


def test_one_large_board_weighs_as_much_as_several_small_ones() -> None:
    tasks = plain("900.dtb", "500.dtb", "400.dtb", "100.dtb")

    def size(path: str) -> int:
        return 10_000 * int(path.partition(".")[0])

    assert [shard(tasks, i, 2, size) for i in (1, 2)] == [[tasks[0], tasks[3]], tasks[1:3]]


def test_cases_count_as_work_and_so_does_source() -> None:
    few, many = (Task(Source("a.dtb"), (), (Wanted((0,)),) * count) for count in (1, 50))
    assert effort(many, lambda _: 1000) > 10 * effort(few, lambda _: 1000)
    blob, source = plain("a.dtb", "a.dts")
    assert effort(source, lambda _: 10_000) > 10 * effort(blob, lambda _: 10_000)


@pytest.mark.parametrize(("text", "shard"), [("1/1", (1, 1)), ("2/5", (2, 5)), ("05/5", (5, 5))])
def test_a_shard_is_read(text: str, shard: tuple[int, int]) -> None:
    assert read_shard(text) == shard


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "/",
        "1/",
        "/2",
        "0/2",
        "3/2",
        "-1/2",
        "1/2/3",
        "a/b",
        "１/２",
        "1 / 2",
        "1/9" * 9,
        "1/100001",
    ],
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_shard(text)
    assert caught.value.diagnostic.code.number == "DT668"


@given(SIZES, st.integers(1, 8), st.integers(0, 5))
def test_lots_hand_out_everything_once_the_biggest_first(
    sizes: list[int], hands: int, back: int
) -> None:
    lots = Lots(sizes, range(len(sizes)), hands)
    out: list[int] = []
    while lots:
        lot = lots.take()
        assert lot
        kept, rest = (lot, []) if back == 0 else (lot[:back], lot[back:])
        lots.put_back(rest)
        out += kept
    assert out == sorted(range(len(sizes)), key=lambda index: (-sizes[index], index))
    assert lots.take() == []
