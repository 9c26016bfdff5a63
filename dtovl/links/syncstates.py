"""Suppliers whose drivers want to know when all consumers are bound (sync_state).

Consumers name nodes, and who answers for a node is the nearest device at or above it: that changes
as devices are added. So consumers are counted per named device, and the counts handed down.
Source: kernel device_links_driver_bound, __device_links_queue_sync_state (drivers/base/core.c).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from dtovl.links.board import is_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.links.board import Board
    from dtovl.links.early import Early
    from dtovl.links.link import Link
    from dtovl.model.node import Node


def consumers_by_supplier(
    board: Board, links: Iterable[Link], early: Early
) -> dict[Node, list[Node]]:
    """Give the consumer devices of each supplier: nodes with `compatible`, added or not.

    Left out: links that the driver core does not make, and consumers that are set up early.
    """
    found: dict[Node, dict[Node, None]] = {}
    for link in links:
        if not link.mandatory or not link.usable or link.hidden or early.covers(link.supplier):
            continue
        consumer, supplier = board.ends(link)
        if consumer is None or supplier is None or consumer is supplier or consumer in early:
            continue
        if not is_below(supplier, consumer):
            found.setdefault(supplier, {})[consumer] = None
    return {supplier: list(consumers) for supplier, consumers in found.items()}


class SyncStates:
    """Counts, for every device, the consumers that are not bound yet."""

    def __init__(self, board: Board, consumers: dict[Node, list[Node]]) -> None:
        self._spans = _spans(board)
        self._groups = sorted(consumers, key=lambda node: self._spans[node])
        self._places = [self._spans[node][0] for node in self._groups]
        self._unbound = {node: dict.fromkeys(found) for node, found in consumers.items()}
        self._suppliers: dict[Node, list[Node]] = {}
        for supplier, found in consumers.items():
            for consumer in found:
                self._suppliers.setdefault(consumer, []).append(supplier)
        self._owners: dict[Node, Node] = {}
        self._left: dict[Node, int] = {}
        self._bound = 0
        self._waiting: dict[Node, int] = {}
        self._ready: list[Node] = []

    def added(self, device: Node, above: Node | None) -> int:
        """Note that a device was added; above is the nearest device above it.

        It answers from now on for suppliers at or below it. Gives how many nodes were looked at.
        """
        groups = self._at_or_below(device)
        moved = 0
        for supplier in groups:
            if self._owners.get(supplier) is above:
                self._owners[supplier] = device
                moved += len(self._unbound[supplier])
        self._left[device] = moved
        if above is not None and moved:
            self._lower(above, moved)
        return len(groups)

    def bound(self, device: Node, *, wants: bool) -> None:
        """Note that a device is bound; wants: its driver has to know of its consumers."""
        self._bound += 1
        if wants:
            self._waiting[device] = self._bound
            if not self._left[device]:
                self._ready.append(device)
        for supplier in self._suppliers.get(device, ()):
            del self._unbound[supplier][device]
            owner = self._owners.get(supplier)
            if owner is not None:
                self._lower(owner, 1)

    def _lower(self, device: Node, count: int) -> None:
        self._left[device] -= count
        if not self._left[device] and device in self._waiting:
            self._ready.append(device)

    def take(self) -> list[Node]:
        """Give the bound devices that no consumer holds back any more, in order of binding."""
        ready = sorted(self._ready, key=self._waiting.__getitem__)
        self._ready.clear()
        for device in ready:
            del self._waiting[device]
        return ready

    def held_back(self) -> Iterator[tuple[Node, list[Node]]]:
        """Give the bound devices that consumers hold back, and these, sorted by path."""
        for device in self._waiting:
            consumers = {
                consumer
                for supplier in self._at_or_below(device)
                if self._owners.get(supplier) is device
                for consumer in self._unbound[supplier]
            }
            if consumers:
                yield device, sorted(consumers, key=lambda node: node.path)

    def _at_or_below(self, device: Node) -> list[Node]:
        first, last = self._spans[device]
        start = bisect_left(self._places, first)
        return self._groups[start : bisect_right(self._places, last, start)]


def _spans(board: Board) -> dict[Node, tuple[int, int]]:
    """Number the nodes in tree order; give of each its own number and the last one below it."""
    order = list(board.tree.walk())
    last = {node: number for number, node in enumerate(order)}
    spans = {}
    for number in range(len(order) - 1, -1, -1):
        node = order[number]
        spans[node] = number, last[node]
        if node.parent is not None:
            last[node.parent] = max(last[node.parent], last[node])
    return spans
