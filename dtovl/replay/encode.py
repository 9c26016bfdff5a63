"""Work areas written: the inverse of workarea.py, as firmware would answer.

Source: the layouts in dtovl.replay.workarea.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from dtovl.replay.stream import ADD, DELETE, NAME_ONLY, REMOVE, UPDATE, Change, Content
from dtovl.replay.workarea import (
    AGAIN,
    AREA_SIZE,
    COMPLETE,
    NEXT_CHILD,
    NEXT_PROPERTY,
    NEXT_SIBLING,
    PREVIOUS_PARENT,
    UNKNOWN,
    Answer,
    Request,
    padded,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_OPCODES = {DELETE: 0x01, UPDATE: 0x02, ADD: 0x03}
_LIST_WORDS = (AREA_SIZE - 16) // 4
_ROOM = AREA_SIZE - 20  # bytes for descriptors, or for a connector's name and value


def encode_nodes(requests: Iterable[Request], *, limit: int = _LIST_WORDS) -> list[Answer]:
    """Encode what ibm,update-nodes would answer: neighbours of one kind share an operator.

    limit is the number of list words of an area, its terminator included, 3 to 1020; a longer list
    goes on in the next answer. An UNKNOWN request is never split. Request.answer is not looked at.

    Raises ValueError when an UNKNOWN request does not fit into an area.
    """
    areas: list[list[int]] = [[]]
    operator = -1  # place of the last operator word in the last area, -1: none to extend
    last = ""
    for request in requests:
        operands = _operands(request)
        words = areas[-1]
        extends = request.kind == last != UNKNOWN and operator >= 0
        if len(words) + len(operands) + (not extends) + 1 > limit:
            if len(operands) + 2 > limit:
                raise ValueError(f"{len(operands)} operands do not fit into one work area")
            words, extends = [], False
            areas.append(words)
        if not extends:
            operator, last = len(words), request.kind
            count = len(operands) if request.kind == UNKNOWN else 0
            words.append(_OPCODES.get(request.kind, request.opcode) << 24 | count)
        if request.kind != UNKNOWN:
            words[operator] += 1
        words += operands
    return [
        Answer(
            AGAIN if number < len(areas) else COMPLETE,
            padded(
                pack(f">4I{len(words)}I", number if number < len(areas) else 0, 0, 0, 0, *words)
            ),
        )
        for number, words in enumerate(areas, 1)
    ]


def _operands(request: Request) -> tuple[int, ...]:
    if request.kind == UNKNOWN:
        return request.operands
    return (request.phandle, request.drc) if request.kind == ADD else (request.phandle,)


def encode_properties(
    phandle: int, path: str | None, changes: Iterable[Change], *, room: int = _ROOM
) -> list[Answer]:
    """Encode what ibm,update-properties would answer; long values are cut into pieces.

    path None leaves the first descriptor out. room is the number of bytes for descriptors in an
    area, at most 4076. A change that sets an empty value cannot be told from one by name only.

    Raises ValueError for a name that does not fit, and for a value that is empty or not known.
    """
    packer = _Packer(room)
    if path is not None:
        packer.add(b"\0", path.encode("utf-8", "surrogateescape") + b"\0", whole=True)
    for change in changes:
        name = change.name.encode("utf-8", "surrogateescape") + b"\0"
        if change.verb == NAME_ONLY:
            packer.put(name + pack(">I", 0))
        elif change.verb == REMOVE:
            packer.put(name + pack(">I", 0x80000000))
        elif not change.value:
            raise ValueError(f"the value of {change.name} is empty or not known")
        else:
            packer.add(name, change.value)
    answers = []
    for number, descriptors in enumerate(packer.areas, 1):
        state = number if number < len(packer.areas) else 0
        head = pack(">5I", phandle, state, 0, 0, len(descriptors))
        area = padded(head + b"".join(descriptors))
        answers.append(Answer(AGAIN if state else COMPLETE, area))
    return answers


class _Packer:
    """Puts descriptors into areas with a bounded number of bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._left = room
        self.areas: list[list[bytes]] = [[]]

    def put(self, descriptor: bytes) -> None:
        """Put one descriptor into the last area, or into a new one."""
        if len(descriptor) > self._room:
            raise ValueError(f"{len(descriptor)} bytes do not fit into one work area")
        if len(descriptor) > self._left:
            self.areas.append([])
            self._left = self._room
        self.areas[-1].append(descriptor)
        self._left -= len(descriptor)

    def add(self, name: bytes, value: bytes, *, whole: bool = False) -> None:
        """Put a name and its value; unless it is to stay whole, cut it where areas end."""
        head = len(name) + 4
        at = 0
        while not whole and len(value) - at > self._left - head:
            size = self._left - head
            if size <= 0:
                if self._left == self._room:
                    raise ValueError(f"a name of {len(name)} bytes does not fit into a work area")
                self.areas.append([])
                self._left = self._room
                continue
            self.put(name + pack(">I", 0x100000000 - size) + value[at : at + size])
            at += size
        self.put(name + pack(">I", len(value) - at) + value[at:])


def encode_connector(drc: int, top: Content) -> list[Answer]:
    """Encode what ibm,configure-connector would answer for a node, all below it, its siblings.

    Raises ValueError for a name or value that does not fit into a work area, or is not known.
    """
    answers: list[Answer] = []
    for number, node in enumerate((top, *top.siblings)):
        answers += _subtree(drc, node, NEXT_SIBLING if number else NEXT_CHILD)
    answers.append(_connector(COMPLETE, drc))
    return answers


def _subtree(drc: int, top: Content, status: int) -> Iterator[Answer]:
    """Give the answers for one node and all below it, children between `child` and `parent`."""
    stack: list[tuple[Content, int] | None] = [(top, status)]
    while stack:
        step = stack.pop()
        if step is None:
            yield _connector(PREVIOUS_PARENT, drc)
            continue
        node, status = step
        yield _connector(status, drc, node.name)
        for name, value in node.properties:
            if value is None:
                raise ValueError(f"the value of {name} is not known")
            yield _connector(NEXT_PROPERTY, drc, name, value)
        if node.children:
            stack.append(None)
            stack.extend(_ranked(node.children))


def _ranked(children: Sequence[Content]) -> list[tuple[Content, int]]:
    """Give the children, last first, each with the return code that brings it."""
    later = [(child, NEXT_SIBLING) for child in reversed(children[1:])]
    return [*later, (children[0], NEXT_CHILD)]


def _connector(status: int, drc: int, name: str | None = None, value: bytes = b"") -> Answer:
    if name is None:
        return Answer(status, padded(pack(">5I", drc, 0, 0, 0, 0)))
    text = name.encode("utf-8", "surrogateescape") + b"\0"
    if len(text) + len(value) > _ROOM:
        raise ValueError(f"{name[:40]}: name and value do not fit into a work area")
    head = pack(">5I", drc, 0, 20, len(value), 20 + len(text))
    return Answer(status, padded(head + text + value))
