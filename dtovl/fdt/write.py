"""A live tree becomes a blob of version 17, laid out as dtc lays it out.

Header, memory reservations, structure, strings, padding, without gaps. Names in the strings block
are in order of first use, and a name that is the tail of an earlier one shares its bytes. So a blob
from dtc that is read and written again is the same, byte for byte.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from dtovl.fdt.header import (
    BEGIN_NODE,
    END,
    END_NODE,
    LAST_VERSION,
    MAGIC,
    PROPERTY,
    RESERVATION,
)
from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_HEADER = Struct(">10I")
_COMPATIBLE = 16  # the oldest version whose readers can read version 17
_TAG = Struct(">I")


def flatten(tree: Tree, *, padding: bytes | None = None) -> bytes:
    """Write the tree as a blob of version 17.

    padding are the bytes behind the last block, counted into totalsize: room to grow for a boot
    loader. None keeps those of the blob that the tree was read from. Nodes and properties are in
    tree order; repeated names are written as often as they are there.

    Source: Devicetree Specification v0.4, chapter 5.
    """
    order = _order(tree)
    offsets, strings = _strings(_keys(tree, order))
    structure = _structure(tree, order, offsets)
    reservations = b"".join(RESERVATION.pack(*entry) for entry in tree.header.reservations)
    reservations += bytes(RESERVATION.size)
    room = tree.header.padding if padding is None else padding
    structure_at = _HEADER.size + len(reservations)
    strings_at = structure_at + len(structure)
    header = _HEADER.pack(
        MAGIC,
        strings_at + len(strings) + len(room),
        structure_at,
        strings_at,
        _HEADER.size,
        LAST_VERSION,
        _COMPATIBLE,
        tree.header.boot_cpuid,
        len(strings),
        len(structure),
    )
    return b"".join((header, reservations, structure, strings, room))


def size_of(tree: Tree) -> int:
    """Give the size in bytes of the blob that flatten writes, without padding."""
    order = _order(tree)
    _, strings = _strings(_keys(tree, order))
    size = _HEADER.size + RESERVATION.size * (len(tree.header.reservations) + 1) + len(strings)
    size += _TAG.size  # END
    for node in order:
        if node is not None:
            size += 2 * _TAG.size + (len(node.name) + 4 & -4)
            size += sum([12 + (len(value) + 3 & -4) for value in node.properties.values()])
    return size


def _order(tree: Tree) -> list[Node | None]:
    """List the nodes as they are written; None stands where the node that is open ends."""
    heads = tree.head_children
    order: list[Node | None] = []
    stack: list[Node | None] = [tree.root]
    while stack:
        node = stack.pop()
        order.append(node)
        if node is None:
            continue
        stack.append(None)
        if node in heads:
            stack.extend(reversed(list(tree.children_of(node))))
        elif node.children:
            stack.extend(reversed(node.children.values()))
    return order


def _keys(tree: Tree, order: list[Node | None]) -> list[str]:
    """List the keys of all properties, each once, in order of first use."""
    heads = tree.head_properties
    found: dict[str, object] = {}
    for node in order:
        if node is not None:
            found.update(tree.properties_of(node) if node in heads else node.properties)
    return list(found)


def _strings(keys: list[str]) -> tuple[dict[str, int], bytes]:
    """Lay out the strings block: the offset of the name of each key, and the block."""
    names = list(dict.fromkeys(map(plain_name, keys)))
    holders = _tail_holders(names)
    places: dict[str, int] = {}
    block = bytearray()
    for name in names:
        holder = holders.get(name)
        if holder is None:
            places[name] = len(block)
            block += name.encode("latin-1") + b"\0"
        else:
            places[name] = places[holder] + len(holder) - len(name)
    return {key: places[plain_name(key)] for key in keys}, bytes(block)


def _tail_holders(names: list[str]) -> dict[str, str]:
    """Map each name that is the tail of one before it to the first such one.

    Sorted by their reversed text, the names that end in a given name follow it without a gap. So
    going through them from the last to the first, those that have the name at hand as their tail
    are the groups put together right before.
    """
    holders = {}
    groups: list[tuple[str, int]] = []  # tail that a group has in common, its earliest member
    backwards = sorted([(name[::-1], number) for number, name in enumerate(names)], reverse=True)
    for tail, number in backwards:
        first = number
        while groups and groups[-1][0].startswith(tail):
            first = min(first, groups.pop()[1])
        groups.append((tail, first))
        if first != number:
            holders[names[number]] = names[first]
    return holders


def _structure(tree: Tree, order: list[Node | None], offsets: dict[str, int]) -> bytearray:
    heads = tree.head_properties
    end_node = _TAG.pack(END_NODE)
    begin_packers, packers = _BEGIN_PACKERS, _PROPERTY_PACKERS
    out = bytearray()
    for node in order:
        if node is None:
            out += end_node
            continue
        name = node.name.encode("latin-1")
        pack = begin_packers.get(len(name)) or _begin_packer(len(name))
        out += pack(BEGIN_NODE, name)
        items = tree.properties_of(node) if node in heads else node.properties.items()
        for key, value in items:
            length = len(value)
            pack = packers.get(length) or _property_packer(length)
            out += pack(PROPERTY, length, offsets[key], value)
    out += _TAG.pack(END)
    return out


# What packs a token in one call, by the length of its name or value; struct adds the padding.
_BEGIN_PACKERS: dict[int, Callable[..., bytes]] = {}
_PROPERTY_PACKERS: dict[int, Callable[..., bytes]] = {}


def _begin_packer(length: int) -> Callable[..., bytes]:
    pack = Struct(f">I{length + 4 & -4}s").pack
    return _BEGIN_PACKERS.setdefault(length, pack)


def _property_packer(length: int) -> Callable[..., bytes]:
    pack = Struct(f">3I{length + 3 & -4}s").pack
    return _PROPERTY_PACKERS.setdefault(length, pack)
