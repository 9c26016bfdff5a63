"""Views of property bytes: cells, strings. Values stay bytes everywhere else."""

from __future__ import annotations

from struct import Struct, unpack

_CELL = Struct(">I")


def cell(value: bytes, offset: int = 0) -> int:
    """Read the 32-bit big-endian cell at a byte offset (Devicetree Specification v0.4, 2.2.4).

    Raises struct.error when fewer than 4 bytes are left.
    """
    number: int = _CELL.unpack_from(value, offset)[0]
    return number


def pack_cell(number: int) -> bytes:
    """Write a number 0..0xffffffff as one cell of 4 bytes."""
    return _CELL.pack(number)


def cells(value: bytes) -> tuple[int, ...]:
    """Read the whole value as cells; bytes past the last full cell are left out."""
    count = len(value) // 4
    return unpack(f">{count}I", value[: count * 4])


def text(value: bytes) -> str | None:
    """Read the first string of the value; None when it is empty or has no NUL (latin-1)."""
    end = value.find(0)
    return None if end < 0 else value[:end].decode("latin-1")


def boot_text(value: bytes) -> str:
    """Read the first string of the value as libfdt does, which takes the NUL for granted.

    Without NUL the string is the whole value: what follows it in a blob begins with a zero byte,
    be it padding or the next tag.
    """
    return value.partition(b"\0")[0].decode("latin-1")


def strings(value: bytes) -> list[str] | None:
    """Read the value as a list of NUL-terminated strings; None when it does not end in NUL."""
    if not value or value[-1]:
        return None
    return value[:-1].decode("latin-1").split("\0")


def patched(value: bytes, offset: int, number: int) -> bytes:
    """Give value with the cell at a byte offset replaced by number."""
    return value[:offset] + _CELL.pack(number) + value[offset + 4 :]
