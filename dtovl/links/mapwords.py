"""Words for interrupts, `interrupt-map`, and maps of IOMMU and MSI ids (L012 to L020)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.links.board import Board
from dtovl.links.interrupts import address_cells_at, find_parent
from dtovl.links.telling import Blame, Words, counted, in_cells
from dtovl.model.cells import cells
from dtovl.model.entries import read_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.links.telling import Telling
    from dtovl.model.node import Node

_MAP = "interrupt-map"
_UNIT_CELLS = 3
_ROW = 16


def _no_parent(at: Telling) -> Words:
    return Words(
        "from the node up, by interrupt-parent where there is one, no node has #interrupt-cells; "
        "the lookup gives -EINVAL"
    )


def _no_controller(at: Telling) -> Words:
    supplier = at.details["supplier"]
    return Words(
        f"{supplier} has #interrupt-cells, but neither interrupt-controller nor interrupt-map: "
        "the kernel hands the interrupt, as it is, to the interrupt parent of that node",
        f"add `interrupt-controller;` to {at.reference('supplier')}, or name another "
        "interrupt-parent",
    )


def _interrupt_cells(at: Telling) -> Words:
    have, want = at.details["cells"], at.details["want"]
    supplier = at.found("supplier")
    key = "#interrupt-cells"
    blamed = () if supplier is None else (Blame(supplier, key, f"{key} is from"),)
    read = counted(have // want, "interrupt")
    return Words(
        f"{key} of {at.details['supplier']} is {want}: {read} can be read, "
        f"{counted(have % want, 'cell')} left over",
        f"write {counted(want, 'cell')} for each interrupt",
        more={"counted": counted(have, "cell")},
        blamed=blamed,
    )


def _both_forms(at: Telling) -> Words:
    blamed = (Blame(at.node, "interrupts-extended", "interrupts-extended is from"),)
    if at.severity is Severity.INFO:
        why = "both begin with the same line, as where a board adds a wake-up interrupt"
        return Words(why, "nothing to mend as a rule", blamed=blamed)
    return Words("the kernel reads interrupts-extended, and the two differ", blamed=blamed)


# -- interrupt-map ---------------------------------------------------------------------------------


class _Row(NamedTuple):
    """What decides how a row of an interrupt-map is read.

    number is the phandle that stands in it, None where the value ends before; parent its node;
    model the last parent that could be counted, of this row or the one before.
    """

    units: int
    specifier: int
    number: int | None
    parent: Node | None
    model: Node | None


def _find_row(at: Telling, wanted: int) -> _Row:
    """Go through the rows up to one of them, as the kernel does."""
    node = at.node
    units = address_cells_at(Board(at.tree), node)
    specifier = read_count(node, "#interrupt-cells") or 0
    table = cells(node.properties.get(_MAP, b""))
    place, model = 0, None
    for row in range(wanted + 1):
        place += units + specifier
        if place >= len(table):
            break
        number = table[place]
        parent = at.tree.by_phandle.get(number) if number else None
        count = None if parent is None else read_count(parent, "#interrupt-cells")
        if parent is not None and count is not None:
            model = parent
        if row == wanted or parent is None or count is None:
            return _Row(units, specifier, number, parent, model)
        place += 1 + count + (read_count(parent, "#address-cells") or 0)
    return _Row(units, specifier, None, None, model)


def _map_malformed(at: Telling) -> Words:
    details = at.details
    reason = details["reason"]
    if reason == "mask size":
        return _mask_size(at)
    if "row" not in details:
        return Words(
            "without it no row can be taken apart, and nobody below gets an interrupt",
            f"give {at.called(at.node, at.node.path)} its #interrupt-cells",
            more={"row_words": "", "fault": reason},
        )
    row = _find_row(at, details["row"])
    why, cure = _row_words(row, reason)
    more: dict[str, object] = {"row_words": f" row {details['row']}", "fault": reason}
    return Words(why, cure, more=more)


def _row_words(row: _Row, reason: str) -> tuple[str, str | None]:
    before = (
        f"before the phandle stand {counted(row.units, 'cell')} of address and "
        f"{row.specifier} of interrupt"
    )
    cure: str | None = None
    if reason == "parent without #interrupt-cells" and row.parent is not None:
        parent = row.parent.path
        cure = f"name an interrupt controller, or give {parent} its #interrupt-cells"
        return f"{before}; then the row names {parent}", cure
    model = row.model
    if model is not None:
        units = read_count(model, "#address-cells") or 0
        width = read_count(model, "#interrupt-cells") or 0
        before += f"; behind that of {model.path}, {units} of address and {width} of interrupt"
        cure = (
            f"write {row.units} + {row.specifier} cells, the phandle, {units} + {width} cells: "
            f"#address-cells of {model.path} itself count, {units} of them"
        )
    if reason == "unknown parent" and row.number is not None:
        return f"where the phandle should stand is {row.number:#x}, no node's; {before}", cure
    return f"the value ends within the row; {before}", cure


def _mask_size(at: Telling) -> Words:
    want, have = at.details["want"], at.details["have"]
    node = at.node
    units = address_cells_at(Board(at.tree), node)
    specifier = read_count(node, "#interrupt-cells") or 0
    return Words(
        f"{counted(units, 'cell')} of address and {specifier} of interrupt are compared; what the "
        "mask lacks counts as all ones",
        f"write {counted(want // 4, 'cell')}",
        more={"row_words": "", "fault": f"mask size: {have} bytes, want {want}"},
    )


def _no_row(at: Telling) -> Words:
    nexus = at.found("supplier")
    why = (
        "unit address and interrupt, cut by interrupt-map-mask, are those of no row with a parent "
        "that is enabled"
    )
    if nexus is None or find_parent(Board(at.tree), at.node).node is not nexus:
        return Words(why)
    unit = (*cells(at.node.properties.get("reg", b""))[:_UNIT_CELLS], *(0,) * _UNIT_CELLS)
    unit = unit[: min(address_cells_at(Board(at.tree), nexus), _UNIT_CELLS)]
    why += f"; the unit address is {in_cells(unit)}"
    mask = nexus.properties.get("interrupt-map-mask")
    if mask is not None and len(mask) <= 4 * 16:
        why += f", the mask {in_cells(cells(mask))}"
    blamed = (Blame(nexus, _MAP, f"{_MAP} is from"),)
    return Words(why, blamed=blamed)


# -- maps of ids -----------------------------------------------------------------------------------


def _map_length(at: Telling) -> Words:
    outcome = "the devices behind it bypass the IOMMU" if at.name == "iommu-map" else "none is read"
    return Words(
        f"a row has 4 cells; the kernel gives -EINVAL for any id: {outcome}",
        kernel=at.kernel(f"Error: Bad {at.name} length: {at.details['length']}"),
    )


def _masked_base(at: Telling) -> Words:
    base, mask = f"{at.details['base']:#x}", f"{at.details['mask']:#x}"
    line = f"Invalid {at.name} translation - {at.name}-mask ({mask}) ignores id-base ({base})"
    return Words(
        "ids are cut by the mask before they are compared; the kernel gives -EFAULT here, and "
        "reads no row behind it",
        f"let {at.name}-mask keep all bits of {base}, or mend the row",
        at.kernel(line),
        {"mask_hex": mask, "base_hex": base},
    )


def _map_row(at: Telling) -> Words:
    reason = at.details["reason"]
    if reason == "empty":
        cure = "nothing to mend where the boot firmware fills it in"
        return Words("a row of length 0 fits no id", cure)
    other = reason.rpartition(" ")[2]
    value = at.node.properties.get(at.name, b"")
    spans = [_span(value, row) for row in (at.details["row"], int(other))]
    return Words(
        f"it has the ids {spans[0]}, row {other} has {spans[1]}: the first row that fits counts"
    )


def _span(value: bytes, row: int) -> str:
    base, _, _, length = cells(value[_ROW * row : _ROW * (row + 1)])
    return f"{base:#x} to {base + max(length, 1) - 1:#x}"


MAPS: dict[str, Callable[[Telling], Words]] = {
    "L012": _no_parent,
    "L013": _no_controller,
    "L014": _interrupt_cells,
    "L015": _both_forms,
    "L016": _map_malformed,
    "L017": _no_row,
    "L018": _map_length,
    "L019": _masked_base,
    "L020": _map_row,
}
"""Rule -> what is said about a finding of it."""
