"""Which later overlays keep the kernel from removing an earlier one, and over what."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, SetProperty
from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.changeset import Entry
    from dtovl.model.node import Node

MOST_BLOCKERS = 20
"""Most blockers of one overlay that are told one by one; thousands may export labels."""


class Blocker(NamedTuple):
    """A later overlay that is in the way: its number in the stack, and the two changes that meet.

    path is the node that the kernel names, as it prints it; own is what the overlay does that is to
    be removed, other what the later one does.
    """

    number: int
    path: str
    own: str
    other: str


class Blocked(NamedTuple):
    """The overlays in the way of one: the newest of them, newest first, and how many there are.

    first is the one that the kernel meets first, and names; guards are those in the way of which
    was asked whether they are.
    """

    first: Blocker
    newest: list[Blocker]
    in_all: int
    guards: frozenset[int]


class Overlaps:
    """The nodes that each overlay of a stack has entries for.

    Two overlays overlap where a node of one is a node of the other, or lies below one. The node of
    an entry that adds a node is the new one, not its parent. Sets of overlays are numbers, a bit
    for each: every one of thousands may overlap with every other, over thousands of nodes.
    Source: kernel node_overlaps_later_cs, find_node.
    """

    __slots__ = ("_above", "_below", "_stack", "_touched", "_under")

    def __init__(self, stack: Sequence[Sequence[Entry]]) -> None:
        self._stack = stack
        # Node -> overlay -> its first entry for the node; and its first for a node at or below it.
        self._touched: dict[Node, dict[int, Entry]] = {}
        self._below: dict[Node, dict[int, Entry]] = {}
        # Node -> the overlays with an entry for it or a node above it, or for it or a node below.
        self._above: dict[Node | None, int] = {None: 0}
        self._under: dict[Node, int] = {}
        for number, entries in enumerate(stack, 1):
            for entry in entries:
                self._enter(entry, number)

    def _enter(self, entry: Entry, number: int) -> None:
        touched = self._touched.setdefault(entry.node, {})
        if number in touched:
            return
        touched[number] = entry
        above: Node | None = entry.node
        while above is not None:
            below = self._below.setdefault(above, {})
            if number in below:
                break
            below[number] = entry
            above = above.parent

    def blocked(self, number: int, asked: Iterable[int] = ()) -> Blocked | None:
        """Tell what is in the way of removing an overlay, counted from 1; None: nothing.

        asked are overlays of which the caller wants to know whether they are in the way.
        Source: kernel overlay_removal_is_ok: the entries of the overlay in order, for each the
        later overlays, newest first.
        """
        later = -1 << number + 1
        entries = list(_one_per_node(self._stack[number - 1]))
        around = [self._around(entry.node) & later for entry in entries]
        met = reduce(or_, around, 0)
        if not met:
            return None
        place = next(place for place, some in enumerate(around) if some)
        latest = around[place].bit_length() - 1
        first = self._blocker(latest, entries[place])
        newest = []
        for one in _newest(met, MOST_BLOCKERS):
            place = next(place for place, some in enumerate(around) if some >> one & 1)
            newest.append(self._blocker(one, entries[place]))
        guards = frozenset(one for one in asked if met >> one & 1)
        return Blocked(first, newest, met.bit_count(), guards)

    def _around(self, node: Node) -> int:
        """Give the overlays with an entry at a node, above it or below it."""
        chain = []
        above: Node | None = node
        while above not in self._above:
            assert above is not None
            chain.append(above)
            above = above.parent
        found = self._above[above]
        for one in reversed(chain):
            found |= _bits(self._touched.get(one, ()))
            self._above[one] = found
        under = self._under.get(node)
        if under is None:
            under = self._under[node] = _bits(self._below[node])
        return found | under

    def _blocker(self, number: int, own: Entry) -> Blocker:
        """Tell of a later overlay that overlaps at an entry, with its entry nearest above."""
        above: Node | None = own.node
        while above is not None and number not in self._touched.get(above, ()):
            above = above.parent
        other = (self._below[own.node] if above is None else self._touched[above])[number]
        return Blocker(number, own.node.kernel_path, words(own), words(other))


def _bits(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def _newest(numbers: int, most: int) -> Iterator[int]:
    while numbers and most:
        newest = numbers.bit_length() - 1
        yield newest
        numbers ^= 1 << newest
        most -= 1


def _one_per_node(entries: Iterable[Entry]) -> Iterator[Entry]:
    seen: set[Node] = set()
    for entry in entries:
        if entry.node not in seen:
            seen.add(entry.node)
            yield entry


def words(entry: Entry) -> str:
    """Say what an entry does."""
    path = entry.node.path
    if isinstance(entry, SetProperty):
        verb = "sets" if entry.new is not None else "removes"
        return f"{verb} {plain_name(entry.key)} of {path}"
    return f"adds {path}" if isinstance(entry, AttachNode) else f"detaches {path}"
