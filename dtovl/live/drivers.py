"""Drivers of platform devices: what they claim, and what their probe does to a live tree.

A driver is data handed to the platform bus. The two here are those of the recorded kernels: the
one of simple buses, and the driver of test devices that the recorder brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import cell
from dtovl.model.errnos import ERRNO

if TYPE_CHECKING:
    from dtovl.live.devicecore import DeviceCore
    from dtovl.live.devices import Device
    from dtovl.model.dialect import Dialect

DEFER = "-EPROBE_DEFER"
"""What a probe gives that is to be tried again later."""

_NAMES = {number: name for name, number in ERRNO.items()}


class Driver:
    """A driver: name and the `compatible` strings it claims (kernel struct platform_driver).

    Subclasses say what probe and remove do. fails is the error that every probe gives, "" for none.
    deciding are the claimed strings at which its probe does something to nodes.
    """

    def __init__(self, name: str, compatibles: tuple[str, ...], fails: str = "") -> None:
        self.name = name
        self.compatibles = frozenset(one.lower() for one in compatibles)
        self.deciding = self.compatibles
        self.fails = fails

    def matches(self, device: Device, kinds: list[str]) -> bool:
        """Tell whether it claims a device; kinds are the strings of the node's `compatible`.

        Case does not count. A device of the driver's own name is claimed as well.
        Source: kernel platform_match, of_compat_cmp.
        """
        return device.name == self.name or any(kind.lower() in self.compatibles for kind in kinds)

    def probe(self, core: DeviceCore, device: Device) -> str:
        """Take a device into service; give "" or the error."""
        return self.fails

    def remove(self, core: DeviceCore, device: Device) -> None:
        """Give a device up."""


BUS_KINDS = ("simple-bus", "simple-mfd", "isa")
"""Compatibles whose children become devices at boot. Source: of_default_bus_match_table; the
recorded kernels are built without ARM_AMBA."""


class SimpleBusDriver(Driver):
    """The driver of buses that need nothing; what populates are those that need a little more.

    Source: kernel drivers/bus/simple-pm-bus.c.
    """

    _PLAIN = (*BUS_KINDS, "arm,amba-bus")

    def __init__(self, populates: tuple[str, ...]) -> None:
        super().__init__("simple-pm-bus", (*populates, *self._PLAIN))
        self.deciding = frozenset(populates)

    def probe(self, core: DeviceCore, device: Device) -> str:
        """Bind what is a simple bus first of all; others that it claims get their children here."""
        kinds = core.kinds(device.node)
        first = next((kind for kind in kinds if kind.lower() in self.compatibles), None)
        if first is None or first.lower() in self.deciding:
            core.populate(device.node, device, buses=False)
            return ""
        ends = 0 in (core.get(device.node, "compatible") or b"")
        return "" if first == kinds[0] and first in self.compatibles and ends else "-ENODEV"


class TestDriver(Driver):
    """The recorder's driver; properties of the device's node say what it does.

    `dtovl,probe-error` is the error of the probe, `dtovl,hold` keeps a reference on the node for
    ever, `dtovl,populate` makes devices of the children.
    """

    __test__ = False  # no test, whatever its name looks like

    def probe(self, core: DeviceCore, device: Device) -> str:
        """Do what the properties say; the event comes before the devices of the children."""
        node = device.node
        wanted = core.get(node, "dtovl,probe-error")
        number = cell(wanted) if wanted is not None and len(wanted) >= 4 else 0
        error = f"-{_NAMES.get(number, number)}" if number else ""
        core.emit("probe", device, error)
        if error:
            return error
        if core.get(node, "dtovl,hold") is not None:
            core.hold(node, f"driver {self.name}", f"probe of {device.name}")
        if core.get(node, "dtovl,populate") is not None:
            core.populate(node, device, buses=False)
        return ""

    def remove(self, core: DeviceCore, device: Device) -> None:
        """Give up the devices of the children."""
        core.emit("remove", device)
        if core.get(device.node, "dtovl,populate") is not None:
            core.depopulate(device)


TEST_DRIVER = TestDriver("dtovl-test", ("dtovl,test-device",))
SIMPLE_BUS = SimpleBusDriver(("simple-pm-bus",))
# Source: kernel simple_pm_bus_of_match (Linux 7.2); seen as one more device on Layerscape boards.
SIMPLE_BUS_7_2 = SimpleBusDriver(
    (
        "simple-pm-bus",
        "fsl,ls1021a-scfg",
        "fsl,ls1043a-scfg",
        "fsl,ls1046a-scfg",
        "fsl,ls1088a-isc",
        "fsl,ls2080a-isc",
        "fsl,lx2160a-isc",
    )
)


def default_drivers(dialect: Dialect) -> tuple[Driver, ...]:
    """Give the drivers of the recorded kernels, in the order in which they register."""
    newer = dialect.late_device_links
    return (SIMPLE_BUS_7_2 if newer else SIMPLE_BUS, TEST_DRIVER)
