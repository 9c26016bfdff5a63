"""The one door to YAML: plain data with the lines it stands on, whoever wrote the file.

Only what step files need is read: mappings with text as keys, lists, text, numbers, true, false,
null. Tags, duplicate keys, several documents and anchors that hold themselves are refused; size,
depth and the number of values, those repeated by aliases included, are bounded. The text is taken
event by event, so no nesting makes anything here recurse.

`read_yaml` gives values (YAML 1.2 words); `scan_yaml` gives the bare events with their places, to
whoever has a format of their own that is defined by what PyYAML's safe loader makes of a file
(YAML 1.1 words: `word_type`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes.script import YAML_REFUSED
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.model.limits import MAX_YAML_BYTES, MAX_YAML_DEPTH, MAX_YAML_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = re.compile(r"[-+]?(?:0x[0-9a-fA-F]{1,16}|[0-9]{1,20})")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Number(int):
    """A number that remembers how it was written: `00000010` may be hex digits, or a name."""

    text: str

    def __new__(cls, text: str) -> Number:
        """Make the number of its text: decimal, also with zeros in front, or hex after `0x`."""
        digits = text.lstrip("+-")
        number = super().__new__(cls, text, 16 if digits[:2] == "0x" else 10)
        number.text = text
        return number

    def __str__(self) -> str:
        """Write the number as the file has it."""
        return self.text


class Plain(str):
    """Text that is written without quotes, where other readers may see something else in it."""

    __slots__ = ()


class Map(dict[str, Any]):
    """A mapping of a file; line is where it begins, lines where each key stands, from 1."""

    __slots__ = ("column", "line", "lines")

    def __init__(self, line: int, column: int) -> None:
        super().__init__()
        self.line = line
        self.column = column
        self.lines: dict[str, int] = {}


class Items(list[Any]):
    """A list of a file; places has (line, column) of each entry, from 1."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: list[tuple[int, int]] = []


class Bounds(NamedTuple):
    """What a file may hold at most: characters, levels, values; and whether it may have anchors."""

    characters: int = MAX_YAML_BYTES
    depth: int = MAX_YAML_DEPTH
    values: int = MAX_YAML_VALUES
    anchors: bool = True


_BOUNDS = Bounds()


class _Open:
    """A mapping or list that has not ended, and the line and column where it began.

    size counts the values in it and itself, height the levels below it and its own.
    """

    __slots__ = ("anchor", "height", "key", "place", "size", "value")

    def __init__(self, value: Map | Items, anchor: str | None, place: tuple[int, int]) -> None:
        self.value = value
        self.anchor = anchor
        self.place = place
        self.key: str | None = None
        self.size = 1
        self.height = 1


def read_yaml(text: str, name: str, bounds: Bounds = _BOUNDS) -> Any:
    """Read a YAML document: mappings are Map, lists Items, numbers Number, words Plain.

    An empty document is None. name is what messages call the file. Raises InputError (DT287).
    """
    if len(text) > bounds.characters:
        raise _refused(name, 0, f"it has {len(text)} characters, the bound is {bounds.characters}")

    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(name, bounds)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _refused(name, line, what, column) from error
    except yaml.YAMLError as error:
        raise _refused(name, 0, " ".join(str(error).split())) from error
    except RecursionError as error:
        raise _refused(name, 0, "it is nested too deep") from error
    return builder.result


class _Builder:
    """Puts the values of one document together."""

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.result: Any = None
        self._name = name
        self._bounds = bounds
        self._column = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._pending: set[str] = set()
        self._values = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        """Take the next event. Raises InputError."""
        kind = type(event).__name__
        line = event.start_mark.line + 1 if event.start_mark else 0
        self._column = event.start_mark.column + 1 if event.start_mark else 0
        if not self._bounds.anchors and getattr(event, "anchor", None) is not None:
            raise self._refused(line, f"anchors and aliases such as {event.anchor} are not read")
        if kind in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            if event.tag is not None:
                raise self._refused(line, f"tags such as {event.tag} are not read")
            self._begin(event, kind, line)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._end()
        elif kind == "AliasEvent":
            self._alias(event.anchor, line)
        elif kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise self._refused(line, "it holds more than one document")

    def _begin(self, event: Any, kind: str, line: int) -> None:
        if kind == "ScalarEvent":
            value = event.value if event.style else _plain(event.value)
            if self._wants_key():
                value = event.value if event.style else Plain(event.value)
                self._key(value, line)
            else:
                self._put(value, 1, 0, line)
            if event.anchor is not None:
                self._anchors[event.anchor] = (value, 1, 0)
            return
        if self._wants_key():
            raise self._refused(line, "a key is a mapping or list: only text can be one")
        self._count(1, 1, line)
        made: Map | Items = Items()
        if kind == "MappingStartEvent":
            made = Map(line, self._column)
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)
            self._pending.add(event.anchor)
        self._open.append(_Open(made, event.anchor, (line, self._column)))

    def _end(self) -> None:
        done = self._open.pop()
        if done.anchor is not None:
            self._anchors[done.anchor] = (done.value, done.size, done.height)
            self._pending.discard(done.anchor)
        self._store(done.value, done.size, done.height, done.place)

    def _alias(self, anchor: str, line: int) -> None:
        if anchor in self._pending:
            raise self._refused(line, f"&{anchor} holds itself")
        if anchor not in self._anchors:
            raise self._refused(line, f"there is no &{anchor} before *{anchor}")
        value, size, height = self._anchors[anchor]
        if self._wants_key():
            if not isinstance(value, str):
                raise self._refused(line, "a key must be text")
            self._key(value, line)
        else:
            self._put(value, size, height, line)

    def _put(self, value: Any, size: int, height: int, line: int) -> None:
        self._count(size, height, line)
        self._store(value, size, height, (line, self._column))

    def _count(self, size: int, height: int, line: int) -> None:
        """Count values that come in, and the levels that they reach down."""
        bounds = self._bounds
        if len(self._open) + height > bounds.depth:
            what = f"it is nested deeper than {bounds.depth} levels"
            raise self._refused(line, what)
        self._values += size
        if self._values > bounds.values:
            what = f"it has more than {bounds.values} values, those of aliases included"
            raise self._refused(line, what)

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, Map) and not self._has_key()

    def _has_key(self) -> bool:
        return self._open[-1].key is not None

    def _key(self, key: str, line: int) -> None:
        top = self._open[-1]
        assert isinstance(top.value, Map)
        if key in top.value.lines:
            first = top.value.lines[key]
            raise self._refused(line, f"key {key!r} stands twice, first in line {first}")
        top.value.lines[key] = line
        top.key = key

    def _store(self, value: Any, size: int, height: int, place: tuple[int, int]) -> None:
        if not self._open:
            self.result = value
            return
        top = self._open[-1]
        top.size += size
        top.height = max(top.height, height + 1)
        if isinstance(top.value, Map):
            assert top.key is not None
            top.value[top.key] = value
            top.key = None
        else:
            top.value.append(value)
            top.value.places.append(place)

    def _refused(self, line: int, what: str) -> InputError:
        return _refused(self._name, line, what, self._column)


