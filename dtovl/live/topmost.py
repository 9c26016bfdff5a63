"""The rule of the topmost overlay: which later one keeps an overlay from being removed.

Every node that an entry of the overlay is about must lie outside the subtrees of all nodes that
entries of later overlays are about, and the other way round. The node of a property entry is its
target, that of a node entry the node itself, not its parent. A node that was never attached is in
nobody's subtree but its own.
Source: kernel overlay_removal_is_ok, node_overlaps_later_cs, find_node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.objects import Flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.live.overlays import LiveOverlay
    from dtovl.live.state import Live
    from dtovl.model.node import Node


def find_blocker(
    live: Live, record: LiveOverlay, listed: list[LiveOverlay]
) -> tuple[Node, LiveOverlay] | None:
    """Find the first node of an overlay that overlaps with a later one, and that one."""
    later = listed[listed.index(record) + 1 :]
    if not later:
        return None
    own = {entry.node for entry in record.changeset.entries}
    above_own = {above for node in own for above in _upwards(live, node)}
    suspects = [one for one in reversed(later) if _overlaps(live, one, own, above_own)]
    if not suspects:
        return None
    for entry in record.changeset.entries:
        chain = set(_upwards(live, entry.node))
        for one in suspects:
            for other in one.changeset.entries:
                if other.node in chain or entry.node in _upwards(live, other.node):
                    return entry.node, one
    return None


def _overlaps(live: Live, other: LiveOverlay, own: set[Node], above_own: set[Node]) -> bool:
    nodes = {entry.node for entry in other.changeset.entries}
    if not nodes.isdisjoint(above_own):
        return True
    return any(not own.isdisjoint(_upwards(live, node)) for node in nodes)


def _upwards(live: Live, node: Node) -> Iterator[Node]:
    """Give a node and those above it in whose subtree a walk finds it."""
    above: Node | None = node
    while above is not None:
        yield above
        if live.has_flag(above, Flag.DETACHED):
            return
        below, above = above, above.parent
        if below in live.loose and above is not None and not _lists(above, below):
            return


def _lists(parent: Node, node: Node) -> bool:
    return any(child is node for child in parent.children.values())
