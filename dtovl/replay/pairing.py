"""preserve: a delete waits for the add of the same node, and the node stays.

A delete makes a node, and all below it, pending. An add of a pending node of the same path and
phandle lifts that: the node is the same Node object as before, its holders and its phandle stay,
and only the properties that differ are changed, in place. What is still pending when the session
ends leaves the tree, unless somebody holds it, or a node below it.

A node is not pending, pending, or gone. It gets pending by a delete, is lifted by its add, and is
gone when a new node takes its place or its phandle, or at the end of the session. An add may come
before its delete: then the node is matched, and a later delete does not make it pending.
Source: the mailing-list thread on platform facilities (linuxppc-dev, October 2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.node import Node
from dtovl.replay.attach import attach_node
from dtovl.replay.leave import take_out
from dtovl.replay.properties import content_phandle, differences, judge_changes, set_property
from dtovl.update import bring_about

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry
    from dtovl.replay.stream import Content

_UNNAMED = "?"


def suspend(replay: Replay, entry: OpEntry, top: Node) -> None:
    """Make a deleted node pending, with all below it that no add of this session named before."""
    session, model = replay.session, replay.model
    if top in session.matched:
        entry.result = "paired"
    else:
        session.waiting[top] = entry
    for node in top.walk():
        if node not in session.pending and node not in session.matched:
            session.pending[node] = entry
            session.taken[node] = entry
            model.phandles.suspend(node)
            if node is not top:
                replay.tell(node, entry.line, "is deleted with the node above it")


def _lift(replay: Replay, node: Node) -> bool:
    """End the waiting of a node whose add has come; False: it was not waiting."""
    session = replay.session
    if session.pending.pop(node, None) is None:
        return False
    replay.model.phandles.resume(node)
    session.named.discard(node)
    waiting = session.waiting.pop(node, None)
    if waiting is not None:
        waiting.result = "paired"
    return True


# -- answers that the log has ----------------------------------------------------------------------


def pair_answer(replay: Replay, entry: OpEntry, parent: Node, content: Content) -> None:
    """Match an answer with the nodes of the tree, and attach what is new."""
    for top in (content, *content.siblings):
        pairing = _Pairing(replay, entry, top)
        bring_about(pairing, parent, top)
        if top is content:
            assert pairing.node is not None
            replay.answer(entry, pairing.node, pairing.result)


class _Pairing:
    """A top node of an answer, and all below it, being matched with the tree.

    node is the one of the top, result what became of it; early: no delete named it before.
    """

    def __init__(self, replay: Replay, entry: OpEntry, top: Content) -> None:
        self._replay = replay
        self._entry = entry
        self._top = top
        self._early = False
        self.node: Node | None = None
        self.result = ""

    def below(self, wanted: Content) -> Sequence[Content]:
        """List the children in the answer."""
        return wanted.children

    def same(self, above: Node, wanted: Content) -> Node | None:
        """Find the node of that path, unless it has another phandle."""
        return _same_node(self._replay, above, wanted.name, content_phandle(wanted))

    def keep(self, node: Node, wanted: Content) -> None:
        """Keep a node, and change in place what the answer has otherwise."""
        replay, entry = self._replay, self._entry
        if wanted is self._top:
            self.node, self.result = node, "paired"
            self._early = node not in replay.session.pending
            if self._early:
                replay.find("PS136", node, entry.line)
            replay.name_all(node)
        _pair(replay, entry, node, wanted, early=self._early)

    def attach(self, above: Node, wanted: Content) -> Node:
        """Attach a node that the tree does not have."""
        node = _attach(self._replay, self._entry, above, wanted)
        if wanted is self._top:
            self.node, self.result = node, "attached"
        elif self._early:
            self._replay.session.matched.add(node)
        return node


def _same_node(replay: Replay, parent: Node, name: str, number: int) -> Node | None:
    """Find the node of the tree that an answer is about: same path, and no other phandle."""
    old = replay.model.child(parent, name)
    if old is None or (number and old.phandle and old.phandle != number):
        return None
    return old


def _pair(replay: Replay, entry: OpEntry, old: Node, content: Content, *, early: bool) -> None:
    """Keep a node, and change in place what the answer has otherwise."""
    model, line = replay.model, entry.line
    _lift(replay, old)
    if early:
        replay.session.matched.add(old)
    replay.name(old)
    replay.tell(old, line, "is added again with the same phandle: the node stays")
    model.take_phandle(old, content_phandle(content))
    if old in model.opaque:
        model.reveal(old, content)
        model.record(old).assumed = True
        replay.find("PS121", old, line)
        return
    changes = differences(model, old, content)
    for change in changes:
        set_property(replay, old, change, line)
    judge_changes(replay, old, changes, line, announced=True)


def _attach(replay: Replay, entry: OpEntry, parent: Node, content: Content) -> Node:
    node = Node(content.name, parent, content_phandle(content))
    replay.model.fill(node, content)
    _make_room(replay, entry, node)
    attach_node(replay, entry, node)
    return node


def _make_room(replay: Replay, entry: OpEntry, node: Node) -> None:
    """Take out the node whose path, or whose phandle, a new node takes over."""
    model, line = replay.model, entry.line
    parent, number = node.parent, node.phandle
    assert parent is not None
    old = model.child(parent, node.name)
    path = model.path(node)
    if old is not None:
        told = f"{old.phandle:#x}"
        replay.find_at("PS123", path, number, line, old, old=told)
        _replace(replay, entry, old)
        return
    moved = model.phandles.pending.first(number) if number else None
    if moved is not None and not _is_above(moved, node):
        replay.find_at("PS124", path, number, line, moved, old=model.path(moved))
        _replace(replay, entry, moved)


def _is_above(node: Node, below: Node) -> bool:
    above = below.parent
    while above is not None:
        if above is node:
            return True
        above = above.parent
    return False


def _replace(replay: Replay, entry: OpEntry, old: Node) -> None:
    """Take out a node, with all below it, for a new one."""
    session = replay.session
    pending = session.pending
    take_out(
        replay,
        old,
        lambda node: pending.get(node, entry),
        deleted=lambda node: node in pending,
    )
    for node in old.walk():
        pending.pop(node, None)
        _settle(replay, node, "pending-removed")


def _settle(replay: Replay, node: Node, result: str) -> None:
    """Say what became of the node that a delete names."""
    waiting = replay.session.waiting.pop(node, None)
    if waiting is not None:
        waiting.result = result


# -- answers that the log does not have ------------------------------------------------------------


def pair_blind(replay: Replay, entry: OpEntry, parent: Node, name: str | None) -> None:
    """Match an add without content: what is there is taken to be what the answer has."""
    model, line = replay.model, entry.line
    old = None if name is None else _same_node(replay, parent, name, entry.phandle)
    if old is not None:
        _assume(replay, entry, old)
        return
    node = Node(name or _UNNAMED, parent, entry.phandle)
    model.opaque.add(node)
    if name is not None:
        _make_room(replay, entry, node)
    attach_node(replay, entry, node, unnamed=name is None).assumed = True
    replay.answer(entry, node, "attached")
    replay.find("PS122", node, line)


def _assume(replay: Replay, entry: OpEntry, top: Node) -> None:
    """Keep a node with all below it, on the assumption that the answer was equal."""
    model, session, line = replay.model, replay.session, entry.line
    early = top not in session.pending
    if early:
        replay.find("PS136", top, line)
    for node in top.walk():
        _lift(replay, node)
        if early:
            session.matched.add(node)
        record = model.record(node)
        record.named = record.assumed = True
        model.tell(record, line, "is taken to be added again as it was: the node stays")
    model.take_phandle(top, entry.phandle)
    replay.answer(entry, top, "paired")
    replay.find("PS121", top, line)


# -- the end of the session ------------------------------------------------------------------------


def decide(replay: Replay) -> None:
    """Decide what becomes of nodes whose add has not come: kept for who holds them, or removed."""
    model, session = replay.model, replay.session
    pending = session.pending
    kept = _retained(replay)
    tops = [
        node
        for node in pending
        if node not in kept and (node.parent in kept or node.parent not in pending)
    ]
    for node in tops:
        take_out(replay, node, pending.__getitem__, deleted=lambda _: True)
    for node, entry in pending.items():
        if node in kept:
            _retain(replay, node, entry)
        _settle(replay, node, "retained" if node in kept else "pending-removed")
    for node, entry in session.taken.items():
        gone = not model.attached(node) and node not in model.holders
        if entry.n <= session.gap and (gone or node in kept):
            model.record(node).assumed = True
    pending.clear()


def _retained(replay: Replay) -> set[Node]:
    """Give the pending nodes that stay: who is held, or stands above what stays."""
    pending, holders = replay.session.pending, replay.model.holders
    kept: set[Node] = set()
    for node in pending:
        if node in holders or any(child not in pending for child in node.children.values()):
            above: Node | None = node
            while above is not None and above in pending and above not in kept:
                kept.add(above)
                above = above.parent
    return kept


def _retain(replay: Replay, node: Node, entry: OpEntry) -> None:
    model = replay.model
    record = model.record(node)
    record.retained = True
    model.phandles.resume(node)
    model.tell(record, None, "has not come back at the end of the session, and is kept")
    if node in model.holders:
        replay.find("PS120", node, entry.line, holders=", ".join(model.holders[node]))
