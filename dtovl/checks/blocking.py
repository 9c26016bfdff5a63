"""Which later overlays keep the kernel from removing an earlier one, and over what."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, SetProperty
from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

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
    an entry that adds a node is the new one, not its parent.
    Source: kernel node_overlaps_later_cs, find_node.
    """

    __slots__ = ("_below", "_stack", "_touched")

    def __init__(self, stack: Sequence[Sequence[Entry]]) -> None:
        self._stack = stack
        # Node -> overlay -> its first entry for the node; and its first for a node at or below it.
        self._touched: dict[Node, dict[int, Entry]] = {}
        self._below: dict[Node, dict[int, Entry]] = {}
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

    def blocked(self, number: int, asked: AbstractSet[int] = frozenset()) -> Blocked | None:
        """Tell what is in the way of removing an overlay, counted from 1; None: nothing.

        asked are overlays of which the caller wants to know whether they are in the way.

        Source: kernel overlay_removal_is_ok: the entries of the overlay in order, for each the
        later overlays, newest first.
        """
        met: dict[int, tuple[Entry, Entry]] = {}
        first: tuple[int, Entry, Entry] | None = None
        left = len(self._stack) - number
        for entry in _one_per_node(self._stack[number - 1]):
            if len(met) == left:
                break
            hits = self._later(entry.node, number)
            if hits and first is None:
                latest = max(hits)
                first = latest, entry, hits[latest]
            for later, other in hits.items():
                met.setdefault(later, (entry, other))
        if first is None:
            return None
        told = sorted(met, reverse=True)[:MOST_BLOCKERS]
        newest = [_blocker(later, *met[later]) for later in told]
        return Blocked(_blocker(*first), newest, len(met), frozenset(met.keys() & asked))

    def _later(self, node: Node, number: int) -> dict[int, Entry]:
        """Give the overlays after number with an entry above, at or below a node, and the entry."""
        hits: dict[int, Entry] = {}
        above: Node | None = node
        while above is not None:
            _add_later(hits, self._touched.get(above), number)
            above = above.parent
        _add_later(hits, self._below.get(node), number)
        return hits


def _add_later(hits: dict[int, Entry], found: dict[int, Entry] | None, number: int) -> None:
    # Entered by number, so the later ones are the last.
    for later in reversed(found) if found else ():
        if later <= number:
            break
        hits.setdefault(later, found[later])  # type: ignore[index]  # not None: it was gone through


def _one_per_node(entries: Iterable[Entry]) -> Iterator[Entry]:
    seen: set[Node] = set()
    for entry in entries:
        if entry.node not in seen:
            seen.add(entry.node)
            yield entry


def _blocker(number: int, own: Entry, other: Entry) -> Blocker:
    return Blocker(number, own.node.kernel_path, words(own), words(other))


def words(entry: Entry) -> str:
    """Say what an entry does."""
    path = entry.node.path
    if isinstance(entry, SetProperty):
        verb = "sets" if entry.new is not None else "removes"
        return f"{verb} {plain_name(entry.key)} of {path}"
    return f"adds {path}" if isinstance(entry, AttachNode) else f"detaches {path}"
