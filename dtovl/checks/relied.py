"""What an overlay relies on in a base: labels, paths, nodes it changes, counts of cells, devices.

Found on the plain base, with nothing in force. A need names its node by where the overlay starts to
look (the anchor: `&label`, a path, an alias, or a phandle that is written out) and the names below
that, so it can be looked up in any other base. It says what was there in plain values: a list of
needs can be written down, and held against a base long after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from dtovl.checks.lines import interrupt_parent
from dtovl.model.address import bus_address, counts
from dtovl.model.bindings import pattern_of
from dtovl.model.cells import boot_text, cell, strings, text
from dtovl.model.node import plain_name
from dtovl.model.paths import Miss, find_merge_child, find_path, top_node
from dtovl.model.specifiers import MAX_PHANDLE, SYMBOLS
from dtovl.overlay.fragments import find_phandle, node_phandle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.diagnostics import Location
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Fragment, Overlay

Kind = Literal["board", "label", "path", "node", "device", "cells", "absent"]
"""What has to be there: a board with one of these `compatible`; a label with a phandle; a path; a
node to merge with; a device with one of these `compatible`; as many cells; no node of a name that
the overlay makes. In the order in which needs of one node hang on each other."""

MOST_NEEDS = 10_000
"""Most needs of one overlay that are looked into (of 5,700 real pairs none has 500)."""

MOST_USES = 50
"""Most places that are kept for one need."""

_KINDS = get_args(Kind)

PARENT = ".."
"""Stands among the names below an anchor for the node above."""

# `interrupts` says nothing of who counts its cells: the node's interrupt parent does.
INHERITED = "interrupts"

_ADDRESSED = ("reg", "ranges", "dma-ranges")
_ADDRESS_CELLS = ("#address-cells", "#size-cells")
_PINS = ("pinctrl-single,pins", "pinctrl-single,bits")
_INTERRUPT_CELLS = "#interrupt-cells"
_COUNTED_ELSEWHERE = frozenset({"args", "nexus"})


class Device(NamedTuple):
    """A node as the old base has it; address is the one that a CPU sees, None where none does."""

    path: str
    labels: tuple[str, ...] = ()
    compatible: tuple[str, ...] = ()
    address: int | None = None


class Use(NamedTuple):
    """A node of the overlay that needs something, the property ("" for none), and its place."""

    path: str
    property: str = ""
    at: Location | None = None


class Need(NamedTuple):
    """One thing that an overlay relies on.

    name is the property that counts cells, INHERITED for that of the interrupt parent, and cells
    what it says; "" and None for other needs. was is the node that is meant; of a node that must
    not be there, the one above.
    """

    kind: Kind
    anchor: str
    below: tuple[str, ...]
    name: str
    cells: int | None
    was: Device
    uses: tuple[Use, ...] = ()

    @property
    def spot(self) -> tuple[str, tuple[str, ...]]:
        """Give the anchor and the names below it."""
        return self.anchor, self.below


def compatible_of(node: Node) -> tuple[str, ...]:
    """Give the strings of `compatible`."""
    return tuple(strings(node.properties.get("compatible", b"")) or ())


def describe(tree: Tree, node: Node) -> Device:
    """Describe a node by what it can be found again by."""
    return Device(node.path, tree.labels_of(node), compatible_of(node), bus_address(node))


def find_anchor(tree: Tree, anchor: str, dialect: Dialect) -> Node | None:
    """Find the node that an anchor stands for."""
    if anchor.startswith("<"):
        digits = anchor[1:-1]
        return find_phandle(tree, int(digits), dialect) if digits.isdecimal() else None
    if anchor.startswith("&"):
        symbols = top_node(tree, SYMBOLS, dialect)
        value = None if symbols is None else symbols.properties.get(anchor[1:])
        if not value:
            return None
        anchor = boot_text(value)
    found = find_path(tree, anchor, dialect) if anchor else Miss.FORM
    return None if isinstance(found, Miss) else found


def find_below(
    tree: Tree, start: Node | None, below: tuple[str, ...], dialect: Dialect
) -> Node | None:
    """Follow names as an overlay's children are merged."""
    node = start
    for name in below:
        if node is None:
            return None
        node = node.parent if name == PARENT else find_merge_child(tree, node, name, dialect)
    return node


