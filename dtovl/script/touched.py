"""What the kernel keeps of nodes beside the tree, for the op `dump`: counts, holders, leftovers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dtovl.live.objects import Flag
from dtovl.script.dump import flag_names, properties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.live.changeset import LiveChangeset
    from dtovl.model.node import Node
    from dtovl.script.machine import Machine


def touched_nodes(machine: Machine) -> list[Node]:
    """List the nodes that steps have left traces on, by path; freed ones are left out.

    Those made since boot, held by name or by an entry of a changeset, those with dead properties,
    and those whose last reference is gone.
    """
    live = machine.live
    found = {*live.holders, *live.dead}
    for node, count in live.counts.items():
        if count <= 0 or live.has_flag(node, Flag.DYNAMIC):
            found.add(node)
    for changeset, targets in _changesets(machine):
        found.update(entry.node for entry in changeset.entries)
        found.update(targets)
    return sorted(found - live.freed, key=lambda node: node.path)


def describe_nodes(machine: Machine, nodes: list[Node], *, whole: bool) -> list[dict[str, Any]]:
    """Give count, flags, holders, dead properties of nodes; whole: their properties as well."""
    live = machine.live
    holders = _holders(machine)
    described = []
    for node in nodes:
        found: dict[str, Any] = {
            "path": node.path,
            "refs": live.count(node),
            "flags": flag_names(live, node),
            "attached": live.attached(node),
            "holders": holders.get(node, []),
            "dead": [prop.name for prop in live.dead.get(node, ())],
        }
        if whole:
            found["phandle"] = node.phandle
            found["props"] = [[name, value.hex()] for name, value in properties(live, node)]
        described.append(found)
    return described


def _holders(machine: Machine) -> dict[Node, list[dict[str, Any]]]:
    """List who has references to each node: those that have a name, then changesets."""
    found: dict[Node, list[dict[str, Any]]] = {}
    for node, named in machine.live.holders.items():
        found[node] = [{"name": one.name, "where": one.where, "refs": 1} for one in named]
    for changeset, targets in _changesets(machine):
        nodes = [entry.node for entry in changeset.entries]
        for where, held in (("entries", nodes), ("target of fragments", targets)):
            for node, count in Counter(held).items():
                holder = {"name": changeset.label, "where": where, "refs": count}
                found.setdefault(node, []).append(holder)
    return found


def _changesets(machine: Machine) -> Iterator[tuple[LiveChangeset, list[Node]]]:
    """Give each changeset that holds nodes, and the targets that it holds besides."""
    for record in machine.overlays.listed:
        yield record.changeset, [target for target, _ in record.pairs]
    transition = machine.overlays.transition
    if transition is not None:
        yield from transition.leaving.holding()
    for changeset in machine.names.changesets.values():
        yield changeset, []
