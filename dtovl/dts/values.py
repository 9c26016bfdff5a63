"""Values of properties: the words after `=` to bytes, with references noted beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.codes.compiled import NUL_IN_STRING, SHORT_INCBIN
from dtovl.codes.source import (
    BAD_BITS,
    BAD_LITERAL,
    DIVISION_BY_ZERO,
    SOURCE_LIMIT,
    TRUNCATED_NUMBER,
)
from dtovl.dts.draft import Pending
from dtovl.dts.expressions import TooDeep, Unexpected, ZeroDivisor, evaluate, literal
from dtovl.dts.lexer import BYTES, LABEL, VALUES, Token, file_name
from dtovl.dts.literals import MASK, LiteralProblem, unescape
from dtovl.dts.messages import BYTE, VALUE
from dtovl.errors import InputError
from dtovl.model import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.dts.lexer import Lexer
    from dtovl.dts.places import Places

_ONES = b"\xff\xff\xff\xff"
_REFERENCE = re.compile(rf"&{LABEL}")

# A parenthesis in a fast cell list may nest this deep; deeper ones take the long way.
_NESTING = 8


def _brackets(depth: int) -> str:
    """Write a pattern for text in balanced brackets, without anything that needs a second look."""
    inner = r"(?:[^()'\"/#{};]|'[A-Za-z0-9]')++"
    return rf"\((?:{inner}{'|' + _brackets(depth - 1) if depth else ''})*+\)"


BRACKETS = _brackets(_NESTING)
_CELLS = re.compile(rf"{BRACKETS}|[^\s<>,()]++")


class Unusual(Exception):
    """A cell list is not of the plain kind; read it word by word."""


class Abandoned(Exception):
    """A mistake was reported in the middle of a statement; its rest is to be passed over."""


class CellCache(dict[str, bytes]):
    """Cells by the text that makes them: a number, an expression in brackets, or &label.

    Sources repeat the same few; each is computed once. Whatever needs a message raises Unusual,
    and the long way then makes it.
    """

    def __missing__(self, text: str) -> bytes:
        """Compute a cell."""
        if text[0] == "&":
            if _REFERENCE.fullmatch(text) is None:
                raise Unusual
            value = _ONES
        else:
            value = _plain_cell(text)
        self[text] = value
        return value

    def value(self, text: str) -> bytes:
        """Give the value of plain cell lists, `<1 2>, <&x (1 + 2)>`. Raises Unusual."""
        texts = _CELLS.findall(text) if "(" in text or "," in text else text[1:-1].split()
        data = b"".join([self[cell] for cell in texts])
        if "&" not in text:
            return data
        references = [(4 * i, t[1:], False) for i, t in enumerate(texts) if t[0] == "&"]
        if not references:
            return data
        value = Pending(data)
        value.references = references
        value.labels = ()
        return value


def _plain_cell(text: str) -> bytes:
    words = _words(text)
    first = next(words)
    try:
        number = evaluate(first, words.__next__) if first.kind == "(" else literal(first)
    except (Unexpected, TooDeep, ZeroDivisor, LiteralProblem, StopIteration):
        raise Unusual from None
    if next(words, None) is not None or _cut(number, 32) is not None:
        raise Unusual
    return (number & 0xFFFFFFFF).to_bytes(4, "big")


def _words(text: str) -> Iterator[Token]:
    """Cut text without comments into words; their places are not known."""
    for match in VALUES.finditer(text):
        kind = match.lastgroup or ""
        word = match[kind]
        if not word.isspace():
            yield Token(word if kind in ("op", "word") else kind, word, 0)


def _cut(number: int, bits: int) -> int | None:
    """Give what is left of a number in so many bits, None if nothing is lost.

    A negative number, all ones above, fits. Source: dtc grammar, arrayprefix.
    """
    mask = (1 << bits) - 1
    return number & mask if number > mask and number | mask != MASK else None


class Values:
    """Reads values word by word, with messages."""

    __slots__ = ("_binary", "_lexer", "_places")

    def __init__(self, lexer: Lexer, places: Places) -> None:
        self._lexer = lexer
        self._places = places
        self._binary = 0

    def read(self) -> bytes:
        """Read the parts of a value, to the word that is neither part nor comma nor label.

        Raises InputError, Unexpected.
        """
        lexer = self._lexer
        parts: list[bytes] = []
        references: list[tuple[int, str, bool]] = []
        labels: list[str] = []
        size = 0
        while True:
            self._labels(labels)
            part = self._part(size, references, labels)
            parts.append(part)
            size += len(part)
            self._labels(labels)
            if lexer.peek(VALUES).kind != ",":
                break
            lexer.next(VALUES)
        data = b"".join(parts)
        if not references and not labels:
            return data
        value = Pending(data)
        value.references = references
        value.labels = tuple(labels)
        return value

    def _labels(self, labels: list[str]) -> None:
        lexer = self._lexer
        while lexer.peek(VALUES).kind == "label":
            labels.append(lexer.next(VALUES).text)

    def _part(self, size: int, references: list[tuple[int, str, bool]], labels: list[str]) -> bytes:
        token = self._lexer.next(VALUES)
        match token.kind:
            case "string":
                return self._string(token) + b"\0"
            case "<":
                return self._array(32, size, references, labels)
            case "/bits/":
                bits = self._bits()
                return self._array(bits, size, references, labels)
            case "[":
                return self._bytes(labels)
            case "ref":
                references.append((size, target_of(token), True))
                return b""
            case "/incbin/":
                return self._incbin(token)
        raise Unexpected(token, VALUE)

    # -- strings -------------------------------------------------------------------------------

    def _string(self, token: Token) -> bytes:
        text = token.text[1:-1]
        if "\n" in text:
            self._places.long_string = (token.place, token.place + len(token.text))
        if "\0" in text:
            mended = ", ".join(f'"{part}"' for part in text.split("\0")[:3])
            self._places.warn(self._places.diagnostic(NUL_IN_STRING, token.place, mended=mended))
        try:
            return unescape(text).encode("latin-1")
        except LiteralProblem as problem:
            self._bad_literal(token, problem)
            return b""

    # -- numbers -------------------------------------------------------------------------------

    def _next(self) -> Token:
        return self._lexer.next(VALUES)

    def number(self, token: Token, expected: str) -> int:
        """Give the number that a word begins: a number, a character, or an expression in brackets.

        A wrong one is reported and counts as 0. Raises Unexpected for another word.
        """
        try:
            if token.kind == "(":
                return evaluate(token, self._next)
            if token.kind in ("number", "char"):
                return literal(token)
        except LiteralProblem as problem:
            self._bad_literal(problem.token or token, problem)
            if token.kind == "(":
                raise Abandoned from None
            return 0
        except ZeroDivisor as problem:
            self._places.error(self._places.diagnostic(DIVISION_BY_ZERO, problem.token.place))
            raise Abandoned from None
        except TooDeep as problem:
            raise InputError(
                *self._places.errors,
                self._places.diagnostic(
                    SOURCE_LIMIT,
                    problem.token.place,
                    what="nested brackets and operators",
                    limit=limits.MAX_EXPRESSION_DEPTH,
                ),
            ) from None
        raise Unexpected(token, expected)

    def _bad_literal(self, token: Token, problem: LiteralProblem) -> None:
        self._places.error(
            self._places.diagnostic(
                BAD_LITERAL,
                token.place,
                found=str(token),
                what=problem.what,
                reason=problem.reason,
                mend=problem.mend,
            )
        )

    def _bits(self) -> int:
        token = self._next()
        if token.kind == "(":
            raise Unexpected(token, "8, 16, 32 or 64")
        bits = self.number(token, "8, 16, 32 or 64")
        if bits not in (8, 16, 32, 64):
            what = f"/bits/ {token.text}: numbers have 8, 16, 32 or 64 bits"
            self._places.error(self._places.diagnostic(BAD_BITS, token.place, what=what))
            bits = 64
        opening = self._next()
        if opening.kind != "<":
            raise Unexpected(opening, "`<`")
        return bits

    def _array(
        self, bits: int, size: int, references: list[tuple[int, str, bool]], labels: list[str]
    ) -> bytes:
        """Read numbers, references and labels up to `>`."""
        data = bytearray()
        width = bits // 8
        while True:
            token = self._next()
            if token.kind == ">":
                return bytes(data)
            if token.kind == "label":
                labels.append(token.text)
                continue
            if token.kind == "ref":
                if bits != 32:
                    what = f"{token} stands in an array of {bits} bits"
                    self._places.error(self._places.diagnostic(BAD_BITS, token.place, what=what))
                else:
                    references.append((size + len(data), target_of(token), False))
                data += b"\xff" * width
                continue
            number = self.number(token, "a number, a reference or `>`")
            cut = _cut(number, bits)
            if cut is not None:
                self._warn_cut(token, number, bits, cut)
            data += (number & ((1 << bits) - 1)).to_bytes(width, "big")

    def _warn_cut(self, token: Token, number: int, bits: int, cut: int) -> None:
        found = str(token) if token.kind == "number" else f"{number:#x}"
        self._places.warn(
            self._places.diagnostic(
                TRUNCATED_NUMBER, token.place, found=found, bits=bits, cut=f"{cut:#x}"
            )
        )

    def _bytes(self, labels: list[str]) -> bytes:
        digits: list[str] = []
        while True:
            token = self._lexer.next(BYTES)
            if token.kind == "]":
                return bytes.fromhex("".join(digits))
            if token.kind == "label":
                labels.append(token.text)
            elif token.kind == "byte":
                digits.append(token.text)
            else:
                raise Unexpected(token, BYTE)

    # -- files ---------------------------------------------------------------------------------

    def _incbin(self, start: Token) -> bytes:
        self._expect("(")
        name = self._next()
        if name.kind != "string":
            raise Unexpected(name, "a file name in quotes")
        offset, wanted = 0, None
        token = self._next()
        if token.kind == ",":
            offset = self.number(self._next(), "an offset")
            self._expect(",")
            wanted = self.number(self._next(), "a length")
            token = self._next()
        if token.kind != ")":
            raise Unexpected(token, "`)`")
        file = file_name(self._string(name).decode("latin-1"))
        path, data = self._lexer.open(file, name.place, "/incbin/")
        part = data[offset:] if wanted is None else data[offset : offset + wanted]
        if wanted is not None and len(part) < wanted:
            self._places.warn(
                self._places.diagnostic(
                    SHORT_INCBIN,
                    start.place,
                    file=path,
                    have=len(part),
                    wanted=wanted,
                    offset=offset,
                )
            )
        self._binary += len(part)
        if self._binary > limits.MAX_INCBIN_BYTES:
            limit = limits.MAX_INCBIN_BYTES
            found = self._places.diagnostic(
                SOURCE_LIMIT, start.place, what="bytes from /incbin/", limit=limit
            )
            raise InputError(*self._places.errors, found)
        return part

    def _expect(self, sign: str) -> None:
        token = self._next()
        if token.kind != sign:
            raise Unexpected(token, f"`{sign}`")


def target_of(token: Token) -> str:
    """Give what a reference refers to: a label, or a path without its braces."""
    return token.text[2:-1] if token.text.startswith("&{") else token.text[1:]
