"""The header of a blob: its fields, and whether they can be true; the numbers of the format."""

from __future__ import annotations

from struct import Struct, unpack_from
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.input import (
    BAD_HEADER,
    BAD_STRUCTURE,
    BAD_VERSION,
    NOT_A_TREE,
    TOO_LARGE,
    TRUNCATED,
)
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.model.limits import MAX_BLOB_BYTES, MAX_NAME_BYTES

if TYPE_CHECKING:
    from dtovl.codes.base import Code

MAGIC = 0xD00DFEED
MAGIC_BYTES = b"\xd0\x0d\xfe\xed"

FIRST_VERSION = 2
"""Oldest version libfdt reads."""

LAST_VERSION = 17
"""Newest version; a blob of a later one says in last_comp_version whether we can read it."""

FULL_PATH_VERSIONS = 16
"""Below this version node names are full paths and long values are aligned to 8 bytes."""

SIZED_VERSION = 17
"""From this version on the header tells the size of the structure block."""

RESERVATION = Struct(">2Q")

# Tokens of the structure block.
BEGIN_NODE = 1
END_NODE = 2
PROPERTY = 3
NOP = 4
END = 9

_FIELDS = Struct(">10I")
_SIZES = {2: 32, 17: 40}  # bytes of the header by version; 3 to 16 have 36


class BrokenBlobError(Exception):
    """The structure block cannot be read on from this byte of the file."""

    def __init__(self, offset: int, what: str, fdt_error: str, code: Code = BAD_STRUCTURE) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what
        self.fdt_error = fdt_error
        self.code = code


class Fields(NamedTuple):
    """The ten words of a version 17 header, in their order (offsets and sizes in bytes).

    structure_size means nothing below version 17, strings_size nothing below version 3.
    Source: Devicetree Specification v0.4, 5.2.
    """

    magic: int
    total: int
    structure: int
    strings: int
    reservations: int
    version: int
    compatible: int
    boot_cpuid: int
    strings_size: int
    structure_size: int

    @property
    def header_size(self) -> int:
        """Give the size of the header in bytes, which depends on the version."""
        return _SIZES.get(min(self.version, LAST_VERSION), 36)

    @property
    def structure_end(self) -> int:
        """Give the offset behind the last byte the structure block may have."""
        if self.version < SIZED_VERSION:
            return self.total
        return self.structure + self.structure_size

    @property
    def strings_end(self) -> int:
        """Give the offset behind the last byte a name may have (libfdt fdt_get_string)."""
        if self.version < SIZED_VERSION:
            return self.total
        return self.strings + self.strings_size


def read_fields(data: bytes, name: str = "") -> Fields:
    """Read the header and check that every number in it can be true of these bytes.

    name is what messages call the file. After this, offsets and sizes lie inside the data, so
    that neither libfdt nor we can be led outside.

    Raises InputError (DT001 to DT004, DT009).
    Source: libfdt fdt_check_header.
    """
    shown = name or "the blob"
    if data[:4] != MAGIC_BYTES:
        raise InputError(_no_magic(data, shown))
    if len(data) < _FIELDS.size:
        raise InputError(_shorter_than_header(data, shown))
    fields = Fields(*_FIELDS.unpack_from(data))
    found = (
        _version_fault(fields, shown)
        or _size_fault(fields, len(data), shown)
        or _block_fault(fields, shown)
        or _name_fault(fields, data, shown)
    )
    if found is not None:
        raise InputError(found)
    return fields


def _no_magic(data: bytes, shown: str) -> Diagnostic:
    if data[:4] == MAGIC_BYTES[::-1]:
        looks = "a devicetree blob whose 4-byte words are byte-swapped (magic edfe0dd0)"
    elif data:
        looks = f"something that starts with the bytes {data[:4].hex()}"
    else:
        looks = "an empty file"
    why = "a blob starts with d00dfeed; libfdt FDT_ERR_BADMAGIC"
    return Diagnostic(NOT_A_TREE, name=shown, looks=looks, why=why, fdt_error="FDT_ERR_BADMAGIC")