def count_cells(tree: Tree, node: Node, name: str) -> int | None:
    """Give how many cells a node wants, None where nothing says it."""
    if name in _ADDRESS_CELLS:
        return counts(node)[_ADDRESS_CELLS.index(name)]
    if name == INHERITED:
        parent = interrupt_parent(tree, node)
        if parent is None:
            return None
        node, name = parent, _INTERRUPT_CELLS
    value = node.properties.get(name)
    return cell(value) if value is not None and len(value) >= 4 else None


def needs_of(overlay: Overlay, tree: Tree, dialect: Dialect) -> list[Need]:
    """List what an overlay relies on, as far as a plain base has it.

    What another overlay, or another fragment, brings is no need. Each stands once, with all its
    uses, behind those that it hangs on.
    """
    return sorted(_Finder(overlay, tree, dialect).needs(), key=rank)


def rank(need: Need) -> tuple[object, ...]:
    """Give what sorts needs so that each stands behind those that it hangs on."""
    return need.anchor, need.below, _KINDS.index(need.kind), need.name


class _Spot(NamedTuple):
    """A node of the base as the overlay reaches it."""

    anchor: str
    below: tuple[str, ...]
    node: Node


class _Finder:
    """Collects needs. spots has, per node of the overlay that merges with the base, with which."""

    def __init__(self, overlay: Overlay, tree: Tree, dialect: Dialect) -> None:
        self._overlay = overlay
        self._tree = tree
        self._dialect = dialect
        self._plan = overlay.plan(dialect)
        self._spots: dict[Node, _Spot] = {}
        self._labels: dict[tuple[Node, str], dict[int, str]] = {}
        self._local: dict[tuple[Node, str], list[int]] = {}
        for recipe in self._plan.recipes:
            key = (recipe.node, recipe.key)
            self._local[key] = recipe.local
            self._labels[key] = {
                offset: self._plan.fixups[index].label for offset, index in recipe.outside
            }
        self._found: dict[tuple[Kind, str, tuple[str, ...], str], Need] = {}
        self._described: dict[Node, Device] = {}
        self._own_counts: frozenset[tuple[Node, str]] | None = None

    def needs(self) -> list[Need]:
        self._board()
        for fixup in self._plan.fixups:
            spot = self._spot(f"&{fixup.label}")
            if spot is not None and node_phandle(self._tree, spot.node, self._dialect):
                sites = fixup.sites[:MOST_USES]
                uses = [self._use(site.node, site.key) for site in sites]
                self._add("label", spot, *uses)
        for fragment in self._overlay.fragments:
            self._fragment(fragment)
        self._referred()
        contents = [fragment.content for fragment in self._overlay.fragments]
        for content in contents:
            for node in content.walk():
                self._cells(node, top=node is content)
        return list(self._found.values())

    # -- what is there -----------------------------------------------------------------------------

    def _board(self) -> None:
        own = compatible_of(self._overlay.tree.root)
        base = self._tree.root
        if own and not set(own).isdisjoint(compatible_of(base)):
            # What the overlay asks for is what counts, not what else the old board was.
            was = self._describe(base)._replace(compatible=own)
            use = self._use(self._overlay.tree.root, "compatible")
            self._found["board", "/", (), ""] = Need("board", "/", (), "", None, was, (use,))

    def _fragment(self, fragment: Fragment) -> None:
        """Take a fragment's target, and what its children merge with."""
        anchor, key = self._anchor(fragment)
        spot = self._spot(anchor) if anchor else None
        if spot is None:
            return
        if not anchor.startswith("&"):
            self._add("path", spot, self._use(fragment.node, key))
        stack = [(fragment.content, spot)]
        while stack:
            node, spot = stack.pop()
            self._spots[node] = spot
            self._device(node, spot, fragment)
            for child in node.children.values():
                match = find_merge_child(self._tree, spot.node, child.name, self._dialect)
                below = (*spot.below, child.name)
                if match is None:
                    self._add("absent", spot._replace(below=below), self._use(child))
                else:
                    merged = _Spot(spot.anchor, below, match)
                    self._add("node", merged, self._use(child))
                    stack.append((child, merged))

    def _anchor(self, fragment: Fragment) -> tuple[str, str]:
        """Tell what a fragment names its target by, "" for what is not of the base; and where."""
        node = fragment.node
        value = node.properties.get("target")
        if value is not None and len(value) >= 4:
            label = self._labels.get((node, "target"), {}).get(0)
            number = cell(value)
            if label is not None:
                return f"&{label}", "target"
            if self._local.get((node, "target")) or number > MAX_PHANDLE:
                return "", ""
            if number:
                return f"<{number}>", "target"
        return text(node.properties.get("target-path", b"")) or "", "target-path"

    def _device(self, node: Node, spot: _Spot, fragment: Fragment) -> None:
        """Take the device that is changed: a driver has to know it for the change to matter."""
        was = self._describe(spot.node)
        if "compatible" in node.properties:
            was = was._replace(compatible=())
        if was.compatible or was.address is not None:
            use = self._use(node)
            if node is fragment.content:
                use = self._use(fragment.node, self._anchor(fragment)[1])
            self._add("device", spot, use, was=was)

    def _referred(self) -> None:
        """Take devices that are only referred to: which one is meant matters, not its driver."""
        for fixup in self._plan.fixups:
            spot = self._spot(f"&{fixup.label}")
            was = None if spot is None else self._describe(spot.node)._replace(compatible=())
            key: tuple[Kind, str, tuple[str, ...], str] = ("device", f"&{fixup.label}", (), "")
            if spot is not None and was and was.address is not None and key not in self._found:
                uses = [self._use(site.node, site.key) for site in fixup.sites[:MOST_USES]]
                self._add("device", spot, *uses, was=was)

    # -- how values are read -----------------------------------------------------------------------

    def _cells(self, node: Node, *, top: bool) -> None:
        for key, value in node.properties.items():
            name = plain_name(key)
            if name in _ADDRESSED:
                for counted in _ADDRESS_CELLS if value else ():
                    self._count_above(node, counted, self._use(node, key), top=top)
            elif name in _PINS:
                self._count_above(node, "#pinctrl-cells", self._use(node, key), top=top)
            elif name == "interrupts":
                self._interrupts(node, key)
            elif name == "gpios" and "gpio-hog" in node.properties:
                self._count_above(node, "#gpio-cells", self._use(node, key), top=top)
            elif value.startswith(b"/"):
                self._path_value(node, key, value)
            else:
                self._references(node, key, value)

    def _references(self, node: Node, key: str, value: bytes) -> None:
        """Take the counts of cells by which the arguments behind phandles are told apart."""
        site = (node, key)
        if site not in self._labels:
            return
        pattern = pattern_of(plain_name(key))
        if pattern is None or pattern.shape not in _COUNTED_ELSEWHERE:
            return
        for label in dict.fromkeys(self._labels[site].values()):
            self._count(self._spot(f"&{label}"), pattern.cells, self._use(node, key))
        for offset in self._local[site]:
            owner = self._overlay.tree.by_phandle.get(cell(value, offset))
            if owner is not None:
                self._count(self._spots.get(owner), pattern.cells, self._use(node, key))

    def _interrupts(self, node: Node, key: str) -> None:
        use = self._use(node, key)
        one: Node | None = node
        while one is not None:
            named = one.properties.get("interrupt-parent")
            if named is not None:
                label = self._labels.get((one, "interrupt-parent"), {}).get(0)
                local = self._local.get((one, "interrupt-parent"))
                spot = self._spot(f"&{label}") if label is not None else None
                if local and len(named) >= 4:
                    owner = self._overlay.tree.by_phandle.get(cell(named))
                    spot = None if owner is None else self._spots.get(owner)
                self._count(spot, _INTERRUPT_CELLS, use)
                return
            if one in self._spots:
                self._count(self._spots[one], INHERITED, use)
                return
            one = one.parent
            if one is not None and one not in self._spots and _INTERRUPT_CELLS in one.properties:
                return

    def _count_above(self, node: Node, name: str, use: Use, *, top: bool) -> None:
        """Take the count that a node above one of the overlay gives, if that is one of the base."""
        if top:
            spot = self._spots.get(node)
            if spot is not None and spot.node.parent is not None:
                above = _Spot(spot.anchor, (*spot.below, PARENT), spot.node.parent)
                self._count(above, name, use)
            return
        above_node = node.parent
        while above_node is not None and name not in above_node.properties:
            if above_node in self._spots:
                spot = self._spots[above_node]
                if name in _ADDRESS_CELLS or name in spot.node.properties:
                    self._count(spot, name, use)
                    return
            above_node = above_node.parent

    def _count(self, spot: _Spot | None, name: str, use: Use) -> None:
        if spot is None or (spot.node, name) in self._said():
            return
        count = count_cells(self._tree, spot.node, name)
        if count is not None:
            self._add("cells", spot, use, name=name, cells=count)

    def _said(self) -> frozenset[tuple[Node, str]]:
        """Give nodes of the base with the counts of cells that the overlay itself gives them."""
        if self._own_counts is None:
            self._own_counts = frozenset(
                (spot.node, plain_name(key))
                for node, spot in self._spots.items()
                for key in node.properties
                if key.startswith("#")
            )
        return self._own_counts

    def _path_value(self, node: Node, key: str, value: bytes) -> None:
        """Take a path of the base that is spelled out, as in /aliases and /chosen."""
        whole = strings(value)
        if whole is not None and len(whole) == 1 and value != b"/\0":
            spot = self._spot(whole[0].partition(":")[0])
            if spot is not None:
                self._add("path", spot, self._use(node, key))

    # -- the list ----------------------------------------------------------------------------------

    def _spot(self, anchor: str) -> _Spot | None:
        node = find_anchor(self._tree, anchor, self._dialect)
        return None if node is None else _Spot(anchor, (), node)

    def _add(
        self,
        kind: Kind,
        spot: _Spot,
        *uses: Use,
        name: str = "",
        cells: int | None = None,
        was: Device | None = None,
    ) -> None:
        key = (kind, spot.anchor, spot.below, name)
        there = self._found.get(key)
        if there is not None:
            if len(there.uses) < MOST_USES:
                self._found[key] = there._replace(uses=(*there.uses, *uses))
            return
        if len(self._found) >= MOST_NEEDS:
            return
        was = self._describe(spot.node) if was is None else was
        self._found[key] = Need(kind, spot.anchor, spot.below, name, cells, was, uses)

    def _describe(self, node: Node) -> Device:
        found = self._described.get(node)
        if found is None:
            found = self._described[node] = describe(self._tree, node)
        return found

    def _use(self, node: Node, key: str = "") -> Use:
        return Use(node.path, plain_name(key), next(self._places(node, key), None))

    def _places(self, node: Node, key: str) -> Iterator[Location]:
        """Give the places of a property, of its node, and of the nodes above it."""
        positions = self._overlay.tree.positions
        if key and (node, key) in positions:
            yield positions[node, key]
        above: Node | None = node
        while above is not None and positions:
            if above in positions:
                yield positions[above]
            above = above.parent
