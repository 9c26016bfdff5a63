"""Rules of `iommu-map` and `msi-map`: rows of id base, phandle, output base, length.

Source: kernel of_map_id (drivers/of/base.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import cells
from dtovl.model.entries import read_count
from dtovl.model.supplierbindings import Binding

if TYPE_CHECKING:
    from dtovl.links.visit import Visit

_ROW = 4
_ALL = 0xFFFFFFFF

ID_MAPS = {
    "iommu-map": Binding("iommu-map", "args", strength="strict", kind="iommu"),
    "msi-map": Binding("msi-map", "args", strength="no", kind="msi"),
}


def judge_id_map(visit: Visit, name: str, value: bytes) -> None:
    """Judge a map row by row; a row whose id base the mask hides ends the kernel's search."""
    if not value or len(value) % (4 * _ROW):
        visit.error("L018", name, length=len(value))
        return
    board = visit.board
    numbers = cells(value)
    mask = read_count(visit.node, f"{name}-mask")
    mask = _ALL if mask is None else mask
    spans: list[tuple[int, int, int]] = []
    for row in range(len(numbers) // _ROW):
        base, number, out, length = numbers[row * _ROW : (row + 1) * _ROW]
        if base & ~mask:
            visit.error("L019", name, row=row, base=base, mask=mask)
            return
        supplier = board.tree.by_phandle.get(number) if number else None
        if supplier is None:
            visit.dangling(name, row, row * _ROW + 1, number)
            continue
        _span(visit, name, row, (base, length), spans)
        visit.link(name, row, ID_MAPS[name], supplier, (base, out, length))
        disabled = board.disabled_at(supplier)
        if name == "iommu-map" and disabled is not None and visit.available:
            visit.info("L023", name, index=row, supplier=supplier.path, disabled=disabled.path)


def _span(
    visit: Visit, name: str, row: int, span: tuple[int, int], spans: list[tuple[int, int, int]]
) -> None:
    """Say that a row is empty, or meets an earlier one, which wins."""
    base, length = span
    if not length:
        visit.info("L020", name, row=row, reason="empty")
        return
    for other, start, end in spans:
        if base < end and start < base + length:
            visit.warning("L020", name, row=row, reason=f"overlaps row {other}")
            break
    spans.append((row, base, base + length))
