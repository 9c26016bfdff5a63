"""What holds of a live tree after every step, worked out from first principles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dtovl.live.objects import Flag
from dtovl.model.cells import text
from dtovl.model.node import plain_name
from dtovl.model.paths import Miss, find_path
from dtovl.model.tree import POISON, Tree, boot_phandle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.live.changeset import LiveChangeset
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from support.boards import Board


class Invariants:
    """The invariants of one board, taken up before anything is done to it."""

    def __init__(self, board: Board) -> None:
        self.board = board
        live = board.live
        self._base = list(live.tree.walk())
        self._boot = held_since_boot(live)

    def check(self, changesets: Iterable[LiveChangeset] = (), callers: Iterable[Node] = ()) -> None:
        """Check all of them; changesets are those not destroyed, callers the nodes of new_node."""
        live = self.board.live
        known = [*self._base, *live.made_nodes]
        found = list(live.tree.walk())
        check_links(live, found)
        check_flags(live, known, set(found))
        check_indices(live.tree, found)
        check_caches(live.tree, found)
        check_properties(live)
        self._check_counts(known, changesets, Counter(callers))

    def _check_counts(
        self, known: list[Node], changesets: Iterable[LiveChangeset], callers: Counter[Node]
    ) -> None:
        live, listed = self.board.live, self.board.overlays.listed
        expected: Counter[Node] = Counter()
        for node in known:
            expected[node] += self._boot.get(node, 0) + callers[node]
            expected[node] += not live.has_flag(node, Flag.DYNAMIC)
            if live.in_sysfs(node):
                expected[node] += 1
                if node.parent is not None:
                    expected[node.parent] += 1
        for changeset in (*changesets, *(one.changeset for one in listed)):
            expected.update(entry.node for entry in changeset.entries)
        expected.update(target for one in listed for target, _ in one.pairs)
        for node, holders in live.holders.items():
            # Those of devices are counted by device, since devices of boot have no name for them.
            expected[node] += sum(holder.where != "platform bus" for holder in holders)
        if live.platform is not None:
            expected.update(device.node for device in live.platform.devices)
        for node in known:
            if node not in live.freed:
                count = live.count(node)
                assert count >= 0, node
                assert count == expected[node], (node, count, expected[node])


def held_since_boot(live: Live) -> Counter[Node]:
    """Count what boot holds: aliases, chosen, the console, nodes whose alias ends in a digit."""
    tree = live.tree
    held: Counter[Node] = Counter()
    chosen, aliases = tree.find("/chosen"), tree.aliases
    held.update(node for node in (chosen, aliases) if node is not None)
    paths = []
    if chosen is not None:
        paths.append(chosen.properties.get("stdout-path"))
    if aliases is not None:
        paths += [value for name, value in aliases.properties.items() if name[-1].isdigit()]
    for value in paths:
        path = text(value) if value else None
        node = find_path(tree, path, live.dialect) if path else None
        if node is not None and not isinstance(node, Miss):
            held[node] += 1
    return held


def check_links(live: Live, found: list[Node]) -> None:
    assert len(set(found)) == len(found)
    for node in found:
        for key, child in node.children.items():
            assert child.parent is node
            assert plain_name(key) == child.name
        assert live.tree.head_children.get(node, 0) <= len(node.children)


def check_flags(live: Live, known: list[Node], found: set[Node]) -> None:
    for node in known:
        assert live.attached(node) == live.in_sysfs(node), node
        if node in found:
            assert live.attached(node), node
            assert node not in live.freed, node
            assert node not in live.lost, node
        elif live.attached(node):
            assert node in live.loose, node
    assert live.loose.isdisjoint(found)


def check_indices(tree: Tree, found: list[Node]) -> None:
    numbers: dict[int, set[Node]] = {}
    for node in found:
        if node.phandle:
            numbers.setdefault(node.phandle, set()).add(node)
    listed = {
        number: [first, *tree.shared_phandles.get(number, ())]
        for number, first in tree.by_phandle.items()
    }
    assert {number: set(nodes) for number, nodes in listed.items()} == numbers
    assert all(len(set(nodes)) == len(nodes) for nodes in listed.values())
    assert set(tree.shared_phandles) == {
        number for number, nodes in numbers.items() if len(nodes) > 1
    }
    seen = {node: boot_phandle(node) for node in found}
    assert tree.odd_phandles == {
        node: number for node, number in seen.items() if number != node.phandle
    }
    live = max((number for number in numbers if number != POISON), default=0)
    assert tree.largest_phandles() == (max(seen.values()), live)


def check_caches(tree: Tree, found: list[Node]) -> None:
    """Hold what the tree keeps against what a tree finds that has kept nothing."""
    fresh = Tree(tree.root)
    fresh.head_children = tree.head_children
    for node in found:
        for fold in (False, True):
            wanted = fresh.first_children(node, fold=fold)
            assert tree.first_children(node, fold=fold) == wanted, node
        assert tree.labels_of(node) == fresh.labels_of(node), node


def check_properties(live: Live) -> None:
    for (node, key), prop in live.objects.items():
        assert node.properties.get(key) == prop.value, (node, key)
        assert plain_name(key) == prop.name
    for node, dead in live.dead.items():
        assert dead
        assert len(set(dead)) == len(dead)
        assert set(dead).isdisjoint(live.objects_of(node)), node
