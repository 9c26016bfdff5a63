"""The one entry of a replay's input: tells operation lists, work areas and logs apart."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING

from dtovl.model.limits import MAX_BLOB_BYTES, MAX_LIST_CHARACTERS
from dtovl.replay.sequences import is_binary, read_areas
from dtovl.replay.stream import LooseUpdate, Operation, Problem, Stream
from dtovl.replay.text import read_text
from dtovl.replay.workarea import AREA_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PROBLEMS = 20
"""Most problems that are listed for one input."""

_BOM = b"\xef\xbb\xbf"
_LIST = re.compile(rb"\s*+(?:\{\s*+)?[\"']?(?:dtovl-replay|ops)[\"']?[ \t]*:(?:\s|\Z)")
_BEFORE_LIST = re.compile(rb"[ \t\r]*+(?:(?:#|---|%YAML)[^\n]*|\{[ \t\r]*+)?\n?\Z")
_MAX_BEFORE_LIST = 1000
"""Most lines of comment that may stand before the first key of an operation list."""


def read_stream(
    data: bytes | Iterable[bytes],
    name: str,
    call: str | None = None,
    *,
    keep_going: bool = False,
) -> Stream:
    """Read what firmware asked for from any of the forms a replay takes.

    data is a whole file, or its lines as a binary file object gives them; a log is read in one
    pass over the lines. name is the file's, for messages. call names the RTAS call of a file of
    work areas. keep_going reads work areas even when lines are malformed, and lists all problems
    instead of the first MAX_PROBLEMS.

    Problems are sorted by line, those of the whole file first. Nothing is raised for bad input:
    PS201 stands for an input without any operation.
    """
    lines: Iterator[bytes] = iter(BytesIO(data) if isinstance(data, bytes) else data)
    before, is_list = _first_lines(lines)
    lines = chain(before, lines)
    head = before[0] if before else b""
    binary = bool(head) and is_binary(head)
    if binary or (call and any(b"\0" in line for line in before)):
        whole, problem = _joined(lines, MAX_BLOB_BYTES, "PS205")
        if problem:
            return _refused(problem)
        if call or len(whole) % AREA_SIZE == 0:
            areas = read_areas(whole, call)
            return _finished(areas, head, keep_going, "the work areas ask for nothing")
        lines = iter(BytesIO(whole))
    if not is_list:
        return _finished(read_text(lines, keep_going=keep_going), head, keep_going)
    # PyYAML takes long to import, and few replays need it.
    from dtovl.replay.oplist import read_oplist

    # A character has at most 4 bytes.
    whole, problem = _joined(lines, 4 * MAX_LIST_CHARACTERS, "PS202")
    if problem:
        return _refused(problem)
    text = whole.decode("utf-8", "surrogateescape")
    return _finished(read_oplist(text, name), head, keep_going)


def _joined(lines: Iterable[bytes], most: int, code: str) -> tuple[bytes, Problem | None]:
    """Put lines together that have to be read whole; a problem if they are more than most bytes."""
    parts = []
    size = 0
    for line in lines:
        size += len(line)
        if size > most:
            what = f"the file is too large to be read whole: the bound is {most} bytes"
            return b"", Problem(code, None, what)
        parts.append(line)
    return b"".join(parts), None


def _refused(problem: Problem) -> Stream:
    stream = Stream()
    stream.problems.append(problem)
    return stream


def _first_lines(lines: Iterator[bytes]) -> tuple[list[bytes], bool]:
    """Take the lines up to the first that says something; tell whether a list of operations begins.

    A byte order mark is cut from the first line.
    """
    before: list[bytes] = []
    for line in lines:
        before.append(line if before else line.removeprefix(_BOM))
        if _BEFORE_LIST.match(before[-1]) is None or len(before) >= _MAX_BEFORE_LIST:
            break
    return before, bool(before) and _LIST.match(before[-1]) is not None


def _has_operation(stream: Stream) -> bool:
    """Tell whether there is something to replay."""
    return any(isinstance(item, Operation | LooseUpdate) for item in stream.items)


def _nothing(head: bytes) -> str:
    """Say that nothing was found, and what was looked for."""
    wanted = (
        "kernel messages (`mobility: removing node ...`), writes to /proc/ppc64/ofdt, a drmgr log, "
        "hex dumps below `rtas ibm,update-nodes ...`, or an operation list (`dtovl-replay: 1`)"
    )
    if not head:
        return f"the input is empty: expected {wanted}"
    if is_binary(head):
        return (
            "the input is neither text nor work areas "
            f"(a whole number of {AREA_SIZE} bytes): expected {wanted}"
        )
    return f"no operation found: expected {wanted}"


def _finished(stream: Stream, head: bytes, keep_going: bool, nothing: str = "") -> Stream:
    """Put the problems in order, and keep as many as are listed; none and no operation is one.

    nothing says in words that there is no operation, where head, the first line, does not tell.
    """
    if not stream.problems and not _has_operation(stream):
        stream.problems.append(Problem("PS201", None, nothing or _nothing(head)))
    stream.problems.sort(key=lambda problem: (problem.line or 0, problem.column))
    if not keep_going:
        del stream.problems[MAX_PROBLEMS:]
    return stream
