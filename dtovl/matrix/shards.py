"""How the work is divided: among the jobs of a CI, and in lots among processes.

Effort stands for time, in bytes of a blob that are read in it. It decides who does what, and when;
what comes out depends on it in no way.
"""

from __future__ import annotations

from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

from dtovl.codes.engine import BAD_SHARD
from dtovl.diagnostics import Diagnostic
from dtovl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dtovl.matrix.tasks import Task

MAX_SHARDS = 100_000
"""Most parts of a run."""

_CASE = 10_000  # to apply, look and revert takes as long as to read this much of a blob
_SOURCE = 40  # a byte of source takes as long as this much of a blob
_INCLUDED = 1_000_000  # and what a source includes, be it ever so short itself, as long as this
_BLOBS = (".dtb", ".dtbo")

_LEAST_LOT = 250_000  # some 5 ms: below that, sending a lot would be felt
_LARGEST_LOT = 64
_MOST_LOT = 40_000_000  # some seconds: what is sent in one go, and lost with a machine, is bounded
_LOTS_EACH = 4  # so many lots would be left for every process, were they all like the next one


def effort(task: Task, size: Callable[[str], int]) -> int:
    """Estimate the work on a base; size gives the bytes of a file, 0 where nobody knows."""
    applying = _CASE * (1 + sum(len(wanted.overlays) for wanted in task.cases))
    return reading(task.base.path, size) + applying


def reading(path: str, size: Callable[[str], int]) -> int:
    """Estimate the work of reading a file; size is as for effort."""
    return size(path) if path.endswith(_BLOBS) else _INCLUDED + size(path) * _SOURCE


def read_shard(text: str) -> tuple[int, int]:
    """Read `2/5`, the second of five shards.

    Raises UsageError (DT668).
    """
    first, slash, second = text.partition("/")
    numbers = first.isascii() and first.isdigit() and second.isascii() and second.isdigit()
    # A number of very many digits takes its time to be read.
    if slash and numbers and max(len(first), len(second)) < 10:
        number, count = int(first), int(second)
        if 1 <= number <= count <= MAX_SHARDS:
            return number, count
    raise UsageError(Diagnostic(BAD_SHARD, shard=repr(text)))


def shard(tasks: Sequence[Task], i: int, n: int, size: Callable[[str], int]) -> list[Task]:
    """Give the tasks of the i-th of n shards, counted from 1, in the order of the plan.

    Every task is in exactly one shard, and the same one wherever the files have the same sizes.
    The biggest come first, each into the shard that has the least so far.
    """
    efforts = [effort(task, size) for task in tasks]
    shards = [(0, number) for number in range(1, n + 1)]
    heapify(shards)
    chosen = []
    for index in _biggest_first(efforts):
        load, number = shards[0]
        heapreplace(shards, (load + efforts[index], number))
        if number == i:
            chosen.append(index)
    return [tasks[index] for index in sorted(chosen)]


class Lots:
    """Hands out tasks, by index, in lots: the biggest first, and ever less at a time.

    So the processes are done at about the same moment, and each lot is worth being sent.
    """

    __slots__ = ("_efforts", "_hands", "_left", "_waiting")

    def __init__(self, efforts: Sequence[int], indices: Iterable[int], hands: int) -> None:
        self._efforts = efforts
        self._hands = hands
        self._waiting = sorted(indices, key=lambda index: (efforts[index], -index))
        self._left = sum(efforts[index] for index in self._waiting)

    def __bool__(self) -> bool:
        """Tell whether any are left."""
        return bool(self._waiting)

    def take(self) -> list[int]:
        """Give the next lot, empty when all are handed out."""
        share = self._left // (self._hands * _LOTS_EACH)
        enough = min(max(_LEAST_LOT, share), _MOST_LOT)
        # None of them sits idle while there is a task for it, be it ever so small.
        most = min(_LARGEST_LOT, -(-len(self._waiting) // self._hands))
        lot: list[int] = []
        taken = 0
        while taken < enough and len(lot) < most:
            index = self._waiting.pop()
            lot.append(index)
            taken += self._efforts[index]
        self._left -= taken
        return lot

    def put_back(self, lot: Sequence[int]) -> None:
        """Take back what nobody has worked on."""
        self._waiting.extend(reversed(lot))
        self._left += sum(self._efforts[index] for index in lot)


def _biggest_first(efforts: Sequence[int]) -> list[int]:
    return sorted(range(len(efforts)), key=lambda index: (-efforts[index], index))
