"""Which node a phandle finds, where several attached nodes have the same one.

The kernel asks its cache before it walks the tree. A node of boot counts as cached; one that came
at run time is cached once an operation has looked its phandle up, and while it is attached. Else
the first in tree order is found, where children added at run time stand before their older
siblings, the newest first. A node whose delete waits for its add (policy preserve) is found only
when no other node has the phandle. (Two phandles that share a slot of the cache are not modelled.)
Source: kernel of_find_node_by_phandle, __of_attach_node.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.model.node import Node

    Key = tuple[int, ...]
    Ranked = tuple[Key, int, Node]


class Shelf:
    """Nodes by phandle; of several with one number the first by key comes first.

    Nodes are dropped from the heaps only when they come to the top: dropping costs nothing.
    """

    __slots__ = ("_filed", "_heaps", "_key", "_only", "_serial", "members")

    def __init__(self, key: Callable[[Node], Key]) -> None:
        self._key = key
        self.members: set[Node] = set()
        self._only: dict[int, Node] = {}
        self._heaps: dict[int, list[Ranked]] = {}
        self._filed: set[Node] = set()
        self._serial = 0

    def add(self, node: Node) -> None:
        """Put a node with a phandle on the shelf."""
        number = node.phandle
        self.members.add(node)
        heap = self._heaps.get(number)
        if heap is None:
            first = self._only.setdefault(number, node)
            if first is node:
                return
            del self._only[number]
            heap = self._heaps[number] = [self._ranked(first)]
        if node not in self._filed:
            heappush(heap, self._ranked(node))

    def discard(self, node: Node) -> None:
        """Take a node off the shelf, if it is there."""
        if node in self.members:
            self.members.discard(node)
            if self._only.get(node.phandle) is node:
                del self._only[node.phandle]

    def first(self, number: int) -> Node | None:
        """Give the first node of a number."""
        found = self._only.get(number)
        if found is not None:
            return found
        heap = self._heaps.get(number)
        while heap:
            node = heap[0][2]
            if node in self.members:
                return node
            heappop(heap)
            self._filed.discard(node)
        return None

    def _ranked(self, node: Node) -> Ranked:
        self._filed.add(node)
        self._serial += 1
        return self._key(node), self._serial, node


class Phandles:
    """The attached nodes by phandle: those that are there, and those whose delete is pending."""

    __slots__ = ("_cached", "pending", "present")

    def __init__(self, key: Callable[[Node], Key]) -> None:
        self.present = Shelf(key)
        self.pending = Shelf(key)
        self._cached: dict[int, Node] = {}

    def enter(self, node: Node) -> None:
        """Take up a node that is attached now; one without a phandle is found by none."""
        if node.phandle:
            self.present.add(node)

    def leave(self, node: Node) -> None:
        """Forget a node that left the tree."""
        self.present.discard(node)
        self.pending.discard(node)

    def suspend(self, node: Node) -> None:
        """Note that the delete of a node is pending."""
        if node.phandle:
            self.present.discard(node)
            self.pending.add(node)

    def resume(self, node: Node) -> None:
        """Note that a pending delete was lifted."""
        if node.phandle:
            self.pending.discard(node)
            self.present.add(node)

    def renumber(self, node: Node, number: int) -> None:
        """Give a node that had no phandle one; it must not be pending."""
        node.phandle = number
        self.enter(node)

    def look_up(self, number: int) -> Node | None:
        """Find the node of a number as an operation does: what is found is cached from now on."""
        found = self.here(number)
        if found is None:
            return self.pending.first(number)
        self._cached[number] = found
        return found

    def here(self, number: int) -> Node | None:
        """Find an attached node of a number that is not pending; nothing is cached by this."""
        cached = self._cached.get(number)
        if cached is not None and cached in self.present.members:
            return cached
        return self.present.first(number)

    def attached(self, number: int) -> bool:
        """Tell whether a number finds any node of the tree."""
        return self.present.first(number) is not None or self.pending.first(number) is not None
