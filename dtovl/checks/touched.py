"""What one overlay, alone on a base, writes there; looked into only where it must be.

A place of the tree that several overlays may touch is named so that it is the same for all: a node
of the base by itself, a node that an overlay makes by the node of the base it hangs from and the
path below that (a Spot). References to phandles that an overlay gives are compared by such names
too, for the number depends on what was applied before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode, SetProperty
from dtovl.model.cells import cell
from dtovl.model.node import Node, plain_name
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from dtovl.changeset import Entry
    from dtovl.checks.numbers import Numbering, Own
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.resolve import Plan

    Spot = Node | tuple[Node, str]
    # A value, or the value without its references and (byte offset, node) for each.
    Meaning = bytes | tuple[bytes, tuple[tuple[int, Spot], ...]]

_BLANK = b"\0\0\0\0"


class Touched:
    """One overlay with its outcome on the base; what is costly is found when it is asked for.

    own is what is known of its references whatever the base, numbering how they fare on this one.
    """

    __slots__ = (
        "_fresh",
        "_labels",
        "_numbers",
        "number",
        "numbering",
        "outcome",
        "overlay",
        "own",
        "plan",
    )

    def __init__(
        self, number: int, overlay: Overlay, outcome: Outcome, own: Own, state: Numbering
    ) -> None:
        self.number = number
        self.overlay = overlay
        self.outcome = outcome
        self.plan: Plan = overlay.plan(outcome.dialect)
        self.own = own
        self.numbering = state
        self._fresh: dict[Node, tuple[Node, str]] | None = None
        self._labels: dict[bytes, str] | None = None
        self._numbers: dict[int, Spot] | None = None

    @property
    def name(self) -> str:
        """Give the display name of the overlay."""
        return self.overlay.name

    @property
    def fresh(self) -> Mapping[Node, tuple[Node, str]]:
        """Give the nodes that the overlay makes, each with its spot."""
        if self._fresh is None:
            self._fresh = fresh_spots(self.outcome.changeset.entries)
        return self._fresh

    @property
    def numbers(self) -> Mapping[int, Spot]:
        """Give the phandles that the overlay gives, each with the node that has it then."""
        if self._numbers is None:
            # Of two numbers for one node the later stays.
            fresh = self.fresh
            last = {node: node.phandle for node in fresh}
            for entry in self.outcome.changeset.entries:
                if isinstance(entry, SetProperty) and entry.phandle is not None:
                    last[entry.node] = entry.phandle
            found: dict[int, Spot] = {}
            for node, number in last.items():
                if number:
                    found.setdefault(number, fresh.get(node, node))
            self._numbers = found
        return self._numbers

    def meaning(self, key: str, value: bytes, largest: int) -> Meaning:
        """Give a value without the numbers of phandles above largest, the base's largest one."""
        offsets = self.own.offsets.get(key)
        if not offsets:
            return value
        return meaning(value, offsets, largest, lambda number: self.numbers.get(number))

    def made(self, tops: Container[tuple[Node, str]]) -> list[tuple[tuple[Node, str], Node]]:
        """List (spot, node) of what the overlay made from some spots just below the base on."""
        spots = fresh_spots(self.outcome.changeset.entries, tops)
        return [(spot, node) for node, spot in spots.items()]

    def targets_own(self, root: Node) -> bool:
        """Tell whether a fragment goes to a node that the overlay makes; it is not in force.

        root is that of the base.
        """
        for target in self.outcome.targets.values():
            top = target
            while top.parent is not None:
                top = top.parent
            if top is not root:
                return True
        return False

    def properties(self, nodes: Iterable[Node]) -> dict[Node, dict[str, bytes]]:
        """Give what the overlay has put into some of the nodes that it makes, by plain names."""
        found = {
            node: {plain_name(key): value for key, value in node.properties.items()}
            for node in nodes
        }
        for entry in self.outcome.changeset.entries:
            if isinstance(entry, SetProperty) and entry.node in found and entry.new is not None:
                found[entry.node][entry.key] = entry.new
        return found

    def label_of(self, value: bytes, symbols: Node) -> str | None:
        """Give the label by which the overlay calls the node that a value in symbols leads to."""
        if self._labels is None:
            self._labels = {}
            for fixup in self.plan.fixups:
                known = symbols.properties.get(fixup.label)
                if known is not None:
                    self._labels.setdefault(known, fixup.label)
        return self._labels.get(value)


def fresh_spots(
    entries: Iterable[Entry], tops: Container[tuple[Node, str]] | None = None
) -> dict[Node, tuple[Node, str]]:
    """Name the nodes that changeset entries make, in force or not.

    Of those just below the base only tops count, with what is below them; None: all.
    """
    found: dict[Node, tuple[Node, str]] = {}
    for entry in entries:
        if not isinstance(entry, AttachNode):
            continue
        base, above = found.get(entry.parent, (entry.parent, ""))
        if tops is not None and not above and (base, f"/{entry.node.name}") not in tops:
            continue
        stack = [(entry.node, above)]
        while stack:
            node, path = stack.pop()
            path = f"{path}/{node.name}"
            found[node] = (base, path)
            stack.extend((child, path) for child in node.children.values())
    return found


def meaning(
    value: bytes, offsets: Iterable[int], largest: int, find: Callable[[int], Spot | None]
) -> Meaning:
    """Give a value with what the numbers above largest at some byte offsets refer to.

    A number of which find knows no node stays a number.
    """
    found: list[tuple[int, Spot]] = []
    for offset in offsets:
        number = cell(value, offset) if offset + 4 <= len(value) else 0
        spot = find(number) if number > largest else None
        if spot is not None:
            found.append((offset, spot))
    if not found:
        return value
    for offset, _ in found:
        value = value[:offset] + _BLANK + value[offset + 4 :]
    return value, tuple(found)


def is_phandle(key: str) -> bool:
    """Tell whether a property holds the phandle of its own node."""
    return key in PHANDLE_NAMES


def spot_path(spot: Spot) -> str:
    """Write the path of a spot."""
    if isinstance(spot, Node):
        return spot.path
    above, path = spot
    return path if above.parent is None else above.path + path
