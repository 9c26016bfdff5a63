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
from dtovl.live.suppliers import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtovl.live.state import Live
    from dtovl.live.view import View
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

    devices maps nodes to the devices that can be linked; stdout is the node of the console, which
    waits for nobody; wake is told of consumers whose supplier has come; log takes kernel lines.
    """

    def __init__(
        self,
        live: Live,
        view: View,
        wake: Callable[[Device], None],
        log: Callable[[int, str], None],
    ) -> None:
        self.live = live
        self.view = view
        self.wake = wake
        self.log = log
        self.devices: dict[Node, Device] = {}
        self.stdout: Node | None = None
        newer = live.dialect.late_device_links
        self._marks_attached = not newer
        self._reader = Reader(live.tree, view.get, lambda text: log(3, text), newer=newer)
        self._suppliers: dict[Node, dict[Node, NodeLink]] = {}
        self._consumers: dict[Node, dict[Node, NodeLink]] = {}
        self._read: set[Node] = set()
        self._hopeless: set[Node] = set()
        self._hopeful: set[Node] = set()
        self._left: list[Node] = []

    # -- links between nodes -------------------------------------------------------------------

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

    def _is_hopeless(self, node: Node) -> bool:
        """Tell whether a node is taken never to become a device (FWNODE_FLAG_NOT_DEVICE).

        Nodes that are attached at run time are, until a device is about to be made of them.
        Source: kernel __of_attach_node (drivers/of/dynamic.c).
        """
        if node in self._hopeless:
            return True
        fresh = self._marks_attached and self.live.has_flag(node, Flag.DYNAMIC)
        return fresh and node not in self._hopeful

    def _suppliers_of(self, node: Node) -> list[NodeLink]:
        """List the links to the suppliers of a node, newest first."""
        if self._left:
            self._purge()
        return [*reversed(self._suppliers.get(node, {}).values())]

    def _consumers_of(self, node: Node) -> list[NodeLink]:
        """List the links to the consumers of a node, newest first."""
        if self._left:
            self._purge()
        return [*reversed(self._consumers.get(node, {}).values())]

    def _link(self, consumer: Node, supplier: Node) -> NodeLink:
        """Link two nodes, or give the link there is. Source: kernel __fwnode_link_add."""
        found = self._consumers.get(supplier, {}).get(consumer)
        if found is None:
            found = NodeLink(consumer, supplier)
            self._consumers.setdefault(supplier, {})[consumer] = found
            self._suppliers.setdefault(consumer, {})[supplier] = found
        return found

    def _unlink(self, link: NodeLink) -> None:
        self._suppliers[link.consumer].pop(link.supplier, None)
        self._consumers[link.supplier].pop(link.consumer, None)

    def _read_suppliers(self, node: Node) -> None:
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
                link = self._link(named.consumer, named.supplier)
                link.ignored = link.ignored or named.ignored

    def _available_tree(self, node: Node) -> Iterator[Node]:
        """Run over a node and all below it that is available, parents first."""
        stack = [node]
        while stack:
            one = stack.pop()
            yield one
            stack += self._children(one)[::-1]

    def _children(self, node: Node) -> list[Node]:
        return [child for child in self.view.children(node) if self.view.available(child)]

    def _pick_up(self, device: Device) -> None:
        """Make a bound device the supplier of those who wait for what is below and no device.

        Source: kernel __fw_devlink_pickup_dangling_consumers.
        """
        stack = self._children(device.node)[::-1]
        while stack:
            node = stack.pop()
            if node in self.devices:
                continue
            self._hopeless.add(node)
            self._hopeful.discard(node)
            for link in self._consumers_of(node):
                moved = self._link(link.consumer, device.node)
                moved.cycle = moved.cycle or link.cycle
                moved.ignored = moved.ignored or link.ignored
                self._unlink(link)
            stack += self._children(node)[::-1]

    def _device_above(self, node: Node) -> Device | None:
        above = node.parent
        while above is not None:
            device = self.devices.get(above)
            if device is not None:
                return device
            above = above.parent
        return None

    # -- from nodes to devices -----------------------------------------------------------------

    def add(self, device: Device) -> None:
        """Link a new device with suppliers and consumers. Source: fw_devlink_link_device."""
        for node in self._available_tree(device.node):
            self._read_suppliers(node)
        self._link_consumers(device)
        for node in self._available_tree(device.node):
            for link in self._suppliers_of(node):
                done = self._convert(device, link.supplier, link)
                if done and node is device.node:
                    self._unlink(link)

    def refresh(self, node: Node) -> bool:
        """Look again at what waits for the nodes below the nearest device; True: it is bound.

        Source: kernel fw_devlink_refresh_fwnode (Linux 7.2).
        """
        above: Node | None = node
        while above is not None and (above not in self.devices or above in self._hopeless):
            above = above.parent
        device = None if above is None else self.devices[above]
        if device is None or device.stage is not Stage.BOUND:
            return False
        self._pick_up(device)
        self._link_consumers(device)
        return True

    def _link_consumers(self, device: Device) -> None:
        """Link a device with those that name it. Source: __fw_devlink_link_to_consumers."""
        for link in self._consumers_of(device.node):
            consumer = self.devices.get(link.consumer)
            own = consumer is not None
            if consumer is None:
                consumer = self._device_above(link.consumer)
                if consumer is None or _is_within(device.node, consumer.node):
                    continue
            if self._convert(consumer, device.node, link) and own:
                self._unlink(link)

    def _convert(self, consumer: Device, node: Node, link: NodeLink) -> bool:
        """Make a link between devices of one between nodes; False: the supplier is no device yet.

        Source: kernel fw_devlink_create_devlink.
        """
        if link.ignored:
            return True
        if self._find_cycles(link.consumer, node):
            link.cycle = True
            path = link.consumer.path
            self.log(6, f"{path}: Fixed dependency cycle(s) with {node.path}")
        own = consumer.node is link.consumer
        hopeless = self._is_hopeless(node)
        supplier = self._device_above(node) if hopeless else self.devices.get(node)
        if supplier is None:
            return False
        if supplier is not consumer:
            self._link_devices(consumer, supplier, late=link.cycle or not own, cycle=own)
        return True

    def _link_devices(self, consumer: Device, supplier: Device, *, late: bool, cycle: bool) -> None:
        """Link two devices. Source: kernel device_link_add."""
        started = consumer.stage in (Stage.BOUND, Stage.UNBINDING)
        if started if late else depends_on(consumer, supplier):
            flags = (0x380 if cycle else 0x180) if late else 0x120
            driver = consumer.driver_name or "platform"
            self.log(
                3,
                f"{driver} {consumer.name}: Failed to create device link ({flags:#x}) "
                f"with {supplier.name}",
            )
            return
        known = consumer.suppliers.get(supplier)
        if known is not None:
            known.late = known.late and late
            return
        link = DeviceLink(consumer, supplier, late=late, cycle=late and cycle)
        consumer.suppliers[supplier] = link
        supplier.consumers[consumer] = link

    def _find_cycles(self, consumer: Node, supplier: Node) -> bool:
        """Tell whether a supplier needs its consumer; links on such ways hold nobody up any more.

        Source: kernel __fw_devlink_relax_cycles.
        """
        ways: dict[Node, list[tuple[Node, NodeLink | DeviceLink | None]]] = {supplier: []}
        stack = [supplier]
        while stack:
            node = stack.pop()
            if node is consumer:
                continue
            for after, link in self._needs(node, consumer):
                if after not in ways:
                    ways[after] = []
                    stack.append(after)
                ways[after].append((node, link))
        if consumer not in ways:
            return False
        seen = {consumer}
        stack = [consumer]
        while stack:
            for node, link in ways[stack.pop()]:
                if isinstance(link, DeviceLink):
                    link.relax()
                if link is not None:
                    link.cycle = True
                if node not in seen:
                    seen.add(node)
                    stack.append(node)
        return True

    def _needs(
        self, node: Node, consumer: Node
    ) -> Iterator[tuple[Node, NodeLink | DeviceLink | None]]:
        """Give what a node needs: suppliers that it names, the device above, suppliers linked."""
        device = self.devices.get(node)
        if device is not None and device.stage is Stage.BOUND:
            asking = self.devices.get(consumer)
            if asking is not None and asking.stage is Stage.IDLE:
                return
        for link in self._suppliers_of(node):
            if not link.ignored:
                yield link.supplier, link
        above = self._device_above(node) if device is None else device.parent
        if above is not None:
            yield above.node, None
        if device is not None:
            for made in device.suppliers.values():
                if made.cycle or not made.late:
                    yield made.supplier.node, made

    # -- probing and unbinding -----------------------------------------------------------------

    def may_probe(self, device: Device) -> bool:
        """Tell whether the suppliers of a device are there. Source: device_links_check_suppliers.

        The console is tried even while suppliers without driver are missing.
        """
        eager = device.node is self.stdout
        if not eager and self._names_missing(device.node):
            return False
        tried: list[DeviceLink] = []
        for link in device.suppliers.values():
            if link.state is not LinkState.AVAILABLE and not link.late:
                if eager and not link.supplier.claimed:
                    continue
                for one in tried:
                    _settle(one)
                return False
            link.state = LinkState.PROBING
            tried.append(link)
        device.stage = Stage.PROBING
        return True

    def is_eager(self, device: Device) -> bool:
        """Tell whether a device was tried although suppliers are missing."""
        return device.node is self.stdout and (
            self._names_missing(device.node)
            or any(
                link.state is not LinkState.AVAILABLE and not link.late
                for link in device.suppliers.values()
            )
        )

    def _names_missing(self, node: Node) -> bool:
        return any(not (link.cycle or link.ignored) for link in self._suppliers_of(node))

    def bound(self, device: Device) -> None:
        """Note that a probe succeeded. Source: kernel device_links_driver_bound."""
        for found in self._suppliers_of(device.node):
            self._unlink(found)
        self._pick_up(device)
        self._link_consumers(device)
        for link in device.consumers.values():
            if link.state not in _WAITS:
                link.state = LinkState.AVAILABLE
                if link.wakes:
                    self.wake(link.consumer)
        for link in [*device.suppliers.values()]:
            if link.late or link.state is not LinkState.PROBING:
                link.drop()
            else:
                link.state = LinkState.ACTIVE
        device.stage = Stage.BOUND

    def unbound(self, device: Device) -> None:
        """Note that a device lost its driver, or did not get one.

        Source: kernel device_links_no_driver, device_links_driver_cleanup.
        """
        for link in device.consumers.values():
            link.state = LinkState.DORMANT
        for link in device.suppliers.values():
            if link.state in _WAITS:
                _settle(link)
        device.stage = Stage.IDLE

    def next_bound_consumer(self, device: Device) -> Device | None:
        """Give a consumer that is to be unbound before its supplier; None: no more.

        Source: kernel device_links_busy, device_links_unbind_consumers.
        """
        device.stage = Stage.UNBINDING
        for link in device.consumers.values():
            waits = link.state in _WAITS and not link.late
            link.state = LinkState.UNBINDING
            if waits:
                return link.consumer
        return None

    def remove(self, device: Device) -> None:
        """Drop all links of a device that goes. Source: kernel device_links_purge."""
        for link in [*device.suppliers.values(), *device.consumers.values()]:
            link.drop()


def _settle(link: DeviceLink) -> None:
    bound = link.supplier.stage is Stage.BOUND
    link.state = LinkState.AVAILABLE if bound else LinkState.DORMANT


def _is_within(node: Node, above: Node) -> bool:
    one: Node | None = node
    while one is not None and one is not above:
        one = one.parent
    return one is not None
