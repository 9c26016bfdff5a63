"""Addresses as a CPU sees them: `reg` taken through the `ranges` of the buses above.

Addresses of some buses begin with a cell of flags, which tells kinds of memory apart.
Source: kernel of_address_to_resource, of_translate_address, of_translate_one, of_busses
(drivers/of/address.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.live.objects import Oops
from dtovl.model.cells import cell, cells, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.model.address import Get
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node

MOST_CELLS = 4
"""How many cells an address has at most (kernel OF_MAX_ADDR_CELLS)."""

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


def _pass_by(_node: Node) -> None:
    """Do nothing about a node that is passed on the way up."""


class AddressSpace:
    """Takes addresses of nodes up to the root of their tree.

    get tells values of properties; complain is called with the text of each line that the kernel
    logs as an error; visit is called with each bus on the way, on which a reference is taken and
    dropped.
    """

    __slots__ = ("_complain", "_dialect", "_get", "_visit")

    def __init__(
        self,
        dialect: Dialect,
        get: Get,
        complain: Callable[[str], None],
        visit: Callable[[Node], None] = _pass_by,
    ) -> None:
        self._dialect = dialect
        self._get = get
        self._complain = complain
        self._visit = visit

    def resource(self, device: Node, index: int) -> tuple[int, int] | str:
        """Give first and last address of an entry of `reg`, or an error.

        Addresses of input/output space are -EINVAL: no host bridge has registered any. Raises Oops.
        Source: kernel __of_address_to_resource.
        """
        parent = device.parent
        bus = None if parent is None else self._bus(parent)
        if parent is None or bus is None:
            return "-EINVAL"
        self._visit(parent)
        address_cells, size_cells = self._counts(bus, parent)
        if not 0 < address_cells <= MOST_CELLS:
            return "-EINVAL"
        entry = self._entry(device, bus.addresses, index, address_cells, size_cells)
        if entry is None:
            return "-EINVAL"
        flags = _flags(bus, entry[0])
        start = None
        if flags & (_FLAG_MEMORY | _FLAG_IO):
            start = self._translate(device, bus, entry[:address_cells], size_cells)
        if start is None or start == _WHOLE or not flags & _FLAG_MEMORY:
            return "-EINVAL"
        size = _number(entry[address_cells:])
        if self._dialect.strict_addresses and size and start + size - 1 > _WHOLE:
            return "-EOVERFLOW"
        return start, start + size - 1 & _WHOLE

    def width(self, device: Node) -> int:
        """Count the cells that are read as first address of a node; 0: none is read.

        Source: kernel __of_translate_address.
        """
        parent = device.parent
        bus = None if parent is None else self._bus(parent)
        if parent is None or bus is None:
            return 0
        address_cells, size_cells = self._counts(bus, parent)
        return address_cells if 0 < address_cells <= MOST_CELLS and size_cells > 0 else 0

    def translate(self, device: Node, address: tuple[int, ...]) -> int | None:
        """Take an address of a node up to the root; None where a bus does not let it through.

        address has as many cells as width tells. Source: kernel of_translate_address.
        """
        parent = device.parent
        bus = None if parent is None else self._bus(parent)
        if parent is None or bus is None:
            return None
        found = self._translate(device, bus, address, self._counts(bus, parent)[1])
        return None if found == _WHOLE else found

    def _entry(
        self, device: Node, name: str, index: int, address_cells: int, size_cells: int
    ) -> tuple[int, ...] | None:
        """Give the cells of one entry; sums of numbers of cells are unsigned in the kernel."""
        value = self._get(device, name)
        width = address_cells + size_cells
        if value is None or index < 0 or width < 0 or (index + 1) * width > len(value) // 4:
            return None
        if size_cells < 0:
            raise Oops("#size-cells is negative: sizes are read without end", device)
        return cells(value[4 * index * width : 4 * (index + 1) * width])

    def _translate(
        self, device: Node, bus: _Bus, address: tuple[int, ...], size_cells: int
    ) -> int | None:
        if size_cells <= 0:
            return None
        node = device.parent
        while node is not None and node.parent is not None:
            above = node.parent
            self._visit(above)
            outer = self._bus(above)
            if outer is None:
                return None
            outer_cells, outer_sizes = self._counts(outer, above)
            if not 0 < outer_cells <= MOST_CELLS or outer_sizes <= 0:
                self._complain(f"OF: Bad cell count for {node.kernel_path}")
                return None
            ranges = self._get(node, "ranges")
            moved = None
            if ranges is not None:
                moved = _through(ranges, bus, outer, address, size_cells, outer_cells)
            if moved is None:
                return None
            address, bus, size_cells, node = moved, outer, outer_sizes, above
        return _number(address)

    def _bus(self, node: Node) -> _Bus | None:
        """Tell what kind of bus a node is. Source: kernel of_match_bus."""
        dialect = self._dialect
        if dialect.pci_bus and self._is_pci(node):
            return _PCI
        if _stem(node) == "isa":
            return _ISA
        if dialect.strict_addresses and self._get(node, "#address-cells") is None:
            return None
        return _FLAGGED if self._count(node, "#address-cells") == 3 else _PLAIN

    def _is_pci(self, node: Node) -> bool:
        kind = text(self._get(node, "device_type") or b"")
        return kind in _PCI_TYPES or _stem(node) == "pcie"

    def _counts(self, bus: _Bus, node: Node) -> tuple[int, int]:
        """Give the numbers of cells of addresses and sizes below a bus, as C ints."""
        if bus.counts is not None:
            return bus.counts
        return self._count(node, "#address-cells"), self._count(node, "#size-cells")

    def _count(self, node: Node, name: str) -> int:
        above: Node | None = node
        while above is not None:
            value = self._get(above, name)
            if value is not None and len(value) >= 4:
                found = cell(value)
                return found - 2 * _SIGN if found & _SIGN else found
            above = above.parent
        return 1


def _through(
    ranges: bytes,
    bus: _Bus,
    outer: _Bus,
    address: tuple[int, ...],
    size_cells: int,
    outer_cells: int,
) -> tuple[int, ...] | None:
    """Take an address through the `ranges` of one bus; empty ranges let everything through."""
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


def _stem(node: Node) -> str:
    return node.name.rpartition("/")[2].partition("@")[0]


def _number(parts: tuple[int, ...]) -> int:
    """Read cells as one number, of which the last 64 bits count."""
    number = 0
    for part in parts[-2:]:
        number = number << 32 | part
    return number
