"""What a new base no longer has of what overlays rely on, and what they should rely on instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dtovl.checks.follow import Devices
from dtovl.checks.relied import (
    INHERITED,
    compatible_of,
    count_cells,
    find_anchor,
    find_below,
)
from dtovl.checks.subject import counted
from dtovl.codes import compat as codes
from dtovl.codes.base import Severity
from dtovl.diagnostics import Note
from dtovl.model.address import bus_address
from dtovl.model.lookup import nearest
from dtovl.model.paths import find_merge_child, top_node
from dtovl.model.specifiers import SYMBOLS
from dtovl.overlay.fragments import node_phandle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.checks.follow import Followed
    from dtovl.checks.relied import Device, Need
    from dtovl.codes.base import Code
    from dtovl.diagnostics import Sink
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

What = Literal["gone", "made", "cells", "device", "moved"]

_MOST_NOTES = 5
_EVERY_LABEL = "every label"


class Gap(NamedTuple):
    """A need that a base does not meet: how, and the node that is there, None for none."""

    need: Need
    what: What
    node: Node | None = None


def gap_of(need: Need, tree: Tree, dialect: Dialect) -> Gap | None:
    """Look a need up in a base; None when it is met, or cannot be as the need above it is not."""
    if need.kind == "absent":
        start = find_below(tree, find_anchor(tree, need.anchor, dialect), need.below[:-1], dialect)
        made = None if start is None else find_merge_child(tree, start, need.below[-1], dialect)
        return None if made is None else Gap(need, "made", made)
    node = find_below(tree, find_anchor(tree, need.anchor, dialect), need.below, dialect)
    if need.kind in ("label", "path", "node"):
        return _missing(need, node, tree, dialect)
    if node is None:
        return None
    if need.kind == "cells":
        same = count_cells(tree, node, need.name) == need.cells
        return None if same else Gap(need, "cells", node)
    wanted = need.was.compatible
    if wanted and set(wanted).isdisjoint(compatible_of(node)):
        return Gap(need, "device", node)
    if need.kind == "device":
        address = bus_address(node)
        if None not in (address, need.was.address) and address != need.was.address:
            return Gap(need, "moved", node)
    return None


def _missing(need: Need, node: Node | None, tree: Tree, dialect: Dialect) -> Gap | None:
    if node is None or (need.kind == "label" and not node_phandle(tree, node, dialect)):
        return Gap(need, "gone", node)
    if need.anchor.startswith("<") and node.path != need.was.path:
        # A phandle that is written out: the number may be that of any other node now.
        address = bus_address(node)
        if address is None or address != need.was.address:
            return Gap(need, "gone", node)
    return None


def gaps_of(needs: Iterable[Need], tree: Tree, dialect: Dialect) -> list[Gap]:
    """List the needs that a base does not meet; of those that hang on one another the first."""
    gaps = []
    lost: set[tuple[str, tuple[str, ...]]] = set()
    for need in needs:
        anchor, below = need.spot
        above = (anchor, below[:-1])
        if need.kind not in ("label", "path") and (need.spot in lost or (below and above in lost)):
            lost.add(need.spot)
            continue
        gap = gap_of(need, tree, dialect)
        if gap is None:
            continue
        gaps.append(gap)
        if gap.what != "cells":
            lost.add(need.spot)
    return gaps


class Reporter:
    """Makes findings of gaps. tree is the new base, base its display name, there the old one's."""

    def __init__(self, tree: Tree, base: str, dialect: Dialect) -> None:
        self._tree = tree
        self._base = base
        self._dialect = dialect
        self._devices = Devices(tree, dialect)
        self._without_labels = top_node(tree, SYMBOLS, dialect) is None

    def report(self, gaps: Iterable[Gap], overlay: str, sink: Sink) -> None:
        """Report the gaps of one overlay; that a base has no labels at all is told once."""
        told = False
        for gap in gaps:
            if gap.need.kind == "label" and self._without_labels:
                if not told:
                    self._no_labels(gap, overlay, sink)
                told = True
            elif gap.need.kind == "board":
                self._other_board(gap, overlay, sink)
            else:
                _REPORTS[gap.what](self, gap, overlay, sink)

    # -- gone --------------------------------------------------------------------------------------

    def _gone(self, gap: Gap, overlay: str, sink: Sink) -> None:
        need = gap.need
        found = self._devices.follow(need.was)
        notes = [_same_device(found, self._tree)] if found is not None else []
        if need.kind == "label":
            label = need.anchor[1:]
            if gap.node is not None:
                notes = [Note(f"it is {gap.node.path}, which has no phandle to refer to it by")]
            elif found is None:
                notes = self._near_labels(label)
            fix = self._cure_of_label(label, gap, found)
            self._tell(sink, codes.LABEL_GONE, gap, overlay, notes, fix=fix, label=f"label {label}")
        elif need.kind == "node":
            why = "without it an empty node of its name is made, of which no driver hears"
            fix = "" if found is None else f"change {_reference(found.node, self._tree)} instead"
            self._tell(
                sink, codes.NODE_GONE, gap, overlay, notes, why=why, fix=fix, node=need.was.path
            )
        else:
            why = self._where_it_ends(need.anchor)
            fix = self._cure_of_path(need, found)
            what = _called(need)
            self._tell(sink, codes.PATH_GONE, gap, overlay, notes, fix=fix, what=what, why=why)

    def _cure_of_path(self, need: Need, found: Followed | None) -> str:
        if found is None:
            return ""
        if any(use.property in ("target", "target-path") for use in need.uses):
            return f"target {_reference(found.node, self._tree)} instead"
        return f"write {found.node.path} instead"

    def _no_labels(self, gap: Gap, overlay: str, sink: Sink) -> None:
        self._tell(
            sink,
            codes.LABEL_GONE,
            gap,
            overlay,
            why="it has no /__symbols__: it was built without -@",
            fix="build the base with `dtc -@`",
            label=_EVERY_LABEL,
        )

    def _cure_of_label(self, label: str, gap: Gap, found: Followed | None) -> str:
        if gap.node is not None:
            return "build the base with `dtc -@`, which gives every node with a label a phandle"
        if found is None:
            return ""
        labels = self._tree.labels_of(found.node)
        if labels:
            return f"refer to &{labels[0]} instead, or give the node its label {label} back"
        return f"give {found.node.path} its label {label} back"

    def _near_labels(self, label: str) -> list[Note]:
        symbols = top_node(self._tree, SYMBOLS, self._dialect)
        near = nearest(label, symbols.properties) if symbols is not None else []
        return [Note(f"did you mean {' or '.join(near)}?")] if near else []

    def _where_it_ends(self, path: str) -> str:
        if not path.startswith("/"):
            return ""
        node: Node = self._tree.root
        for name in path.strip("/").split("/"):
            below = find_merge_child(self._tree, node, name, self._dialect)
            if below is None:
                return f"{node.path} has no child {name!r}"
            node = below
        return ""

    # -- otherwise ---------------------------------------------------------------------------------

    def _made(self, gap: Gap, overlay: str, sink: Sink) -> None:
        assert gap.node is not None
        self._tell(
            sink,
            codes.MADE_BY_BASE,
            gap,
            overlay,
            why=f"{gap.need.uses[0].path} makes it" if gap.need.uses else "",
            node=gap.node.path,
        )

    def _counts(self, gap: Gap, overlay: str, sink: Sink) -> None:
        assert gap.node is not None
        need, node = gap.need, gap.node
        count = count_cells(self._tree, node, need.name)
        name = need.name
        if name == INHERITED:
            name = "#interrupt-cells (of the interrupt parent)"
        self._tell(
            sink,
            codes.COUNT_CHANGED,
            gap,
            overlay,
            why=_written_for(need),
            fix=_cure_of_count(need, name, count),
            property=name,
            node=node.path,
            old=need.cells,
            new="gone" if count is None else count,
        )

    def _device(self, gap: Gap, overlay: str, sink: Sink) -> None:
        assert gap.node is not None
        need, node = gap.need, gap.node
        now = compatible_of(node)
        shown = _listed(now) if now else "gone"
        difference = f"compatible was {_listed(need.was.compatible)}, and is {shown}"
        found = self._devices.follow(need.was)
        same = found is not None and found.node is not node
        notes = [_same_device(found, self._tree)] if found is not None and same else []
        self._tell(
            sink,
            codes.ANOTHER_DEVICE,
            gap,
            overlay,
            notes,
            why=_meant_by(need, overlay),
            node=node.path,
            difference=difference,
        )

    def _moved(self, gap: Gap, overlay: str, sink: Sink) -> None:
        assert gap.node is not None
        address = bus_address(gap.node) or 0
        found = self._devices.follow(gap.need.was)
        same = found is not None and found.node is not gap.node
        notes = [_same_device(found, self._tree)] if found is not None and same else []
        self._tell(
            sink,
            codes.ANOTHER_DEVICE,
            gap,
            overlay,
            notes,
            why=_meant_by(gap.need, overlay),
            severity=Severity.WARNING,
            node=gap.node.path,
            difference=f"its bus address was {gap.need.was.address:#x}, and is {address:#x}",
        )

    def _other_board(self, gap: Gap, overlay: str, sink: Sink) -> None:
        now = compatible_of(self._tree.root)
        self._tell(
            sink,
            codes.ANOTHER_DEVICE,
            gap,
            overlay,
            why=f"{overlay} is for {_listed(gap.need.was.compatible)}",
            fix="add the new string to `compatible` of the overlay's root, if it is for this board",
            node="/",
            difference=f"the board's compatible is {_listed(now) if now else 'gone'}",
        )

    def _tell(
        self,
        sink: Sink,
        code: Code,
        gap: Gap,
        overlay: str,
        notes: Iterable[Note] = (),
        *,
        why: str = "",
        fix: str = "",
        severity: Severity | None = None,
        **fields: Any,
    ) -> None:
        uses = gap.need.uses
        first = uses[0] if uses else None
        sink.report(
            code,
            path=first.path if first is not None else gap.need.was.path,
            at=first.at if first is not None else None,
            why="; ".join(filter(None, (why or _used(gap.need), _was(gap)))),
            who=overlay,
            notes=(*notes, *_more(gap.need)),
            fix=fix or None,
            severity=severity,
            base=self._base,
            overlay=overlay,
            **fields,
        )


