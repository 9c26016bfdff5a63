"""Reserved memory: what a device names that the kernel has not reserved.

Memory is reserved once, at boot, from the children of /reserved-memory of the tree that the boot
loader hands over. A node that comes later, or stands elsewhere, is only a node.
Source: kernel fdt_scan_reserved_mem, fdt_init_reserved_mem (drivers/of/fdt.c,
of_reserved_mem.c); Devicetree Specification v0.4, 3.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.links.board import is_below
from dtovl.links.link import Finding
from dtovl.model.entries import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dtovl.links.board import Board
    from dtovl.links.link import Judged
    from dtovl.model.node import Node

_PROPERTY = "memory-region"
_PLACE = "reserved-memory"
_READ_AT_BOOT = ("status", "reg", "size")


def region_findings(
    board: Board, judged: Mapping[Node, Judged] | None = None, *, at_boot: bool = False
) -> list[Finding]:
    """Find regions that came after boot (DT684), stand elsewhere or contradict themselves (DT686).

    judged saves the walk over the tree. at_boot: the overlays are those of the boot loader, and
    what they bring is there when the kernel starts.
    """
    nodes: Iterable[Node] = board.tree.walk() if judged is None else judged
    found: list[Finding] = []
    for node in nodes:
        value = node.properties.get(_PROPERTY)
        if value and board.available(node):
            found += _of_consumer(board, node, value, at_boot=at_boot)
    return found


def _of_consumer(board: Board, node: Node, value: bytes, *, at_boot: bool) -> Iterator[Finding]:
    place = board.tree.root.children.get(_PLACE)
    for entry in decode(value, board.tree.by_phandle, ""):
        region = entry.node
        if region is None:
            continue
        reserved = place is not None and region.parent is place
        by = "" if at_boot or not board.tree.origins else _brought_by(board, region)
        if reserved and by:
            yield _late(node, entry.index, region, by)
        elif reserved and "no-map" in region.properties and "reusable" in region.properties:
            yield _misplaced(node, entry.index, region, "has both no-map and reusable")
        elif place is not None and is_below(region, place) and not reserved:
            yield _misplaced(node, entry.index, region, "is no child of /reserved-memory itself")
        elif not reserved and not _is_memory_of_a_device(region):
            yield _misplaced(node, entry.index, region, "is not below /reserved-memory")


def _brought_by(board: Board, region: Node) -> str:
    """Say which overlay has brought a region, or what the kernel reserves by; "" for none."""
    origin = board.tree.origin_of(region)
    if origin is not None:
        return f"with overlay {origin.overlay}"
    for key in _READ_AT_BOOT:
        changed = board.tree.origins.get((region, key))
        if changed is not None and key in region.properties:
            return f"its {key} set by overlay {changed.overlay}"
    return ""


def _is_memory_of_a_device(region: Node) -> bool:
    """Tell whether a node is memory in its own right, which its driver hands out: SRAM and such.

    Drivers of remote processors take such nodes by `memory-region`, too.
    """
    return "compatible" in region.properties or (
        region.parent is not None and "compatible" in region.parent.properties
    )


def _late(node: Node, index: int, region: Node, by: str) -> Finding:
    details = {"index": index, "supplier": region.path, "by": by}
    return Finding("DT684", Severity.WARNING, node, _PROPERTY, details)


def _misplaced(node: Node, index: int, region: Node, fault: str) -> Finding:
    details = {"index": index, "supplier": region.path, "fault": fault}
    return Finding("DT686", Severity.WARNING, node, _PROPERTY, details)
