"""What a permitted removal of an overlay leaves behind: values that still name nodes that went.

The kernel lets an overlay go when no later one changed the same nodes. That a later overlay, or
the base, refers to its nodes by phandle does not count, and nobody takes the numbers out of the
values: they lead nowhere from then on. Besides, who has parsed such a value holds on to the node.
Source: kernel of_overlay_remove, node_overlaps_later_cs (drivers/of/overlay.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.fdt.write import flatten
from dtovl.links.board import Board
from dtovl.links.holding import left_with_masters, masters_outside
from dtovl.links.link import Finding
from dtovl.links.sites import Sites, is_list_of_names
from dtovl.live.blob import apply_parsed, parse_blob
from dtovl.live.changeset import Action
from dtovl.live.objects import Oops
from dtovl.live.overlays import Overlays
from dtovl.live.state import Live
from dtovl.model.cells import cell, cells
from dtovl.model.dialect import LINUX
from dtovl.model.node import plain_name
from dtovl.model.supplierbindings import BINDINGS
from dtovl.overlay.outcome import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.links.holding import Held
    from dtovl.live.overlays import LiveOverlay
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Bindings
    from dtovl.model.tree import Tree


class Removed(NamedTuple):
    """What came of applying overlays and removing some of them.

    errno     name of the first error (`EBUSY`), None when all went as asked; `crash` where the
              kernel would not come back
    at        what failed: `apply NAME` or `remove NAME`, "" for nothing
    log       the kernel's lines, of removals only when all overlays could be applied
    findings  L033, after the last removal
    iommu     DT683: masters outside of an overlay that hold on to an IOMMU of it
    """

    errno: str | None
    at: str
    log: tuple[str, ...]
    findings: tuple[Finding, ...]
    iommu: tuple[Finding, ...] = ()


class _Reference(NamedTuple):
    """A value that names a node of an overlay: where, whose it is, and the path of the node."""

    node: Node
    key: str
    offset: int
    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    number: int
    target: Node
    was: str
    consumer: str


def remove_and_judge(
    base: Tree,
    overlays: Sequence[tuple[str, bytes | Tree]],
    removals: Sequence[int],
    dialect: Dialect = LINUX,
    bindings: Bindings = BINDINGS,
    *,
    bound: bool = True,
) -> Removed:
    """Apply overlays in order, remove some by their ids (from 1), and judge what is left.

    base is changed: it is the tree of the running kernel afterwards. An overlay is a blob, or a
    tree. bound tells that the devices of the base and of the overlays are bound to their drivers:
    then masters hold the nodes of their IOMMUs. A removal that is refused does not keep the later
    ones from being tried.

    Source: kernel of_overlay_fdt_apply, of_overlay_remove; iommu_fwspec_init.
    """
    run = _Run(base, dialect, bindings, bound=bound)
    try:
        for name, overlay in overlays:
            run.apply(name, overlay if isinstance(overlay, bytes) else flatten(overlay))
            if run.errno is not None:
                return run.result()
        run.overlays.live.log.clear()
        for number in removals:
            run.remove(number)
    except Oops as oops:
        run.fail("crash", run.busy_with)
        run.overlays.live.print(0, oops.what)
    return run.result()


class _Run:
    """A live tree with overlays, and what has gone of it."""

    def __init__(self, base: Tree, dialect: Dialect, bindings: Bindings, *, bound: bool) -> None:
        self.overlays = Overlays(Live(base, dialect))
        self.errno: str | None = None
        self.at = ""
        self.busy_with = ""
        self._bindings = bindings
        self._wide_maps = dialect.wide_id_maps
        self._bound = bound
        # What values named before anything went: once an entry of a list leads nowhere, those
        # behind it cannot be read any more.
        self._named: dict[tuple[Node, str, int], _Reference] = {}
        self._gone: dict[Node, str] = {}
        self._held: list[Held] = []

    def apply(self, name: str, blob: bytes) -> None:
        self.busy_with = f"apply {name}"
        applied = apply_parsed(self.overlays, parse_blob(blob, name))
        if applied.error:
            self.fail(applied.error, self.busy_with)

    def remove(self, number: int) -> None:
        record = self.overlays.find(number)
        self.busy_with = f"remove {record.name if record is not None else number}"
        live = self.overlays.live
        if record is None:
            error, _ = self.overlays.remove(number)
            self.fail(error, self.busy_with)
            return
        going = set(_nodes_of(record))
        board = Board(live.tree, self._bindings, wide_maps=self._wide_maps)
        for one in _references(board, self.overlays.listed):
            self._named[one.node, one.key, one.offset] = one
        held = masters_outside(board, going) if self._bound and going else []
        counted = [one for one in held if one.counted and not one.bus]
        for holder in counted:
            live.hold(holder.provider, f"the fwspec of {holder.master.path}", "iommu_fwspec_init")
        error, _ = self.overlays.remove(number)
        if error:
            self.fail(error, self.busy_with)
        if self.overlays.find(number) is record:
            for holder in counted:
                live.release(holder.provider, f"the fwspec of {holder.master.path}")
            return
        self._gone.update(dict.fromkeys(going, record.name))
        self._held += [holder._replace(overlay=record.name) for holder in held]

    def fail(self, error: str, where: str) -> None:
        if self.errno is None:
            self.errno = error.removeprefix("-")
            self.at = where

    def result(self) -> Removed:
        live = self.overlays.live
        log = tuple(line.text for line in live.log if isinstance(line, LogLine))
        there = set(live.tree.walk()) if self._gone else set()
        found = tuple(
            _finding(one, self._gone[one.target])
            for one in self._named.values()
            if one.target in self._gone and _stands(one, there)
        )
        held = [one for one in self._held if one.master in there]
        return Removed(self.errno, self.at, log, found, tuple(left_with_masters(held)))


def _nodes_of(record: LiveOverlay) -> Iterator[Node]:
    return (one.node for one in record.changeset.entries if one.action == Action.ATTACH)


def _references(board: Board, listed: Sequence[LiveOverlay]) -> Iterator[_Reference]:
    """Find what names nodes that overlays have brought, but what is in the same overlay's nodes."""
    tree = board.tree
    owner = {node: place for place, one in enumerate(listed) for node in _nodes_of(one)}
    numbers = frozenset(node.phandle for node in owner if node.phandle)
    if not numbers:
        return
    sites = Sites(board)
    fixed = _fixed_cells(listed)
    for node in tree.walk():
        for key, value in tree.properties_of(node):
            if numbers.isdisjoint(cells(value)) or is_list_of_names(node):
                continue
            named = {one.offset: (one.index, one.node) for one in sites.of(node, key, value)}
            if not named:
                named = _by_fixups(tree, value, fixed.get((node.path, plain_name(key)), ()))
            origin = tree.origin_of(node, key)
            consumer = origin.overlay if origin is not None else ""
            for offset, (index, target) in sorted(named.items()):
                if target in owner and owner[target] != owner.get(node):
                    number, was = cell(value, offset), target.path
                    yield _Reference(node, key, offset, index, number, target, was, consumer)


