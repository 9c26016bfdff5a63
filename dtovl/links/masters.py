"""Who is behind an IOMMU: devices with `iommus`, and buses that map the ids of their devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.links.board import compatibles
from dtovl.links.maprows import narrow_rows, wide_rows
from dtovl.links.xlate import driver_of, translate
from dtovl.model.cells import cell
from dtovl.model.entries import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.links.board import Board
    from dtovl.links.maprows import Row
    from dtovl.model.entries import Entry
    from dtovl.model.node import Node

Kind = Literal["device", "pci", "fsl-mc", "bus"]

_ALL = 0xFFFFFFFF
_WORDS = {
    "hole": "empty entry",
    "unknown": "no node has the phandle",
    "uncounted": "the supplier has no #iommu-cells",
    "short": "the value ends too early",
}


class Master(NamedTuple):
    """A node that names IOMMUs: for itself (`device`), or for the devices of its bus.

    property is `iommus` or `iommu-map`.
    """

    node: Node
    property: str
    kind: Kind


class Wish(NamedTuple):
    """One entry of `iommus`, or the row of a map that an id hits.

    node is None where it ends the reading; problem says why, error is what it gives ("": what was
    read before counts). last are the values for the last id of the row.
    """

    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    node: Node | None
    values: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    problem: str = ""
    error: str = ""


class Range(NamedTuple):
    """A row of an `iommu-map`: ids first..last of the bus become outs of the IOMMU, from outs on.

    last is the last id that `iommu-map-mask` lets through. node is None where no node has the
    phandle: whoever has such an id bypasses every IOMMU. An empty row has last = first - 1.
    """

    row: int
    first: int
    last: int
    node: Node | None
    outs: tuple[int, ...]

    def values(self, number: int) -> tuple[int, ...]:
        """Give what becomes of an id: its distance from first is added to the first cell."""
        first, *others = self.outs or (0,)
        return ((number - self.first + first) & _ALL, *others)


class Shared(NamedTuple):
    """Masters of one IOMMU that share a group; id is None where all masters of it share one."""

    provider: Node
    id: int | None
    members: tuple[Master, ...]


def masters(board: Board, among: Iterable[Node] | None = None) -> list[Master]:
    """List the masters that are available, in tree order.

    among saves the walk over the tree: only these nodes are looked at.
    """
    found = []
    for node in board.tree.walk() if among is None else among:
        properties = node.properties
        if ("iommus" in properties or "iommu-map" in properties) and board.available(node):
            if properties.get("iommus"):
                found.append(Master(node, "iommus", "device"))
            if properties.get("iommu-map"):
                found.append(Master(node, "iommu-map", _kind(node)))
    return found


def _kind(node: Node) -> Kind:
    if node.properties.get("device_type", b"").rstrip(b"\0") == b"pci":
        return "pci"
    names = compatibles(node)
    if "fsl,qoriq-mc" in names:
        return "fsl-mc"
    return "bus"


def entries(board: Board, master: Master) -> Iterator[Entry]:
    """Decode the `iommus` of a master."""
    value = master.node.properties["iommus"]
    return decode(value, board.tree.by_phandle, "#iommu-cells")


def ranges(board: Board, master: Master) -> list[Range]:
    """List the rows of a master's `iommu-map`; none where the kernel finds that it has no rows."""
    mask = _mask(master.node)
    by_phandle = board.tree.by_phandle
    return [
        Range(
            index,
            row.base,
            _last_id(row.base, row.length, mask),
            by_phandle.get(row.number) if row.number else None,
            row.outs,
        )
        for index, row in enumerate(_rows(board, master) or ())
    ]


def _rows(board: Board, master: Master) -> list[Row] | None:
    """Split the map of a master as the kernel that the board boots does; None: it has no rows."""
    value = master.node.properties["iommu-map"]
    if not board.wide_maps:
        return narrow_rows(value)
    rows, whole = wide_rows("iommu-map", value, board.tree.by_phandle)
    return rows if whole else None


def _last_id(first: int, length: int, mask: int) -> int:
    """Give the last id of a row of which the mask takes no bit; first - 1 where it is empty."""
    last = first + length - 1
    hidden = last & _ALL & ~mask
    if not length or first & ~mask or not hidden:
        return last
    below = (1 << hidden.bit_length() - 1) - 1
    return last & ~(below << 1 | 1) | mask & below


def wishes(board: Board, master: Master, requester: int | None = None) -> Iterator[Wish]:
    """Give what a master asks for: entries in order, up to the first that cannot be decoded.

    Of a map it is one row, that which requester hits (by default the first that is not empty).
    Source: kernel of_iommu_configure_dev, of_iommu_configure_dev_id.
    """
    if master.property == "iommus":
        for entry in entries(board, master):
            if entry.problem:
                yield Wish(entry.index, None, problem=_WORDS[entry.problem])
                return
            yield Wish(entry.index, entry.node, entry.values, entry.values)
    else:
        yield map_id(board, master, requester)


def map_id(board: Board, master: Master, requester: int | None = None) -> Wish:
    """Find the row of a map that an id hits. Source: kernel of_map_id (drivers/of/base.c)."""
    if _rows(board, master) is None:
        length = len(master.node.properties["iommu-map"])
        return Wish(0, None, problem=f"bad length {length}", error="-EINVAL")
    rows = ranges(board, master)
    mask = _mask(master.node)
    if requester is None:
        requester = next((row.first for row in rows if row.last >= row.first), 0)
    masked = requester & mask
    for row in rows:
        if row.first & ~mask:
            problem = f"row {row.row}: mask {mask:#x} hides id {row.first:#x}"
            return Wish(row.row, None, problem=problem, error="-EFAULT")
        if row.first <= masked <= row.last:
            if row.node is None:
                problem = f"row {row.row}: no node has the phandle"
                return Wish(row.row, None, problem=problem, error="no IOMMU")
            return Wish(row.row, row.node, row.values(masked), row.values(row.last))
    return Wish(0, None, problem=f"no row has id {requester:#x}", error="no IOMMU")


def _mask(node: Node) -> int:
    value = node.properties.get("iommu-map-mask", b"")
    return cell(value) if len(value) >= 4 else _ALL


def ids_of(board: Board, master: Master) -> Iterator[tuple[Node, int | None]]:
    """Give IOMMU and id as its driver has it, of each entry that decodes; None: without id.

    A map gives the first id of each row that is not empty.
    """
    if master.property == "iommus":
        for entry in entries(board, master):
            if entry.node is not None and not entry.problem:
                ids = translate(entry.node, entry.values).ids
                yield entry.node, ids[0] if ids else None
        return
    for row in ranges(board, master):
        if row.node is not None and row.last >= row.first:
            ids = translate(row.node, row.outs).ids
            yield row.node, ids[0] if ids else None


def shared_groups(board: Board, all_masters: Sequence[Master]) -> list[Shared]:
    """List the groups that more than one master is in, in order of their first members.

    Who shares depends on the driver: masters with one id, or all that one IOMMU serves.
    """
    found: dict[tuple[Node, int | None], list[Master]] = {}
    for master in all_masters:
        for provider, number in ids_of(board, master):
            how = driver_of(provider).group
            if how != "device":
                members = found.setdefault((provider, number if how == "id" else None), [])
                if master not in members:
                    members.append(master)
    return [Shared(*key, tuple(group)) for key, group in found.items() if len(group) > 1]
