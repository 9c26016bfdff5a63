"""Who holds which node when a replay begins: devices of the vio bus, and those named in the input.

A vio device keeps a reference on its node for as long as it lives; its driver holds nothing more.
Nodes that come later, with an add, have no device: nothing tells the bus of them.
Source: kernel vio_register_device_node, vio_bus_scan_register_devices (arch/powerpc/platforms/
pseries/vio.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import cell
from dtovl.replay.model import FACILITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.model.node import Node
    from dtovl.replay.model import Model
    from dtovl.replay.stream import NamedHolder


def infer_holders(model: Model) -> None:
    """Enter the vio devices of the tree at its start."""
    if model.inferred:
        _hold_children(model, f"/{FACILITIES}", _name_of_facility)
        _hold_children(model, "/vdevice", _unit_of_name)
        return
    for node in model.tree.walk():
        if "device_type" not in node.properties:
            continue
        kind = model.device_type(node)
        if kind == FACILITIES:
            for child in node.children.values():
                if "interrupt-controller" not in child.properties:
                    hold(model, child, f"vio:{_name_of_facility(child)}")
        elif kind == "vdevice":
            for child in node.children.values():
                if "device_type" in child.properties and "reg" in child.properties:
                    hold(model, child, f"vio:{_unit_of_reg(model, child)}")


def _hold_children(model: Model, path: str, name_of: Callable[[Node], str]) -> None:
    parent = model.find(path)
    for child in parent.children.values() if parent is not None else ():
        name = name_of(child)
        if name:
            hold(model, child, f"vio:{name}")


def _name_of_facility(node: Node) -> str:
    return node.name.partition("@")[0]


def _unit_of_name(node: Node) -> str:
    return node.name.partition("@")[2]


def _unit_of_reg(model: Model, node: Node) -> str:
    value = model.value(node, "reg")
    if isinstance(value, bytes) and len(value) >= 4:
        return f"{cell(value):x}"
    return _unit_of_name(node)


def name_holders(model: Model, named: Iterable[NamedHolder]) -> list[NamedHolder]:
    """Enter the holders that the input names; give those whose node the tree does not have."""
    missing = []
    for one in named:
        node = model.find(one.path)
        if node is None:
            missing.append(one)
        else:
            hold(model, node, one.by, one.line)
    return missing


def hold(model: Model, node: Node, holder: str, line: int | None = None) -> None:
    """Note that somebody holds a node; a second reference of the same holder adds nothing."""
    known = model.holders.setdefault(node, [])
    if holder not in known:
        known.append(holder)
        known.sort()
        model.tell(model.record(node), line, f"is held by {holder}")
