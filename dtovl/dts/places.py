"""Where things stand in source text: offsets to file, line and column, and the lines to show."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from dtovl.codes.base import Code
    from dtovl.diagnostics import Note, Sink
    from dtovl.model.node import Node

_LINE_FEED = re.compile("\n")

# Errors after which reading stops; more of them seldom help.
MAX_ERRORS = 20

# Characters of a long line that are shown before and after the caret.
_BEFORE = 60
_AFTER = 40


class Source:
    """The text of one file, and what its line markers say.

    base is the number of its first character among all characters read; together with an offset
    it makes a place, one int, which is all that reading keeps.
    """

    __slots__ = ("_ends", "_files", "_starts", "base", "name", "text")

    def __init__(self, text: str, name: str, base: int) -> None:
        self.text = text
        self.name = name
        self.base = base
        self._ends: list[int] | None = None
        # Offset from which on a file name, and what is added to the count of lines, hold.
        self._starts = [0]
        self._files = [(name, 1)]

    @property
    def ends(self) -> list[int]:
        """Give the offsets of all line feeds, found at first use."""
        if self._ends is None:
            self._ends = [match.start() for match in _LINE_FEED.finditer(self.text)]
        return self._ends

    def mark(self, offset: int, file: str, line: int) -> None:
        """Enter a line marker: the line at an offset is that line of that file."""
        self._starts.append(offset)
        self._files.append((file, line - bisect_right(self.ends, offset - 1)))

    def locate(self, offset: int) -> Location:
        """Give file, line and column of an offset, line markers taken into account."""
        ends = self.ends
        index = bisect_right(ends, offset - 1)
        file, shift = self._files[bisect_right(self._starts, offset) - 1]
        return Location(file, index + shift, offset - (ends[index - 1] if index else -1))

    def excerpt(self, offset: int) -> str:
        """Give the line of an offset and a caret below; of a long line the part around it."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        first = max(start, offset - _BEFORE) if offset - start > 2 * _BEFORE else start
        line = self.text[first : min(end, offset + _AFTER) if end - first > 200 else end].rstrip()
        if not line:
            return ""
        blank = "".join("\t" if char == "\t" else " " for char in self.text[first:offset])
        return f"{line}\n{blank}^"


class Places:
    """All sources of one reading, and the findings about them.

    long_string is the first and last place of the last string over several lines.
    """

    __slots__ = ("_bases", "_next", "errors", "long_string", "sink", "sources")

    def __init__(self, sink: Sink | None) -> None:
        self.sink = sink
        self.sources: list[Source] = []
        self.errors: list[Diagnostic] = []
        self.long_string: tuple[int, int] | None = None
        self._bases: list[int] = []
        self._next = 0

    def add(self, text: str, name: str) -> Source:
        """Enter one more file; one place past its last character belongs to it, its end."""
        source = Source(text, name, self._next)
        self._next += len(text) + 1
        self.sources.append(source)
        self._bases.append(source.base)
        return source

    def source_of(self, place: int) -> Source:
        """Give the file that a place is in."""
        return self.sources[bisect_right(self._bases, place) - 1]

    def locate(self, place: int) -> Location:
        """Give file, line and column of a place."""
        source = self.source_of(place)
        return source.locate(place - source.base)

    def diagnostic(
        self,
        code: Code,
        place: int,
        *,
        why: str = "",
        fix: str | None = None,
        notes: Iterable[Note] = (),
        path: str = "",
        **fields: Any,
    ) -> Diagnostic:
        """Make a diagnostic about a place, with the line it is in."""
        source = self.source_of(place)
        offset = place - source.base
        return Diagnostic(
            code,
            path=path,
            at=source.locate(offset),
            why=why,
            fix=fix,
            notes=tuple(notes),
            excerpt=source.excerpt(offset),
            **fields,
        )

    def error(self, found: Diagnostic) -> None:
        """Keep an error and go on; raise all of them when there are too many."""
        if any(known.where == found.where for known in self.errors):
            return
        self.errors.append(found)
        if len(self.errors) >= MAX_ERRORS:
            self.stop()

    def warn(self, found: Diagnostic) -> None:
        """Hand a finding that is no error to the sink, if there is one."""
        if self.sink is not None:
            self.sink.diagnostics.append(found)

    def stop(self) -> None:
        """Raise InputError if there are errors."""
        if self.errors:
            raise InputError(*self.errors)

    def located(
        self, places: dict[Node | tuple[Node, str], int], gone: Container[Node]
    ) -> dict[Node | tuple[Node, str], Location]:
        """Give the locations of all nodes and properties that are still in the tree."""
        locations = {place: self.locate(place) for place in sorted(set(places.values()))}
        positions: dict[Node | tuple[Node, str], Location] = {}
        for what, place in places.items():
            if isinstance(what, tuple):
                node, key = what
                if key not in node.properties:
                    continue
            else:
                node = what
            if node not in gone:
                positions[what] = locations[place]
        return positions
