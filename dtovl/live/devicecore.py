"""The driver core as far as the platform bus uses it: add, probe, defer, unbind, remove.

A device is added, then tried by each driver that claims it until one takes it; a device whose
suppliers are not there is put off. Whenever a device is bound, those put off are to be tried
again, which the kernel does in a worker of its own, later.
Source: kernel drivers/base/core.c (device_add, device_del), drivers/base/dd.c,
drivers/of/platform.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.live.devicenames import DeviceNames
from dtovl.live.devices import Device
from dtovl.live.devlinks import DeviceLinks
from dtovl.live.drivers import BUS_KINDS, DEFER
from dtovl.live.objects import DeviceEvent, Holder, Maker, Oops
from dtovl.live.retries import Retries
from dtovl.model.dialect import Problem
from dtovl.model.errnos import error_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.live.drivers import Driver
    from dtovl.live.state import Live
    from dtovl.live.view import View
    from dtovl.model.node import Node

_SKIPPED = "operating-points-v2"
_PRIMECELL = "arm,primecell"
_QUIET_ERRORS = (DEFER, "-ENODEV", "-ENXIO")
_MOST_DEPTH = 64
"""Devices nest no deeper than nodes do (kernel FDT_MAX_DEPTH)."""


class DeviceCore:
    """All devices of the platform bus, and its drivers.

    devices   name -> device, in the order in which they were added
    by_node   node -> its device
    populated, buses  nodes with the flags POPULATED and POPULATED_BUS
    booting   devices of boot are being made: nothing is logged
    """

    def __init__(self, live: Live, view: View, *, links: bool) -> None:
        self.live = live
        self.view = view
        self.get = view.get
        self.kinds = view.kinds
        self.devices: dict[str, Device] = {}
        self.by_node: dict[Node, Device] = {}
        self.populated: set[Node] = set()
        self.buses: set[Node] = set()
        self.drivers: list[Driver] = []
        self.boot_holds: dict[Node, int] = {}
        self.booting = True
        self._linking = links
        self.retries = Retries()
        self.links = DeviceLinks(live, view, self.retries.put_off, self.log)
        self._names = DeviceNames(live, view, self.log)
        self._complete = False
        self._lingering: list[Device] = []

    # -- log -----------------------------------------------------------------------------------

    def log(self, level: int, text: str) -> None:
        """Add a kernel line to the log, unless it is one of boot."""
        if not self.booting:
            self.live.print(level, text)

    def emit(self, action: str, device: Device, result: str = "") -> None:
        """Tell of a device, unless it is one of boot."""
        if not self.booting:
            self.live.emit(DeviceEvent(action, device.name, device.node, result))

    def hold(self, node: Node, holder: str, where: str) -> None:
        """Take a reference on a node in somebody's name."""
        if self.booting:
            # Counts of boot are worked out from what was there then: see PlatformBus.
            self.boot_holds[node] = self.boot_holds.get(node, 0) + 1
            self.live.holders.setdefault(node, []).append(Holder(holder, where))
        else:
            self.live.hold(node, holder, where)

    # -- making devices of nodes ---------------------------------------------------------------

    def populate(self, root: Node, parent: Device | None, *, buses: bool) -> None:
        """Make devices of the children of a node, and of what is below simple buses if buses.

        Source: kernel of_platform_populate, of_platform_bus_create.
        """
        if parent is not None and parent.depth() >= _MOST_DEPTH:
            return
        stack: list[tuple[Node, Device | None, Iterator[Node]]]
        stack = [(root, parent, iter(list(self.view.children(root))))]
        while stack:
            bus, above, children = stack[-1]
            child = next(children, None)
            if child is None:
                self.buses.add(bus)
                stack.pop()
                continue
            kinds = [kind.lower() for kind in self.kinds(child)]
            if self.get(child, "compatible") is None or _SKIPPED in kinds or _PRIMECELL in kinds:
                continue
            device = None if child in self.buses else self.create(child, above)
            if device is not None and buses and not set(BUS_KINDS).isdisjoint(kinds):
                stack.append((child, device, iter(list(self.view.children(child)))))

    def create(self, node: Node, parent: Device | None) -> Device | None:
        """Make a device of a node; None: it is not available, has one, or the name is taken.

        Source: kernel of_platform_device_create_pdata.
        """
        if not self.view.available(node) or node in self.populated:
            return None
        self.populated.add(node)
        device = Device(self._names.make(node), node, parent)
        if not self.booting:
            self.live.hold(node, _holder(device), "platform bus")
        if self._add(device):
            return device
        if not self.booting:
            self._drop_node(device)
        self.populated.discard(node)
        return None

    def destroy(self, device: Device) -> None:
        """Remove the device of a node; those below a bus go first.

        Source: kernel of_platform_device_destroy.
        """
        stack = [device]
        while stack:
            one = stack[-1]
            if one.node not in self.populated:
                stack.pop()
                continue
            below = next((child for child in one.children if child.node in self.populated), None)
            if one.node in self.buses and below is not None:
                stack.append(below)
                continue
            stack.pop()
            self.populated.discard(one.node)
            self.buses.discard(one.node)
            self._delete(one)

    def depopulate(self, device: Device) -> None:
        """Remove the devices below a device, newest first. Source: of_platform_depopulate."""
        if device.node in self.buses:
            for child in reversed([*device.children]):
                self.destroy(child)
            self.buses.discard(device.node)

    def _drop_node(self, device: Device) -> None:
        if not self.live.release(device.node, _holder(device)):
            self.live.put(device.node)

    # -- add and remove ------------------------------------------------------------------------

    def _add(self, device: Device) -> bool:
        """Register a device and try to find a driver. Source: kernel device_add."""
        namesake = self.devices.get(device.name)
        if namesake is not None:
            self._refuse(device, namesake)
            return False
        self.devices[device.name] = device
        self.by_node[device.node] = device
        self.emit("add", device)
        self._read_strings(device.node)
        self.links.nodes.devices[device.node] = device
        if self._linking:
            self.links.add(device)
        self.attach(device)
        if self._complete and not device.claimed:
            for link in device.consumers.values():
                link.relax()
        if device.parent is not None:
            device.parent.children[device] = None
        return True

    def _refuse(self, device: Device, namesake: Device) -> None:
        path = f"/bus/platform/devices/{device.name}"
        same_folder = namesake.parent is device.parent
        if same_folder:
            path = device.sysfs_path
        self.log(4, f"sysfs: cannot create duplicate filename '{path}'")
        if same_folder:
            prefix = self.live.dialect.kobject_prefix
            self.log(
                3,
                f"{prefix}kobject_add_internal failed for {device.name} with -EEXIST, don't try to "
                "register things with the same name in the same directory.",
            )

    def _read_strings(self, node: Node) -> None:
        """Find out whether announcing a device reads beyond its `compatible` or `device_type`.

        Source: kernel of_device_uevent, of_device_get_modalias (drivers/of/device.c).
        """
        if self.booting:
            return
        kind = self.get(node, "device_type")
        if kind and 0 not in kind and not self.view.is_of_boot(node, "device_type"):
            self.live.find(codes.READ_BEYOND, node, name="device_type")
        if Problem.COMPATIBLE_UNTERMINATED not in self.live.dialect.hazards:
            return
        value = self.get(node, "compatible")
        known = self.live.objects.get((node, "compatible"))
        if value is None or known is None or known.maker is Maker.BOOT:
            return
        if not value and known.maker is Maker.OVERLAY:
            raise Oops("a device is announced whose compatible has no value", node)
        if value and value[-1]:
            self.live.find(codes.READ_BEYOND, node, name="compatible")

    def _delete(self, device: Device) -> None:
        """Unregister a device. Source: kernel device_del."""
        self.links.nodes.devices.pop(device.node, None)
        self.emit("del", device)
        if device.parent is not None:
            device.parent.children.pop(device, None)
        del self.devices[device.name]
        del self.by_node[device.node]
        self.release(device)
        self.retries.forget(device)
        self.links.remove(device)
        self.emit("removed", device)
        if device in self.links.leaving:
            self._lingering.append(device)
        else:
            self._drop_node(device)

    def wait_for_links(self) -> None:
        """Wait until dropped links are freed, if there are any; other workers get their turn too.

        Source: kernel device_link_wait_removal.
        """
        if not self.links.leaving:
            return
        self.links.leaving.clear()
        lingering, self._lingering = self._lingering, []
        for device in lingering:
            self._drop_node(device)
        self.retries.run(self.attach, len(self.devices))

    # -- drivers -------------------------------------------------------------------------------

    def register(self, driver: Driver) -> None:
        """Add a driver, and let it try all devices. Source: kernel driver_attach."""
        self.drivers.append(driver)
        for device in [*self.devices.values()]:
            if device.driver is None and driver.matches(device, self.kinds(device.node)):
                self.probe(device, driver)

    def unregister(self, driver: Driver) -> None:
        """Take a driver away from its devices, newest first. Source: kernel driver_detach."""
        self.drivers.remove(driver)
        for device in reversed([*self.devices.values()]):
            if device.driver is driver:
                self.release(device)

    def attach(self, device: Device) -> None:
        """Let the drivers try a device, one after the other. Source: kernel __device_attach."""
        if device.driver is not None:
            return
        kinds = self.kinds(device.node)
        for driver in self.drivers:
            if driver.matches(device, kinds) and self.probe(device, driver):
                return

    def probe(self, device: Device, driver: Driver) -> bool:
        """Let a driver try a device; True: no other driver is to try it.

        Source: kernel driver_probe_device.
        """
        triggers = self.retries.count
        error, tried = self.try_driver(device, driver)
        if error == DEFER:
            self.retries.put_off(device)
            if triggers != self.retries.count:
                self.retries.trigger()
        return not error or not tried

    def try_driver(self, device: Device, driver: Driver) -> tuple[str, bool]:
        """Let a driver try a device once; give its error, and whether it came to the probe.

        Source: kernel __driver_probe_device, really_probe.
        """
        device.claimed = True
        if not self.links.may_probe(device):
            return DEFER, False
        device.driver = driver
        self.emit("bind", device)
        error = driver.probe(self, device)
        if not error:
            self._bound(device)
            return "", True
        if error not in _QUIET_ERRORS:
            dialect = self.live.dialect
            line = dialect.probe_failed.format(
                driver=driver.name, device=device.name, number=error_number(error)
            )
            self.log(dialect.probe_failed_level, line)
        self.emit("not-bound", device)
        self.links.unbound(device)
        device.driver = None
        return DEFER if self.links.is_eager(device) else error, True

    def _bound(self, device: Device) -> None:
        self.links.bound(device)
        self.retries.forget(device)
        self.retries.trigger()
        self.emit("bound", device)

    def release(self, device: Device) -> None:
        """Take a device from its driver; bound consumers go before it.

        Source: kernel __device_release_driver.
        """
        stack = [device]
        while stack:
            one = stack[-1]
            driver = one.driver
            consumer = None if driver is None else self.links.next_bound_consumer(one)
            if consumer is not None and consumer not in stack:
                stack.append(consumer)
                continue
            stack.pop()
            if driver is None:
                continue
            self.emit("unbind", one)
            driver.remove(self, one)
            one.driver = None
            self.links.unbound(one)
            self.emit("unbound", one)

    # -- end of boot ---------------------------------------------------------------------------

    def finish_boot(self) -> None:
        """End the start of the kernel: nobody waits any more for what no driver claims by now.

        Source: kernel deferred_probe_initcall, fw_devlink_drivers_done.
        """
        self.retries.enabled = True
        self.retry()
        self._complete = True
        for device in self.devices.values():
            if not device.claimed:
                for link in device.consumers.values():
                    link.relax()
        self.retry()
        self.links.leaving.clear()
        self.booting = False

    def retry(self) -> None:
        """Try again what was put off, as a worker of the kernel does when it gets its turn."""
        self.retries.trigger()
        self.retries.run(self.attach, len(self.devices))


def _holder(device: Device) -> str:
    return f"device {device.name}"
