"""The order of properties and children, kept for those who take changes back.

Putting back what was taken out, the kernel adds properties last and nodes first. Where nothing may
be seen of a change that was taken back, the order has to come back, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.live.changeset import Entry
    from dtovl.live.state import Live
    from dtovl.model.node import Node


class Order:
    """The order as it is at the nodes that entries are about."""

    __slots__ = ("_children", "_live", "_properties")

    def __init__(self, live: Live, entries: Iterable[Entry]) -> None:
        self._live = live
        self._properties: dict[Node, list[str]] = {}
        self._children: dict[Node, tuple[dict[str, Node], int]] = {}
        heads = live.tree.head_children
        for entry in entries:
            node, parent = entry.node, entry.node.parent
            if entry.prop is not None:
                self._properties.setdefault(node, list(node.properties))
            elif parent is not None and parent not in self._children:
                self._children[parent] = dict(parent.children), heads.get(parent, 0)

    def restore(self) -> None:
        """Give the order back; where others came or went meanwhile, children stay as they are."""
        for node, keys in self._properties.items():
            known = [key for key in keys if key in node.properties]
            more = [key for key in node.properties if key not in set(keys)]
            values = {key: node.properties[key] for key in (*known, *more)}
            node.properties.clear()
            node.properties.update(values)
        tree = self._live.tree
        for parent, (children, heads) in self._children.items():
            if set(children.values()) != set(parent.children.values()):
                continue
            parent.children.clear()
            parent.children.update(children)
            if heads:
                tree.head_children[parent] = heads
            else:
                tree.head_children.pop(parent, None)
            tree.forget_children(parent)
