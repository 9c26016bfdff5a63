"""Small trees from nested dicts, for the tests of the model."""

from __future__ import annotations

from struct import pack
from typing import TypeAlias

from dtovl.model.node import REPEAT, Node, free_key, plain_name
from dtovl.model.tree import Header, Tree

Content: TypeAlias = "dict[str, Content | bytes | str | int | list[int] | None]"


def again(name: str, count: int = 1) -> str:
    """Give the dict key for one more entry called name, where a node has several."""
    return f"{name}{REPEAT}{count}"


def cells(*numbers: int) -> bytes:
    return pack(f">{len(numbers)}I", *numbers)


def strings(*texts: str) -> bytes:
    return b"".join(text.encode("latin-1") + b"\0" for text in texts)


def value_of(content: bytes | str | int | list[int] | None) -> bytes:
    match content:
        case bytes():
            return content
        case str():
            return strings(content)
        case int():
            return cells(content)
        case list():
            return cells(*content)
    return b""


def tree_of(content: Content, header: Header | None = None) -> Tree:
    """Build a tree; a dict is a node, the rest are values; `phandle` is a property like any."""
    tree = Tree(node_of("", content), header)
    tree.index_phandles()
    return tree


def node_of(name: str, content: Content) -> Node:
    node = Node(name)
    for key, entry in content.items():
        plain = plain_name(key)
        if isinstance(entry, dict):
            node.add_child(node_of(plain, entry))
        else:
            node.properties[free_key(plain, node.properties)] = value_of(entry)
    return node
