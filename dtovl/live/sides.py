"""The upper part of a stack of overlays, as it is on one side of a replacement.

A side has, for each overlay in force, its entries and targets as they are there. A node that only
one side has is its own: it is in the tree while the side stands, and is kept out of it, with the
references of the side's entries, while the other one does. Of nodes that both sides have, only the
side that stands has references.

States of a side: held (its nodes are made) -> standing <-> retired -> freed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from dtovl.live.changeset import LiveChangeset, enter_origin, withdraw_origin
from dtovl.live.objects import Flag
from dtovl.live.primitives import add_property, remove_property

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dtovl.live.changeset import Entry
    from dtovl.live.objects import Property
    from dtovl.live.order import Order
    from dtovl.live.overlays import LiveOverlay
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.overlay.outcome import Outcome


class Part(NamedTuple):
    """An overlay on one side: its entries, its targets with their content, how it was resolved."""

    record: LiveOverlay
    changeset: LiveChangeset
    pairs: list[tuple[Node, Node]]
    outcome: Outcome | None


class Side:
    """One side of a replacement.

    records are the overlays of the side in stack order, parts those in force, idle those that are
    given up with the side though they never were in force. own are the nodes that only this side
    has; numbers the phandles that shared nodes get, which had none. order is how properties and
    children stood when the side was left, None before that.
    """

    def __init__(
        self,
        records: list[LiveOverlay],
        parts: list[Part],
        own: Iterable[Node],
        *,
        idle: Iterable[LiveOverlay] = (),
        numbers: Mapping[Node, int] | None = None,
        standing: bool = False,
    ) -> None:
        self.records = records
        self.parts = parts
        self.own = frozenset(own)
        self.idle = list(idle)
        self.numbers = dict(numbers or {})
        self.order: Order | None = None
        self._shares = standing
        self._references = Counter(self._held_nodes())

    def _held_nodes(self) -> Iterable[Node]:
        """Give the node of every reference that the side has on nodes of its own."""
        for changeset, targets in self.holding():
            yield from (entry.node for entry in changeset.entries)
            yield from targets

    def holding(self) -> Iterator[tuple[LiveChangeset, list[Node]]]:
        """Give the entries, and the targets, of which the side has a reference while retired."""
        for part in self.parts:
            changeset = LiveChangeset(part.changeset.label)
            changeset.entries = [one for one in part.changeset.entries if one.node in self.own]
            yield changeset, [target for target, _ in part.pairs if target in self.own]
        for record in self.idle:
            yield record.changeset, [target for target, _ in record.pairs]

    def others(self, live: Live, node: Node) -> int:
        """Count the references that others than the side have to a node of its own."""
        return live.count(node) - self._references[node]

    def changesets(self) -> list[LiveChangeset]:
        """List the changesets of the overlays of the side."""
        return [one.changeset for one in self.parts] + [one.changeset for one in self.idle]

    # -- references ----------------------------------------------------------------------------

    def make(self, live: Live, properties: Mapping[Node, list[Property]]) -> None:
        """Make the nodes of the side with their properties, attached nowhere; hold what it needs.

        A node that is made has one reference: that of the entry that brings it.
        """
        for part in self.parts:
            for entry in part.changeset.entries:
                if entry.prop is not None:
                    live.get(entry.node)
                elif entry.node in self.own:
                    live.enter(entry.node, Flag.OVERLAY)
                    for prop in properties[entry.node]:
                        add_property(live, entry.node, prop)
                else:
                    live.get(entry.node)
            for target, _ in part.pairs:
                live.get(target)
        self._shares = True

    def stand(self, live: Live) -> None:
        """Let the side be what is in force: entries, targets, owners, phandles."""
        for part in self.parts:
            record, entries = part.record, part.changeset.entries
            if not self._shares:
                self._each_shared(part, live.get)
            record.changeset, record.pairs = part.changeset, part.pairs
            record.outcome, record.in_force = part.outcome, True
            record.changeset.applied = True
            for entry in entries:
                if entry.origin is not None:
                    enter_origin(live, entry)
        self._shares = True
        for node, number in self.numbers.items():
            _renumber(live, node, number)

    def step_down(self, live: Live) -> None:
        """Take back what the side says of owners and phandles, newest first."""
        for node in self.numbers:
            _renumber(live, node, 0)
        for part in reversed(self.parts):
            part.record.in_force = False
            for entry in reversed(part.changeset.entries):
                if entry.origin is not None:
                    withdraw_origin(live, entry)

    def retire(self, live: Live) -> None:
        """Drop the references to what the other side has as well."""
        for part in reversed(self.parts):
            self._each_shared(part, live.put)
        self._shares = False

    def _each_shared(self, part: Part, act: Callable[[Node], None]) -> None:
        for entry in part.changeset.entries:
            if entry.node not in self.own:
                act(entry.node)
        for target, _ in part.pairs:
            if target not in self.own:
                act(target)

    def free(self, live: Live, lost: frozenset[Node] = frozenset()) -> None:
        """Free the nodes of the side: newest overlay first, so children before parents.

        Nodes that are lost stay as they are, for good.
        """
        if self._shares:
            self.retire(live)
        for record in self.idle:
            record.changeset.destroy(live)
            for target, _ in record.pairs:
                if target not in lost:
                    live.put(target)
        for node in self.own - lost:
            for prop in [live.object_of(node, key) for key in node.properties]:
                remove_property(live, node, prop)
        for part in reversed(self.parts):
            entries = [one for one in part.changeset.entries if one.node in self.own - lost]
            _destroy(live, part.changeset.label, entries)
            for target, _ in part.pairs:
                if target in self.own and target not in lost:
                    live.put(target)


def _destroy(live: Live, label: str, entries: list[Entry]) -> None:
    changeset = LiveChangeset(label)
    changeset.entries = entries
    changeset.destroy(live)


def _renumber(live: Live, node: Node, number: int) -> None:
    """Give a node in the tree another phandle."""
    live.tree.unindex(node)
    node.phandle = number
    live.tree.index(node)
