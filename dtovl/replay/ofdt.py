"""Lines that user space writes to /proc/ppc64/ofdt (also /proc/powerpc/ofdt).

Source: Linux 6.1 arch/powerpc/platforms/pseries/reconfig.c (do_add_node, do_remove_node,
do_update_property and parse_next_property read them), powerpc-utils drmgr (writes them).
"""

from __future__ import annotations

import re

from dtovl.replay.stream import (
    ADD,
    DELETE,
    REMOVE,
    SET,
    UPDATE,
    Change,
    Clock,
    Content,
    Operation,
    Problem,
)

COMMANDS = rb"(?:remove_node|add_node|update_property|add_property|remove_property)(?![^\s])"
"""Beginnings of these lines."""

TREES = ("/proc/device-tree", "/sys/firmware/devicetree/base")
"""Where the kernel shows the tree; drmgr writes paths below it."""

_MAX_NUMBER = 0xFFFFFFFF
_NAME = re.compile(rb"([^ ]+) ")
_LENGTH = re.compile(rb"0*([0-9]{1,10})(?: |\Z)")
_BLANK_END = re.compile(rb"[ \t]*+\Z")
_PIECE = re.compile(rb"[^\\]+|\\x[0-9A-Fa-f]{2}|\\[0nts\\]")
_SHORT = {b"\\0": b"\0", b"\\n": b"\n", b"\\t": b"\t", b"\\s": b" ", b"\\\\": b"\\"}
_NUMBER = re.compile(rb"0[xX]0*([0-9A-Fa-f]{1,8})\Z|0+([0-7]{0,11})\Z|([1-9][0-9]{0,9})\Z")


class _Malformed(Exception):
    """The line cannot be read; the text says what was found and what was expected."""


def read(text: bytes, line: int, clock: Clock | None) -> Operation | Problem:
    """Read one write; text begins with one of COMMANDS, its blanks as they are in the log.

    Returns a Problem PS203 for a malformed one: the kernel answers EINVAL to most of these.
    """
    command, _, rest = text.partition(b" ")
    try:
        if command == b"remove_node":
            return Operation(DELETE, line, path=_path(rest.rstrip(b" \t")), ofdt=True, clock=clock)
        if command == b"add_node":
            return _add_node(rest, line, clock)
        if command == b"remove_property":
            return _remove_property(rest, line, clock)
        return _set_property(rest, line, clock, exclusive=command == b"add_property")
    except _Malformed as error:
        return Problem("PS203", line, f"{_text(command)}: {error}")


def cut_tree(path: str) -> str | None:
    """Give the path in the tree of a path below one of TREES; None where it is below neither."""
    for tree in TREES:
        if path == tree or path.startswith(tree + "/"):
            return path[len(tree) :].rstrip("/") or "/"
    return None


def _add_node(rest: bytes, line: int, clock: Clock | None) -> Operation:
    """Read `PATH NAME LEN VALUE ...`: one node, with no phandle but in its properties."""
    where, _, rest = rest.partition(b" ")
    path = _path(where)
    parent, _, name = path.rpartition("/")
    content = Content(name)
    place = 0
    while place < len(rest):
        if _BLANK_END.match(rest, place):
            break
        found, value, place = _property(rest, place)
        content.properties.append((found, value))
    above = None if path == "/" else parent or "/"
    return Operation(
        ADD, line, path=path, parent_path=above, content=content, ofdt=True, clock=clock
    )


def _set_property(rest: bytes, line: int, clock: Clock | None, *, exclusive: bool) -> Operation:
    """Read `PHANDLE NAME LEN VALUE`."""
    digits, _, rest = rest.partition(b" ")
    phandle = _phandle(digits)
    name, value, place = _property(rest, 0)
    if not _BLANK_END.match(rest, place):
        raise _Malformed(f"{_shown(rest[place:])} after the value: expected the end of the line")
    changes = [Change(name, SET, value, exclusive=exclusive)]
    return Operation(UPDATE, line, phandle=phandle, changes=changes, ofdt=True, clock=clock)


def _remove_property(rest: bytes, line: int, clock: Clock | None) -> Operation:
    """Read `PHANDLE NAME`."""
    digits, _, rest = rest.partition(b" ")
    phandle = _phandle(digits)
    name = rest.rstrip(b" \t")
    if not name or b" " in name:
        raise _Malformed(f"{_shown(rest)}: expected the name of one property after the phandle")
    changes = [Change(_text(name), REMOVE, required=True)]
    return Operation(UPDATE, line, phandle=phandle, changes=changes, ofdt=True, clock=clock)


def _path(path: bytes) -> str:
    """Give a path in the tree, what drmgr writes before it cut."""
    if not path.startswith(b"/") or b" " in path:
        raise _Malformed(f"{_shown(path)} is no path: expected one that begins with /")
    whole = _text(path)
    return cut_tree(whole) or whole.rstrip("/") or "/"


def _phandle(digits: bytes) -> int:
    """Read a number in any base that C knows: 0x is hexadecimal, a leading 0 octal."""
    found = _NUMBER.match(digits)
    if found is not None:
        hexadecimal, octal, decimal = found.groups()
        if hexadecimal is not None:
            return int(hexadecimal, 16)
        number = int(octal or b"0", 8) if decimal is None else int(decimal)
        if number <= _MAX_NUMBER:
            return number
    raise _Malformed(f"{_shown(digits)} is no phandle: expected a number of at most 32 bits")


def _property(rest: bytes, place: int) -> tuple[str, bytes, int]:
    """Read `NAME LEN VALUE` from a place on; gives name, value and the place after its blank."""
    name = _NAME.match(rest, place)
    if name is None:
        raise _Malformed(f"{_shown(rest[place:])}: expected a property as NAME LENGTH VALUE")
    length = _LENGTH.match(rest, name.end())
    if length is None:
        found = _shown(rest[name.end() :].partition(b" ")[0])
        raise _Malformed(f"{found} is no length of property {_shown(name[1])}: expected decimal")
    size = int(length[1])
    value, place = _value(rest, length.end(), size)
    if len(value) != size:
        raise _Malformed(
            f"property {_shown(name[1])} has {len(value)} bytes of its value on the line: "
            f"expected {size}, its length"
        )
    if place < len(rest) and rest[place : place + 1] != b" ":
        raise _Malformed(
            f"{_shown(rest[place:])} follows the {size} bytes of property {_shown(name[1])}: "
            "expected a blank or the end of the line"
        )
    return _text(name[1]), value, place + 1


def _value(rest: bytes, place: int, size: int) -> tuple[bytes, int]:
    """Read up to size bytes, escapes undone; gives them and the place behind them."""
    pieces = []
    left = size
    while left and place < len(rest):
        piece = _PIECE.match(rest, place, min(len(rest), place + max(left, 4)))
        if piece is None:
            raise _Malformed(
                f"{_shown(rest[place : place + 4])} is no escape: "
                "expected \\xHH, \\0, \\n, \\t, \\s or \\\\"
            )
        text = piece[0]
        if text[:1] != b"\\":
            pieces.append(text[:left])
            place += len(pieces[-1])
        else:
            pieces.append(_SHORT.get(text) or bytes((int(text[2:], 16),)))
            place = piece.end()
        left -= len(pieces[-1])
    return b"".join(pieces), place


def _text(name: bytes) -> str:
    """Decode a name or path as all other texts of a log."""
    return name.decode("utf-8", "surrogateescape")


def _shown(text: bytes) -> str:
    """Quote a piece of a line for a message, a long one cut."""
    return repr(_text(text if len(text) <= 80 else text[:77] + b"..."))
