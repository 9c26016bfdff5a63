"""Deletes: what firmware, or user space, takes out of the tree.

Under preserve a delete only marks its node, with all below it, as pending (see pairing).
Source: kernel delete_dt_node, dlpar_detach_node (mobility.c, dlpar.c), ofdt_write (reconfig.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.replay.leave import take_out
from dtovl.replay.lookup import check_base, find_left, find_node, missing
from dtovl.replay.pairing import suspend
from dtovl.replay.scope import check_deleted

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry


def delete(replay: Replay, entry: OpEntry) -> None:
    """Carry out a delete."""
    operation = entry.operation
    check_base(replay, operation)
    node = find_node(replay, operation)
    if node is None:
        _miss(replay, entry, find_left(replay, operation))
    elif node in replay.session.pending:
        _miss(replay, entry, node)
    elif node.parent is None:
        # Linux would take the root out, and nothing would be left to say anything about.
        _miss(replay, entry, None)
    else:
        replay.answer(entry, node, "")
        replay.name_all(node)
        _delete_found(replay, entry, node)


def _delete_found(replay: Replay, entry: OpEntry, node: Node) -> None:
    model, session = replay.model, replay.session
    again = node in session.matched and node in session.named
    if entry.operation.ofdt and _has_children(replay, node):
        replay.tell(node, entry.line, "is to be removed through ofdt, but has children")
        replay.find("PS152", node, entry.line)
        entry.result = "dropped"
        return
    if again:
        replay.find("PS132", node, entry.line)
        entry.result = "not-found"
        return
    check_deleted(replay, entry, node)
    session.note_named(model, node)
    replay.tell(node, entry.line, "is deleted")
    if replay.policy.ignores and not entry.operation.ofdt and _stays(replay, node):
        replay.find("PS150", node, entry.line)
        entry.result = "ignored"
    elif replay.policy.preserves:
        suspend(replay, entry, node)
    else:
        take_out(replay, node, lambda _: entry, deleted=lambda _: True)
        entry.result = "detached"


def _has_children(replay: Replay, node: Node) -> bool:
    pending = replay.session.pending
    return any(child not in pending for child in node.children.values())


def _stays(replay: Replay, node: Node) -> bool:
    """Tell whether a fixed kernel ignores the delete of a node. Source: kernel delete_dt_node."""
    model = replay.model
    return model.is_facilities(node) or model.is_facilities(node.parent)


def _miss(replay: Replay, entry: OpEntry, node: Node | None) -> None:
    """Report a delete that finds nothing, or only a node that went before."""
    operation, session = entry.operation, replay.session
    entry.result = "not-found"
    if node is None:
        entry.path, entry.phandle = operation.path, operation.phandle or 0
        what = missing(operation)
        replay.find_at("PS133", operation.path, operation.phandle, entry.line, what=what)
        return
    replay.answer(entry, node, "not-found")
    replay.name(node)
    if node in session.named:
        replay.find("PS132", node, entry.line)
        return
    session.note_named(replay.model, node)
    parent = node.parent
    above = "its parent" if parent is None else replay.model.path(parent)
    replay.tell(node, entry.line, "is deleted, after it went with its parent")
    replay.find("PS135", node, entry.line, parent=above)
