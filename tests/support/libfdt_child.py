"""Applies overlays with libfdt itself, for a parent at the other end of two pipes.

Runs in a process of its own, as libfdt dies of some inputs. A request on stdin is a base and an
overlay, each a 4-byte length and its bytes; the answer on stdout is libfdt's error number (0 or
negative, 4 bytes), a 4-byte length and the packed result, empty after an error.
"""

from __future__ import annotations

import sys
from struct import pack, unpack

import libfdt

# Space for what an overlay adds to its base: paths of symbols grow with their targets.
_ROOM = 1 << 20


def _apply(base: bytes, overlay: bytes) -> tuple[int, bytes]:
    grown = bytearray(len(base) + 2 * len(overlay) + _ROOM)
    error = libfdt.fdt_open_into(base, grown, len(grown))
    if not error:
        error = libfdt.fdt_overlay_apply(grown, bytearray(overlay))
    if not error:
        error = libfdt.fdt_pack(grown)
    if error:
        return error, b""
    return 0, bytes(grown[: libfdt.fdt_totalsize(grown)])


def _part() -> bytes:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        sys.exit(0)
    return sys.stdin.buffer.read(unpack(">I", head)[0])


def main() -> None:
    while True:
        base = bytearray(_part())
        error, result = _apply(base, _part())
        sys.stdout.buffer.write(pack(">iI", error, len(result)) + result)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