def _truncated(have: int, total: int, shown: str, why: str) -> Diagnostic:
    return Diagnostic(
        TRUNCATED,
        name=shown,
        have=have,
        total=total,
        missing=total - have,
        why=f"{why}; libfdt FDT_ERR_TRUNCATED",
        fdt_error="FDT_ERR_TRUNCATED",
    )


def _shorter_than_header(data: bytes, shown: str) -> Diagnostic:
    total = unpack_from(">I", data, 4)[0] if len(data) >= 8 else 0
    if not len(data) < total <= MAX_BLOB_BYTES:
        total = _FIELDS.size
    return _truncated(len(data), total, shown, "not even the header of 40 bytes is there")


def _version_fault(fields: Fields, shown: str) -> Diagnostic | None:
    version, compatible = fields.version, fields.compatible
    if version < FIRST_VERSION:
        what = f"no reader of today reads a version below {FIRST_VERSION}"
    elif compatible > LAST_VERSION:
        what = f"it wants a reader of version {compatible}, and {LAST_VERSION} is the newest known"
    elif compatible > version:
        what = "a version that its own readers cannot read does not exist"
    else:
        return None
    return Diagnostic(
        BAD_VERSION,
        name=shown,
        version=version,
        compatible=compatible,
        what=what,
        why="libfdt FDT_ERR_BADVERSION",
        fdt_error="FDT_ERR_BADVERSION",
    )


def _contradiction(shown: str, what: str) -> Diagnostic:
    return Diagnostic(
        BAD_HEADER,
        name=shown,
        what=what,
        why="libfdt FDT_ERR_TRUNCATED",
        fdt_error="FDT_ERR_TRUNCATED",
    )


def _size_fault(fields: Fields, have: int, shown: str) -> Diagnostic | None:
    total, least = fields.total, fields.header_size
    if total < least:
        return _contradiction(
            shown, f"totalsize is {total} bytes, and the header alone has {least}"
        )
    if total > have:
        why = "either the file was cut or totalsize in its header is damaged"
        return _truncated(have, total, shown, why)
    if total > MAX_BLOB_BYTES:
        what = f"totalsize is {total} bytes, the bound is {MAX_BLOB_BYTES}"
        return Diagnostic(TOO_LARGE, name=shown, what=what)
    return None


def _block_fault(fields: Fields, shown: str) -> Diagnostic | None:
    sized = fields.version >= SIZED_VERSION
    blocks = (
        ("memory reservation block (off_mem_rsvmap)", fields.reservations, 0),
        ("structure block (off_dt_struct)", fields.structure, fields.structure_size * sized),
        ("strings block (off_dt_strings)", fields.strings, fields.strings_size),
    )
    total, least = fields.total, fields.header_size
    for block, start, size in blocks:
        if start < least:
            what = f"the {block} begins at byte {start}, inside the header of {least} bytes"
        elif start > total:
            what = f"the {block} begins at byte {start}, behind the end of the blob at {total}"
        elif start + size > total:
            what = (
                f"the {block} begins at byte {start} with a size of {size} bytes, "
                f"and the blob ends at {total}"
            )
        else:
            continue
        return _contradiction(shown, what)
    return None


def _name_fault(fields: Fields, data: bytes, shown: str) -> Diagnostic | None:
    """Refuse names beyond our bound before anybody scans the same long name a million times."""
    start, end = fields.strings, fields.strings_end
    while end - start > MAX_NAME_BYTES:
        last = data.rfind(b"\0", start, start + MAX_NAME_BYTES + 1)
        if last < 0:
            what = f"the name at byte {start} is longer than {MAX_NAME_BYTES} bytes"
            return Diagnostic(TOO_LARGE, name=shown, what=what)
        start = last + 1
    return None
