"""Labels for a base that was built without them, taken from its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode, Changeset, SetProperty
from dtovl.codes.overlay import LABELS_WITHOUT_NODE
from dtovl.diagnostics import Note
from dtovl.model.cells import pack_cell
from dtovl.model.node import Node

if TYPE_CHECKING:
    from dtovl.diagnostics import Sink
    from dtovl.model.tree import Tree

_MOST = 5


def adopt_labels(tree: Tree, source: Tree, sink: Sink, *, base: str, name: str) -> Changeset:
    """Give a base the `/__symbols__` that `dtc -@` would have written, from the labels of source.

    Labelled nodes without phandle get one, above the largest of the base. Labels that
    `/__symbols__` has already stay as they are; labels whose node the base lacks are reported.
    base and name are the display names of base and source. The changeset is in force.
    Source: dtc, generate_label_tree (livetree.c).
    """
    changes = Changeset()
    symbols = tree.symbols
    if symbols is None:
        symbols = Node("__symbols__")
        changes.add(AttachNode(tree.root, symbols, head=False), tree)
    lost: list[tuple[str, Node]] = []
    for node in source.walk():
        labels = source.labels.get(node, ())
        live = tree.find(node.path) if labels else None
        for label in labels:
            if live is None:
                lost.append((label, node))
            elif label not in symbols.properties:
                path = live.path.encode("latin-1") + b"\0"
                changes.add(SetProperty(symbols, label, path), tree)
        if live is not None and not live.phandle:
            number = max(tree.largest_phandles()) + 1
            changes.add(SetProperty(live, "phandle", pack_cell(number), phandle=number), tree)
    if lost:
        _report(sink, lost, source, base, name)
    return changes


def _report(sink: Sink, lost: list[tuple[str, Node]], source: Tree, base: str, name: str) -> None:
    notes = [
        Note(f"{label} is {node.path}", source.positions.get(node)) for label, node in lost[:_MOST]
    ]
    if len(lost) > _MOST:
        notes.append(Note(f"and {len(lost) - _MOST} more"))
    sink.report(
        LABELS_WITHOUT_NODE,
        path=lost[0][1].path,
        at=source.positions.get(lost[0][1]),
        notes=tuple(notes),
        count=f"{len(lost)} label{'s' if len(lost) > 1 else ''}",
        base=base,
        name=name,
    )
