"""Rules of lists of phandles: whether they decode, and whether their names fit.

Source: kernel of_phandle_iterator_next, __of_parse_phandle_with_args (drivers/of/base.c),
of_link_property (drivers/of/property.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import cell
from dtovl.model.entries import MOST_ARGUMENTS, UNRESOLVED, decode

if TYPE_CHECKING:
    from dtovl.links.visit import Visit
    from dtovl.model.entries import Entry
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Binding

_DMA_MEMORY = b"dma-mem\0"


def judge_list(visit: Visit, name: str, value: bytes, binding: Binding) -> int | None:
    """Judge a list entry by entry, and its names; give the number of entries.

    None: an entry does not decode, so the rest was not judged.
    """
    if len(value) % 4:
        visit.error("L004", name, length=len(value))
    count, hidden, node = 0, False, visit.node
    for entry in decode(value, visit.board.tree.by_phandle, binding.cells, binding.fallback):
        if entry.problem:
            hidden = True
            if not _problem(visit, name, entry, binding, len(value) // 4):
                return None
        elif entry.wanted > MOST_ARGUMENTS:
            assert entry.node is not None
            visit.error(
                "L028", name, index=entry.index, supplier=entry.node.path, cells=entry.wanted
            )
            return None
        else:
            assert entry.node is not None
            visit.link(name, entry.index, binding, entry.node, entry.values, hidden=hidden)
        count += 1
    if binding.names:
        judge_names(visit, name, count, node.properties.get(binding.names))
    return count


def judge_one(visit: Visit, name: str, value: bytes, binding: Binding) -> None:
    """Judge a property of which the first cell alone is a phandle."""
    if len(value) % 4:
        visit.error("L004", name, length=len(value))
    if len(value) < 4:
        return
    if binding.kind == "supply" and len(value) >= 8:
        visit.warning("L026", name, cells=len(value) // 4)
    number = cell(value)
    supplier = resolve_one(visit, name, number)
    if supplier is not None:
        visit.link(name, 0, binding, supplier)


def resolve_one(visit: Visit, name: str, number: int) -> Node | None:
    """Find the node of a single phandle; say what is wrong with it."""
    if not number:
        visit.info("L005", name, index=0, hides=False)
    elif number == UNRESOLVED:
        visit.warning("L005", name, index=0, value=number)
    else:
        found = visit.board.tree.by_phandle.get(number)
        if found is None:
            visit.dangling(name, 0, 0, number)
        return found
    return None


def _problem(visit: Visit, name: str, entry: Entry, binding: Binding, end: int) -> bool:
    """Say what is wrong with an entry; tell whether those behind it can be read."""
    if entry.problem == "hole":
        if not name.startswith("assigned-clock"):
            hides = binding.mandatory and entry.place + 1 < end
            visit.info("L005", name, index=entry.index, hides=hides)
        return True
    if entry.problem == "unknown":
        _unknown(visit, name, entry, binding)
        return not binding.cells
    supplier = entry.node
    assert supplier is not None
    if entry.problem == "short":
        visit.error(
            "L003",
            name,
            index=entry.index,
            supplier=supplier.path,
            want=entry.wanted,
            have=len(entry.values),
        )
        return False
    hint = visit.board.who_counts(supplier, binding.cells)
    details = {} if hint is None else {"hint": hint.path}
    visit.error(
        "L002",
        name,
        index=entry.index,
        cell=entry.place,
        supplier=supplier.path,
        missing=binding.cells,
        **details,
    )
    return False


def _unknown(visit: Visit, name: str, entry: Entry, binding: Binding) -> None:
    if entry.number != UNRESOLVED:
        visit.dangling(name, entry.index, entry.place, entry.number)
    elif binding.cells:
        visit.error("L005", name, index=entry.index, value=entry.number)
    else:
        visit.warning("L005", name, index=entry.index, value=entry.number)


def count_names(value: bytes) -> int:
    """Count the strings of a list of names; one without NUL at the end counts too."""
    return value.count(b"\0") + (not value.endswith(b"\0") if value else 0)


def judge_names(visit: Visit, name: str, count: int, names: bytes | None) -> None:
    """Hold the number of entries against that of their names; interconnects come in pairs."""
    if name == "interconnects":
        if count % 2:
            if names != _DMA_MEMORY:
                visit.info("L024", name, entries=count, names=-1)
            return
        count //= 2
    if names is None:
        return
    named = count_names(names)
    if named != count:
        visit.warning("L024", name, entries=count, names=named)
