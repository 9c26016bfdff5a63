"""The structure block token by token, every bound checked.

The slow reader: it tells where a broken block breaks, and it translates old versions. Whole blobs
of today are read by dtovl.fdt.read in one pass that relies on the check before it.
"""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.input import BAD_STRING
from dtovl.fdt.header import (
    BEGIN_NODE,
    END,
    END_NODE,
    FULL_PATH_VERSIONS,
    NOP,
    PROPERTY,
    BrokenBlobError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.fdt.header import Fields


class Token(NamedTuple):
    """One token: where it begins in the file, what it carries.

    text is the stored name of a node or the name of a property; value the bytes of a property.
    """

    tag: int
    start: int
    text: bytes = b""
    value: bytes = b""
    name_offset: int = 0


def tokens(data: bytes, fields: Fields) -> Iterator[Token]:
    """Give the tokens up to and with END; the nesting of nodes is not looked at.

    Raises BrokenBlobError at the first token that does not fit.
    Source: libfdt fdt_next_tag; Devicetree Specification v0.4, 5.4.
    """
    base, end = fields.structure, fields.structure_end
    at = base
    tag = 0
    while tag != END:
        if at + 4 > end:
            what = f"the block ends at byte {end} without its END token"
            raise BrokenBlobError(at, what, "FDT_ERR_TRUNCATED")
        (tag,) = unpack_from(">I", data, at)
        if tag == PROPERTY:
            token, after = _property(data, fields, at)
        elif tag == BEGIN_NODE:
            stop = data.find(b"\0", at + 4, end)
            if stop < 0:
                what = f"the name of a node runs past the end of the block at byte {end}"
                raise BrokenBlobError(at, what, "FDT_ERR_BADSTRUCTURE")
            token, after = Token(tag, at, data[at + 4 : stop]), stop + 1
        elif tag in (END_NODE, NOP, END):
            token, after = Token(tag, at), at + 4
        else:
            what = f"{tag:#x} is no token (1, 2, 3, 4 and 9 are)"
            raise BrokenBlobError(at, what, "FDT_ERR_BADSTRUCTURE")
        yield token
        at = base + (after - base + 3 & -4)


def _property(data: bytes, fields: Fields, at: int) -> tuple[Token, int]:
    end = fields.structure_end
    if at + 12 > end:
        what = f"the block ends at byte {end}, inside the head of a property"
        raise BrokenBlobError(at, what, "FDT_ERR_BADSTRUCTURE")
    length, name_offset = unpack_from(">2I", data, at + 4)
    start = at + 12
    if fields.version < FULL_PATH_VERSIONS and length >= 8:
        start += (fields.structure - start) % 8
    if start + length > end:
        what = (
            f"a property says it has {length} bytes; "
            f"{max(end - start, 0)} are left up to the end of the block at byte {end}"
        )
        raise BrokenBlobError(at, what, "FDT_ERR_BADSTRUCTURE")
    name = property_name(data, fields, name_offset, at)
    return Token(PROPERTY, at, name, data[start : start + length], name_offset), start + length


def property_name(data: bytes, fields: Fields, name_offset: int, at: int) -> bytes:
    """Read the name at an offset into the strings block; at is the byte of the property's token.

    Raises BrokenBlobError when it is not wholly inside the block. Source: libfdt fdt_get_string.
    """
    start, end = fields.strings + name_offset, fields.strings_end
    if start >= end:
        what = (
            f"its name is at byte {name_offset} of the strings block, which has "
            f"{end - fields.strings} (token at byte {at} of the file)"
        )
        raise BrokenBlobError(at, what, "FDT_ERR_BADOFFSET", BAD_STRING)
    stop = data.find(b"\0", start, end)
    if stop < 0:
        what = (
            f"the name at byte {name_offset} of the strings block has no NUL at its end "
            f"(token at byte {at} of the file)"
        )
        raise BrokenBlobError(at, what, "FDT_ERR_TRUNCATED", BAD_STRING)
    return data[start:stop]
