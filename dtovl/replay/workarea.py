"""Work areas of the RTAS calls that bring devicetree changes, decoded.

ibm,update-nodes and ibm,update-properties are here, ibm,configure-connector is in connector.py.

Firmware answers each call in a work area of 4096 bytes. All integers are big-endian, whatever the
endianness of the kernel; names and paths are UTF-8, other bytes surrogate escapes. One request may
take several calls: the answers to them, in order, are a sequence, and each decoder takes one.

Nothing here raises: a decoder gives what came before the first fault, and the fault. Linux checks
few of the bounds; each is checked here, so no area makes a decoder read outside it.

Source: LoPAR (the public PAPR), sections on ibm,update-nodes, ibm,update-properties and
ibm,configure-connector; how Linux reads them: arch/powerpc/platforms/pseries/mobility.c, dlpar.c.
"""

from __future__ import annotations

from struct import unpack, unpack_from
from typing import TYPE_CHECKING, NamedTuple

from dtovl.replay.stream import ADD, DELETE, NAME_ONLY, REMOVE, SET, UPDATE, Change

if TYPE_CHECKING:
    from collections.abc import Sequence

AREA_SIZE = 4096
"""Bytes of a work area."""

NODES, PROPERTIES, CONNECTOR = "update-nodes", "update-properties", "configure-connector"
"""The three calls, without their `ibm,`."""

UNKNOWN = "unknown"
"""The kind of a Request whose opcode is none of the three."""

COMPLETE, AGAIN = 0, 1
"""Return codes of ibm,update-nodes and ibm,update-properties: done; call again for more."""

NEXT_SIBLING, NEXT_CHILD, NEXT_PROPERTY, PREVIOUS_PARENT = 1, 2, 3, 4
"""Return codes of ibm,configure-connector, besides COMPLETE."""

_LISTS = 16  # offset of the operator lists of ibm,update-nodes
_WORDS = (AREA_SIZE - _LISTS) // 4
_DESCRIPTORS = 20  # offset of the first property descriptor
_KINDS = {0x01: DELETE, 0x02: UPDATE, 0x03: ADD}
_DELETE_PROPERTY = 0x80000000
_BUSY = -2
_EXTENDED_DELAY = range(9900, 9910)


class Answer(NamedTuple):
    """What one call gave back: return code, and the area; bytes that are missing are zeros."""

    status: int
    data: bytes


class Remark(NamedTuple):
    """A finding of the decoding: code number, number of the answer in its sequence from 0."""

    code: str
    answer: int
    message: str


class Request(NamedTuple):
    """One thing an ibm,update-nodes answer asks for; answer counts the answers from 0.

    kind is DELETE, UPDATE, ADD or UNKNOWN. phandle is that of the node, for ADD of its parent; drc
    the drc-index of an ADD; opcode and operands are those of UNKNOWN, which asks for nothing.
    """

    kind: str
    answer: int
    phandle: int = 0
    drc: int = 0
    opcode: int = 0
    operands: tuple[int, ...] = ()


class NodeLists:
    """A decoded ibm,update-nodes sequence, up to its fault if it has one."""

    __slots__ = ("fault", "remarks", "requests")

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.remarks: list[Remark] = []
        self.fault: Remark | None = None


class PropertyChanges:
    """A decoded ibm,update-properties sequence, up to its fault if it has one.

    path is the one that the first descriptor gives, None without it; every value is known.
    """

    __slots__ = ("changes", "fault", "path", "phandle", "remarks")

    def __init__(self, phandle: int) -> None:
        self.phandle = phandle
        self.path: str | None = None
        self.changes: list[Change] = []
        self.remarks: list[Remark] = []
        self.fault: Remark | None = None


def padded(data: bytes) -> bytes:
    """Fill an area with zeros up to 4096 bytes."""
    return data.ljust(AREA_SIZE, b"\0")


def is_busy(status: int) -> bool:
    """Tell whether a return code of ibm,configure-connector says only: call again later."""
    return status == _BUSY or status in _EXTENDED_DELAY


def ends_sequence(call: str, status: int) -> bool:
    """Tell whether an answer with this return code is the last one of its sequence."""
    if call != CONNECTOR:
        return status != AGAIN
    return not (NEXT_SIBLING <= status <= PREVIOUS_PARENT or is_busy(status))


# -- ibm,update-nodes ----------------------------------------------------------------------------


