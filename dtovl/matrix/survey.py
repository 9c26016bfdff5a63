"""What pairing needs to know of a file: is it an overlay, for which boards, which labels.

Of a blob without fragments, as bases are, no tree is built: libfdt finds the one node that counts,
and its names are read off. What comes out is what reading the tree would give.
"""

from __future__ import annotations

import re
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from dtovl.errors import InputError
from dtovl.fdt.check import paths_there, top_nodes, validate
from dtovl.fdt.header import (
    BEGIN_NODE,
    END_NODE,
    FULL_PATH_VERSIONS,
    MAGIC_BYTES,
    PROPERTY,
)
from dtovl.files import read_bytes, read_included
from dtovl.matrix.inputs import Reader
from dtovl.matrix.result import Finding, as_finding
from dtovl.model.cells import strings, text
from dtovl.model.dialect import LIBFDT
from dtovl.model.node import plain_name
from dtovl.model.paths import Miss, find_path
from dtovl.model.specifiers import FIXUPS, OVERLAY, SYMBOLS, is_overlay

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dtovl.fdt.header import Fields
    from dtovl.matrix.inputs import ReadFile, ReadIncluded
    from dtovl.matrix.tasks import Source
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_HEAD = Struct(">3I")
# The last byte of a BEGIN_NODE, and a name.
_NAMES = re.compile(rb"\x01([!-~][^\x00]*)")
_CONTENT = OVERLAY.encode()
# An overlay, or a FIT image, which is none of what is wanted.
_TELLING = (FIXUPS, "images")


class Surveyed(NamedTuple):
    """What pairing knows of a file.

    compatible has the strings of the root's property. labels are those in `/__symbols__`; wanted
    those that an overlay takes from its base, with the paths (`/soc`) of targets that it cannot
    have made itself. Of the paths that were asked about, paths has those that are there. findings
    says why the file cannot be read; then all else is empty.
    """

    is_overlay: bool = False
    compatible: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()

    @property
    def readable(self) -> bool:
        """Tell whether there is a tree in the file."""
        return not self.findings


def survey(data: bytes, name: str, paths: frozenset[str] = frozenset()) -> Surveyed | None:
    """Look at a blob without building its tree; None where the tree has to be read.

    paths are full paths, targets of overlays, to be looked for. Raises InputError as validate does.
    """
    if not data.startswith(MAGIC_BYTES) or _CONTENT in data:
        return None
    fields = validate(data, name)
    if fields.version < FULL_PATH_VERSIONS or not all(map(str.isascii, paths)):
        return None
    root = _properties(data, fields, 0)
    tops = _tops(data, fields)
    if root is None or tops is None or not tops.keys().isdisjoint(_TELLING):
        return None
    labels = _properties(data, fields, tops[SYMBOLS]) if SYMBOLS in tops else {}
    if labels is None:
        return None
    at = root.get("compatible")
    compatible = None if at is None else _value(data, at)
    there = _present(data, fields, paths) if paths else frozenset[str]()
    return Surveyed(False, _compatible(compatible), frozenset(labels), frozenset(), there, paths)


def survey_tree(tree: Tree, paths: frozenset[str] = frozenset()) -> Surveyed:
    """Look at a tree that has been read."""
    overlay = is_overlay(tree)
    symbols = tree.symbols
    return Surveyed(
        overlay,
        _compatible(tree.root.properties.get("compatible")),
        frozenset(symbols.properties if symbols is not None else ()),
        _wanted(tree) if overlay else frozenset(),
        frozenset(path for path in paths if not isinstance(find_path(tree, path, LIBFDT), Miss)),
        paths,
    )


def read_through(
    source: Source, data: bytes, paths: frozenset[str], read_included: ReadIncluded
) -> tuple[Surveyed, dict[str, bytes | None]]:
    """Read a file to look at its tree; give with that what the source looked at.

    data is what is in the file. Nothing is raised for one that cannot be read.
    """
    read = Reader(lambda _: data, read_included).input(source)
    if read.tree is None:
        return Surveyed(findings=read.findings), read.looked_at
    found = survey_tree(read.tree, paths)
    read.tree.dissolve()
    return found, read.looked_at


