"""What overlays leave behind in a live tree: each change an overlay makes, looked up there.

A change is told by where it is (a place: a path, as a number), what it sets, and which nodes its
cells refer to, so it is the same change whatever the numbers of the phandles became. A change that
base and overlay agree on tells nothing.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import SetProperty
from dtovl.checks.refusal import explain
from dtovl.checks.subject import Subject
from dtovl.diagnostics import Sink
from dtovl.model.cells import cell
from dtovl.model.dialect import DIALECTS, Dialect, Problem
from dtovl.model.node import Node, plain_name
from dtovl.model.paths import find_merge_child
from dtovl.model.specifiers import SYMBOLS, References
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.overlay.apply import apply_overlay

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.resolve import Refused

Spot = tuple[int, str]
"""A place and the name of a property there; an empty name stands for the node itself."""

_GENERATED = frozenset({"name", *PHANDLE_NAMES})


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
    each spot once; needs are spots without which it cannot be applied and that the base lacks;
    numbers are (place, phandle in the live tree minus phandle in the overlay) of nodes it adds;
    dropped: the overlay gives a phandle to a node of the base, and that has none in the live tree.
    """

    overlay: Overlay
    number: int
    dialect: Dialect
    facts: dict[Spot, Fact]
    needs: frozenset[Spot]
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


def survey(
    tree: Tree, overlays: Sequence[Overlay], places: Places, base: str
) -> tuple[list[Trace], list[Untraced]]:
    """Hold each overlay against the live tree; those that nothing makes applicable come last.

    An overlay is tried on the base and those others that the live tree seems to have; one that
    lacks a label or node waits for an overlay that brings it. The tree is as before afterwards.
    base is what messages call it.
    """
    run = _Survey(tree, overlays, places, base)
    try:
        run.look_at_all()
        return sorted(run.traces, key=lambda one: one.number), run.untraced()
    finally:
        run.revert()


