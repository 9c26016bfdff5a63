"""References to nodes that the kernel takes once at boot and keeps for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import text
from dtovl.model.paths import Miss, find_path

if TYPE_CHECKING:
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_PSEUDO = frozenset({"name", "phandle", "linux,phandle"})
_STDOUT = ("stdout-path", "linux,stdout-path")


def boot_references(tree: Tree, dialect: Dialect) -> dict[Node, int]:
    """Count what the scan of aliases holds at boot, per node.

    `/aliases`, `/chosen`, the node that stdout names, and each node named by an alias that ends in
    digits. Source: kernel of_alias_scan (drivers/of/base.c).
    """
    found: dict[Node, int] = {}

    def hold(node: Node | Miss | None) -> None:
        if node is not None and not isinstance(node, Miss):
            found[node] = found.get(node, 0) + 1

    hold(chosen_node(tree))
    hold(console(tree, dialect))
    aliases = tree.aliases
    if aliases is None or aliases in tree.origins:
        return found
    hold(aliases)
    for name, value in aliases.properties.items():
        path = text(value)
        if name not in _PSEUDO and name[-1:].isdigit() and path:
            hold(find_path(tree, path, dialect))
    return found


def chosen_node(tree: Tree) -> Node | None:
    """Give `/chosen`."""
    return tree.root.children.get("chosen") or tree.root.children.get("chosen@0")


def console(tree: Tree, dialect: Dialect) -> Node | None:
    """Give the node that `/chosen` names as console."""
    chosen = chosen_node(tree)
    if chosen is None:
        return None
    stdout = next((chosen.properties[key] for key in _STDOUT if key in chosen.properties), None)
    path = None if stdout is None else text(stdout)
    found = find_path(tree, path, dialect) if path else None
    return None if isinstance(found, Miss) else found
