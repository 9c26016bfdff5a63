"""Who holds on to the IOMMU of an overlay: masters that the overlay did not bring.

The fwspec of a master has a counted reference on the node of its first IOMMU, and pointers into the
driver's data of all of them. Nobody tells it that an IOMMU goes with an overlay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.links.fwspec import configure, event_lines
from dtovl.links.link import Finding
from dtovl.links.masters import Master, masters, ranges

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from dtovl.links.board import Board
    from dtovl.model.node import Node


class Held(NamedTuple):
    """A master, and an IOMMU of its that an overlay brought.

    index is the entry of the property; was the path of the provider; counted tells whether the
    fwspec has a reference on the provider's node, and not only pointers. bus: the master is a bus,
    and it is the devices behind it, if there are any, that have the fwspecs.
    """

    master: Node
    property: str
    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    provider: Node
    was: str
    counted: bool
    events: tuple[str, ...] = ()
    overlay: str = ""
    bus: bool = False


def masters_outside(board: Board, going: Collection[Node]) -> list[Held]:
    """List who has a fwspec with IOMMUs among nodes that are about to go, and is not one of them.

    Every device is taken to be bound, after its IOMMU. What hangs on a bus counts once per row of
    the `iommu-map`.
    """
    found: list[Held] = []
    for master in masters(board):
        if master.node in going:
            continue
        if master.property == "iommus":
            found += _of_device(board, master, going)
        else:
            found += _of_bus(board, master, going)
    return found


def _of_bus(board: Board, master: Master, going: Collection[Node]) -> Iterator[Held]:
    for row in ranges(board, master):
        node = row.node
        if node is None or node not in going or row.last < row.first or not board.available(node):
            continue
        text = f"    of_iommu_configure: of each device with an id {row.first:#x}..{row.last:#x}"
        yield Held(master.node, "iommu-map", row.row, node, node.path, True, (text,), bus=True)


def _of_device(board: Board, master: Master, going: Collection[Node]) -> Iterator[Held]:
    done = configure(board, master)
    events = tuple(event_lines(done.events))
    if done.fwspec is None:
        return
    seen: set[Node] = set()
    for index, node in enumerate(done.fwspec.providers):
        if node in going and node not in seen:
            seen.add(node)
            counted = node is done.fwspec.held
            yield Held(master.node, "iommus", index, node, node.path, counted, events)


def left_with_masters(held: Iterable[Held]) -> Iterator[Finding]:
    """Report masters whose IOMMU is gone (DT683)."""
    for one in held:
        details = {
            "index": one.index,
            "supplier": one.was,
            "overlay": one.overlay,
            "counted": one.counted,
            "events": [*one.events, *_afterwards(one)],
        }
        severity = Severity.WARNING if one.bus else Severity.ERROR
        yield Finding("DT683", severity, one.master, one.property, details)


def _afterwards(one: Held) -> Iterator[str]:
    yield f"    of_overlay_remove: takes {one.was} out of the tree with {one.overlay}"
    if one.counted:
        yield "    of_changeset_destroy: ERROR: memory leak, the reference of the fwspec is left"
        yield f"    device: the fwspec keeps the memory of {one.was} until the device is released"
    else:
        yield f"    of_node_release: frees {one.was}, on which the fwspec holds no reference"
        yield "    device: the driver's data of the master points to an IOMMU that is gone"
