"""The interrupt of a device: its controller and what it is called there.

Source: kernel of_irq_parse_one, of_irq_parse_raw, of_irq_find_parent (drivers/of/irq.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes import live as codes
from dtovl.links.interrupts import OWN_MAPS
from dtovl.live.objects import Oops
from dtovl.model.cells import cell, cells
from dtovl.script.lookup import find_phandle, visit
from dtovl.script.reading import ALL_BITS, compatible_score, is_available, read_cells, read_u32
from dtovl.script.specifier import MOST_ARGUMENTS, Given, Rows, matches, parse

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node

# Cells of `reg` that are kept to be compared with a map.
_UNIT_CELLS = 3

# What a node counts that says nothing, nor do those above it.
_ADDRESS_CELLS = 2


class _Row(NamedTuple):
    """Where a row of a map leads: arguments of the interrupt; unit address and arguments."""

    node: Node
    arguments: tuple[int, ...]
    matched: tuple[int, ...]


def parse_interrupt(live: Live, device: Node, index: int) -> Given | str:
    """Give controller and arguments of one interrupt of a device, or an error.

    Raises Oops where the kernel would not come back, or write over its stack.
    """
    if not live.dialect.irq_domains:
        return "-EINVAL"
    live.check_path(device)
    found = parse(live, device, "interrupts-extended", "#interrupt-cells", -1, index)
    if isinstance(found, str):
        parent = find_parent(live, device)
        width = "-EINVAL" if parent is None else read_u32(live, parent, "#interrupt-cells")
        if isinstance(width, str):
            return "-EINVAL"
        arguments = _own_arguments(live, device, index, width)
        if isinstance(arguments, str):
            return arguments
        found = Given(parent, arguments)
    assert found.node is not None
    return _follow(live, device, found.node, found.arguments)


def find_parent(live: Live, child: Node) -> Node | None:
    """Find the interrupt parent: the next node that counts interrupt cells.

    Raises Oops when `interrupt-parent` properties lead in a circle.
    """
    seen: set[Node] = set()
    while True:
        if child in seen:
            raise Oops("interrupt-parent leads back to itself: the look-up never ends", child)
        seen.add(child)
        number = read_u32(live, child, "interrupt-parent")
        above = child.parent if isinstance(number, str) else find_phandle(live, number)
        if above is None:
            return None
        visit(live, above)
        if live.property(above, "#interrupt-cells") is not None:
            return above
        child = above


def _own_arguments(live: Live, device: Node, index: int, width: int) -> tuple[int, ...] | str:
    """Take the arguments out of `interrupts`; numbers of cells wrap at 32 bits."""
    found: list[int] = []
    value = live.property(device, "interrupts")
    for position in range(width):
        if value is None:
            return "-EINVAL"
        place = index * width + position & ALL_BITS
        if len(value) < ((place + 1 & ALL_BITS) * 4 & ALL_BITS):
            return "-EOVERFLOW"
        if place * 4 + 4 > len(value):
            raise Oops("interrupts is read far beyond its end", device)
        if position == MOST_ARGUMENTS:
            raise Oops(f"an interrupt of {width} cells is written over the stack", device)
        found.append(cell(value, place * 4))
    return tuple(found)


def _follow(live: Live, device: Node, start: Node, arguments: tuple[int, ...]) -> Given | str:
    """Follow the interrupt from its parent through maps up to a controller."""
    width = read_u32(live, start, "#interrupt-cells")
    if width != len(arguments):
        return "-EINVAL"
    address_cells = _address_cells(live, start)
    if _too_many(address_cells, len(arguments), start):
        return "-EFAULT"
    matched = (*_unit(live, device, address_cells), *arguments)
    node: Node | None = start
    named = start
    rows = Rows()
    seen: set[tuple[Node, tuple[int, ...], int]] = set()
    while node is not None:
        state = (node, matched, len(arguments))
        if state in seen:
            raise Oops("the interrupt is led in a circle: the look-up never ends", node)
        seen.add(state)
        table = live.property(node, "interrupt-map")
        if _is_controller(live, node, table):
            return Given(named, arguments)
        if table is None:
            node = find_parent(live, node)
            if node is not None and live.dialect.irq_names_parent:
                named = node
            continue
        row = _matching_row(live, node, cells(table), matched, rows)
        if row is None:
            return "-EINVAL"
        if row.node is node:
            return Given(node, row.arguments)
        node = named = row.node
        arguments, matched = row.arguments, row.matched
    return "-ENOENT"


def _is_controller(live: Live, node: Node, table: bytes | None) -> bool:
    if live.property(node, "interrupt-controller") is None:
        return False
    return table is None or any(compatible_score(live, node, name) for name in OWN_MAPS)


def _address_cells(live: Live, node: Node) -> int:
    """Count the address cells at a node, or the next one above that says it."""
    above: Node | None = node
    while above is not None:
        visit(live, above)
        value = live.property(above, "#address-cells")
        if value is not None:
            return read_cells(live, above, "#address-cells", 1, 0)[0]
        above = above.parent
    return _ADDRESS_CELLS


def _unit(live: Live, device: Node, count: int) -> tuple[int, ...]:
    """Give the unit address of a device in so many cells, 0 where it has none."""
    value = live.property(device, "reg") or b""
    kept = cells(value[: 4 * _UNIT_CELLS].ljust(4 * _UNIT_CELLS, b"\0"))
    if count > _UNIT_CELLS:
        live.find(codes.READ_BEYOND, device, name="reg")
    return (*kept, *(0,) * MOST_ARGUMENTS)[:count]


def _matching_row(
    live: Live, node: Node, table: tuple[int, ...], matched: tuple[int, ...], rows: Rows
) -> _Row | None:
    """Find the row of an interrupt-map that fits; None also for a map that is malformed."""
    mask = read_cells(live, node, "interrupt-map-mask", len(matched), ALL_BITS)
    place = 0
    while len(table) - place > len(matched) + 1:
        rows.take(node)
        fits = matches(matched, table, place, mask)
        place += len(matched)
        parent = find_phandle(live, table[place])
        place += 1
        width = "-EINVAL" if parent is None else read_u32(live, parent, "#interrupt-cells")
        if parent is None or isinstance(width, str):
            return None
        unit = read_u32(live, parent, "#address-cells")
        unit = 0 if isinstance(unit, str) else unit
        if _too_many(unit, width, parent) or len(table) - place < unit + width:
            return None
        last = place + unit + width
        if fits and is_available(live, parent):
            return _Row(parent, table[last - width : last], table[place:last])
        place = last
    return None


def _too_many(unit: int, width: int, node: Node) -> bool:
    """Tell whether cells exceed what the kernel has room for; their sum wraps at 32 bits."""
    if unit + width <= MOST_ARGUMENTS:
        return False
    if (unit + width & ALL_BITS) <= MOST_ARGUMENTS:
        raise Oops("the numbers of cells run over when they are added", node)
    return True
