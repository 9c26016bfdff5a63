"""Listings of `lsprop -R`: a devicetree printed by powerpc-utils, read back to a tree.

    compatible       "IBM,9105-22A"
    ibm,interrupt-pool
                     00000000

    cpus:
    reg              00000000

The directory listed comes first, without a header; below it each directory has its path and a
colon after an empty line. A name is padded to 16 columns; a longer one has its value on the next
line, after two tabs. A value is text in quotes, one line for each string; or words of 8 hex digits,
a single one also in decimal; or rows of 16 bytes with their text. lsprop cuts a value at 128 bytes,
and tells how many it has: what is behind is unknown.

Source: powerpc-utils src/lsprop.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.codes.replay_input import BAD_BASE
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.inputs.directory import from_directory
from dtovl.replay.stream import Base

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.diagnostics import Sink
    from dtovl.model.node import Node

_NAME_COLUMNS = 16
_ROW_COLUMNS = 48  # 16 bytes of 3 columns each
_SAMPLE_LINES = 200
_VALUE = re.compile(r'(?:"|[0-9a-f]{2}(?:[0-9a-f]{6})?(?:\s|\Z))')
_HEADER = re.compile(r"\S+:")
_TOTAL = re.compile(r"\s*\[([0-9]{1,18}) bytes total\]\s*")
_WORDS = re.compile(r"(?:\s[0-9a-f]{8})+(?:\s\(-?[0-9]+\))?\s*")
_BYTES = re.compile(r"(?:\s[0-9a-f]{2}){1,16}\s*")


def is_listing(data: bytes) -> bool:
    """Tell whether a text has the form of a listing: a line of its start is a property."""
    start = data[: 1 << 16].decode("latin-1").split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]
    return any(_is_property(line) for line in start)


def _is_property(line: str) -> bool:
    name, value = line[:_NAME_COLUMNS], line[_NAME_COLUMNS + 1 :]
    if line[_NAME_COLUMNS : _NAME_COLUMNS + 1] != " " or len(name.split()) != 1 or name[0] == " ":
        return False
    return _VALUE.match(value) is not None


def read_lsprop(data: bytes, name: str, sink: Sink | None = None) -> Base:
    """Read a listing; name is what messages call the file.

    Raises InputError: PS208 for what is no such listing, DT001 to DT009 for what no tree can be.
    """
    listing = _Listing(data, name)
    listing.read()
    tree = from_directory(listing.entries, name, sink)
    unknown: dict[Node, set[str]] = {}
    for folder, key in listing.cut:
        node = tree.find(f"/{folder}")
        if node is not None:
            unknown.setdefault(node, set()).add(key)
    return Base(tree, unknown)


class _Listing:
    """Reads the lines of a listing.

    entries are those of a folder, as from_directory takes them; cut has (path of the folder, name)
    of the properties whose value is not whole.
    """

    def __init__(self, data: bytes, name: str) -> None:
        text = data.decode("latin-1").replace("\r\n", "\n")
        self._lines = text.split("\n")
        self._at = 0
        self._name = name
        self.entries: list[tuple[str, bytes | None]] = []
        self.cut: list[tuple[str, str]] = []
        self._seen: set[str] = set()
        self._root: str | None = None
        self._folder = ""

    def read(self) -> None:
        """Read all lines. Raises InputError."""
        begun = False
        empty = True
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if not line.strip():
                empty = True
                continue
            if empty and _HEADER.fullmatch(line):
                self._enter(line[:-1], begun)
            elif line[0] in " \t":
                raise self._refused(self._at, "a value without a name before it")
            else:
                begun = True
                number = self._at
                key, first = self._split(line)
                value, whole = self._value(number, key, self._rows(first))
                entry = f"{self._folder}/{key}"
                if entry in self._seen:
                    raise self._refused(number, f"{key[:80]} stands twice")
                self._seen.add(entry)
                self.entries.append((entry, value))
                if not whole:
                    self.cut.append((self._folder, key))
            empty = False

    def _enter(self, path: str, begun: bool) -> None:
        """Go on with the directory of a header; begun tells that properties stood before it."""
        if self._root is None:
            self._root = path.rpartition("/")[0] if begun else path
        root = self._root
        below = path if not root else path.removeprefix(root)
        inside = not root or path == root or path.startswith(root + "/")
        self._folder = below.strip("/")
        if not inside or (self._folder and "" in self._folder.split("/")):
            raise self._refused(self._at, f"directory {path[:80]} does not lie below {root or '.'}")
        self.entries.append((self._folder, None))

    def _split(self, line: str) -> tuple[str, str]:
        """Cut a line into the name and what follows it, which begins with a blank."""
        key = line.split(None, 1)[0]
        if len(key) > _NAME_COLUMNS:
            return key, ""
        return key, line[_NAME_COLUMNS:]

    def _rows(self, first: str) -> list[str]:
        """Take the lines of a value: those that begin with blanks, and those inside quotes."""
        rows = [[first]]
        quoted = _opens(first)
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if quoted and line[:1] not in ("\t", ""):
                rows[-1].append(line)
                quoted = not line.rstrip().endswith('"')
            elif line[:1] in ("\t", " "):
                rows.append([line.removeprefix("\t\t")])
                quoted = _opens(line)
            else:
                break
            self._at += 1
        return [row for row in map("\n".join, rows) if row.strip()]

    def _value(self, number: int, key: str, rows: list[str]) -> tuple[bytes, bool]:
        """Give the bytes of a value, and whether they are all."""
        match = _TOTAL.fullmatch(rows[-1]) if rows else None
        total = int(match[1]) if match else None
        if match:
            rows.pop()
        value = _decoded(rows)
        if value is None or (total is not None and total < len(value)):
            raise self._refused(number, f"the value of {key[:80]} is no text, words or bytes")
        return value, total is None or total == len(value)

    def _refused(self, line: int, what: str) -> InputError:
        at = Location(self._name, line)
        expected = "expected a listing of lsprop -R"
        return InputError(Diagnostic(BAD_BASE, at=at, what=f"{at}: {what}; {expected}"))


def _opens(row: str) -> bool:
    """Tell whether a row begins a text that goes on in the next line."""
    text = row.strip()
    return text.startswith('"') and (len(text) == 1 or not text.endswith('"'))


def _decoded(rows: list[str]) -> bytes | None:
    """Give the bytes that the rows of a value stand for, None when they have no known form."""
    if rows and rows[0].lstrip().startswith('"'):
        return _text(rows)
    if all(_WORDS.fullmatch(row) for row in rows):
        return b"".join(bytes.fromhex(row.partition("(")[0]) for row in rows)
    if not all(_BYTES.fullmatch(row[:_ROW_COLUMNS]) for row in rows):
        return None
    parts = [(bytes.fromhex(row[:_ROW_COLUMNS]), row[_ROW_COLUMNS:].strip()) for row in rows]
    if any(text and len(text) != len(part) for part, text in parts):
        return None
    return b"".join(part for part, _ in parts)


def _text(rows: Iterable[str]) -> bytes | None:
    parts = []
    for row in rows:
        quoted = row.strip()
        if len(quoted) < 2 or quoted[0] != '"' or quoted[-1] != '"':
            return None
        parts.append(quoted[1:-1].encode("latin-1") + b"\0")
    return b"".join(parts)