_REPORTS = {
    "gone": Reporter._gone,
    "made": Reporter._made,
    "cells": Reporter._counts,
    "device": Reporter._device,
    "moved": Reporter._moved,
}


def _written_for(need: Need) -> str:
    if not need.uses:
        return ""
    use = need.uses[0]
    return f"{use.property} of {use.path} is written for {counted(need.cells or 0, 'cell')}"


def _cure_of_count(need: Need, name: str, count: int | None) -> str:
    """Say how to write a value for another count; name is how the count is called."""
    if count is None or not need.uses:
        return ""
    named = (
        need.anchor.startswith("&")
        and not need.below
        and "address" not in name
        and "size" not in name
    )
    behind = f" behind {need.anchor}" if named else ""
    how = f"write {need.uses[0].property} with {counted(count, 'cell')}{behind}"
    return f"{how}, or keep {name} at {need.cells}"


def _meant_by(need: Need, overlay: str) -> str:
    use = need.uses[0] if need.uses else None
    changes = use is None or use.property in ("", "target", "target-path")
    return f"{overlay} {'changes' if changes else 'refers to'} it by {_called(need)}"


def _used(need: Need) -> str:
    if not need.uses:
        return ""
    use = need.uses[0]
    return (
        f"{use.property} of {use.path} refers to it" if use.property else f"{use.path} changes it"
    )


