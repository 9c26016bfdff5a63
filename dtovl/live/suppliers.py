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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dtovl.model.address import Get
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_LISTS = frozenset(
    {
        "extcon",
        "interrupt-parent",
        "nvmem-cells",
        "wakeup-parent",
        "leds",
        "backlight",
        "panel",
        *(f"pinctrl-{number}" for number in range(9)),
    }
)
_WITH_CELLS = {
    "clocks": "#clock-cells",
    "interconnects": "#interconnect-cells",
    "mboxes": "#mbox-cells",
    "io-channels": "#io-channel-cells",
    "power-domains": "#power-domain-cells",
    "hwlocks": "#hwlock-cells",
    "phys": "#phy-cells",
    "pwms": "#pwm-cells",
    "resets": "#reset-cells",
    "gpio": "#gpio-cells",
    "gpios": "#gpio-cells",
}
_NEWER_LISTS = frozenset({"power-supplies", "post-init-providers"})
_NEWER_WITH_CELLS = {
    "io-backends": "#io-backend-cells",
    "nvmem-cells": "#nvmem-cell-cells",
    "msi-parent": "#msi-cells",
    "access-controllers": "#access-controller-cells",
    "pses": "#pse-cells",
}
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
            known = self._cells_of(node, name)
            if known is not None:
                ignored = name == "post-init-providers"
                for supplier in self._entries(node, name, known):
                    yield Named(node, supplier, ignored)

    def _cells_of(self, node: Node, name: str) -> str | None:
        """Give the property that counts arguments, "" for none; None: names no suppliers."""
        if self.newer:
            if name in _NEWER_WITH_CELLS:
                return _NEWER_WITH_CELLS[name]
            if name in _NEWER_LISTS:
                return ""
        if name in _LISTS:
            return ""
        cells = _WITH_CELLS.get(name)
        if cells is not None:
            hog = name in ("gpio", "gpios") and self.get(node, "gpio-hog") is not None
            return None if hog else cells
        if name.endswith("-supply") and len(name) > len("-supply"):
            return ""
        if name.endswith("-gpio") and len(name) > len("-gpio"):
            return "#gpio-cells"
        if name.endswith("-gpios") and len(name) > len("-gpios"):
            counts = name.endswith(",nr-gpios") and len(name) > len(",nr-gpios")
            return None if counts else "#gpio-cells"
        return None

    def _entries(self, node: Node, name: str, cells: str) -> Iterator[Node]:
        value = self.get(node, name)
        if value is None:
            return
        by_phandle = self.tree.by_phandle
        left = len(value) // 4
        offset = 0
        while left:
            number = cell(value, offset)
            supplier = by_phandle.get(number) if number else None
            offset += 4
            left -= 1
            count = 0
            if cells and number:
                if supplier is None:
                    signed = number - (1 << 32) if number >> 31 else number
                    self._say(node, f"could not find phandle {signed}")
                    return
                counted = self.get(supplier, cells)
                if counted is None or len(counted) < 4:
                    self._say(node, f"could not get {cells} for {supplier.kernel_path}")
                    return
                count = cell(counted)
                if count > left:
                    signed = count - (1 << 32) if count >> 31 else count
                    self._say(node, f"{cells} = {signed} found {left}")
                    return
            if supplier is None:
                return
            yield supplier
            offset += 4 * count
            left -= count

    def _say(self, node: Node, text: str) -> None:
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


def _port_parent(endpoint: Node) -> Node | None:
    """Give the node that owns the port of an endpoint. Source: kernel of_graph_get_port_parent."""
    port = endpoint.parent
    above = None if port is None else port.parent
    if above is not None and above.name.partition("@")[0] in _PORTS:
        return above.parent
    return above
