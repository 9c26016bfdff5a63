"""Checks of one node in its tree: `reg` against the parent's cells, unit address, neighbours."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.subject import counted
from dtovl.codes import effects as codes
from dtovl.model.cells import cell, cells, strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.diagnostics import Location, Sink
    from dtovl.model.node import Node

    Place = Callable[[Node, str | None], Location | None]
    Owner = Callable[[Node], str]

# More questions than this about the children of one node, and an index of them pays.
_FEW = 4
_HEX = frozenset("0123456789abcdef")


class NodeCheck(NamedTuple):
    """Where findings about nodes go: the sink, whose nodes they are, where their source is.

    owner names who brought a node; None where all are of one tree.
    """

    sink: Sink
    who: str
    place: Place
    owner: Owner | None = None

    def run(self, nodes: Iterable[Node]) -> None:
        """Check nodes that are in their tree, with their parents."""
        neighbours = _Neighbours()
        for node in nodes:
            parent = node.parent
            reg = node.properties.get("reg")
            if (reg is None and "@" not in node.name) or parent is None:
                continue
            if node.name.startswith("__"):
                continue
            unit = node.name.partition("@")[2]
            if reg:
                self._reg(node, parent, reg, unit)
            elif unit and "ranges" not in node.properties and reg is None:
                what = f"{node.name} has a unit address and no reg"
                self._unit(node, what, "add reg, or take the unit address from the name")
            if unit:
                self._same_unit(node, neighbours.at(parent, unit))

    def _reg(self, node: Node, parent: Node, reg: bytes, unit: str) -> None:
        """Hold `reg` against the cells of the parent; skipped where the parent does not say.

        Source: Devicetree Specification v0.4, 2.3.5 and 2.3.6.
        """
        address = _count(parent, "#address-cells")
        size = _count(parent, "#size-cells")
        if address is None or size is None:
            return
        entry = 4 * (address + size)
        if not entry or len(reg) % entry:
            self.sink.report(
                codes.REG_LENGTH,
                path=node.path,
                at=self.place(node, "reg"),
                who=self.who,
                length=counted(len(reg), "byte"),
                parent=parent.path,
                entry=f"{entry} (#address-cells {address} + #size-cells {size})",
                address=counted(address, "address cell"),
                size=counted(size, "size cell"),
            )
        elif unit and 0 < address <= 2 and "," not in unit:
            self._unit_and_reg(node, unit, cells(reg[: 4 * address]))

    def _unit_and_reg(self, node: Node, unit: str, address: tuple[int, ...]) -> None:
        first = 0
        for number in address:
            first = first << 32 | number
        right = f"{first:x}"
        if unit == right or parent_is_pci(node):
            return
        if not _HEX.issuperset(unit.lower().removeprefix("0x")):
            return
        written = int(unit, 16)
        stem = node.name.partition("@")[0]
        if written == first:
            what = f"unit address {unit} of {node.name} is written {right} in lower-case hex"
        elif len(address) == 2 and written == address[1]:
            return
        else:
            what = f"{node.name} has unit address {unit}, its reg begins with {first:#x}"
        self._unit(node, what, f"name it {stem}@{right}, or mend its reg")

    def _unit(self, node: Node, what: str, cure: str) -> None:
        at = self.place(node, None)
        self.sink.report(
            codes.UNIT_ADDRESS, path=node.path, at=at, who=self.who, what=what, cure=cure
        )

    def _same_unit(self, node: Node, sharers: list[Node]) -> None:
        """Report another enabled device at the unit address of sharers, node being one of them.

        Of more than two each is reported with the first, the first with the second.
        """
        if len(sharers) < 2 or not _is_device(node):
            return
        sharers[:] = islice(filter(_is_device, sharers), 2)
        other = next((one for one in sharers if one is not node), None)
        if other is not None:
            self.sink.report(
                codes.SAME_UNIT_ADDRESS,
                path=node.path,
                at=self.place(node, None),
                who=self.who,
                bus=node.parent.name or "/" if node.parent is not None else "",
                unit=_hex(node.name.partition("@")[2]),
                one=self._named(other),
                two=self._named(node),
                other=other.path,
            )

    def _named(self, node: Node) -> str:
        return node.name if self.owner is None else f"{node.name} ({self.owner(node)})"


class _Neighbours:
    """Finds the children of a parent that have a unit address; reads nothing but names.

    Looks through the names a few times, and makes an index when a parent is asked for more.
    """

    __slots__ = ("_asked", "_units")

    def __init__(self) -> None:
        self._asked: dict[Node, int] = {}
        self._units: dict[Node, dict[str, list[Node]]] = {}

    def at(self, parent: Node, unit: str) -> list[Node]:
        """List the children with a unit address. Who shortens the list shortens it for others."""
        asked = self._asked[parent] = self._asked.get(parent, 0) + 1
        if asked <= _FEW:
            children = parent.children
            ending = "@" + unit
            # Most have no neighbour, which one text of all names shows at once.
            names = "\0".join((*children, ""))
            if names.count(f"{ending}\0") < 2:
                return []
            return [child for name, child in children.items() if name.endswith(ending)]
        units = self._units.get(parent)
        if units is None:
            units = self._units[parent] = {}
            for name, child in parent.children.items():
                units.setdefault(name.partition("@")[2], []).append(child)
        return units.get(unit, [])


def _hex(unit: str) -> str:
    return f"0x{unit}" if _HEX.issuperset(unit) else unit


def _is_device(node: Node) -> bool:
    return bool(node.properties.get("reg")) and enabled(node)


def enabled(node: Node) -> bool:
    """Tell whether a device is made of a node: no `status`, or `okay`.

    Source: kernel __of_device_is_available (drivers/of/base.c).
    """
    value = node.properties.get("status")
    return value is None or value in (b"okay\0", b"ok\0")


def parent_is_pci(node: Node) -> bool:
    """Tell whether the unit address of a node is a PCI device number."""
    parent = node.parent
    kinds = strings(parent.properties.get("device_type", b"")) if parent is not None else None
    return kinds is not None and kinds[0] in ("pci", "pciex")


def _count(node: Node, name: str) -> int | None:
    value = node.properties.get(name)
    return None if value is None or len(value) != 4 else min(cell(value), 8)
