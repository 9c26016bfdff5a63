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


class BootReferences:
    """What the scan of aliases holds at boot.

    That is `/aliases`, `/chosen`, the node that stdout names, and each node named by an alias that
    ends in digits. Full paths are kept as texts, and compared with those of the few nodes that are
    asked for. Source: kernel of_alias_scan (drivers/of/base.c).
    """

    __slots__ = ("_nodes", "_paths")

    def __init__(self, tree: Tree, dialect: Dialect) -> None:
        self._nodes: dict[Node, int] = {}
        self._paths: dict[bytes, int] = {}
        self._hold(chosen_node(tree))
        self._hold(console(tree, dialect))
        aliases = tree.aliases
        if aliases is None or aliases in tree.origins:
            return
        self._hold(aliases)
        for name, value in aliases.properties.items():
            if name in _PSEUDO or not name[-1:].isdigit():
                continue
            whole = value[:1] == b"/" and value.find(b"\0") == len(value) - 1
            if whole and b":" not in value:
                self._paths[value] = self._paths.get(value, 0) + 1
                continue
            path = text(value)
            found = find_path(tree, path, dialect) if path else None
            self._hold(None if isinstance(found, Miss) else found)

    def of(self, node: Node) -> int:
        """Count the references that boot holds on a node that was there then."""
        count = self._nodes.get(node, 0)
        if self._paths:
            twin = None if node.parent is None else node.parent.children.get(node.name)
            if twin is None or twin is node:  # of two nodes of one name the first is found
                count += self._paths.get(node.path.encode("latin-1") + b"\0", 0)
        return count

    def _hold(self, node: Node | None) -> None:
        if node is not None:
            self._nodes[node] = self._nodes.get(node, 0) + 1


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
