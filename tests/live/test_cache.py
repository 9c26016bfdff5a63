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


def test_a_child_that_is_detached_as_well_is_dropped_from_the_cache() -> None:
    machine = _machine()
    machine.step({"op": "hold", "label": "bus", "path": "/bus"})
    machine.step({"op": "hold", "label": "dev", "path": "/bus/dev"})
    machine.step({"op": "detach_node", "node": "bus"})
    machine.step({"op": "detach_node", "node": "dev"})
    assert machine.step({"op": "find_phandle", "phandle": 5})["node"] is None


def _twin(machine: Machine) -> None:
    """Make a node with the phandle of /bus/dev that stands before it."""
    machine.step({"op": "new_node", "label": "twin", "parent": "/bus", "name": "twin"})
    machine.step({"op": "new_property", "node": "twin", "name": "phandle", "value": "00000005"})
    machine.step({"op": "attach_node", "node": "twin"})


def test_of_two_nodes_of_one_phandle_the_cached_one_is_found() -> None:
    machine = _machine()
    _twin(machine)
    assert machine.step({"op": "find_phandle", "phandle": 5})["node"] == "/bus/dev"


def test_detaching_one_of_two_empties_the_slot_of_both() -> None:
    machine = _machine()
    _twin(machine)
    machine.step({"op": "detach_node", "node": "twin"})
    machine.step({"op": "attach_node", "node": "twin"})
    assert machine.step({"op": "find_phandle", "phandle": 5})["node"] == "/bus/twin"


def test_a_look_up_between_fills_the_slot_again() -> None:
    machine = _machine()
    _twin(machine)
    machine.step({"op": "detach_node", "node": "twin"})
    assert machine.step({"op": "find_phandle", "phandle": 5})["node"] == "/bus/dev"
    machine.step({"op": "attach_node", "node": "twin"})
    assert machine.step({"op": "find_phandle", "phandle": 5})["node"] == "/bus/dev"


def test_a_new_node_is_out_of_sight_but_found_if_it_was_looked_up_before() -> None:
    for looked_up in (False, True):
        machine = _machine()
        machine.step({"op": "hold", "label": "bus", "path": "/bus"})
        machine.step({"op": "new_node", "label": "n", "parent": "/bus", "name": "n"})
        machine.step({"op": "new_property", "node": "n", "name": "phandle", "value": "00000009"})
        machine.step({"op": "attach_node", "node": "n"})
        if looked_up:
            machine.step({"op": "find_phandle", "phandle": 9})
        machine.step({"op": "detach_node", "node": "bus"})
        found = machine.step({"op": "find_phandle", "phandle": 9})["node"]
        assert found == ("/bus/n" if looked_up else None)
