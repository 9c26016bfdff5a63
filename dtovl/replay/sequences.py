"""Blocks of a log put together: which answers form a sequence, and which operation they belong to.

Blocks of one call and one number (phandle, or drc-index) form sequences in the order of the log.
The n-th operation that names the number takes the n-th sequence, wherever both stand. An
ibm,update-properties sequence that no operation takes becomes a LooseUpdate; a connector sequence
that no add takes is only checked. An ibm,update-nodes block after a completed sequence of that
call begins another session.
"""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from dtovl.replay.connector import ConnectorAnswer, decode_connector
from dtovl.replay.dumps import MALFORMED, Block, Header
from dtovl.replay.stream import (
    ADD,
    UPDATE,
    LooseUpdate,
    Note,
    Operation,
    Problem,
    SessionEnd,
    Stream,
)
from dtovl.replay.workarea import (
    AGAIN,
    AREA_SIZE,
    COMPLETE,
    CONNECTOR,
    NODES,
    PROPERTIES,
    UNKNOWN,
    Answer,
    PropertyChanges,
    Remark,
    Request,
    decode_nodes,
    decode_properties,
    ends_sequence,
    padded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dtovl.replay.stream import Item

_CALLS = (NODES, PROPERTIES, CONNECTOR)

_T = TypeVar("_T", PropertyChanges, ConnectorAnswer)


class Placed(NamedTuple):
    """A block, and the index in Stream.items before which its operations go."""

    place: int
    block: Block


def assemble(stream: Stream, placed: list[Placed]) -> None:
    """Decode the blocks of a log into the stream, in place.

    Operations of ibm,update-nodes blocks go where their header stands; content and changes are
    filled in, also for operations that the text of the log named by phandle or drc-index. An
    operation whose sequence is malformed is dropped, with a Problem (PS205 to PS207). Each
    operation gets the scope of the last ibm,update-nodes header before it that tells one.
    """
    changes: _Sequences[PropertyChanges] = _Sequences()
    contents: _Sequences[ConnectorAnswer] = _Sequences()
    for _, block in placed:
        if block.header.call == PROPERTIES:
            changes.take(block, block.header.phandle)
        elif block.header.call == CONNECTOR:
            contents.take(block, block.header.drc)
    changes.decode(_decode_changes, stream)
    contents.decode(_decode_content, stream)
    stream.items = [
        item
        for item in _merged(stream, placed)
        if not isinstance(item, Operation) or _fill(item, changes, contents, stream)
    ]
    for sequence in changes.left():
        result = sequence.result
        if result is not None:
            line = _line(sequence.blocks[0].header)
            number = f"0x{result.phandle:x}"
            message = (
                f"ibm,update-properties answers for phandle {number}, which no operation names"
            )
            stream.notes.append(Note("PS138", line, result.path, message))
            loose = LooseUpdate(line or 0, result.phandle, result.path, result.changes)
            stream.items.append(loose)


# -- sequences -----------------------------------------------------------------------------------


class _Sequence(Generic[_T]):
    """Answers that belong together; result is None when they are malformed."""

    __slots__ = ("blocks", "number", "result")

    def __init__(self, number: int) -> None:
        self.number = number
        self.blocks: list[Block] = []
        self.result: _T | None = None


class _Sequences(Generic[_T]):
    """The sequences of one call, by the number that they are about, in the order of the log."""

    def __init__(self) -> None:
        self._all: list[_Sequence[_T]] = []
        self._open: dict[int, _Sequence[_T]] = {}
        self._waiting: dict[int, list[_Sequence[_T]]] = {}

    def take(self, block: Block, number: int | None) -> None:
        """Add a block to the open sequence of its number, or to a new one.

        number None: the first word of the area.
        """
        if number is None:
            (number,) = unpack_from(">I", padded(block.data or b""))
        sequence = self._open.get(number)
        if sequence is None:
            sequence = self._open[number] = _Sequence(number)
            self._all.append(sequence)
            self._waiting.setdefault(number, []).append(sequence)
        sequence.blocks.append(block)
        if ends_sequence(block.header.call, block.header.rc):
            del self._open[number]

    def decode(self, decoder: Callable[[_Sequence[_T], Stream], _T | None], stream: Stream) -> None:
        """Decode every sequence; notes and problems go into the stream."""
        for waiting in self._waiting.values():
            waiting.reverse()
        for sequence in self._all:
            if all(block.data is not None for block in sequence.blocks):
                sequence.result = decoder(sequence, stream)

    def next(self, number: int) -> _Sequence[_T] | None:
        """Take the next sequence of a number, None when there is no more."""
        waiting = self._waiting.get(number)
        return waiting.pop() if waiting else None

    def left(self) -> Iterator[_Sequence[_T]]:
        """Give the sequences that nobody took, in the order of the log."""
        left = {id(sequence) for waiting in self._waiting.values() for sequence in waiting}
        return (sequence for sequence in self._all if id(sequence) in left)


def _answers(sequence: _Sequence[_T]) -> list[Answer]:
    return [Answer(block.header.rc, block.data or b"") for block in sequence.blocks]


def _decode_changes(sequence: _Sequence[PropertyChanges], stream: Stream) -> PropertyChanges | None:
    result = decode_properties(_answers(sequence), sequence.number)
    _report(sequence, result.remarks, result.fault, stream, result.path)
    return None if result.fault else result


def _decode_content(sequence: _Sequence[ConnectorAnswer], stream: Stream) -> ConnectorAnswer | None:
    result = decode_connector(_answers(sequence), sequence.number)
    _report(sequence, result.remarks, result.fault, stream, None)
    return None if result.fault else result


def _report(
    sequence: _Sequence[_T],
    remarks: Iterable[Remark],
    fault: Remark | None,
    stream: Stream,
    path: str | None,
) -> None:
    """Note the remarks at the first header of the sequence, return codes at their own."""
    blocks = sequence.blocks
    for remark in remarks:
        own = remark.code == "PS143"
        line = _line(blocks[remark.answer if own else 0].header)
        stream.notes.append(Note(remark.code, line, None if own else path, remark.message))
    if fault is not None:
        header = blocks[fault.answer].header
        where = f" (block of line {header.line})" if fault.answer else ""
        first = _line(blocks[0].header)
        stream.problems.append(Problem(fault.code, first, fault.message + where))


def _line(header: Header) -> int | None:
    """Give the line of a header, None for an area of a binary file."""
    return header.line or None


# -- operations ----------------------------------------------------------------------------------


def _merged(stream: Stream, placed: list[Placed]) -> Iterator[Item]:
    """Give the items of the text with those of the ibm,update-nodes blocks between them."""
    nodes = [entry for entry in placed if entry.block.header.call == NODES]
    scope: int | None = None
    complete = False
    at = 0
    for place, block in nodes:
        for item in stream.items[at:place]:
            yield _scoped(item, scope)
        at = place
        if complete:
            yield SessionEnd(_line(block.header))
        if block.header.scope is not None:
            scope = block.header.scope
        for operation in _operations(block, stream):
            yield _scoped(operation, scope)
        complete = ends_sequence(NODES, block.header.rc)
    for item in stream.items[at:]:
        yield _scoped(item, scope)


def _scoped(item: Item, scope: int | None) -> Item:
    if scope is not None and isinstance(item, Operation) and not item.ofdt:
        item.scope = scope
    return item


def _operations(block: Block, stream: Stream) -> Iterator[Operation]:
    """Decode one ibm,update-nodes block."""
    if block.data is None:
        return
    line = _line(block.header)
    lists = decode_nodes([Answer(block.header.rc, block.data)])
    stream.notes += [Note(remark.code, line, None, remark.message) for remark in lists.remarks]
    if lists.fault:
        stream.problems.append(Problem(lists.fault.code, line, lists.fault.message))
    for request in lists.requests:
        if request.kind != UNKNOWN:
            yield _operation(request, block.header)


def _operation(request: Request, header: Header) -> Operation:
    line, clock = _line(header), header.clock
    if request.kind == ADD:
        return Operation(ADD, line, parent=request.phandle, drc=request.drc, clock=clock)
    return Operation(request.kind, line, phandle=request.phandle, clock=clock)


def _fill(
    operation: Operation,
    changes: _Sequences[PropertyChanges],
    contents: _Sequences[ConnectorAnswer],
    stream: Stream,
) -> bool:
    """Give an operation what the blocks tell about it; False when they are malformed."""
    if operation.ofdt:
        return True
    if operation.kind == UPDATE and operation.phandle is not None:
        told = changes.next(operation.phandle)
        if told is not None:
            if told.result is None:
                return False
            operation.changes = told.result.changes
            operation.path = operation.path or told.result.path
    elif operation.kind == ADD and operation.drc is not None:
        brought = contents.next(operation.drc)
        if brought is not None:
            if brought.result is None:
                return False
            _fill_content(operation, brought.blocks, brought.result, stream)
    return True


def _fill_content(
    operation: Operation, blocks: list[Block], answer: ConnectorAnswer, stream: Stream
) -> None:
    operation.content = answer.node
    if answer.refusal is not None:
        operation.refused = True
        line = _line(blocks[answer.refusal].header)
        message = f"ibm,configure-connector returned {answer.status} for this drc-index"
        stream.notes.append(Note("PS143", line, None, message))


# -- binary files --------------------------------------------------------------------------------


def is_binary(head: bytes) -> bool:
    """Tell whether the first word of a file is not text; head holds its first bytes, 4 or more."""
    word = head[:4]
    if any((byte < 0x20 and byte not in b"\t\n\v\f\r\x1b") or byte == 0x7F for byte in word):
        return True
    try:
        word.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data"
    return False


def read_areas(data: bytes, call: str | None) -> Stream:
    """Read a file of work areas, one after the other, the answers of one call.

    call is its name, with or without `ibm,`. The file tells no return codes: the areas of
    ibm,update-nodes are one sequence; those of ibm,update-properties are sequences of neighbours
    with one phandle, each beginning where a path is told. Problems are those of assemble, all
    without a line, and PS205 for a file that cannot be such areas.
    """
    stream = Stream()
    wanted = (call or "").removeprefix("ibm,")
    problem = _unfit(data, wanted)
    if problem:
        stream.problems.append(Problem(MALFORMED, None, problem))
        return stream
    areas = [data[at : at + AREA_SIZE] for at in range(0, len(data), AREA_SIZE)]
    if wanted == NODES:
        codes = [AGAIN] * (len(areas) - 1) + [COMPLETE]
        blocks = [Block(Header(0, NODES, rc), area) for rc, area in zip(codes, areas, strict=True)]
    else:
        blocks = list(_property_blocks(areas))
        for block in blocks:
            if block.header.rc == COMPLETE:
                (phandle,) = unpack_from(">I", block.data or b"")
                stream.items.append(Operation(UPDATE, None, phandle=phandle))
    assemble(stream, [Placed(0, block) for block in blocks])
    return stream


def _unfit(data: bytes, call: str) -> str:
    """Say why a file cannot be read as work areas of a call, "" when it can."""
    calls = ", ".join((NODES, PROPERTIES))
    if not data or len(data) % AREA_SIZE:
        size = f"{len(data)} bytes are no whole number of work areas of {AREA_SIZE} bytes"
        return f"the file is neither text nor work areas: {size}"
    if not call:
        return f"the file looks like work areas; name their call: --call {NODES} (or {PROPERTIES})"
    if call == CONNECTOR:
        return (
            "areas of ibm,configure-connector say nothing without the return code of each; "
            f"give them as hex dumps, each below a line `rtas ibm,{CONNECTOR} drc=... rc=...`"
        )
    return "" if call in _CALLS else f"{call} is none of the calls that can be read: {calls}"


def _property_blocks(areas: list[bytes]) -> Iterator[Block]:
    """Cut areas of ibm,update-properties into sequences, by the return codes they must have."""
    for number, area in enumerate(areas):
        following = areas[number + 1] if number + 1 < len(areas) else b""
        same = following[:4] == area[:4]
        count, first = unpack_from(">IB", following, 16) if following else (0, 0)
        rc = AGAIN if same and not (count and not first) else COMPLETE
        yield Block(Header(0, PROPERTIES, rc), area)
