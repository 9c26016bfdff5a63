"""Phandles as dtc gives them out, and values with their references filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.source import (
    BAD_PHANDLE,
    DUPLICATE_PHANDLE,
    SOURCE_LIMIT,
    UNKNOWN_REFERENCE,
)
from dtovl.diagnostics import Note
from dtovl.dts.draft import Pending
from dtovl.dts.suggest import missing_reference
from dtovl.errors import InputError
from dtovl.model.cells import cell, pack_cell
from dtovl.model.limits import MAX_SOURCE_BYTES
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Container

    from dtovl.dts.draft import Draft
    from dtovl.dts.places import Places
    from dtovl.model.node import Node


class Use(NamedTuple):
    """A cell that refers to a node: where it is, the reference as written, the node or None."""

    node: Node
    key: str
    offset: int
    reference: str
    target: Node | None


class Phandles:
    """Numbers of nodes, and who refers to whom.

    uses are all cells with references, in tree order; referenced are the nodes that a cell or a
    path refers to.
    """

    __slots__ = ("_by_number", "_draft", "_found", "_grown", "_next", "_numbers", "_places",
                 "_plugin", "referenced", "uses")  # fmt: skip

    def __init__(self, draft: Draft, places: Places, plugin: bool) -> None:
        self._draft = draft
        self._places = places
        self._plugin = plugin
        self._next = 1
        self._numbers: dict[Node, int] = {}
        self._by_number: dict[int, Node] = {}
        self._found: dict[str, Node | None] = {}
        self._grown = 0
        self.referenced: set[Node] = set()
        self.uses: list[Use] = []

    # -- numbers that the source gives ---------------------------------------------------------

    def take_explicit(self, node: Node) -> None:
        """Note the phandle that the source gives to a node.

        Source: dtc check explicit_phandles.
        """
        number = 0
        for key in PHANDLE_NAMES:
            if key in node.properties:
                given = self._explicit(node, key)
                if given and number and given != number:
                    self._bad(node, key, f"phandle gives {number:#x}, {key} {given:#x}")
                number = number or given
        if not number:
            return
        other = self._by_number.get(number)
        if other is None:
            self._by_number[number] = node
            self._numbers[node] = number
            return
        key = PHANDLE_NAMES[0] if PHANDLE_NAMES[0] in node.properties else PHANDLE_NAMES[1]
        place = self._places.locate(self._draft.places.get(other, 0))
        self._places.error(
            self._places.diagnostic(
                DUPLICATE_PHANDLE,
                self._draft.places[node, key],
                path=node.path,
                number=f"{number:#x}",
                other=other.path,
                notes=(Note(f"{other.path} is here", place),),
            )
        )

    def _explicit(self, node: Node, key: str) -> int:
        value = node.properties[key]
        if len(value) != 4:
            self._bad(node, key, f"it has {len(value)} bytes instead of 4")
            return 0
        if type(value) is Pending and any(not as_path for _, _, as_path in value.references):
            if self.target(value.references[0][1]) is not node:
                self._bad(node, key, f"it refers to another node, &{value.references[0][1]}")
            return 0
        number = cell(value)
        if number in (0, 0xFFFFFFFF):
            self._bad(node, key, f"{number:#x} is no valid phandle")
            return 0
        return number

    def _bad(self, node: Node, key: str, reason: str) -> None:
        place = self._draft.places[node, key]
        self._places.error(
            self._places.diagnostic(BAD_PHANDLE, place, path=node.path, property=key, reason=reason)
        )

    def of(self, node: Node) -> int:
        """Give the phandle of a node, a free one and a property for it if it has none yet.

        Source: dtc get_node_phandle.
        """
        number = self._numbers.get(node)
        if number is None:
            while self._next in self._by_number:
                self._next += 1
            number = self._next
            self._numbers[node] = number
            self._by_number[number] = node
            node.properties.setdefault("phandle", pack_cell(number))
        return number

    def release(self, gone: Container[Node]) -> None:
        """Free the numbers of nodes that are left out; the last one given out may come again."""
        kept = {number: node for number, node in self._by_number.items() if node not in gone}
        self._by_number = kept

    # -- references ----------------------------------------------------------------------------

    def target(self, reference: str) -> Node | None:
        """Find the node of a reference. The tree does not change any more: each is found once."""
        if reference not in self._found:
            self._found[reference] = self._draft.find(reference)
        return self._found[reference]

    def fill(self, node: Node) -> None:
        """Replace the references in the values of a node by phandles and paths.

        In an overlay a cell that refers to nothing stays 0xffffffff, to be filled in by the base.
        Source: dtc checks phandle_references and path_references.
        """
        pending = [(k, v) for k, v in node.properties.items() if type(v) is Pending]
        for key, value in pending:
            node.properties[key] = (
                self._filled(node, key, value) if value.references else bytes(value)
            )

    def _filled(self, node: Node, key: str, value: Pending) -> bytes:
        parts: list[bytes] = []
        done = grown = 0
        for offset, reference, as_path in value.references:
            target = self.target(reference)
            if target is not None:
                self.referenced.add(target)
            elif as_path or not self._plugin:
                self._unknown(node, key, reference)
                continue
            parts.append(value[done:offset])
            done = offset
            if as_path and target is not None:
                path = target.path.encode("latin-1") + b"\0"
                parts.append(path)
                grown += len(path)
                self.grow(len(path), self._draft.places.get((node, key), 0))
                continue
            parts.append(b"\xff\xff\xff\xff" if target is None else pack_cell(self.of(target)))
            done += 4
            self.uses.append(Use(node, key, offset + grown, reference, target))
        parts.append(value[done:])
        return b"".join(parts)

    def _unknown(self, node: Node, key: str, reference: str) -> None:
        reason, mend = missing_reference(self._draft, reference)
        braced = f"&{{{reference}}}" if "/" in reference else f"&{reference}"
        self._places.error(
            self._places.diagnostic(
                UNKNOWN_REFERENCE,
                self.place(node, key, reference),
                path=node.path,
                reference=braced,
                reason=reason,
                mend=mend,
                why=f"{key} refers to it",
            )
        )

    def place(self, node: Node, key: str, reference: str) -> int:
        """Give the place of a reference in the value of a property."""
        start = self._draft.places[node, key]
        source = self._places.source_of(start)
        offset = start - source.base
        for text in (f"&{reference}", f"&{{{reference}}}"):
            at = source.text.find(text, offset)
            if at >= 0:
                return source.base + at
        return start

    def grow(self, size: int, place: int) -> None:
        """Count bytes that are not in the source but made by it. Raises InputError (DT027)."""
        self._grown += size
        if self._grown > MAX_SOURCE_BYTES:
            found = self._places.diagnostic(
                SOURCE_LIMIT, place, what="bytes of paths made from labels", limit=MAX_SOURCE_BYTES
            )
            raise InputError(found)
