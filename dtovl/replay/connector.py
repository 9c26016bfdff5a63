"""Work areas of ibm,configure-connector, decoded: the node that an add brings.

What holds for the decoders of workarea.py holds here: an answer is a work area with its return
code, the answers to one request are a sequence, and nothing raises.

Source: LoPAR (the public PAPR), section on ibm,configure-connector; Linux
arch/powerpc/platforms/pseries/dlpar.c.
"""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING

from dtovl.replay.stream import Content
from dtovl.replay.workarea import (
    AREA_SIZE,
    COMPLETE,
    NEXT_CHILD,
    NEXT_PROPERTY,
    NEXT_SIBLING,
    PREVIOUS_PARENT,
    Answer,
    Remark,
    is_busy,
    padded,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LEVELS = 64
"""Deepest level of a connector answer; its top node is level 1."""


class ConnectorAnswer:
    """A decoded ibm,configure-connector sequence.

    node is the top node; None when the sequence has a fault, or firmware gave up: then refusal is
    the number of the answer with the error code, and status that code.
    """

    __slots__ = ("fault", "node", "refusal", "remarks", "status")

    def __init__(self) -> None:
        self.node: Content | None = None
        self.refusal: int | None = None
        self.status = COMPLETE
        self.remarks: list[Remark] = []
        self.fault: Remark | None = None


def decode_connector(answers: Sequence[Answer], drc: int | None = None) -> ConnectorAnswer:
    """Decode a sequence of ibm,configure-connector answers.

    drc is the drc-index that was asked for; None: the one in the first area. An answer without
    any byte, whose area was not recorded, is taken to be about it.

    offset  bytes  meaning
         0      4  drc-index
         4      4  zero
         8      4  offset of the name
        12      4  length of the value
        16      4  offset of the value

    Offsets count from the start of the area; name and value lie inside it.

    return code  meaning
              0  complete
              1  next sibling: a node beside the last one
              2  next child: the top node, later a child of the last node
              3  next property of the last node
              4  previous parent: the parent of the last node is the last node now
       -2, 990x  busy, nothing in the area: call again
         others  an error: everything is dropped

    Siblings of the top node go to Content.siblings. A next child of a node that has children
    already is one more of them, which Linux gets wrong (PS154). Faults (PS207): anything but a
    child before the first node, anything but complete after the parent of a top node, offsets
    outside the area, a name without NUL or without a letter, more than 64 levels, no end.

    Source: LoPAR; Linux dlpar_configure_connector, which checks no offset and no order.
    """
    result = ConnectorAnswer()
    builder = _Builder()
    for index, answer in enumerate(answers):
        if is_busy(answer.status):
            continue
        if not COMPLETE <= answer.status <= PREVIOUS_PARENT:
            result.refusal, result.status = index, answer.status
            return result
        area = padded(answer.data)[:AREA_SIZE]
        (found,) = unpack_from(">I", area)
        if drc is None:
            drc = found
        fault = builder.take(answer.status, area)
        if found != drc and answer.data:
            fault = f"the area is about drc-index 0x{found:x}, not 0x{drc:x}"
        if fault:
            result.fault = Remark("PS207", index, fault)
            return result
        if builder.second_first_child:
            message = "a second first child: Linux loses the children before it"
            result.remarks.append(Remark("PS154", index, message))
        if answer.status == COMPLETE:
            result.node = builder.top
            return result
    what = "the sequence ends without `complete` (0) and without an error code"
    result.fault = Remark("PS207", max(len(answers) - 1, 0), what)
    return result


class _Builder:
    """Puts the nodes of a connector answer together.

    line holds the last node and those above it, the top node or a sibling of it first. It is empty
    before the first node, and after the parent of a top node: then closed is true.
    """

    def __init__(self) -> None:
        self.top: Content | None = None
        self.second_first_child = False
        self._line: list[Content] = []
        self._closed = False

    def take(self, status: int, area: bytes) -> str:
        """Take one answer that is no error; say what is wrong, "" for nothing."""
        self.second_first_child = False
        if self._closed:
            return "" if status == COMPLETE else f"{status} after the parent of a top node"
        if not self._line and status != NEXT_CHILD:
            return f"{status} before the first node"
        if status == COMPLETE:
            return ""
        if status == NEXT_PROPERTY:
            return self._property(area)
        if status == PREVIOUS_PARENT:
            self._line.pop()
            self._closed = not self._line
            return ""
        return self._node(status, area)

    def _node(self, status: int, area: bytes) -> str:
        name = _name(area)
        if not name:
            return "the name of a node is empty, has no NUL, or lies outside the work area"
        node = Content(name)
        if self.top is None:
            self.top = node
        elif status == NEXT_SIBLING:
            self._line.pop()
            (self._line[-1].children if self._line else self.top.siblings).append(node)
        else:
            children = self._line[-1].children
            self.second_first_child = bool(children)
            children.append(node)
        self._line.append(node)
        return f"more than {MAX_LEVELS} levels" if len(self._line) > MAX_LEVELS else ""

    def _property(self, area: bytes) -> str:
        size, offset = unpack_from(">2I", area, 12)
        name = _name(area)
        if not name:
            return "the name of a property is empty, has no NUL, or lies outside the work area"
        if offset + size > AREA_SIZE:
            return f"the value of {name}, {size} bytes at offset {offset}, leaves the work area"
        self._line[-1].properties.append((name, area[offset : offset + size]))
        return ""


def _name(area: bytes) -> str:
    """Give the name that an area of ibm,configure-connector tells, "" when it tells none."""
    (offset,) = unpack_from(">I", area, 8)
    end = area.find(b"\0", offset)
    return area[offset:end].decode("utf-8", "surrogateescape") if end > offset else ""
