"""The two chains of listeners of a live tree, and what they are told.

The reconfig chain hears of each entry: first the recorder (the log of the live tree), then
listeners that come before the platform bus, the bus, and those that come after it. The overlay
chain hears of each fragment. The first error ends the round of the chain: what stands behind it
hears nothing.
Source: kernel of_reconfig_notify, of_property_notify, overlay_notify.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dtovl.live.objects import Overlaid, Reconfig

if TYPE_CHECKING:
    from dtovl.live.objects import Property
    from dtovl.live.state import Live
    from dtovl.model.node import Node


class Listener(Protocol):
    """Listens to changes; each call gives "" or an error such as `-EBUSY`."""

    def reconfig(self, place: str, action: str, node: Node) -> str:
        """Hear of an entry; place is `reconfig-first` before the platform bus, else `reconfig`."""

    def overlay(self, action: str, target: Node, content: Node) -> str:
        """Hear of a fragment; action is pre-apply, post-apply, pre-remove or post-remove."""


def tell_node(live: Live, action: str, node: Node) -> str:
    """Tell of a node attached or detached; give the error of the listener that failed."""
    live.emit(Reconfig(action, node))
    return _tell(live, action, node, None, None, None)


def tell_property(
    live: Live, action: str, node: Node, prop: Property, old: Property | None = None
) -> str:
    """Tell of a property, unless its node is not in sysfs. Source: kernel of_property_notify."""
    if not live.in_sysfs(node):
        return ""
    length = None if old is None else len(old.value)
    live.emit(Reconfig(action, node, prop.name, len(prop.value), length))
    return _tell(live, action, node, prop.name, prop.value, None if old is None else old.value)


def _tell(
    live: Live, action: str, node: Node, name: str | None, new: bytes | None, old: bytes | None
) -> str:
    for listener in live.listeners:
        error = listener.reconfig("reconfig-first", action, node)
        if error:
            return error
    if live.platform is not None:
        error = live.platform.reconfig(action, node, name, new, old)
        if error:
            return error
    for listener in live.listeners:
        error = listener.reconfig("reconfig", action, node)
        if error:
            return error
    return ""


def tell_fragment(live: Live, action: str, target: Node, content: Node) -> str:
    """Tell the overlay chain of one fragment."""
    live.emit(Overlaid(action, target, content))
    for listener in live.listeners:
        error = listener.overlay(action, target, content)
        if error:
            return error
    return ""
