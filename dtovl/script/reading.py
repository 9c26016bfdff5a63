"""Values of properties as the kernel reads them, and what they say of a node.

Values of the base lie in the blob it was booted with; what stands behind one there begins with a
zero byte. Later values are pieces of memory of their own: reading beyond one is a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.live.objects import Maker, Oops
from dtovl.model.cells import boot_text, cell, cells
from dtovl.model.dialect import Problem

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node

ALL_BITS = 0xFFFF_FFFF
_BEST_SCORE = 0x7FFF_FFFF // 2
_OKAY = ("okay", "ok")


def read_u32(live: Live, node: Node, name: str) -> int | str:
    """Read the first cell of a property; an error when it is absent or shorter.

    Source: kernel of_property_read_u32 (drivers/of/property.c).
    """
    value = live.property(node, name)
    if value is None:
        return "-EINVAL"
    return cell(value) if len(value) >= 4 else "-EOVERFLOW"


def read_cells(live: Live, node: Node, name: str, count: int, absent: int) -> tuple[int, ...]:
    """Read so many cells without asking whether the property has them, as masks are read.

    absent stands for each cell when there is no such property.
    """
    value = live.property(node, name)
    if value is None:
        return (absent,) * count
    if len(value) < 4 * count and _is_own_memory(live, node, name):
        live.find(codes.READ_BEYOND, node, name=name)
    return cells(value.ljust(4 * count, b"\0"))[:count]


def read_string(live: Live, node: Node, name: str, value: bytes) -> str:
    """Read the first string of a value without asking whether it has an end.

    Raises Oops when there is no value at all to point to.
    """
    if 0 not in value and _is_own_memory(live, node, name):
        _beyond(live, node, name, value)
    return boot_text(value)


def is_available(live: Live, node: Node) -> bool:
    """Tell whether `status` is absent, `okay` or `ok`.

    Source: kernel of_device_is_available (drivers/of/base.c).
    """
    value = live.property(node, "status")
    if value is None:
        return True
    if live.dialect.status_needs_end and 0 not in value:
        return False
    return boot_text(value) in _OKAY


def compatible_score(live: Live, node: Node, wanted: str) -> int:
    """Tell how well a node fits a compatible string, 0 for not at all; case does not matter.

    Source: kernel of_device_is_compatible.
    """
    value = live.property(node, "compatible")
    if value is None or not wanted:
        return 0
    folded = wanted.lower()
    parts = value.split(b"\0")
    if len(parts) > 1 and not parts[-1]:
        del parts[-1]
    for index, part in enumerate(parts):
        if index == len(parts) - 1 and not value.endswith(b"\0"):
            _read_open_end(live, node, value)
        if part.decode("latin-1").lower() == folded:
            return _BEST_SCORE - 4 * index
    return 0


def _read_open_end(live: Live, node: Node, value: bytes) -> None:
    if Problem.COMPATIBLE_UNTERMINATED in live.dialect.hazards and _is_own_memory(
        live, node, "compatible"
    ):
        _beyond(live, node, "compatible", value)


def _beyond(live: Live, node: Node, name: str, value: bytes) -> None:
    if not value:
        raise Oops(f"property {name} is read as a string, but has no value", node)
    live.find(codes.READ_BEYOND, node, name=name)


def _is_own_memory(live: Live, node: Node, name: str) -> bool:
    prop = live.objects.get((node, name))
    return prop is not None and prop.maker is not Maker.BOOT
