"""Links between devices: who waits for whom, and who goes before whom (fw_devlink).

Links between nodes turn into links between devices once both ends are devices. A device waits for
links of the first kind altogether, and for those of the second until the supplier is bound. Links
that close a cycle hold nobody up.
Source: kernel drivers/base/core.c (fw_devlink_*, device_link_*, device_links_*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.devices import Device, DeviceLink, LinkState, Stage, depends_on
from dtovl.live.nodelinks import NodeLinks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtovl.live.nodelinks import NodeLink
    from dtovl.live.state import Live
    from dtovl.live.view import View
    from dtovl.model.node import Node

_WAITS = frozenset({LinkState.PROBING, LinkState.ACTIVE})
_EDGES_AT_ONCE = 200_000
_EDGES_A_DEVICE = 300
"""How much of the graph is searched for cycles. Boards of a hundred devices need 25,000 edges; what
is made to need far more is taken to have no more cycles, so that it costs no more than its size."""


class DeviceLinks:
    """All links between devices of one platform bus, made of links between nodes.

    stdout is the node of the console, which waits for nobody; wake is told of consumers whose
    supplier has come; log takes kernel lines. leaving are the devices of links that were dropped
    and still wait to be freed.
    """

    def __init__(
        self,
        live: Live,
        view: View,
        wake: Callable[[Device], None],
        log: Callable[[int, str], None],
    ) -> None:
        self.nodes = NodeLinks(live, view, lambda text: log(3, text))
        self._dialect = live.dialect
        self.wake = wake
        self.log = log
        self.stdout: Node | None = None
        self.leaving: set[Device] = set()
        self._edges_left = _EDGES_AT_ONCE

    # -- from nodes to devices -----------------------------------------------------------------

    def add(self, device: Device) -> None:
        """Link a new device with suppliers and consumers. Source: fw_devlink_link_device."""
        self._edges_left += _EDGES_A_DEVICE
        for node in self.nodes.available_tree(device.node):
            self.nodes.read(node)
        self._link_consumers(device)
        for node in self.nodes.available_tree(device.node):
            for link in self.nodes.suppliers_of(node):
                done = self._convert(device, link.supplier, link)
                if done and node is device.node:
                    self.nodes.unlink(link)

    def refresh(self, node: Node) -> bool:
        """Look again at what waits for the nodes below the nearest device; True: it is bound.

        Source: kernel fw_devlink_refresh_fwnode (Linux 7.2).
        """
        above: Node | None = node
        while above is not None and (
            above not in self.nodes.devices or self.nodes.is_hopeless(above)
        ):
            above = above.parent
        device = None if above is None else self.nodes.devices[above]
        if device is None or device.stage is not Stage.BOUND:
            return False
        self.nodes.pick_up(device)
        self._link_consumers(device)
        return True

    def _link_consumers(self, device: Device) -> None:
        """Link a device with those that name it. Source: __fw_devlink_link_to_consumers."""
        for link in self.nodes.consumers_of(device.node):
            consumer = self.nodes.devices.get(link.consumer)
            own = consumer is not None
            if consumer is None:
                consumer = self.nodes.device_above(link.consumer)
                if consumer is None or _is_within(device.node, consumer.node):
                    continue
            if self._convert(consumer, device.node, link) and own:
                self.nodes.unlink(link)

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
        hopeless = self.nodes.is_hopeless(node)
        supplier = self.nodes.device_above(node) if hopeless else self.nodes.devices.get(node)
        if supplier is None:
            return False
        if supplier is not consumer:
            late = link.cycle or not own
            if not self._link_devices(consumer, supplier, late=late, cycle=own):
                self._complain(consumer, supplier, link.consumer, late=late)
        return True

    def _complain(self, consumer: Device, supplier: Device, node: Node, *, late: bool) -> None:
        """Log that two devices cannot be linked for the sake of a node."""
        permissive = 0x380 if consumer.node is node else 0x180
        line = self._dialect.link_failed.format(
            flags=permissive if late else self._dialect.link_flags,
            supplier=supplier.name,
            node=node.path,
        )
        self.log(3, f"{consumer.driver_name or 'platform'} {consumer.name}: {line}")

    def _link_devices(self, consumer: Device, supplier: Device, *, late: bool, cycle: bool) -> bool:
        """Link two devices; False: that cannot be. Source: kernel device_link_add."""
        started = consumer.stage in (Stage.BOUND, Stage.UNBINDING)
        if started if late else depends_on(consumer, supplier):
            return False
        known = consumer.suppliers.get(supplier)
        if known is not None:
            known.late = known.late and late
            return True
        link = DeviceLink(consumer, supplier, late=late, cycle=late and cycle)
        consumer.suppliers[supplier] = link
        supplier.consumers[consumer] = link
        return True

    def _find_cycles(self, consumer: Node, supplier: Node) -> bool:
        """Tell whether a supplier needs its consumer; links on such ways hold nobody up any more.

        Source: kernel __fw_devlink_relax_cycles.
        """
        if not self._may_need(supplier, consumer):
            return False
        ways: dict[Node, list[tuple[Node, NodeLink | DeviceLink | None]]] = {supplier: []}
        stack = [supplier]
        while stack:
            node = stack.pop()
            if node is consumer:
                continue
            for after, link in self._needs(node, consumer):
                self._edges_left -= 1
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

    def _may_need(self, supplier: Node, consumer: Node) -> bool:
        """Tell whether a supplier may need its consumer: quickly no for nearly all.

        Searches from both ends at once, as one of them ends soon where there is no cycle.
        """
        if supplier is consumer:
            return True
        ahead, behind = {supplier}, {consumer}
        forward, backward = [supplier], [consumer]
        while forward and backward and self._edges_left > 0:
            for after, _ in self._needs(forward.pop(), consumer):
                self._edges_left -= 1
                if after in behind:
                    return True
                if after not in ahead:
                    ahead.add(after)
                    forward.append(after)
            for before in self._needed_by(backward.pop()):
                self._edges_left -= 1
                if before in ahead:
                    return True
                if before not in behind:
                    behind.add(before)
                    backward.append(before)
        return False

    def _needed_by(self, node: Node) -> Iterator[Node]:
        """Give at least all nodes that have a node among what _needs gives for them."""
        for link in self.nodes.consumers_of(node):
            yield link.consumer
        yield from node.children.values()
        device = self.nodes.devices.get(node)
        if device is not None:
            for made in device.consumers.values():
                yield made.consumer.node
            for child in device.children:
                yield child.node

    def _needs(
        self, node: Node, consumer: Node
    ) -> Iterator[tuple[Node, NodeLink | DeviceLink | None]]:
        """Give what a node needs: suppliers that it names, the device above, suppliers linked."""
        device = self.nodes.devices.get(node)
        if device is not None and device.stage is Stage.BOUND:
            asking = self.nodes.devices.get(consumer)
            if asking is not None and asking.stage is Stage.IDLE:
                return
        for link in self.nodes.suppliers_of(node):
            if not link.ignored:
                yield link.supplier, link
        above = self.nodes.device_above(node) if device is None else device.parent
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
        return any(not (link.cycle or link.ignored) for link in self.nodes.suppliers_of(node))

    def bound(self, device: Device) -> None:
        """Note that a probe succeeded. Source: kernel device_links_driver_bound."""
        for found in self.nodes.suppliers_of(device.node):
            self.nodes.unlink(found)
        self.nodes.pick_up(device)
        self._link_consumers(device)
        for link in device.consumers.values():
            if link.state not in _WAITS:
                link.state = LinkState.AVAILABLE
                if link.wakes:
                    self.wake(link.consumer)
        for link in [*device.suppliers.values()]:
            if link.late or link.state is not LinkState.PROBING:
                self._drop(link)
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
            self._drop(link)

    def _drop(self, link: DeviceLink) -> None:
        """Drop a link; until a worker has freed it, it keeps both of its devices.

        Source: kernel devlink_dev_release, device_link_release_fn.
        """
        link.drop()
        self.leaving |= {link.consumer, link.supplier}


def _settle(link: DeviceLink) -> None:
    bound = link.supplier.stage is Stage.BOUND
    link.state = LinkState.AVAILABLE if bound else LinkState.DORMANT


def _is_within(node: Node, above: Node) -> bool:
    one: Node | None = node
    while one is not None and one is not above:
        one = one.parent
    return one is not None
