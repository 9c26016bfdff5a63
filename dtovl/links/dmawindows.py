"""What a device can address by DMA: `dma-ranges` of the buses above, taken up to the CPU.

Source: kernel of_dma_get_range, __of_get_dma_parent (drivers/of/address.c), of_dma_configure_id
(drivers/of/device.c) of Linux 6.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.address import counts
from dtovl.model.cells import cells, strings
from dtovl.model.entries import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dtovl.model.node import Node

_ADDRESS = 0xFFFF_FFFF_FFFF_FFFF
_MOST_CELLS = 4
_MOST_BUSES = 1024


class Window(NamedTuple):
    """Addresses from bus on, as the device writes them, that a CPU sees from cpu on; bytes."""

    bus: int
    cpu: int
    size: int


class Reach(NamedTuple):
    """What `dma-ranges` of one bus let a device address; at is that bus."""

    at: Node
    windows: tuple[Window, ...]


def dma_parent(node: Node, by_phandle: Mapping[int, Node]) -> Node | None:
    """Give the bus that a node's DMA goes over: its `dma-mem` interconnect, else its parent."""
    names = strings(node.properties.get("interconnect-names", b"")) or []
    if "dma-mem" in names:
        wanted = names.index("dma-mem")
        value = node.properties.get("interconnects", b"")
        for entry in decode(value, by_phandle, "#interconnect-cells"):
            if entry.index == wanted and not entry.problem:
                return entry.node
    return node.parent


def dma_reach(node: Node, by_phandle: Mapping[int, Node]) -> Reach | None:
    """Tell what a device can address; None: as far as its driver says, one to one.

    The first bus with `dma-ranges` that are not empty counts. A bus without the property ends the
    search, but for the first one. Rows that lead nowhere further up are dropped.
    """
    bus = dma_parent(node, by_phandle)
    for passed in range(_MOST_BUSES):
        if bus is None:
            return None
        ranges = bus.properties.get("dma-ranges")
        if ranges:
            found = (_upwards(bus, row, by_phandle) for row in _rows(bus))
            return Reach(bus, tuple(window for window in found if window is not None))
        if ranges is None and passed:
            return None
        bus = dma_parent(bus, by_phandle)
    return None


def _rows(bus: Node) -> Iterator[Window]:
    """Split the `dma-ranges` of a bus: address below it, address above it, size."""
    if bus.parent is None:
        return
    inner, sizes = counts(bus)
    outer = counts(bus.parent)[0]
    step = inner + outer + sizes
    if not 0 < step <= 3 * _MOST_CELLS:
        return
    numbers = cells(bus.properties["dma-ranges"])
    for start in range(0, len(numbers) - step + 1, step):
        row = numbers[start : start + step]
        yield Window(
            _number(row[:inner]), _number(row[inner : inner + outer]), _number(row[inner + outer :])
        )


def _upwards(bus: Node, row: Window, by_phandle: Mapping[int, Node]) -> Window | None:
    """Take a row's address up to the CPU; None where a bus does not let it through."""
    address = row.cpu
    above = dma_parent(bus, by_phandle)
    for _ in range(_MOST_BUSES):
        if above is None or above.parent is None:
            return row._replace(cpu=address)
        if above.properties.get("dma-ranges"):
            fits = [one for one in _rows(above) if one.bus <= address < one.bus + one.size]
            if not fits:
                return None
            address += fits[0].cpu - fits[0].bus
        above = dma_parent(above, by_phandle)
    return None


def _number(parts: tuple[int, ...]) -> int:
    number = 0
    for part in parts:
        number = number << 32 | part
    return number & _ADDRESS
