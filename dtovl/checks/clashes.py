"""Finding the resources that two devices claim, among those that overlays changed and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.claimkinds import ADDRESSES, GPIOS, INTERRUPTS, PINS, Claim
from dtovl.codes.base import Severity
from dtovl.model.cells import cell, strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.node import Node


class Clash(NamedTuple):
    """Two devices and what both of them claim: pairs of claims, the older device's first."""

    pairs: list[tuple[Claim, Claim]]

    @property
    def first(self) -> Claim:
        """Give the first claim of the older device."""
        return self.pairs[0][0]

    def turned(self) -> Clash:
        """Give the same clash with the other device first."""
        return Clash([(other, one) for one, other in self.pairs])

    @property
    def parties(self) -> tuple[Node, ...]:
        """Give the provider and the two devices."""
        first, second = self.pairs[0]
        return first.provider, first.device, second.device

    @property
    def second(self) -> Claim:
        """Give the first claim of the other device."""
        return self.pairs[0][1]


class Clashes:
    """Gathers clashes: one for two devices and a provider, whatever the number of its units."""

    __slots__ = ("_found", "left_out", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.left_out = 0
        self._found: dict[tuple[int, Node, Node, Node], Clash] = {}

    @property
    def full(self) -> bool:
        """Tell whether what is added now is only counted."""
        return len(self._found) >= self.most

    def add(self, first: Claim, second: Claim) -> None:
        """Enter two claims on one resource."""
        key = (first.kind, first.provider, first.device, second.device)
        found = self._found.get(key)
        if found is not None:
            found.pairs.append((first, second))
        elif len(self._found) < self.most:
            self._found[key] = Clash([(first, second)])
        else:
            self.left_out += 1

    def __iter__(self) -> Iterator[Clash]:
        """Run over the clashes in the order they were found."""
        return iter(self._found.values())


def harmless(first: Claim, second: Claim) -> bool:
    """Tell whether two claims on one resource go together.

    A device and one inside it are two views of the same hardware, but to the pin controller, which
    knows devices by name, they are two owners. What is listed below something that is no bus of
    devices has no address that others could want.
    """
    if first.device is second.device:
        return True
    if first.kind == PINS:
        return False
    if is_above(first.device, second.device) or is_above(second.device, first.device):
        return True
    if first.kind == ADDRESSES:
        return not (gives_addresses(first) and gives_addresses(second))
    return roles_agree(role_of(first), role_of(second))


def is_above(node: Node, other: Node) -> bool:
    """Tell whether a node is a parent of another, at any distance."""
    above = other.parent
    while above is not None:
        if above is node:
            return True
        above = above.parent
    return False


def gives_addresses(claim: Claim) -> bool:
    """Tell whether the bus of an address hands it to one device alone.

    Registers inside a system controller are read through the controller, by as many drivers as
    want to; so are those of a device that is such a controller itself. A node without `compatible`
    that is no bus of chips (`clocks`) only groups what is below it.
    """
    bus = claim.provider
    if is_chip_bus(bus):
        return True
    kinds = bus.properties.get("compatible")
    if (kinds is None and bus.name) or _is_syscon(bus):
        return False
    return not _is_syscon(claim.device)


def _is_syscon(node: Node) -> bool:
    return b"\0syscon\0" in b"\0" + node.properties.get("compatible", b"")


# -- what a device is to the GPIO line it claims ---------------------------------------------------

HOG, REGULATOR, TOGETHER, PHY = "hog", "regulator", "together", "phy"
"""What role_of tells."""


def role_of(claim: Claim) -> str:
    """Tell what decides whether another may claim the same GPIO line; "" for nothing special.

    REGULATOR: opens its line so that others may as well, which `gpios` of regulator-gpio are not.
    TOGETHER: so do all drivers that know this property. PHY: reset line of a chip on an MDIO bus.
    Source: GPIOD_FLAGS_BIT_NONEXCLUSIVE in regulator_of_get_init_data, reg_fixed_voltage_probe,
    vsc8584_config_init; gpio_regulator_probe; mdiobus_register_gpiod.
    """
    device, key = claim.device, claim.key
    if claim.kind != GPIOS:
        return ""
    if "gpio-hog" in device.properties:
        return HOG
    if key == "load-save-gpios":
        return TOGETHER
    if key == "reset-gpios" and device.parent is not None and _is_mdio(device.parent):
        return PHY
    return REGULATOR if _is_regulator(device, key) else ""


def roles_agree(one: str, other: str) -> bool:
    """Tell whether two with these roles may claim one line: the first lets the second in.

    A hog has its line before any driver asks, so a regulator finds it taken, and goes on with it.
    """
    return (one == other and one in (REGULATOR, TOGETHER)) or {one, other} == {HOG, REGULATOR}


def _is_regulator(node: Node, key: str) -> bool:
    kinds = strings(node.properties.get("compatible", b"")) or ()
    if key == "gpios" and "regulator-gpio" in kinds:
        return False
    parent = node.parent
    return any(kind.startswith("regulator-") for kind in kinds) or (
        "regulator-name" in node.properties
        or (parent is not None and parent.name.startswith("regulators"))
    )


def _is_mdio(bus: Node) -> bool:
    kinds = strings(bus.properties.get("compatible", b"")) or ()
    return bus.name.startswith("mdio") or any(kind.endswith("mdio") for kind in kinds)


# -- how bad a clash is ----------------------------------------------------------------------------

# Lines that boards share on purpose: one pulse for several chips.
_SHARED_STEMS = ("reset", "powerdown", "shutdown", "enable", "pdn")
# Buses whose children are chips with a number each: the kernel refuses a second one.
_CHIP_BUSES = ("i2c", "i3c", "spi", "qspi", "mdio", "dsi", "mipi-dsi")


def severity_of(clash: Clash) -> Severity | None:
    """Weigh a clash; None: as its code says.

    info for what is often meant (a reset line for two chips, a level-triggered interrupt), warning
    for equal addresses on a bus of registers, where the kernel may let both be, for two hogs, and
    for pins that Linux may not claim at all.
    """
    first, second = clash.pairs[0]
    if first.kind == PINS:
        doubtful = all(doubt_of(a) or doubt_of(b) for a, b in clash.pairs)
        return Severity.WARNING if doubtful else None
    if first.kind == GPIOS:
        return _severity_of_line(first, second)
    if first.kind == INTERRUPTS and not any(a.edge or b.edge for a, b in clash.pairs):
        return Severity.INFO
    if first.kind == ADDRESSES and not is_chip_bus(first.provider):
        return Severity.WARNING
    return None


def _severity_of_line(first: Claim, second: Claim) -> Severity | None:
    one, other = role_of(first), role_of(second)
    if one == other and one in (HOG, PHY):
        return Severity.WARNING
    if first.key == second.key and _stem(first.key) in _SHARED_STEMS:
        return Severity.INFO
    return None


def _stem(key: str) -> str:
    return key.rpartition("-")[0].rpartition(",")[2].rpartition("-")[2]


# Devices of these buses are bound to a driver since Linux 5.15 only, and by their first string.
_PLAIN_BUSES = (b"simple-bus\0", b"simple-mfd\0", b"isa\0")


def doubt_of(claim: Claim) -> str:
    """Say why Linux may not refuse a claim on pins; "" where there is no doubt.

    A device without `pinctrl-names` gets no pins from Linux. It is not passed over: whoever wrote
    `pinctrl-0` meant the device to have them, commonly as the boot loader left them, and the wires
    are two devices' all the same.
    Source: kernel pinctrl_dt_to_map, simple_pm_bus_probe, msm_pinmux_ops.
    """
    properties = claim.device.properties
    if "pinctrl-names" not in properties:
        return 'lacks pinctrl-names = "default": Linux selects no pins'
    if properties.get("compatible", b"").startswith(_PLAIN_BUSES):
        return "is a plain bus: Linux selects pins for it from 5.15 on"
    if claim.group is not None and _is_gpio(claim.provider, claim.group):
        return 'muxes with function = "gpio", which is refused up to Linux 6.17 only'
    return ""


def _is_gpio(controller: Node, group: Node) -> bool:
    """Tell a group of a Qualcomm controller of which all pins are plain GPIO lines."""
    if not controller.properties.get("compatible", b"").startswith(b"qcom,"):
        return False
    found = {node.properties.get("function") for node in (group, *group.children.values())}
    return found - {None} == {b"gpio\0"}


def is_chip_bus(bus: Node) -> bool:
    """Tell whether the children of a bus are chips with a number, as on I2C, SPI, MDIO and DSI."""
    sizes = bus.properties.get("#size-cells")
    if sizes is None or len(sizes) < 4 or cell(sizes):
        return False
    kinds = strings(bus.properties.get("compatible", b"")) or ()
    return bus.name.startswith(_CHIP_BUSES) or any(
        kind.endswith(("i2c", "spi", "mdio", "dsi")) for kind in kinds
    )
