"""A blob becomes a live tree, in one pass over its structure block.

The pass is the hot loop of every command: validation has made sure that tags, lengths and name
offsets are sound, so it checks nothing twice. It keeps the names of the strings block by offset,
cuts every value once, and makes no object but nodes, their dicts and the values. What is odd and
still readable leaves the loop for a method of _Oddities and is reported afterwards.
"""

from __future__ import annotations

import gc
from itertools import accumulate
from struct import Struct
from typing import TYPE_CHECKING, Any

from dtovl.codes.base import Severity
from dtovl.codes.input import LATE_PROPERTY, ODD_LAYOUT, TOO_DEEP, TOO_LARGE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.fdt.check import validate
from dtovl.fdt.findings import (
    Findings,
    index_phandles,
    report_names,
    report_phandles,
    report_repeats,
    shortened,
)
from dtovl.fdt.header import (
    BEGIN_NODE,
    END,
    END_NODE,
    FULL_PATH_VERSIONS,
    NOP,
    PROPERTY,
    BrokenBlobError,
    read_fields,
)
from dtovl.fdt.layout import read_header
from dtovl.model.limits import LINUX_MAX_DEPTH, MAX_DEPTH
from dtovl.model.node import REPEAT, Node, plain_name
from dtovl.model.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.diagnostics import Sink
    from dtovl.fdt.header import Fields

_LEAST_OF_A_NAME = 4  # bytes on average, with its NUL
_HEAD = Struct(">3I")
_OLD_PHANDLES = (b"linux,phandle", b"ibm,phandle")
_NOP_WORD = bytes((0, 0, 0, NOP))
_MOST_NAMES_AT_ONCE = 1 << 20  # bytes of the strings block that are cut into names beforehand


def unflatten(
    data: bytes, name: str = "", sink: Sink | None = None, *, validated: bool = False
) -> Tree:
    """Read a blob of version 2 to 17 (or a later one that says it can be read as such).

    name is what messages call the file; sink takes warnings (DT008, DT014 to DT019), among them
    one for everything that is not kept. validated says that validate passed these very bytes.
    Bytes behind totalsize are no part of the blob.

    Raises InputError (DT001 to DT009) when there is no tree to be had.
    Source: Devicetree Specification v0.4, chapter 5; kernel unflatten_dt_nodes.
    """
    fields = read_fields(data, name) if validated else validate(data, name)
    collecting = gc.isenabled()
    gc.disable()  # nothing made here is garbage, and looking for some takes half of the time
    try:
        return _unflatten(data, fields, name, sink)
    except BrokenBlobError as broken:
        from dtovl.fdt.faults import first_fault

        found = first_fault(data, fields, name, broken.fdt_error)
        raise InputError(found) from broken
    finally:
        if collecting:
            gc.enable()


def _unflatten(data: bytes, fields: Fields, name: str, sink: Sink | None) -> Tree:
    odd = _Oddities(name or "the blob")
    names = _Names(data, fields, odd.shown)
    block, start, moved = _structure(data, fields)
    nodes, end = _pass(block, start, names, odd)
    findings = Findings(sink, name) if sink is not None else None
    header = read_header(data, fields, end + moved, findings)
    tree = Tree(nodes[0], header)
    plain = not any(names.may_hold(name) for name in _OLD_PHANDLES)
    odd_phandles = index_phandles(tree, nodes, plain=plain)
    if findings is not None:
        if block.startswith(_NOP_WORD, start):
            what = "a NOP stands before the root node, where libfdt wants the root itself"
            findings.add(ODD_LAYOUT, name=odd.shown, what=what)
        odd.report(findings)
        report_names(findings, nodes, names.known.values())
        report_phandles(findings, tree, odd_phandles)
    return tree


def _structure(data: bytes, fields: Fields) -> tuple[bytes, int, int]:
    """Give bytes with the structure block in today's form, its offset there, and how far it moved.

    The offset is a multiple of 4, and two words follow the block, since the pass reads three words
    at every token. An ordinary blob is taken as it is. The last number, added to the offset of the
    end, gives the offset of the end in data.
    """
    start, end = fields.structure, fields.structure_end
    if fields.version < FULL_PATH_VERSIONS:
        from dtovl.fdt.old import modern_structure

        block, end = modern_structure(data, fields)
        return block + bytes(8), 0, end - len(block)
    if start % 4 == 0 and end + 8 <= len(data):
        return data, start, 0
    return data[start:end] + bytes(8), 0, start


