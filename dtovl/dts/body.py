"""The bodies of nodes: properties, subnodes, deletions.

Two ways lead through a body. The common statements (a flag, numbers, strings, opening and closing
a node) are matched whole by one pattern, without a look at single words. What that pattern does
not know (comments between words, labels in values, directives, mistakes) is read word by word, by
the same rules, and only there messages are made. After a mistake reading goes on behind the next
`;` of the same block, so that several mistakes can be told at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.codes.compiled import DELETE_OF_NEW
from dtovl.codes.source import (
    DELETE_IN_OVERLAY,
    DUPLICATE_NODE,
    DUPLICATE_PROPERTY,
    PROPERTY_AFTER_NODE,
    SOURCE_LIMIT,
)
from dtovl.diagnostics import Note
from dtovl.dts.draft import GAP, Repeated
from dtovl.dts.expressions import Unexpected
from dtovl.dts.lexer import END, LABEL, NAME_CHARS, NAMES, VALUES
from dtovl.dts.messages import END_OF_BODY, NEEDS_END, report_unexpected, resume, starts_line
from dtovl.dts.values import BRACKETS, Abandoned, CellCache, Unusual, Values
from dtovl.errors import InputError
from dtovl.model.limits import MAX_DEPTH, MAX_NAME_BYTES

if TYPE_CHECKING:
    from dtovl.dts.draft import Draft
    from dtovl.dts.lexer import Lexer, Token
    from dtovl.dts.places import Places
    from dtovl.model.node import Node

    # A block: its node, whether that is fresh (see draft), whether a subnode was seen in it.
    Block = tuple[Node, bool, bool]

_S = r"[ \t\n\v\f\r]*+"
_CELL_LIST = rf"<(?:[\w& \t\n\v\f\r]++|{BRACKETS})*+>"
_STRING = r'"[^"\\\0]*+"'
# Python before 3.11.5 goes on from the wrong place when the last round of a possessive group breaks
# off behind a repetition (CPython gh-106052). So no group here begins a round with one, and labels,
# of which no node has many, are counted instead.
_STATEMENT = re.compile(
    rf"""{_S}(?:
    (\}}){_S};
  | ((?:{LABEL}+:{_S}){{0,32}})([{NAME_CHARS}]++){_S}(?:
        = {_S}(?:
            ({_CELL_LIST}{_S}(?:,{_S}{_CELL_LIST}{_S})*+);
          | ({_STRING}{_S}(?:,{_S}{_STRING}{_S})*+);
        )
      | (;)
      | (\{{)
    )
)""",
    re.VERBOSE | re.ASCII,
).match
_CLOSE, _LABELS, _NAME, _CELLS, _STRINGS, _FLAG, _OPEN = range(1, 8)

_BETWEEN_STRINGS = re.compile(rf'"{_S},{_S}"')
_EACH_LABEL = re.compile(LABEL)


class Body:
    """Reads bodies into a draft.

    plugin tells that the source is that of an overlay. values reads what stands after `=`.
    """

    __slots__ = ("_blocks", "_cells", "_depth", "_draft", "_lexer", "_places", "plugin", "values")

    def __init__(self, lexer: Lexer, draft: Draft, places: Places) -> None:
        self.values = Values(lexer, places)
        self.plugin = False
        self._lexer = lexer
        self._draft = draft
        self._places = places
        self._cells = CellCache()
        self._blocks: list[Block] = []
        self._depth = 0

    def read(self, node: Node, fresh: bool) -> None:
        """Read from behind an opening brace to behind the `;` after the closing one.

        Raises InputError when the text ends before, and for what cannot be passed over.
        """
        self._blocks = []
        self._depth = node.kernel_path.count("/")
        lexer = self._lexer
        defined = self._draft.places
        behind = False
        text, offset, base = lexer.text, lexer.offset, lexer.base
        while True:
            match = _STATEMENT(text, offset)
            if match is not None:
                kind = match.lastindex
                if kind == _CLOSE:
                    offset = match.end()
                    if not self._blocks:
                        lexer.offset = offset
                        return
                    node, fresh, behind = self._blocks.pop()
                    continue
                name = match[_NAME]
                if kind == _OPEN and len(name) <= MAX_NAME_BYTES:
                    offset = match.end()
                    labels = _EACH_LABEL.findall(match[_LABELS]) if match[_LABELS] else []
                    self._blocks.append((node, fresh, True))
                    place = base + match.start(_NAME)
                    node, fresh = self._open(node, fresh, name, labels, place)
                    behind = False
                    continue
                if not (behind or match[_LABELS] or (fresh and name in node.properties)):
                    value = self._plain_value(match)
                    if value is not None:
                        node.properties[name] = value
                        defined[node, name] = base + match.start(_NAME)
                        offset = match.end()
                        continue
            lexer.offset = offset
            if not lexer.skip():
                block = self._statement(node, fresh, behind)
                if block is None:
                    return
                node, fresh, behind = block
            text, offset, base = lexer.text, lexer.offset, lexer.base

    def _plain_value(self, match: re.Match[str]) -> bytes | None:
        """Give the value of a common statement; None if it has to be read word by word."""
        kind = match.lastindex
        if kind == _CELLS:
            try:
                return self._cells.value(match[_CELLS].rstrip())
            except Unusual:
                return None
        if kind == _STRINGS:
            text = match[_STRINGS].rstrip()[1:-1]
            if '"' in text:
                text = _BETWEEN_STRINGS.sub("\0", text)
            return f"{text}\0".encode("latin-1")
        return b"" if kind == _FLAG and len(match[_NAME]) <= MAX_NAME_BYTES else None

    # -- word by word --------------------------------------------------------------------------

    def _statement(self, node: Node, fresh: bool, behind: bool) -> Block | None:
        """Read one statement; give the block to go on in, None behind the last one."""
        try:
            return self._words(node, fresh, behind)
        except Unexpected as problem:
            notes = []
            if problem.token.kind == END:
                opened = self._draft.places.get(node)
                where = self._places.locate(opened) if opened is not None else None
                notes.append(Note(f"the block of {node.path} is still open", where))
            report_unexpected(self._places, problem.token, problem.expected, notes)
            if problem.token.kind == END:
                self._places.stop()
            self._lexer.back_to(problem.token)
        except Abandoned:
            pass
        resume(self._lexer, inside=True)
        return node, fresh, behind

    def _words(self, node: Node, fresh: bool, behind: bool) -> Block | None:
        lexer = self._lexer
        labels: list[str] = []
        omit = False
        token = lexer.next(NAMES)
        while token.kind in ("label", "/omit-if-no-ref/"):
            if token.kind == "label":
                labels.append(token.text)
            else:
                omit = True
            token = lexer.next(NAMES)
        if token.kind == "name":
            return self._named((node, fresh, behind), token, labels, omit)
        if token.kind == "/delete-node/":
            self._delete_node(node, fresh)
            return node, fresh, True
        if token.kind == "/delete-property/" and not omit:
            self._delete_property(node, fresh, behind)
            return node, fresh, behind
        if token.kind == "}" and not labels and not omit:
            self.end_statement(closing=True)
            return self._blocks.pop() if self._blocks else None
        if omit:
            raise Unexpected(token, "a node")
        raise Unexpected(token, "a property or a node" if labels else END_OF_BODY)

    def _named(self, block: Block, name: Token, labels: list[str], omit: bool) -> Block:
        """Read what follows a name: a value, nothing, or a body that begins."""
        node, fresh, behind = block
        key = name.text.removeprefix("\\")
        if len(key) > MAX_NAME_BYTES:
            self._limit(name.place, "bytes in a name", MAX_NAME_BYTES)
        token = self._lexer.next(VALUES)
        if token.kind == "{":
            self._blocks.append((node, fresh, True))
            child, fresh = self._open(node, fresh, key, labels, name.place)
            if omit and fresh:
                self._draft.omit.add(child)
            return child, fresh, False
        if omit:
            raise Unexpected(token, "`{`")
        if token.kind == "=":
            value = self.values.read()
        elif token.kind == ";":
            value = b""
            self._lexer.back_to(token)
        else:
            raise Unexpected(token, "`=`, `;` or `{`")
        if behind:
            self._places.error(self._places.diagnostic(PROPERTY_AFTER_NODE, name.place, name=key))
        self._set(node, fresh, key, value, name.place)
        if labels:
            self._draft.label_property(node, key, labels)
        self.end_statement()
        return node, fresh, behind

    def _set(self, node: Node, fresh: bool, key: str, value: bytes, place: int) -> None:
        """Set a property; in a fresh block it must not be there yet."""
        properties = node.properties
        if fresh and key in properties:
            if properties[key] is GAP:
                del properties[key]
            else:
                first = self._draft.places[node, key]
                self._draft.repeated.append(Repeated(DUPLICATE_PROPERTY, node, key, place, first))
        properties[key] = value
        self._draft.places[node, key] = place

    def _open(
        self, node: Node, fresh: bool, name: str, labels: list[str], place: int
    ) -> tuple[Node, bool]:
        """Open a subnode; give it, and whether it is fresh."""
        if len(self._blocks) + self._depth > MAX_DEPTH:
            self._limit(place, "nodes inside of one another", MAX_DEPTH)
        child, is_fresh, repeated = self._draft.child(node, fresh, name)
        if repeated:
            first = self._draft.places[child]
            self._draft.repeated.append(Repeated(DUPLICATE_NODE, child, name, place, first))
        self._draft.places[child] = place
        if labels:
            self._draft.add_labels(child, labels, is_fresh)
        return child, is_fresh

    def _limit(self, place: int, what: str, limit: int) -> None:
        found = self._places.diagnostic(SOURCE_LIMIT, place, what=what, limit=limit)
        raise InputError(*self._places.errors, found)

    def _delete_node(self, node: Node, fresh: bool) -> None:
        name = self._lexer.next(NAMES)
        if name.kind != "name":
            raise Unexpected(name, "the name of a node of this block")
        key = name.text.removeprefix("\\")
        child = node.children.get(key)
        if fresh and child is not None and child not in self._draft.deleted:
            first = self._draft.places[child]
            self._draft.repeated.append(Repeated(DELETE_OF_NEW, child, key, name.place, first))
        elif not self._draft.delete_child(node, fresh, key) and self.plugin:
            mend = f'switch the device off instead: {key} {{ status = "disabled"; }};'
            self._no_effect("/delete-node/", name, mend)
        self.end_statement()

    def _delete_property(self, node: Node, fresh: bool, behind: bool) -> None:
        name = self._lexer.next(NAMES)
        if name.kind != "name":
            raise Unexpected(name, "the name of a property of this block")
        key = name.text.removeprefix("\\")
        if behind:
            self._places.error(self._places.diagnostic(PROPERTY_AFTER_NODE, name.place, name=key))
        if not self._draft.delete_property(node, fresh, key) and self.plugin:
            mend = "set the property to the value that is wanted; an overlay cannot take it away"
            self._no_effect("/delete-property/", name, mend)
        self.end_statement()

    def _no_effect(self, directive: str, name: Token, mend: str) -> None:
        self._places.warn(
            self._places.diagnostic(
                DELETE_IN_OVERLAY, name.place, directive=directive, name=name.text, mend=mend
            )
        )

    def end_statement(self, closing: bool = False) -> None:
        """Take the `;`. One missing at the end of a line, or of a body, counts as there.

        Raises Unexpected for another word in the same line.
        """
        token = self._lexer.next(VALUES)
        if token.kind == ";":
            return
        if not (closing or token.kind == END or starts_line(self._places, token)):
            raise Unexpected(token, NEEDS_END)
        report_unexpected(self._places, token, NEEDS_END)
        self._lexer.back_to(token)
