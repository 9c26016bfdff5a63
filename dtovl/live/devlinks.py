"""Links between devices, made of what nodes name as suppliers (fw_devlink).

A node names suppliers when a device is made of it or of a node above it: links between nodes come
first, and turn into links between devices once both ends are devices. A device waits for links
of the first kind altogether, and for those of the second until the supplier is bound. A supplier
that is no device and never will be is replaced by the bound device above it. Links that close a
cycle hold nobody up.
Source: kernel drivers/base/core.c (fw_devlink_*, fwnode_link_*, device_links_*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.devices import Device, DeviceLink, LinkState, Stage, depends_on
from dtovl.live.objects import Flag
from dtovl.live.suppliers import is_available

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtovl.live.state import Live
    from dtovl.live.suppliers import Named
    from dtovl.model.node import Node

_WAITS = frozenset({LinkState.PROBING, LinkState.ACTIVE})


class NodeLink:
    """A link from a node to one that it names as supplier (kernel struct fwnode_link)."""

    __slots__ = ("consumer", "cycle", "ignored", "supplier")

    def __init__(self, consumer: Node, supplier: Node) -> None:
        self.consumer = consumer
        self.supplier = supplier
        self.cycle = False
        self.ignored = False


class DeviceLinks:
    """All links of one platform bus.

    name_suppliers reads the suppliers that a node names; children gives the children of a node;
    log takes kernel lines. devices maps nodes to the devices that can be linked; stdout is the
    node of the console, which waits for nobody.
    """

    def __init__(
        self,
        live: Live,
        name_suppliers: Callable[[Node], Iterator[Named]],
        children: Callable[[Node], Iterator[Node]],
        log: Callable[[int, str], None],
    ) -> None:
        self.live = live
        self.strict = live.dialect.status_needs_end
        self.marks_attached = not live.dialect.late_device_links
        self.name_suppliers = name_suppliers
        self.children = children
        self.log = log
        self.devices: dict[Node, Device] = {}
        self.stdout: Node | None = None
        self._suppliers: dict[Node, dict[Node, NodeLink]] = {}
        self._consumers: dict[Node, dict[Node, NodeLink]] = {}
        self._read: set[Node] = set()
        self._hopeless: set[Node] = set()
        self._hopeful: set[Node] = set()

    # -- links between nodes -------------------------------------------------------------------

    def expect(self, node: Node) -> None:
        """Note that a device is about to be made of a node. Source: kernel of_platform_notify."""
        if self.marks_attached:
            self._hopeless.discard(node)
            self._hopeful.add(node)

    def forget(self, node: Node) -> None:
        """Note that a node has gone, or may come back without a device."""
        self._hopeful.discard(node)
        if self.live.has_flag(node, Flag.DYNAMIC):
            for link in [*self._suppliers.get(node, {}).values()]:
                self._unlink(link)
            for link in [*self._consumers.get(node, {}).values()]:
                self._unlink(link)
            self._read.discard(node)
            self._hopeless.discard(node)
        elif self.marks_attached:
            self._hopeless.add(node)

    def _is_hopeless(self, node: Node) -> bool:
        """Tell whether a node is taken never to become a device (FWNODE_FLAG_NOT_DEVICE).

        Nodes that are attached at run time are, until somebody is about to make a device of them.
        Source: kernel __of_attach_node (drivers/of/dynamic.c).
        """
        if node in self._hopeless:
            return True
        fresh = self.marks_attached and self.live.has_flag(node, Flag.DYNAMIC)
        return fresh and node not in self._hopeful

    def _available_below(self, node: Node) -> Iterator[Node]:
        """Run over the available nodes below a node whose parents are available, parents first."""
        get = self.live.property_at
        stack = [node]
        while stack:
            one = stack.pop()
            if one is not node:
                yield one
            below = [
                child
                for child in self.children(one)
                if is_available(get, child, strict=self.strict)
            ]
            stack.extend(reversed(below))

    def _link(self, consumer: Node, supplier: Node) -> NodeLink:
        """Link two nodes, or give the link there is. Source: kernel __fwnode_link_add."""
        found = self._consumers.get(supplier, {}).get(consumer)
        if found is None:
            found = NodeLink(consumer, supplier)
            self._consumers.setdefault(supplier, {})[consumer] = found
            self._suppliers.setdefault(consumer, {})[supplier] = found
        return found

    def _unlink(self, link: NodeLink) -> None:
        for table, one, other in (
            (self._suppliers, link.consumer, link.supplier),
            (self._consumers, link.supplier, link.consumer),
        ):
            ends = table.get(one)
            if ends is not None:
                ends.pop(other, None)
                if not ends:
                    del table[one]