def _pass(block: bytes, start: int, names: _Names, odd: _Oddities) -> tuple[list[Node], int]:
    """Make the nodes of a structure block; give them in tree order, and the offset behind END.

    pos is 12 bytes behind the tag at hand: the place of a value when the tag is a property.
    """
    text = block.decode("latin-1")
    name_end = text.index
    head = _HEAD.unpack_from
    readers, known = _READERS, names.known
    a_property, a_begin, an_end = PROPERTY, BEGIN_NODE, END_NODE  # locals are faster
    new = Node.__new__
    node = Node("")  # above the root
    late: dict[str, bytes] = {}  # properties before the root, or behind a subnode
    properties = late
    nodes: list[Node] = []
    add = nodes.append
    depth, bound = -1, LINUX_MAX_DEPTH - 1
    tag, length, offset = head(block, start)
    pos = start + 12
    while True:
        try:
            while True:
                while tag == a_property:
                    name = known[offset]
                    read, step = readers[length]
                    if name in properties:
                        name = odd.repeat(node, name, "property")
                    properties[name], tag, length, offset = read(block, pos)
                    pos += step
                if late:
                    odd.lose(node, late)
                if tag == an_end:
                    node = node.parent  # type: ignore[assignment]  # validated: a node is open
                    properties = late
                    depth -= 1
                    pos += 4
                    if length == a_begin:
                        tag = a_begin
                    elif length == an_end:
                        length, offset = offset, 0
                    else:
                        tag, length, offset = head(block, pos - 12)
                elif tag == a_begin:
                    pos -= 8
                    end = name_end("\0", pos)
                    name = text[pos:end]
                    siblings = node.children
                    child = new(Node)
                    child.name = name
                    child.parent = node
                    child.phandle = 0
                    child.properties = properties = {}
                    child.children = {}
                    if name in siblings:
                        name = odd.repeat(node, name, "node")
                    siblings[name] = node = child
                    add(child)
                    depth += 1
                    if depth > bound:
                        bound = odd.descend(child, depth)
                    pos = end + 4 & -4
                    tag, length, offset = head(block, pos)
                    pos += 12
                elif tag == NOP:
                    pos += 4
                    tag, length, offset = head(block, pos - 12)
                else:
                    return _finish(nodes, tag), pos - 8
        except KeyError:
            if offset not in known:
                known[offset] = names.read(offset)
            if length not in readers:
                readers[length] = _value_reader(length)


def _finish(nodes: list[Node], tag: int) -> list[Node]:
    if tag != END or not nodes:
        raise BrokenBlobError(0, "no END, or no root node", "FDT_ERR_BADSTRUCTURE")
    nodes[0].parent = None
    return nodes


def _value_reader(length: int) -> tuple[Callable[..., tuple[Any, ...]], int]:
    """Give what reads a value and the three words behind it in one call, and the step to there."""
    padding = -length % 4
    reader = Struct(f">{length}s{padding}x3I")
    return reader.unpack_from, reader.size


# By length of the value. Few lengths occur: a blob has to hold the bytes of each once.
_READERS: dict[int, tuple[Callable[..., tuple[Any, ...]], int]] = {}


class _Names:
    """Property names by offset into the strings block."""

    def __init__(self, data: bytes, fields: Fields, shown: str) -> None:
        self._data = data
        self._start, self._end = fields.strings, fields.strings_end
        self._shown = shown
        # Names may share their tails, so that a small block can hold huge names at every offset.
        self._budget = 16 * len(data) + (1 << 20)
        block = data[fields.strings : fields.strings + fields.strings_size][:_MOST_NAMES_AT_ONCE]
        if block.count(b"\0") * _LEAST_OF_A_NAME > len(block):
            block = b""  # names of nothing; they are read where they are used
        parts = block[: block.rfind(b"\0") + 1].decode("latin-1").split("\0")[:-1]
        starts = accumulate([len(part) + 1 for part in parts], initial=0)
        self.known: dict[int, str] = dict(zip(starts, parts, strict=False))

    def may_hold(self, name: bytes) -> bool:
        """Tell whether a property can have this name."""
        return self._data.find(name + b"\0", self._start, self._end) >= 0

    def read(self, offset: int) -> str:
        """Read a name that was not cut beforehand: a tail of one, mostly."""
        start = self._start + offset
        end = self._data.index(b"\0", start)
        self._budget -= end - start
        if self._budget < 0:
            what = "its property names, which share their tails, come to too much text"
            raise InputError(Diagnostic(TOO_LARGE, name=self._shown, what=what))
        return self._data[start:end].decode("latin-1")


class _Oddities:
    """What the pass meets and goes on from."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.repeats: dict[tuple[Node, str, str], int] = {}
        self._lost: list[tuple[Node, list[str]]] = []
        self._deepest: tuple[Node, int] | None = None

    def repeat(self, node: Node, name: str, kind: str) -> str:
        """Give the key of one more property or subnode of a name that the node has already."""
        number = self.repeats.get((node, name, kind), 0) + 1
        self.repeats[node, name, kind] = number
        return f"{name}{REPEAT}{number}"

    def lose(self, node: Node, late: dict[str, bytes]) -> None:
        """Note properties that stand behind a subnode of node, and forget their values."""
        if node.parent is None:
            raise BrokenBlobError(0, "a property before the root node", "FDT_ERR_BADSTRUCTURE")
        self._lost.append((node, [plain_name(key) for key in late]))
        late.clear()

    def descend(self, node: Node, depth: int) -> int:
        """Note a node deeper than Linux reads; give the depth that calls this again."""
        if depth <= MAX_DEPTH:
            self._deepest = (node, depth)
            return MAX_DEPTH
        raise InputError(
            Diagnostic(TOO_DEEP, name=self.shown, depth=depth, reader="dtovl", limit=MAX_DEPTH)
        )

    def report(self, findings: Findings) -> None:
        """Report what was met."""
        report_repeats(findings, self.repeats)
        for node, names in self._lost:
            if findings.wants(LATE_PROPERTY):
                more = f" and {len(names) - 5} more" if len(names) > 5 else ""
                shown = ", ".join(map(shortened, names[:5])) + more
                findings.add(LATE_PROPERTY, node.path, names=shown)
        if self._deepest is not None:
            node, depth = self._deepest
            findings.add(
                TOO_DEEP,
                node.path,
                Severity.WARNING,
                name=self.shown,
                depth=depth,
                reader="Linux",
                limit=LINUX_MAX_DEPTH - 1,
            )
