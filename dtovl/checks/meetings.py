"""Which overlays of a base meet: an index over all that is written, each place once.

What comes out is of three kinds. A clash is proven by the sets alone: both write one property, to
different values. So is what excludes the other overlay in either order. A suspect is a pair of
which one writes what the other looks up, or has phandles that are out of the ordinary: whether it
matters is found by applying both orders. All other pairs are proven to be independent: neither
writes what the other writes or looks up.

Cost: linear in what is written, and in the clashes and suspects there are. What an overlay makes is
looked into only where another one makes a node of the same name at the same place.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, SetProperty
from dtovl.checks import reads
from dtovl.checks.numbers import Numbering
from dtovl.checks.touched import is_phandle
from dtovl.model.dialect import Problem
from dtovl.model.paths import top_node

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from dtovl.checks.touched import Meaning, Spot, Touched
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

MOST_CLASHES = 1_000_000
"""How many clashing writes are looked at on one base: 250 overlays that differ in 32 properties."""

_SHOWN = 4
_CELLS = ("#address-cells", "#size-cells")
_PSEUDO = ("name", "phandle", "linux,phandle")

Pair = tuple[int, int]


class Writes(NamedTuple):
    """A property that both overlays of a pair write: what the first makes of it, and the second."""

    spot: Spot
    key: str
    first: Meaning
    second: Meaning


class Clash:
    """What a pair writes differently: the first places, and how many there are."""

    __slots__ = ("count", "places")

    def __init__(self) -> None:
        self.count = 0
        self.places: list[Writes] = []


class Meetings:
    """The index over the overlays of one base, in one dialect.

    makers has, for a node of the base and what names have in common (reads.family), who makes a
    child of such a name there; labels and aliases who writes them; givers who gives a node of the
    base a phandle. needs has what the refused ones lack;
    excluded, for a pair that is refused in both orders, why, the node, and the label; twins the
    node with a unit address that both of a pair make.
    """

    __slots__ = (
        "_addresses",
        "_contested",
        "_dialect",
        "_symbols",
        "_tree",
        "_writers",
        "aliases",
        "clashes",
        "cut",
        "excluded",
        "givers",
        "labels",
        "largest",
        "makers",
        "needs",
        "suspects",
        "touched",
        "twins",
    )

    def __init__(self, tree: Tree, dialect: Dialect, largest: int) -> None:
        self.largest = largest
        self.touched: dict[int, Touched] = {}
        self.makers: dict[tuple[Node, str], list[tuple[Touched, Node]]] = {}
        self.labels: dict[str, list[Touched]] = {}
        self.aliases: dict[str, list[Touched]] = {}
        self.givers: dict[Node, list[Touched]] = {}
        self.needs: dict[Touched, list[reads.Need]] = {}
        self.clashes: dict[Pair, Clash] = {}
        self.excluded: dict[Pair, tuple[Problem, Spot, str]] = {}
        self.suspects: dict[Pair, str] = {}
        self.twins: dict[Pair, Spot] = {}
        self.cut = False
        self._tree = tree
        self._dialect = dialect
        self._symbols = top_node(tree, reads.SYMBOLS, dialect)
        self._addresses = top_node(tree, reads.ALIASES, dialect)
        self._writers: dict[tuple[Spot, str], list[tuple[Touched, bytes]]] = {}
        self._contested: dict[tuple[Spot, str], None] = {}

    # -- one overlay ---------------------------------------------------------------------------

    def add(self, touched: Touched) -> None:
        """Enter what an overlay writes; the overlay is in force, or was refused."""
        self.touched[touched.number] = touched
        fresh: set[Node] = set()
        for entry in touched.outcome.changeset.entries:
            if isinstance(entry, SetProperty):
                if entry.node in fresh:
                    self._note_name(touched, entry.node, entry.key)
                elif is_phandle(entry.key):
                    if entry.phandle is not None and entry.phandle > self.largest:
                        self.givers.setdefault(entry.node, []).append(touched)
                else:
                    self._write(touched, entry.node, entry.key, entry.new or b"")
                    if entry.node is self._symbols or entry.node is self._addresses:
                        self._note_write(touched, entry)
            elif isinstance(entry, AttachNode):
                fresh.add(entry.node)
                if entry.parent not in fresh:
                    self._make(touched, entry)

    def _write(self, touched: Touched, spot: Spot, key: str, value: bytes) -> None:
        place = spot, key
        writers = self._writers.get(place)
        if writers is None:
            self._writers[place] = [(touched, value)]
            return
        if writers[0][0] is not touched:
            self._contested[place] = None
        writers.append((touched, value))

    def _make(self, touched: Touched, entry: AttachNode) -> None:
        parent, node = entry.parent, entry.node
        key = parent, reads.family(node.name, self._dialect)
        self.makers.setdefault(key, []).append((touched, node))
        if parent is self._tree.root:
            for name in node.properties:
                self._note_name(touched, node, name)

    def _note_write(self, touched: Touched, entry: SetProperty) -> None:
        """Take note of a label or alias, unless it says what the base says."""
        table = self.labels if entry.node is self._symbols else self.aliases
        if entry.old is None or entry.old != entry.new:
            table.setdefault(entry.key, []).append(touched)

    def _note_name(self, touched: Touched, node: Node, key: str) -> None:
        """Take note of a label or alias in a table that the overlay makes."""
        name = reads.family(node.name, self._dialect)
        if node.parent is self._tree.root and name in (reads.SYMBOLS, reads.ALIASES):
            table = self.labels if name == reads.SYMBOLS else self.aliases
            table.setdefault(key, []).append(touched)

    # -- all overlays --------------------------------------------------------------------------

    def meet(self) -> None:
        """Find clashes and suspects; the tree is the plain base."""
        if len(self.touched) > 1:
            self._meet_makers()
            self._meet_names()
            self._meet_numbers()
            self._meet_writers()

    def suspect(self, one: Touched, other: Touched, cause: str) -> None:
        """Put a pair on the list of those to try; the first cause counts."""
        # Where neither applies, neither order does.
        if one is not other and (one.outcome.applies or other.outcome.applies):
            self.suspects.setdefault(ordered(one, other), cause)

    def _suspect_all(self, one: Touched, others: Iterable[Touched], cause: str) -> None:
        for other in others:
            self.suspect(one, other, cause)

    def _meet_makers(self) -> None:
        """Look into the nodes that several overlays make at one place, all the way down."""
        tops: dict[Touched, set[tuple[Node, str]]] = {}
        for (parent, _), makers in self.makers.items():
            if len({touched for touched, _ in makers}) > 1:
                self._meet_kin([(touched, node.name) for touched, node in makers])
                for touched, node in makers:
                    tops.setdefault(touched, set()).add((parent, "/" + node.name))
        below: dict[Hashable, list[tuple[Touched, str]]] = {}
        made: dict[tuple[Node, str], list[tuple[Touched, bool, bool]]] = {}
        for touched, wanted in tops.items():
            odd = self._targets_own(touched)
            for spot, node, properties in touched.contents(wanted):
                pseudo = self._dialect.skips_pseudo and any(key in properties for key in _PSEUDO)
                plain = touched.numbering is not Numbering.WILD and node.phandle
                made.setdefault(spot, []).append((touched, odd or pseudo, bool(plain)))
                for key, value in properties.items():
                    if not is_phandle(key):
                        self._write(touched, spot, key, value)
                if spot not in wanted:
                    above = spot[0], spot[1].rpartition("/")[0]
                    kin = above, reads.family(node.name, self._dialect)
                    below.setdefault(kin, []).append((touched, node.name))
        for kindred in below.values():
            self._meet_kin(kindred)
        for common, makers_of in made.items():
            self._exclude(common, [touched for touched, _, phandle in makers_of if phandle])
        for common, makers_of in made.items():
            self._meet_makers_of(common, makers_of)

    def _targets_own(self, touched: Touched) -> bool:
        """Tell whether a fragment goes to a node that the overlay itself makes."""
        return any(target in touched.fresh for target in touched.outcome.targets.values())

    def _meet_kin(self, kindred: list[tuple[Touched, str]]) -> None:
        """Suspect overlays whose nodes have names that may be taken for one another."""
        names = {name for _, name in kindred}
        if len(names) < 2:
            return
        loose = [one for one in kindred if self._dialect.fold_case or "@" not in one[1]]
        for touched, name in loose:
            others = (other for other, another in kindred if another != name)
            self._suspect_all(touched, others, f"name:{name}")

    def _exclude(self, spot: tuple[Node, str], makers: list[Touched]) -> None:
        """Note the pairs of overlays that make one node, with a phandle each, where it may not be.

        Source: kernel add_changeset_node.
        """
        if Problem.PHANDLE_CLASH in self._dialect.errors:
            for one, other in combinations(makers, 2):
                self.excluded.setdefault(ordered(one, other), (Problem.PHANDLE_CLASH, spot, ""))

    def _meet_makers_of(
        self, spot: tuple[Node, str], makers: list[tuple[Touched, bool, bool]]
    ) -> None:
        """Suspect overlays that make one node, where it matters who is the first to make it.

        makers are (overlay, whether its node is out of the ordinary, whether it has a phandle).
        """
        for touched, odd, _ in makers if len(makers) > 1 else ():
            for other, _, _ in makers if odd else ():
                if ordered(touched, other) not in self.excluded:
                    self.suspect(touched, other, "made")
        if "@" in spot[1] and spot[1].rfind("/") == 0:
            for (one, *_), (other, *_) in combinations(makers, 2):
                self.twins.setdefault(ordered(one, other), spot)

    def _meet_names(self) -> None:
        """Suspect overlays one of which looks up what the other writes."""
        shadows = self._shadows()
        stems = {stem for _, stem in shadows}
        for touched in self.touched.values():
            if self.labels:
                for label in reads.labels(touched):
                    self._suspect_all(touched, self.labels.get(label, ()), f"label:{label}")
            if self.aliases:
                for alias in reads.aliases(self._tree, touched, self._dialect):
                    for writers in self.aliases.values():
                        self._suspect_all(touched, writers, f"alias:{alias}")
            if shadows and reads.may_look_up(self._tree, touched, stems, self._dialect):
                for parent, name in reads.child_names(self._tree, touched, self._dialect):
                    if "@" not in name and (parent, name) in shadows:
                        others = (other for other, _ in self.makers[parent, name])
                        self._suspect_all(touched, others, f"name:{name}")
            if not touched.outcome.applies:
                self._meet_needs(touched)

    def _shadows(self) -> set[tuple[Node, str]]:
        """Find where a new node may be found instead of one of the base, as it stands before it."""
        if not self._dialect.unit_address_optional:
            return set()
        stems: dict[Node, set[str]] = {}
        for parent, _ in self.makers:
            if parent not in stems:
                children = parent.children.values()
                stems[parent] = {child.name.partition("@")[0] for child in children}
        return {(parent, stem) for parent, stem in self.makers if stem in stems[parent]}

    def _meet_needs(self, touched: Touched) -> None:
        needs = self.needs[touched] = reads.lacks(self._tree, touched, self._dialect)
        for need in needs:
            self._suspect_all(touched, self.providers(need), ":".join((need[0], need[2])))

    def providers(self, need: reads.Need) -> list[Touched]:
        """List the overlays that may bring what another lacks."""
        kind, node, name = need
        if kind == "label":
            return self.labels.get(name, [])
        if kind == "alias":
            return [touched for writers in self.aliases.values() for touched in writers]
        if kind == "number":
            return [touched for touched in self.touched.values() if touched.plan.phandles]
        assert node is not None
        if kind == "phandle":
            return self.givers.get(node, [])
        made = self.makers.get((node, reads.family(name, self._dialect)), ())
        return [touched for touched, _ in made]

    def _meet_numbers(self) -> None:
        """Suspect overlays whose phandles, or references, are out of the ordinary."""
        numbered = [touched for touched in self.touched.values() if touched.plan.phandles]
        for touched in self.touched.values() if numbered else ():
            if touched.numbering is Numbering.WILD:
                self._suspect_all(touched, self.touched.values(), "phandle")
            elif touched.numbering is Numbering.DANGLING or touched.own.literal:
                self._suspect_all(touched, numbered, "phandle")

    def _meet_writers(self) -> None:
        """Group the writers of each contested property by what they make of it."""
        left = MOST_CLASHES
        for place in self._contested:
            spot, key = place
            last: dict[Touched, bytes] = dict(self._writers[place])
            plain = not any(key in touched.own.offsets for touched in last)
            if plain and spot is not self._symbols and len(set(last.values())) == 1:
                continue
            groups: dict[Meaning, list[Touched]] = {}
            for touched, value in last.items():
                groups.setdefault(touched.meaning(key, value, self.largest), []).append(touched)
            if spot is self._symbols and Problem.SYMBOL_EXISTS in self._dialect.errors:
                for one, other in combinations(last, 2):
                    if _exports(one, key) and _exports(other, key):
                        self.excluded.setdefault(
                            ordered(one, other), (Problem.SYMBOL_EXISTS, spot, key)
                        )
                    else:
                        self.suspect(one, other, f"label:{key}")
            for (meaning, some), (another, more) in combinations(groups.items(), 2):
                left -= len(some) * len(more)
                if left < 0:
                    self.cut = True
                    return
                for one in some:
                    for other in more:
                        self._clash(one, other, Writes(spot, key, meaning, another))

    def _clash(self, one: Touched, other: Touched, writes: Writes) -> None:
        if writes.key in _CELLS and Problem.CELLS_CHANGED in self._dialect.errors:
            self.suspect(one, other, "cells")
            return
        pair = ordered(one, other)
        if pair[0] != one.number:
            writes = Writes(writes.spot, writes.key, writes.second, writes.first)
        clash = self.clashes.get(pair)
        if clash is None:
            clash = self.clashes[pair] = Clash()
        clash.count += 1
        if len(clash.places) < _SHOWN:
            clash.places.append(writes)


def ordered(one: Touched, other: Touched) -> Pair:
    """Give the numbers of two overlays, the smaller first."""
    pair = one.number, other.number
    return pair if pair[0] < pair[1] else pair[::-1]


def _exports(touched: Touched, label: str) -> bool:
    symbols = touched.overlay.symbols
    return symbols is not None and label in symbols.properties
