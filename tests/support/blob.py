"""A writer of blobs that shares nothing with the product's, for nested dicts (support.trees)."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from dtovl.model.node import plain_name
from support.trees import Content, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER_BYTES = 40


def blob(
    nested: Content, *, boot_cpuid: int = 0, reservations: tuple[tuple[int, int], ...] = ()
) -> bytes:
    """Flatten nested dicts as version 17."""
    strings: dict[str, int] = {}
    structure = b"".join(_node("", nested, strings)) + pack(">I", 9)
    text = b"".join(name.encode("latin-1") + b"\0" for name in strings)
    reserved = b"".join(pack(">QQ", *pair) for pair in (*reservations, (0, 0)))
    start = _HEADER_BYTES + len(reserved)
    end = start + len(structure)
    header = (0xD00DFEED, end + len(text), start, end, _HEADER_BYTES, 17, 16, boot_cpuid)
    return pack(">10I", *header, len(text), len(structure)) + reserved + structure + text


def _node(name: str, nested: Content, strings: dict[str, int]) -> Iterator[bytes]:
    yield pack(">I", 1) + _padded(plain_name(name).encode("latin-1") + b"\0")
    for key, content in nested.items():
        if not isinstance(content, dict):
            written = value_of(content)
            offset = _offset(plain_name(key), strings)
            yield pack(">3I", 3, len(written), offset) + _padded(written)
    for key, content in nested.items():
        if isinstance(content, dict):
            yield from _node(key, content, strings)
    yield pack(">I", 2)


def _offset(name: str, strings: dict[str, int]) -> int:
    if name not in strings:
        strings[name] = sum(len(known) + 1 for known in strings)
    return strings[name]


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)
