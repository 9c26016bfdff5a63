"""Nodes of the live tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPEAT = "\0"
"""Separates a name from a running number in the dict key of a repeated name.

Blobs may hold two properties, or two subnodes, of one name in one node. The first has its name as
key, as look-ups of kernel and libfdt find that one. Each later one has `name + REPEAT + number`,
which no name of a blob or source can equal (names end at NUL), so nothing is lost and order stays.
"""


def plain_name(key: str) -> str:
    """Give the name that belongs to a key of Node.properties or Node.children."""
    return key.partition(REPEAT)[0] if REPEAT in key else key


def free_key(name: str, taken: dict[str, bytes] | dict[str, Node]) -> str:
    """Give the key for one more entry called name: the name, or a repeated-name key."""
    if name not in taken:
        return name
    number = 1
    while f"{name}{REPEAT}{number}" in taken:
        number += 1
    return f"{name}{REPEAT}{number}"


class Node:
    """A node of the live tree (Devicetree Specification v0.4, 2.2; kernel struct device_node).

    name        with unit address; "" for the root
    parent      None for a root and for a detached node
    properties  key -> raw value, big-endian bytes; views of them are in model.cells
    children    key -> node
    phandle     the number by which others refer to it, 0 for none (kernel: np->phandle)

    Keys are names but for repeated ones (see REPEAT). Dict order is not always tree order: what an
    applier put at the head is at the end of the dict; Tree.properties_of and Tree.children_of
    give tree order. Nodes are mutable, unique, compared by identity.
    """

    __slots__ = ("children", "name", "parent", "phandle", "properties")

    def __init__(self, name: str, parent: Node | None = None, phandle: int = 0) -> None:
        self.name = name
        self.parent = parent
        self.properties: dict[str, bytes] = {}
        self.children: dict[str, Node] = {}
        self.phandle = phandle

    @property
    def path(self) -> str:
        """Give the full path, `/` for the root."""
        parts = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            parts.append(node.name)
            node = node.parent
        parts.append("")
        return "/".join(reversed(parts)) or "/"

    @property
    def kernel_path(self) -> str:
        """Give the path as the kernel's %pOF prints it: it begins with the name of the root.

        That is empty, but in blobs that were edited by hand.
        """
        parts = []
        node = self
        while node.parent is not None:
            parts.append(node.name)
            node = node.parent
        parts.append(node.name)
        return "/".join(reversed(parts))

    def add_child(self, child: Node) -> None:
        """Append child to the children, last; a repeated name gets a repeated-name key."""
        child.parent = self
        self.children[free_key(child.name, self.children)] = child

    def walk(self) -> Iterator[Node]:
        """Run over this node and all below it, parents first, in dict order, without recursion."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children.values()))

    def __repr__(self) -> str:
        """Show the path, for test failures."""
        return f"<Node {self.path}>"
