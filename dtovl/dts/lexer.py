"""Words of devicetree source, across included files.

What a run of characters means depends on where it stands, as in dtc's lexer: where a name may
come, `a-b,c` is one name; in a value it is an expression; between [ and ] digits are bytes. The
reader knows which of the three it wants and asks for it. White space, comments, line markers and
/include/ may stand between any two words; they are dealt with here alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.source import NOT_CLOSED, SOURCE_LIMIT
from dtovl.dts.literals import LiteralProblem, unescape
from dtovl.errors import InputError
from dtovl.model import limits

if TYPE_CHECKING:
    from dtovl.dts.includes import Files
    from dtovl.dts.places import Places, Source

NAME_CHARS = r"a-zA-Z0-9,._+*#?@\-"
LABEL = r"[A-Za-z_][A-Za-z0-9_]*"

# Words that all contexts know. A lone quote, or /* without an end, falls through to `op`.
_COMMON = rf"""
  (?P<label>{LABEL}):
| (?P<ref>&(?:{LABEL}|\{{[{NAME_CHARS}/]+\}}))
| (?P<string>"(?:[^\\"]|\\.)*+")
| (?P<char>'(?:[^\\']|\\.)*+')
| (?P<word>/[A-Za-z][A-Za-z0-9-]*/)
"""

NAMES = re.compile(rf"{_COMMON} | (?P<name>\\?[{NAME_CHARS}]++) | (?P<op>[\s\S])", re.VERBOSE)
VALUES = re.compile(
    rf"""{_COMMON}
| (?P<number>(?:0[xX][0-9a-fA-F]++|[0-9]++)(?:ULL|UL|LL|U|L)?)
| (?P<op><<|>>|<=|>=|==|!=|&&|\|\||[\s\S])""",
    re.VERBOSE,
)
BYTES = re.compile(rf"{_COMMON} | (?P<byte>[0-9a-fA-F]{{2}}) | (?P<op>[\s\S])", re.VERBOSE)

_TRIVIA = re.compile(r"(?:[ \t\n\v\f\r]++|/\*(?>[\s\S]*?\*/)|//[^\n]*+)*+")
_MARKER = re.compile(
    r'^#(?:line)?[ \t]+([0-9]{1,9})(?:[ \t]+"((?:[^\\"\n]|\\.)*+)")?(?:[ \t]+[0-9]+)*[ \t\r]*$\n?',
    re.MULTILINE,
)
_INCLUDE = re.compile(r'/include/[ \t\n\v\f\r]*+"((?:[^\\"]|\\.)*+)"')

END = "end of file"


def file_name(text: str) -> str:
    """Read the name of a file, which the text holds in UTF-8."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def marked_file(text: str) -> str:
    """Read the name of a file between the quotes of a line marker; a wrong escape stays."""
    try:
        return file_name(unescape(text))
    except LiteralProblem:
        return file_name(text)


class Token(NamedTuple):
    """One word: its kind, its text, its place.

    kind is the group of the pattern: label, ref, string, char, word, name, number, byte. Signs
    and directives are their own kind (`;`, `<<`, `/bits/`); the end of the text is END.
    """

    kind: str
    text: str
    place: int

    def __str__(self) -> str:
        """Name the word as an error message does."""
        if self.kind in (END, "label"):
            return END if self.kind is END else f"`{self.text}:`"
        text = self.text if len(self.text) <= 40 else f"{self.text[:37]}..."
        if len(text) == 1 and not text.isprintable():
            return f"the byte 0x{ord(text):02x}"
        return f"`{text}`"


