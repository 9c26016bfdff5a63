"""Single changes outside changesets: made at once, listeners told, their errors ignored.

Source: kernel of_attach_node, of_detach_node, of_add_property, of_remove_property,
of_update_property; __of_node_dup for nodes that are not attached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live import primitives
from dtovl.live.changeset import find_property
from dtovl.live.notify import tell_node, tell_property
from dtovl.live.objects import Maker, Property
from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node


def new_node(live: Live, parent: Node, name: str) -> Node:
    """Make a node without properties; it knows its parent but is not attached."""
    return primitives.new_node(live, name, parent)


def dup_node(live: Live, source: Node, parent: Node, name: str) -> Node:
    """Make a node with copies of the properties of another."""
    node = primitives.new_node(live, name, parent)
    live.spell_name(source)
    for key, value in source.properties.items():
        prop = Property(plain_name(key), value, Maker.OVERLAY)
        live.made_properties.append(prop)
        primitives.add_property(live, node, prop)
    return node


def new_property(live: Live, node: Node, prop: Property) -> str:
    """Put a property on a node that is not attached; nobody is told."""
    return primitives.add_property(live, node, prop)


def attach_node(live: Live, node: Node) -> str:
    """Attach a node."""
    primitives.attach(live, node)
    primitives.attach_sysfs(live, node)
    tell_node(live, "attach-node", node)
    return ""


def detach_node(live: Live, node: Node) -> str:
    """Detach a node."""
    primitives.detach(live, node)
    primitives.detach_sysfs(live, node)
    tell_node(live, "detach-node", node)
    return ""


def add_property(live: Live, node: Node, prop: Property) -> str:
    """Add a property; `-EEXIST` when there is one of that name."""
    error = primitives.add_property(live, node, prop)
    if not error:
        tell_property(live, "add-property", node, prop)
    return error


def update_property(live: Live, node: Node, prop: Property) -> str:
    """Replace a property, or add it."""
    old = primitives.update_property(live, node, prop, None)
    tell_property(live, "update-property", node, prop, old)
    return ""


def remove_property(live: Live, node: Node, name: str) -> str:
    """Remove a property by name; `-ENODEV` when there is none."""
    prop = find_property(live, node, name)
    if prop is None:
        return "-ENODEV"
    error = primitives.remove_property(live, node, prop)
    if not error:
        tell_property(live, "remove-property", node, prop)
    return error
