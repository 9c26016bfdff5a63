"""Adds that a fixed kernel passes over: those whose top node is of type ibm,platform-facilities.

The whole answer is freed; what it has otherwise than the live nodes is lost.
Source: kernel add_dt_node (319fa1a52e43 and its backports).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import boot_text
from dtovl.replay.model import FACILITIES
from dtovl.replay.properties import content_phandle, differences, judge_changes
from dtovl.replay.skeleton import parent_path, path_below

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry
    from dtovl.replay.stream import Content


def ignore_add(replay: Replay, entry: OpEntry) -> bool:
    """Pass an add over, if it is of platform facilities; False: it is not."""
    operation = entry.operation
    path = entry.path
    assert path is not None
    live = replay.model.find(path)
    content = operation.content
    if content is not None:
        value = dict(content.properties).get("device_type")
        if value is None or boot_text(value) != FACILITIES:
            return False
    elif not operation.typed and not replay.model.is_facilities(live):
        return False
    entry.result = "ignored"
    if live is not None:
        replay.tell(live, entry.line, "is added: the add is ignored")
        replay.answer(entry, live, "ignored")
        replay.name_all(live)
    replay.find_at("PS151", entry.path, entry.phandle, entry.line, *_chain(live))
    if content is None:
        _assume(replay, entry, live)
    else:
        _compare(replay, entry, content, parent_path(path))
    return True


def _chain(live: Node | None) -> tuple[Node, ...]:
    return () if live is None else (live,)


def _assume(replay: Replay, entry: OpEntry, live: Node | None) -> None:
    """Take an answer that is not in the log as equal to the live nodes."""
    if live is None:
        _lose(replay, entry, entry.path, entry.phandle, "a node that the tree does not have")
        return
    replay.find("PS121", live, entry.line)
    for node in live.walk():
        replay.model.record(node).assumed = True


def _lose(replay: Replay, entry: OpEntry, path: str | None, phandle: int, what: str) -> None:
    replay.find_at("PS108", path, phandle, entry.line, what=what)


def _compare(replay: Replay, entry: OpEntry, content: Content, above: str) -> None:
    """Report what the answer has otherwise than the live nodes."""
    model = replay.model
    stack = []
    for top in (content, *content.siblings):
        path = path_below(above, top.name)
        live = model.find(path)
        if live is None:
            _lose(replay, entry, path, content_phandle(top), "a node that the tree does not have")
        else:
            replay.name_all(live)
            stack.append((live, top))
    while stack:
        live, answer = stack.pop()
        _compare_properties(replay, entry, live, answer)
        told = {child.name: child for child in answer.children}
        for name, child in told.items():
            below = model.child(live, name)
            if below is not None:
                stack.append((below, child))
                continue
            path = model.below(live, name)
            _lose(replay, entry, path, content_phandle(child), "a child that the node lacks")
        for here in live.children.values():
            if here.name not in told:
                what = "that the node has a child no more"
                replay.find("PS108", here, entry.line, what=what)


def _compare_properties(replay: Replay, entry: OpEntry, live: Node, answer: Content) -> None:
    model = replay.model
    if live in model.opaque:
        model.record(live).assumed = True
        replay.find("PS121", live, entry.line)
        return
    changes = differences(model, live, answer)
    if changes:
        names = ", ".join(change.name for change in changes)
        replay.find("PS108", live, entry.line, what=f"what it changes: {names}")
        judge_changes(replay, live, changes, entry.line, announced=False)
