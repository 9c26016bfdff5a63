"""Which nodes become devices, and in which order they are added.

Source: kernel of_platform_default_populate_init, of_platform_bus_create (drivers/of/platform.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.board import compatibles

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from dtovl.links.board import Board
    from dtovl.links.early import Early
    from dtovl.model.node import Node

_BUSES = frozenset({"simple-bus", "simple-mfd", "isa", "arm,amba-bus"})

_SKIPPED = "operating-points-v2"


def is_bus(node: Node) -> bool:
    """Tell whether the kernel makes devices of the children of a node by itself."""
    return not _BUSES.isdisjoint(compatibles(node))


class Population:
    """Finds the nodes that become devices next; devices has those that are already.

    containers: a driver that makes devices of its child nodes looks into children without
    `compatible` as well.
    """

    __slots__ = ("_board", "_containers", "_devices", "_early")

    def __init__(
        self, board: Board, early: Early, devices: Container[Node], *, containers: bool
    ) -> None:
        self._board = board
        self._early = early
        self._devices = devices
        self._containers = containers

    def at_boot(self) -> Iterator[Node]:
        """Give the nodes that the kernel makes devices of by itself, each before those below it.

        The next one is looked for when the one before has been added.
        """
        root = self._board.tree.root
        firmware = root.children.get("firmware")
        if firmware is not None:
            for child in self._board.tree.children_of(firmware):
                if self._goes_on_a_bus(child):
                    yield child
        yield from self._on_bus(root)

    def below(self, node: Node) -> Iterator[Node]:
        """Give the nodes that a driver which makes devices of its child nodes makes them of."""
        for child in self._children(node):
            if self._is_new(child):
                yield child
                if is_bus(child):
                    yield from self._on_bus(child)

    def _children(self, node: Node) -> Iterator[Node]:
        """Give the children with `compatible`, and those in containers where they count."""
        children_of = self._board.tree.children_of
        stack = [iter(children_of(node))]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
            elif "compatible" in child.properties:
                yield child
            elif self._containers:
                stack.append(iter(children_of(child)))

    def _on_bus(self, bus: Node) -> Iterator[Node]:
        """Give the nodes below a bus, and below each bus in turn."""
        children_of = self._board.tree.children_of
        stack = [iter(children_of(bus))]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
            elif self._goes_on_a_bus(child):
                yield child
                if is_bus(child):
                    stack.append(iter(children_of(child)))

    def _goes_on_a_bus(self, node: Node) -> bool:
        return "compatible" in node.properties and self._is_new(node) and not _is_table(node)

    def _is_new(self, node: Node) -> bool:
        return node not in self._devices and node not in self._early and self._board.available(node)

    def left_out(self) -> Iterator[Node]:
        """Give the nodes that could be devices and are none, in tree order."""
        for node in self._board.tree.walk():
            if node.parent is not None and self._goes_on_a_bus(node):
                yield node


def _is_table(node: Node) -> bool:
    """Tell whether a node is a table of operating points, of which no bus makes a device."""
    return _SKIPPED in compatibles(node)
