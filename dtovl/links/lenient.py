"""The simulation without a table of drivers: a driver for everything, and good will.

A board that ships works, so what is known to be missing on shipping boards is taken as not needed.
What does not bind then cannot bind whatever the drivers are like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.board import compatibles, is_below
from dtovl.links.drivertable import Driver, DriverTable
from dtovl.links.population import is_bus

_FIRMWARE = "firmware"
_DMA = "dmas"
_OWN_KINDS = {"clocks": "#clock-cells", "phys": "#phy-cells"}
_UNKNOWN = "L001"

if TYPE_CHECKING:
    from dtovl.links.board import Board
    from dtovl.links.early import Early
    from dtovl.links.link import Link
    from dtovl.model.node import Node


def drivers_for(board: Board, fw_devlink: str, *, strict: bool, modules: bool) -> DriverTable:
    """Make a table with a driver per first string of `compatible`, in order of appearance."""
    names: dict[str, None] = {}
    for node in board.tree.walk():
        if node.parent is not None:
            names.update(dict.fromkeys(compatibles(node)[:1]))
    drivers = tuple(Driver(name, (name,), populates=True) for name in names)
    return DriverTable(fw_devlink, strict, modules, frozenset(), drivers)


def unserved(board: Board, early: Early) -> set[Node]:
    """Find the nodes with `compatible` that nobody makes a device of.

    They lie in a container without `compatible` of the root or of a bus, such as /clocks, or below
    one of themselves, or of those that are set up early.
    """
    tree = board.tree
    found: set[Node] = set()
    # What becomes of a child with `compatible`, and of one in a container.
    stack = [(top, True, False) for top in tree.children_of(tree.root)]
    while stack:
        node, served, through = stack.pop()
        if "compatible" in node.properties:
            if not served:
                found.add(node)
            served = served and node not in early
            through = served and not is_bus(node)
        elif node.parent is tree.root and node.name == _FIRMWARE:
            served, through = True, False
        else:
            served = through
        stack.extend((child, served, through) for child in tree.children_of(node))
    return found


class Leniency:
    """Tells which suppliers are taken as not needed."""

    __slots__ = ("_early",)

    def __init__(self, early: Early) -> None:
        self._early = early

    def excuses(self, device: Node, name: str, rule: str) -> bool:
        """Tell whether a list may break a rule: one for DMA, or of parents that are not there."""
        return name == _DMA or (rule == _UNKNOWN and _is_own_kind(device, name))

    def spares(self, device: Node, link: Link) -> bool:
        """Tell whether a device is taken to work without a supplier, apart from cycles.

        That is one below itself, one for DMA, and for a provider the parent of its own kind where
        that is disabled or never comes.
        """
        if link.property == _DMA or is_below(link.supplier, device):
            return True
        if not _is_own_kind(device, link.property):
            return False
        return not link.usable or self._early.anchor(link.supplier) is None


def _is_own_kind(device: Node, name: str) -> bool:
    """Tell whether a property names parents of what a device itself provides."""
    return _OWN_KINDS.get(name) in device.properties
