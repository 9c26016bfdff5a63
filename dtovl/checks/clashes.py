"""Finding the resources that two devices claim, among those that overlays changed and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.claimkinds import ADDRESSES, GPIOS, INTERRUPTS, Claim
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

    A device and one inside it are two views of the same hardware. Regulators open the GPIO of
    their enable line so that others may as well (kernel: GPIOD_FLAGS_BIT_NONEXCLUSIVE in
    regulator_of_get_init_data and reg_fixed_voltage_probe).
    """
    if first.device is second.device:
        return True
    if is_above(first.device, second.device) or is_above(second.device, first.device):
        return True
    return first.kind == GPIOS and is_regulator(first.device) and is_regulator(second.device)


def is_above(node: Node, other: Node) -> bool:
    """Tell whether a node is a parent of another, at any distance."""
    above = other.parent
    while above is not None:
        if above is node:
            return True
        above = above.parent
    return False


def is_regulator(node: Node) -> bool:
    """Tell whether a node is a regulator."""
    kinds = strings(node.properties.get("compatible", b"")) or ()
    parent = node.parent
    return any(kind.startswith("regulator-") for kind in kinds) or (
        "regulator-name" in node.properties
        or (parent is not None and parent.name.startswith("regulators"))
    )


# Lines that boards share on purpose: one pulse for several chips.
_SHARED_STEMS = ("reset", "powerdown", "shutdown", "enable", "pdn")
# Buses whose children are chips with a number each: the kernel refuses a second one.
_CHIP_BUSES = ("i2c", "i3c", "spi", "qspi", "mdio")


def severity_of(clash: Clash) -> Severity | None:
    """Weigh a clash; None: as its code says.

    info for what is often meant (a reset line for two chips, a level-triggered interrupt), warning
    for equal addresses on a bus of registers, where the kernel may let both be.
    """
    first, second = clash.pairs[0]
    if first.kind == GPIOS and first.key == second.key and _stem(first.key) in _SHARED_STEMS:
        return Severity.INFO
    if first.kind == INTERRUPTS and not any(a.edge or b.edge for a, b in clash.pairs):
        return Severity.INFO
    if first.kind == ADDRESSES and not is_chip_bus(first.provider):
        return Severity.WARNING
    return None


def _stem(key: str) -> str:
    return key.rpartition("-")[0].rpartition(",")[2].rpartition("-")[2]


def is_chip_bus(bus: Node) -> bool:
    """Tell whether the children of a bus are chips with a number, as on I2C, SPI and MDIO."""
    sizes = bus.properties.get("#size-cells")
    if sizes is None or len(sizes) < 4 or cell(sizes):
        return False
    kinds = strings(bus.properties.get("compatible", b"")) or ()
    return bus.name.startswith(_CHIP_BUSES) or any(
        kind.endswith(("i2c", "spi", "mdio")) for kind in kinds
    )
