"""Structure blocks of versions below 16, rewritten as version 16 has them."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from dtovl.fdt.header import BEGIN_NODE, PROPERTY, BrokenBlobError
from dtovl.fdt.tokens import tokens

if TYPE_CHECKING:
    from dtovl.fdt.header import Fields

_TAG = Struct(">I")
_PROPERTY_HEAD = Struct(">3I")


def modern_structure(data: bytes, fields: Fields) -> tuple[bytes, int]:
    """Give the block with short node names and 4-byte alignment, and where the old one ends.

    The offset is into data, behind the END token. Offsets of property names stay as they are.

    Raises BrokenBlobError when the block is broken, or a node name is no path.
    Source: libfdt fdt_get_name, fdt_get_property_by_offset_ (both for versions below 16).
    """
    out = bytearray()
    token = None
    for token in tokens(data, fields):
        if token.tag == BEGIN_NODE:
            _, slash, name = token.text.rpartition(b"/")
            if not slash:
                what = f"version {fields.version} wants full paths as names, and this one has no /"
                raise BrokenBlobError(token.start, what, "FDT_ERR_BADSTRUCTURE")
            out += _TAG.pack(BEGIN_NODE) + name + bytes(4 - len(name) % 4)
        elif token.tag == PROPERTY:
            value = token.value
            out += _PROPERTY_HEAD.pack(PROPERTY, len(value), token.name_offset)
            out += value + bytes(-len(value) % 4)
        else:
            out += _TAG.pack(token.tag)
    return bytes(out), token.start + 4 if token else fields.structure
