"""An overlay blob handed to the running kernel: header checks, unflattening, then the overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import Changeset
from dtovl.fdt.kernel import Broken, read_header, unflatten
from dtovl.live.overlays import Applied, Overlays
from dtovl.live.state import own_name
from dtovl.model.dialect import Problem
from dtovl.model.node import Node
from dtovl.model.tree import Tree
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.outcome import Outcome, line_facts
from dtovl.resolve import Refused

if TYPE_CHECKING:
    from dtovl.live.state import Live


class Parsed:
    """A blob as the kernel takes it, read once: the overlay and its warnings, or the refusal.

    size is the blob's totalsize in bytes.
    """

    __slots__ = ("overlay", "refused", "size", "warnings")

    def __init__(
        self,
        overlay: Overlay,
        refused: Refused | None = None,
        warnings: tuple[str, ...] = (),
        size: int = 0,
    ) -> None:
        self.overlay = overlay
        self.refused = refused
        self.warnings = warnings
        self.size = size


def parse_blob(data: bytes, name: str, size: int | None = None) -> Parsed:
    """Read a blob, however damaged, as the kernel would; size is what the caller says it has.

    Source: kernel of_overlay_fdt_apply, of_fdt_unflatten_tree.
    """
    none = Overlay(Tree(Node("")), name)
    given = len(data) if size is None else size
    blob = read_header(data[:size])
    if blob is None:
        return Parsed(none, Refused(Problem.HEADER))
    if blob.totalsize > given:
        return Parsed(none, Refused(Problem.SHORT, size=given, totalsize=blob.totalsize))
    try:
        tree, warnings = unflatten(blob)
    except Broken as broken:
        problem = Problem.STRUCTURE if broken.code else Problem.STRUCTURE_EMPTY
        return Parsed(none, Refused(problem, code=broken.code))
    add_names(tree)
    return Parsed(Overlay(tree, name), None, tuple(warnings), blob.totalsize)


def add_names(tree: Tree) -> None:
    """Give every node the `name` that unflattening appends (kernel populate_properties)."""
    for node in tree.walk():
        node.properties.setdefault("name", own_name(node))


def apply_parsed(overlays: Overlays, parsed: Parsed) -> Applied:
    """Apply what parse_blob read. Raises Oops. Source: kernel of_overlay_fdt_apply."""
    live = overlays.live
    refused = parsed.refused
    if refused is None:
        return overlays.apply(parsed.overlay, parsed.warnings, parsed.size)
    if overlays.is_suspect("apply"):
        return Applied("-EBUSY", 0)
    if refused.problem in (Problem.STRUCTURE, Problem.STRUCTURE_EMPTY):
        # It is in the list already while it is unflattened.
        overlays.touch_ghosts()
    return refuse_blob(live, parsed.overlay, refused)


def refuse_blob(live: Live, overlay: Overlay, refused: Refused) -> Applied:
    """Say what the kernel says of a blob that it does not take; it has no id."""
    outcome = Outcome(overlay, live.dialect, Changeset())
    outcome.refused = refused
    outcome.print(refused.problem, **line_facts(refused, live.dialect))
    live.log.extend(outcome.lines)
    return Applied(outcome.error, 0, outcome)
