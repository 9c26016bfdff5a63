"""Who refers to a node of a base: found once, so that overlays cost what they touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.board import NO_CONSUMERS
from dtovl.links.maprows import ID_MAPS, map_rows
from dtovl.model.cells import cell, cells
from dtovl.model.entries import decode
from dtovl.model.supplierbindings import BINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Binding, Bindings
    from dtovl.model.tree import Tree

_INTERRUPTED = ("interrupts", "interrupt-map")


def walk_consumers(tree: Tree) -> Iterator[Node]:
    """Run over the nodes whose properties may name suppliers, in tree order."""
    yield tree.root
    for top in tree.children_of(tree.root):
        if top.name not in NO_CONSUMERS:
            yield from tree.walk(top)


class Consumers:
    """The consumers of a plain base.

    by_number    phandle -> nodes that name it as a supplier, be it there or not
    by_cells     #...-cells property -> nodes of which a supplier lacks it
    interrupted  nodes with `interrupts` or `interrupt-map`, whose ways go over other nodes
    """

    __slots__ = ("bindings", "by_cells", "by_number", "interrupted")

    def __init__(self, tree: Tree, bindings: Bindings = BINDINGS) -> None:
        self.bindings = bindings
        self.by_number: dict[int, list[Node]] = {}
        self.by_cells: dict[str, list[Node]] = {}
        self.interrupted: list[Node] = []
        for node in walk_consumers(tree):
            properties = node.properties
            for name, value in properties.items():
                if name in _INTERRUPTED:
                    self.interrupted.append(node)
                elif value and (name in ID_MAPS or bindings.find(name) is not None):
                    self._read(tree, node, name, value)

    def _read(self, tree: Tree, node: Node, name: str, value: bytes) -> None:
        binding = self.bindings.find(name)
        for number in self._numbers(tree, node, name, value, binding):
            known = self.by_number.setdefault(number, [])
            if not known or known[-1] is not node:
                known.append(node)

    def _numbers(
        self, tree: Tree, node: Node, name: str, value: bytes, binding: Binding | None
    ) -> Iterable[int]:
        if binding is None:
            return [row.number for row in map_rows(name, value, tree.by_phandle)]
        if binding.form == "list":
            return cells(value)
        if binding.form == "one":
            return (cell(value),) if len(value) >= 4 else ()
        numbers = []
        for entry in decode(value, tree.by_phandle, binding.cells, binding.fallback):
            numbers.append(entry.number)
            if entry.problem == "uncounted":
                self.by_cells.setdefault(binding.cells, []).append(node)
        return numbers
