"""Print trees as `lsprop -R` does (powerpc-utils src/lsprop.c)."""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtovl.model.node import Node

LIMIT = 128
_TEXT = {*b"\r\n\t\0", *range(0x20, 0x7F)}


def listing(root: Node, where: str = "") -> str:
    """Print a tree; where stands before the paths of directories."""
    lines: list[str] = []
    stack = [(root, "")]
    while stack:
        node, path = stack.pop()
        if path:
            lines += ["", f"{where}{path}:"]
        for name, value in node.properties.items():
            lines.append(f"{name:16}" + ("\n\t\t" if len(name) > 16 else "") + _value(value))
        below = f"{path}/" if path else ""
        stack += [(child, below + child.name) for child in reversed(node.children.values())]
    return "\n".join(lines) + "\n"


def _value(whole: bytes) -> str:
    value = whole[:LIMIT]
    total = f"\n\t\t [{len(whole)} bytes total]" if len(whole) > LIMIT else ""
    if _is_text(value):
        return ' "' + value[:-1].decode().replace("\0", '"\n\t\t "') + '"' + total
    if len(value) % 4 == 0:
        return _words(value) + total
    rows = []
    for at in range(0, len(value), 16):
        row = value[at : at + 16]
        text = "".join(chr(byte) if 0x20 < byte < 0x7F else "." for byte in row)
        rows.append("".join(f" {byte:02x}" for byte in row).ljust(48) + text)
    return "\n\t\t".join(rows) + total


def _is_text(value: bytes) -> bool:
    begins = len(value) == 1 or (bool(value) and value[0] != 0)
    return begins and set(value) <= _TEXT and value[-1] == 0


def _words(value: bytes) -> str:
    words = unpack(f">{len(value) // 4}I", value)
    if len(words) == 1:
        signed = words[0] - (1 << 32) if words[0] >> 31 else words[0]
        return f" {words[0]:08x}" + (f" ({signed})" if signed > -0x10000 and signed > 9 else "")
    width = 6 if len(words) % 6 == 0 else 5 if len(words) % 5 == 0 else 4
    rows = [words[at : at + width] for at in range(0, len(words), width)]
    return "\n\t\t".join("".join(f" {word:08x}" for word in row) for row in rows)