def decode_nodes(answers: Sequence[Answer]) -> NodeLists:
    """Decode a sequence of ibm,update-nodes answers.

    offset  bytes  meaning
         0      4  state variable: 0 in the first call, then what the last call returned
         4     12  reserved, zero; bytes 0 to 15 go back unchanged into the next call
        16     ..  operator lists: each an operator word, then its operands of 4 bytes
        ..      4  terminator: an operator word with opcode 0, whatever its low 3 bytes

    Operator word: opcode in the top byte, count n in the low 3 bytes.

    opcode  meaning        operands
      0x01  deleted nodes  n phandles
      0x02  updated nodes  n phandles; ibm,update-properties tells the changes
      0x03  added nodes    n pairs: phandle of the parent, drc-index for ibm,configure-connector
      0x00  terminator     none
    others  unknown        n words, passed over (PS146)

    Return codes: 0 done, 1 call again. Any other ends the sequence, and its area is not decoded
    (PS143). Lists without terminator end with the area (PS147). Faults (PS205): operands that run
    past the end of the area; bytes that only make sense in another order.

    Source: LoPAR R1-8, R1-15, R1-16; Linux pseries_devicetree_update; for the pairs also
    powerpc-utils drmig_chrp_pmig.c.
    """
    result = NodeLists()
    for index, answer in enumerate(answers):
        if answer.status not in (COMPLETE, AGAIN):
            message = f"ibm,update-nodes returned {answer.status}"
            result.remarks.append(Remark("PS143", index, message))
            return result
        _decode_lists(padded(answer.data), index, result)
        if result.fault or answer.status == COMPLETE:
            return result
    return result


def _decode_lists(area: bytes, index: int, result: NodeLists) -> None:
    """Decode the operator lists of one area into result."""
    words = unpack(f">{_WORDS}I", area[_LISTS:AREA_SIZE])
    before = len(result.requests)
    remarks, ended, overrun = _walk_lists(words, index, result.requests)
    if all(request.kind == UNKNOWN for request in result.requests[before:]):
        order = _swapped_order(area)
        if order:
            message = f"the area looks byte-swapped: it reads well only with {order} reversed"
            result.fault = Remark("PS205", index, message)
            del result.requests[before:]
            return
    result.remarks += remarks
    if overrun:
        result.fault = Remark("PS205", index, overrun)
    elif not ended:
        message = "no terminator: the lists end with the work area"
        result.remarks.append(Remark("PS147", index, message))


def _walk_lists(
    words: Sequence[int], index: int, requests: list[Request]
) -> tuple[list[Remark], bool, str]:
    """Read operator lists.

    Returns the remarks, whether a terminator was met, and what runs past the end ("": nothing).
    """
    remarks: list[Remark] = []
    at = 0
    while at < len(words):
        operator = words[at]
        opcode, count = operator >> 24, operator & 0xFFFFFF
        if not opcode:
            return remarks, True, ""
        at += 1
        size = 2 * count if opcode == 0x03 else count
        if size > len(words) - at:
            where = _LISTS + 4 * (at - 1)
            what = (
                f"operator 0x{operator:08x} at byte {where} claims {size} operand words, "
                f"but {len(words) - at} are left in the work area"
            )
            return remarks, False, what
        requests += _requests(opcode, words[at : at + size], index)
        if opcode not in _KINDS:
            remarks.append(Remark("PS146", index, f"unknown opcode 0x{opcode:02x} passed over"))
        at += size
    return remarks, False, ""


def _requests(opcode: int, operands: Sequence[int], index: int) -> list[Request]:
    """Make the requests of one operator."""
    kind = _KINDS.get(opcode)
    if kind is None:
        return [Request(UNKNOWN, index, opcode=opcode, operands=tuple(operands))]
    if kind == ADD:
        pairs = zip(operands[::2], operands[1::2], strict=True)
        return [Request(ADD, index, parent, drc) for parent, drc in pairs]
    return [Request(kind, index, phandle) for phandle in operands]


def _swapped_order(area: bytes) -> str | None:
    """Tell which bytes must be swapped to read known operators from first word to terminator.

    None when no swap does it. 2 bytes: `od -t x2` on a little-endian host; 4: host words of such.
    """
    for size, order in ((4, "the bytes of every word"), (2, "the bytes of every halfword")):
        letter = "I" if size == 4 else "H"
        count = (AREA_SIZE - _LISTS) // size
        swapped = unpack(f"<{count}{letter}", area[_LISTS:AREA_SIZE])
        if size == 2:
            swapped = tuple(
                high << 16 | low for high, low in zip(swapped[::2], swapped[1::2], strict=True)
            )
        found: list[Request] = []
        remarks, ended, _ = _walk_lists(swapped, 0, found)
        if ended and found and not remarks:
            return order
    return None


# -- ibm,update-properties -----------------------------------------------------------------------


