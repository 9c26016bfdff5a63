"""Reading pieces of logs in tests, and showing what came out in few words."""

from __future__ import annotations

from dtovl.replay.read import read_stream
from dtovl.replay.stream import Listing, Operation, Stream


def read(*lines: str | bytes, keep_going: bool = False) -> Stream:
    """Read a log of these lines."""
    data = b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)
    return read_stream(data, "log.txt", keep_going=keep_going)


def operations(stream: Stream) -> list[Operation]:
    """Give the operations of a stream that has no problems."""
    assert stream.problems == []
    return [item for item in stream.items if isinstance(item, Operation)]


def only(*lines: str | bytes) -> Operation:
    """Read a log that has one operation."""
    (operation,) = operations(read(*lines))
    return operation


def shown(stream: Stream) -> list[tuple[int | None, str, int | None, str | None]]:
    """Show operations as (line, kind, phandle, path)."""
    return [(op.line, op.kind, op.phandle, op.path) for op in operations(stream)]


def problems(stream: Stream) -> list[tuple[str, int | None]]:
    """Show problems as (code, line)."""
    return [(problem.code, problem.line) for problem in stream.problems]


def notes(stream: Stream) -> list[tuple[str, int | None, str | None]]:
    """Show findings about the input as (code, line, path)."""
    return [(note.code, note.line, note.path) for note in stream.notes]


def listed(stream: Stream) -> list[Listing]:
    """Give the listings of a stream."""
    return [item for item in stream.items if isinstance(item, Listing)]
