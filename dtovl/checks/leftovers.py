"""What a live tree has that base and overlays do not give, and what a boot loader changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.changeset import SetProperty
from dtovl.checks.traces import paired, reference_offsets
from dtovl.model.compare import Difference, difference
from dtovl.model.dialect import DIALECTS
from dtovl.model.node import Node, plain_name
from dtovl.model.specifiers import SYMBOLS
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.overlay.apply import apply_overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.checks.traces import Places, Trace
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

Cause = Literal["unexplained", "missing", "loader", "perhaps-loader"]


class Leftover(NamedTuple):
    """One difference between base with overlays (a) and live tree (b).

    cause     unexplained: by nobody; missing: the live tree has what the base has, and not what
              owner made of it; loader: boot loaders set this; perhaps-loader: they may have
    owner     number of the overlay that set what base with overlays has; 0 for the base
    """

    found: Difference
    cause: Cause
    owner: int


class Rebuilt(NamedTuple):
    """The overlays applied to the base in their order, and what the live tree has beside that.

    appliers maps numbers of overlays to who applied them, as the phandles in the live tree tell;
    refused are those that cannot be applied in this order.
    """

    leftovers: list[Leftover]
    appliers: dict[int, Dialect]
    refused: list[Trace]


# What boot loaders write. Source: U-Boot fdt_support.c (fdt_root, fdt_chosen, fdt_initrd,
# fdt_fixup_memory_banks, fdt_fixup_ethernet); Linux drivers/firmware/efi/libstub/fdt.c;
# Devicetree Specification v0.4, 3.4, 3.6, 3.8.1.
_ROOT = frozenset({"serial-number", "system-linux,revision", "system-linux,serial"})
_ANYWHERE = frozenset({"mac-address", "local-mac-address", "local-bd-address", "cpu-release-addr"})
_PERHAPS = frozenset({"status", "clock-frequency", "timebase-frequency", "bus-frequency"})


def rebuild(
    base: Tree, live: Tree, order: Sequence[Trace], places: Places, *, complete: bool
) -> Rebuilt:
    """Apply overlays in order to the base, and list what the live tree has beside that.

    complete: no other overlay can have used up phandles; without that, or when one does not fit,
    phandles do not tell who applied any. The base is as before afterwards.
    """
    run = _Rebuilding(base, live, places)
    try:
        for trace in order:
            run.apply(trace)
        leftovers = run.leftovers()
        told = complete and run.fits and not _came_between(leftovers, order)
        return Rebuilt(leftovers, run.appliers if told else {}, run.refused)
    finally:
        run.revert()


def _came_between(leftovers: Sequence[Leftover], order: Sequence[Trace]) -> bool:
    """Tell whether nodes that nobody explains may have got phandles before an overlay did.

    Then the largest phandle there was is not known: one more may be theirs, or that of Linux.
    """
    tops = (one.found.node_b for one in leftovers if one.found.kind == "node-added")
    strange = {node.phandle for top in tops if top is not None for node in top.walk()} - {0}
    added = max((number for trace in order for _, number in trace.numbers), default=0)
    return bool(strange) and min(strange) <= added


class _Rebuilding:
    """The base with the overlays applied so far.

    fits: so far the phandles are those that somebody would give. sites are the cells of what the
    overlays set that refer to nodes; before has what was there before.
    """

    def __init__(self, tree: Tree, live: Tree, places: Places) -> None:
        self.tree = tree
        self.live = live
        self.places = places
        self.appliers: dict[int, Dialect] = {}
        self.refused: list[Trace] = []
        self.fits = True
        self._outcomes: list[Outcome] = []
        self._sites: dict[tuple[Node, str], list[int]] = {}
        self._before: dict[tuple[Node, str], bytes | None] = {}

    def apply(self, trace: Trace) -> None:
        """Apply an overlay as who applied it did, or else as the first that accepts it."""
        applier = self._applier(trace)
        for dialect in (applier or trace.dialect, trace.dialect, *DIALECTS.values()):
            outcome = apply_overlay(self.tree, trace.overlay, dialect, trace.number)
            if outcome.applies:
                break
        else:
            self.refused.append(trace)
            return
        if applier is outcome.dialect:
            self.appliers[trace.number] = applier
        self._outcomes.append(outcome)
        offsets = reference_offsets(trace.overlay, outcome.dialect)
        for node, merged in paired(self.tree, outcome):
            for key in node.properties:
                self._sites[merged, plain_name(key)] = offsets.get((node, key), [])
        for entry in outcome.changeset.entries:
            if isinstance(entry, SetProperty):
                self._before.setdefault((entry.node, entry.key), entry.old)

    def revert(self) -> None:
        """Take all overlays out again."""
        for outcome in reversed(self._outcomes):
            outcome.changeset.revert(self.tree)

    def leftovers(self) -> list[Leftover]:
        """List what the live tree has beside base and overlays."""
        found = (one for one in difference(self.tree, self.live) if not self._means_nothing(one))
        return [self._judged(one) for one in found]

    def _applier(self, trace: Trace) -> Dialect | None:
        """Tell by the phandles of an overlay who applied it to what the tree is now.

        Source: libfdt fdt_overlay_apply, which adds the largest phandle; kernel
        of_resolve_phandles, which adds one more, and add_changeset_property, which gives none to
        nodes that are there.
        """
        added = {number for _, number in trace.numbers}
        for dialect in DIALECTS.values():
            largest = self.tree.largest_phandles()[1 if dialect.phandle_field else 0]
            fits = largest + dialect.delta_extra in added if added else trace.dropped
            if fits and (dialect.skips_pseudo or not trace.dropped):
                return dialect
        self.fits = self.fits and not added
        return None

    def _means_nothing(self, found: Difference) -> bool:
        """Tell whether a difference comes from how a live tree is shown or numbered."""
        node = found.node_a or found.node_b
        if node is None or found.name in PHANDLE_NAMES:
            return True
        if found.kind == "node-removed":
            return found.path == f"/{SYMBOLS}"
        if found.name == "name":
            shown = found.new if found.old is None else found.old
            return shown == _shown_name(node)
        if found.kind != "property-changed" or found.node_a is None:
            return False
        old, offsets = found.old or b"", self._sites.get((found.node_a, found.name), ())
        refs = self.places.references(self.tree, old, offsets)
        return self.places.holds((self.places.of(found.node_a), found.name), old, refs)

    def _judged(self, found: Difference) -> Leftover:
        owner = self._owner(found)
        if owner and self._is_back(found):
            return Leftover(found, "missing", owner)
        return Leftover(found, _cause(found), owner)

    def _owner(self, found: Difference) -> int:
        node = found.node_a
        if node is None or (found.name and found.old is None):
            return 0
        origin = self.tree.origin_of(node, found.name or None)
        return 0 if origin is None else origin.number

    def _is_back(self, found: Difference) -> bool:
        """Tell whether the live tree has what the base has, in spite of an overlay."""
        node = found.node_a
        if node is None or not found.name:
            return found.kind == "node-removed"
        if self.tree.origin_of(node) is not None:
            return found.new is None
        return self._before.get((node, found.name)) == found.new


def _shown_name(node: Node) -> bytes:
    """Give the `name` that the kernel shows for a node, with the NUL."""
    stem, at, _ = node.name.rpartition("@")
    return (stem if at else node.name).encode("latin-1") + b"\0"


def _cause(found: Difference) -> Cause:
    """Tell whether boot loaders write what is different."""
    if found.kind == "node-removed":
        return "unexplained"
    top, _, below = found.path[1:].partition("/")
    stem = top.partition("@")[0]
    if top == "chosen" or (stem == "memory" and not below):
        return "loader"
    if stem == "reserved-memory" and found.kind == "node-added":
        return "loader"
    if found.name in _ANYWHERE or (found.path == "/" and found.name in _ROOT):
        return "loader"
    return "perhaps-loader" if found.name in _PERHAPS else "unexplained"
