"""Where a value names nodes: offset of each phandle, the entry it begins, the node."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.links.board import NO_CONSUMERS
from dtovl.links.maprows import ID_MAPS, map_rows
from dtovl.model.entries import decode
from dtovl.model.node import plain_name
from dtovl.model.specifiers import References
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from dtovl.links.board import Board
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Binding


class Site(NamedTuple):
    """A phandle in a value: byte offset, index of its entry (row of a map), the node it names."""

    offset: int
    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    node: Node


class Sites:
    """Finds the phandles of values of one board; it must not outlive a change of the tree."""

    __slots__ = ("_board", "_references")

    def __init__(self, board: Board) -> None:
        self._board = board
        self._references = References(board.tree)

    def of(self, node: Node, key: str, value: bytes) -> list[Site]:
        """List what a property names, in order; nothing for phandles themselves.

        The table of suppliers counts, then what else is known to refer to nodes by its name.
        """
        name = plain_name(key)
        if name in PHANDLE_NAMES:
            return []
        if name == "gpios" and "gpio-hog" in node.properties:
            return []  # bare specifiers of the parent
        binding = self._board.bindings.find(name)
        if binding is not None:
            return self._listed(value, binding)
        if name in ID_MAPS:
            by_phandle = self._board.tree.by_phandle
            rows = enumerate(map_rows(name, value, by_phandle))
            return [
                Site(4 * row.place + 4, index, by_phandle[row.number])
                for index, row in rows
                if row.number in by_phandle
            ]
        found = self._references.sites(node, key, value)
        return [Site(offset, index, target) for index, (offset, target) in enumerate(found)]

    def _listed(self, value: bytes, binding: Binding) -> list[Site]:
        by_phandle = self._board.tree.by_phandle
        if binding.form == "one":
            value = value[:4]
        counted = binding.cells if binding.form == "args" else ""
        return [
            Site(4 * entry.place, entry.index, entry.node)
            for entry in decode(value, by_phandle, counted, binding.fallback)
            if entry.node is not None
        ]


def is_list_of_names(node: Node) -> bool:
    """Tell whether a node, or one above it, is bookkeeping of the root: labels, aliases, fixups."""
    below = node
    while below.parent is not None and below.parent.parent is not None:
        below = below.parent
    return below.parent is not None and below.name in NO_CONSUMERS
