"""Changesets: entries that change a live tree, applied in order and reverted exactly.

A changeset knows nothing of overlays. Each entry keeps what it needs to give back the very state
it found: values, order of properties and children, phandle indices, origins. State of an entry:
new -> applied -> reverted (which is new again). Entries are applied in list order and reverted in
reverse order; an entry never looks at another one.

Order (see Tree.head_properties): a new property or child is always put at the end of its dict, and
counted in the side table when it belongs at the head. So putting it in and taking it out again
cost the same however many neighbours it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from dtovl.model.node import Node, free_key
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from dtovl.diagnostics import Location
    from dtovl.model.tree import Origin, Tree

    Positions = dict[Node | tuple[Node, str], Location]

_V = TypeVar("_V")


class SetProperty:
    """Give a property a value, or take it away (kernel: add, update and remove property).

    key is the key in Node.properties; old and new are values, None for absent; head puts a new
    property first instead of last; phandle is the number that the node has afterwards, None when
    the entry leaves it alone; position is where the source text of the new value stands, stood
    that of the old one, which does not hold for a new value without text.
    """

    __slots__ = (
        "_number",
        "_order",
        "_was",
        "head",
        "key",
        "new",
        "node",
        "old",
        "origin",
        "phandle",
        "position",
        "stood",
    )

    def __init__(
        self,
        node: Node,
        key: str,
        new: bytes | None,
        origin: Origin | None = None,
        *,
        head: bool = False,
        phandle: int | None = None,
        position: Location | None = None,
    ) -> None:
        self.node = node
        self.key = key
        self.new = new
        self.old = node.properties.get(key)
        self.origin = origin
        self.head = head
        self.phandle = phandle
        self.position = position
        self._was: Origin | None = None
        self.stood: Location | None = None
        self._order: _Place | None = None
        self._number: _Number | None = None

    def apply(self, tree: Tree) -> None:
        """Put the new value in place; old is taken from the tree at this moment."""
        node, key = self.node, self.key
        properties = node.properties
        self.old = properties.get(key)
        if self.new is None:
            self._order = _Place.take(properties, key, node, tree.head_properties)
        else:
            if self.old is None and self.head:
                tree.head_properties[node] = tree.head_properties.get(node, 0) + 1
            properties[key] = self.new
        if self.origin is not None:
            self._was = tree.origins.get((node, key))
            tree.origins[node, key] = self.origin
        if self.position is not None:
            self.stood = tree.positions.get((node, key))
            tree.positions[node, key] = self.position
        elif tree.positions:
            self.stood = tree.positions.pop((node, key), None)
        if key in PHANDLE_NAMES:
            self._number = _Number(tree, node, self.phandle)

    def revert(self, tree: Tree) -> None:
        """Give back the value, the order and the origin that were found."""
        node, key = self.node, self.key
        if self._order is not None:
            if self.old is not None:
                self._order.put_back(node.properties, key, self.old, node, tree.head_properties)
            self._order = None
        elif self.old is None:
            del node.properties[key]
            if self.head:
                _drop(tree.head_properties, node)
        else:
            node.properties[key] = self.old
        if self.origin is not None:
            _restore(tree.origins, (node, key), self._was)
        if self.position is not None or self.stood is not None:
            _restore(tree.positions, (node, key), self.stood)
        if self._number is not None:
            self._number.undo(tree, node)
            self._number = None


class AttachNode:
    """Put a node, with all below it, under a parent: first among its siblings, or last.

    positions are the places in source text of the node and of what is below it.
    """

    __slots__ = ("_key", "head", "node", "origin", "parent", "positions")

    def __init__(
        self,
        parent: Node,
        node: Node,
        origin: Origin | None = None,
        *,
        head: bool = True,
        positions: Positions | None = None,
    ) -> None:
        self.parent = parent
        self.node = node
        self.origin = origin
        self.head = head
        self.positions = positions
        self._key = node.name

    def apply(self, tree: Tree) -> None:
        """Link the node into the tree and its indices."""
        parent, node = self.parent, self.node
        self._key = free_key(node.name, parent.children)
        parent.children[self._key] = node
        node.parent = parent
        if self.head:
            tree.head_children[parent] = tree.head_children.get(parent, 0) + 1
        if self.origin is not None:
            tree.origins[node] = self.origin
        if self.positions:
            tree.positions.update(self.positions)
        tree.note_child(parent, node, head=self.head)
        for one in node.walk() if node.children else (node,):
            tree.index(one)

    def revert(self, tree: Tree) -> None:
        """Unlink the node; what was put below it by later entries must be gone by now."""
        parent, node = self.parent, self.node
        for one in node.walk() if node.children else (node,):
            tree.unindex(one)
        del parent.children[self._key]
        if self.head:
            _drop(tree.head_children, parent)
        tree.drop_child(parent, node)
        node.parent = None
        if self.origin is not None:
            tree.origins.pop(node, None)
        for key in self.positions or ():
            tree.positions.pop(key, None)


class DetachNode:
    """Take a node, with all below it, out of the tree."""

    __slots__ = ("_key", "_place", "_ranks", "node", "parent")

    def __init__(self, node: Node) -> None:
        if node.parent is None:
            raise ValueError("a node without parent cannot be detached")
        self.node = node
        self.parent = node.parent
        self._key = next(key for key, child in self.parent.children.items() if child is node)
        self._place: _Place | None = None
        self._ranks: list[tuple[Node, int | None]] = []

    def apply(self, tree: Tree) -> None:
        """Unlink the node and take it and all below it out of the indices."""
        self._ranks = [(one, tree.unindex(one)) for one in self.node.walk()]
        children = self.parent.children
        self._place = _Place.take(children, self._key, self.parent, tree.head_children)
        tree.forget_children(self.parent)
        self.node.parent = None

    def revert(self, tree: Tree) -> None:
        """Link the node in again at the place it had."""
        if self._place is not None:
            children = self.parent.children
            self._place.put_back(children, self._key, self.node, self.parent, tree.head_children)
        tree.forget_children(self.parent)
        self.node.parent = self.parent
        for one, rank in reversed(self._ranks):
            tree.index(one, rank=rank)


Entry = SetProperty | AttachNode | DetachNode


class Changeset:
    """A list of entries for one tree (kernel: struct of_changeset).

    applied tells how many entries, from the front, are in force.
    """

    __slots__ = ("_largest", "applied", "entries")

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self.entries: list[Entry] = [] if entries is None else entries
        self.applied = 0
        self._largest: tuple[int, int] | None = None

    def apply(self, tree: Tree) -> None:
        """Apply the entries that are not in force yet; a failing one reverts those done here.

        Source: kernel __of_changeset_apply_entries.
        """
        start = self.applied
        if not start:
            self._begin(tree)
        try:
            for entry in self.entries[start:]:
                entry.apply(tree)
                self.applied += 1
        except BaseException:
            self._revert_to(tree, start)
            raise

    def add(self, entry: Entry, tree: Tree) -> None:
        """Append an entry and apply it at once."""
        if not self.applied:
            self._begin(tree)
        entry.apply(tree)
        self.entries.append(entry)
        self.applied += 1

    def revert(self, tree: Tree) -> None:
        """Revert all entries in force, newest first: the tree is as it was before.

        Source: kernel __of_changeset_revert_entries.
        """
        self._revert_to(tree, 0)

    def _revert_to(self, tree: Tree, count: int) -> None:
        entries = self.entries
        for position in range(self.applied - 1, count - 1, -1):
            entries[position].revert(tree)
        self.applied = count
        tree.forget_labels()
        if not count and self._largest is not None:
            tree.restore_largest(self._largest)

    def _begin(self, tree: Tree) -> None:
        # Found again after a revert it would cost a walk over all phandles of the base.
        self._largest = tree.largest_phandles()
        tree.forget_labels()


class _Place:
    """Where an entry stood in a dict that it was taken out of, so that it can come back there."""

    __slots__ = ("after", "headed")

    def __init__(self, after: list[str], headed: bool) -> None:
        self.after = after
        self.headed = headed

    @classmethod
    def take(cls, entries: dict[str, _V], key: str, node: Node, heads: dict[Node, int]) -> _Place:
        """Remove key from entries, keeping count of those that stand at the head of node."""
        keys = list(entries)
        position = keys.index(key)
        headed = position >= len(keys) - heads.get(node, 0)
        del entries[key]
        if headed:
            _drop(heads, node)
        return cls(keys[position + 1 :], headed)

    def put_back(
        self, entries: dict[str, _V], key: str, value: _V, node: Node, heads: dict[Node, int]
    ) -> None:
        """Insert key before the entries that followed it."""
        entries[key] = value
        for later in self.after:
            entries[later] = entries.pop(later)
        if self.headed:
            heads[node] = heads.get(node, 0) + 1


def _drop(heads: dict[Node, int], node: Node) -> None:
    count = heads[node] - 1
    if count:
        heads[node] = count
    else:
        del heads[node]


def _restore(
    table: dict[Node | tuple[Node, str], _V], key: tuple[Node, str], was: _V | None
) -> None:
    if was is None:
        del table[key]
    else:
        table[key] = was


class _Number:
    """The phandle a node had, and its place among the nodes of that number."""

    __slots__ = ("phandle", "rank")

    def __init__(self, tree: Tree, node: Node, phandle: int | None) -> None:
        self.phandle = node.phandle
        self.rank = tree.unindex(node)
        if phandle is not None:
            node.phandle = phandle
        tree.index(node, rank=self.rank if node.phandle == self.phandle else None)

    def undo(self, tree: Tree, node: Node) -> None:
        """Give the node its former number back."""
        tree.unindex(node)
        node.phandle = self.phandle
        tree.index(node, rank=self.rank)
