"""The live tree: nodes, the indices that make look-ups cheap, and side tables for what few have."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from dtovl.model.cells import cell, text
from dtovl.model.node import Node, plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dtovl.diagnostics import Location

_T = TypeVar("_T")

PHANDLE_NAMES = ("phandle", "linux,phandle")

POISON = 0xDEADBEEF
"""A phandle that the kernel passes over when it looks for the largest one (resolver.c)."""


class Header(NamedTuple):
    """What a blob carries besides its tree.

    reservations are (address, size) pairs; padding holds the bytes between the end of the last
    block and totalsize, which dtc -p makes and boot loaders use as room to grow.
    """

    boot_cpuid: int = 0
    reservations: tuple[tuple[int, int], ...] = ()
    padding: bytes = b""
    version: int = 17


class Origin(NamedTuple):
    """Who brought a node or property: the overlay's number in its stack, its name, its fragment."""

    number: int
    overlay: str
    fragment: str


def boot_phandle(node: Node) -> int:
    """Give the phandle libfdt sees: `phandle` of 4 bytes, else `linux,phandle` of 4, else 0.

    Source: libfdt fdt_get_phandle.
    """
    return phandle_in(node.properties)


def phandle_in(properties: Mapping[str, bytes]) -> int:
    """Give the phandle libfdt sees in the properties of a node (see boot_phandle)."""
    for name in PHANDLE_NAMES:
        value = properties.get(name)
        if value is not None and len(value) == 4:
            return cell(value)
    return 0


def live_phandle(node: Node) -> int:
    """Give the phandle the kernel keeps in its node, from the properties of a flattened tree.

    The first of `phandle` and `linux,phandle`, in order, that is not zero; `ibm,phandle` overrides.
    Source: kernel populate_properties (drivers/of/fdt.c).
    """
    number = 0
    for key, value in node.properties.items():
        name = plain_name(key)
        if (name in PHANDLE_NAMES and not number) or name == "ibm,phandle":
            # The kernel does not check the length: a short value is read with its padding.
            number = cell(value.ljust(4, b"\0")) if value else _tag_behind(node, key)
    return number


def _tag_behind(node: Node, key: str) -> int:
    """Give the tag that stands behind a property in a blob, be it taken for its value.

    Source: Devicetree Specification v0.4, 5.4.1.
    """
    if next(reversed(node.properties)) != key:
        return 3
    return 1 if node.children else 2


