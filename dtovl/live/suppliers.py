"""Which nodes a node names as its suppliers, as the kernel's driver core reads them.

The driver core looks at every property by its name. A list is read entry by entry up to the first
that gives no node: an empty entry, an unknown phandle, a bad row; what stands behind it is not
seen. Interrupts are no suppliers here: the recorded kernels have no interrupt domains.
Source: kernel of_link_property, of_supplier_bindings (drivers/of/property.c),
of_phandle_iterator_next (drivers/of/base.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.cells import cell
from dtovl.model.entries import decode
from dtovl.model.supplierbindings import BINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dtovl.model.address import Get
    from dtovl.model.entries import Entry
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Binding
    from dtovl.model.tree import Tree

# Suppliers in other kernels, but the recorded ones have no interrupt domains.
_INTERRUPTS = "interrupts-extended"

_PORTS = ("ports", "in-ports", "out-ports")


class Named(NamedTuple):
    """A supplier that a property names; ignored: the link is declared to be no dependency.

    No consumer: the node is not below anything that can be one.
    """

    consumer: Node | None
    supplier: Node
    ignored: bool = False


class Reader:
    """Reads suppliers out of the properties of one tree.

    get tells values; complain is called with the text of each line that the kernel logs about a
    malformed list; newer: the list of properties of kernels that refresh links after an overlay.
    """

    __slots__ = ("complain", "get", "newer", "tree")

    def __init__(
        self, tree: Tree, get: Get, complain: Callable[[str], None], *, newer: bool
    ) -> None:
        self.tree = tree
        self.get = get
        self.complain = complain
        self.newer = newer

    def suppliers(self, node: Node, names: Iterable[str]) -> Iterator[Named]:
        """Give the suppliers that the properties called names of a node name, in order."""
        for name in names:
            if name == "remote-endpoint":
                yield from self._remote(node)
                continue
            binding = self._binding(node, name)
            if binding is not None:
                ignored = name == "post-init-providers"
                for supplier in self._entries(node, name, binding):
                    yield Named(node, supplier, ignored)

    def _binding(self, node: Node, name: str) -> Binding | None:
        """Give how a property names suppliers; None: the driver core does not look at it."""
        binding = BINDINGS.find(name)
        if binding is None or name == _INTERRUPTS:
            return None
        if binding.strength != "on" and not (self.newer and binding.strength == "newer"):
            return None
        hog = name in ("gpio", "gpios") and self.get(node, "gpio-hog") is not None
        return None if hog else binding

    def _entries(self, node: Node, name: str, binding: Binding) -> Iterator[Node]:
        """Give the nodes of a list, up to the first entry that has none."""
        value = self.get(node, name)
        if value is None:
            return
        # What may be left out in the table was not known at all, or is wanted, as kernels go.
        cells = binding.cells if self.newer or binding.fallback is None else ""
        for entry in decode(value, self.tree.by_phandle, cells, count=self._count):
            if entry.problem or entry.node is None:
                if entry.problem != "hole" and cells:
                    self._complain(node, cells, entry)
                return
            yield entry.node

    def _count(self, node: Node, name: str) -> int | None:
        value = self.get(node, name)
        return cell(value) if value is not None and len(value) >= 4 else None

    def _complain(self, node: Node, cells: str, entry: Entry) -> None:
        """Log what the kernel logs of an entry that cannot be read."""
        if entry.node is None:
            text = f"could not find phandle {_signed(entry.number)}"
        elif entry.problem == "uncounted":
            text = f"could not get {cells} for {entry.node.kernel_path}"
        else:
            text = f"{cells} = {_signed(entry.wanted)} found {len(entry.values)}"
        self.complain(f"OF: {node.kernel_path}: {text}")

    def _remote(self, node: Node) -> Iterator[Named]:
        """Follow an endpoint to the node that has the port at the other end.

        Source: kernel of_graph_get_remote_port_parent; of_get_compat_node_parent for the consumer.
        """
        value = self.get(node, "remote-endpoint")
        if value is None or len(value) < 4:
            return
        remote = self.tree.by_phandle.get(cell(value))
        supplier = None if remote is None else _port_parent(remote)
        consumer = _port_parent(node) if self.newer else self._device_above(node)
        if supplier is not None:
            yield Named(consumer, supplier)

    def _device_above(self, node: Node) -> Node | None:
        above = node.parent
        while above is not None and is_available(self.get, above, strict=self.newer):
            if self.get(above, "compatible") is not None:
                return above
            above = above.parent
        return None


def is_available(get: Get, node: Node, *, strict: bool) -> bool:
    """Tell whether `status` lets a device be made of a node; no `status` does.

    strict: a value without NUL is not okay; else the byte behind it is taken for the NUL.
    Source: kernel __of_device_is_available.
    """
    value = get(node, "status")
    return value is None or is_okay(value, strict=strict)


def is_okay(value: bytes, *, strict: bool) -> bool:
    """Tell whether the value of a `status` means okay; strict as in is_available."""
    word, end, _ = value.partition(b"\0")
    return word in (b"okay", b"ok") and (bool(end) or not strict)


def _signed(number: int) -> int:
    """Give a cell as the kernel prints it by %d."""
    return number - (1 << 32) if number >> 31 else number


def _port_parent(endpoint: Node) -> Node | None:
    """Give the node that owns the port of an endpoint. Source: kernel of_graph_get_port_parent."""
    port = endpoint.parent
    above = None if port is None else port.parent
    if above is not None and above.name.partition("@")[0] in _PORTS:
        return above.parent
    return above
