"""Reports to streams: wrapping, colour, and encodings that cannot say everything.

Colour is used when the stream is a terminal, NO_COLOR is not set and TERM is not `dumb`; or when
`--color always` asks for it. rich is imported only then.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dtovl.report.escape import terminal as escape
from dtovl.report.spans import TAB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from dtovl.report.spans import Line, Span

_PIPE_WIDTH = 80
_LEAST_WIDTH = 40

_COLOURS = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "heading": "bold",
    "add": "green",
    "change": "yellow",
    "remove": "red",
    "path": "bold",
    "label": "dim",
    "name": "cyan",
    "value": "",
    "old": "red",
    "new": "green",
    "good": "green",
    "bad": "red",
    "place": "underline",
    "dim": "dim",
    "excerpt": "",
}


def use_colour(choice: str, stream: TextIO) -> bool:
    """Decide for a stream; choice is auto, always or never."""
    if choice == "auto":
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not plain and stream.isatty()
    return choice == "always"


def width_of(stream: TextIO) -> int:
    """Give the columns to write in: COLUMNS, else the terminal's, else 80; never below 40."""
    try:
        columns = int(os.environ.get("COLUMNS", "0"))
        if columns <= 0:
            columns = os.get_terminal_size(stream.fileno()).columns
    except (ValueError, OSError):
        columns = _PIPE_WIDTH
    return max(columns, _LEAST_WIDTH)


def write_text(stream: TextIO, text: str) -> None:
    """Write text as it is; what the stream's encoding lacks is written as backslash escapes."""
    encoding = stream.encoding or "utf-8"
    write_bytes(stream, text.encode(encoding, "backslashreplace"))


def write_bytes(stream: TextIO, data: bytes) -> None:
    """Write bytes and hand them on at once, so that a closed pipe shows here and not at exit."""
    stream.flush()
    stream.buffer.write(data)
    stream.buffer.flush()


def write_lines(stream: TextIO, lines: Iterable[Line], colour: str = "never") -> None:
    """Write a report, wrapped to the width of the stream, coloured as colour and stream say."""
    width = width_of(stream)
    wrapped = (inert(spans) for line in lines for spans in wrap(line, width))
    if use_colour(colour, stream):
        write_text(stream, _coloured(wrapped))
    else:
        write_text(stream, "".join("".join(text for _, text in spans) + "\n" for spans in wrapped))


def plain_text(lines: Iterable[Line]) -> str:
    """Write a report as text for a file: no colour, as wide as what goes to a pipe."""
    wrapped = (inert(spans) for line in lines for spans in wrap(line, _PIPE_WIDTH))
    return "".join("".join(text for _, text in spans) + "\n" for spans in wrapped)


def inert(spans: list[Span]) -> list[Span]:
    """Let a line of a build's log start no command, be it a stranger's line of source or label.

    Source: actions/runner, ActionCommand.cs: `::` after spaces, `##[` anywhere; Azure's agent,
    Command.cs: `##vso[` anywhere.
    """
    first = next((place for place, (_, text) in enumerate(spans) if text.strip()), -1)
    if first >= 0 and spans[first][1].lstrip().startswith(":"):
        style, text = spans[first]
        spans[first] = style, text.replace(":", r"\x3a", 1)
    if any("#" in text for _, text in spans):
        return [(style, text.replace("##", r"#\x23")) for style, text in spans]
    return spans


def wrap(line: Line, width: int) -> Iterator[list[Span]]:
    """Escape a line and break it between words where it is longer than width.

    Words are never broken, so paths and names stay whole however narrow the terminal is.
    """
    spans = [span if span is TAB else (span[0], escape(span[1])) for span in line.spans]
    if line.hang < 0 or sum(len(text) for _, text in spans) <= width:
        yield spans
        return
    current = spans[: line.fixed]
    column = sum(len(text) for _, text in current)
    fresh = True
    for gap, word in _words(spans[line.fixed :]):
        length = sum(len(text) for _, text in word)
        if not fresh and column + gap + length > width:
            yield current
            current, column, gap = [("", " " * line.hang)], line.hang, 0
        if gap:
            current.append(("", " " * gap))
        current += word
        column += gap + length
        fresh = False
    yield current


def _words(spans: list[Span]) -> Iterator[tuple[int, list[Span]]]:
    """Cut spans at spaces: (spaces before, the pieces of the word), a word may run over spans."""
    gap = 0
    word: list[Span] = []
    for style, text in spans:
        for number, piece in enumerate(text.split(" ")):
            if number:
                if word:
                    yield gap, word
                    gap, word = 0, []
                gap += 1
            if piece:
                word.append((style, piece))
    if word:
        yield gap, word


def _coloured(lines: Iterable[list[Span]]) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        no_color=False,
    )
    for spans in lines:
        text = Text.assemble(*((piece, _COLOURS.get(style, "")) for style, piece in spans))
        console.print(text, soft_wrap=True)
    return buffer.getvalue()


def write_pieces(stream: TextIO, pieces: Iterable[str]) -> None:
    """Write text piece by piece, so that it is never whole in memory."""
    encoding = stream.encoding or "utf-8"
    stream.flush()
    for piece in pieces:
        stream.buffer.write(piece.encode(encoding, "backslashreplace"))
    stream.buffer.flush()


def silence(stream: TextIO) -> None:
    """Let nothing more be written to a stream whose reader has gone."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - it stays open until exit
