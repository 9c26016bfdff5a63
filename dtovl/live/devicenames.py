"""Names of platform devices as a running kernel makes them, and what making them takes.

The address in a name is read without asking how long `reg` is. Values of boot lie in the blob,
where the next tag follows; other values are pieces of memory of their own.
Source: kernel of_device_alloc, of_device_make_bus_id (drivers/of/platform.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.live.addresses import AddressSpace
from dtovl.live.objects import Maker, Oops
from dtovl.model.cells import cells
from dtovl.overlay.devices import device_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.live.state import Live
    from dtovl.live.view import View
    from dtovl.model.address import Get
    from dtovl.model.node import Node

_BEGIN_NODE, _END_NODE, _PROPERTY = 1, 2, 3


class DeviceNames:
    """Makes names of devices; log takes kernel lines."""

    __slots__ = ("_live", "_space", "_view")

    def __init__(self, live: Live, view: View, log: Callable[[int, str], None]) -> None:
        self._live = live
        self._view = view
        self._space = AddressSpace(live.dialect, view.get, lambda line: log(3, line))

    def make(self, node: Node) -> str:
        """Give the name of the device of a node. Raises Oops."""
        if not self._view.at_boot:  # only to log what stops the kernel when it counts resources
            self._space.resource(node, 0)
        return device_name(node, self._view.get, self._address).replace("/", "!")

    def _address(self, node: Node, get: Get) -> int | None:
        reg = get(node, "reg")
        width = 0 if reg is None else self._space.width(node)
        if reg is None or not width:
            return None
        if len(reg) < 4 * width:
            reg = self._read_on(node, reg).ljust(4 * width, b"\0")
        return self._space.translate(node, cells(reg[: 4 * width]))

    def _read_on(self, node: Node, reg: bytes) -> bytes:
        """Give a `reg` that is too short with what stands behind it, as far as that is known."""
        view = self._view
        if not view.is_of_boot(node, "reg"):
            if not reg and self._live.objects[node, "reg"].maker is Maker.OVERLAY:
                raise Oops("an address is read from a reg that has no value", node)
            self._live.find(codes.READ_BEYOND, node, name="reg")
            return reg
        names = [name for name in view.names(node) if view.is_of_boot(node, name)]
        if "reg" in names[:-1]:
            tag = _PROPERTY
        else:
            tag = _BEGIN_NODE if any(True for _ in view.children(node)) else _END_NODE
        return reg.ljust((len(reg) + 3) // 4 * 4, b"\0") + tag.to_bytes(4, "big")
