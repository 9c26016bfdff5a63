"""The address of a device as a CPU sees it: `reg` taken through the `ranges` of the buses above.

Addresses of some buses begin with a cell of flags, which tells kinds of memory apart.
Source: kernel of_address_to_resource, __of_translate_address, of_translate_one, of_busses
(drivers/of/address.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.live.objects import Oops
from dtovl.model.cells import cells, text
from dtovl.script.lookup import stem_of, visit
from dtovl.script.reading import read_u32

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node

_MOST_CELLS = 4
_SIGN = 0x8000_0000
_WHOLE = 0xFFFF_FFFF_FFFF_FFFF
_FLAG_IO = 0x100
_FLAG_MEMORY = 0x200
_PCI_TYPES = ("pci", "pciex", "vci", "ht")


class _Bus(NamedTuple):
    """A kind of bus: property of addresses, cells of flags, and fixed numbers of cells or None."""

    kind: str
    addresses: str
    flag_cells: int
    counts: tuple[int, int] | None


_PCI = _Bus("pci", "assigned-addresses", 1, (3, 2))
_ISA = _Bus("isa", "reg", 1, (2, 1))
_FLAGGED = _Bus("default-flags", "reg", 1, None)
_PLAIN = _Bus("default", "reg", 0, None)


def find_resource(live: Live, device: Node, index: int) -> tuple[int, int] | str:
    """Give first and last address of an entry of `reg`, or an error.

    Addresses of input/output space are -EINVAL: no host bridge has registered any.
    """
    live.check_path(device)
    parent = device.parent
    bus = None if parent is None else _bus(live, parent)
    if parent is None or bus is None:
        return "-EINVAL"
    visit(live, parent)
    address_cells, size_cells = _counts(live, bus, device)
    if not 0 < address_cells <= _MOST_CELLS:
        return "-EINVAL"
    entry = _entry(live, device, bus.addresses, index, address_cells, size_cells)
    if entry is None:
        return "-EINVAL"
    flags = _flags(bus, entry[0])
    start = None
    if flags & (_FLAG_MEMORY | _FLAG_IO):
        start = _translate(live, device, bus, entry[:address_cells], size_cells)
    if start is None or start == _WHOLE or not flags & _FLAG_MEMORY:
        return "-EINVAL"
    size = _number(entry[address_cells:])
    if live.dialect.strict_addresses and size and start + size - 1 > _WHOLE:
        return "-EOVERFLOW"
    return start, start + size - 1 & _WHOLE


def _entry(
    live: Live, device: Node, name: str, index: int, address_cells: int, size_cells: int
) -> tuple[int, ...] | None:
    """Give the cells of one entry; sums of numbers of cells are unsigned in the kernel."""
    value = live.property(device, name)
    width = address_cells + size_cells
    if value is None or index < 0 or width < 0 or (index + 1) * width > len(value) // 4:
        return None
    if size_cells < 0:
        raise Oops("#size-cells is negative: sizes are read without end", device)
    return cells(value[4 * index * width : 4 * (index + 1) * width])


def _translate(
    live: Live, device: Node, bus: _Bus, address: tuple[int, ...], size_cells: int
) -> int | None:
    """Take an address up to the root, bus by bus; None where a bus does not let it through."""
    if size_cells <= 0:
        return None
    node = device.parent
    while node is not None and node.parent is not None:
        above = node.parent
        visit(live, above)
        outer = _bus(live, above)
        if outer is None:
            return None
        outer_cells, outer_sizes = _counts(live, outer, node)
        if not 0 < outer_cells <= _MOST_CELLS or outer_sizes <= 0:
            live.print(3, f"OF: Bad cell count for {node.kernel_path}")
            return None
        moved = _through(live, node, bus, outer, address, size_cells, outer_cells)
        if moved is None:
            return None
        address, bus, size_cells, node = moved, outer, outer_sizes, above
    return _number(address)


def _through(
    live: Live,
    node: Node,
    bus: _Bus,
    outer: _Bus,
    address: tuple[int, ...],
    size_cells: int,
    outer_cells: int,
) -> tuple[int, ...] | None:
    """Take an address through the `ranges` of one bus; empty ranges let everything through."""
    ranges = live.property(node, "ranges")
    if ranges is None:
        return None
    if not ranges:
        flags = address[: outer.flag_cells]
        base = (*flags, *(0,) * (outer_cells - len(flags)))
        return _plus(outer, base, _number(address))
    inner = len(address)
    step = inner + outer_cells + size_cells
    for place in range(0, len(ranges) // 4 - step + 1, step):
        row = cells(ranges[4 * place : 4 * (place + step)])
        offset = _offset(bus, address, row[:inner], _number(row[inner + outer_cells :]))
        if offset is not None:
            return _plus(outer, row[inner : inner + outer_cells], offset)
    return None


def _offset(bus: _Bus, address: tuple[int, ...], start: tuple[int, ...], size: int) -> int | None:
    """Tell how far into a range an address lies; None: not in it, or of another kind."""
    if bus.flag_cells and not _same_kind(bus, address[0], start[0]):
        return None
    first = _number(start[bus.flag_cells :])
    number = _number(address[bus.flag_cells :])
    if first <= number < (first + size & _WHOLE):
        return number - first
    return None


def _same_kind(bus: _Bus, one: int, other: int) -> bool:
    if bus is _FLAGGED:
        return one == other
    if bus is _ISA:
        return not (one ^ other) & 1
    return _flags(bus, one) == _flags(bus, other)


def _plus(bus: _Bus, base: tuple[int, ...], offset: int) -> tuple[int, ...]:
    """Add to an address of a bus, beside its flags; it counts 64 bits at most."""
    flags, numbers = base[: bus.flag_cells], base[bus.flag_cells :]
    total = _number(numbers) + offset & _WHOLE
    last = (total >> 32, total & 0xFFFF_FFFF)[-len(numbers) :]
    return (*flags, *(0,) * (len(numbers) - len(last)), *last)


def _flags(bus: _Bus, first: int) -> int:
    """Tell memory from input/output space by the first cell of an address."""
    if bus is _PLAIN:
        return _FLAG_MEMORY
    if bus is _FLAGGED:
        return first
    if bus is _ISA:
        return _FLAG_IO if first & 1 else _FLAG_MEMORY
    space = first >> 24 & 3
    return _FLAG_MEMORY if space > 1 else _FLAG_IO if space else 0


def _bus(live: Live, node: Node) -> _Bus | None:
    """Tell what kind of bus a node is. Source: kernel of_match_bus."""
    if live.dialect.pci_bus and _is_pci(live, node):
        return _PCI
    if stem_of(node) == "isa":
        return _ISA
    if live.dialect.strict_addresses and live.property(node, "#address-cells") is None:
        return None
    return _FLAGGED if _count(live, node, "#address-cells") == 3 else _PLAIN


def _is_pci(live: Live, node: Node) -> bool:
    kind = text(live.property(node, "device_type") or b"")
    return kind in _PCI_TYPES or stem_of(node) == "pcie"


def _counts(live: Live, bus: _Bus, child: Node) -> tuple[int, int]:
    """Give the numbers of cells of addresses and sizes of the children of a bus, as C ints."""
    if bus.counts is not None:
        return bus.counts
    node = child.parent or child
    return _count(live, node, "#address-cells"), _count(live, node, "#size-cells")


def _count(live: Live, node: Node, name: str) -> int:
    above: Node | None = node
    while above is not None:
        found = read_u32(live, above, name)
        if not isinstance(found, str):
            return found - 2 * _SIGN if found & _SIGN else found
        above = above.parent
    return 1


def _number(parts: tuple[int, ...]) -> int:
    """Read cells as one number, of which the last 64 bits count."""
    number = 0
    for part in parts[-2:]:
        number = number << 32 | part
    return number
