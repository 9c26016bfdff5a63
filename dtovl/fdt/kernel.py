"""Unflattening a blob as Linux does it: with fewer checks than dtovl makes of its input.

Used to say what the kernel makes of a damaged overlay; input that dtovl works on goes through
dtovl.fdt.read. All offsets are in bytes; those of tags count from the start of the structure block.
"""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

from dtovl.fdt.header import BEGIN_NODE, END, END_NODE, NOP, PROPERTY
from dtovl.model.cells import cell
from dtovl.model.limits import LINUX_MAX_DEPTH
from dtovl.model.node import REPEAT, Node
from dtovl.model.tree import Header, Tree

_TRUNCATED, _BADSTRUCTURE = -8, -11
_INT_MAX = 0x7FFFFFFF
# Bytes of header by version: fdt_header_size_.
_HEADER_BYTES = ((1, 28), (2, 32), (16, 36))


class Blob(NamedTuple):
    """The fields of a header, and the bytes they are about (see fdt.h)."""

    data: bytes
    totalsize: int
    off_struct: int
    off_strings: int
    off_reservations: int
    version: int
    last_compatible: int
    size_strings: int
    size_struct: int


class Broken(Exception):
    """The structure cannot be unflattened; code is the libfdt error, 0 where none is printed."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def read_header(data: bytes) -> Blob | None:
    """Read the header as the kernel checks it; None when it refuses.

    Source: kernel of_overlay_fdt_apply; libfdt fdt_check_header.
    """
    if len(data) < 40 or cell(data) != 0xD00DFEED:
        return None
    fields = unpack_from(">10I", data)
    _, total, struct, strings, reservations, version, compatible = fields[:7]
    blob = Blob(
        data,
        total,
        struct,
        strings,
        reservations,
        version,
        compatible,
        fields[8],
        fields[9] if version >= 17 else 0,
    )
    if version < 2 or compatible > 17 or version < compatible:
        return None
    size = next((size for last, size in _HEADER_BYTES if version <= last), 40)
    if not size <= total <= _INT_MAX or not size <= reservations <= total:
        return None
    struct_end = struct + blob.size_struct
    if not size <= struct <= total or struct_end > total or not size <= strings <= total:
        return None
    return None if strings + blob.size_strings > total else blob


def unflatten(blob: Blob) -> tuple[Tree, list[str]]:
    """Make a tree of a blob; also gives the kernel's warnings.

    Raises Broken. Source: kernel unflatten_dt_nodes, populate_properties; libfdt fdt_next_tag.
    """
    walker = _Walker(blob)
    root = walker.run()
    tree = Tree(root, Header(version=blob.version))
    tree.index_phandles()
    return tree, walker.warnings


class _Walker:
    """One walk over the structure block; stack holds the open nodes, None for a dropped one."""

    __slots__ = ("blob", "repeats", "warnings")

    def __init__(self, blob: Blob) -> None:
        self.blob = blob
        self.warnings: list[str] = []
        self.repeats: dict[tuple[Node, str], int] = {}

    def run(self) -> Node:
        try:
            tag, after = self._tag(0)
        except Broken as broken:
            # The kernel fails on the root's name before it walks, and prints no code.
            raise Broken(0) from broken
        if tag != BEGIN_NODE:
            raise Broken(0)
        root = Node(self._name(4))
        stack: list[Node | None] = [root]
        collecting = True
        offset = after
        while True:
            tag, after = self._tag(offset)
            if tag == PROPERTY:
                if collecting and stack[-1] is not None:
                    self._property(stack[-1], offset)
            elif tag == BEGIN_NODE:
                stack.append(self._child(stack, offset))
                collecting = True
            elif tag == END_NODE:
                stack.pop()
                collecting = False
                if not stack:
                    return root
            elif tag == END:
                # Before the root has ended: the kernel takes what it has.
                return root
            offset = after

    def _child(self, stack: list[Node | None], offset: int) -> Node | None:
        name = self._name(offset + 4)
        parent = stack[-1]
        if parent is None or len(stack) >= LINUX_MAX_DEPTH:
            return None
        child = Node(name)
        parent.add_child(child)
        return child

    def _name(self, offset: int) -> str:
        start = self.blob.off_struct + offset
        name = self.blob.data[start : self.blob.data.index(0, start)].decode("latin-1")
        # What stands before a slash is passed over wherever the kernel looks at a name (kbasename).
        _above, slash, last = name.rpartition("/")
        if not slash and self.blob.version < 16:
            raise Broken(0)
        return last

    def _property(self, node: Node, offset: int) -> None:
        data, start = self.blob.data, self.blob.off_struct + offset
        length, name_offset = unpack_from(">2I", data, start + 4)
        name = self._string(name_offset)
        if name is None:
            # Both passes of the kernel say so.
            self.warnings.extend([f"OF: fdt: Cannot locate property at {offset:#x}"] * 2)
            return
        value_at = start + 12
        if self.blob.version < 16 and length >= 8 and (offset + 12) % 8:
            value_at += 4
        key = name
        if name in node.properties:
            self.repeats[node, name] = self.repeats.get((node, name), 0) + 1
            key = f"{name}{REPEAT}{self.repeats[node, name]}"
        node.properties[key] = data[value_at : value_at + length]

    def _string(self, offset: int) -> str | None:
        blob = self.blob
        limit = blob.totalsize
        if blob.version >= 17:
            limit = min(limit, blob.off_strings + blob.size_strings)
        start = blob.off_strings + offset
        end = blob.data.find(0, start, limit) if start < limit else -1
        return None if end < 0 else blob.data[start:end].decode("latin-1")

    def _tag(self, offset: int) -> tuple[int, int]:
        """Read the tag at an offset; also gives the offset of the next one. Raises Broken."""
        if not self._inside(offset, 4):
            raise Broken(_TRUNCATED)
        tag = cell(self.blob.data, self.blob.off_struct + offset)
        end = offset + 4
        if tag == BEGIN_NODE:
            start = self.blob.off_struct + end
            nul = self.blob.data.find(0, start, self._limit())
            if nul < 0:
                raise Broken(_BADSTRUCTURE)
            end += nul - start + 1
        elif tag == PROPERTY:
            if not self._inside(end, 4):
                raise Broken(_BADSTRUCTURE)
            length = cell(self.blob.data, self.blob.off_struct + end)
            if length + end >= _INT_MAX:
                raise Broken(_BADSTRUCTURE)
            end += 8 + length
            if self.blob.version < 16 and length >= 8 and (end - length) % 8:
                end += 4
        elif tag not in (END_NODE, NOP, END):
            raise Broken(_BADSTRUCTURE)
        if not self._inside(offset, end - offset):
            raise Broken(_BADSTRUCTURE)
        return tag, (end + 3) & ~3

    def _limit(self) -> int:
        blob = self.blob
        if blob.version >= 17:
            return blob.off_struct + blob.size_struct
        return blob.totalsize

    def _inside(self, offset: int, length: int) -> bool:
        return self.blob.off_struct + offset + length <= self._limit()