class _Survey:
    """The tree with what seems to be in force, and the overlays that wait for more.

    original has the value of the base, None for none, of what was changed in nodes of the base.
    """

    def __init__(self, tree: Tree, overlays: Sequence[Overlay], places: Places, base: str) -> None:
        self.tree = tree
        self.overlays = overlays
        self.places = places
        self.base = base
        self.traces: list[Trace] = []
        self._original: dict[tuple[Node, str], bytes | None] = {}
        self._in_force: list[Outcome] = []
        self._waiting: dict[Hashable, list[int]] = {}

    def look_at_all(self) -> None:
        queue = deque(range(1, len(self.overlays) + 1))
        while queue:
            number = queue.popleft()
            outcomes = self._apply(number)
            refused = outcomes[0].refused
            if not outcomes[-1].applies and refused is not None:
                self._waiting.setdefault(_wanted(refused), []).append(number)
                continue
            trace = self._trace(number, outcomes[-1])
            self.traces.append(trace)
            if trace.count(State.FOUND) and trace.count(State.FOUND) >= trace.count(State.ABSENT):
                self._keep(outcomes[-1])
                for key in self._brought(trace):
                    queue.extend(self._waiting.pop(key, ()))
            else:
                outcomes[-1].changeset.revert(self.tree)

    def untraced(self) -> list[Untraced]:
        """Say of the overlays that still wait why they are refused."""
        waiting = sorted(number for numbers in self._waiting.values() for number in numbers)
        return [self._explained(number) for number in waiting]

    def revert(self) -> None:
        for outcome in reversed(self._in_force):
            outcome.changeset.revert(self.tree)

    def _explained(self, number: int) -> Untraced:
        overlay = self.overlays[number - 1]
        outcome = self._apply(number)[0]
        sink = Sink()
        explain(Subject(outcome, self.tree, sink, self.base, None, [overlay], 1))
        facts = {} if outcome.refused is None else outcome.refused.facts
        labels = facts.get("labels") or [facts.get("label", "")]
        return Untraced(overlay, number, sink.diagnostics[0].message, labels[0])

    def _apply(self, number: int) -> list[Outcome]:
        """Apply an overlay in the first dialect that accepts it; give all outcomes, it last."""
        outcomes = []
        for dialect in DIALECTS.values():
            outcome = apply_overlay(self.tree, self.overlays[number - 1], dialect, number)
            outcomes.append(outcome)
            if outcome.applies:
                break
        return outcomes

    def _keep(self, outcome: Outcome) -> None:
        self._in_force.append(outcome)
        for place, old in _replaced(outcome).items():
            self._original.setdefault(place, old)

    def _brought(self, trace: Trace) -> Iterator[Hashable]:
        for place, key in trace.facts:
            if not key:
                yield "node", self.places.name(place).partition("@")[0]
            elif place == self.places.symbols:
                yield "label", key

    def _trace(self, number: int, outcome: Outcome) -> Trace:
        """Make the trace of an overlay while it is in force."""
        tree, places = self.tree, self.places
        replaced = _replaced(outcome)
        facts: dict[Spot, Fact] = {}
        numbers: list[tuple[int, int]] = []
        dropped = False
        offsets = reference_offsets(outcome.overlay, outcome.dialect)
        references = References(tree)
        for node, live in paired(tree, outcome):
            place = places.of(live)
            found = places.nodes[place]
            if tree.origin_of(live) is not None:
                facts[place, ""] = self._node_fact(place)
                if node.phandle and found is not None and found.phandle:
                    numbers.append((place, found.phandle - node.phandle))
            elif node.phandle and found is not None and not found.phandle:
                dropped = True
            for key in node.properties:
                name = plain_name(key)
                if name in _GENERATED or name not in live.properties:
                    continue
                refs = places.references(tree, live.properties[name], offsets.get((node, key), ()))
                old = self._of_base(live, name, replaced)
                facts[place, name] = self._fact((place, name), live, refs, old, references)
        for label in exported(tree, outcome):
            symbols = tree.symbols
            assert symbols is not None
            old = self._of_base(symbols, label, replaced)
            spot = places.symbols, label
            facts[spot] = self._fact(spot, symbols, (), old, references)
        needs = frozenset(self._needs(number, outcome, replaced))
        return Trace(outcome.overlay, number, outcome.dialect, facts, needs, numbers, dropped)

    def _needs(
        self,
        number: int,
        outcome: Outcome,
        replaced: Mapping[tuple[Node, str], bytes | None],
    ) -> Iterator[Spot]:
        tree, places, symbols = self.tree, self.places, self.tree.symbols
        for target in outcome.targets.values():
            origin = tree.origin_of(target)
            if origin is not None and origin.number != number:
                yield places.of(target), ""
        for fixup in outcome.overlay.plan(outcome.dialect).fixups:
            if symbols is not None and self._of_base(symbols, fixup.label, replaced) is None:
                yield places.symbols, fixup.label

    def _of_base(
        self, node: Node, key: str, replaced: Mapping[tuple[Node, str], bytes | None]
    ) -> bytes | None:
        if self.tree.origin_of(node) is not None:
            return None
        unchanged = node.properties.get(key)  # Linux passes over #address-cells that fit
        return self._original.get((node, key), replaced.get((node, key), unchanged))

    def _node_fact(self, place: int) -> Fact:
        state = State.ABSENT if self.places.nodes[place] is None else State.FOUND
        return Fact((place, ""), b"", (), True, state)

    def _fact(
        self,
        spot: Spot,
        node: Node,
        refs: tuple[tuple[int, int], ...],
        old: bytes | None,
        references: References,
    ) -> Fact:
        places = self.places
        value = node.properties[spot[1]]
        if spot[0] == places.symbols and places.nodes[places.symbols] is None:
            return Fact(spot, value, refs, False, State.OTHER)  # nobody kept the labels
        live = places.nodes[spot[0]]
        if places.holds(spot, value, refs):
            state = State.FOUND
        elif old is None:
            there = live is not None and spot[1] in live.properties
            state = State.OTHER if there else State.ABSENT
        else:
            sites = references.sites(node, spot[1], old)
            known = places.references(self.tree, old, [offset for offset, _ in sites])
            state = State.ABSENT if places.holds(spot, old, known) else State.OTHER
        return Fact(spot, blanked(value, refs), refs, old != value, state)


def _replaced(outcome: Outcome) -> dict[tuple[Node, str], bytes | None]:
    """Give the values that an overlay found where it set properties."""
    found: dict[tuple[Node, str], bytes | None] = {}
    for entry in outcome.changeset.entries:
        if isinstance(entry, SetProperty):
            found.setdefault((entry.node, entry.key), entry.old)
    return found


def _wanted(refused: Refused) -> Hashable:
    """Tell what a refused overlay waits for: a label, or a node by its name without address."""
    facts = refused.facts
    if refused.problem is Problem.NO_SYMBOLS and facts["labels"]:
        return "label", facts["labels"][0]
    if refused.problem is Problem.LABEL_MISSING:
        return "label", facts["label"]
    path = facts.get("path")
    if isinstance(path, str):
        return "node", path.rstrip("/").rpartition("/")[2].partition("@")[0]
    return None
