"""Logs as text: kernel messages, ofdt writes, drmgr lines, listings and dumps, mixed at will.

One pass. Whatever is not of a known form is passed over and counted; what has a known form and
cannot be read is a Problem with its line. A single pattern decides for every line, at its first
bytes, whether it can matter, so that a long log costs little more than reading its lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.replay import drmgr, kernel_lines, listings, ofdt
from dtovl.replay.dumps import Block, Collector, is_dump_line, parse_header
from dtovl.replay.mail import Line, Lines
from dtovl.replay.sequences import Placed, assemble
from dtovl.replay.stamps import LEAD, clock_of
from dtovl.replay.stream import UPDATE, Gap, Note, Operation, Problem, SessionEnd, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_MESSAGE = (
    rb"(?:(?:mobility|dlpar|OF):[ \t]++)?(?:"
    rb"(?P<failure>" + kernel_lines.FAILURES + rb")"
    rb"|(?P<operation>(?:" + kernel_lines.OPERATIONS + rb")(?![^\s]))"
    rb"|(?P<evidence>" + kernel_lines.EVIDENCE + rb"))"
    rb"|(?P<ofdt>" + ofdt.COMMANDS + rb")"
    rb"|(?P<drmgr>" + drmgr.OPERATIONS + rb")"
    rb"|(?P<change>" + drmgr.CHANGES + rb")"
    rb"|(?P<repeat>" + drmgr.REPEATS + rb")"
    rb"|(?P<separator>" + drmgr.SEPARATOR + rb")"
    rb"|(?P<header>rtas[ \t]++ibm,)"
    rb"|(?P<gap>(?:\.\.\.|\xe2\x80\xa6)[ \t]*+\r?\n?\Z)"
    rb"|(?P<prompt>" + listings.PROMPT + rb")"
    rb"|(?P<entry>" + listings.ENTRY + rb")"
    rb"|(?P<end>" + listings.END + rb")"
    rb"|(?P<link>" + kernel_lines.LINK + rb")"
    rb"|(?P<trace>" + kernel_lines.TRACE + rb")"
    rb"|(?P<blank>[ \t\r\n]*+\Z)"
)
_DUMP = rb"|(?P<dump>(?:[^\s]{1,256}:[ \t]++)?[0-9A-Fa-f]{4,8}(?![^\s:])|\*)"
_INTERESTING = re.compile(rb"(?P<lead>" + LEAD + rb")(?:" + _MESSAGE + rb")")
_INSIDE_DUMP = re.compile(rb"(?P<lead>" + LEAD + rb")(?:" + _MESSAGE + _DUMP + rb")")

_PATH = re.compile(rb"/")
_TARGET = re.compile(rb"[^\s]*/base/")
_SHOWN = 200
"""Most characters of a line that a finding repeats."""


def read_text(lines: Iterable[bytes], *, keep_going: bool = False) -> Stream:
    """Read a log into a Stream; lines are those of a binary file, their ends included.

    Work areas in the log are decoded when no line is malformed, or when keep_going is set.
    Paths and names are UTF-8, other bytes surrogate escapes.
    """
    reader = _Reader(lines)
    reader.run()
    stream = reader.stream
    if reader.placed and (keep_going or not stream.problems):
        assemble(stream, reader.placed)
    return stream


class _Reader:
    """Reads the lines of one log; one method for each kind of line."""

    __slots__ = (
        "_collector",
        "_lines",
        "_listing",
        "_operations",
        "_place",
        "_update",
        "_used",
        "placed",
        "stream",
    )

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.stream = Stream()
        self.placed: list[Placed] = []
        self._lines = Lines(lines, _INTERESTING.match, _is_dump)
        self._collector: Collector | None = None
        self._place = 0
        self._listing: listings.OpenListing | None = None
        self._update: Operation | None = None
        self._operations = False
        self._used = 0

    def run(self) -> None:
        """Read all lines."""
        for line in self._lines:
            if self._line(line):
                self._used += line.parts
            else:
                self._lines.sample(line.number, line.raw)
        self._close_dump()
        self._end_listing(whole=False)
        self.stream.ignored = self._lines.total - self._used
        self.stream.ignored_samples = self._lines.samples

    def _line(self, line: Line) -> bool:
        """Read one line; tell whether it was of any use."""
        raw = line.raw
        if self._collector is not None and self._dump_line(raw, line.number):
            return True
        found = _INTERESTING.match(raw)
        if found is None:
            return False
        kind = found.lastgroup or ""
        if self._listing is not None and kind not in ("entry", "end", "blank"):
            self._end_listing(whole=False)
        return _HANDLERS[kind](self, line.number, raw, found.end("lead"))

    # Operations.

    def _kernel_operation(self, number: int, raw: bytes, start: int) -> bool:
        text = kernel_lines.single_blanks(raw[start:])
        if kernel_lines.needs_path(text):
            text = self._wrapped(text, _PATH)
        read = kernel_lines.read_operation(text, number, clock_of(raw[:start]))
        return self._keep(read)

    def _ofdt(self, number: int, raw: bytes, start: int) -> bool:
        return self._keep(ofdt.read(raw[start:], number, clock_of(raw[:start])))

    def _drmgr(self, number: int, raw: bytes, start: int) -> bool:
        text = kernel_lines.single_blanks(raw[start:])
        read = drmgr.read_operation(text, number, clock_of(raw[:start]))
        if isinstance(read, Operation) and read.kind == UPDATE:
            self._update = read
        return self._keep(read)

    def _drmgr_change(self, number: int, raw: bytes, start: int) -> bool:
        change = drmgr.read_change(kernel_lines.single_blanks(raw[start:]))
        if self._update is None or change is None:
            return False
        if self._update.changes is None:
            self._update.changes = []
        self._update.changes.append(change)
        return True

    def _keep(self, read: Operation | Note | Problem | None) -> bool:
        """Put what was read where it belongs."""
        if isinstance(read, Operation):
            self._operations = True
            self.stream.items.append(read)
        elif isinstance(read, Problem):
            self.stream.problems.append(read)
        elif read is not None:
            self.stream.notes.append(read)
        return read is not None

    def _wrapped(self, text: str, begins: re.Pattern[bytes]) -> str:
        """Add the message of the next line, where it begins so: mail wraps at a blank."""
        following = self._lines.peek()
        if following is None or begins.match(following) is None:
            return text
        self._used += self._lines.take().parts
        return f"{text} {kernel_lines.single_blanks(following)}"

    # What stands between operations.

    def _separator(self, number: int, raw: bytes, start: int) -> bool:
        self._update = None
        self.stream.items.append(SessionEnd(number))
        return True

    def _gap(self, number: int, raw: bytes, start: int) -> bool:
        self.stream.items.append(Gap(number))
        self._note("PS140", number, None, "something was cut out of the log here")
        return True

    def _failure(self, number: int, raw: bytes, start: int) -> bool:
        self._note("PS143", number, None, kernel_lines.single_blanks(raw[start:]))
        return True

    def _evidence(self, number: int, raw: bytes, start: int) -> bool:
        self._note("PS141", number, None, kernel_lines.single_blanks(raw[start:]))
        return True

    def _link(self, number: int, raw: bytes, start: int) -> bool:
        text = kernel_lines.single_blanks(raw[start:])
        if kernel_lines.needs_target(text):
            text = self._wrapped(text, _TARGET)
        holder = kernel_lines.read_link(text, number)
        if holder is None:
            return False
        self.stream.holders.append(holder)
        self._note("PS142", number, holder.path, text)
        return True

    def _note(self, code: str, number: int, path: str | None, message: str) -> None:
        self.stream.notes.append(Note(code, number, path, message[:_SHOWN]))

    def _of_no_use(self, number: int, raw: bytes, start: int) -> bool:
        """Count a line that repeats, surrounds or separates others as read."""
        return True

    # Listings.

    def _prompt(self, number: int, raw: bytes, start: int) -> bool:
        text = raw[start:].decode("utf-8", "surrogateescape")
        self._listing = listings.open_listing(text, number)
        return self._listing is not None

    def _entry(self, number: int, raw: bytes, start: int) -> bool:
        if self._listing is None:
            return False
        self._listing.take(raw)
        return True

    def _end(self, number: int, raw: bytes, start: int) -> bool:
        return self._end_listing(whole=True)

    def _end_listing(self, *, whole: bool) -> bool:
        """Keep the open listing; one without its end proves nothing about what it lacks."""
        listing, self._listing = self._listing, None
        if listing is None:
            return False
        if whole or not self._operations:
            self.stream.items.append(listing.close())
        return True

    # Dumps of work areas.

    def _header(self, number: int, raw: bytes, start: int) -> bool:
        self._close_dump()
        text = raw[start:].decode("utf-8", "surrogateescape").strip(" \t")
        header = parse_header(text, number, clock_of(raw[:start]))
        if header is None or isinstance(header, Problem):
            return self._keep(header)
        self._operations = True
        self._collector = Collector(header)
        self._place = len(self.stream.items)
        self._lines.matters = _INSIDE_DUMP.match
        return True

    def _dump_line(self, raw: bytes, number: int) -> bool:
        """Give a line to the open dump; tell whether it is one of it."""
        collector = self._collector
        found = _INSIDE_DUMP.match(raw)
        if collector is None or found is None or found.lastgroup != "dump":
            return False
        text = raw[found.end("lead") :].decode("utf-8", "surrogateescape").strip(" \t")
        taken = collector.take(text, number)
        if collector.done:
            self._close_dump()
        return taken

    def _close_dump(self) -> None:
        """Keep the open dump; a malformed one still counts as a block of its number."""
        collector, self._collector = self._collector, None
        if collector is None:
            return
        self._lines.matters = _INTERESTING.match
        block = collector.finish()
        if isinstance(block, Problem):
            self.stream.problems.append(block)
            block = Block(collector.header, None)
        self.placed.append(Placed(self._place, block))


_HANDLERS: dict[str, Callable[[_Reader, int, bytes, int], bool]] = {
    "operation": _Reader._kernel_operation,
    "failure": _Reader._failure,
    "evidence": _Reader._evidence,
    "ofdt": _Reader._ofdt,
    "drmgr": _Reader._drmgr,
    "change": _Reader._drmgr_change,
    "repeat": _Reader._of_no_use,
    "separator": _Reader._separator,
    "header": _Reader._header,
    "gap": _Reader._gap,
    "prompt": _Reader._prompt,
    "entry": _Reader._entry,
    "end": _Reader._end,
    "link": _Reader._link,
    "trace": _Reader._of_no_use,
    "blank": _Reader._of_no_use,
}


def _is_dump(message: bytes) -> bool:
    """Tell whether a message is a line of a dump, whose text may end in "="."""
    return is_dump_line(message.decode("utf-8", "surrogateescape").strip(" \t"))
