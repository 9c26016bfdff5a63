"""Platform devices that Linux makes of nodes an overlay adds, and the names that clash.

At boot Linux makes a device of every enabled child with `compatible` of a populated bus: the root,
and below it whatever is compatible with a simple bus. A node that comes in later under a populated
bus becomes a device even without `compatible`. Two devices of one name cannot be: the second is
refused, and applying the overlay returns -EINVAL although the tree has changed.
Source: kernel of_platform_notify, of_platform_bus_create, of_device_make_bus_id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode
from dtovl.model.address import bus_address, counts
from dtovl.model.cells import strings
from dtovl.overlay.outcome import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.changeset import Entry
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_BUSES = frozenset({"simple-bus", "simple-mfd", "isa", "arm,amba-bus"})
_ENABLED = (None, b"okay\0", b"ok\0")


def device_clashes(tree: Tree, entries: Iterable[Entry]) -> dict[Node, Node]:
    """Map new nodes of which no device can be made to the older node whose device has the name.

    entries must be in force; devices are made in their order.
    """
    found: dict[Node, Node] = {}
    fresh = {entry.node for entry in entries if isinstance(entry, AttachNode)}
    names: dict[tuple[Node, str], dict[bytes, Node]] = {}
    buses: dict[Node, bool] = {}
    for entry in entries:
        if not isinstance(entry, AttachNode) or "reg" not in entry.node.properties:
            continue
        node, bus = entry.node, entry.parent
        if node.properties.get("status") not in _ENABLED:
            continue
        if bus not in buses:
            buses[bus] = is_populated_bus(tree, bus)
        if not buses[bus]:
            continue
        stem = node.name.partition("@")[0]
        if (bus, stem) not in names:
            names[bus, stem] = _devices(tree, bus, stem, fresh)
        other = names[bus, stem].setdefault(_address(node), node)
        if other is not node and bus_address(node) is not None:
            found[node] = other
    return found


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


def device_name(node: Node) -> str:
    """Give the name of the platform device that Linux makes of a node.

    Source: kernel of_device_make_bus_id.
    """
    name = ""
    one: Node | None = node
    while one is not None and one.parent is not None:
        address = bus_address(one)
        if address is not None:
            stem = one.name.partition("@")[0]
            return f"{address:x}.{stem}:{name}" if name else f"{address:x}.{stem}"
        name = f"{one.name}:{name}" if name else one.name
        one = one.parent
    return name


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
        LogLine(4, f"sysfs: cannot create duplicate filename '{path}'"),
        LogLine(
            3,
            f"kobject_add_internal failed for {name} with -EEXIST, don't try to register things "
            "with the same name in the same directory.",
        ),
        LogLine(3, f"OF: of_platform_notify: failed to create for '{node.kernel_path}'"),
    ]


def _devices(tree: Tree, bus: Node, stem: str, fresh: set[Node]) -> dict[bytes, Node]:
    """Map addresses on a bus to the devices that are there, of nodes called stem.

    Nodes on one bus have the same CPU address where their own is the same, so nothing is
    translated.
    """
    prefix = stem + "@"
    found: dict[bytes, Node] = {}
    for other in bus.children.values():
        if other in fresh or not (other.name == stem or other.name.startswith(prefix)):
            continue
        properties = other.properties
        is_device = "compatible" in properties or other in tree.origins
        if is_device and properties.get("status") in _ENABLED and "reg" in properties:
            found.setdefault(_address(other), other)
    return found


def _address(node: Node) -> bytes:
    """Give the first address of `reg` as it stands there."""
    parent = node.parent
    cells_of_address = counts(parent)[0] if parent is not None else 0
    return node.properties["reg"][: 4 * cells_of_address]
