"""Devices of the platform bus, and the links between consumers and their suppliers.

A link goes through states as its two ends are bound and unbound:
dormant (supplier not bound) -> available (supplier bound) -> probing (consumer is being probed)
-> active (both bound) -> unbinding (supplier is being unbound) -> dormant.
Source: kernel include/linux/device.h (enum device_link_state, enum dl_dev_state).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtovl.live.drivers import Driver
    from dtovl.model.node import Node


class Stage(Enum):
    """What a device is doing with its driver (kernel enum dl_dev_state)."""

    IDLE = "idle"
    PROBING = "probing"
    BOUND = "bound"
    UNBINDING = "unbinding"


class LinkState(Enum):
    """Where a link stands; see the head of the module."""

    DORMANT = "dormant"
    AVAILABLE = "available"
    PROBING = "probing"
    ACTIVE = "active"
    UNBINDING = "unbinding"


class Device:
    """A device (kernel struct platform_device).

    parent      the device it hangs below, None: the platform bus itself
    children    those below it that are fully registered, oldest first
    claimed     some driver has claimed it once (kernel can_match)
    suppliers   supplier -> link, in order of creation; consumers likewise
    """

    __slots__ = (
        "children",
        "claimed",
        "consumers",
        "driver",
        "name",
        "node",
        "parent",
        "stage",
        "suppliers",
    )

    def __init__(self, name: str, node: Node, parent: Device | None) -> None:
        self.name = name
        self.node = node
        self.parent = parent
        self.children: dict[Device, None] = {}
        self.driver: Driver | None = None
        self.stage = Stage.IDLE
        self.claimed = False
        self.suppliers: dict[Device, DeviceLink] = {}
        self.consumers: dict[Device, DeviceLink] = {}

    @property
    def driver_name(self) -> str | None:
        """Give the name of the driver it is bound to."""
        return None if self.driver is None else self.driver.name

    @property
    def sysfs_path(self) -> str:
        """Give its directory below /sys."""
        parts = []
        one: Device | None = self
        while one is not None:
            parts.append(one.name)
            one = one.parent
        return "/".join(["/devices/platform", *reversed(parts)])

    def depth(self) -> int:
        """Count the devices above it."""
        above = 0
        one = self.parent
        while one is not None:
            above += 1
            one = one.parent
        return above

    def __repr__(self) -> str:
        """Show name and node, for test failures."""
        return f"<Device {self.name} {self.node.path}>"


class DeviceLink:
    """A link from a consumer to a supplier (kernel struct device_link).

    late    it only delays what a supplier does once all consumers are there (SYNC_STATE_ONLY):
            nobody waits for it
    cycle   it is late because it is part of a cycle
    wakes   the consumer is tried again when the supplier is bound
    """

    __slots__ = ("consumer", "cycle", "late", "state", "supplier", "wakes")

    def __init__(self, consumer: Device, supplier: Device, *, late: bool, cycle: bool) -> None:
        self.consumer = consumer
        self.supplier = supplier
        self.late = late
        self.cycle = cycle
        self.wakes = not late
        self.state = _first_state(consumer, supplier)

    def relax(self) -> None:
        """Let nobody wait for it any more. Source: kernel fw_devlink_relax_link."""
        if not self.late:
            self.late = True
            self.cycle = self.wakes = False

    def drop(self) -> None:
        """Take it away from both ends."""
        self.consumer.suppliers.pop(self.supplier, None)
        self.supplier.consumers.pop(self.consumer, None)


def _first_state(consumer: Device, supplier: Device) -> LinkState:
    """Give the state of a new link. Source: kernel device_link_init_status."""
    probing = consumer.stage is Stage.PROBING
    if supplier.stage is Stage.PROBING:
        return LinkState.PROBING if probing else LinkState.DORMANT
    if supplier.stage is Stage.BOUND:
        if probing:
            return LinkState.PROBING
        return LinkState.ACTIVE if consumer.stage is Stage.BOUND else LinkState.AVAILABLE
    return LinkState.UNBINDING if supplier.stage is Stage.UNBINDING else LinkState.DORMANT


def depends_on(device: Device, other: Device) -> bool:
    """Tell whether other is below device, or waits for it or for what is below it.

    Source: kernel device_is_dependent.
    """
    above = set()
    parent = other.parent
    while parent is not None:
        above.add(parent)
        parent = parent.parent
    seen = {device}
    stack = [device]
    while stack:
        one = stack.pop()
        if one is other or one in above:
            return True
        after = [
            *one.children,
            *(link.consumer for link in one.consumers.values() if not link.late),
        ]
        fresh = [found for found in after if found not in seen]
        seen.update(fresh)
        stack += fresh
    return False
