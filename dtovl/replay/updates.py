"""Updates: properties that firmware, or user space, sets or takes away in place.

Source: kernel update_dt_node, update_dt_property (mobility.c), do_update_property,
do_add_property, do_remove_property (reconfig.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.replay.lookup import find_left, find_node, missing
from dtovl.replay.properties import judge_changes, set_property
from dtovl.replay.records import UNKNOWN
from dtovl.replay.stream import NAME_ONLY, REMOVE
from dtovl.update import Difference

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry, Value
    from dtovl.replay.stream import Change


def update(replay: Replay, entry: OpEntry) -> None:
    """Carry out an update."""
    node = find_node(replay, entry.operation)
    if node is None:
        _miss(replay, entry)
    elif node in replay.session.pending:
        _drop(replay, entry, node, "dropped")
    else:
        replay.answer(entry, node, "applied")
        replay.name(node)
        _apply(replay, entry, node)


def _miss(replay: Replay, entry: OpEntry) -> None:
    operation = entry.operation
    left = find_left(replay, operation)
    if left is not None:
        _drop(replay, entry, left, "not-found")
        return
    entry.path, entry.phandle = operation.path, operation.phandle or 0
    entry.result = "not-found"
    what = missing(operation)
    replay.find_at("PS133", operation.path, operation.phandle, entry.line, what=what)


def _drop(replay: Replay, entry: OpEntry, node: Node, result: str) -> None:
    replay.answer(entry, node, result)
    replay.name(node)
    replay.tell(node, entry.line, "is updated after its delete: the update is dropped")
    replay.find("PS131", node, entry.line)


def _apply(replay: Replay, entry: OpEntry, node: Node) -> None:
    changes = entry.operation.changes
    if changes is None:
        replay.tell(node, entry.line, "is updated, with changes that are not in the log")
        replay.find("PS144", node, entry.line, what="the node is updated")
        return
    for change in changes:
        _change(replay, entry, node, change)


def _change(replay: Replay, entry: OpEntry, node: Node, change: Change) -> None:
    """Carry out one change; what leaves the property as it is means nothing."""
    model, line, name = replay.model, entry.line, change.name
    old = model.value(node, name)
    if change.verb == REMOVE:
        if old is None:
            if change.required:
                entry.result = "not-found"
                replay.find("PS133", node, line, what=f"property {name}")
            return
        new: Value = None
    elif change.verb == NAME_ONLY:
        if not replay.policy.sets_empty:
            replay.find("PS149", node, line, name=name)
            return
        new = b""
    else:
        new = UNKNOWN if change.value is None else change.value
    if change.exclusive and name in node.properties:
        replay.find("PS155", node, line, name=name)
        return
    if new == UNKNOWN:
        replay.find("PS144", node, line, what=f"{name} changes")
    if old != new or new == UNKNOWN:
        difference = Difference(name, old, new)
        announced = not change.exclusive
        set_property(replay, node, difference, line, added=change.exclusive)
        judge_changes(replay, node, [difference], line, announced=announced, updates=True)
