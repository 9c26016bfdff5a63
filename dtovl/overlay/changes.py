"""What overlays in force changed, as a person thinks of it: per fragment, per node, old and new.

A changeset brings a new node in one entry with all below it, or node and properties in many; and
a later overlay may have changed since what an earlier one brought. So values are taken back to
what they were when their overlay was applied: an entry that sets a property remembers the value
that it found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, SetProperty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.model.node import Node
    from dtovl.model.tree import Origin
    from dtovl.overlay.outcome import Outcome

    _Found = dict[tuple[Node, str], bytes | None]


class PropertyChange(NamedTuple):
    """A property that an overlay set; old is None where there was none, new where it went."""

    key: str
    old: bytes | None
    new: bytes | None


class NodeChange(NamedTuple):
    """A node that an overlay added, or whose properties it changed."""

    node: Node
    added: bool
    properties: list[PropertyChange]


class FragmentChanges(NamedTuple):
    """All that one fragment did; name is the fragment's, or `__symbols__` for exported labels.

    fragment is its node in the overlay, target the node of the base it changes; None for symbols.
    """

    name: str
    fragment: Node | None
    target: Node | None
    nodes: list[NodeChange]


class Counts(NamedTuple):
    """How much was changed; properties of added nodes are not counted."""

    nodes_added: int
    nodes_changed: int
    properties_added: int
    properties_changed: int
    properties_removed: int


def list_changes(outcomes: Iterable[Outcome]) -> list[list[FragmentChanges]]:
    """List what each overlay of a stack changed, in the order of its fragments.

    The overlays must be in force. Properties set to the value they have are left out.
    """
    outcomes = list(outcomes)
    attached, found = _survey(outcomes)
    return [_of_overlay(outcome, attached, found) for outcome in outcomes]


def count(changes: Iterable[FragmentChanges]) -> Counts:
    """Count the nodes and properties that fragments changed; a node counts once."""
    added: set[Node] = set()
    changed: set[Node] = set()
    properties = [0, 0, 0]
    for fragment in changes:
        for change in fragment.nodes:
            if change.added:
                added.add(change.node)
            elif change.node not in added:
                changed.add(change.node)
                for one in change.properties:
                    properties[0 if one.old is None else 2 if one.new is None else 1] += 1
    return Counts(len(added), len(changed), *properties)


def _survey(outcomes: Iterable[Outcome]) -> tuple[set[Node], _Found]:
    """Find the nodes that entries attached, and the value each property had before its first."""
    attached: set[Node] = set()
    found: _Found = {}
    for outcome in outcomes:
        for entry in outcome.changeset.entries:
            if isinstance(entry, AttachNode):
                attached.add(entry.node)
            elif isinstance(entry, SetProperty):
                found.setdefault((entry.node, entry.key), entry.old)
    return attached, found


def _of_overlay(outcome: Outcome, attached: set[Node], found: _Found) -> list[FragmentChanges]:
    changes = _Changes(outcome)
    for entry in outcome.changeset.entries:
        if isinstance(entry, AttachNode):
            name = changes.fragment_of(entry.origin, entry.parent)
            for node in _brought(entry.node, attached):
                change = changes.place(name, node, added=True)
                change.properties.extend(_first_values(node, found))
        elif isinstance(entry, SetProperty) and entry.old != entry.new:
            name = changes.fragment_of(entry.origin, entry.node)
            change = changes.place(name, entry.node, added=False)
            change.properties.append(PropertyChange(entry.key, entry.old, entry.new))
    return list(changes.fragments.values())


class _Changes:
    """What one overlay changed, as far as its entries were looked at."""

    __slots__ = ("_homes", "_places", "fragments")

    def __init__(self, outcome: Outcome) -> None:
        self.fragments: dict[str, FragmentChanges] = {}
        self._places: dict[tuple[str, Node], NodeChange] = {}
        self._homes: dict[Node, str] = {}
        for fragment in outcome.overlay.fragments:
            name, target = fragment.name, outcome.targets.get(fragment.node)
            self.fragments.setdefault(name, FragmentChanges(name, fragment.node, target, []))

    def fragment_of(self, origin: Origin | None, node: Node) -> str:
        """Name the fragment of an entry; one without origin belongs to a node that was added."""
        return origin.fragment if origin is not None else self._homes.get(node, "")

    def place(self, fragment: str, node: Node, *, added: bool) -> NodeChange:
        """Give the change of a node by a fragment, a new one at first."""
        change = self._places.get((fragment, node))
        if change is None:
            change = self._places[fragment, node] = NodeChange(node, added, [])
            empty = FragmentChanges(fragment, None, None, [])
            self.fragments.setdefault(fragment, empty).nodes.append(change)
        if added:
            self._homes[node] = fragment
        return change


def _brought(top: Node, attached: set[Node]) -> Iterator[Node]:
    """Give the nodes that came with top, in order; what was attached below later is not of them."""
    stack = [top]
    while stack:
        node = stack.pop()
        yield node
        children = (child for child in node.children.values() if child not in attached)
        stack.extend(reversed(list(children)))


def _first_values(node: Node, found: _Found) -> Iterator[PropertyChange]:
    """Give the properties that a node was attached with."""
    for key, value in node.properties.items():
        first = found.get((node, key), value)
        if first is not None:
            yield PropertyChange(key, None, first)
