"""Hex dumps of work areas in a log: a header line that names the RTAS call, then dump lines.

    rtas ibm,update-nodes scope=1 rc=0
    00000000: 0000 0000 0000 0000 0000 0000 0000 0000  ................

Dump lines are those of xxd, xxd -g1, hexdump -C, od -A x -t x1, or the kernel's print_hex_dump,
which has a prefix word before the offset. Bytes count in the order printed, however grouped. A
header line opens a dump; lines of another form may stand between its lines, as in a kernel log.

Source: the forms are those that xxd, hexdump, od and lib/hexdump.c of Linux print.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.replay.stream import Problem
from dtovl.replay.workarea import (
    AGAIN,
    AREA_SIZE,
    COMPLETE,
    CONNECTOR,
    NEXT_CHILD,
    NEXT_PROPERTY,
    NEXT_SIBLING,
    NODES,
    PROPERTIES,
)

if TYPE_CHECKING:
    from dtovl.replay.stream import Clock

MALFORMED = "PS205"

_HEADER = re.compile(rf"rtas +ibm,({NODES}|{PROPERTIES}|{CONNECTOR})(?: +(.*))?")
_NUMBER = re.compile(r"(-?)(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})")
# With a colon, any word of 4 to 8 hex digits is an offset. Without one it must begin with a digit,
# as offsets inside a work area do: English words are made of hex digits too.
_OFFSET = r"(?=[0-9]|[0-9a-fA-F]{4,8}:)(?P<offset>[0-9a-fA-F]{4,8})(?P<colon>:?)(?=\s|$)"
_LINE = re.compile(rf"(?P<prefix>){_OFFSET}(?P<rest>.*)", re.DOTALL)
_PREFIXED = re.compile(
    r"(?P<prefix>\S{1,256}):\s+(?P<offset>[0-9a-fA-F]{4,8})(?P<colon>:)(?=\s|$)(?P<rest>.*)",
    re.DOTALL,
)
_GROUP = re.compile(r"(?:[0-9a-fA-F]{2}){1,4}")
_ROW = 16  # most bytes of a dump line


class Header(NamedTuple):
    """A header line: call is the name without `ibm,`, rc the return code of the call.

    phandle, drc and scope are None where the line does not give them.
    """

    line: int
    call: str
    rc: int
    phandle: int | None = None
    drc: int | None = None
    scope: int | None = None
    clock: Clock | None = None


class Block(NamedTuple):
    """A header and the bytes of its dump as printed, not padded; None: they cannot be read."""

    header: Header
    data: bytes | None


def parse_header(text: str, line: int, clock: Clock | None = None) -> Header | Problem | None:
    """Read a header line; None when it is none, Problem (PS205) when it is a wrong one.

    text is the line without quote marks, stamps, and blanks at its ends.
    """
    match = _HEADER.fullmatch(text)
    if match is None:
        return None
    fields: dict[str, int] = {}
    for word in (match[2] or "").split():
        key, _, value = word.partition("=")
        if key not in _RANGES or key in fields:
            known = ", ".join(_RANGES)
            what = f"{word[:40]} is not expected here: a header has one each of {known}"
            return Problem(MALFORMED, line, what)
        number = _number(value)
        if number is None or number not in _RANGES[key]:
            low, high = _RANGES[key][0], _RANGES[key][-1]
            what = f"{word[:40]}: {key} is a number from {low} to {high}"
            return Problem(MALFORMED, line, what)
        fields[key] = number
    if "rc" not in fields:
        what = f"the header of an ibm,{match[1]} area tells no return code (`rc=0`)"
        return Problem(MALFORMED, line, what)
    return Header(line, match[1], clock=clock, **fields)


_RANGES = {
    "rc": range(-(1 << 31), 1 << 31),
    "phandle": range(1 << 32),
    "drc": range(1 << 32),
    "scope": range(-(1 << 31), 1 << 31),
}


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    number = int(match[2], 16 if match[2][1:2] in "xX" and len(match[2]) > 1 else 10)
    return -number if match[1] else number


def is_dump_line(text: str) -> bool:
    """Tell by form alone whether a line may be one of a dump; text as for parse_header."""
    return text == "*" or _LINE.match(text) is not None or _PREFIXED.match(text) is not None


class Collector:
    """Collects the lines of one dump; done is true once nothing more can belong to it."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.done = False
        self._data = bytearray()
        self._form: tuple[str, str] | None = None
        self._row = b""
        self._starred = False
        self._rows = 0
        self._fault = ""

    def take(self, text: str, line: int) -> bool:
        """Take a line if it has the form of a dump line; tell whether it has.

        text is as for parse_header, runs of blanks as printed: two of them end the hex groups.
        """
        if self.done:
            return False
        if text == "*":
            self._star(line)
            return True
        match = _LINE.match(text) or _PREFIXED.match(text)
        if match is None or not self._fits(match["prefix"], match["colon"], match["rest"]):
            return False
        if not self._fault:
            offset = int(match["offset"], 16)
            self._fault = self._line(offset, match["rest"], bool(match["colon"]), line)
        return True

    def finish(self) -> Block | Problem:
        """Give the block, or what is wrong with its dump."""
        fault = self._fault
        if not fault and not self._rows and not _needs_no_area(self.header):
            fault = "no dump lines follow the header"
        if not fault and self._starred and self._row.strip(b"\0"):
            fault = "nothing tells how far the last `*` reaches"
        if fault:
            return Problem(MALFORMED, self.header.line, fault)
        return Block(self.header, bytes(self._data))

    def _fits(self, prefix: str, colon: str, rest: str) -> bool:
        """Tell whether a line has the form of those before it: another prefix is another dump."""
        if self._form is None:
            self._form = (prefix, colon)
        return self._form == (prefix, colon) or not (prefix or rest.strip())

    def _star(self, line: int) -> None:
        if not self._row and not self._fault:
            self._fault = f"line {line}: `*` has no line before it to repeat"
        self._starred = True

    def _line(self, offset: int, rest: str, colon: bool, line: int) -> str:
        """Take one line with an offset; say what is wrong, "" for nothing."""
        fault = self._reach(offset)
        if fault:
            return f"line {line}: {fault}"
        if not rest.strip():
            self.done = not colon
            return f"line {line}: no bytes follow the offset" if colon else ""
        groups = _groups(rest, colon)
        wrong = next((group for group in groups if not _GROUP.fullmatch(group)), None)
        if wrong is None:
            wrong = next((group for group in groups[:-1] if len(group) == 6), None)
        if wrong is not None:
            return f"line {line}: {wrong[:40]!r} is no group of 2, 4 or 8 hex digits"
        row = bytes.fromhex("".join(groups))
        if not 0 < len(row) <= _ROW:
            return f"line {line}: {len(row)} bytes in a line, expected 1 to {_ROW}"
        if len(self._data) + len(row) > AREA_SIZE:
            return f"line {line}: the dump goes on after byte {AREA_SIZE}"
        self._data += row
        self._row = row
        self._rows += 1
        return ""

    def _reach(self, offset: int) -> str:
        """Repeat the last line up to an offset if `*` says so; say what is wrong with it."""
        at = len(self._data)
        if offset > AREA_SIZE:
            return f"offset 0x{offset:x} lies outside a work area of {AREA_SIZE} bytes"
        if self._starred:
            self._starred = False
            times, left = divmod(offset - at, len(self._row) or 1)
            if times < 0 or left:
                return f"`*` cannot reach from offset 0x{at:x} to 0x{offset:x}"
            self._data += self._row * times
        elif offset != at:
            return f"offset 0x{offset:x} where 0x{at:x} was expected"
        return ""


def _groups(rest: str, colon: bool) -> list[str]:
    """Give the hex groups of a dump line.

    After an offset with a colon, text begins at the first two blanks; else at `|`, or at the `>`
    of od -t x1z, since hexdump -C has two blanks between its halves.
    """
    if colon:
        return re.split(r"\s{2,}|\t", rest.lstrip(), maxsplit=1)[0].split()
    return re.split(r"\||\s>", rest, maxsplit=1)[0].split()


def _needs_no_area(header: Header) -> bool:
    """Tell whether nothing of the area is looked at, so that its dump may be left out."""
    match header.call:
        case "update-nodes":
            return header.rc not in (COMPLETE, AGAIN)
        case "update-properties":
            return header.rc < 0 and header.phandle is not None
        case _:
            brings = (NEXT_SIBLING, NEXT_CHILD, NEXT_PROPERTY)
            return header.rc not in brings and header.drc is not None
