"""The tree of a session as a blob would hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.state import own_name
from dtovl.model.node import Node
from dtovl.model.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping


def plain_copy(
    tree: Tree,
    read_base: Callable[[], Tree],
    twins: MutableMapping[Node, Node] | None = None,
) -> Tree:
    """Copy a live tree without the `name` properties that Linux makes for its own use.

    A `name` that the base had of its own stays; read_base gives the base, and is called only when
    that is in question. Order is kept: what the live tree has first is first in the copy. twins, if
    given, gets node -> its copy.

    Source: kernel populate_properties (drivers/of/fdt.c).
    """
    base: Tree | None = None
    root = Node(tree.root.name)
    stack = [(tree.root, root)]
    while stack:
        node, copy = stack.pop()
        properties = dict(tree.properties_of(node))
        if properties.get("name") == own_name(node):
            base = base or read_base()
            twin = base.find(node.path)
            if twin is None or "name" not in twin.properties:
                del properties["name"]
        copy.properties = properties
        if twins is not None:
            twins[node] = copy
        for child in tree.children_of(node):
            below = Node(child.name)
            copy.add_child(below)
            stack.append((child, below))
    copied = Tree(root, tree.header)
    copied.index_phandles()
    return copied
