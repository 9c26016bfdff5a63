"""A copy of a live tree on which a stack of overlays is tried before anything changes.

The copy is the live tree without the overlays from one of them upwards; others are laid on it, as
the kernel would apply them. What is on the copy is plain: no counts, nobody is told of anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, Changeset, DetachNode, SetProperty
from dtovl.model.cells import pack_cell
from dtovl.model.node import Node
from dtovl.model.paths import find_merge_child
from dtovl.model.tree import PHANDLE_NAMES, Tree
from dtovl.overlay.build import build
from dtovl.overlay.outcome import Outcome, line_facts
from dtovl.resolve import Refused, Turning, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtovl.live.overlays import LiveOverlay
    from dtovl.live.state import Live
    from dtovl.overlay.fragments import Overlay


class Wanted(NamedTuple):
    """An overlay that is to be laid, with its id."""

    number: int
    overlay: Overlay


class Unfit(Exception):
    """An overlay does not fit what lies below it; number is its id, tree that what it met."""

    def __init__(self, number: int, outcome: Outcome, tree: Tree) -> None:
        super().__init__(outcome.error)
        self.number = number
        self.outcome = outcome
        self.tree = tree


class Desk:
    """The copy, without what upper overlays brought, newest last.

    originals maps nodes of the copy to those of the live tree, as far as they have one.
    """

    def __init__(self, live: Live, upper: Sequence[LiveOverlay]) -> None:
        self._dialect = live.dialect
        # Numbers that nodes have, or had a moment ago, are not given to others.
        self._largest = live.tree.largest_phandles()
        self.tree, twins = _copy(live.tree)
        brought = {entry.node for one in upper for entry in one.brought()}
        self._unwind(upper, brought, twins)
        self.originals = {twin: node for node, twin in twins.items() if node not in brought}
        self._outcomes: list[Outcome] = []

    def _unwind(
        self, upper: Sequence[LiveOverlay], brought: set[Node], twins: Mapping[Node, Node]
    ) -> None:
        """Take out what overlays brought, and give back the values that they had found."""
        for one in reversed(upper):
            for entry in reversed(one.changeset.entries) if one.in_force else ():
                twin = twins.get(entry.node)
                if twin is None:
                    continue
                if entry.prop is None:
                    if twin.parent is not None:
                        DetachNode(twin).apply(self.tree)
                elif entry.node not in brought and entry.prop.name in twin.properties:
                    old = None if entry.old is None else entry.old.value
                    SetProperty(twin, entry.prop.name, old).apply(self.tree)
        self.tree.forget_labels()

    def lay(
        self, stack: Sequence[Wanted], numbers: Mapping[Node, int] | None = None
    ) -> list[Outcome]:
        """Lay overlays on the copy, in order; what was laid before is taken back first.

        numbers gives nodes of overlays the phandles they get, and references to them. Raises Unfit.
        """
        tree = self.tree
        for outcome in reversed(self._outcomes):
            outcome.changeset.revert(tree)
        self._outcomes = []
        tree.restore_largest(self._largest)
        for one in stack:
            outcome = Outcome(one.overlay, self._dialect, Changeset())
            try:
                self._lay_one(one, outcome, numbers or {})
            except Refused as refused:
                outcome.changeset.entries.clear()
                outcome.refused = refused.with_traceback(None)
                if not refused.facts.get("printed"):
                    outcome.print(refused.problem, **line_facts(refused, self._dialect))
                raise Unfit(one.number, outcome, tree) from None
            self._outcomes.append(outcome)
        for outcome in self._outcomes if numbers else ():
            self._keep_phandles(outcome, numbers or {})
        return self._outcomes

    def _lay_one(self, one: Wanted, outcome: Outcome, numbers: Mapping[Node, int]) -> None:
        tree = self.tree
        resolved = resolve(one.overlay.plan(self._dialect), tree, self._dialect)
        turning = Turning(resolved)
        for node in resolved.phandles:
            if node in numbers:
                turning.turn(node, numbers[node])
        turning.settle()
        build(tree, outcome, resolved, one.number)
        outcome.changeset.apply(tree)

    def _keep_phandles(self, outcome: Outcome, numbers: Mapping[Node, int]) -> None:
        """Let nodes that an overlay brings without phandle have the one that they are known by.

        Comes last: no overlay can refer to it, or clash with it.
        """
        for node, source in self.sources(outcome):
            number = numbers.get(source)
            if number and not any(name in node.properties for name in PHANDLE_NAMES):
                entry = SetProperty(node, "phandle", pack_cell(number), phandle=number)
                outcome.changeset.add(entry, self.tree)

    def sources(self, outcome: Outcome) -> Iterator[tuple[Node, Node]]:
        """Give the nodes of the copy that an overlay brought, each with that of the overlay."""
        attached = {one.node for one in outcome.changeset.entries if isinstance(one, AttachNode)}
        for fragment in outcome.overlay.fragments:
            stack = [(outcome.targets[fragment.node], fragment.content)]
            while stack:
                node, source = stack.pop()
                if node in attached:
                    yield node, source
                for child in source.children.values():
                    below = find_merge_child(self.tree, node, child.name, self._dialect)
                    if below is not None:
                        stack.append((below, child))


def _copy(tree: Tree) -> tuple[Tree, dict[Node, Node]]:
    """Copy a tree, in tree order, with the phandles that nodes have; give it and node -> copy."""
    root = Node(tree.root.name, None, tree.root.phandle)
    twins = {tree.root: root}
    stack = [tree.root]
    while stack:
        node = stack.pop()
        copy = twins[node]
        copy.properties = dict(tree.properties_of(node))
        for child in tree.children_of(node):
            twin = twins[child] = Node(child.name, None, child.phandle)
            copy.add_child(twin)
            stack.append(child)
    copied = Tree(root, tree.header)
    for node in copied.walk():
        copied.index(node)
    for key, origin in tree.origins.items():
        if isinstance(key, Node):
            if key in twins:
                copied.origins[twins[key]] = origin
        elif key[0] in twins:
            copied.origins[twins[key[0]], key[1]] = origin
    return copied, twins