def _was(gap: Gap) -> str:
    """Say which node a label or alias was."""
    need = gap.need
    if gap.what != "gone" or need.kind == "node" or need.anchor.startswith("/"):
        return ""
    return f"it was {need.was.path}{_facts(need.was)}"


def _more(need: Need) -> Iterable[Note]:
    for use in need.uses[1:_MOST_NOTES]:
        yield Note("also used by " + ":".join(filter(None, (use.path, use.property))), use.at)
    if len(need.uses) > _MOST_NOTES:
        yield Note(f"and {len(need.uses) - _MOST_NOTES} more")


def _called(need: Need) -> str:
    """Name what a need begins with."""
    anchor = need.anchor
    if anchor.startswith("&"):
        return f"label {anchor[1:]}"
    if anchor.startswith("<"):
        return f"phandle {anchor[1:-1]}"
    if not anchor.startswith("/"):
        return f"alias {anchor}"
    target = any(use.property == "target-path" for use in need.uses)
    return f"{'target-path' if target else 'path'} {anchor}"


def _facts(device: Device) -> str:
    facts = []
    if device.address is not None:
        facts.append(f"bus address {device.address:#x}")
    if device.compatible:
        facts.append(f"compatible {device.compatible[0]}")
    return f" ({', '.join(facts)})" if facts else ""


def _same_device(found: Followed, tree: Tree) -> Note:
    labels = tree.labels_of(found.node)
    facts = [found.by]
    if labels and found.by != f"label {labels[0]}":
        facts.append(f"label {labels[0]}")
    compatible = compatible_of(found.node)
    if compatible and found.sure:
        facts.append(f"compatible {compatible[0]}")
    head = "same device" if found.sure else "probably the same device"
    return Note(f"{head}: {found.node.path} ({', '.join(facts)})")


def _reference(node: Node, tree: Tree) -> str:
    labels = tree.labels_of(node)
    return f"&{labels[0]}" if labels else node.path


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
