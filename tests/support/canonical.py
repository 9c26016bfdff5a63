"""Canonical text of trees, for comparison with recordings: one line per node and property.

Bytes of names outside 0x21..0x7e and the backslash are written `\\xNN`; values are lower-case hex.
"""

from __future__ import annotations

import hashlib
import re
from struct import unpack_from
from typing import TYPE_CHECKING

from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.tree import Tree

_BEGIN, _END_NODE, _PROP, _NOP, _END = 1, 2, 3, 4, 9
_ODD = re.compile(r"[^\x21-\x5b\x5d-\x7e]")


def escaped(name: str) -> str:
    """Write a name (latin-1) in plain ASCII."""
    return _ODD.sub(lambda found: f"\\x{ord(found[0]):02x}", name)


def blob_lines(blob: bytes) -> list[str]:
    """Write a blob of version 16 or 17 as lines, in document order.

    `B` boot CPU, `R` reservations, `N path` nodes, `P path name hex` properties. Raises ValueError
    or struct.error when the blob is malformed.
    """
    magic, total, struct, strings, reservations, _, _, cpu = unpack_from(">8I", blob)
    if magic != 0xD00DFEED or total > len(blob):
        raise ValueError("no flattened tree, or cut off")
    written = [f"B {cpu:08x}"]
    while (pair := unpack_from(">QQ", blob, reservations)) != (0, 0):
        written.append("R {:016x} {:016x}".format(*pair))
        reservations += 16
    return written + _structure_lines(blob, struct, strings)


def _structure_lines(blob: bytes, struct: int, strings: int) -> list[str]:
    written: list[str] = []
    paths: list[str] = []
    names: dict[int, str] = {}
    offset = struct
    while True:
        tag = unpack_from(">I", blob, offset)[0]
        offset += 4
        if tag == _PROP:
            length, at = unpack_from(">2I", blob, offset)
            offset += 8
            if at not in names:
                names[at] = escaped(_text(blob, strings + at))
            content = blob[offset : offset + length]
            written.append(f"P {paths[-1] or '/'} {names[at]} {content.hex()}")
            offset += (length + 3) & ~3
        elif tag == _BEGIN:
            name = _text(blob, offset)
            paths.append(f"{paths[-1]}/{escaped(name)}" if paths else escaped(name))
            written.append(f"N {paths[-1] or '/'}")
            offset = struct + ((offset - struct + len(name) + 4) & ~3)
        elif tag == _END_NODE:
            paths.pop()
        elif tag == _END:
            return written
        elif tag != _NOP:
            raise ValueError(f"tag {tag:#x} in the structure block")


def _text(blob: bytes, offset: int) -> str:
    return blob[offset : blob.index(0, offset)].decode("latin-1")


def digest(lines: Iterable[str]) -> str:
    """Give the SHA-256 of lines as text, each ended by a newline."""
    return hashlib.sha256(("\n".join(lines) + "\n").encode("ascii")).hexdigest()


def plain_lines(tree: Tree) -> list[str]:
    """Write a live tree as the `plain` form of kernel recordings: sorted, without made-up names.

    A `name` property that only repeats the node's name up to `@` is left out: the kernel gives one
    to each node.
    """
    written = []
    for node in tree.walk():
        path = "/".join(map(escaped, node.path.split("/")))
        written.append(f"N {path}")
        stem = node.name.rpartition("@")[0] or node.name
        made_up = stem.encode("latin-1") + b"\0"
        for key, content in node.properties.items():
            name = plain_name(key)
            if name != "name" or content != made_up:
                written.append(f"P {path} {escaped(name)} {content.hex()}")
    return sorted(written)


def first_difference(expected: list[str], found: list[str]) -> str:
    """Say where two lists of lines part, in one line."""
    for number, (one, other) in enumerate(zip(expected, found, strict=False), 1):
        if one != other:
            return f"line {number}: expected {_cut(one)}, found {_cut(other)}"
    number = min(len(expected), len(found)) + 1
    longer = expected if len(expected) > len(found) else found
    if len(longer) < number:
        return "no line differs"
    side = "expected" if longer is expected else "found"
    return f"line {number}: only {side}: {_cut(longer[number - 1])}"


def _cut(line: str, most: int = 160) -> str:
    return line if len(line) <= most else f"{line[:most]}..."
