"""All that `dtovl links` found out, whatever form it is told in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.spans import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.links.board import Board
    from dtovl.links.changes import Change, End, Graph, Seen
    from dtovl.links.dmawindows import Reach
    from dtovl.links.link import Finding
    from dtovl.links.selection import Selection

SELF = "L010"
"""The rule that a device names itself; that is how pin controllers are written."""

_SMALL = 1024
_MARKS = {"added": "+", "gone": "-", "changed": "~", "": " "}


class Answer(NamedTuple):
    """Links, what became of them, findings.

    name      of the tree, as people call it; base and overlays the inputs as given
    removed   the overlay that was removed again, "" for none
    graph     all links as they are now; changes: those asked for that are not as they were before
              the overlays, None when there were none
    node      the one node that is asked about, None for all; was: as it was before the overlays
    findings  with what there is to say about them
    whole     also tell what did not change
    events    how the kernel sets up the node's IOMMUs, if it has any
    dma       what dma-ranges let the node address, None where none says so
    """

    board: Board
    name: str
    base: str
    overlays: Sequence[str]
    removed: str
    graph: Graph
    changes: Sequence[Change] | None
    selection: Selection
    node: End | None
    was: End | None
    findings: Sequence[tuple[Finding, Diagnostic]]
    whole: bool
    events: Sequence[str] = ()
    dma: Reach | None = None

    @property
    def title(self) -> str:
        """Name the tree, and the overlay that was removed again."""
        return f"{self.name}; {self.removed} removed again" if self.removed else self.name

    @property
    def short_title(self) -> str:
        """Name the tree by files without their folders."""
        base, *overlays = (
            one.rstrip("/").rpartition("/")[2] for one in (self.base, *self.overlays)
        )
        name = f"{base} with {', '.join(overlays)}" if overlays else base
        if self.removed:
            name += f"; {self.removed.rpartition('/')[2]} removed again"
        return name if self.node is None else f"{name}: {self.node.path}"

    def headline(self, rows: Sequence[Row]) -> str:
        """Count the links told, or what became of them: `3 links added, 1 changed`."""
        kinds = f" of kind {', '.join(sorted(self.selection.kinds))}" * bool(self.selection.kinds)
        if self.changes is not None:
            return _changes(rows, kinds)
        told = f"{amount(len(rows), 'link')}{kinds}"
        if self.node is not None:
            return told
        return f"{told} of {amount(len({row.seen.node.path for row in rows}), 'node')}"

    def rows(self) -> tuple[list[Row], list[Row]]:
        """Give the links to tell: what is needed (of all, or of the one node), by whom it is.

        With changes and not whole these alone; else all, with those that went where they stood.
        """
        changes = self.changes or ()
        if self.changes is not None and not self.whole and self.node is None:
            rows = [Row(one.seen, one) for one in changes]
        else:
            rows = list(_woven(self.graph.seen, changes))
        by_link = {id(row.seen): row for row in rows}
        every = [row.seen for row in rows]
        suppliers = [by_link[id(one)] for one in self.selection.suppliers(every)]
        consumers = [by_link[id(one)] for one in self.selection.consumers(every)]
        return suppliers, consumers


class Row(NamedTuple):
    """A link to tell, and what became of it; None: nothing."""

    seen: Seen
    change: Change | None = None

    @property
    def kind(self) -> str:
        """Tell what became of it: `added`, `gone`, `changed`, or "" for nothing."""
        return self.change.kind if self.change is not None else ""

    @property
    def mark(self) -> str:
        """Give the sign before its line."""
        return _MARKS[self.kind]


def _changes(rows: Sequence[Row], kinds: str) -> str:
    number = {kind: sum(1 for row in rows if row.kind == kind) for kind in _MARKS if kind}
    parts = [f"{count:,} {kind}" for kind, count in number.items() if count]
    if not parts:
        return f"no link{kinds} changed"
    first, _, rest = parts[0].partition(" ")
    parts[0] = f"{first} {'link' if first == '1' else 'links'}{kinds} {rest}"
    return ", ".join(parts)


def _woven(seen: Sequence[Seen], changes: Sequence[Change]) -> Iterator[Row]:
    """Give all links, those that went behind the last of their consumer, else at the end."""
    told = {id(one.after): one for one in changes if one.after is not None}
    gone: dict[str, list[Change]] = {}
    for change in changes:
        if change.after is None:
            gone.setdefault(change.seen.node.path, []).append(change)
    last = {one.node.path: id(one) for one in seen}
    for one in seen:
        yield Row(one, told.get(id(one)))
        if last[one.node.path] == id(one):
            yield from (Row(change.seen, change) for change in gone.pop(one.node.path, ()))
    for rest in gone.values():
        yield from (Row(change.seen, change) for change in rest)


def specifier(values: Sequence[int]) -> str:
    """Write the cells behind a phandle: `<3 0x1000>`, nothing for none."""
    if not values:
        return ""
    return f"<{' '.join(str(one) if one < _SMALL else hex(one) for one in values)}>"


def called(end: End) -> str:
    """Name a node: its path, its first label behind it."""
    return f"{end.path} ({end.labels[0]})" if end.labels else end.path
