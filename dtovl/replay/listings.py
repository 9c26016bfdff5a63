"""Listings of `tree -d` in a log: which nodes the kernel showed below a path at that moment."""

from __future__ import annotations

import re

from dtovl.replay.ofdt import cut_tree
from dtovl.replay.stream import Listing

PROMPT = rb"[$#][ \t]++tree[ \t]++-d[ \t]"
"""Beginning of the line that asks for a listing."""

ENTRY = rb"(?:\xe2\x94\x9c|\xe2\x94\x94|\xe2\x94\x82|\|--|`--|\|[ \t])"
"""Beginning of a line with a directory, its blanks cut."""

END = rb"[0-9]{1,10}[ \t]++director(?:y|ies)(?![a-z])"
"""Beginning of the line that counts the directories: the last one of a listing."""

_PROMPT = re.compile(r"[$#]\s+tree\s+-d\s+(?P<path>\S+)\s*\Z")
_ENTRY = re.compile(r"(?P<indent>\s*)(?:[├└]──|\|--|`--)\s(?P<name>\S.*)", re.DOTALL)
_QUOTES = re.compile(r"(?:>[ \t]?)*")


class OpenListing:
    """A listing whose lines are being read.

    Only what stands directly below the directory counts: the first entry is such a one, and all
    with as much before them.
    """

    __slots__ = ("_indent", "line", "names", "path")

    def __init__(self, line: int, path: str) -> None:
        self.line = line
        self.path = path
        self.names: list[str] = []
        self._indent: int | None = None

    def take(self, raw: bytes) -> None:
        """Take a line of the listing as it stands in the log, quote marks and blanks and all."""
        text = raw.decode("utf-8", "surrogateescape")
        quotes = _QUOTES.match(text)
        found = _ENTRY.match(text, quotes.end() if quotes else 0)
        if found is None:
            return
        indent = len(found["indent"])
        if self._indent is None:
            self._indent = indent
        if indent == self._indent:
            self.names.append(found["name"].partition(" -> ")[0].rstrip())

    def close(self) -> Listing:
        """Give what was listed."""
        return Listing(self.line, self.path, tuple(self.names))


def open_listing(text: str, line: int) -> OpenListing | None:
    """Begin a listing at its prompt; None where it lists something other than a devicetree."""
    found = _PROMPT.match(text)
    path = cut_tree(found["path"]) if found else None
    return OpenListing(line, path) if path else None
