"""Interrupts: who the interrupt parent is, and where maps lead.

Source: kernel of_irq_find_parent, of_irq_parse_one, of_irq_parse_raw (drivers/of/irq.c);
Devicetree Specification v0.4, 2.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.links.board import Parent, compatibles, is_okay
from dtovl.links.lists import judge_names
from dtovl.model.cells import cell, cells
from dtovl.model.entries import MOST_ARGUMENTS, read_count
from dtovl.model.supplierbindings import Binding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.links.board import Board
    from dtovl.links.visit import Visit
    from dtovl.model.node import Node

INTERRUPTS = Binding("interrupts", "args", "#interrupt-cells", strength="on", kind="interrupt")

# Controllers whose interrupt-map is for their driver alone (kernel of_irq_imap_abusers).
OWN_MAPS = frozenset(
    {
        "CBEA,platform-spider-pic",
        "sti,platform-spider-pic",
        "realtek,rtl-intc",
        "fsl,ls1021a-extirq",
        "fsl,ls1043a-extirq",
        "fsl,ls1088a-extirq",
        "renesas,rza1-irqc",
        "pasemi,rootbus",
    }
)

_UNIT_CELLS = 3
_ADDRESS_CELLS = 2
_ALL = 0xFFFFFFFF


class Ends(NamedTuple):
    """The end of a walk through maps: a controller, or a nexus without a row; or neither."""

    controller: Node | None
    nexus: Node | None = None


def find_parent(board: Board, node: Node) -> Parent:
    """Find the interrupt parent of a node: the next one with `#interrupt-cells`."""
    known, by_phandle = board.interrupt_parents, board.tree.by_phandle
    walked: dict[Node, None] = {}
    child = node
    while True:
        found = known.get(child)
        if found is not None:
            break
        if child in walked:
            found = Parent(None)
            break
        walked[child] = None
        above, broken = step_up(child, by_phandle)
        if above is None or "#interrupt-cells" in above.properties:
            found = Parent(above, broken)
            break
        child = above
    known.update(dict.fromkeys(walked, found))
    return found


def step_up(child: Node, by_phandle: Mapping[int, Node]) -> Parent:
    """Give the next node on the way to the interrupt parent, or who names one that is not there."""
    number = read_count(child, "interrupt-parent")
    if number is None:
        return Parent(child.parent)
    above = by_phandle.get(number)
    return Parent(above, child if above is None else None)


def judge_interrupts(visit: Visit, value: bytes) -> None:
    """Judge `interrupts`: its parent, its length, its names, and where each entry leads."""
    node = visit.node
    if not value:
        return
    extended = node.properties.get("interrupts-extended")
    parent, broken = find_parent(visit.board, node)
    if extended:
        _both(visit, value, extended, parent)
        return
    if len(value) % 4:
        visit.error("L004", "interrupts", length=len(value))
    if parent is None:
        if broken is None:
            visit.error("L012", "interrupts")
        else:
            if broken is not node:
                visit.error("L037", "interrupts", via=broken.path)
        return
    width = read_count(parent, "#interrupt-cells")
    if not width:
        return
    if "interrupt-controller" not in parent.properties and "interrupt-map" not in parent.properties:
        if visit.available:
            visit.warning("L013", "interrupts", supplier=parent.path)
        else:
            visit.info("L013", "interrupts", supplier=parent.path)
    count, surplus = divmod(len(value) // 4, width)
    if surplus and not len(value) % 4:
        visit.error("L014", "interrupts", cells=len(value) // 4, want=width, supplier=parent.path)
    elif not len(value) % 4:
        names = node.properties.get("interrupt-names")
        judge_names(visit, "interrupts", count, names)
    _follow(visit, parent, cells(value), width, count)


def _both(visit: Visit, value: bytes, extended: bytes, parent: Node | None) -> None:
    """Say that `interrupts` is not read; a board that adds a wake-up line repeats the first."""
    same = False
    supplier = visit.board.tree.by_phandle.get(cell(extended)) if len(extended) >= 4 else None
    if parent is not None and supplier is parent:
        width = read_count(parent, "#interrupt-cells") or 0
        size = 4 * width
        same = (
            0 < size <= min(len(value), 4 * MOST_ARGUMENTS)
            and value[:size] == extended[4 : 4 + size]
        )
    say = visit.info if same else visit.warning
    say("L015", "interrupts")


def _follow(visit: Visit, parent: Node, numbers: tuple[int, ...], width: int, count: int) -> None:
    """Follow each entry to its controller; one link for each different one."""
    if takes(parent):
        if count:
            visit.link("interrupts", 0, INTERRUPTS, parent, numbers[:width])
        return
    ended: set[Node] = set()
    lost = False
    walk = Walk(visit)
    for index in range(count):
        specifier = numbers[index * width : (index + 1) * width]
        found = walk.follow(parent, specifier)
        if found.controller is not None and found.controller not in ended:
            ended.add(found.controller)
            visit.link("interrupts", index, INTERRUPTS, found.controller, specifier)
        elif found.nexus is not None and not lost:
            lost = True
            visit.error("L017", "interrupts", supplier=found.nexus.path)
        if visit.board.map_rows < 0:
            return


def takes(node: Node) -> bool:
    """Tell whether a node takes interrupts itself."""
    if "interrupt-controller" not in node.properties:
        return False
    return "interrupt-map" not in node.properties or keeps_map(node)


def keeps_map(node: Node) -> bool:
    """Tell whether an interrupt-map is for the driver of its controller alone."""
    return "interrupt-controller" in node.properties and not OWN_MAPS.isdisjoint(compatibles(node))


def address_cells_at(board: Board, node: Node) -> int:
    """Count the address cells at a node, or at the next one above that says it."""
    known = board.address_cells
    walked: list[Node] = []
    found = _ADDRESS_CELLS
    above: Node | None = node
    while above is not None:
        if above in known:
            found = known[above]
            break
        walked.append(above)
        count = read_count(above, "#address-cells")
        if count is not None:
            found = count
            break
        above = above.parent
    known.update(dict.fromkeys(walked, found))
    return found


class Walk:
    """Follows interrupts of one node through maps."""

    __slots__ = ("_maps", "_reg", "_visit")

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._reg = cells(visit.node.properties.get("reg", b"")[: 4 * _UNIT_CELLS])
        self._maps: dict[Node, tuple[tuple[int, ...], tuple[int, ...] | None]] = {}

    def follow(self, start: Node, specifier: tuple[int, ...]) -> Ends:
        """Follow one interrupt from its parent."""
        board = self._visit.board
        count = address_cells_at(board, start)
        if count + len(specifier) > MOST_ARGUMENTS:
            return Ends(None)
        unit = (*self._reg, *(0,) * count)[:count]
        node: Node | None = start
        seen: set[tuple[Node, tuple[int, ...], tuple[int, ...]]] = set()
        while node is not None:
            state = (node, unit, specifier)
            if state in seen or board.map_rows < 0:
                return Ends(None)
            seen.add(state)
            if takes(node):
                return Ends(node)
            if "interrupt-map" not in node.properties:
                node = find_parent(board, node).node
                continue
            row = self._row(node, unit + specifier)
            if row is None:
                return Ends(None)
            above, unit, specifier = row
            if above is None:
                return Ends(None, node)
            if above is node:
                return Ends(node)
            node = above
        return Ends(None)

    def _row(
        self, nexus: Node, wanted: tuple[int, ...]
    ) -> tuple[Node | None, tuple[int, ...], tuple[int, ...]] | None:
        """Find the row that fits: its parent, unit address and specifier.

        (None, (), ()): no row fits; None: the map is broken before one does.
        """
        table, mask = self._map(nexus)
        width, place, end = len(wanted), 0, len(table)
        board = self._visit.board
        while end - place > width + 1:
            board.map_rows -= 1
            if board.map_rows < 0:
                return None
            fits = not any(
                (one ^ other) & bits
                for one, other, bits in zip(
                    table[place : place + width], wanted, _bits(mask, width), strict=True
                )
            )
            number = table[place + width]
            parent = board.tree.by_phandle.get(number)
            place += width + 1
            if parent is None:
                return None
            count = read_count(parent, "#interrupt-cells")
            if count is None:
                return None
            units = read_count(parent, "#address-cells") or 0
            if units + count > MOST_ARGUMENTS:
                return None
            last = place + units + count
            if last > end:
                break
            if fits and is_okay(parent):
                return parent, table[place : place + units], table[place + units : last]
            place = last
        return None, (), ()

    def _map(self, nexus: Node) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
        known = self._maps.get(nexus)
        if known is None:
            mask = nexus.properties.get("interrupt-map-mask")
            known = self._maps[nexus] = (
                cells(nexus.properties["interrupt-map"]),
                None if mask is None else cells(mask),
            )
        return known


def _bits(mask: tuple[int, ...] | None, width: int) -> tuple[int, ...]:
    """Give a mask as long as what it is laid over; what it lacks is all ones."""
    return ((mask or ()) + (_ALL,) * width)[:width]
