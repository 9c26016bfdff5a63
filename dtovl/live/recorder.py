"""Recording the entries of an overlay as copies of its nodes and properties, each held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.changeset import Action, Entry
from dtovl.live.objects import Flag, Maker, Property
from dtovl.model.dialect import Problem
from dtovl.resolve import Refused

if TYPE_CHECKING:
    from dtovl.changeset import Positions
    from dtovl.diagnostics import Location
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.model.tree import Origin


class Recorder:
    """Records the entries of an overlay: copies of its nodes and properties.

    Each entry holds its node. exporting is the fragment name of exported labels.
    Source: kernel add_changeset_node, add_changeset_property, of_changeset_action.
    """

    __slots__ = ("_counts", "_entries", "_exporting", "_late", "_live", "_made")

    def __init__(self, live: Live, entries: list[Entry], exporting: str | None) -> None:
        self._live = live
        self._counts = live.counts
        self._made = live.made_properties
        self._entries = entries
        self._exporting = exporting
        self._late = live.dialect.late_old_property

    def attach(self, parent: Node, node: Node, origin: Origin, positions: Positions | None) -> None:
        """Take a new node; whoever made it drops its own reference, the entry's is left."""
        live = self._live
        error = live.fault("node-copy")
        if error:
            raise Refused(Problem.NO_MEMORY, error=error, node=node)
        node.parent = parent
        live.enter(node, Flag.OVERLAY)
        self._entries.append(Entry(Action.ATTACH, node, None, None, origin))

    def add(self, node: Node, name: str, value: bytes, position: Location | None) -> None:
        """Take a property of a new node."""
        prop = Property(name, value, Maker.OVERLAY)
        self._made.append(prop)
        self._counts[node] += 1
        self._entries.append(Entry(Action.ADD, node, prop))

    def change(
        self, node: Node, name: str, value: bytes, origin: Origin, position: Location | None
    ) -> None:
        """Take a property of a node that is there: added, or updated if the node has it."""
        live = self._live
        exported = origin.fragment == self._exporting
        prop = Property(name, value, Maker.SYMBOL if exported else Maker.OVERLAY)
        live.made_properties.append(prop)
        live.get(node)
        if name in node.properties:
            old = None if self._late else live.object_of(node, name)
            self._entries.append(Entry(Action.UPDATE, node, prop, old, origin))
        else:
            self._entries.append(Entry(Action.ADD, node, prop, None, origin))