class Lexer:
    """Gives word after word, in the context asked for.

    text, offset and base are the current file's; the reader's fast path reads and moves them.
    """

    __slots__ = (
        "_bytes",
        "_files",
        "_includes",
        "_places",
        "_stack",
        "base",
        "offset",
        "source",
        "text",
    )

    def __init__(self, text: str, name: str, places: Places, files: Files) -> None:
        self._places = places
        self._files = files
        self._stack: list[tuple[Source, int]] = []
        self._bytes = 0
        self._includes = 0
        self._enter(text, name)

    def _enter(self, text: str, name: str) -> None:
        self._bytes += len(text)
        self.source: Source = self._places.add(text, name)
        self.text = text
        self.base = self.source.base
        self.offset = 0
        if self._bytes > limits.MAX_SOURCE_BYTES:
            self._stop_at_limit(self.base, "bytes of source text", limits.MAX_SOURCE_BYTES)

    def _stop_at_limit(self, place: int, what: str, limit: int) -> None:
        found = self._places.diagnostic(SOURCE_LIMIT, place, what=what, limit=limit)
        raise InputError(found, *self._places.errors)

    def skip(self) -> bool:
        """Go past white space, comments, line markers and /include/; tell if there were any."""
        moved = False
        while True:
            start = self.offset
            self.offset = _TRIVIA.match(self.text, start).end()  # type: ignore[union-attr]
            following = self.text[self.offset : self.offset + 1]
            if not following and self._stack:
                self._leave()
            elif not (
                (following == "#" and self._marker()) or (following == "/" and self._include())
            ):
                return moved or self.offset != start
            moved = True

    def _leave(self) -> None:
        self.source, self.offset = self._stack.pop()
        self.text = self.source.text
        self.base = self.source.base

    def _marker(self) -> bool:
        match = _MARKER.match(self.text, self.offset)
        if match is None:
            return False
        line, name = match.groups()
        file = self.source.locate(self.offset).file if name is None else marked_file(name)
        self.source.mark(match.end(), file, int(line))
        self.offset = match.end()
        return True

    def _include(self) -> bool:
        if not self.text.startswith("/include/", self.offset):
            return False
        match = _INCLUDE.match(self.text, self.offset)
        if match is None:
            return False
        place = self.base + self.offset
        self._includes += 1
        if len(self._stack) >= limits.MAX_INCLUDE_DEPTH:
            self._stop_at_limit(place, "files included in one another", limits.MAX_INCLUDE_DEPTH)
        if self._includes > limits.MAX_INCLUDES:
            self._stop_at_limit(place, "included files", limits.MAX_INCLUDES)
        path, data = self.open(file_name(match[1]), place, "/include/")
        self._stack.append((self.source, match.end()))
        self._enter(data.decode("latin-1"), path)
        return True

    def open(self, name: str, place: int, directive: str) -> tuple[str, bytes]:
        """Read a file that the source names: beside the file at this place, or in -I folders.

        Raises InputError (DT028, DT029) when there is none, or it may not be read.
        """
        beside = (self.source.name, self._places.locate(place).file)
        return self._files.find(
            name,
            beside,
            directive,
            lambda code, **fields: self._places.diagnostic(code, place, **fields),
        )

    def next(self, context: re.Pattern[str]) -> Token:
        """Take the next word, as read in a context: NAMES, VALUES or BYTES.

        Raises InputError (DT022) for a comment or quote without an end, which takes all the rest.
        """
        self.skip()
        start = self.offset
        match = context.match(self.text, start)
        if match is None:
            return Token(END, "", self.end())
        kind = match.lastgroup or ""
        self.offset = match.end()
        text = match[kind]
        place = self.base + start
        if kind == "op":
            if text in "\"'/":
                self._check_closed(text, place)
            kind = text
        elif kind == "word":
            kind = text
        return Token(kind, text, place)

    def end(self) -> int:
        """Give the place of the last character that is no white space, in the main file."""
        return max(self.base + len(self.text.rstrip()) - 1, self.base)

    def peek(self, context: re.Pattern[str]) -> Token:
        """Look at the next word without taking it."""
        token = self.next(context)
        self.back_to(token)
        return token

    def back_to(self, token: Token) -> None:
        """Give the last word back."""
        if token.kind != END:
            self.offset = token.place - self.base

    def _check_closed(self, text: str, place: int) -> None:
        if text == '"':
            what, closing = "string", '`"`'
        elif text == "'":
            what, closing = "character", "`'`"
        elif self.text.startswith("*", self.offset):
            what, closing = "comment", "`*/`"
        else:
            return
        found = self._places.diagnostic(NOT_CLOSED, place, what=what, closing=closing)
        raise InputError(*self._places.errors, found)
