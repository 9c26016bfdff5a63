"""How a node leaves the tree with all below it, and what it means that somebody holds one of them.

A held node dangles: it is out of the tree, its count is not 0, and it still points at its parent.
When that parent is out of the tree too and nobody holds it, its count is 0, and whoever walks up
from the held node uses it after it was freed. User space that writes to ofdt never drops the last
reference of a node, so a parent that left so is safe to touch.
Source: kernel dlpar_detach_node, pSeries_reconfig_remove_node, devspec_show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry


def take_out(
    replay: Replay,
    top: Node,
    cause: Callable[[Node], OpEntry],
    *,
    deleted: Callable[[Node], bool],
) -> None:
    """Take a node out of the tree, with all below it, children first.

    cause gives the operation that took a node; deleted tells whether a delete did, so that later
    operations of the session know of it.
    """
    model, session = replay.model, replay.session
    taken = model.detach(top, cause(top).line)
    for node in reversed(taken):
        entry = cause(node)
        record = model.record(node)
        record.named = True
        record.lost = entry.operation.ofdt and entry.operation.kind == "delete"
        model.tell(record, entry.line, "leaves the tree")
        if deleted(node):
            session.note_left(model, node)
        if node in model.holders:
            _dangle(replay, node, entry)
        else:
            _free(replay, node, entry)


def _dangle(replay: Replay, node: Node, entry: OpEntry) -> None:
    model = replay.model
    replay.find("PS101", node, entry.line, holders=", ".join(model.holders[node]))
    if node.parent is not None:
        model.dangling_below.setdefault(node.parent, []).append(node)


def _free(replay: Replay, node: Node, entry: OpEntry) -> None:
    model = replay.model
    below = model.dangling_below.pop(node, ())
    if model.record(node).lost:
        return
    for held in below:
        replay.find("PS102", held, entry.line, node, parent=model.path(node))
