"""What an overlay that applies does without use, or with harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode, SetProperty
from dtovl.checks.nodes import NodeCheck
from dtovl.checks.subject import Subject, counted, references_inside, shown
from dtovl.codes import effects as codes
from dtovl.codes import overlay as overlay_codes
from dtovl.diagnostics import Note
from dtovl.model.cells import text
from dtovl.model.paths import Miss, find_path
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.model.values import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.model.node import Node

_MOST = 5
_WIDTH = 60
_BOOKKEEPING = frozenset({"name", *PHANDLE_NAMES})
# Repeating how `reg` is to be read is good style, and the kernel passes it over.
_MAY_REPEAT = _BOOKKEEPING | {"#address-cells", "#size-cells"}
_GRAPH = frozenset({"port", "ports", "endpoint"})


def warn(subject: Subject) -> None:
    """Report what is odd about an overlay that is in force in the tree of the subject."""
    if not subject.outcome.overlay.fragments:
        _no_fragments(subject)
    sets, attached = [], []
    for entry in subject.outcome.changeset.entries:
        if isinstance(entry, SetProperty):
            sets.append(entry)
        elif isinstance(entry, AttachNode):
            attached.append(entry)
    _same_values(subject, sets)
    grown = _grown(attached)
    if grown:
        useless = _no_effect(subject, grown)
        nodes = _below(grown)
        rest = [node for node in nodes if node not in useless] if useless else nodes
        NodeCheck(subject.sink, subject.who, subject.tree_place, subject.owner).run(rest)
    _symbols(subject, sets)
    wrong_board(subject)


def warn_linux(subject: Subject) -> None:
    """Report what Linux makes of the overlay besides its verdict."""
    outcome = subject.outcome
    inside = references_inside(subject) if outcome.dropped else {}
    for node, live in outcome.dropped:
        count = inside.get(node.phandle, 0)
        if count:
            subject.sink.report(
                codes.PHANDLE_DROPPED,
                path=live.path,
                at=subject.at(node),
                who=subject.who,
                severity=subject.severity,
                base_path=live.path,
                count=counted(count, "reference"),
            )
    for node, other in outcome.namesakes.items():
        subject.sink.report(
            overlay_codes.DEVICE_NAME_TAKEN,
            path=node.path,
            at=subject.tree_place(node, None),
            why="Linux returns -EINVAL although the overlay is in the tree",
            who=subject.who,
            kernel=subject.kernel,
            severity=subject.severity,
            other=other.path,
        )
    for danger in outcome.dangers:
        subject.sink.report(
            overlay_codes.COMPATIBLE_UNTERMINATED,
            path=danger.facts["node"].path,
            at=subject.at(danger.facts["node"], "compatible"),
            who=subject.who,
            severity=subject.severity,
        )
    if outcome.overlay.deep:
        first = min(outcome.overlay.deep, key=lambda one: one.path)
        lying = counted(len(outcome.overlay.deep), "node lies", "nodes lie")
        at = subject.at(first)
        subject.sink.report(codes.TOO_DEEP, path=first.path, at=at, who=subject.who, count=lying)
    for line in outcome.lines:
        if line.parts[0].startswith("Duplicate name"):
            shown = line.text.rpartition(" ")[2]
            kernel = (line.text,)
            subject.sink.report(codes.NAME_SHARED, who=subject.who, kernel=kernel, shown=shown)
    _passed_over(subject)


def wrong_board(subject: Subject) -> None:
    """Report an overlay whose root is compatible with another board."""
    boards = subject.boards()
    if boards is None:
        return
    wanted, found = boards
    subject.sink.report(
        overlay_codes.WRONG_BOARD,
        path="/",
        at=subject.at(subject.outcome.overlay.tree.root, "compatible"),
        why="no string of `compatible` is shared",
        who=subject.who,
        overlay=subject.overlay,
        wanted=", ".join(wanted),
        found=", ".join(found),
    )


def _no_fragments(subject: Subject) -> None:
    subject.sink.report(
        overlay_codes.NO_FRAGMENTS,
        path="/",
        why="its root has no child with an __overlay__ node",
        who=subject.who,
        overlay=subject.overlay,
    )


def _same_values(subject: Subject, sets: list[SetProperty]) -> None:
    """Report properties that are set to what they are, one finding for an overlay."""
    same = [
        entry
        for entry in sets
        if entry.old == entry.new and entry.old is not None and entry.key not in _MAY_REPEAT
    ]
    if not same:
        return
    first, *more = same
    subject.sink.report(
        codes.SAME_VALUE,
        path=first.node.path,
        at=first.position,
        who=subject.who,
        notes=tuple(_same_notes(more)),
        property=first.key,
        value=_short(first),
        more=f" (and {counted(len(more), 'more property', 'more properties')})" if more else "",
    )


def _same_notes(entries: list[SetProperty]) -> Iterator[Note]:
    for entry in entries[:_MOST]:
        text = f"also {entry.node.path}:{entry.key} = {_short(entry)}"
        yield Note(text, entry.position)
    if len(entries) > _MOST:
        yield Note(f"and {len(entries) - _MOST} more")


def _short(entry: SetProperty) -> str:
    return shown(entry.old or b"", entry.key, _WIDTH) or "(empty)"


def _grown(attached: list[AttachNode]) -> list[Node]:
    """List the nodes that the overlay put under nodes of the base."""
    fresh = {entry.node for entry in attached}
    return [
        entry.node
        for entry in attached
        if entry.parent not in fresh and not entry.node.name.startswith("__")
    ]


def _below(nodes: Iterable[Node]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        if node.children:
            found.extend(node.walk())
        else:
            found.append(node)
    return found


# -- nodes without effect --------------------------------------------------------------------------


def _no_effect(subject: Subject, grown: list[Node]) -> set[Node]:
    """Report nodes that were meant to change one of the base, and became new ones; give them."""
    useless = [node for top in grown for node in _modifiers(top)]
    if not useless:
        return set()
    from dtovl.model.lookup import same_unit  # costs start-up time, and is hardly ever needed

    names = sorted({key for node in useless for key in node.properties} - _BOOKKEEPING)
    first = useless[0]
    origin = subject.tree.origin_of(first)
    meant = same_unit(subject.tree, first.path)
    meant = [node for node in meant if subject.tree.origin_of(node) is None]
    cure = "target the node by its label: a label that the base lacks is an error"
    if meant:
        labels = subject.tree.labels_of(meant[0])
        cure = f"did you mean {meant[0].path}{f' (&{labels[0]})' if labels else ''}?"
    subject.sink.report(
        codes.NO_EFFECT,
        path=first.path,
        at=subject.tree.positions.get(first),
        why=f"the base has no such node{f'; {origin.fragment} makes it' if origin else ''}",
        who=subject.who,
        notes=_others(subject, useless[1:]),
        count=counted(len(useless), "node"),
        verb="is" if len(useless) == 1 else "are",
        properties=", ".join(names[:_MOST]) if names else "nothing",
        cure=cure,
    )
    return set(useless)


def _others(subject: Subject, nodes: list[Node]) -> tuple[Note, ...]:
    notes = [Note(f"also {node.path}", subject.tree.positions.get(node)) for node in nodes[:_MOST]]
    if len(nodes) > _MOST:
        notes.append(Note(f"and {len(nodes) - _MOST} more"))
    return tuple(notes)


def _modifiers(top: Node) -> Iterator[Node]:
    """Give the new nodes that look as if they were to modify a node of the base.

    No `compatible`, and `status`, or a unit address without `reg`. What lies in a new device (a
    node with `compatible`) is that driver's business.
    """
    stack = [top]
    while stack:
        node = stack.pop()
        properties = node.properties
        if "compatible" in properties:
            continue
        stem, unit, _ = node.name.partition("@")
        if stem in _GRAPH:
            continue
        if "status" in properties or (unit and properties and "reg" not in properties):
            yield node
        stack.extend(reversed(node.children.values()))


# -- symbols and references ------------------------------------------------------------------------


def _symbols(subject: Subject, sets: list[SetProperty]) -> None:
    tree, outcome = subject.tree, subject.outcome
    symbols = tree.symbols
    if symbols is None:
        return
    known = symbols.properties
    for fixup in outcome.overlay.plan(outcome.dialect).fixups:
        path = text(known.get(fixup.label, b""))
        if path and tree.find(path) is None:
            _loose(subject, fixup.label, path)
    for entry in sets:
        if entry.node is symbols and entry.new is not None:
            path = text(entry.new) or ""
            if path and tree.find(path.rstrip("/") or "/") is None:
                _nowhere(subject, entry.key, entry.new)


def _loose(subject: Subject, label: str, path: str) -> None:
    found = find_path(subject.tree, path, subject.outcome.dialect)
    subject.sink.report(
        codes.LOOSE_SYMBOL,
        path="/__symbols__",
        who=subject.who,
        label=label,
        value=f'"{path}"',
        base=subject.base,
        found=getattr(found, "path", "another node"),
    )


def _nowhere(subject: Subject, label: str, value: bytes) -> None:
    """Report an exported label that names no node; commonly a unit address was left out."""
    found = find_path(subject.tree, text(value) or "", subject.outcome.dialect)
    cure = "put the label on a node inside a fragment"
    if not isinstance(found, Miss):
        cure = f"the node is {found.path}: write its whole name in the overlay"
    symbols = subject.outcome.overlay.symbols
    subject.sink.report(
        codes.SYMBOL_TO_NOWHERE,
        path="/__symbols__",
        at=subject.at(symbols, label),
        who=subject.who,
        label=label,
        value=render(value),
        cure=cure,
    )


def _passed_over(subject: Subject) -> None:
    for fixup in subject.outcome.overlay.plan(subject.outcome.dialect).fixups:
        for entry in fixup.passed:
            subject.sink.report(
                overlay_codes.FIXUP_PASSED_OVER,
                path="/__fixups__",
                who=subject.who,
                severity=subject.severity,
                label=fixup.label,
                entry=entry,
            )
