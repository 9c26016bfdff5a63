"""Links between nodes: who names whom as supplier, until both are devices (fw_devlink).

A node names suppliers when a device is made of it or of a node above it. A supplier that is no
device and never will be is replaced by the bound device above it.
Source: kernel drivers/base/core.c (fwnode_link_*, fw_devlink_parse_fwnode), drivers/of/property.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.objects import Flag, Oops
from dtovl.live.suppliers import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtovl.live.devices import Device
    from dtovl.live.state import Live
    from dtovl.live.view import View
    from dtovl.model.node import Node


class NodeLink:
    """A link from a node to one that it names as supplier (kernel struct fwnode_link)."""

    __slots__ = ("consumer", "cycle", "ignored", "supplier")

    def __init__(self, consumer: Node, supplier: Node) -> None:
        self.consumer = consumer
        self.supplier = supplier
        self.cycle = False
        self.ignored = False


class NodeLinks:
    """All links between nodes of one tree; devices maps nodes to the devices that can be linked."""

    def __init__(self, live: Live, view: View, complain: Callable[[str], None]) -> None:
        self.live = live
        self.view = view
        self.devices: dict[Node, Device] = {}
        newer = live.dialect.late_device_links
        self._marks_attached = not newer
        self._reader = Reader(live.tree, view.get, complain, newer=newer)
        self._suppliers: dict[Node, dict[Node, NodeLink]] = {}
        self._consumers: dict[Node, dict[Node, NodeLink]] = {}
        self._read: set[Node] = set()
        self._hopeless: set[Node] = set()
        self._hopeful: set[Node] = set()
        self._left: list[Node] = []

    def expect(self, node: Node) -> None:
        """Note that a device is about to be made of a node. Source: kernel of_platform_notify."""
        if self._marks_attached:
            self._hopeless.discard(node)
            self._hopeful.add(node)

    def leave(self, node: Node) -> None:
        """Note that a node was detached; its links go with its memory."""
        self._hopeful.discard(node)
        if self.live.has_flag(node, Flag.DYNAMIC):
            self._left.append(node)
        elif self._marks_attached:
            self._hopeless.add(node)

    def _purge(self) -> None:
        """Drop the links of detached nodes that are freed now. Source: fwnode_links_purge."""
        left, self._left = self._left, []
        for node in left:
            if node not in self.live.freed:
                self._left.append(node)
                continue
            for link in [*self._suppliers.pop(node, {}).values()]:
                self._consumers[link.supplier].pop(node, None)
            for link in [*self._consumers.pop(node, {}).values()]:
                self._suppliers[link.consumer].pop(node, None)
            for table in (self._read, self._hopeless):
                table.discard(node)

    def is_hopeless(self, node: Node) -> bool:
        """Tell whether a node is taken never to become a device (FWNODE_FLAG_NOT_DEVICE).

        Nodes that are attached at run time are, until a device is about to be made of them.
        Source: kernel __of_attach_node (drivers/of/dynamic.c).
        """
        if node in self._hopeless:
            return True
        fresh = self._marks_attached and self.live.has_flag(node, Flag.DYNAMIC)
        return fresh and node not in self._hopeful

    def suppliers_of(self, node: Node) -> list[NodeLink]:
        """List the links to the suppliers of a node, newest first."""
        if self._left:
            self._purge()
        return [*reversed(self._suppliers.get(node, {}).values())]

    def consumers_of(self, node: Node) -> list[NodeLink]:
        """List the links to the consumers of a node, newest first."""
        if self._left:
            self._purge()
        return [*reversed(self._consumers.get(node, {}).values())]

    def link(self, consumer: Node, supplier: Node) -> NodeLink:
        """Link two nodes, or give the link there is. Source: kernel __fwnode_link_add."""
        found = self._consumers.get(supplier, {}).get(consumer)
        if found is None:
            found = NodeLink(consumer, supplier)
            self._consumers.setdefault(supplier, {})[consumer] = found
            self._suppliers.setdefault(consumer, {})[supplier] = found
        return found

    def unlink(self, link: NodeLink) -> None:
        """Drop a link."""
        self._suppliers[link.consumer].pop(link.supplier, None)
        self._consumers[link.supplier].pop(link.consumer, None)

    def read(self, node: Node) -> None:
        """Link a node to the suppliers that it names, once in its life.

        Source: kernel fw_devlink_parse_fwnode, of_link_to_phandle.
        """
        if node in self._read:
            return
        self._read.add(node)
        for named in self._reader.suppliers(node, self.view.names(node)):
            above: Node | None = named.supplier
            while above is not None and above not in self.devices and self.view.available(above):
                above = above.parent
            if above is None or above in self.devices:
                if named.consumer is None:
                    raise Oops("an endpoint of nobody is made to wait for another", node)
                link = self.link(named.consumer, named.supplier)
                link.ignored = link.ignored or named.ignored

    def available_tree(self, node: Node) -> Iterator[Node]:
        """Run over a node and all below it that is available, parents first."""
        stack = [node]
        while stack:
            one = stack.pop()
            yield one
            stack += self.children(one)[::-1]

    def children(self, node: Node) -> list[Node]:
        """List the available children of a node."""
        return [child for child in self.view.children(node) if self.view.available(child)]

    def pick_up(self, device: Device) -> None:
        """Make a bound device the supplier of those who wait for what is below and no device.

        Source: kernel __fw_devlink_pickup_dangling_consumers.
        """
        stack = self.children(device.node)[::-1]
        while stack:
            node = stack.pop()
            if node in self.devices:
                continue
            self._hopeless.add(node)
            self._hopeful.discard(node)
            for link in self.consumers_of(node):
                moved = self.link(link.consumer, device.node)
                moved.cycle = moved.cycle or link.cycle
                moved.ignored = moved.ignored or link.ignored
                self.unlink(link)
            stack += self.children(node)[::-1]

    def device_above(self, node: Node) -> Device | None:
        """Give the device of the next node above that has one."""
        above = node.parent
        while above is not None:
            device = self.devices.get(above)
            if device is not None:
                return device
            above = above.parent
        return None
