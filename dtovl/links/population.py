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
            yield from self._below(firmware, containers=False)
        yield from self._below(root, containers=False)

    def below(self, node: Node) -> Iterator[Node]:
        """Give the nodes that a driver which makes devices of its child nodes makes them of."""
        return self._below(node, containers=self._containers)

    def _below(self, top: Node, *, containers: bool) -> Iterator[Node]:
        children_of = self._board.tree.children_of
        stack = [iter(children_of(top))]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
            elif "compatible" not in child.properties:
                if containers:
                    stack.append(iter(children_of(child)))
            elif child not in self._devices and self.may_be_device(child):
                yield child
                if not _BUSES.isdisjoint(compatibles(child)):
                    stack.append(iter(children_of(child)))

    def may_be_device(self, node: Node) -> bool:
        """Tell whether a node with `compatible` can become a device at all."""
        return (
            node not in self._early
            and self._board.available(node)
            and _SKIPPED not in compatibles(node)
        )

    def left_out(self) -> Iterator[Node]:
        """Give the nodes that could be devices and are none, in tree order."""
        for node in self._board.tree.walk():
            if (
                "compatible" in node.properties
                and node.parent is not None
                and node not in self._devices
                and self.may_be_device(node)
            ):
                yield node
