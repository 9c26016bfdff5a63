"""Platform devices that Linux makes of nodes an overlay adds, and the names that clash.

At boot Linux makes a device of every enabled child with `compatible` of a populated bus: the root,
and below it whatever is compatible with a simple bus. A node that comes in later under a populated
bus becomes a device even without `compatible`. Two devices of one name cannot be: the second is
refused, and applying the overlay returns -EINVAL although the tree has changed.
Source: kernel of_platform_notify, of_platform_bus_create, of_device_make_bus_id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode, SetProperty
from dtovl.model.address import bus_address, counts, property_of
from dtovl.model.cells import cell, strings
from dtovl.overlay.outcome import LogLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.changeset import Entry
    from dtovl.model.address import Get
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_BUSES = frozenset({"simple-bus", "simple-mfd", "isa", "arm,amba-bus"})
_ENABLED = (None, b"okay\0", b"ok\0")


def device_clashes(tree: Tree, entries: Iterable[Entry]) -> dict[Node, Node]:
    """Map nodes of which no device can be made to the older node whose device has the name.

    They come in, or their `status` becomes okay. entries must be in force; devices are made in
    their order.
    """
    found: dict[Node, Node] = {}
    fresh = {entry.node for entry in entries if isinstance(entry, AttachNode)}
    buses: dict[Node, _Bus | None] = {}
    for entry in entries:
        node = _announced(entry, fresh)
        bus = None if node is None else node.parent
        if node is None or bus is None or "reg" not in node.properties:
            continue
        if bus not in buses:
            buses[bus] = _Bus(bus) if is_populated_bus(tree, bus) else None
        devices = buses[bus]
        if devices is None:
            continue
        other = devices.named(tree, node.name.partition("@")[0], fresh).setdefault(
            _address(node), node
        )
        if other is not node and bus_address(node) is not None:
            found[node] = other
    return found


def _announced(entry: Entry, fresh: set[Node]) -> Node | None:
    """Give the node that an entry makes Linux look at as a new device.

    Source: kernel of_reconfig_get_state_change.
    """
    if isinstance(entry, AttachNode):
        return entry.node if entry.node.properties.get("status") in _ENABLED else None
    if not isinstance(entry, SetProperty) or entry.key != "status" or entry.node in fresh:
        return None
    return entry.node if entry.new in _ENABLED and entry.old not in _ENABLED else None


class _Bus:
    """The devices of one bus, by name without unit address, then by address."""

    __slots__ = ("_devices", "_nodes")

    def __init__(self, bus: Node) -> None:
        self._devices: dict[str, dict[bytes, Node]] = {}
        self._nodes: dict[str, list[Node]] = {}
        for child in bus.children.values():
            self._nodes.setdefault(child.name.partition("@")[0], []).append(child)

    def named(self, tree: Tree, stem: str, fresh: set[Node]) -> dict[bytes, Node]:
        """Map addresses to the devices that were there before, of nodes called stem.

        Nodes on one bus have the same CPU address where their own is the same, so nothing is
        translated.
        """
        if stem not in self._devices:
            found = self._devices[stem] = {}
            for node in self._nodes.get(stem, ()):
                properties = node.properties
                is_device = "compatible" in properties or node in tree.origins
                before = node not in fresh and (node, "status") not in tree.origins
                enabled = properties.get("status") in _ENABLED
                if is_device and before and enabled and "reg" in properties:
                    found.setdefault(_address(node), node)
        return self._devices[stem]


def is_populated_bus(tree: Tree, node: Node) -> bool:
    """Tell whether Linux has made devices of the children of a node at boot."""
    while node.parent is not None:
        kinds = strings(node.properties.get("compatible", b""))
        if not kinds or _BUSES.isdisjoint(kinds) or node in tree.origins:
            return False
        if node.properties.get("status") not in _ENABLED:
            return False
        node = node.parent
    return True


def device_name(
    node: Node,
    get: Get = property_of,
    address_of: Callable[[Node, Get], int | None] = bus_address,
) -> str:
    """Give the name of the platform device that Linux makes of a node.

    get tells properties; address_of tells what a CPU sees of the first entry of `reg`.

    Source: kernel of_device_make_bus_id.
    """
    name = ""
    one: Node | None = node
    while one is not None and one.parent is not None:
        address = address_of(one, get)
        own = one.name.rpartition("/")[2]
        if address is not None:
            stem = f"{address:x}{_bit(get(one, 'mask'))}.{own.partition('@')[0]}"
            return f"{stem}:{name}" if name else stem
        name = f"{own}:{name}" if name else own
        one = one.parent
    return name


def _bit(mask: bytes | None) -> str:
    """Tell devices that share a register apart: by the lowest bit of `mask` that is set."""
    if mask is None or len(mask) < 4:
        return ""
    number = cell(mask)
    return f".{(number & -number).bit_length() - 1 & 0xFFFF_FFFF:x}"


def clash_lines(node: Node) -> list[LogLine]:
    """Give what the kernel prints when the device of a node cannot be registered."""
    name = device_name(node)
    above = []
    parent = node.parent
    while parent is not None and parent.parent is not None:
        above.append(device_name(parent))
        parent = parent.parent
    path = "/".join(["/devices/platform", *reversed(above), name])
    return [
        LogLine(4, (f"sysfs: cannot create duplicate filename '{path}'",)),
        LogLine(
            3,
            (
                f"kobject_add_internal failed for {name} with -EEXIST, don't try to register "
                "things with the same name in the same directory.",
            ),
        ),
        LogLine(3, (f"OF: of_platform_notify: failed to create for '{node.kernel_path}'",)),
    ]


def _address(node: Node) -> bytes:
    """Give the first address of `reg` as it stands there."""
    parent = node.parent
    cells_of_address = counts(parent)[0] if parent is not None else 0
    return node.properties["reg"][: 4 * cells_of_address]
