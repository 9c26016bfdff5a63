"""What is said about findings of IOMMUs and reserved memory: DT680 to DT686."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.diagnostics import Note
from dtovl.links.telling import Blame, Words
from dtovl.links.xlate import driver_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.links.telling import Telling


def _events(telling: Telling) -> tuple[Note, ...]:
    """Give the sequence of events as notes, one a line."""
    return tuple(Note(str(one)) for one in telling.details.get("events", ()))


def _source(telling: Telling) -> str:
    supplier = telling.found("supplier")
    source = driver_of(supplier).source if supplier is not None else ""
    return f" ({source})" if source else ""


def _out_of_bounds(telling: Telling) -> Words:
    return Words(
        "the IOMMU's driver takes the id for that of another master, or the hardware has no such "
        f"id{_source(telling)}",
        notes=_events(telling),
    )


def _leak(telling: Telling) -> Words:
    why = "bypass, while fwspec and reference stay until the device is released"
    return Words(
        f"{why}; a later try finds the fwspec and takes it for complete", notes=_events(telling)
    )


def _late(telling: Telling) -> Words:
    why = "iommus is read when the master's driver is probed, not when its device is added"
    supplier = telling.found("supplier")
    blamed = () if supplier is None else (Blame(supplier, "compatible", "the IOMMU is brought by"),)
    return Words(why, blamed=blamed, notes=_events(telling))


def _removed(telling: Telling) -> Words:
    if telling.details["counted"]:
        why = "the fwspec has a reference on the node, so the memory of node and overlay is lost"
        count = "expected refcount 1 instead of 2, of_node_get()/of_node_put() unbalanced - "
        gone = f"destroy cset entry: attach overlay node {telling.details['supplier']}"
        kernel: tuple[str, ...] = (f"OF: ERROR: memory leak, {count}{gone}",)
    else:
        why = (
            "the fwspec has no reference on the node, and the driver's data points to what is gone"
        )
        kernel = ()
    return Words(why, kernel=kernel, notes=_events(telling))


def _late_region(telling: Telling) -> Words:
    region = telling.found("supplier")
    blamed = () if region is None else (Blame(region, "reg", "the region is brought by"),)
    return Words("memory is reserved once, when the kernel boots", blamed=blamed)


def _cells(telling: Telling) -> Words:
    cells, wanted = telling.details["cells"], telling.details["wanted"]
    least = min(int(one) for one in wanted.split(" or "))
    if cells < least:
        why = "the driver reads a cell that is not there"
    else:
        why = "the driver refuses such entries, or ignores the cells beyond those it knows"
    return Words(why + _source(telling))


def _place(telling: Telling) -> Words:
    return Words("the kernel reserves the children of /reserved-memory, and nothing else")


IOMMU: dict[str, Callable[[Telling], Words]] = {
    "DT680": _out_of_bounds,
    "DT681": _leak,
    "DT682": _late,
    "DT683": _removed,
    "DT684": _late_region,
    "DT685": _cells,
    "DT686": _place,
}
"""Rule -> what is said about it."""
