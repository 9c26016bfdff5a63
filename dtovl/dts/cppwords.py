"""The words that pcpp works on, cut by one pattern; its own lexer takes half of all its time.

Types and behaviour are those of pcpp's tokens, but for two points that follow cpp: a number takes
the letters right behind it along (`10base-t` holds no word `base`), and only a line feed ends a
line. Comments are blanks already, as wide as their last line, so that columns stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(
    r"""
  (?P<CPP_WS>[ \t\r\f\v]++|\n)
| (?P<CPP_ID>[A-Za-z_]\w*+)
| (?P<CPP_INTEGER>\.?[0-9](?:[eEpP][+-]|[\w.])*+)
| (?P<CPP_STRING>"(?:[^\\\n"]|\\[\s\S])*+")
| (?P<CPP_CHAR>'(?:[^\\\n']|\\[\s\S])*+')
| (?P<CPP_COMMENT1>/\*(?>[\s\S]*?\*/))
| (?P<CPP_COMMENT2>//[^\n]*+)
| (?P<CPP_LINECONT>\\[ \t\r]*+\n)
| (?P<CPP_DPOUND>\#\#)
| (?P<CPP_OTHER>[\s\S])
""",
    re.VERBOSE | re.ASCII,
)
_BLANKS_AT_END = re.compile(r"[ \t\r\f\v]+$", re.MULTILINE)
_CONTINUATION = re.compile(r"\\[ \t\r]*\n")

SPACE = "CPP_WS"


class Word:
    """A token: type, value, line, and the file it is from. pcpp adds expanded_from."""

    __slots__ = ("expanded_from", "lineno", "source", "type", "value")

    expanded_from: list[str]

    def __init__(self, kind: str, value: str, lineno: int, source: str) -> None:
        self.type = kind
        self.value = value
        self.lineno = lineno
        self.source = source

    def __copy__(self) -> Word:
        """Copy the word; what it was expanded from is shared, as pcpp expects."""
        new = Word(self.type, self.value, self.lineno, self.source)
        if hasattr(self, "expanded_from"):
            new.expanded_from = self.expanded_from
        return new


def lines(text: str, source: str) -> Iterator[list[Word]]:
    """Cut the text of a file into lines of words; each line ends with a line feed.

    A line goes on where a backslash ends it, and where a comment does not end.
    """
    line: list[Word] = []
    number = 1
    for match in _WORD.finditer(_BLANKS_AT_END.sub("", text)):
        kind = match.lastgroup or ""
        value = match[0]
        if value == "\n":
            line.append(Word(SPACE, value, number, source))
            yield line
            line = []
            number += 1
            continue
        following = number
        if "\n" in value:
            following += value.count("\n")
        if kind in ("CPP_COMMENT1", "CPP_COMMENT2"):
            number = following
            kind, value = SPACE, " " * len(value.rpartition("\n")[2])
        elif kind == "CPP_LINECONT":
            value = value[1:-1]
        elif following != number:
            value = _CONTINUATION.sub("", value)
        line.append(Word(kind, value, number, source))
        number = following
    if line:
        line.append(Word(SPACE, "\n", number, source))
        yield line
