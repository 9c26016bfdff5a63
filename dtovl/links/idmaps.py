"""Rules of `iommu-map` and `msi-map`: rows of id base, phandle, output base, length.

Since Linux 7.2 a row holds as many output cells as `#iommu-cells` or `#msi-cells` of its target.
Source: kernel of_map_id, of_check_bad_map (drivers/of/base.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.cells import cells
from dtovl.model.entries import MOST_ARGUMENTS, read_count
from dtovl.model.supplierbindings import Binding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.links.visit import Visit

_ROW = 4
_ALL = 0xFFFFFFFF

# Rows that later ones are held against; real maps have some tens.
_MOST_SPANS = 500

# What the provider of the maps counts that the kernel reads in the old way.
_BAD_WIDTH = 2

ID_MAPS = {
    "iommu-map": Binding("iommu-map", "args", strength="strict", kind="iommu"),
    "msi-map": Binding("msi-map", "args", strength="no", kind="msi"),
}


class _Row(NamedTuple):
    """A row: where it stands, in cells from the start, and what it says."""

    place: int
    base: int
    number: int
    outs: tuple[int, ...]
    length: int


def judge_id_map(visit: Visit, name: str, value: bytes) -> None:
    """Judge a map row by row; a row whose id base the mask hides ends the kernel's search."""
    board = visit.board
    rows = list(_rows(visit, name, value))
    mask = read_count(visit.node, f"{name}-mask")
    mask = _ALL if mask is None else mask
    spans: list[tuple[int, int, int]] = []
    for index, row in enumerate(rows):
        if row.base & ~mask:
            visit.error("L019", name, row=index, base=row.base, mask=mask)
            return
        supplier = board.tree.by_phandle.get(row.number) if row.number else None
        if supplier is None:
            visit.dangling(name, index, row.place + 1, row.number)
        if row.length:
            if supplier is not None:
                _judge_overlap(visit, name, index, row, spans)
            if len(spans) < _MOST_SPANS:
                spans.append((index, row.base, row.base + row.length))
        elif supplier is not None:
            visit.info("L020", name, row=index, reason="empty")
        if supplier is None:
            continue
        visit.link(name, index, ID_MAPS[name], supplier, (row.base, *row.outs, row.length))
        disabled = board.disabled_at(supplier)
        if name == "iommu-map" and disabled is not None and visit.available:
            visit.info("L023", name, index=index, supplier=supplier.path, disabled=disabled.path)


def _rows(visit: Visit, name: str, value: bytes) -> Iterator[_Row]:
    """Split a map into rows; say so where it does not divide."""
    numbers = cells(value)
    if visit.board.wide_maps and value and not len(value) % 4 and not _is_narrow(visit, name):
        yield from _wide_rows(visit, name, numbers)
    elif not value or len(value) % (4 * _ROW):
        visit.error("L018", name, length=len(value))
    else:
        for place in range(0, len(numbers), _ROW):
            base, number, out, length = numbers[place : place + _ROW]
            yield _Row(place, base, number, (out,), length)


def _is_narrow(visit: Visit, name: str) -> bool:
    """Tell whether a map is one of those that give one cell to a provider that counts two.

    Source: kernel of_check_bad_map.
    """
    numbers = cells(visit.node.properties[name])
    if len(numbers) % _ROW or _width(visit, name, numbers[1]) != _BAD_WIDTH:
        return False
    rows = range(0, len(numbers), _ROW)
    return all(numbers[at + 1] == numbers[1] and numbers[at + 3] == 1 for at in rows)


def _width(visit: Visit, name: str, number: int) -> int | None:
    """Count the cells that the target of a row wants; None where there is no target."""
    target = visit.board.tree.by_phandle.get(number) if number else None
    if target is None:
        return None
    count = read_count(target, f"#{name.removesuffix('-map')}-cells")
    return 1 if count is None else count


def _wide_rows(visit: Visit, name: str, numbers: tuple[int, ...]) -> Iterator[_Row]:
    """Split a map into rows as wide as their targets want; one without target is the last."""
    place, end = 0, len(numbers)
    while place < end:
        width = None
        if place + 1 < end:
            width = _width(visit, name, numbers[place + 1])
            if width is None:
                yield _Row(place, numbers[place], numbers[place + 1], (), 0)
                return
        last = place + _ROW - 1 + (width or 0)
        if width is None or width > MOST_ARGUMENTS or last > end:
            visit.error("L018", name, length=4 * end)
            return
        outs = numbers[place + 2 : last - 1]
        yield _Row(place, numbers[place], numbers[place + 1], outs, numbers[last - 1])
        place = last


def _judge_overlap(
    visit: Visit, name: str, index: int, row: _Row, spans: list[tuple[int, int, int]]
) -> None:
    """Say that a row meets an earlier one, which wins."""
    for other, start, end in spans:
        if row.base < end and start < row.base + row.length:
            visit.warning("L020", name, row=index, reason=f"overlaps row {other}")
            return