def decode_properties(answers: Sequence[Answer], phandle: int | None = None) -> PropertyChanges:
    """Decode a sequence of ibm,update-properties answers.

    phandle is the node that was asked about; None: the one in the first area.

    offset  bytes  meaning
         0      4  phandle of the node
         4      4  state variable
         8      8  reserved; bytes 4 to 15 go back unchanged into the next call
        16      4  number of property descriptors
        20     ..  the descriptors, packed, without alignment

    Descriptor: name with its NUL; value descriptor vd, 4 bytes; the value bytes.

    vd                        meaning                         value bytes
    0x00000000                the property has only a name    none
    0x80000000                the property is deleted         none
    0x00000001 to 0x7fffffff  value, or the last piece of it  vd
    0x80000001 to 0xffffffff  a piece that others follow      0x100000000 - vd

    A first descriptor with an empty name has the path of the node as value, and counts. Pieces are
    joined over descriptors and calls. A piece that a delete interrupts, or that nothing completes,
    is dropped (PS148). Return codes: 1 call again, below 0 an error: the area is not decoded
    (PS143). Faults (PS206): name without NUL, bytes past the end of the area, pieces of one name
    completed by another, a phandle that is not the one asked about, a property without a name.

    Source: LoPAR R1-5; Linux update_dt_node, which compares no names of pieces.
    """
    first = next((answer for answer in answers if answer.status >= 0), None)
    if phandle is None:
        phandle = unpack_from(">I", padded(first.data))[0] if first else 0
    reader = _Properties(PropertyChanges(phandle))
    for index, answer in enumerate(answers):
        if not reader.take(index, answer):
            break
    reader.drop_pending(max(len(answers) - 1, 0), "never completed")
    return reader.result


class _Properties:
    """Reads property descriptors over the calls of a sequence.

    pending is the name and the pieces so far of a value that has not ended.
    """

    def __init__(self, result: PropertyChanges) -> None:
        self.result = result
        self._pending: tuple[str, bytearray] | None = None

    def take(self, index: int, answer: Answer) -> bool:
        """Take one answer; tell whether another one may follow it."""
        if answer.status < 0:
            message = f"ibm,update-properties returned {answer.status}"
            self.result.remarks.append(Remark("PS143", index, message))
            return False
        fault = self._descriptors(index, padded(answer.data)[:AREA_SIZE])
        if fault:
            self.result.fault = Remark("PS206", index, fault)
            self._pending = None
        return not fault and answer.status == AGAIN

    def drop_pending(self, index: int, why: str) -> None:
        """Drop the value that has not ended, if there is one."""
        if self._pending is not None:
            message = f"the value of {self._pending[0]} is dropped: {why}"
            self.result.remarks.append(Remark("PS148", index, message))
            self._pending = None

    def _descriptors(self, index: int, area: bytes) -> str:
        """Read the descriptors of one area; say what is wrong, "" for nothing."""
        phandle, count = unpack_from(">I12xI", area)
        if phandle != self.result.phandle:
            return f"the area is about phandle 0x{phandle:x}, not 0x{self.result.phandle:x}"
        at = _DESCRIPTORS
        for number in range(count):
            end = area.find(b"\0", at)
            if end < 0:
                return f"the name of descriptor {number + 1} of {count} has no NUL"
            if end + 5 > AREA_SIZE:
                return f"descriptor {number + 1} of {count} runs past the end of the work area"
            name = area[at:end].decode("utf-8", "surrogateescape")
            (descriptor,) = unpack_from(">I", area, end + 1)
            size = _value_size(descriptor)
            at = end + 5 + size
            if at > AREA_SIZE:
                return (
                    f"the value of {name or 'the path'} has {size} bytes, "
                    f"but {AREA_SIZE - end - 5} are left in the work area"
                )
            value = area[end + 5 : at]
            if number == 0 and not name:
                self._path(value)
                continue
            fault = self._change(index, name, descriptor, value)
            if fault:
                return fault
        return ""

    def _path(self, value: bytes) -> None:
        path = value.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        if path and self.result.path is None:
            self.result.path = path

    def _change(self, index: int, name: str, descriptor: int, value: bytes) -> str:
        """Take one descriptor; say what is wrong, "" for nothing."""
        if not name:
            return "a property without a name"
        changes = self.result.changes
        if descriptor == 0:
            changes.append(Change(name, NAME_ONLY, b""))
            return ""
        if descriptor == _DELETE_PROPERTY:
            self.drop_pending(index, f"a delete of {name} stands between its pieces")
            changes.append(Change(name, REMOVE))
            return ""
        if self._pending is not None and self._pending[0] != name:
            return f"a piece of {name} follows a piece of {self._pending[0]}"
        if descriptor > _DELETE_PROPERTY:
            if self._pending is None:
                self._pending = (name, bytearray())
            self._pending[1].extend(value)
            return ""
        if self._pending is not None:
            value = bytes(self._pending[1]) + value
            self._pending = None
        changes.append(Change(name, SET, value))
        return ""


def _value_size(descriptor: int) -> int:
    """Give the number of value bytes that follow a value descriptor."""
    if descriptor in (0, _DELETE_PROPERTY):
        return 0
    return descriptor if descriptor < _DELETE_PROPERTY else 0x100000000 - descriptor
