"""Who owns every node and property of a tree, what it hides, and what would come back.

An owner is whoever put changes in force: the base, an overlay, a changeset of a driver, a replay.
The kind is a word, so that new ones need nothing here. What owners did lies in layers, one upon
the other; the topmost is what the tree holds. Only what was changed has layers: everything else is
the base's, or comes with a node that somebody brought, and costs nothing.

States of a layer: recorded, with the layers before it hidden below; withdrawn, wherever in the
stack it is: owners may go in another order than they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, DetachNode, SetProperty
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dtovl.changeset import Entry
    from dtovl.diagnostics import Location
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.overlay.stack import Stack

    Key = Node | tuple[Node, str]

BASE = "base"
OVERLAY = "overlay"
CHANGESET = "changeset"
EDIT = "edit"

PRESENT = b""
"""The value in the layers of a node that is there; None says that it is not."""


class Owner(NamedTuple):
    """Who brought something: kind, number among those of its kind, display name, fragment.

    Kind and number tell owners apart. The base has number 0; that of an overlay is its place in the
    stack or its id; a changeset and a direct edit have that of the operation of a session.
    fragment is empty but for overlays.
    """

    kind: str
    number: int
    name: str
    fragment: str = ""

    @property
    def identity(self) -> tuple[str, int]:
        """Give what tells this owner from others, whatever the fragment."""
        return self.kind, self.number


class Layer(NamedTuple):
    """What one owner made of a property, or of a node; None: it took it away.

    position is the place in source text, where that is known.
    """

    owner: Owner
    value: bytes | None
    position: Location | None


class Placed(NamedTuple):
    """An overlay in force, with its number as an owner; targets are nodes of the tree it is in."""

    number: int
    overlay: Overlay
    targets: Mapping[Node, Node]


class Owners:
    """The owners of a tree, as far as it is not just the base.

    Feed it with record() right after entries came into force, and with withdraw() after they went;
    or with lay(), by who has followed the changes himself. What owners in lasting did is there for
    good: nobody can take it back.
    """

    __slots__ = ("_found", "_stacks", "_touched", "base", "lasting", "tree")

    def __init__(self, tree: Tree, base: str = "base") -> None:
        self.tree = tree
        self.base = Owner(BASE, 0, base)
        # Recorded layers, oldest first; and below them what the first of them found.
        self._stacks: dict[Key, list[Layer]] = {}
        self._found: dict[Key, Layer] = {}
        self._touched: dict[tuple[str, int], list[Key]] = {}
        self.lasting: set[tuple[str, int]] = set()

    def record(self, owner: Owner, entries: Iterable[Entry]) -> None:
        """Note that entries of an owner are in force, in their order; it may have others already.

        Must come before anybody else changes the tree: the values found are in the entries, but
        their places in source text are in the tree.
        """
        touched = self._touched.setdefault(owner.identity, [])
        named = {owner.fragment: owner}
        for entry in entries:
            key: Key = (entry.node, entry.key) if isinstance(entry, SetProperty) else entry.node
            layers = self._stacks.get(key)
            if layers is None:
                found = self._what_was_found(entry)
                if found is not None:
                    self._found[key] = found
                layers = self._stacks[key] = []
            fragment = self._fragment(entry, owner)
            whose = named.get(fragment)
            if whose is None:
                whose = named[fragment] = owner._replace(fragment=fragment)
            layers.append(_layer(whose, entry))
            touched.append(key)

    def lay(self, key: Key, layers: list[Layer], found: Layer | None) -> None:
        """Put down all that became of a node or property, oldest first, and what was there before.

        Such layers cannot be withdrawn.
        """
        self._stacks[key] = layers
        if found is not None:
            self._found[key] = found

    def _what_was_found(self, entry: Entry) -> Layer | None:
        """Give the layer that the first recorded entry about something has hidden."""
        node = entry.node
        if isinstance(entry, AttachNode):
            return None
        if isinstance(entry, SetProperty):
            if entry.old is None:
                return None
            return Layer(self.owner_of(node), entry.old, entry.stood)
        return Layer(self.owner_of(entry.parent), PRESENT, self.tree.positions.get(node))

    def _fragment(self, entry: Entry, owner: Owner) -> str:
        """Name the fragment of an entry: its own, or that of the node which the owner brought."""
        origin = None if isinstance(entry, DetachNode) else entry.origin
        if origin is not None:
            return origin.fragment
        whose = self.owner_of(entry.node)
        return whose.fragment if whose.identity == owner.identity else owner.fragment

    def withdraw(self, owner: Owner) -> None:
        """Note that what an owner did is no longer in force; unknown owners had done nothing."""
        identity = owner.identity
        for key in self._touched.pop(identity, ()):
            layers = self._stacks.get(key, [])
            rest = [layer for layer in layers if layer.owner.identity != identity]
            if rest:
                self._stacks[key] = rest
            elif layers:
                del self._stacks[key]
                self._found.pop(key, None)

    def owner_of(self, node: Node, key: str | None = None) -> Owner:
        """Tell whose a node is now, or its property: that of the nearest that brought anything."""
        if key is not None:
            layers = self._stacks.get((node, key))
            if layers:
                return layers[-1].owner
        above: Node | None = node
        while above is not None:
            layers = self._stacks.get(above)
            if layers:
                return layers[-1].owner
            above = above.parent
        return self.base

    def layers(self, node: Node, key: str | None = None) -> list[Layer]:
        """List what owners made of a node or property, newest first: the first is in force.

        What follows it is hidden by it. A property that nobody ever had gives an empty list.
        """
        subject: Key = node if key is None else (node, key)
        layers = self._stacks.get(subject)
        if layers is None:
            value = PRESENT if key is None else node.properties.get(key)
            if value is None:
                return []
            return [Layer(self.owner_of(node), value, self.tree.positions.get(subject))]
        found = self._found.get(subject)
        return [*reversed(layers), *([found] if found is not None else ())]

    def comes_back(self, node: Node, key: str | None = None) -> Layer | None:
        """Tell what removing the owner in force would bring back; None: nothing is left then."""
        layers = self.layers(node, key)
        identity = layers[0].owner.identity if layers else None
        if identity in self.lasting:
            return None
        rest = (layer for layer in layers if layer.owner.identity != identity)
        left = next(rest, None)
        return left if left is not None and left.value is not None else None

    def in_force(self) -> set[Owner]:
        """Give the owners that put what is on top anywhere in the tree; the base is left out."""
        return {layers[-1].owner for layers in self._stacks.values()}

    def removed_properties(self, node: Node) -> Iterator[str]:
        """Give the keys of properties that a node had once, and that somebody took away."""
        for subject, layers in self._stacks.items():
            if isinstance(subject, tuple) and subject[0] is node and layers[-1].value is None:
                yield subject[1]


def _layer(owner: Owner, entry: Entry) -> Layer:
    if isinstance(entry, SetProperty):
        return Layer(owner, entry.new, entry.position)
    if isinstance(entry, AttachNode):
        places = entry.positions
        return Layer(owner, PRESENT, places.get(entry.node) if places else None)
    return Layer(owner, None, None)


def apply_owned(
    tree: Tree, overlays: Iterable[Overlay], dialect: Dialect, base: str = "base"
) -> tuple[Stack, Owners]:
    """Apply overlays in order, as apply_stack does, and tell the owners of what came of it."""
    owners = Owners(tree, base)

    def observe(outcome: Outcome, number: int) -> None:
        owner = Owner(OVERLAY, number, outcome.overlay.name)
        owners.record(owner, outcome.changeset.entries)

    return apply_stack(tree, overlays, dialect, observe), owners
