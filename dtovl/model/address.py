"""Addresses of devices: `reg` taken through the `ranges` of the buses above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import cell, cells, strings

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.model.node import Node

    Get = Callable[[Node, str], bytes | None]

_MOST_CELLS = 4


def property_of(node: Node, name: str) -> bytes | None:
    """Give the value of a property as it is now; other views of a tree have another such."""
    return node.properties.get(name)


def bus_address(node: Node, get: Get = property_of) -> int | None:
    """Give the address that a CPU sees for the first entry of `reg`; None when there is none.

    get tells the values of properties.
    Source: kernel of_translate_address, of_bus_default_map (drivers/of/address.c).
    """
    reg = get(node, "reg")
    parent = node.parent
    if reg is None or parent is None:
        return None
    address_cells, size_cells = counts(parent, get)
    if not _usable(address_cells, size_cells) or len(reg) < 4 * address_cells:
        return None
    address = _number(cells(reg[: 4 * address_cells]))
    while parent.parent is not None:
        above = parent.parent
        outer_cells, outer_sizes = counts(above, get)
        if not _usable(outer_cells, outer_sizes):
            return None
        found = _mapped(parent, get, address, (address_cells, outer_cells, size_cells))
        if found is None:
            return None
        # What does not fit into the cells of the outer bus is cut off.
        address = found & 0xFFFF_FFFF if outer_cells == 1 else found
        address_cells, size_cells = outer_cells, outer_sizes
        parent = above
    return address


def _usable(address_cells: int, size_cells: int) -> bool:
    """Tell whether addresses with so many cells can be translated (kernel OF_CHECK_COUNTS)."""
    return 0 < address_cells <= _MOST_CELLS and size_cells > 0


def counts(node: Node, get: Get = property_of) -> tuple[int, int]:
    """Give #address-cells and #size-cells for the children of a node, as the kernel finds them.

    The kernel looks further up when a node does not say, and takes 1 and 1 in the end.
    Source: kernel of_bus_n_addr_cells, of_bus_n_size_cells.
    """
    return _count(node, get, "#address-cells"), _count(node, get, "#size-cells")


def _count(node: Node | None, get: Get, name: str) -> int:
    while node is not None:
        value = get(node, name)
        if value is not None and len(value) >= 4:
            return cell(value)
        node = node.parent
    return 1


def _mapped(bus: Node, get: Get, address: int, widths: tuple[int, int, int]) -> int | None:
    """Take an address through the `ranges` of a bus; widths: cells of the parts of an entry."""
    inner, outer, sizes = widths
    ranges = get(bus, "ranges")
    kinds = strings(get(bus, "device_type") or b"")
    if ranges is None or (kinds and kinds[0] in ("pci", "pciex")):
        return None
    if not ranges:
        return address
    numbers = cells(ranges)
    step = inner + outer + sizes
    for start in range(0, len(numbers) - step + 1, step):
        child = _number(numbers[start : start + inner])
        above = _number(numbers[start + inner : start + inner + outer])
        size = _number(numbers[start + inner + outer : start + step])
        if child <= address < child + size:
            return above + address - child
    return None


def _number(parts: tuple[int, ...]) -> int:
    number = 0
    for part in parts:
        number = number << 32 | part
    return number & 0xFFFF_FFFF_FFFF_FFFF