def _plain(text: str) -> Any:
    """Give the value of text without quotes (YAML 1.2 core schema, without fractions)."""
    if text in _WORDS:
        return _WORDS[text]
    return Number(text) if _NUMBER.fullmatch(text) else Plain(text)


def _refused(name: str, line: int, what: str, column: int = 0) -> InputError:
    at = Location(name, line, column)
    return InputError(Diagnostic(YAML_REFUSED, at=at, name=name, what=what))


class Scanned(NamedTuple):
    """An event of a YAML text, at a line and column from 1; where ends are scanners disagree.

    kind is scalar, map, list, end (of a map or list), alias or document. text is a scalar's, plain
    tells that it is without quotes; anchor is the name after `&`, or after the `*` of an alias;
    tagged tells that there is a tag.
    """

    kind: str
    line: int
    column: int
    text: str = ""
    plain: bool = False
    anchor: str = ""
    tagged: bool = False


_END = Scanned("end", 0, 0)


class NotYaml(Exception):
    """A text is no YAML: what the parser says, and where (from 1)."""

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column


_KINDS = {
    "ScalarEvent": "scalar",
    "MappingStartEvent": "map",
    "SequenceStartEvent": "list",
    "MappingEndEvent": "end",
    "SequenceEndEvent": "end",
    "AliasEvent": "alias",
    "DocumentStartEvent": "document",
}

# Where libyaml and PyYAML's own scanner read alike: no tabs, odd line ends, marks of byte order,
# characters outside of the first plane, tags; no directives, no keys after `?`; the last line ends.
_ALIKE = re.compile(r"(?!%)(?:[ \"->@-~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufdff]|\n(?!%))*\n")

# They see a value that is not there, as in `{a: , b: }`, at different places; only one takes `|#`.
_APART = re.compile(r":[ \n](?:[ \n]|#[^\n]*)*[],}]|[|>][-+0-9]*#")


def reads_alike(text: str) -> bool:
    """Tell whether the fast scanner (libyaml) is there, and reads a text as PyYAML's own does."""
    import yaml

    if not hasattr(yaml, "CSafeLoader") or _APART.search(text) is not None:
        return False
    return _ALIKE.fullmatch(text) is not None


def scan_yaml(text: str, *, fast: bool = False) -> Iterator[Scanned]:
    """Give the events of a text, one after the other; nothing recurses, nothing is bounded.

    fast takes libyaml, which names other reasons and may refuse where PyYAML's scanner does not:
    for a text that `reads_alike`, and to be scanned again without it when that fails.

    Raises NotYaml.
    """
    import yaml

    loader: Any = yaml.CSafeLoader if fast else yaml.SafeLoader
    try:
        events: Iterator[Any] = yaml.parse(text, Loader=loader)
        for event in events:
            kind = _KINDS.get(type(event).__name__)
            if kind == "end":
                yield _END
            elif kind is not None:
                mark = event.start_mark
                yield Scanned(
                    kind,
                    mark.line + 1,
                    mark.column + 1,
                    getattr(event, "value", ""),
                    kind == "scalar" and not event.style,
                    getattr(event, "anchor", None) or "",
                    getattr(event, "tag", None) is not None,
                )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise NotYaml(what, line, column) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position].splitlines() if error.position else []
        whole = error.position and text[error.position - 1] in "\n\r\x85\u2028\u2029"
        line = max(1, len(before) + bool(whole))
        column = 1 if whole or not before else len(before[-1]) + 1
        what = f"character {error.character!r} is not allowed"
        raise NotYaml(what, line, column) from error


def word_type(text: str) -> str:
    """Tell what the safe loader sees in text without quotes (YAML 1.1).

    Gives str, bool, int, float, null, timestamp, or what it has no value for: merge, value.
    """
    import yaml

    resolver: Any = yaml.resolver.Resolver
    tag: str = resolver().resolve(yaml.ScalarNode, text, (True, False))
    return tag.rpartition(":")[2]
