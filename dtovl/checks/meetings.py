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
from dtovl.model.dialect import Problem
from dtovl.model.paths import top_node
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterable, Mapping, Sequence

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
Made = tuple["Node", str]


class Makes(NamedTuple):
    """An overlay that makes a node; odd tells whether that is out of the ordinary."""

    touched: Touched
    node: Node
    odd: bool


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
        "_referring",
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
        # Who writes a property, and whether several do so with values, or references, that differ.
        self._writers: dict[tuple[Spot, str], list[tuple[Touched, bytes]]] = {}
        self._contested: dict[tuple[Spot, str], bool] = {}
        self._referring: set[str] = set()

    # -- one overlay ---------------------------------------------------------------------------

    def add(self, touched: Touched) -> None:
        """Enter what an overlay writes; the overlay is in force, or was refused."""
        self.touched[touched.number] = touched
        self._referring.update(touched.own.offsets)
        symbols, aliases, root = self._symbols, self._addresses, self._tree.root
        writers = self._writers
        fresh: set[Node] = set()
        for entry in touched.outcome.changeset.entries:
            if isinstance(entry, SetProperty):
                node, key = entry.node, entry.key
                if node in fresh:
                    if node.parent is root:
                        self._note_name(touched, node, key)
                elif key in PHANDLE_NAMES:
                    if entry.phandle is not None and entry.phandle > self.largest:
                        self.givers.setdefault(node, []).append(touched)
                else:
                    # A call less for each property; most are written by one overlay alone.
                    if (node, key) in writers:
                        self._write(touched, node, key, entry.new or b"")
                    else:
                        writers[node, key] = [(touched, entry.new or b"")]
                    if (node is symbols or node is aliases) and entry.old != entry.new:
                        # What says the same as the base is no news.
                        table = self.labels if node is symbols else self.aliases
                        table.setdefault(key, []).append(touched)
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
        first, other = writers[0]
        if first is not touched:
            contested = self._contested
            if not contested.get(place):
                contested[place] = value != other or key in self._referring
        else:
            writers[0] = touched, value  # what it writes last counts
        writers.append((touched, value))

    def _make(self, touched: Touched, entry: AttachNode) -> None:
        parent, node = entry.parent, entry.node
        key = parent, reads.family(node.name, self._dialect)
        makers = self.makers.get(key)
        if makers is None:
            self.makers[key] = [(touched, node)]
        else:
            makers.append((touched, node))
        if parent is self._tree.root:
            for name in node.properties:
                self._note_name(touched, node, name)

    def _note_name(self, touched: Touched, node: Node, key: str) -> None:
        """Take note of a label or alias, if a node below the root that is made is their table."""
        name = reads.family(node.name, self._dialect)
        if name in (reads.SYMBOLS, reads.ALIASES):
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
        tops: dict[Touched, set[Made]] = {}
        for (parent, _), makers in self.makers.items():
            if len(makers) > 1 and len({touched for touched, _ in makers}) > 1:
                self._meet_kin([(touched, node.name) for touched, node in makers])
                for touched, node in makers:
                    tops.setdefault(touched, set()).add((parent, "/" + node.name))
        made = {touched: touched.made(wanted) for touched, wanted in tops.items()}
        makers_of: dict[Made, list[Makes]] = {}
        for touched, some in made.items():
            odd = touched.targets_own(self._tree.root)
            for spot, node in some:
                makers_of.setdefault(spot, []).append(Makes(touched, node, odd))
        common = {spot: several for spot, several in makers_of.items() if len(several) > 1}
        self._meet_contents(made, common)
        self._meet_below(made, common)
        for spot, several in common.items():
            self._exclude(spot, several)
        for spot, several in common.items():
            self._meet_makers_of(spot, several)

    def _meet_contents(
        self, made: Mapping[Touched, Sequence[tuple[Made, Node]]], common: dict[Made, list[Makes]]
    ) -> None:
        """Enter what several overlays put into a node that each of them makes, where it differs."""
        contents: dict[Node, dict[str, bytes]] = {}
        for touched, some in made.items():
            contents.update(touched.properties([node for spot, node in some if spot in common]))
        differing = {}
        for spot, several in common.items():
            differing[spot] = self._differing([contents[one.node] for one in several])
            if self._dialect.skips_pseudo:
                pseudo = (not contents[one.node].keys().isdisjoint(_PSEUDO) for one in several)
                common[spot] = [
                    one._replace(odd=one.odd or more)
                    for one, more in zip(several, pseudo, strict=True)
                ]
        for touched, some in made.items():
            for spot, node in some:
                keys = differing.get(spot)
                if keys:
                    for key, value in contents[node].items():
                        if key in keys:
                            self._write(touched, spot, key, value)

    def _differing(self, contents: Sequence[dict[str, bytes]]) -> set[str]:
        """List the properties that several give values that differ, or that hold references."""
        first, *others = contents
        found = self._referring & first.keys()
        known = dict(first)
        for other in others:
            if other != first:
                for key, value in other.items():
                    if known.setdefault(key, value) != value or key in self._referring:
                        found.add(key)
        return found.difference(PHANDLE_NAMES)

    def _meet_below(
        self, made: Mapping[Touched, Iterable[tuple[Made, Node]]], common: Container[Made]
    ) -> None:
        """Suspect overlays that make kin below a node that each of them makes."""
        below: dict[Hashable, list[tuple[Touched, str]]] = {}
        for touched, some in made.items():
            for (base, path), node in some:
                above = base, path[: path.rindex("/")]
                if above in common:
                    kin = above, reads.family(node.name, self._dialect)
                    below.setdefault(kin, []).append((touched, node.name))
        for kindred in below.values():
            self._meet_kin(kindred)

    def _meet_kin(self, kindred: list[tuple[Touched, str]]) -> None:
        """Suspect overlays whose nodes have names that may be taken for one another."""
        names = {name for _, name in kindred}
        if len(names) < 2:
            return
        loose = [one for one in kindred if self._dialect.fold_case or "@" not in one[1]]
        for touched, name in loose:
            others = (other for other, another in kindred if another != name)
            self._suspect_all(touched, others, f"name:{name}")

    def _exclude(self, spot: Made, makers: Iterable[Makes]) -> None:
        """Note the pairs of overlays that make one node, with a phandle each, where it may not be.

        Source: kernel add_changeset_node.
        """
        if Problem.PHANDLE_CLASH in self._dialect.errors:
            plain = [
                one.touched
                for one in makers
                if one.node.phandle and one.touched.numbering is not Numbering.WILD
            ]
            for one, other in combinations(plain, 2):
                self.excluded.setdefault(ordered(one, other), (Problem.PHANDLE_CLASH, spot, ""))

    def _meet_makers_of(self, spot: Made, makers: Sequence[Makes]) -> None:
        """Suspect overlays that make one node, where it matters who is the first to make it."""
        for touched, _, odd in makers:
            for other, _, _ in makers if odd else ():
                if ordered(touched, other) not in self.excluded:
                    self.suspect(touched, other, "made")
        if "@" in spot[1] and spot[1].rfind("/") == 0:
            for one, two in combinations(makers, 2):
                self.twins.setdefault(ordered(one.touched, two.touched), spot)

    def _meet_names(self) -> None:
        """Suspect overlays one of which looks up what the other writes."""
        shadows = self._shadows()
        stems = {stem for _, stem in shadows}
        seen: dict[bytes, bool] = {}
        for touched in self.touched.values():
            if not self.labels.keys().isdisjoint(touched.own.labels):
                for label in reads.labels(touched):
                    self._suspect_all(touched, self.labels.get(label, ()), f"label:{label}")
            if self.aliases:
                for alias in reads.aliases(self._tree, touched, self._dialect):
                    for writers in self.aliases.values():
                        self._suspect_all(touched, writers, f"alias:{alias}")
            if shadows and reads.may_look_up(self._tree, touched, stems, self._dialect, seen):
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
        names: dict[Node, str] = {}
        found = set()
        for parent, stem in self.makers:
            children = parent.children
            if parent not in names:
                # Looked through as one text, as most parents have very many children. No name has
                # a NUL in it.
                names[parent] = "\0".join(("", *children))
            if stem in children or f"\0{stem}@" in names[parent]:
                found.add((parent, stem))
        return found

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
        for place, differ in self._contested.items():
            spot, key = place
            exclusive = spot is self._symbols and Problem.SYMBOL_EXISTS in self._dialect.errors
            if not differ and not exclusive:
                continue
            last: dict[Touched, bytes] = dict(self._writers[place])
            groups: dict[Meaning, list[Touched]] = {}
            for touched, value in last.items():
                groups.setdefault(touched.meaning(key, value, self.largest), []).append(touched)
            if exclusive:
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
        spot, key, first, second = writes
        if key in _CELLS and Problem.CELLS_CHANGED in self._dialect.errors:
            self.suspect(one, other, "cells")
            return
        pair = ordered(one, other)
        clash = self.clashes.get(pair)
        if clash is None:
            clash = self.clashes[pair] = Clash()
        clash.count += 1
        if len(clash.places) < _SHOWN:
            turned = pair[0] != one.number
            clash.places.append(Writes(spot, key, second, first) if turned else writes)


def ordered(one: Touched, other: Touched) -> Pair:
    """Give the numbers of two overlays, the smaller first."""
    pair = one.number, other.number
    return pair if pair[0] < pair[1] else pair[::-1]


def _exports(touched: Touched, label: str) -> bool:
    symbols = touched.overlay.symbols
    return symbols is not None and label in symbols.properties
