"""Rows of `iommu-map` and `msi-map`: id base, phandle, output base, length.

Up to Linux 7.0 the output base is one cell. Since 7.1 it has as many cells as `#iommu-cells` or
`#msi-cells` of the target says, each row by its own.
Source: kernel of_map_id, of_check_bad_map (drivers/of/base.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.cells import cells
from dtovl.model.entries import MOST_ARGUMENTS, read_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.model.node import Node

ID_MAPS = ("iommu-map", "msi-map")

_ROW = 4

# What the target of the maps counts that the kernel reads in the old way.
_BAD_WIDTH = 2


class Row(NamedTuple):
    """A row: where it stands, in cells from the start, and what it says."""

    place: int
    base: int
    number: int
    outs: tuple[int, ...]
    length: int


def narrow_rows(value: bytes) -> list[Row] | None:
    """Split a map into rows of four cells; None where it does not divide."""
    if not value or len(value) % (4 * _ROW):
        return None
    numbers = cells(value)
    return [
        Row(place, numbers[place], numbers[place + 1], (numbers[place + 2],), numbers[place + 3])
        for place in range(0, len(numbers), _ROW)
    ]


def wide_rows(name: str, value: bytes, by_phandle: Mapping[int, Node]) -> tuple[list[Row], bool]:
    """Split a map into rows as wide as their targets want; tell whether that goes up to its end.

    A row whose target is not there is the last. A map that gives one cell to a target that counts
    two, with one target and rows of length 1 only, is read in the old way, as the kernel does.
    """
    numbers = cells(value)
    if not value or len(value) % 4:
        return [], False
    if _is_bad(name, numbers, by_phandle):
        return narrow_rows(value) or [], True
    rows: list[Row] = []
    place, end = 0, len(numbers)
    while place < end:
        if place + 1 == end:
            return rows, False
        base, number = numbers[place], numbers[place + 1]
        width = _width(name, number, by_phandle)
        if width is None:
            rows.append(Row(place, base, number, (), 0))
            return rows, True
        last = place + _ROW - 1 + width
        if width > MOST_ARGUMENTS or last > end:
            return rows, False
        rows.append(Row(place, base, number, numbers[place + 2 : last - 1], numbers[last - 1]))
        place = last
    return rows, True


def _width(name: str, number: int, by_phandle: Mapping[int, Node]) -> int | None:
    """Count the cells that the target of a row wants; None where there is no target."""
    target = by_phandle.get(number) if number else None
    if target is None:
        return None
    count = read_count(target, f"#{name.removesuffix('-map')}-cells")
    return 1 if count is None else count


def _is_bad(name: str, numbers: tuple[int, ...], by_phandle: Mapping[int, Node]) -> bool:
    if len(numbers) % _ROW or _width(name, numbers[1], by_phandle) != _BAD_WIDTH:
        return False
    rows = range(0, len(numbers), _ROW)
    return all(numbers[at + 1] == numbers[1] and numbers[at + 3] == 1 for at in rows)


def is_wide(name: str, value: bytes, by_phandle: Mapping[int, Node]) -> bool:
    """Tell whether a map makes sense in the way of newer kernels alone."""
    narrow = narrow_rows(value)
    if narrow is not None and all(row.number in by_phandle for row in narrow):
        return False
    rows, whole = wide_rows(name, value, by_phandle)
    return whole and bool(rows) and all(row.number in by_phandle for row in rows)


def map_rows(name: str, value: bytes, by_phandle: Mapping[int, Node]) -> list[Row]:
    """Split a map into rows in the way in which it makes sense."""
    if is_wide(name, value, by_phandle):
        return wide_rows(name, value, by_phandle)[0]
    return narrow_rows(value) or []
