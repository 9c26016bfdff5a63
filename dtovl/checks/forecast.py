"""What removing each overlay of a stack from the running kernel would do, before one is applied.

A stack is applied to a tree, looked at, and reverted: so what is told here is known before any
kernel has seen the overlays. Removal gives back what was there, order included, as each change of
an overlay has an exact inverse; what it leaves behind is what nobody sees in the tree: memory,
references that lead nowhere, and overlays that refuse to go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import DetachNode, SetProperty
from dtovl.checks.blocking import Blocked, Overlaps
from dtovl.checks.dangling import Dangling, Pointers
from dtovl.model.node import Node, plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.diagnostics import Location
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome
    from dtovl.overlay.stack import Stack


class Leak(NamedTuple):
    """A property that stays allocated: the node, which the overlay did not make, and the bytes.

    size counts name and value as the kernel copies them, without the struct around them; at is
    where the overlay sets it.
    """

    node: Node
    property: str
    size: int
    at: Location | None


class Removal(NamedTuple):
    """What removing one overlay would do; number is its place in the stack, from 1.

    blocked tells of later overlays in the way; dangling lists what points to its nodes and stays;
    what the overlays in the way hold is guarded by them, and listed as well. restores: without
    those in the way, the tree is then as it was, order included.
    """

    number: int
    outcome: Outcome
    leaks: list[Leak]
    blocked: Blocked | None
    dangling: list[Dangling]
    restores: bool

    @property
    def name(self) -> str:
        """Give the display name of the overlay."""
        return self.outcome.overlay.name

    @property
    def leaked_bytes(self) -> int:
        """Give the bytes that stay allocated."""
        return sum(leak.size for leak in self.leaks)

    def guarded(self, found: Dangling) -> bool:
        """Tell whether the kernel keeps this overlay as long as the reference stays."""
        blocked = self.blocked
        return blocked is not None and found.holder in blocked.guards

    @property
    def loose(self) -> list[Dangling]:
        """Give what would dangle, as nothing keeps the overlay until it has gone."""
        return [found for found in self.dangling if not self.guarded(found)]

    @property
    def kernel(self) -> tuple[str, ...]:
        """Give the kernel's two lines about an overlay in the way; ids as of a fresh boot.

        Source: kernel node_overlaps_later_cs, overlay_removal_is_ok.
        """
        if self.blocked is None:
            return ()
        first = self.blocked.first
        return (
            f"OF: overlay: node_overlaps_later_cs: #{self.number} overlaps with #{first.number} "
            f"@{first.path}",
            f"OF: overlay: overlay #{self.number} is not topmost",
        )


class Forecast(NamedTuple):
    """What removals of a stack would do; refused is the overlay at which the kernel stops.

    Overlays from the refused one on ("": none) have no removals.
    """

    dialect: Dialect
    base: str
    removals: list[Removal]
    refused: str

    def holder_name(self, found: Dangling) -> str:
        """Name whose the property is that would dangle."""
        return self.removals[found.holder - 1].name if found.holder else self.base


def foresee(tree: Tree, stack: Stack, base: str = "base", *, whole: bool = False) -> Forecast:
    """Tell what removing each overlay of a stack that is in force would do.

    The stack must be one of the kernel's. Costs what the overlays cost; whole goes through the base
    as well, for what in it points to nodes that the overlays bring.
    Source: kernel of_overlay_remove.
    """
    outcomes = [outcome for outcome in stack.outcomes if outcome.applies]
    removals = [_alone(tree, number, outcome) for number, outcome in enumerate(outcomes, 1)]
    if len(outcomes) > 1 or whole:
        _together(tree, removals, outcomes, whole=whole)
    failed = stack.failed
    return Forecast(stack.dialect, base, removals, failed.overlay.name if failed else "")


def _alone(tree: Tree, number: int, outcome: Outcome) -> Removal:
    """Look at the entries of one overlay by themselves."""
    leaks: list[Leak] = []
    restores = True
    made = tree.origins
    for entry in outcome.changeset.entries:
        if not isinstance(entry, SetProperty):
            # The kernel puts a node back first among its siblings.
            restores = restores and not isinstance(entry, DetachNode)
        elif entry.new is None:
            # And a property last.
            restores = False
        elif entry.node not in made:
            name = plain_name(entry.key)
            size = len(name) + 1 + len(entry.new)
            leaks.append(Leak(entry.node, name, size, entry.position))
    return Removal(number, outcome, leaks, None, [], restores)


def _together(
    tree: Tree, removals: list[Removal], outcomes: Sequence[Outcome], *, whole: bool
) -> None:
    pointers = Pointers(tree, outcomes)
    for found in pointers.of_overlays():
        removals[found.maker - 1].dangling.append(found)
    for found in pointers.of_base() if whole else ():
        removals[found.maker - 1].dangling.append(found)
    overlaps = Overlaps([outcome.changeset.entries for outcome in outcomes])
    for place, removal in enumerate(removals[:-1]):
        holders = {found.holder for found in removal.dangling}
        removals[place] = removal._replace(blocked=overlaps.blocked(place + 1, holders))
