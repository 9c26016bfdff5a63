"""Rules of `interrupt-map`, and of the phandle in `interrupt-parent`.

Source: Devicetree Specification v0.4, 2.4.3; kernel of_irq_parse_raw (drivers/of/irq.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.interrupts import address_cells_at, keeps_map
from dtovl.model.cells import cell, cells
from dtovl.model.entries import read_count
from dtovl.model.supplierbindings import Binding

if TYPE_CHECKING:
    from dtovl.links.visit import Visit
    from dtovl.model.node import Node

_MAP = Binding("interrupt-map", "args", "#interrupt-cells", strength="newer", kind="interrupt")


def judge_parent(visit: Visit, value: bytes, binding: Binding) -> None:
    """Judge `interrupt-parent`; one that names its own node is no link."""
    if len(value) % 4:
        visit.error("L004", "interrupt-parent", length=len(value))
    if len(value) < 4:
        return
    number = cell(value)
    parent = visit.board.tree.by_phandle.get(number) if number else None
    if parent is None:
        visit.error("L037", "interrupt-parent", phandle=number)
    elif parent is not visit.node:
        visit.link("interrupt-parent", 0, binding, parent)


def judge_map(visit: Visit, value: bytes) -> None:
    """Judge the rows of an interrupt-map, and the size of its mask."""
    node = visit.node
    if not value or keeps_map(node):
        return
    width = read_count(node, "#interrupt-cells")
    if width is None:
        visit.error("L016", "interrupt-map", reason="no #interrupt-cells")
        return
    width += address_cells_at(visit.board, node)
    _judge_rows(visit, value, width)
    mask = node.properties.get("interrupt-map-mask")
    if mask is not None and len(mask) != 4 * width:
        visit.warning(
            "L016", "interrupt-map-mask", reason="mask size", want=4 * width, have=len(mask)
        )


def _judge_rows(visit: Visit, value: bytes, width: int) -> None:
    """Judge the rows up to the first that is wrong; one link for each different parent."""
    table = cells(value)
    row, place, end = 0, 0, len(table)
    linked: set[Node] = set()
    reason = ""
    while place < end and not reason:
        parent = None
        if place + width >= end:
            reason = "truncated row"
            break
        number = table[place + width]
        parent = visit.board.tree.by_phandle.get(number) if number else None
        place += width + 1
        if parent is None:
            reason = "unknown parent"
            break
        count = read_count(parent, "#interrupt-cells")
        if count is None:
            reason = "parent without #interrupt-cells"
            break
        count += read_count(parent, "#address-cells") or 0
        if place + count > end:
            reason = "truncated row"
            break
        if parent not in linked:
            linked.add(parent)
            _link(visit, row, parent, table[place : place + count])
        place += count
        row += 1
    if not reason and len(value) % 4:
        reason = "truncated row"
    if reason:
        visit.error("L016", "interrupt-map", reason=reason, row=row)


def _link(visit: Visit, row: int, parent: Node, values: tuple[int, ...]) -> None:
    """Add a link; the kernel passes over rows of parents that are disabled, so nothing is said."""
    before = len(visit.findings)
    visit.link("interrupt-map", row, _MAP, parent, values)
    del visit.findings[before:]
