"""Entries of lists of phandles with arguments: the one decoder.

Source: kernel of_phandle_iterator_next (drivers/of/base.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.model.cells import cell, cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dtovl.model.node import Node

Problem = Literal["", "hole", "unknown", "uncounted", "short"]

MOST_ARGUMENTS = 16
"""Most arguments of one phandle (kernel MAX_PHANDLE_ARGS)."""

UNRESOLVED = 0xFFFFFFFF
"""What dtc writes for a phandle that is not known yet; no node can have it."""


class Entry(NamedTuple):
    """One entry of a list.

    index    its place among the entries, holes counted
    place    its first cell, counted in cells
    number   the phandle, 0 for a hole
    node     whose phandle it is
    problem  hole; unknown: no node has the phandle; uncounted: the node does not say how many
             arguments it wants; short: the value ends before. "": none
    values   the arguments; when short, those there are
    wanted   how many arguments the node wants
    """

    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    place: int
    number: int
    node: Node | None
    problem: Problem = ""
    values: tuple[int, ...] = ()
    wanted: int = 0


def read_count(node: Node, name: str) -> int | None:
    """Read the first cell of a property; None without one."""
    value = node.properties.get(name)
    return cell(value) if value is not None and len(value) >= 4 else None


def decode(
    value: bytes,
    by_phandle: Mapping[int, Node],
    cells_name: str,
    fallback: int | None = None,
    count: Callable[[Node, str], int | None] = read_count,
) -> Iterator[Entry]:
    """Decode a list of phandles, each with as many arguments as cells_name of its node says.

    With cells_name "" there are no arguments, and an unknown phandle is passed over; else it ends
    the list, as every other problem but a hole does: such an entry is the last. fallback is the
    count of a node without cells_name. Up to 3 bytes at the end that make no cell are dropped.
    """
    numbers = cells(value)
    place, index, end = 0, 0, len(numbers)
    while place < end:
        number = numbers[place]
        node = by_phandle.get(number) if number else None
        first, place = place, place + 1
        if not number:
            yield Entry(index, first, 0, None, "hole")
        elif not cells_name:
            yield Entry(index, first, number, node, "" if node is not None else "unknown")
        elif node is None:
            yield Entry(index, first, number, None, "unknown")
            return
        else:
            wanted = count(node, cells_name)
            if wanted is None:
                wanted = fallback
            if wanted is None:
                yield Entry(index, first, number, node, "uncounted")
                return
            last = place + wanted
            if last > end:
                yield Entry(index, first, number, node, "short", numbers[place:], wanted)
                return
            yield Entry(index, first, number, node, "", numbers[place:last], wanted)
            place = last
        index += 1
