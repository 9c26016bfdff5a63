"""How many bytes a blob grows when overlays are merged into it in place, as boot loaders do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.changes import FragmentChanges

_PROPERTY_HEAD = 12
_NODE_TAGS = 8
_PAGE = 0x1000


class Room(NamedTuple):
    """Bytes of a base, what overlays add to it, and the padding that it brings for that."""

    base: int
    growth: int
    padding: int

    @property
    def total(self) -> int:
        """Give the bytes of the result without padding."""
        return self.base + self.growth

    @property
    def wanted(self) -> int:
        """Give the bytes to make room for, in whole pages; 0 when the padding suffices."""
        if self.growth <= self.padding:
            return 0
        return -(-self.growth // _PAGE) * _PAGE


def growth(tree: Tree, changes: Iterable[FragmentChanges]) -> int:
    """Give the bytes by which overlays in force made the blob of their base larger.

    Source: libfdt fdt_add_property_ (12 bytes, value, name once), fdt_add_subnode_namelen, and
    fdt_resize_property_; Devicetree Specification v0.4, 5.4 (everything in multiples of 4).
    """
    size = 0
    fresh: set[tuple[Node, str]] = set()
    added: set[Node] = set()
    for fragment in changes:
        for change in fragment.nodes:
            if change.added:
                added.add(change.node)
                size += _NODE_TAGS + _aligned(len(change.node.name) + 1)
            for one in change.properties:
                size += _stored(one.new) - _stored(one.old)
                if one.old is None:
                    fresh.add((change.node, one.key))
    wanted = {plain_name(key) for _, key in fresh}
    for name in _names(tree, added, fresh):
        wanted.discard(name)
        if not wanted:
            break
    return size + sum(len(name) + 1 for name in wanted)


def _stored(value: bytes | None) -> int:
    return 0 if value is None else _PROPERTY_HEAD + _aligned(len(value))


def _aligned(size: int) -> int:
    return (size + 3) & ~3


def _names(tree: Tree, added: set[Node], fresh: set[tuple[Node, str]]) -> Iterator[str]:
    """Give the names of properties that the base had, over and over."""
    for node in tree.root.walk():
        if node not in added:
            for key in node.properties:
                if (node, key) not in fresh:
                    yield plain_name(key)
