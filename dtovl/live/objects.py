"""What a live tree is made of besides nodes: properties as objects, events, holders, hazards."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.overlay.outcome import Outcome


class Flag:
    """Flags of a node (kernel include/linux/of.h): the bits of `_flags`, as plain numbers."""

    DYNAMIC = 0x02
    DETACHED = 0x04
    POPULATED = 0x08
    POPULATED_BUS = 0x10
    OVERLAY = 0x20
    OVERLAY_FREE_CSET = 0x40


FLAG_NAMES = {
    Flag.DYNAMIC: "DYNAMIC",
    Flag.DETACHED: "DETACHED",
    Flag.POPULATED: "POPULATED",
    Flag.POPULATED_BUS: "POPULATED_BUS",
    Flag.OVERLAY: "OVERLAY",
    Flag.OVERLAY_FREE_CSET: "OVERLAY_FREE_CSET",
}
"""Names of the flags, in the order of their bits."""


class Maker(Enum):
    """Who allocated a node or property, hence what its parts are called in a list of leaks."""

    BOOT = "boot"
    OVERLAY = "overlay"
    SYMBOL = "symbol"
    CALLER = "caller"


class Property:
    """A property as an object (kernel struct property): changesets know it by identity.

    sysfs is the name of its file in sysfs, None while it has none, "" when the file could not be
    made; gone tells that it had one: the kernel keeps a pointer to that freed name.
    """

    __slots__ = ("gone", "maker", "name", "sysfs", "value")

    def __init__(self, name: str, value: bytes, maker: Maker) -> None:
        self.name = name
        self.value = value
        self.maker = maker
        self.sysfs: str | None = None
        self.gone = False


class Holder(NamedTuple):
    """Who holds a reference to a node, and where it was taken."""

    name: str
    where: str = ""


Reconfig = tuple[str, "Node", "Property | None", "Property | None"]
"""A notification of the OF reconfig chain: action, node, property, old property.

A bare tuple, as there is one for each entry, and most are never looked at.
Source: kernel of_reconfig_notify, of_property_notify.
"""


class Overlaid(NamedTuple):
    """A notification of the overlay chain, for one fragment. Source: kernel overlay_notify."""

    action: str
    target: Node
    content: Node


class DeviceEvent(NamedTuple):
    """What became of a device; action as in bus notifications, or `probe` and `remove`.

    result is what a driver's function returned, "" for bus notifications.
    """

    action: str
    device: str
    node: Node
    result: str = ""


class Injected(NamedTuple):
    """A listener that was told to fail did so."""

    error: str


class Oops(Exception):
    """The kernel would crash or hang here; what tells why, node where.

    outcome is that of the overlay whose application does it.
    """

    def __init__(self, what: str, node: Node | None = None, outcome: Outcome | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.node = node
        self.outcome = outcome
