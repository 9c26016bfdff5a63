"""Attaching an answer as Linux does: the top node alone, or with all of it.

What is attached is compared with its counterpart: the node of that path which is attached, or the
last one of that path that left in this session, when no phandle says that it is another node.
Without content in the log the answer is taken to be what the counterpart was.
Source: kernel dlpar_attach_node, __of_attach_node (which forgets the children), safe_name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.node import Node
from dtovl.replay.properties import content_phandle, differences, judge_changes

if TYPE_CHECKING:
    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry, Record
    from dtovl.replay.stream import Content

_UNNAMED = "?"


def attach_answer(replay: Replay, entry: OpEntry, parent: Node, content: Content) -> None:
    """Attach an answer that the log has; what the policy does not attach is leaked."""
    stack: list[tuple[Node, Content, bool]] = [
        (parent, top, replay.policy.whole or top is content)
        for top in reversed((content, *content.siblings))
    ]
    while stack:
        above, one, attached = stack.pop()
        node = Node(one.name, above, content_phandle(one))
        replay.model.fill(node, one)
        _compare(replay, entry, node, one)
        if attached:
            attach_node(replay, entry, node)
        else:
            _leak(replay, entry, node)
        if one is content:
            replay.answer(entry, node, "attached")
        whole = attached and replay.policy.whole
        stack.extend((node, child, whole) for child in reversed(one.children))


def attach_node(replay: Replay, entry: OpEntry, node: Node, *, unnamed: bool = False) -> Record:
    """Attach one node; report a name or a phandle that another attached node has."""
    model = replay.model
    parent = node.parent
    assert parent is not None
    there = None if unnamed else model.child(parent, node.name)
    sharer = model.phandles.here(node.phandle) if node.phandle else None
    record = model.attach(node, entry.line)
    record.named = True
    model.tell(record, entry.line, "is added")
    if there is not None:
        replay.find("PS105", node, entry.line, there, name=node.name)
    if sharer is not None:
        replay.find("PS106", node, entry.line, sharer, other=model.path(sharer))
    return record


def _leak(replay: Replay, entry: OpEntry, node: Node) -> Record:
    model = replay.model
    record = model.leak(node)
    record.named = True
    model.tell(record, entry.line, "is allocated with the answer and never attached")
    path = model.path(node)
    chain = [(path, record)]
    above = node.parent
    if above is not None and above in model.records:
        chain.append((model.path(above), model.records[above]))
    replay.findings.add("PS103", path, node.phandle, entry.line, chain)
    return record


def _compare(replay: Replay, entry: OpEntry, node: Node, content: Content | None) -> Node | None:
    """Find the counterpart of a new node, report how they differ, and give it."""
    model, session = replay.model, replay.session
    path, number = model.path(node), node.phandle
    attached = model.find(path)
    other = attached or session.left_by_path.get(path)
    if other is None:
        moved = session.left_by_phandle.get(number) if number else None
        if moved is not None:
            old = model.path(moved)
            replay.find_at("PS124", path, number, entry.line, moved, old=old)
        return None
    if number and other.phandle and number != other.phandle:
        old = f"{other.phandle:#x}"
        replay.find_at("PS123", path, number, entry.line, other, old=old)
        return None
    if content is not None and attached is None and other not in model.opaque:
        changes = differences(model, other, content)
        judge_changes(replay, other, changes, entry.line, announced=False)
    return other


def attach_blind(replay: Replay, entry: OpEntry, parent: Node, name: str | None) -> None:
    """Attach a node whose content the log does not have."""
    model = replay.model
    node = Node(name or _UNNAMED, parent, entry.phandle)
    counterpart = None if name is None else _compare(replay, entry, node, None)
    if counterpart is None:
        model.opaque.add(node)
    else:
        model.copy_properties(counterpart, node)
        node.phandle = node.phandle or counterpart.phandle
    attach_node(replay, entry, node, unnamed=name is None).assumed = True
    replay.answer(entry, node, "attached")
    if counterpart is None:
        replay.find("PS122", node, entry.line)
    elif replay.policy.whole:
        replay.find("PS121", node, entry.line, counterpart)
        _copy_below(replay, entry, counterpart, node)
    else:
        _lose_below(replay, entry, counterpart, node)


def _copy_below(replay: Replay, entry: OpEntry, old: Node, new: Node) -> None:
    """Attach copies of all that is, or in this session was, below a counterpart."""
    model = replay.model
    stack = [(old, new)]
    while stack:
        original, copy = stack.pop()
        # Of several of a name the one that is attached, else the last one that left.
        found = {child.name: child for child in replay.session.left_below.get(original, ())}
        present = (child for child in original.children.values() if model.attached(child))
        found.update((child.name, child) for child in present)
        for child in found.values():
            replay.multiply()
            node = Node(child.name, copy, child.phandle)
            model.copy_properties(child, node)
            attach_node(replay, entry, node).assumed = True
            stack.append((child, node))


def _lose_below(replay: Replay, entry: OpEntry, old: Node, new: Node) -> None:
    """Leak copies of what left from below a counterpart in this session."""
    session = replay.session
    stack = [(old, new)]
    count = 0
    while stack:
        original, copy = stack.pop()
        left = {child.name: child for child in session.left_below.get(original, ())}
        above = {child.name: child for child in session.left_above.get(original, ())}
        for child in (above | left).values():
            node = Node(child.name, copy, child.phandle)
            stack.append((child, node))
            if child.name in left:
                replay.multiply()
                count += 1
                _leak(replay, entry, node).assumed = True
    if count:
        replay.find("PS104", new, entry.line, old, count=count)
