"""What replacing overlays changes: the two sides, and the one changeset between them.

Values are known by their property objects, as the kernel knows them. Every overlay that sets a
property lays an object on those before it; what lies on top is what the tree should have. A
property object of the old side serves again where the new side sets the same value: so what both
sides have alike needs no entry, and reverting later finds the objects it knows.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, SetProperty
from dtovl.live.changeset import Action, Entry, LiveChangeset
from dtovl.live.objects import Maker, Property
from dtovl.live.sides import Part, Side
from dtovl.model.node import Node
from dtovl.update import Difference, bring_about, differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtovl.live.desk import Desk
    from dtovl.live.overlays import LiveOverlay
    from dtovl.live.state import Live
    from dtovl.overlay.outcome import Outcome

    Key = tuple[Node, str]


class Matching:
    """Nodes of the desk matched with those of the live tree, by path and `compatible`.

    nodes maps nodes of the desk to live ones, which are made for those that are new; kept are the
    live nodes that overlays brought and that stay, made those that are new. A node stays only below
    one that stays: no node moves to another parent.
    """

    def __init__(self, desk: Desk, present: set[Node]) -> None:
        self.nodes = dict(desk.originals)
        self.kept: dict[Node, Node] = {}
        self.made: dict[Node, Node] = {}
        self._tree = desk.tree
        self._present = present

    def below(self, wanted: Node) -> Sequence[Node]:
        """List the children on the desk, in tree order."""
        return list(self._tree.children_of(wanted))

    def same(self, above: Node, wanted: Node) -> Node | None:
        """Find the live node of that path, if it is a device of the same kind."""
        node = above.children.get(wanted.name)
        if node is None or node not in self._present or node in self.kept:
            return None
        kind = node.properties.get("compatible")
        return node if kind == wanted.properties.get("compatible") else None

    def keep(self, node: Node, wanted: Node) -> None:
        """Keep a node; its properties are compared when all overlays are known."""
        self.nodes[wanted] = node
        self.kept[node] = wanted

    def attach(self, above: Node, wanted: Node) -> Node:
        """Make a node; it is attached later, with all others at once."""
        node = self.nodes[wanted] = Node(wanted.name, above, wanted.phandle)
        self.made[node] = wanted
        return node


def match(desk: Desk, present: set[Node], outcomes: Sequence[Outcome]) -> Matching:
    """Match what overlays brought to the desk with what they brought to the live tree before."""
    matching = Matching(desk, present)
    for outcome in outcomes:
        for entry in outcome.changeset.entries:
            if isinstance(entry, AttachNode) and entry.parent in desk.originals:
                bring_about(matching, desk.originals[entry.parent], entry.node)
    return matching


class Change(NamedTuple):
    """The two sides of a replacement, and what lies between.

    difference leads from old to new when it is applied, and back when it is reverted. made has the
    properties of the nodes that it attaches; updated those that differ on nodes that stay, kept are
    the nodes brought by overlays that stay, with or without them.
    """

    old: Side
    new: Side
    difference: LiveChangeset
    made: dict[Node, list[Property]]
    updated: dict[Node, list[Difference]]
    kept: list[Node]


class Comparer:
    """Finds the change from the overlays in force to those laid on a desk."""

    def __init__(self, live: Live, upper: Sequence[LiveOverlay], matching: Matching) -> None:
        self._live = live
        self._matching = matching
        self._old = [one for one in upper if one.in_force]
        self._tops: dict[Key, Property | None] = {}
        self._used: set[Property] = set()
        # What lay below the old side, what lay on top of it, and all its objects.
        self._floors: dict[Key, Property | None] = {}
        self._present: dict[Key, Property | None] = {}
        self._objects: dict[Key, list[tuple[LiveOverlay, Property]]] = {}
        for record in self._old:
            for entry in record.changeset.entries:
                if entry.prop is not None:
                    key = entry.node, entry.prop.name
                    self._floors.setdefault(key, entry.old)
                    self._present[key] = entry.prop
                    self._objects.setdefault(key, []).append((record, entry.prop))

    def part(self, record: LiveOverlay, outcome: Outcome, rest: set[LiveOverlay]) -> Part:
        """Give the entries that an overlay has in the live tree, with the nodes of both sides.

        rest are the overlays that are on both sides; it must be asked for in stack order.
        """
        nodes = self._matching.nodes
        symbols = outcome.overlay.symbols
        exporting = None if symbols is None else symbols.name
        changeset = LiveChangeset(record.changeset.label)
        for plain in outcome.changeset.entries:
            if isinstance(plain, AttachNode):
                node = nodes[plain.node]
                changeset.entries.append(Entry(Action.ATTACH, node, None, None, plain.origin))
            elif isinstance(plain, SetProperty):
                changeset.entries.append(self._property(record, plain, exporting, rest))
        outcome.targets = {part: nodes[node] for part, node in outcome.targets.items()}
        outcome.changeset.entries = []
        pairs = [(outcome.targets[one.node], one.content) for one in outcome.overlay.fragments]
        if symbols is not None and self._live.tree.symbols is not None:
            pairs.append((self._live.tree.symbols, symbols))
        return Part(record, changeset, pairs, outcome)

    def _property(
        self,
        record: LiveOverlay,
        plain: SetProperty,
        exporting: str | None,
        rest: set[LiveOverlay],
    ) -> Entry:
        node, name, value, origin = (
            self._matching.nodes[plain.node],
            plain.key,
            plain.new,
            plain.origin,
        )
        assert value is not None
        key = node, name
        old = self._tops[key] if key in self._tops else self._floor(key)
        prop = self._object(record, key, value, rest)
        if prop is None:
            exported = origin is not None and origin.fragment == exporting
            prop = Property(name, value, Maker.SYMBOL if exported else Maker.OVERLAY)
        self._used.add(prop)
        self._tops[key] = prop
        if origin is None:
            return Entry(Action.ADD, node, prop)
        action = Action.ADD if old is None else Action.UPDATE
        return Entry(action, node, prop, old, origin)

    def _object(
        self, record: LiveOverlay, key: Key, value: bytes, rest: set[LiveOverlay]
    ) -> Property | None:
        """Find an object of the old side for a value: the overlay's own, or of one that goes."""
        found = None
        for owner, prop in self._objects.get(key, ()):
            fits = owner is record if record in rest else owner not in rest
            if fits and prop.value == value and prop not in self._used:
                found = prop
                if prop is self._live.objects.get(key):
                    break
        return found

    def _floor(self, key: Key) -> Property | None:
        """Give what lies below all overlays that are compared."""
        if key in self._floors:
            return self._floors[key]
        return self._current(key)

    def _current(self, key: Key) -> Property | None:
        node, name = key
        return self._live.object_of(node, name) if name in node.properties else None

    def change(self, parts: list[Part], old: Side, new: Side) -> Change:
        """Compare both sides, once all parts of the new one have been asked for."""
        updated = self._updates()
        difference = LiveChangeset("replacement")
        wanted = {(node, one.name): one for node, found in updated.items() for one in found}
        for record in reversed(self._old):
            for entry in reversed(record.changeset.entries):
                if entry.prop is None and entry.node in old.own:
                    difference.entries.append(Entry(Action.DETACH, entry.node))
                elif entry.prop is not None:
                    key = entry.node, entry.prop.name
                    if key not in self._tops and key in wanted:
                        self._enter(difference, key, wanted.pop(key))
        for part in parts:
            for entry in part.changeset.entries:
                if entry.prop is None:
                    if entry.node in new.own:
                        difference.entries.append(Entry(Action.ATTACH, entry.node))
                    continue
                key = entry.node, entry.prop.name
                if self._tops[key] is entry.prop and key in wanted:
                    self._enter(difference, key, wanted.pop(key))
        made: dict[Node, list[Property]] = {node: [] for node in self._matching.made}
        for (node, _), prop in self._tops.items():
            if node in made and prop is not None:
                made[node].append(prop)
        return Change(old, new, difference, made, updated, list(self._matching.kept))

    def _updates(self) -> dict[Node, list[Difference]]:
        """Find the properties that differ on nodes that are on both sides."""
        gone = {entry.node for one in self._old for entry in one.brought()}
        gone -= self._matching.kept.keys()
        have: dict[Node, dict[str, Property]] = {}
        wanted: dict[Node, dict[str, Property]] = {}
        for key in {**self._present, **self._tops}:
            node, name = key
            if node in gone or node in self._matching.made:
                continue
            before = self._present[key] if key in self._present else self._current(key)
            after = self._tops[key] if key in self._tops else self._floor(key)
            for table, prop in ((have, before), (wanted, after)):
                values = table.setdefault(node, {})
                if prop is not None:
                    values[name] = prop
        found = {}
        for node, values in wanted.items():
            told = differences(values, have[node].get, have[node].items(), same=is_)
            if told:
                found[node] = told
        return found

    def _enter(self, difference: LiveChangeset, key: Key, found: Difference) -> None:
        """Add the entry that gives a property its new object, or takes it out."""
        current = self._current(key)
        if found.new is not None:
            action = Action.ADD if current is None else Action.UPDATE
            difference.entries.append(Entry(action, key[0], found.new, current))
        elif current is not None:
            difference.entries.append(Entry(Action.REMOVE, key[0], current))


def phandles_to_keep(
    desk: Desk, matching: Matching, outcomes: Sequence[Outcome]
) -> Mapping[Node, int]:
    """Give the nodes of overlays that stand for nodes with a phandle, and their phandles."""
    return {
        source: matching.nodes[node].phandle
        for outcome in outcomes
        for node, source in desk.sources(outcome)
        if matching.nodes[node] in matching.kept and matching.nodes[node].phandle
    }
