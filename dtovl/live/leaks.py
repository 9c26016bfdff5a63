"""What the kernel has allocated since boot and nobody can reach any more.

Memory of nodes and properties of boot is not searched: what only they point to counts as lost.
Reached is what stands in sysfs, what overlays and changesets list, what callers hold by name, what
devices are made of, and what those point to: parent, children, properties, dead properties.
Source: kernel mm/kmemleak.c; the allocations of __of_node_dup, __of_prop_dup, safe_name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.objects import Flag, Maker, Property

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.live.changeset import LiveChangeset
    from dtovl.live.state import Live
    from dtovl.model.node import Node


def find_leaks(
    live: Live, changesets: Iterable[LiveChangeset], labelled: Iterable[Node]
) -> list[str]:
    """List leaked objects by kind, sorted.

    changesets are those that somebody can still reach, those of listed overlays included;
    labelled the nodes that somebody has a pointer to.
    """
    nodes, kept = _reached(live, changesets, labelled)
    found = ["sysfs-name"] * live.strings_lost
    for node in live.made_nodes:
        if node not in nodes and node not in live.freed:
            found += ["node", "node-name"]
            if node in live.kobject_names:
                found.append("sysfs-name")
    base = {node for node in live.kobject_names if not live.has_flag(node, Flag.DYNAMIC)}
    found += ["sysfs-name"] * len(base)
    found += ["sysfs-name"] * len(live.boot_files)
    for prop in live.made_properties:
        if prop not in kept and prop not in live.freed_properties:
            found += _parts(prop)
    return sorted(found)


def _parts(prop: Property) -> list[str]:
    if prop.maker is Maker.SYMBOL:
        return ["property-name", "symbol-property", "symbol-property"]
    if prop.maker is Maker.CALLER:
        return ["case-property", "case-property", "case-property-name"]
    return ["property", "property-name"] + (["property-value"] if prop.value else [])


def _reached(
    live: Live, changesets: Iterable[LiveChangeset], labelled: Iterable[Node]
) -> tuple[set[Node], set[Property]]:
    nodes: set[Node] = set()
    kept: set[Property] = set()
    stack = [node for node in live.made_nodes if live.in_sysfs(node)]
    stack += labelled
    if live.platform is not None:
        stack += live.platform.nodes()
    for changeset in changesets:
        for entry in changeset.entries:
            stack.append(entry.node)
            kept.update(prop for prop in (entry.prop, entry.old) if prop is not None)
    # A file in sysfs points to its property, whatever node has it.
    kept.update(prop for prop in live.made_properties if prop.sysfs)
    while stack:
        node = stack.pop()
        if node in nodes or node in live.freed or not live.has_flag(node, Flag.DYNAMIC):
            continue
        nodes.add(node)
        kept.update(live.objects_of(node))
        kept.update(live.dead.get(node, ()))
        stack.extend(node.children.values())
        if node.parent is not None:
            stack.append(node.parent)
    return nodes, kept
