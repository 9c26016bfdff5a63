"""One migration of a replay: what was deleted and added since it began.

The messages of a session belong together: an add is compared with what left in the same session,
a second delete is one of the same session. A session ends where the stream says so, and at a
delete that comes more than a minute after the latest add, by clocks of the same kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.replay.stream import ADD, DELETE, UPDATE

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.model import Model
    from dtovl.replay.records import OpEntry
    from dtovl.replay.stream import Clock, Listing, Operation

PAUSE = 60.0
"""Seconds between an add and a delete after which another migration has begun."""

_CLASSES = {DELETE: 0, UPDATE: 1, ADD: 2}


class Session:
    """What happened since the session began.

    left_by_path, left_by_phandle   the last node of a path, of a phandle, that left
    left_below   node -> children that left
    left_above   node -> children below which some node left
    named        nodes that a delete names
    taken        node -> the delete that took it (policy preserve)
    matched      nodes that an add named before any delete did (policy preserve)
    pending      node -> the delete that took it, while it waits for an add (policy preserve)
    waiting      node -> the delete that names it, whose result is still open (policy preserve)
    gap          n of the last operation before the last gap, 0 without a gap
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.operations = 0
        self.left_by_path: dict[str, Node] = {}
        self.left_by_phandle: dict[int, Node] = {}
        self.left_below: dict[Node, list[Node]] = {}
        self.left_above: dict[Node, dict[Node, None]] = {}
        self.named: set[Node] = set()
        self.taken: dict[Node, OpEntry] = {}
        self.matched: set[Node] = set()
        self.pending: dict[Node, OpEntry] = {}
        self.waiting: dict[Node, OpEntry] = {}
        self.listings: list[Listing] = []
        self.gap = 0
        self._highest = ""
        self._added: Clock | None = None
        self._by_drc: dict[tuple[str, int | None], dict[Node, None]] = {}
        self._claimed: set[Node] = set()

    def is_over(self, operation: Operation) -> bool:
        """Tell whether an operation is the first of another migration, by the clock."""
        added, clock = self._added, operation.clock
        if operation.kind != DELETE or added is None or clock is None or added.kind != clock.kind:
            return False
        return clock.seconds - added.seconds > PAUSE

    def count(self, operation: Operation) -> str:
        """Take up an operation; give the kind of a higher class that came before it, or "".

        What user space writes to ofdt is bound by no order.
        """
        self.operations += 1
        kind = operation.kind
        if kind == ADD:
            self._added = operation.clock
        if operation.ofdt:
            return ""
        highest = self._highest
        if not highest or _CLASSES[kind] >= _CLASSES[highest]:
            self._highest = kind
            return ""
        return highest

    def count_loose(self) -> str:
        """Take up an update that no list names: the rule of order does not concern it."""
        self.operations += 1
        return ""

    def note_left(self, model: Model, node: Node) -> None:
        """Note that a node left the tree by a delete."""
        self.left_by_path[model.path(node)] = node
        if node.phandle:
            self.left_by_phandle[node.phandle] = node
        above = node.parent
        if above is not None:
            self.left_below.setdefault(above, []).append(node)
        while above is not None and above.parent is not None:
            known = self.left_above.setdefault(above.parent, {})
            if above in known:
                break
            known[above] = None
            above = above.parent

    def note_named(self, model: Model, node: Node) -> None:
        """Note that a delete names a node."""
        self.named.add(node)
        if node.parent is not None and node not in self._claimed:
            place = (model.path(node.parent), model.drc_index(node))
            self._by_drc.setdefault(place, {})[node] = None

    def take_by_drc(self, parent: str, drc: int | None) -> Node | None:
        """Find which deleted child of a parent an add means that is known by its drc-index alone.

        The only one that has this index; else the only one whose index is not known. One that was
        found is not found again, not even when it is deleted once more.
        """
        found = self._by_drc.get((parent, drc)) if drc is not None else None
        if found is None or len(found) != 1:
            found = self._by_drc.get((parent, None))
            if found is None or len(found) != 1:
                return None
        node = found.popitem()[0]
        self._claimed.add(node)
        return node
