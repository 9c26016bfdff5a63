"""Adds: the answer of ibm,configure-connector, or one node written to ofdt, and where it goes.

What is the same under every policy is here: finding the parent, what is refused, which node an
answer is about when the log does not have it. How an answer is attached is in attach (Linux before
and since the fix, and with the whole subtree), pairing (preserve) and ignoring.
Source: kernel add_dt_node, pseries_devicetree_update (mobility.c), pSeries_reconfig_add_node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.limits import MAX_DEPTH
from dtovl.replay.attach import attach_answer, attach_blind
from dtovl.replay.ignoring import ignore_add
from dtovl.replay.lookup import find_parent
from dtovl.replay.pairing import pair_answer, pair_blind
from dtovl.replay.properties import IDENTITY, content_phandle, shown
from dtovl.replay.scope import may_add
from dtovl.replay.skeleton import base_name, path_below

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry
    from dtovl.replay.stream import Operation

_UNNAMED = "?"
"""What stands for the name of an added node that nothing tells."""


def add(replay: Replay, entry: OpEntry) -> None:
    """Carry out an add."""
    operation = entry.operation
    if operation.refused:
        entry.result = "dropped"
        return
    parent = find_parent(replay, operation)
    entry.path = _told_path(operation, parent, replay)
    entry.phandle = _told_phandle(operation)
    _check_identities(replay, entry)
    if parent is None or parent in replay.session.pending:
        _drop_orphan(replay, entry, "")
    elif replay.model.depth(parent) >= MAX_DEPTH:
        _drop_orphan(replay, entry, ": it would lie deeper than any tree")
    elif not _refuse_existing(replay, entry, parent):
        _add_below(replay, entry, parent)


def _add_below(replay: Replay, entry: OpEntry, parent: Node) -> None:
    content = entry.operation.content
    allowed = content is None or may_add(replay, entry, content, parent)
    _carry_out(replay, entry, parent)
    if not allowed:
        replay.find_at("PS137", entry.path, entry.phandle, entry.line, parent, kind="add")


def _carry_out(replay: Replay, entry: OpEntry, parent: Node) -> None:
    """Put the answer below its parent, as the policy has it."""
    operation, policy = entry.operation, replay.policy
    content = operation.content
    name = _name_of(replay, entry, parent)
    entry.path = replay.model.below(parent, name or _UNNAMED)
    if policy.ignores and not operation.ofdt and ignore_add(replay, entry):
        return
    if content is None:
        blind = pair_blind if policy.preserves else attach_blind
        blind(replay, entry, parent, name)
    elif policy.preserves:
        pair_answer(replay, entry, parent, content)
    else:
        attach_answer(replay, entry, parent, content)


def _name_of(replay: Replay, entry: OpEntry, parent: Node) -> str | None:
    """Give the name of the added node: of the answer, of the log, or of what was deleted."""
    operation = entry.operation
    if operation.content is not None:
        return operation.content.name
    if operation.path is not None:
        return base_name(operation.path)
    meant = replay.session.take_by_drc(replay.model.path(parent), operation.drc)
    return None if meant is None else meant.name


def _told_path(operation: Operation, parent: Node | None, replay: Replay) -> str | None:
    """Give the path of the added node, as far as the log tells it."""
    if operation.path is not None:
        return operation.path
    if operation.content is None:
        return None
    if parent is not None and parent not in replay.session.pending:
        return replay.model.below(parent, operation.content.name)
    above = operation.parent_path
    return None if above is None else path_below(above, operation.content.name)


def _told_phandle(operation: Operation) -> int:
    if operation.content is not None:
        return content_phandle(operation.content)
    return operation.phandle or 0


def _check_identities(replay: Replay, entry: OpEntry) -> None:
    """Report every node of the answer whose phandle properties disagree."""
    content = entry.operation.content
    if content is None:
        return
    above = None if entry.path is None else entry.path.rpartition("/")[0]
    stack = [(above, top) for top in (content, *content.siblings)]
    while stack:
        parent, one = stack.pop()
        path = None if parent is None else f"{parent}/{one.name}"
        told = dict(one.properties)
        values = {name: told[name] for name in IDENTITY if told.get(name) is not None}
        if len(set(values.values())) > 1:
            words = ", ".join(f"{name} {shown(value)}" for name, value in values.items())
            replay.find_at("PS115", path, content_phandle(one), entry.line, values=words)
        stack.extend((path, child) for child in one.children)


def _drop_orphan(replay: Replay, entry: OpEntry, more: str) -> None:
    entry.result = "dropped"
    replay.find_at("PS134", entry.path, entry.operation.parent, entry.line, more=more)


def _refuse_existing(replay: Replay, entry: OpEntry, parent: Node) -> bool:
    """Refuse what ofdt refuses: a path that is there. Source: kernel pSeries_reconfig_add_node."""
    operation = entry.operation
    content = operation.content
    if not operation.ofdt or content is None:
        return False
    there = replay.model.child(parent, content.name)
    if there is None or there in replay.session.pending:
        return False
    replay.tell(there, entry.line, "is to be added through ofdt, but is there")
    replay.find("PS153", there, entry.line)
    entry.result = "dropped"
    return True
