"""Rules of `iommu-map` and `msi-map`. Source: kernel of_map_id (drivers/of/base.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.maprows import narrow_rows, wide_rows
from dtovl.model.entries import read_count
from dtovl.model.supplierbindings import Binding

if TYPE_CHECKING:
    from dtovl.links.maprows import Row
    from dtovl.links.visit import Visit

_ALL = 0xFFFFFFFF

# Rows that later ones are held against; real maps have some tens.
_MOST_SPANS = 500

ID_MAPS = {
    "iommu-map": Binding("iommu-map", "args", strength="strict", kind="iommu"),
    "msi-map": Binding("msi-map", "args", strength="no", kind="msi"),
}


def judge_id_map(visit: Visit, name: str, value: bytes) -> None:
    """Judge a map row by row; a row whose id base the mask hides ends the kernel's search."""
    board = visit.board
    rows = _rows(visit, name, value)
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


def _rows(visit: Visit, name: str, value: bytes) -> list[Row]:
    """Split a map into rows; say so where it does not divide."""
    rows: list[Row] | None
    if visit.board.wide_maps:
        rows, whole = wide_rows(name, value, visit.board.tree.by_phandle)
    else:
        rows = narrow_rows(value)
        whole = rows is not None
    if not whole:
        visit.error("L018", name, length=len(value))
    return rows or []


def _judge_overlap(
    visit: Visit, name: str, index: int, row: Row, spans: list[tuple[int, int, int]]
) -> None:
    """Say that a row meets an earlier one, which wins."""
    for other, start, end in spans:
        if row.base < end and start < row.base + row.length:
            visit.warning("L020", name, row=index, reason=f"overlaps row {other}")
            return
