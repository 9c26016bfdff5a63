"""The entries of a node's directory in sysfs: a file for each property, names never twice.

A name that is taken gets a number. The name of a file is memory of its own, held by the property.
Source: kernel drivers/of/kobj.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.live.objects import Maker, Oops, Property

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node

_NAME_TRIES = 16


def add_file(live: Live, node: Node, prop: Property, fresh: str = "") -> None:
    """Make the file of a property; fresh is its name in a directory that is being made."""
    own = prop.name
    if (
        prop.sysfs is None
        and own not in node.children
        and prop.maker is not Maker.BOOT
        and not (fresh or live.stray_files or live.faults)
    ):
        prop.sysfs = own  # the common case: nothing else can have the name
        return
    name = fresh or free_name(live, node, own, prop)
    if prop.sysfs is not None and not fresh:
        live.strings_lost += 1
        live.stale_files.setdefault(node, set()).add(prop.sysfs)
    if fresh and fresh != own:
        _print_renamed(live, node, fresh)
    if live.fault("property-file"):
        # The kernel warns with a stack and goes on: the name is kept, the file is missing.
        prop.sysfs = ""
        return
    prop.sysfs = name
    if prop.maker is Maker.BOOT:
        live.boot_files.add(prop)
    if name != own:
        live.renamed.setdefault(node, set()).add(name)


def remove_file(live: Live, node: Node, prop: Property) -> None:
    """Remove the file of a property; one that it does not have is a hazard. Raises Oops."""
    if prop.sysfs is None:
        if prop.gone:
            live.find(codes.NAME_FREED_TWICE, node, name=prop.name)
        elif live.in_sysfs(node):
            raise Oops(f"the file of property {prop.name} is removed, which was never made", node)
        return
    if prop.sysfs != prop.name:
        live.renamed.get(node, set()).discard(prop.sysfs)
    prop.sysfs = None
    prop.gone = True
    if prop.maker is Maker.BOOT:
        live.boot_files.discard(prop)


def free_name(live: Live, node: Node, name: str, what: Node | Property) -> str:
    """Give the name for an entry of a node's directory, with a number when it is taken.

    Source: kernel safe_name (drivers/of/kobj.c).
    """
    if not _is_taken(live, node, name, what):
        return name
    chosen = name
    taken = live.renamed.get(node, set()) | live.stale_files.get(node, set())
    for number in range(1, _NAME_TRIES):
        chosen = f"{name}#{number}"
        if chosen not in taken:
            break
    _print_renamed(live, node, chosen)
    return chosen


def _print_renamed(live: Live, node: Node, name: str) -> None:
    where = live.names.get(node, node.name) or "base"
    live.print(4, "Duplicate name in ", where, f', renamed to "{name}"')


def _is_taken(live: Live, node: Node, name: str, what: Node | Property) -> bool:
    """Tell whether another entry of a node's directory has a name."""
    if name in node.properties:
        known = live.objects.get((node, name))
        if known is None or known.sysfs == name:
            return True
    if node in live.stale_files and name in live.stale_files[node]:
        return True
    if name in node.children and _is_directory(live, node, name):
        return True
    # Dead properties have files only if one was replaced behind the back of an update; what many
    # overlays have left on a list of dead ones need not be looked through otherwise.
    dead = live.dead.get(node) if live.stray_files else None
    return dead is not None and any(prop.sysfs == name and prop is not what for prop in dead)


def _is_directory(live: Live, node: Node, name: str) -> bool:
    """Tell whether a child of that name, which has not been renamed, is in sysfs."""
    child = node.children[name]
    if child not in live.names:
        return live.in_sysfs(child)
    return any(
        one.name == name and one not in live.names and live.in_sysfs(one)
        for one in node.children.values()
    )
