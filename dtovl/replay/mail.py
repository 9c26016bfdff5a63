"""Lines of a log as they were before mail wrapped and quoted them; reads every line once.

Source: RFC 2045, 6.7 (quoted-printable) for soft line breaks and `=XX`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.replay.stamps import text_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_SOFT_ENDS = (b"=\n", b"=\r\n", b"=")
_QUOTES = re.compile(rb"(?:>[ \t]?)*")
_ESCAPED = re.compile(rb"=([0-9A-Fa-f]{2})")
_MAX_JOINED = 16 << 20
"""Most bytes that are joined to one line: a file of soft breaks alone must not fill the memory."""

_SAMPLES = 20
_SAMPLE_BYTES = 200


class Line(NamedTuple):
    """One line: the number of its first part, how many parts it had, its bytes without the end."""

    number: int
    parts: int
    raw: bytes


class Lines:
    """Gives the lines of a log that may matter, soft breaks joined, and looks one line ahead.

    matters tells, from the raw bytes, whether a line can be of use; most are not, and cost one
    call of it. It may be set anew at any time. exempt tells whether a message is of a kind whose
    final "=" is no soft break. total is the number of lines seen; samples has some of those that
    were of no use: number and text.
    """

    __slots__ = ("_exempt", "_held", "_numbered", "matters", "samples", "total")

    def __init__(
        self,
        lines: Iterable[bytes],
        matters: Callable[[bytes], object],
        exempt: Callable[[bytes], bool],
    ) -> None:
        self._numbered = enumerate(lines, 1)
        self._exempt = exempt
        self._held: Line | None = None
        self.matters = matters
        self.samples: list[tuple[int, str]] = []
        self.total = 0

    def __iter__(self) -> Iterator[Line]:
        """Run over the lines that may matter, and over one that was looked at and not taken."""
        matters = self.matters
        number = 0
        sampling = True
        for number, raw in self._numbered:
            if matters(raw) is None and not raw.endswith(_SOFT_ENDS):
                if sampling:
                    sampling = self.sample(number, raw)
                continue
            yield self._whole(number, raw)
            while self._held is not None:
                held, self._held = self._held, None
                yield held
            matters = self.matters
        self.total = max(self.total, number)

    def peek(self) -> bytes | None:
        """Give the message of the line that follows, its quote marks and stamps cut."""
        if self._held is None:
            following = next(self._numbered, None)
            if following is None:
                return None
            self._held = self._whole(*following)
        raw = self._held.raw
        return raw[text_start(raw) :]

    def take(self) -> Line:
        """Take the line that peek showed, so that it is not given again."""
        assert self._held is not None, "take follows a peek that gave a line"
        line, self._held = self._held, None
        return line

    def sample(self, number: int, raw: bytes) -> bool:
        """Keep one of the first lines passed over; tell whether there is room for another."""
        if len(self.samples) < _SAMPLES:
            shown = raw[:_SAMPLE_BYTES].rstrip(b"\r\n").decode("utf-8", "surrogateescape")
            self.samples.append((number, shown))
        return len(self.samples) < _SAMPLES

    def _whole(self, number: int, raw: bytes) -> Line:
        """Give a line with those that its soft breaks join to it."""
        self.total = max(self.total, number)
        line = _cut_end(raw)
        if not _breaks(line) or self._exempt(line[text_start(line) :]):
            return Line(number, 1, line)
        pieces = [line[:-1]]
        size = len(line)
        broken = True
        while broken and size < _MAX_JOINED:
            following = next(self._numbered, None)
            if following is None:
                break
            self.total, raw = following
            more = _cut_end(raw)
            more = more[_after_quotes(more) :]
            broken = _breaks(more)
            pieces.append(more[:-1] if broken else more)
            size += len(more)
        if len(pieces) == 1:
            return Line(number, 1, line)
        return Line(number, len(pieces), _ESCAPED.sub(_unescape, b"".join(pieces)))


def _cut_end(raw: bytes) -> bytes:
    """Cut the end of a line: LF or CR LF."""
    return raw.removesuffix(b"\n").removesuffix(b"\r")


def _breaks(line: bytes) -> bool:
    """Tell whether a line ends in a soft break; two "=" are a ruler or base64, never one."""
    return line.endswith(b"=") and not line.endswith(b"==")


def _after_quotes(line: bytes) -> int:
    """Tell where a line goes on after its quote marks."""
    found = _QUOTES.match(line)
    return found.end() if found else 0


def _unescape(found: re.Match[bytes]) -> bytes:
    """Give the byte that a quoted-printable escape stands for."""
    return bytes((int(found[1], 16),))