class Tree:
    """A live tree.

    by_phandle   phandle -> node; of several with one number the first in tree order, the others
                 stand in shared_phandles
    odd_phandles nodes whose phandle libfdt sees differently from the kernel (see boot_phandle)
    head_*       how many of the last dict entries of a node stand at its head, newest first
    origins      node, or (node, property key) -> who brought it; what is absent is the base's.
                 A node without entry has the origin of its parent's, up to the base
    applied      what programs have applied by dtovl.apply_overlay, in order (outcomes)
    positions    node, or (node, property key) -> place of its last definition in source text
    labels       node -> its labels, in source order (text input only)
    """

    __slots__ = (
        "_first_children",
        "_labels_by_path",
        "_largest",
        "_numbers",
        "applied",
        "by_phandle",
        "head_children",
        "head_properties",
        "header",
        "labels",
        "odd_phandles",
        "origins",
        "positions",
        "root",
        "shared_phandles",
    )

    def __init__(self, root: Node, header: Header | None = None) -> None:
        self.root = root
        self.header = header or Header()
        self.by_phandle: dict[int, Node] = {}
        self.odd_phandles: dict[Node, int] = {}
        self.shared_phandles: dict[int, list[Node]] = {}
        self.head_properties: dict[Node, int] = {}
        self.head_children: dict[Node, int] = {}
        self.origins: dict[Node | tuple[Node, str], Origin] = {}
        self.applied: list[Any] = []
        self.positions: dict[Node | tuple[Node, str], Location] = {}
        self.labels: dict[Node, tuple[str, ...]] = {}
        self._largest: tuple[int, int] | None = None
        self._numbers: list[int] | None = None
        self._labels_by_path: dict[str, tuple[str, ...]] | None = None
        self._first_children: dict[tuple[Node, bool], tuple[dict[str, Node], dict[str, int]]] = {}

    # -- order ---------------------------------------------------------------------------------

    def properties_of(self, node: Node) -> Iterable[tuple[str, bytes]]:
        """Give (key, value) of the node's properties in tree order."""
        count = self.head_properties.get(node)
        items = node.properties.items()
        return _headed(list(items), count) if count else items

    def children_of(self, node: Node) -> Iterable[Node]:
        """Give the node's children in tree order."""
        count = self.head_children.get(node)
        children = node.children.values()
        return _headed(list(children), count) if count else children

    def walk(self, start: Node | None = None) -> Iterator[Node]:
        """Run over start (the root) and all below it in tree order, parents first."""
        stack = [self.root if start is None else start]
        heads = self.head_children
        while stack:
            node = stack.pop()
            yield node
            if node in heads:
                stack.extend(reversed(list(self.children_of(node))))
            else:
                stack.extend(reversed(node.children.values()))

    # -- phandles ------------------------------------------------------------------------------

    def index_phandles(self) -> None:
        """Build by_phandle and odd_phandles anew from the properties of every node."""
        self.by_phandle.clear()
        self.odd_phandles.clear()
        self.shared_phandles.clear()
        self._largest = None
        self._numbers = None
        for node in self.walk():
            node.phandle = live_phandle(node)
            self.index(node)

    def index(self, node: Node, *, rank: int | None = None) -> None:
        """Enter one node into the phandle indices.

        rank is its place among the nodes of its number, as unindex gave it; None: the last.
        """
        number = node.phandle
        if number:
            if self._numbers is not None:
                heappush(self._numbers, -number)
            first = self.by_phandle.setdefault(number, node)
            if first is not node:
                sharers = self.shared_phandles.setdefault(number, [])
                if rank is None:
                    sharers.append(node)
                elif rank:
                    sharers.insert(rank - 1, node)
                else:
                    self.by_phandle[number] = node
                    sharers.insert(0, first)
        seen = boot_phandle(node)
        if seen != number:
            self.odd_phandles[node] = seen
        largest = self._largest
        if largest is not None:
            boot, live = largest
            self._largest = (max(boot, seen), max(live, number if number != POISON else 0))

    def unindex(self, node: Node) -> int | None:
        """Take a node out of the phandle indices.

        Returns its place among the nodes of its number, 0 for the one that look-ups find, and None
        for a node without phandle.
        """
        number = node.phandle
        seen = self.odd_phandles.pop(node, number)
        if (
            self._largest is not None
            and (number or seen)
            and max(number, seen) >= min(self._largest)
        ):
            self._largest = None
        if not number:
            return None
        sharers = self.shared_phandles.get(number)
        rank = 0
        if self.by_phandle.get(number) is not node:
            if sharers and sharers[-1] is node:
                rank = len(sharers)  # changes are reverted newest first
            elif sharers:
                rank = sharers.index(node) + 1
        if rank and sharers:
            del sharers[rank - 1]
        elif sharers:
            self.by_phandle[number] = sharers.pop(0)
        else:
            del self.by_phandle[number]
        if sharers is not None and not sharers:
            del self.shared_phandles[number]
        return rank

    def note_phandle(self, node: Node) -> None:
        """Take note of a change of the phandle properties of an indexed node; its number stays.

        Only what libfdt sees differs then.
        """
        seen = boot_phandle(node)
        was = self.odd_phandles.get(node, node.phandle)
        if seen == was:
            return
        if seen == node.phandle:
            self.odd_phandles.pop(node, None)
        else:
            self.odd_phandles[node] = seen
        largest = self._largest
        if largest is not None:
            self._largest = None if was >= largest[0] else (max(largest[0], seen), largest[1])

    def largest_phandles(self) -> tuple[int, int]:
        """Give the largest phandle as libfdt counts, and as the kernel counts (without POISON).

        Found at first use, kept while no node with the largest number goes.
        Source: libfdt fdt_find_max_phandle; kernel live_tree_max_phandle.
        """
        if self._largest is None:
            live = self._largest_number()
            boot = max(live, POISON) if POISON in self.by_phandle else live
            if self.odd_phandles:
                boot = max(map(boot_phandle, self.walk()))
            self._largest = (boot, live)
        return self._largest

    def _largest_number(self) -> int:
        """Give the largest phandle but POISON, by a heap that may hold numbers that have gone.

        So asking again and again while the largest comes and goes costs no walk over all.
        """
        numbers = self.by_phandle
        heap = self._numbers
        if heap is None:
            heap = self._numbers = [-number for number in numbers]
            heapify(heap)
        while heap and (-heap[0] not in numbers or -heap[0] == POISON):
            heappop(heap)
        return -heap[0] if heap else 0

    def restore_largest(self, largest: tuple[int, int] | None) -> None:
        """Put back what largest_phandles gave before changes that are all reverted now.

        None: it is found again when it is asked for.
        """
        self._largest = largest

    def dissolve(self) -> None:
        """Take the tree apart, which nobody may use any more: its memory is free at once.

        Parents and children hold each other, so a tree stays until the collector of cycles has
        looked at all there is. Where trees come and go by the hundred, that takes a third of the
        time of reading them.
        """
        for node in self.root.walk():
            node.parent = None

    # -- names ---------------------------------------------------------------------------------

    def first_children(self, parent: Node, *, fold: bool) -> dict[str, Node]:
        """Map short names to the first child in tree order that has them; kept until it changes.

        Short is the name in lower case if fold, else the name without unit address.
        """
        known = self._first_children.get((parent, fold))
        if known is None:
            first: dict[str, Node] = {}
            count: dict[str, int] = {}
            for child in self.children_of(parent):
                short = _short(child.name, fold)
                first.setdefault(short, child)
                count[short] = count.get(short, 0) + 1
            known = self._first_children[parent, fold] = (first, count)
        return known[0]

    def note_child(self, parent: Node, child: Node, *, head: bool) -> None:
        """Enter a new child, first or last of its parent's, into the maps of first_children."""
        for fold in (False, True) if self._first_children else ():
            known = self._first_children.get((parent, fold))
            if known is not None:
                first, count = known
                short = _short(child.name, fold)
                if head or short not in first:
                    first[short] = child
                count[short] = count.get(short, 0) + 1

    def drop_child(self, parent: Node, child: Node) -> None:
        """Take a child that has just gone out of the maps of first_children."""
        for fold in (False, True) if self._first_children else ():
            known = self._first_children.get((parent, fold))
            if known is None:
                continue
            first, count = known
            short = _short(child.name, fold)
            count[short] -= 1
            if not count[short]:
                del first[short], count[short]
            elif first[short] is child:
                others = self.children_of(parent)
                first[short] = next(one for one in others if _short(one.name, fold) == short)

    def forget_children(self, parent: Node) -> None:
        """Drop the maps of first_children for a parent that lost or regained a child."""
        if self._first_children:
            self._first_children.pop((parent, False), None)
            self._first_children.pop((parent, True), None)

    # -- symbols -------------------------------------------------------------------------------

    @property
    def symbols(self) -> Node | None:
        """Give the `/__symbols__` node."""
        return self.root.children.get("__symbols__")

    @property
    def aliases(self) -> Node | None:
        """Give the `/aliases` node."""
        return self.root.children.get("aliases")

    def labels_of(self, node: Node) -> tuple[str, ...]:
        """Give the labels of a node: from the source text, else from `/__symbols__`."""
        return self.labels.get(node) or self._symbol_labels().get(node.path, ())

    def _symbol_labels(self) -> dict[str, tuple[str, ...]]:
        if self._labels_by_path is None:
            found: dict[str, list[str]] = {}
            symbols = self.symbols
            for label, value in symbols.properties.items() if symbols else ():
                path = text(value)
                if path:
                    found.setdefault(path, []).append(plain_name(label))
            self._labels_by_path = {path: tuple(labels) for path, labels in found.items()}
        return self._labels_by_path

    def forget_labels(self) -> None:
        """Drop what labels_of keeps; called when `/__symbols__` changed."""
        self._labels_by_path = None

    # -- look-up -------------------------------------------------------------------------------

    def find(self, path: str) -> Node | None:
        """Find a node by its exact full path; `/` is the root."""
        if path == "/":
            return self.root
        if not path.startswith("/"):
            return None
        node = self.root
        for name in path[1:].split("/"):
            child = node.children.get(name)
            if child is None:
                return None
            node = child
        return node

    def origin_of(self, node: Node, key: str | None = None) -> Origin | None:
        """Tell who brought a node, or its property; None: the base."""
        if key is not None:
            own = self.origins.get((node, key))
            if own is not None:
                return own
        above: Node | None = node
        while above is not None:
            found = self.origins.get(above)
            if found is not None:
                return found
            above = above.parent
        return None


def _headed(entries: list[_T], count: int) -> list[_T]:
    return entries[: -count - 1 : -1] + entries[:-count]


def _short(name: str, fold: bool) -> str:
    return name.lower() if fold else name.partition("@")[0]
