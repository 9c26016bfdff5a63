"""What rules and simulation ask of a tree again and again, answered once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.cells import strings
from dtovl.model.supplierbindings import BINDINGS

if TYPE_CHECKING:
    from dtovl.links.link import Link
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Bindings
    from dtovl.model.tree import Tree

NO_CONSUMERS = ("__symbols__", "aliases", "__fixups__", "__local_fixups__")
"""Children of the root whose properties are names and paths, whatever they are called."""

LAYOUT = "nvmem-layout"
# Steps to find hints, all together.
_MOST_STEPS = 2_000_000

# Rows of interrupt maps, for all interrupts together; real boards need some hundreds.
_MOST_ROWS = 300_000

_OKAY = (b"okay", b"ok")


class Parent(NamedTuple):
    """The end of a walk to the interrupt parent: the parent, or who names one that is not there."""

    node: Node | None
    broken: Node | None = None


class Board:
    """A tree, and what is known of its nodes; it must not outlive a change of the tree.

    wide_maps: rows of id maps are read as newer kernels do (Dialect.wide_id_maps);
    map_rows counts down the rows of interrupt maps that are looked at, so that looking ends;
    interrupt_parents and address_cells keep what dtovl.links.interrupts found by walking up.
    """

    __slots__ = (
        "_devices",
        "_disabled",
        "_hints",
        "_steps",
        "address_cells",
        "bindings",
        "interrupt_parents",
        "map_rows",
        "tree",
        "wide_maps",
    )

    def __init__(
        self, tree: Tree, bindings: Bindings = BINDINGS, *, wide_maps: bool = False
    ) -> None:
        self.tree = tree
        self.bindings = bindings
        self.wide_maps = wide_maps
        self.interrupt_parents: dict[Node, Parent] = {}
        self.address_cells: dict[Node, int] = {}
        self._hints: dict[tuple[Node, str], Node | None] = {}
        self.map_rows = _MOST_ROWS
        self._steps = _MOST_STEPS
        self._disabled: dict[Node, Node | None] = {}
        self._devices: dict[Node, Node | None] = {}

    def disabled_at(self, node: Node) -> Node | None:
        """Give the first node, from node upwards, whose status is not okay; None: available."""
        known = self._disabled
        chain: list[Node] = []
        found: Node | None = None
        above: Node | None = node
        while above is not None:
            if above in known:
                found = known[above]
                break
            chain.append(above)
            above = above.parent
        for one in reversed(chain):
            found = known[one] = one if not is_okay(one) else found
        return found

    def available(self, node: Node) -> bool:
        """Tell whether neither the node nor one above it is disabled."""
        return self.disabled_at(node) is None

    def device_of(self, node: Node) -> Node | None:
        """Give the nearest node, itself first, with `compatible`; never the root."""
        known = self._devices
        chain: list[Node] = []
        found: Node | None = None
        above: Node | None = node
        while above is not None and above.parent is not None:
            if above in known:
                found = known[above]
                break
            chain.append(above)
            if "compatible" in above.properties:
                found = above
                break
            above = above.parent
        for one in chain:
            known[one] = found
        return found

    def who_counts(self, node: Node, cells_name: str) -> Node | None:
        """Find who was meant by one without cells_name: the nearest above, else the first below.

        In trees where very many suppliers lack it, those asked last get no answer.
        """
        key = (node, cells_name)
        if key not in self._hints:
            self._hints[key] = self._find_counting(node, cells_name)
        return self._hints[key]

    def _find_counting(self, node: Node, cells_name: str) -> Node | None:
        above = node.parent
        while above is not None:
            if cells_name in above.properties:
                return above
            self._steps -= 1
            above = above.parent
        for below in self.tree.walk(node):
            if self._steps < 0:
                return None
            self._steps -= 1
            if below is not node and cells_name in below.properties:
                return below
        return None

    def ends(self, link: Link) -> tuple[Node | None, Node | None]:
        """Give the devices at both ends of a link: consumer, supplier; None where there is none.

        The device of an nvmem cell is the one above it, and above its layout.
        """
        supplier: Node | None = link.supplier
        if link.property == "nvmem-cells":
            supplier = above_layout(link.supplier)
        return self.device_of(link.consumer), None if supplier is None else self.device_of(supplier)


def above_layout(cell: Node) -> Node | None:
    """Give the next device above an nvmem cell, or what is above its layout."""
    above = cell.parent
    while above is not None and "compatible" not in above.properties and above.name != LAYOUT:
        above = above.parent
    return above.parent if above is not None and above.name == LAYOUT else above


def is_okay(node: Node) -> bool:
    """Tell whether a node's own `status` lets it be used; none does.

    Source: kernel __of_device_is_available; a value without NUL is taken up to its end.
    """
    return is_on(node.properties.get("status"))


def is_on(status: bytes | None) -> bool:
    """Tell whether the value of a `status`, None without one, means okay."""
    return status is None or status.partition(b"\0")[0] in _OKAY


def compatibles(node: Node) -> list[str]:
    """List the strings of `compatible`, none where there is none or it is malformed."""
    value = node.properties.get("compatible")
    if not value:
        return []
    return strings(value) or value.decode("latin-1").split("\0")


def is_below(node: Node, above: Node) -> bool:
    """Tell whether a node lies below another one, however deep; not itself."""
    if not above.children:
        return False
    one = node.parent
    while one is not None:
        if one is above:
            return True
        one = one.parent
    return False