def _by_fixups(tree: Tree, value: bytes, offsets: Sequence[int]) -> dict[int, tuple[int, Node]]:
    """Give what the fixups of overlays say of a property whose name says nothing."""
    found: dict[int, tuple[int, Node]] = {}
    for index, offset in enumerate(sorted(set(offsets))):
        target = tree.by_phandle.get(cell(value, offset)) if offset + 4 <= len(value) else None
        if target is not None:
            found[offset] = (index, target)
    return found


def _fixed_cells(listed: Sequence[LiveOverlay]) -> dict[tuple[str, str], list[int]]:
    """Give the cells that overlays in force had filled by fixups, by path of node, and name."""
    found: dict[tuple[str, str], list[int]] = {}
    for one in listed:
        outcome = one.outcome
        if outcome is None or not one.in_force:
            continue
        tops = {
            part.content: outcome.targets[part.node].path
            for part in outcome.overlay.fragments
            if part.node in outcome.targets
        }
        for fixup in outcome.overlay.plan(outcome.dialect).fixups:
            for node, key, offset in fixup.sites:
                path = _live_path(node, tops)
                if path:
                    found.setdefault((path, plain_name(key)), []).append(offset)
    return found


def _live_path(node: Node, tops: dict[Node, str]) -> str:
    """Give the path that a node of an overlay has in the tree, "" outside of all fragments."""
    names: list[str] = []
    above: Node | None = node
    while above is not None:
        if above in tops:
            return "/".join([tops[above].rstrip("/"), *reversed(names)]) or "/"
        names.append(above.name)
        above = above.parent
    return ""


def _stands(one: _Reference, there: set[Node]) -> bool:
    """Tell whether the value is still there."""
    value = one.node.properties.get(one.key, b"") if one.node in there else b""
    return one.offset + 4 <= len(value) and cell(value, one.offset) == one.number


def _finding(one: _Reference, overlay: str) -> Finding:
    details: dict[str, object] = {"index": one.index, "was": one.was, "overlay": overlay}
    if one.consumer:
        details["consumer_overlay"] = one.consumer
    return Finding("L033", Severity.ERROR, one.node, plain_name(one.key), details)
