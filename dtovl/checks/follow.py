"""Where a device of an old base is in a new one: by label, bus address, `compatible`, name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.relied import compatible_of, find_anchor
from dtovl.model.address import bus_address
from dtovl.model.specifiers import FIXUPS, LOCAL_FIXUPS, SYMBOLS

if TYPE_CHECKING:
    from dtovl.checks.relied import Device
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_BOOKKEEPING = frozenset({SYMBOLS, FIXUPS, LOCAL_FIXUPS})


class Followed(NamedTuple):
    """The same device in the new base: its node, how sure that is, and what tells it.

    sure is False where nothing but a name, or a `compatible` of no other node, speaks for it.
    """

    node: Node
    sure: bool
    by: str


class Devices:
    """The devices of a base, indexed when the first one is sought."""

    def __init__(self, tree: Tree, dialect: Dialect) -> None:
        self.tree = tree
        self._dialect = dialect
        self._by_address: dict[int, list[Node]] = {}
        self._by_compatible: dict[str, list[Node]] = {}
        self._by_name: dict[str, list[Node]] = {}
        self._indexed = False

    def follow(self, device: Device) -> Followed | None:
        """Find the node that is the device of an old base; None where nothing tells."""
        if not self._indexed:
            self._index()
        return (
            self._in_place(device)
            or self._by_bus(device)
            or self._by_label(device)
            or self._by_kind(device)
            or self._by_its_name(device)
        )

    def _index(self) -> None:
        self._indexed = True
        for top in self.tree.root.children.values():
            if top.name in _BOOKKEEPING:
                continue
            for node in top.walk():
                self._by_name.setdefault(node.name, []).append(node)
                for string in compatible_of(node):
                    self._by_compatible.setdefault(string, []).append(node)
                address = bus_address(node) if "reg" in node.properties else None
                if address is not None:
                    self._by_address.setdefault(address, []).append(node)

    def _in_place(self, device: Device) -> Followed | None:
        """Find a device that has only another label than before."""
        node = self.tree.find(device.path)
        if node is None or not _alike(device, node):
            return None
        address = bus_address(node)
        if None not in (address, device.address) and address != device.address:
            return None
        return Followed(node, sure=True, by="where it was")

    def _by_bus(self, device: Device) -> Followed | None:
        """Find what answers at the same address; a wrapper of the device may do so as well."""
        if device.address is None:
            return None
        there = [node for node in self._by_address.get(device.address, ()) if _alike(device, node)]
        if not device.compatible:
            name = _stem(device.path)
            there = [node for node in there if _stem(node.name) == name]
        return self._best(there, device, f"bus address {device.address:#x}")

    def _by_label(self, device: Device) -> Followed | None:
        for label in device.labels:
            node = find_anchor(self.tree, f"&{label}", self._dialect)
            if node is not None and _alike(device, node):
                return Followed(node, sure=bool(device.compatible), by=f"label {label}")
        return None

    def _by_kind(self, device: Device) -> Followed | None:
        for string in device.compatible:
            there = self._by_compatible.get(string, ())
            if len(there) == 1:
                return Followed(there[0], sure=False, by=f"the only one compatible with {string}")
        return None

    def _by_its_name(self, device: Device) -> Followed | None:
        # What has no compatible is called `port@1` or the like: the name tells nothing.
        name = device.path.rpartition("/")[2] if device.compatible else ""
        there = [node for node in self._by_name.get(name, ()) if _alike(device, node)]
        return (
            Followed(there[0], sure=False, by="the only one of its name")
            if len(there) == 1
            else None
        )

    def _best(self, there: list[Node], device: Device, by: str) -> Followed | None:
        """Take, of several nodes, one with the name or a label of the device."""
        if len(there) > 1:
            name = _stem(device.path)
            labels = set(device.labels)
            named = [node for node in there if _stem(node.name) == name]
            labelled = [n for n in there if not labels.isdisjoint(self.tree.labels_of(n))]
            there = labelled or named or there
        return Followed(there[0], sure=True, by=by) if len(there) == 1 else None


def _alike(device: Device, node: Node) -> bool:
    """Tell whether a node can be the device: they share a string of `compatible`, or have none."""
    found = compatible_of(node)
    if not device.compatible:
        return not found
    return not set(device.compatible).isdisjoint(found)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition("@")[0]
