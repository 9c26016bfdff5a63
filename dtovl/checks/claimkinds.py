"""What kinds of resources devices claim, and which properties say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.pinbindings import READERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.checks.pinbindings import Pin
    from dtovl.model.node import Node

PINS, GPIOS, INTERRUPTS, DMAS, ADDRESSES = (1 << bit for bit in range(5))
ALL = PINS | GPIOS | INTERRUPTS | DMAS | ADDRESSES
GROUP = 1 << 5
"""A property of a pin configuration node: the claims of its users change with it."""
BELOW = 1 << 6
"""The property speaks for all nodes below as well."""
STATUS = 1 << 7
"""The property claims nothing itself: all claims of the node hang on it."""

MOST_CLAIMS = 100_000
"""Most claims that are held against each other in one tree; a large board has some 2,000."""

_MOST_NAMES = 20_000
_EXACT = {
    "status": STATUS | BELOW,
    "pinctrl-names": PINS,
    "gpios": GPIOS,
    "gpio": GPIOS,
    "gpio-hog": GPIOS,
    "interrupts": INTERRUPTS,
    "interrupts-extended": INTERRUPTS,
    "interrupt-parent": INTERRUPTS | BELOW,
    "dmas": DMAS,
    "reg": ADDRESSES,
    **dict.fromkeys(READERS, GROUP),
    "function": GROUP,
    "brcm,function": GROUP,
}


class _Kinds(dict[str, int]):
    """Name of a property -> kinds of claims it takes part in, 0 for none; learns as it is asked."""

    def __missing__(self, name: str) -> int:
        if len(self) > _MOST_NAMES:
            self.clear()
            self.update(_EXACT)
        found = 0
        if name.startswith("pinctrl-"):
            found = PINS if name[8:].isdecimal() else 0
        elif name.endswith(("-gpios", "-gpio")) and name[0] != "-":
            # `nr-gpios` is a count (drivers/of/property.c, parse_gpios).
            found = 0 if name.endswith(",nr-gpios") else GPIOS
        found = self[name] = _EXACT.get(name, found)
        return found


KINDS = _Kinds(_EXACT)


def kinds_in(names: Iterable[str]) -> int:
    """Give the kinds of claims that any of these properties takes part in."""
    kinds = 0
    for name in names:
        kinds |= KINDS[name]
    return kinds


Resource = tuple[int, "Node", "Pin | Node | bytes"]
"""What two claims must have in common to clash: the kind, the provider, the unit.

The provider is a controller, or the bus of an address; the unit tells its units of one kind apart:
a pin, a pin configuration node as a whole, or the cells of a GPIO line, an interrupt line, a DMA
channel, an address.
"""


class Claim(NamedTuple):
    """A device claims a resource by one of its properties.

    group is the pin configuration node; edge: the interrupt is said to trigger on edges.
    """

    resource: Resource
    device: Node
    key: str
    group: Node | None = None
    edge: bool = False

    @property
    def kind(self) -> int:
        """Give the kind of the resource."""
        return self.resource[0]

    @property
    def provider(self) -> Node:
        """Give the controller or bus."""
        return self.resource[1]

    @property
    def unit(self) -> Pin | Node | bytes:
        """Give what tells the resource among those of its provider."""
        return self.resource[2]
