"""The digest of a tree: equal for trees that are equal in everything, order included."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree


def tree_digest(tree: Tree) -> bytes:
    """Give the SHA-256 over names, properties, values and live phandles, in tree order.

    Every part is preceded by its length, and a node by the number of its children, so that no two
    trees have the same text.
    """
    parts: list[bytes] = []
    add = parts.append
    heads = tree.head_properties
    ordered = tree.head_children
    stack: list[Node] = [tree.root]
    while stack:
        node = stack.pop()
        items = tree.properties_of(node) if node in heads else node.properties.items()
        children = node.children
        add(
            b"N%d:%b%d,%d,%d;"
            % (
                len(node.name),
                node.name.encode("latin-1"),
                node.phandle,
                len(node.properties),
                len(children),
            )
        )
        for key, value in items:
            add(b"%d:%b%d:%b" % (len(key), key.encode("latin-1"), len(value), value))
        if children:
            below = tree.children_of(node) if node in ordered else children.values()
            stack.extend(reversed(list(below)))
    return sha256(b"".join(parts)).digest()
