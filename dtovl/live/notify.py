"""The two chains of listeners of a live tree, and what they are told.

The reconfig chain hears of each entry: first the recorder (the log of the live tree), then
listeners that come before the platform bus, the bus, and those that come after it. The overlay
chain hears of each fragment. The first error ends the round of the chain: what stands behind it
hears nothing.
Source: kernel of_reconfig_notify, of_property_notify, overlay_notify.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dtovl.live.objects import Overlaid

if TYPE_CHECKING:
    from dtovl.live.objects import Property, Reconfig
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
    live.check_path(node)  # listeners spell it out
    return _tell(live, (action, node, None, None))


def tell_property(
    live: Live, action: str, node: Node, prop: Property, old: Property | None = None
) -> str:
    """Tell of a property, unless its node is not in sysfs. Source: kernel of_property_notify."""
    return _tell(live, (action, node, prop, old)) if live.in_sysfs(node) else ""


def tell_all(live: Live, told: list[Reconfig]) -> str:
    """Tell of entries in order; errors are logged, the last one is given.

    Source: kernel __of_changeset_entry_notify.
    """
    out = live.out
    heard = [event for event in told if event[2] is None or event[1] not in out]
    if not live.listeners and live.platform is None:
        live.log.extend(heard)
        return ""
    last = ""
    for event in heard:
        error = _tell(live, event)
        if error:
            live.print(3, "OF: changeset notifier error @", event[1].kernel_path)
            last = error
    return last


def _tell(live: Live, event: Reconfig) -> str:
    """Tell the chain of one entry; give the error of the first listener that fails."""
    live.log.append(event)
    action, node, prop, old = event
    for listener in live.listeners:
        error = listener.reconfig("reconfig-first", action, node)
        if error:
            return error
    if live.platform is not None:
        name = None if prop is None else prop.name
        new = None if prop is None else prop.value
        before = None if old is None else old.value
        error = live.platform.reconfig(action, node, name, new, before)
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
