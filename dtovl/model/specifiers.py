"""Which cells of a property are phandles of nodes, and of which nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.bindings import pattern_of
from dtovl.model.cells import cell, cells, strings
from dtovl.model.entries import decode, read_count
from dtovl.model.node import plain_name
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.bindings import Pattern
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

LOCAL_FIXUPS = "__local_fixups__"
FIXUPS = "__fixups__"
SYMBOLS = "__symbols__"
OVERLAY = "__overlay__"

_UNCOUNTED = "uncounted"

MAX_PHANDLE = 0xFFFFFFFE
"""Largest number that can be a phandle; 0xffffffff stands for one not known yet."""


def is_overlay(tree: Tree) -> bool:
    """Tell whether a tree is an overlay: it has `__fixups__`, or a fragment with `__overlay__`."""
    tops = tree.root.children
    return FIXUPS in tops or any(OVERLAY in top.children for top in tops.values())


class References:
    """Finds the cells that refer to nodes, of all properties of one tree.

    An overlay with fixups says exactly which cells they are: `__local_fixups__` those of nodes of
    the overlay, `__fixups__` those of labels of the base. In any other tree the property's name
    and the providers' `#...-cells` tell (dtovl.model.bindings). The fixups are read once, at the
    first question, so a References must not outlive a change of them. Malformed values and
    fixups give what stands before the malformation.
    """

    __slots__ = ("_by_name", "_fixups", "_local", "_local_root", "_outside", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        tops = tree.root.children
        self._fixups = tops.get(FIXUPS)
        self._local_root = tops.get(LOCAL_FIXUPS)
        # A base may carry local fixups too (dtc -L); those of what was merged into it are lost,
        # so there the names count as well.
        self._by_name = self._fixups is None and (self._local_root is None or not is_overlay(tree))
        self._outside: dict[Node, dict[str, dict[int, str]]] | None = None
        self._local: dict[Node, Node] | None = None

    def sites(self, node: Node, key: str, value: bytes) -> list[tuple[int, Node]]:
        """List (byte offset, node referred to), by offset; a phandle itself is no reference."""
        if key in PHANDLE_NAMES:
            return []
        if self._local_root is None:
            return self._named_sites(node, key, value) if self._by_name else []
        found = dict(self._local_sites(node, key, value))
        if self._by_name and not _is_bookkeeping(node):
            found.update(self._named_sites(node, key, value))
        return sorted(found.items())

    def outside(self, node: Node, key: str) -> dict[int, str]:
        """Give byte offset -> label of the base, as `__fixups__` lists them."""
        if self._fixups is None or key in PHANDLE_NAMES:
            return {}
        if self._outside is None:
            self._outside = _read_fixups(self.tree, self._fixups)
        return self._outside.get(node, {}).get(key, {})

    def names(self, node: Node, key: str, value: bytes) -> dict[int, str]:
        """Give byte offset -> label, or path where there is none, as values.render takes them."""
        found = {}
        for offset, owner in self.sites(node, key, value):
            labels = self.tree.labels_of(owner)
            found[offset] = labels[0] if labels else owner.path
        found.update(self.outside(node, key))
        return found

    def _local_sites(self, node: Node, key: str, value: bytes) -> Iterator[tuple[int, Node]]:
        if self._local is None:
            self._local = pair_nodes(self.tree.root, self._local_root)
        mirror = self._local.get(node)
        offsets = mirror.properties.get(key, b"") if mirror is not None else b""
        by_phandle = self.tree.by_phandle
        for offset in cells(offsets):
            if offset + 4 <= len(value):
                owner = by_phandle.get(cell(value, offset))
                if owner is not None:
                    yield offset, owner

    def _named_sites(self, node: Node, key: str, value: bytes) -> list[tuple[int, Node]]:
        pattern = pattern_of(plain_name(key))
        if pattern is None or len(value) < 4:
            return []
        if key == "gpios" and "gpio-hog" in node.properties:
            return []  # bare specifiers of the parent
        return list(_WALKS[pattern.shape](self.tree, node, value, pattern))


def _is_bookkeeping(node: Node) -> bool:
    """Tell whether a node belongs to the fixups: its values are offsets, whatever their names."""
    top = node
    while top.parent is not None and top.parent.parent is not None:
        top = top.parent
    return top.name in (LOCAL_FIXUPS, FIXUPS, SYMBOLS)


def _read_fixups(tree: Tree, fixups: Node) -> dict[Node, dict[str, dict[int, str]]]:
    """Read `path:property:offset` lists; what is not of that form, or leads nowhere, is left out.

    Source: libfdt overlay_fixup_phandle.
    """
    found: dict[Node, dict[str, dict[int, str]]] = {}
    for label, value in fixups.properties.items():
        for entry in strings(value) or ():
            parts = entry.split(":")
            if len(parts) != 3 or not parts[2].isdecimal() or len(parts[2]) > 10:
                continue
            node = tree.find(parts[0])
            if node is not None and parts[1] in node.properties:
                offsets = found.setdefault(node, {}).setdefault(parts[1], {})
                offsets.setdefault(int(parts[2]), plain_name(label))
    return found


def pair_nodes(root: Node, mirror: Node | None) -> dict[Node, Node]:
    """Pair each node with the one of the same path below mirror."""
    pairs: dict[Node, Node] = {}
    stack = [] if mirror is None else [(root, mirror)]
    while stack:
        node, other = stack.pop()
        pairs[node] = other
        for name, child in other.children.items():
            twin = node.children.get(name)
            if twin is not None:
                stack.append((twin, child))
    return pairs


def _walk_list(
    tree: Tree, node: Node, value: bytes, pattern: Pattern
) -> Iterator[tuple[int, Node]]:
    for index, number in enumerate(cells(value)):
        owner = tree.by_phandle.get(number)
        if owner is not None:
            yield index * 4, owner


def _walk_first(
    tree: Tree, node: Node, value: bytes, pattern: Pattern
) -> Iterator[tuple[int, Node]]:
    owner = tree.by_phandle.get(cell(value))
    if owner is not None:
        yield 0, owner


def _walk_args(
    tree: Tree, node: Node, value: bytes, pattern: Pattern
) -> Iterator[tuple[int, Node]]:
    return ((offset, owner) for offset, owner, _ in walk_specifiers(tree, value, pattern))


def walk_specifiers(
    tree: Tree, value: bytes, pattern: Pattern
) -> Iterator[tuple[int, Node, int | None]]:
    """Walk phandles with arguments: byte offset of the phandle, its node, count of arguments.

    0 is a hole; an unknown phandle ends the list, and so does a count that nobody tells, given as
    None. The arguments may go past the end of the value.
    """
    for entry in decode(value, tree.by_phandle, pattern.cells, pattern.width):
        if entry.node is not None:
            yield 4 * entry.place, entry.node, None if entry.problem == _UNCOUNTED else entry.wanted


def _walk_fixed(
    tree: Tree, node: Node, value: bytes, pattern: Pattern
) -> Iterator[tuple[int, Node]]:
    above_two = max((read_count(node, pattern.cells) or 0) - 2, 0)
    return _walk_list_by(tree, value, 0, 1 + (pattern.width or 0) + above_two)


def _walk_rows(
    tree: Tree, node: Node, value: bytes, pattern: Pattern
) -> Iterator[tuple[int, Node]]:
    """Walk rows of one size, the phandle at one place.

    Source: kernel of_map_id (drivers/of/base.c) for rows of four; trees of Linux 7.2 hand on as
    many numbers as the provider counts, which makes longer rows.
    """
    size = pattern.width or 1
    rows = len(value) // 4 // size
    found = list(_walk_list_by(tree, value, pattern.place, size))
    if found and (len(found) < rows or len(value) % (4 * size)):
        counted = read_count(found[0][1], pattern.cells) or 1
        if counted > 1 and not len(value) % (4 * (size + counted - 1)):
            return _walk_list_by(tree, value, pattern.place, size + counted - 1)
    return iter(found)


def _walk_list_by(tree: Tree, value: bytes, place: int, size: int) -> Iterator[tuple[int, Node]]:
    for offset in range(4 * place, len(value) - 3, 4 * size):
        owner = tree.by_phandle.get(cell(value, offset))
        if owner is not None:
            yield offset, owner


def _walk_nexus(
    tree: Tree, node: Node, value: bytes, pattern: Pattern
) -> Iterator[tuple[int, Node]]:
    """Walk the rows of a map; only interrupts have unit addresses in them.

    Source: Devicetree Specification v0.4, 2.4.3 and 2.5.1; kernel of_irq_parse_raw, which looks
    for the child's #address-cells upwards, and takes 0 where the parent has none.
    """
    addressed = pattern.cells == "#interrupt-cells"
    specifier = read_count(node, pattern.cells)
    if specifier is None:
        return
    child = specifier + (_address_cells(node) if addressed else 0)
    offset, last = 4 * child, len(value) - 4
    while offset <= last:
        owner = tree.by_phandle.get(cell(value, offset))
        if owner is None:
            return
        yield offset, owner
        parent = read_count(owner, pattern.cells)
        if parent is None:
            return
        if addressed:
            parent += read_count(owner, "#address-cells") or 0
        offset += 4 + 4 * (parent + child)


def _address_cells(node: Node) -> int:
    above: Node | None = node
    while above is not None:
        count = read_count(above, "#address-cells")
        if count is not None:
            return count
        above = above.parent
    return 2


_WALKS = {
    "list": _walk_list,
    "first": _walk_first,
    "args": _walk_args,
    "fixed": _walk_fixed,
    "rows": _walk_rows,
    "nexus": _walk_nexus,
}