class Surveyor:
    """Surveys the files of a matrix, each once.

    read and read_included are as for dtovl.matrix.inputs.Reader. known may hold what is known of
    files already; that is not looked up again.
    """

    def __init__(
        self,
        read: ReadFile = read_bytes,
        read_included: ReadIncluded = read_included,
        known: Mapping[Source, Surveyed] | None = None,
    ) -> None:
        self.known: dict[Source, Surveyed] = dict(known or {})
        self._read = read
        self._read_included = read_included

    def look(self, source: Source, paths: frozenset[str] = frozenset()) -> Surveyed:
        """Survey a file, unless all is known. Nothing is raised for one that cannot be read."""
        return self.look_all([source], paths)[0]

    def look_all(
        self, sources: Sequence[Source], paths: frozenset[str] = frozenset()
    ) -> list[Surveyed]:
        """Survey files that are asked about the same paths."""
        unknown = [source for source in dict.fromkeys(sources) if not self._knows(source, paths)]
        self.known.update(zip(unknown, self._survey(unknown, paths), strict=True))
        return [self.known[source] for source in sources]

    def _knows(self, source: Source, paths: frozenset[str]) -> bool:
        found = self.known.get(source)
        return found is not None and (not found.readable or paths <= found.asked)

    def _survey(self, sources: Sequence[Source], paths: frozenset[str]) -> Iterable[Surveyed]:
        """Give what is in files, in their order."""
        for source in sources:
            try:
                data = self._read(source.path)
            except InputError as error:
                yield unreadable(error)
            else:
                yield self._look(source, data, paths)

    def _look(self, source: Source, data: bytes, paths: frozenset[str]) -> Surveyed:
        try:
            found = survey(data, source.path, paths)
        except InputError as error:
            return unreadable(error)
        return found or read_through(source, data, paths, self._read_included)[0]


def unreadable(error: InputError) -> Surveyed:
    """Give what is known of a file that cannot be read."""
    return Surveyed(findings=tuple(map(as_finding, error.diagnostics)))


def _compatible(value: bytes | None) -> tuple[str, ...]:
    return tuple(strings(value) or ()) if value else ()


def _tops(data: bytes, fields: Fields) -> dict[str, int] | None:
    """Give names and offsets of the nodes below the root; None when a name comes twice."""
    found: dict[str, int] = {}
    offsets = top_nodes(data, fields)
    for at in offsets:
        start = fields.structure + at + 4
        found[data[start : data.index(b"\0", start)].decode("latin-1")] = at
    return found if len(found) == len(offsets) else None


def _properties(data: bytes, fields: Fields, at: int) -> dict[str, int] | None:
    """Read the names of a node's properties, with the offset of each in data.

    at is the offset of the node in the structure block. None where they do not stand in the usual
    way: one directly behind the other, no name twice.
    """
    head = _HEAD.unpack_from
    pos = fields.structure + at
    if head(data, pos)[0] != BEGIN_NODE:
        return None
    pos = data.index(b"\0", pos + 4) - fields.structure + 4 & -4
    pos += fields.structure
    text = data[fields.strings : fields.strings_end].decode("latin-1")
    end = text.index
    # A blob is longer than its last token by what its strings or reservations take; if not, the
    # tree is read.
    last = len(data) - _HEAD.size
    found: dict[str, int] = {}
    count = 0
    while pos <= last:
        tag, length, offset = head(data, pos)
        if tag != PROPERTY:
            usual = len(found) == count and tag in (END_NODE, BEGIN_NODE)
            return found if usual else None
        found[text[offset : end("\0", offset)]] = pos
        count += 1
        pos += length + 15 & -4
    return None


def _value(data: bytes, at: int) -> bytes:
    """Give the value of the property at an offset in data."""
    length = _HEAD.unpack_from(data, at)[1]
    return data[at + 12 : at + 12 + length]


def _present(data: bytes, fields: Fields, paths: frozenset[str]) -> frozenset[str]:
    """Tell which paths are there.

    libfdt is asked only about those whose every name occurs: one search finds all names of nodes,
    and some bytes of values that look like one.
    """
    names: set[bytes] = set(_NAMES.findall(data, fields.structure))
    names.update([name.partition(b"@")[0] for name in names])
    likely = [path for path, parts in _split(paths) if names.issuperset(parts)]
    return paths_there(data, fields, likely) if likely else frozenset()


@lru_cache(maxsize=2)
def _split(paths: frozenset[str]) -> tuple[tuple[str, tuple[bytes, ...]], ...]:
    """Give the names of nodes in each path: the same paths are looked for in every base."""
    return tuple((path, tuple(filter(None, path.encode().split(b"/")))) for path in paths)


def _wanted(tree: Tree) -> frozenset[str]:
    """List the labels that an overlay takes from its base, and the paths of targets."""
    found: set[str] = set()
    fixups = tree.root.children.get(FIXUPS)
    if fixups is not None:
        found.update(map(plain_name, fixups.properties))
    own: set[str] | None = None
    for fragment in tree.root.children.values():
        path = text(fragment.properties.get("target-path", b""))
        if not path or not path.startswith("/") or OVERLAY not in fragment.children:
            continue
        if own is None:
            own = _made(tree)
        parts = path.strip("/").split("/")
        if own.isdisjoint(parts):
            found.add(path)
    return frozenset(found)


def _made(tree: Tree) -> set[str]:
    """List the names of all nodes that the fragments of an overlay may make."""
    pending: list[Node] = [
        fragment.children[OVERLAY]
        for fragment in tree.root.children.values()
        if OVERLAY in fragment.children
    ]
    names: set[str] = set()
    while pending:
        node = pending.pop()
        for child in node.children.values():
            names.update((child.name, child.name.partition("@")[0]))
            pending.append(child)
    return names
