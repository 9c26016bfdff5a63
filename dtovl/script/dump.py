"""The whole state of a live tree as recordings write it, and its canonical text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.live.objects import FLAG_NAMES
from dtovl.live.state import own_name
from dtovl.model.node import plain_name
from dtovl.script.reading import ALL_BITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.script.machine import Machine

_MOST_VISITS = 60


def dump_state(machine: Machine) -> dict[str, Any]:
    """Give tree, held nodes and devices of a machine as plain values."""
    live = machine.live
    held = [
        {"label": held.label, "own": held.own, **_node_state(live, held.node)}
        for held in machine.names.labels.values()
        if held.own > 0
    ]
    devices = []
    if live.platform is not None:
        devices = [
            {"device": one.name, "driver": one.driver_name, "node": one.node.path}
            for one in live.platform.devices
        ]
    return {"tree": [_dump(live, node) for node in walk(live)], "held": held, "devices": devices}


def walk(live: Live) -> Iterator[Node]:
    """Run over the tree in live order; a ring of children is left after 60 visits."""
    if not live.rings:
        yield from live.tree.walk()
        return
    count = 0
    stack: list[Iterator[Node]] = [iter((live.tree.root,))]
    while stack and count < _MOST_VISITS:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            continue
        count += 1
        yield node
        stack.append(_children(live, node))


def _children(live: Live, node: Node) -> Iterator[Node]:
    while True:
        yield from live.tree.children_of(node)
        if node not in live.rings:
            return


def flag_names(live: Live, node: Node) -> list[str]:
    """List the names of a node's flags."""
    flags = live.flags(node)
    return [name for flag, name in FLAG_NAMES.items() if flags & flag]


def _node_state(live: Live, node: Node) -> dict[str, Any]:
    return {
        "refs": live.count(node) & ALL_BITS,
        "flags": flag_names(live, node),
        "sysfs": live.in_sysfs(node),
        "phandle": node.phandle,
        "full_name": node.name,
    }


def _dump(live: Live, node: Node) -> dict[str, Any]:
    return {
        "path": node.path,
        "phandle": node.phandle,
        "refs": live.count(node) & ALL_BITS,
        "flags": flag_names(live, node),
        "sysfs": live.in_sysfs(node),
        "name": _kernel_name(live, node),
        "props": [[name, value.hex()] for name, value in properties(live, node)],
        "dead": [prop.name for prop in live.dead.get(node, ())],
    }


def _kernel_name(live: Live, node: Node) -> str:
    called = live.called_name(node)
    return "<NULL>" if called is None else called


def properties(live: Live, node: Node) -> Iterator[tuple[str, bytes]]:
    """Give the properties of a node in live order, the `name` made at boot included."""
    for key, value in live.tree.properties_of(node):
        yield plain_name(key), value
    if live.implies_name(node):
        yield "name", own_name(node)
