"""Addresses of devices: `reg` taken through the `ranges` of the buses above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import cell, cells, strings

if TYPE_CHECKING:
    from dtovl.model.node import Node

_MOST_CELLS = 4


def bus_address(node: Node) -> int | None:
    """Give the address that a CPU sees for the first entry of `reg`; None when there is none.

    Source: kernel of_translate_address, of_bus_default_map (drivers/of/address.c).
    """
    reg = node.properties.get("reg")
    parent = node.parent
    if reg is None or parent is None:
        return None
    address_cells, size_cells = counts(parent)
    if not 0 < address_cells <= _MOST_CELLS or size_cells < 0 or len(reg) < 4 * address_cells:
        return None
    address = _number(cells(reg[: 4 * address_cells]))
    while parent.parent is not None:
        above = parent.parent
        outer_cells, _ = counts(above)
        if not 0 < outer_cells <= _MOST_CELLS:
            return None
        found = _mapped(parent, address, address_cells, outer_cells, size_cells)
        if found is None:
            return None
        address, address_cells = found, outer_cells
        size_cells = counts(above)[1]
        parent = above
    return address


def counts(node: Node) -> tuple[int, int]:
    """Give #address-cells and #size-cells for the children of a node, as the kernel finds them.

    The kernel looks further up when a node does not say, and takes 1 and 1 in the end.
    Source: kernel of_bus_n_addr_cells, of_bus_n_size_cells.
    """
    return _count(node, "#address-cells"), _count(node, "#size-cells")


def _count(node: Node | None, name: str) -> int:
    while node is not None:
        value = node.properties.get(name)
        if value is not None and len(value) >= 4:
            return cell(value)
        node = node.parent
    return 1


def _mapped(bus: Node, address: int, inner: int, outer: int, sizes: int) -> int | None:
    """Take an address through the `ranges` of a bus; cells of an entry: inner + outer + sizes."""
    ranges = bus.properties.get("ranges")
    kinds = strings(bus.properties.get("device_type", b""))
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
