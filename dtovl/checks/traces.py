"""What overlays leave behind in a live tree: each change an overlay makes, looked up there.

A change is told by where it is (a place: a path, as a number), what it sets, and which nodes its
cells refer to, so it is the same change whatever the numbers of the phandles became. A change that
base and overlay agree on tells nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import SetProperty
from dtovl.model.cells import cell
from dtovl.model.paths import find_merge_child
from dtovl.model.specifiers import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome

Spot = tuple[int, str]
"""A place and the name of a property there; an empty name stands for the node itself."""

NOWHERE = -1
"""Stands for the place of what a cell refers to that no node has given its phandle to."""


class State(Enum):
    """What the live tree has where an overlay would make a change."""

    FOUND = "found"
    ABSENT = "absent"  # what the base has there
    OTHER = "other"


class Fact(NamedTuple):
    """One change: value has zeros where refs, (byte offset, place), tell of nodes referred to.

    telling: the base alone would not have it.
    """

    spot: Spot
    value: bytes
    refs: tuple[tuple[int, int], ...]
    telling: bool
    state: State


class Trace(NamedTuple):
    """One overlay held against the live tree.

    number is its place among those given, from 1; dialect is the first that accepts it; facts has
    each spot once; needs are nodes it changes that the base lacks, labels the values of
    /__symbols__ that it was applied with, and whether they are those of the base;
    numbers are (place, phandle in the live tree minus phandle in the overlay) of nodes that the
    base does not have, or has without phandle; dropped: one of the latter has none in the live
    tree either.
    """

    overlay: Overlay
    number: int
    dialect: Dialect
    facts: dict[Spot, Fact]
    needs: frozenset[Spot]
    labels: dict[str, tuple[bytes, bool]]
    numbers: list[tuple[int, int]]
    dropped: bool

    def count(self, state: State) -> int:
        """Count the telling facts of a state."""
        return sum(fact.telling and fact.state is state for fact in self.facts.values())


class Untraced(NamedTuple):
    """An overlay that nothing makes applicable; reason is one sentence, label what it misses."""

    overlay: Overlay
    number: int
    reason: str
    label: str


class Places:
    """Paths as numbers, the root is 0, and the node of the live tree at each."""

    def __init__(self, live: Tree) -> None:
        self.live = live
        self.nodes: list[Node | None] = [live.root]
        self._above: list[Spot] = [(0, "")]
        self._numbers: dict[Spot, int] = {}
        self.symbols = self.below(0, SYMBOLS)

    def below(self, place: int, name: str) -> int:
        """Give the place of a child."""
        number = self._numbers.get((place, name))
        if number is None:
            number = self._numbers[place, name] = len(self.nodes)
            self._above.append((place, name))
            above = self.nodes[place]
            self.nodes.append(None if above is None else above.children.get(name))
        return number

    def of(self, node: Node) -> int:
        """Give the place of a node of any tree."""
        names = []
        above: Node | None = node
        while above is not None and above.parent is not None:
            names.append(above.name)
            above = above.parent
        place = 0
        for name in reversed(names):
            place = self.below(place, name)
        return place

    def name(self, place: int) -> str:
        """Give the name of the node at a place."""
        return self._above[place][1]

    def path(self, place: int) -> str:
        """Give the path of a place."""
        names = []
        while place:
            place, name = self._above[place]
            names.append(name)
        return "/" + "/".join(reversed(names))

    def holds(self, spot: Spot, value: bytes, refs: Sequence[tuple[int, int]]) -> bool:
        """Tell whether the live tree has a value; cells of refs refer to nodes, the rest is bytes.

        The kernel shows properties called `security-...` without their value (drivers/of/kobj.c).
        """
        node = self.nodes[spot[0]]
        held = None if node is None else node.properties.get(spot[1])
        if held is None or (not held and spot[1].startswith("security-")):
            return held is not None
        if len(held) != len(value) or blanked(held, refs) != blanked(value, refs):
            return False
        return all(self._refers(cell(held, offset), place) for offset, place in refs)

    def references(
        self, tree: Tree, value: bytes, offsets: Iterable[int]
    ) -> tuple[tuple[int, int], ...]:
        """Give (byte offset, place referred to) of cells of a value of tree; see NOWHERE."""
        owners = ((offset, tree.by_phandle.get(cell(value, offset))) for offset in offsets)
        return tuple(
            (offset, NOWHERE if owner is None else self.of(owner)) for offset, owner in owners
        )

    def _refers(self, number: int, place: int) -> bool:
        """Tell whether a number of the live tree refers to a place.

        Linux gives no phandle to a node that it had already, so a reference to that one dangles.
        """
        node = None if place == NOWHERE else self.nodes[place]
        if node is not None and node.phandle:
            return node.phandle == number
        return (node is not None or place == NOWHERE) and number not in self.live.by_phandle


def blanked(value: bytes, refs: Sequence[tuple[int, int]]) -> bytes:
    """Give a value with zeros at the cells that refer to nodes."""
    if not refs:
        return value
    blank = bytearray(value)
    for offset, _ in refs:
        blank[offset : offset + 4] = b"\0\0\0\0"
    return bytes(blank)


def reference_offsets(overlay: Overlay, dialect: Dialect) -> dict[tuple[Node, str], list[int]]:
    """Give the byte offsets of cells that refer to nodes, by node of the overlay and property."""
    return {
        (recipe.node, recipe.key): sorted({*recipe.local, *(one for one, _ in recipe.outside)})
        for recipe in overlay.plan(dialect).recipes
    }


def paired(tree: Tree, outcome: Outcome) -> Iterator[tuple[Node, Node]]:
    """Pair nodes of an overlay that is in force with those of the tree they went into."""
    for fragment in outcome.overlay.fragments:
        target = outcome.targets.get(fragment.node)
        stack = [] if target is None else [(fragment.content, target)]
        while stack:
            node, live = stack.pop()
            yield node, live
            for child in node.children.values():
                match = find_merge_child(tree, live, child.name, outcome.dialect)
                if match is not None:
                    stack.append((child, match))


def exported(tree: Tree, outcome: Outcome) -> Iterator[str]:
    """Give the labels that an overlay in force has put into /__symbols__."""
    symbols = tree.symbols
    for entry in outcome.changeset.entries:
        if isinstance(entry, SetProperty) and entry.node is symbols:
            yield entry.key
