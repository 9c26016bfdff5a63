"""The messages of a log, without what dmesg, journalctl, a console or a terminal put around them.

Lines come from strangers: of any length, with any byte. Each costs its length at most: what is
longer than the kernel can write is cut, and no pattern here tries anything twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.replay.stamps import LEAD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

MAX_LINE_BYTES = 4096
"""Most bytes of a line that are looked at; the kernel writes 1,024 (PRINTKRB_RECORD_MAX)."""

_BLOCK_BYTES = 1 << 18

# Colours and other orders to a terminal, from `dmesg --color=always`, or from the shell of a board.
_ESCAPE = re.compile(rb"\x1b(?:\[[0-9;?]{0,32}+[@-~]|[@-Z\\-_])")
# The level that printk itself puts before a message.
_PRINTK_LEVEL = re.compile(rb"\x01[0-7cd]")
_CONTROLS = bytes(one for one in range(32) if one != 9) + b"\x7f"

_LEADS = re.compile(
    LEAD + rb"(?:(?:"
    # dmesg -x: facility and level in columns.
    rb"[a-z]{2,8}[0-7]?+ *+:[a-z]{3,6} *+:"
    # dmesg --reltime and -d, and a console with callers: [Jul 1 10:00], [  +0.000012], [  T123].
    rb"|\[(?:[A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9:]{5,8}| *+[+<.0-9][ <.0-9]{1,36}>?"
    rb"| *+[TC][0-9]{1,10})\]"
    # Programs that watch a serial line: [2024-01-31 10:00:00.123], 10:00:00.123, host |.
    rb"|\[[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.,]{5,18}\]|[0-9]{2}:[0-9]{2}:[0-9]{2}[.,0-9]{0,10}+:?"
    rb"|[A-Za-z0-9_.-]{1,64}+ *+\|"
    # journalctl -o short-monotonic, and syslog with facility and level.
    rb"|(?:[A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9:]{8} )?(?:[^\s:\[\]]{1,64}+ ){0,2}"
    rb"kernel(?:\[[0-9]{1,10}\])?:"
    rb")(?=[ \t]|\Z)[ \t]*+" + LEAD + rb"){0,4}+"
)
_CALLER = re.compile(rb"\[ *+[TC][0-9]{1,10}\][ \t]*+")
_JSON = b'"MESSAGE"'


class Line(NamedTuple):
    """One message: its line in the log, from 1, and its text as latin-1."""

    number: int
    text: str


def read_lines(file: BufferedReader, hooks: tuple[bytes, ...], wanted: Wanted) -> Iterator[Line]:
    """Read the messages of a log that may matter, in one pass.

    A line is one that has a hook in it; while wanted.all is set, each is given. A carriage return
    ends a line as well, as on a serial console, but does not count.
    """
    kept = b""
    while True:
        data = file.read(_BLOCK_BYTES)
        block = kept + data
        end = block.rfind(b"\n") + 1 if data else len(block)
        kept = block[end:] if end else block[:MAX_LINE_BYTES]
        yield from _lines_of(block[:end], hooks, wanted)
        if not data:
            return


def _lines_of(block: bytes, hooks: tuple[bytes, ...], wanted: Wanted) -> Iterator[Line]:
    """Give the lines of a block that matter; what lies between two of them is only counted."""
    starts = _hooked(block, hooks)
    place = 0
    for start in [*starts, len(block)]:
        while wanted.all and place < start:
            end = _end(block, place)
            yield from _parts(block[place:end], wanted)
            place = end
        if place > start:
            # The line was given, since all were wanted.
            continue
        wanted.lines += block.count(b"\n", place, start)
        if start < len(block):
            place = _end(block, start)
            yield from _parts(block[start:place], wanted)
        elif place < start and not block.endswith(b"\n"):
            # The last line of a log may lack its end.
            wanted.lines += 1


def _hooked(block: bytes, hooks: tuple[bytes, ...]) -> list[int]:
    """List where the lines with a hook begin."""
    starts = set()
    for hook in hooks:
        place = block.find(hook)
        while place >= 0:
            starts.add(block.rfind(b"\n", 0, place) + 1)
            place = block.find(hook, _end(block, place))
    return sorted(starts)


def _end(block: bytes, place: int) -> int:
    """Give where the line ends that a place is in, behind its line feed."""
    found = block.find(b"\n", place)
    return len(block) if found < 0 else found + 1


def _parts(raw: bytes, wanted: Wanted) -> Iterator[Line]:
    wanted.lines += 1
    for part in raw.rstrip(b"\r\n").split(b"\r") if b"\r" in raw else (raw,):
        yield Line(wanted.lines, message(part[:MAX_LINE_BYTES]))


class Wanted:
    """What a reader of lines tells the one who gives them: all, whether every line is asked for.

    lines is how many lines have been read so far.
    """

    __slots__ = ("all", "lines")

    def __init__(self) -> None:
        self.all = False
        self.lines = 0


def message(raw: bytes) -> str:
    """Give the message of a line, as latin-1, without stamps, levels and colours."""
    if raw.startswith(b"{") and _JSON in raw:
        raw = _from_json(raw)
    if b"\x1b" in raw:
        raw = _ESCAPE.sub(b"", raw)
    raw = _PRINTK_LEVEL.sub(b"", raw) if b"\x01" in raw else raw
    raw = raw.translate(None, _CONTROLS)
    found = _LEADS.match(raw)
    start = found.end() if found else 0
    caller = _CALLER.match(raw, start)
    if caller is not None:
        start = caller.end()
    return raw[start:].strip(b" ").decode("latin-1")


def _from_json(raw: bytes) -> bytes:
    """Take the message out of a line of `journalctl -o json`; other lines stay as they are."""
    import json

    try:
        entry = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    found = entry.get("MESSAGE") if isinstance(entry, dict) else None
    if isinstance(found, str):
        return found.encode("utf-8", "surrogatepass")
    if isinstance(found, list) and all(isinstance(one, int) and 0 <= one < 256 for one in found):
        # A message with bytes that are no text.
        return bytes(found)
    return raw
