"""What differs between two trees, as people mean it, or to the last byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.model.cells import cells, strings
from dtovl.model.node import plain_name
from dtovl.model.specifiers import FIXUPS, LOCAL_FIXUPS, References
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

Kind = Literal[
    "node-added",
    "node-removed",
    "nodes-reordered",
    "property-added",
    "property-removed",
    "property-changed",
    "properties-reordered",
    "header-changed",
]


class Difference(NamedTuple):
    """One difference between a tree a (old) and a tree b (new).

    path      of the node, in the tree that has it; "" for the header
    name      of the property or header field; "" where the node itself is meant
    old, new  values; of header fields and of orders (names, joined by blanks) as text in bytes
    node_a    the node in a, node_b the one in b; None where there is none. An added or removed
              subtree is one entry with its top node
    """

    kind: Kind
    path: str
    name: str = ""
    old: bytes | None = None
    new: bytes | None = None
    node_a: Node | None = None
    node_b: Node | None = None


class Differences(list[Difference]):
    """The differences, in the order of tree a, and how many phandles merely have other numbers.

    renumbered counts nodes of both trees that have another phandle in b than in a.
    """

    __slots__ = ("renumbered",)

    def __init__(self) -> None:
        super().__init__()
        self.renumbered = 0


def difference(a: Tree, b: Tree, *, ordered: bool = False) -> Differences:
    """List what differs between a and b but for the numbers of phandles.

    Nodes are matched by path, repeated names by their order. References are compared by the path,
    or label, of what they refer to. A missing `phandle` counts only where something refers to the
    node. The order of nodes and properties counts if ordered. Time is linear in the sizes of both.
    """
    return _Comparison(a, b, ordered).run()


def same(a: Tree, b: Tree, *, ordered: bool = False) -> bool:
    """Tell whether both trees hold the same bytes: names, values, phandle numbers, header.

    The version of the format a blob had does not count. Order counts if ordered.
    """
    if a.header._replace(version=0) != b.header._replace(version=0):
        return False
    pairs = [(a.root, b.root)]
    while pairs:
        one, other = pairs.pop()
        if one.name != other.name or one.properties != other.properties:
            return False
        if one.children.keys() != other.children.keys():
            return False
        if ordered and not (_same_order(a, one, b, other)):
            return False
        pairs.extend((child, other.children[key]) for key, child in one.children.items())
    return True


def _same_order(a: Tree, one: Node, b: Tree, other: Node) -> bool:
    return [key for key, _ in a.properties_of(one)] == [
        key for key, _ in b.properties_of(other)
    ] and [child.name for child in a.children_of(one)] == [
        child.name for child in b.children_of(other)
    ]


class _Side:
    """One of the two trees, with what is looked up in it."""

    __slots__ = ("_paths", "_referenced", "references", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.references = References(tree)
        self._paths: dict[Node, str] = {}
        self._referenced: set[Node] | None = None

    def targets(self, node: Node, key: str, value: bytes) -> dict[int, str]:
        """Give byte offset -> path, or `&label` outside, of the references of a property."""
        found = {}
        for offset, owner in self.references.sites(node, key, value):
            path = self._paths.get(owner)
            if path is None:
                path = self._paths[owner] = owner.path
            found[offset] = path
        for offset, label in self.references.outside(node, key).items():
            if 0 <= offset <= len(value) - 4:
                found[offset] = "&" + label
        return found

    def refers_to(self, node: Node) -> bool:
        """Tell whether a property of the tree refers to node."""
        if self._referenced is None:
            sites = self.references.sites
            self._referenced = {
                owner
                for holder in self.tree.root.walk()
                for key, value in holder.properties.items()
                for _, owner in sites(holder, key, value)
            }
        return node in self._referenced


class _Comparison:
    """One run of difference: both sides, and what was found so far."""

    __slots__ = ("a", "b", "found", "ordered")

    def __init__(self, a: Tree, b: Tree, ordered: bool) -> None:
        self.a = _Side(a)
        self.b = _Side(b)
        self.ordered = ordered
        self.found = Differences()

    def run(self) -> Differences:
        self._compare_headers()
        # A pair with one side missing is a subtree added or removed.
        pairs: list[tuple[Node | None, Node | None]] = [(self.a.tree.root, self.b.tree.root)]
        while pairs:
            one, other = pairs.pop()
            if one is None or other is None:
                self._report_subtree(one, other)
                continue
            self._compare_nodes(one, other)
            pairs.extend(reversed(list(self._pair_children(one, other))))
        return self.found

    def _compare_headers(self) -> None:
        old, new = self.a.tree.header, self.b.tree.header
        if old.boot_cpuid != new.boot_cpuid:
            self._report_header("boot_cpuid", f"{old.boot_cpuid:#x}", f"{new.boot_cpuid:#x}")
        if old.reservations != new.reservations:
            texts = [
                " ".join(f"{address:#x}+{size:#x}" for address, size in header.reservations)
                for header in (old, new)
            ]
            self._report_header("reservations", *texts)

    def _report_header(self, name: str, old: str, new: str) -> None:
        self.found.append(Difference("header-changed", "", name, old.encode(), new.encode()))

    def _report_subtree(self, one: Node | None, other: Node | None) -> None:
        if one is not None:
            self.found.append(Difference("node-removed", one.path, node_a=one))
        elif other is not None:
            self.found.append(Difference("node-added", other.path, node_b=other))

    def _pair_children(self, one: Node, other: Node) -> Iterator[tuple[Node | None, Node | None]]:
        for key, child in one.children.items():
            yield child, other.children.get(key)
        for key, child in other.children.items():
            if key not in one.children:
                yield None, child

    def _compare_nodes(self, one: Node, other: Node) -> None:
        if one.phandle and other.phandle and one.phandle != other.phandle:
            self.found.renumbered += 1
        mine, theirs = one.properties, other.properties
        for key, value in mine.items():
            new = theirs.get(key)
            if key in PHANDLE_NAMES:
                self._compare_phandle(one, other, key)
            elif new is None:
                self._report(one, other, key, "property-removed")
            elif not self._same_value(one, key, value, other, new):
                self._report(one, other, key, "property-changed")
        for key in theirs:
            if key not in mine:
                if key in PHANDLE_NAMES:
                    self._compare_phandle(one, other, key)
                else:
                    self._report(one, other, key, "property-added")
        if self.ordered:
            self._compare_order(one, other)

    def _report(self, one: Node, other: Node, key: str, kind: Kind) -> None:
        old, new = one.properties.get(key), other.properties.get(key)
        path = one.path
        self.found.append(Difference(kind, path, plain_name(key), old, new, one, other))

    def _compare_phandle(self, one: Node, other: Node, key: str) -> None:
        """Report a phandle that only one side has, if something there refers to the node."""
        old, new = one.properties.get(key), other.properties.get(key)
        if old is not None and new is not None:
            if old != new and not len(old) == len(new) == 4:
                self._report(one, other, key, "property-changed")
        elif old is not None and not other.phandle:
            if len(old) != 4 or self.a.refers_to(one):
                self._report(one, other, key, "property-removed")
        elif new is not None and not one.phandle and (len(new) != 4 or self.b.refers_to(other)):
            self._report(one, other, key, "property-added")

    def _same_value(self, one: Node, key: str, old: bytes, other: Node, new: bytes) -> bool:
        if len(old) != len(new):
            return False
        here = self.a.targets(one, key, old)
        if here != self.b.targets(other, key, new):
            return False
        if old == new:
            return True
        if not here:
            return _same_fixups(one, old, new)
        return _without(old, here) == _without(new, here)

    def _compare_order(self, one: Node, other: Node) -> None:
        mine = [key for key, _ in self.a.tree.properties_of(one) if key in other.properties]
        theirs = [key for key, _ in self.b.tree.properties_of(other) if key in one.properties]
        self._report_order(one, other, "properties-reordered", mine, theirs)
        kept = {child.name for child in one.children.values()}
        kept &= {child.name for child in other.children.values()}
        mine = [child.name for child in self.a.tree.children_of(one) if child.name in kept]
        theirs = [child.name for child in self.b.tree.children_of(other) if child.name in kept]
        self._report_order(one, other, "nodes-reordered", mine, theirs)

    def _report_order(
        self, one: Node, other: Node, kind: Kind, mine: list[str], theirs: list[str]
    ) -> None:
        if mine != theirs:
            old, new = (
                " ".join(map(plain_name, names)).encode("latin-1") for names in (mine, theirs)
            )
            self.found.append(Difference(kind, one.path, "", old, new, one, other))


def _without(value: bytes, offsets: Iterable[int]) -> bytearray:
    """Give value with zeros for the cells at the byte offsets."""
    blank = bytearray(value)
    for offset in offsets:
        blank[offset : offset + 4] = b"\0\0\0\0"
    return blank


def _same_fixups(node: Node, old: bytes, new: bytes) -> bool:
    """Tell whether two values of one property of the fixups list the same places."""
    top = node
    while top.parent is not None and top.parent.parent is not None:
        top = top.parent
    if top.name == FIXUPS:
        return sorted(strings(old) or ()) == sorted(strings(new) or ()) != []
    return top.name == LOCAL_FIXUPS and sorted(cells(old)) == sorted(cells(new))
