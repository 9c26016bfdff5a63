"""Wires in a tree: nodes whose dicts raise when they are read.

Nodes that are known may be asked for one name, and not be gone through; but the names of a few
children may be gone through, as libfdt takes the first that fits when a unit address is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

FEW = 64


class TouchedError(AssertionError):
    """Something was read that is none of the overlay's business."""


class _Named(dict[str, Any]):
    """Answers when asked for one name, and raises when it is gone through."""

    def _raise(self, *_: object) -> NoReturn:
        raise TouchedError(f"gone through: {list(dict.keys(self))[:4]}")

    keys = values = items = copy = __iter__ = __reversed__ = __or__ = __ror__ = __eq__ = _raise
    __hash__ = None  # type: ignore[assignment]  # as for every dict


class _Children(_Named):
    """Children of a node above a target."""

    def values(self) -> Any:
        return dict.values(self) if len(self) <= FEW else self._raise()


class _Shut(_Named):
    """Raises when it is read in any way."""

    get = __getitem__ = __contains__ = __len__ = __bool__ = _Named._raise


def _nodes_at(tree: Tree, paths: Iterable[str]) -> set[Node]:
    found = {tree.find(path) for path in paths}
    assert None not in found
    return {node for node in found if node is not None}


def arm(tree: Tree, free: Iterable[str], asked: Iterable[str]) -> None:
    """Put wires into all nodes but those at the paths in free.

    Nodes at paths in asked, and all above either, may be asked for one name.
    """
    open_nodes = _nodes_at(tree, free)
    known = _nodes_at(tree, asked) | {tree.root}
    for node in open_nodes | known:
        parent = node.parent
        while parent is not None:
            known.add(parent)
            parent = parent.parent
    for node in list(tree.walk()):
        if node not in open_nodes:
            node.properties = (_Named if node in known else _Shut)(node.properties)
            node.children = (_Children if node in known else _Shut)(node.children)


def disarm(tree: Tree) -> None:
    """Take the wires out again."""
    stack = [tree.root]
    while stack:
        node = stack.pop()
        node.properties = dict(dict.items(node.properties))
        node.children = dict(dict.items(node.children))
        stack.extend(node.children.values())
