"""Blobs put together by hand, so that every block, field and token can be wrong."""

from __future__ import annotations

from struct import pack, pack_into
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

END_NODE = pack(">I", 2)
NOP = pack(">I", 4)
END = pack(">I", 9)

FIELDS = (
    "magic",
    "totalsize",
    "off_dt_struct",
    "off_dt_strings",
    "off_mem_rsvmap",
    "version",
    "last_comp_version",
    "boot_cpuid_phys",
    "size_dt_strings",
    "size_dt_struct",
)


class Spec(NamedTuple):
    """A node as it shall stand in a blob; names may repeat."""

    name: str = ""
    properties: tuple[tuple[str, bytes], ...] = ()
    children: tuple[Spec, ...] = ()


def begin(name: str | bytes = b"") -> bytes:
    text = name.encode("latin-1") if isinstance(name, str) else name
    return pack(">I", 1) + text + bytes(4 - len(text) % 4)


def prop(offset: int, value: bytes = b"") -> bytes:
    return pack(">3I", 3, len(value), offset) + value + bytes(-len(value) % 4)


def raw(
    structure: bytes,
    strings: bytes = b"",
    *,
    reservations: bytes = bytes(16),
    order: str = "rst",
    gap: bytes = b"",
    padding: bytes = b"",
    **fields: int,
) -> bytes:
    """Put blocks behind a header; order of r(eservations), s(tructure), t(exts), gap before each.

    fields overwrite what the header says, by the names of the specification.
    """
    blocks = {"r": reservations, "s": structure, "t": strings}
    places = {}
    out = bytearray(40)
    for letter in order:
        out += gap
        out += bytes(-len(out) % (8 if letter == "r" else 4))
        places[letter] = len(out)
        out += blocks[letter]
    out += padding
    header = dict.fromkeys(FIELDS, 0)
    header.update(magic=0xD00DFEED, totalsize=len(out), version=17, last_comp_version=16)
    header.update(off_dt_struct=places["s"], off_dt_strings=places["t"])
    header.update(off_mem_rsvmap=places["r"])
    header.update(size_dt_strings=len(strings), size_dt_struct=len(structure))
    header.update(fields)
    pack_into(">10I", out, 0, *header.values())
    return bytes(out)


def changed(blob: bytes, **fields: int) -> bytes:
    """Give the blob with fields of its header overwritten."""
    out = bytearray(blob)
    for name, value in fields.items():
        pack_into(">I", out, 4 * FIELDS.index(name), value)
    return bytes(out)


def structure_of(root: Spec, *, version: int = 17, nops: bool = False) -> tuple[bytes, bytes]:
    """Write structure and strings of a tree, in the form of a version, NOPs behind all tokens."""
    strings: dict[str, int] = {}
    out = bytearray()
    nop = NOP if nops else b""
    for part in _tokens(root, "", version, strings):
        if isinstance(part, bytes):
            out += part
        else:
            offset, value = part
            out += pack(">3I", 3, len(value), offset)
            if version < 16 and len(value) >= 8:
                out += bytes(-len(out) % 8)
            out += value + bytes(-len(value) % 4)
        out += nop
    texts = b"".join(name.encode("latin-1") + b"\0" for name in strings)
    return bytes(out) + END, texts


def _tokens(
    node: Spec, above: str, version: int, strings: dict[str, int]
) -> Iterator[bytes | tuple[int, bytes]]:
    path = f"{above}/{node.name}"
    yield begin(path if version < 16 else node.name)
    for name, value in node.properties:
        yield strings.setdefault(name, sum(len(known) + 1 for known in strings)), value
    for child in node.children:
        yield from _tokens(child, path if node.name else "", version, strings)
    yield END_NODE
