"""Nodes below a detached one are out of sight of walks, not of the phandle cache."""

from __future__ import annotations

from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.node import Node
from dtovl.model.tree import Tree
from dtovl.script.machine import Machine


def _machine() -> Machine:
    root, bus, device = Node(""), Node("bus"), Node("dev")
    device.properties["phandle"] = b"\0\0\0\5"
    root.add_child(bus)
    bus.add_child(device)
    return Machine(unflatten(flatten(Tree(root))))


def test_a_child_of_a_detached_node_is_found_by_phandle_not_by_path() -> None:
    machine = _machine()
    machine.step({"op": "hold", "label": "bus", "path": "/bus"})
    machine.step({"op": "detach_node", "node": "bus"})
    assert machine.step({"op": "find", "path": "/bus/dev"})["node"] is None
    assert machine.step({"op": "find_phandle", "phandle": 5})["node"] == "/bus/dev"


def test_the_detached_node_itself_is_dropped_from_the_cache() -> None:
    machine = _machine()
    machine.step({"op": "hold", "label": "dev", "path": "/bus/dev"})
    machine.step({"op": "detach_node", "node": "dev"})
    assert machine.step({"op": "find_phandle", "phandle": 5})["node"] is None
