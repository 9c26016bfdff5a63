"""The platform bus of a live tree: devices made of nodes, as they come, go and change status.

At boot the children of the root and of simple buses become devices. From then on the bus listens
to changes: a node that comes in below a populated bus, or whose `status` becomes okay, gets a
device, and loses it again. Devices of boot are only worked out when the first of them is needed,
so a bus that nothing happens on costs nothing.
Source: kernel drivers/of/platform.c, of_reconfig_get_state_change (drivers/of/dynamic.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.live.boot import chosen_node, console
from dtovl.live.devicecore import DeviceCore
from dtovl.live.drivers import BUS_KINDS, DEFER, default_drivers
from dtovl.live.objects import Flag, Maker, Oops
from dtovl.live.suppliers import is_okay
from dtovl.live.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.live.devices import Device
    from dtovl.live.drivers import Driver
    from dtovl.live.state import Live
    from dtovl.model.node import Node

_RESERVED = frozenset(
    {
        "phram",
        "qcom,rmtfs-mem",
        "qcom,cmd-db",
        "qcom,smem",
        "ramoops",
        "nvmem-rmem",
        "google,open-dice",
    }
)
_FRAMEBUFFER = "simple-framebuffer"

_OPEN_ENDED = frozenset({b"", b"o", b"ok", b"oka", b"okay"})
"""Values that a comparison with `okay` reads beyond, as they have no NUL."""


class PlatformBus:
    """The platform bus of one live tree.

    fw_devlink tells whether devices wait for the suppliers that their nodes name; drivers are those
    registered at boot, in order.
    """

    def __init__(
        self,
        live: Live,
        *,
        fw_devlink: bool = True,
        drivers: Iterable[Driver] | None = None,
    ) -> None:
        self.live = live
        self.drivers = [*(drivers or default_drivers(live.dialect))]
        self._strict = live.dialect.status_needs_end
        self._boot_view = View(live, at_boot=True)
        self._links = fw_devlink
        self._core: DeviceCore | None = None
        self._of_boot: frozenset[Node] = frozenset()
        self._overread: set[Node] = set()

    @property
    def core(self) -> DeviceCore:
        """Give the driver core; the devices of boot are made at the first call."""
        return self._core or self._boot()

    @property
    def devices(self) -> list[Device]:
        """List all devices in the order in which they were added."""
        return [*self.core.devices.values()]

    def nodes(self) -> list[Node]:
        """List the nodes that devices point to, as far as devices have been made."""
        return [] if self._core is None else [*self._core.by_node]

    # -- boot ----------------------------------------------------------------------------------

    def _boot(self) -> DeviceCore:
        """Make the devices of boot. Source: kernel of_platform_default_populate_init."""
        live, tree = self.live, self.live.tree
        view = View(live, at_boot=True)
        core = DeviceCore(live, view, links=self._links)
        core.links.stdout = console(tree, live.dialect)
        stack = [tree.root]
        while stack:
            node = stack.pop()
            if self._is_reserved(view, node):
                core.create(node, None)
            stack += [*view.children(node)][::-1]
        firmware = next((one for one in view.children(tree.root) if one.name == "firmware"), None)
        if firmware is not None:
            core.populate(firmware, None, buses=True)
        framebuffer = self._framebuffer(view)
        if framebuffer is not None:
            core.create(framebuffer, None)
        core.populate(tree.root, None, buses=True)
        for driver in self.drivers:
            core.register(driver)
        core.finish_boot()
        self._of_boot = frozenset(core.by_node)
        view.at_boot = False
        self._core = core
        return core

    def _framebuffer(self, view: View) -> Node | None:
        chosen = chosen_node(self.live.tree)
        below = () if chosen is None else view.children(chosen)
        kinds = ((one, view.kinds(one)) for one in below)
        return next((one for one, names in kinds if _FRAMEBUFFER in map(str.lower, names)), None)

    @staticmethod
    def _is_reserved(view: View, node: Node) -> bool:
        return not _RESERVED.isdisjoint(kind.lower() for kind in view.kinds(node))

    def flags(self, node: Node) -> int:
        """Give the flags POPULATED and POPULATED_BUS of a node, as they are now."""
        core = self._core
        if core is None:
            found = self._guess(node)
            if found is not None:
                return found
            core = self.core
        populated = Flag.POPULATED if node in core.populated else 0
        return populated | (Flag.POPULATED_BUS if node in core.buses else 0)

    def boot_references(self, node: Node) -> int:
        """Count the references that the devices of boot took on a node, and never mind later."""
        core = self._core
        if core is None:
            found = self._guess(node)
            if found is not None:
                return 1 if found & Flag.POPULATED else 0
            core = self.core
        return (node in self._of_boot) + core.boot_holds.get(node, 0)

    def _guess(self, node: Node) -> int | None:
        """Give the flags that a node had after boot by looking at it and those above it alone.

        None: a driver is involved, or it is one of the nodes that are treated specially.
        """
        view = self._boot_view
        chain = []
        one: Node | None = node
        while one is not None:
            if self.live.has_flag(one, Flag.DYNAMIC):
                return 0
            chain.append(one)
            one = one.parent
        kinds = {kind.lower() for kind in view.kinds(node)}
        special = not _RESERVED.isdisjoint(kinds) or _FRAMEBUFFER in kinds
        if special or (len(chain) > 1 and chain[-2].name == "firmware"):
            return None
        flags = Flag.POPULATED_BUS
        for one in reversed(chain[:-1]):
            if not flags & Flag.POPULATED_BUS:
                return 0
            flags = self._guess_child(view, one)
            if flags < 0:
                return None
        return flags

    def _guess_child(self, view: View, node: Node) -> int:
        """Give the flags of a child of a populated bus after boot, -1 if a driver decides."""
        kinds = {kind.lower() for kind in view.kinds(node)}
        skipped = "operating-points-v2" in kinds or "arm,primecell" in kinds
        if skipped or view.get(node, "compatible") is None or not view.available(node):
            return 0
        for driver in self.drivers:
            if node.name == driver.name or not driver.deciding.isdisjoint(kinds):
                return -1
        is_bus = not kinds.isdisjoint(BUS_KINDS)
        return Flag.POPULATED | (Flag.POPULATED_BUS if is_bus else 0)

    # -- changes -------------------------------------------------------------------------------

    def reconfig(
        self, action: str, node: Node, name: str | None, new: bytes | None, old: bytes | None
    ) -> str:
        """Hear of a change; give "" or `-EINVAL` when a device cannot be made.

        Source: kernel of_platform_notify.
        """
        if name is not None and name != "status":
            return ""
        change = self._state_change(action, node, new, old)
        answer = ""
        if change > 0:
            answer = self._come(node)
        elif change < 0 and self.flags(node) & Flag.POPULATED:
            core = self.core
            device = core.by_node.get(node)
            if device is not None:
                core.destroy(device)
        if action == "detach-node":
            self._overread.discard(node)
            if self._core is not None:
                self._core.links.nodes.leave(node)
        return answer

    def _come(self, node: Node) -> str:
        parent = node.parent
        if parent is None:
            raise Oops("the root becomes okay: the listener looks at the flags above it", node)
        if not self.flags(parent) & Flag.POPULATED_BUS:
            return ""
        if self.flags(node) & Flag.POPULATED:
            return ""
        core = self.core
        core.links.nodes.expect(node)
        if core.create(node, core.by_node.get(parent)) is not None:
            return ""
        self.live.print(3, f"OF: of_platform_notify: failed to create for '{node.kernel_path}'")
        return "-EINVAL"

    def _state_change(self, action: str, node: Node, new: bytes | None, old: bytes | None) -> int:
        """Give 1 when a device is to come, -1 when it is to go, 0 for neither.

        Source: kernel of_reconfig_get_state_change.
        """
        if action in ("attach-node", "detach-node"):
            value = node.properties.get("status")
            okay = value is None or self._is_okay(node, value)
            return (1 if action == "attach-node" else -1) if okay else 0
        assert new is not None
        after = self._is_okay(node, new)
        before = True
        if action == "update-property" and old is not None:
            before = self._is_okay(node, old)
        elif action == "remove-property":
            before, after = after, True
        return int(after) - int(before)

    def _is_okay(self, node: Node, value: bytes) -> bool:
        if not self._strict and value in _OPEN_ENDED:
            self._compare(node, value)
        return is_okay(value, strict=self._strict)

    def _compare(self, node: Node, value: bytes) -> None:
        """Find out what it takes to compare a `status` that ends before `okay` does.

        Values of boot lie in the blob and have zero bytes behind them. Raises Oops.
        """
        known = self.live.objects.get((node, "status"))
        objects = [*self.live.dead.get(node, ()), *([known] if known is not None else [])]
        makers = {one.maker for one in objects if one.name == "status" and one.value == value}
        if not value and Maker.OVERLAY in makers:
            raise Oops("a status without value is compared as a string", node)
        if value and makers - {Maker.BOOT} and node not in self._overread:
            self._overread.add(node)
            self.live.find(codes.READ_BEYOND, node, name="status")

    def settle(self, targets: Iterable[Node] = ()) -> None:
        """Look again at who waits for whom, after an overlay with these targets was applied.

        Source: kernel overlay_fw_devlink_refresh (Linux 7.2).
        """
        core = self._core
        if core is None or not self.live.dialect.late_device_links:
            return
        for target in targets:
            if core.links.refresh(target):
                core.retries.trigger()

    def retry(self) -> None:
        """Try again the devices that were put off, as the kernel does once it has time."""
        if self._core is not None:
            self._core.wait_for_links()
            self._core.retries.run(self._core.attach, len(self._core.devices))

    def wait_for_links(self) -> None:
        """Wait until links between devices are freed that were dropped."""
        if self._core is not None:
            self._core.wait_for_links()

    # -- what callers do -----------------------------------------------------------------------

    def populate(self, node: Node) -> None:
        """Make devices of the children of a node. Source: kernel of_platform_populate."""
        core = self.core
        core.populate(node, core.by_node.get(node), buses=False)

    def register(self, driver: Driver) -> None:
        """Add a driver; it tries all devices that have none."""
        core = self.core
        self.drivers.append(driver)
        core.register(driver)

    def unregister(self, driver: Driver) -> None:
        """Take a driver away, and its devices from it. Raises ValueError for one not there."""
        core = self.core
        self.drivers.remove(driver)
        core.unregister(driver)

    def unbind(self, device: Device) -> str:
        """Part a device from its driver; `-ENODEV` if it has none. Source: kernel unbind_store."""
        if device.driver is None:
            return "-ENODEV"
        self.core.release(device)
        return ""

    def bind(self, device: Device, driver: Driver | None = None) -> str:
        """Have a driver take a device, or the first that will. Source: kernel bind_store."""
        core = self.core
        if device.driver is not None:
            return "-EBUSY"
        if driver is None:
            core.attach(device)
            return "" if device.driver is not None else "-ENODEV"
        if not driver.matches(device, core.kinds(device.node)):
            return "-ENODEV"
        error, _ = core.try_driver(device, driver)
        return "-EAGAIN" if error == DEFER else error
