"""YAML of a scenario file: values with their places, and what of YAML is not taken.

The text is taken event by event: no nesting makes anything here recurse. An alias is the very value
that its anchor names, nothing is copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes import scenario as codes
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.model import limits
from dtovl.yamlfile import NotYaml, reads_alike, scan_yaml, word_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.codes.base import Code
    from dtovl.yamlfile import Scanned

_PRUNED_ABOVE = 50 * limits.MAX_SCENARIO_ERRORS
_SHOWN = 1000

_TYPES = {
    "str": "a string",
    "bool": "a boolean",
    "int": "an integer",
    "float": "a number",
    "null": "null",
    "timestamp": "a timestamp",
    "list": "a list",
    "map": "a mapping",
}

_TRUE = ("yes", "true", "on")


class Place(NamedTuple):
    """A line and a column, from 1."""

    line: int
    column: int


TOP = Place(1, 1)
"""Where errors of the file as a whole are."""


class Value:
    """A value of the file: kind is map, list, or what the safe loader sees in the text.

    pairs are the keys and values of a mapping, items the entries of a list.
    """

    __slots__ = ("items", "kind", "pairs", "place", "text")

    def __init__(self, kind: str, place: Place, text: str = "") -> None:
        self.kind = kind
        self.place = place
        self.text = text
        self.pairs: list[tuple[Value, Value]] = []
        self.items: list[Value] = []

    @property
    def type_name(self) -> str:
        """Give the kind in words: `a string`, `null`."""
        return _TYPES[self.kind]

    @property
    def is_true(self) -> bool:
        """Tell what a boolean says."""
        return self.text.lower() in _TRUE

    @property
    def number(self) -> int | None:
        """Give an integer's value; None where it has none, or is absurdly long."""
        text = self.text.replace("_", "")
        digits = text.lstrip("+-")
        try:
            if len(digits) > _SHOWN:
                return None
            if ":" in digits:
                size = 0
                for part in digits.split(":"):
                    size = size * 60 + int(part)
            else:
                octal = digits[:1] == "0" and digits.isdigit()
                size = int(digits, 8) if octal else int(digits, 0)
        except ValueError:
            return None
        return -size if text[:1] == "-" else size


class Problems:
    """Collects the errors of a file; of very many, those that stand first are kept."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[tuple[Place, str], tuple[Code, str, dict[str, Any]]] = {}
        self._last: Place | None = None

    def add(self, place: Place, code: Code, why: str = "", **fields: Any) -> None:
        """Add an error; one that is there already, by way of an alias, is the same."""
        if self._last is not None and place > self._last:
            return
        self._found[place, code.message.format(**fields)] = (code, why, fields)
        if len(self._found) > _PRUNED_ABOVE:
            self._found = {key: self._found[key] for key in self._first()}
            self._last = max(place for place, _ in self._found)

    def _first(self) -> list[tuple[Place, str]]:
        return sorted(self._found)[: limits.MAX_SCENARIO_ERRORS]

    def stop(self) -> None:
        """Raise InputError with the errors by line, column and message, if there is one."""
        if not self._found:
            return
        made = []
        for key in self._first():
            code, why, fields = self._found[key]
            at = Location(self._file, *key[0])
            made.append(Diagnostic(code, at=at, why=why, **fields))
        raise InputError(*made)

    def refuse(self, place: Place, code: Code, why: str = "", **fields: Any) -> InputError:
        """Give the InputError of one error that stands alone."""
        at = Location(self._file, *place)
        return InputError(Diagnostic(code, at=at, why=why, **fields))


def shown(text: str) -> str:
    """Give a text of the file as messages have it: all of it, unless it is absurdly long."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def read_values(data: bytes, problems: Problems) -> Value | None:
    """Read the one document of a file; None when there is none.

    Raises InputError: too large, not UTF-8, no YAML, or with what of YAML is not taken.
    """
    if len(data) > limits.MAX_SCENARIO_BYTES:
        raise problems.refuse(TOP, codes.TOO_LARGE, what="file is larger than 1 MiB")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        why = f"byte {error.start + 1}: {error.reason}"
        raise problems.refuse(TOP, codes.NOT_UTF8, why=why) from error
    try:
        root = _read(text, problems)
    except NotYaml as error:
        place = Place(error.line, error.column)
        raise problems.refuse(place, codes.NOT_YAML, why=error.what) from error
    problems.stop()
    return root


def _read(text: str, problems: Problems) -> Value | None:
    """Read with the fast scanner; where that sees an error the other one has the word."""
    if reads_alike(text):
        try:
            return _Builder(problems).read(scan_yaml(text, fast=True))
        except NotYaml:
            pass
    return _Builder(problems).read(scan_yaml(text))


class _Builder:
    """Puts the values of one document together, and finds what is not taken."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._root: Value | None = None
        self._open: list[Value] = []
        self._keys: list[Value | None] = []
        self._seen: list[dict[tuple[str, object], int]] = []
        self._anchors: dict[str, Value] = {}
        self._aliases = 0
        self._documents = 0
        self._refused: NotYaml | None = None

    def read(self, events: Iterable[Scanned]) -> Value | None:
        """Build the value of a document. Raises NotYaml."""
        for event in events:
            self._take(event)
        if self._refused is not None:
            raise self._refused
        return self._root

    def _take(self, event: Scanned) -> None:
        if event.kind == "end":
            self._open.pop()
            self._keys.pop()
            self._seen.pop()
        elif event.kind == "document":
            self._documents += 1
            if self._documents > 1:
                what = "expected a single document, but found another"
                raise NotYaml(what, event.line, event.column)
        elif event.kind == "alias":
            self._alias(event)
        else:
            self._begin(event)

    def _begin(self, event: Scanned) -> None:
        place = Place(event.line, event.column)
        if event.tagged:
            self._problems.add(place, codes.YAML_FEATURE, what="tags")
        kind = event.kind
        if kind == "scalar":
            kind = word_type(event.text) if event.plain else "str"
        value = Value(kind, place, event.text)
        if event.anchor:
            if event.anchor in self._anchors:
                raise NotYaml(f"&{event.anchor} stands twice", *place)
            self._anchors[event.anchor] = value
        self._store(value)
        if kind in ("map", "list"):
            if len(self._open) == limits.MAX_SCENARIO_DEPTH:
                what = f"it is nested deeper than {limits.MAX_SCENARIO_DEPTH} levels"
                raise NotYaml(what, *place)
            self._open.append(value)
            self._keys.append(None)
            self._seen.append({})

    def _alias(self, event: Scanned) -> None:
        place = Place(event.line, event.column)
        if event.anchor not in self._anchors:
            raise NotYaml(f"there is no &{event.anchor} before *{event.anchor}", *place)
        self._aliases += 1
        if self._aliases == limits.MAX_SCENARIO_ALIASES + 1:
            what = f"more than {limits.MAX_SCENARIO_ALIASES} aliases"
            self._problems.add(place, codes.TOO_LARGE, what=what)
        self._store(self._anchors[event.anchor])

    def _store(self, value: Value) -> None:
        if not self._open:
            self._plain(value)
            self._root = value
            return
        top = self._open[-1]
        if top.kind == "list":
            self._plain(value)
            top.items.append(value)
        elif self._keys[-1] is None:
            self._key(value)
            self._keys[-1] = value
        else:
            self._plain(value)
            top.pairs.append((self._keys[-1], value))
            self._keys[-1] = None

    def _plain(self, value: Value) -> None:
        """Refuse the words of YAML that have no value: `<<` and `=`."""
        if value.kind in ("merge", "value"):
            self._refuse(f"'{value.text}' has no value", value.place)

    def _key(self, key: Value) -> None:
        if key.kind == "merge":
            self._problems.add(key.place, codes.YAML_FEATURE, what="merge keys")
            return
        if key.kind in ("map", "list"):
            self._refuse(f"{key.type_name} cannot be a key", key.place)
            return
        if key.kind == "value":
            key.kind = "str"
        seen, identity = self._seen[-1], _identity(key)
        if identity in seen:
            first = seen[identity]
            self._problems.add(key.place, codes.DUPLICATE_KEY, key=shown(key.text), line=first)
        else:
            seen[identity] = key.place.line

    def _refuse(self, what: str, place: Place) -> None:
        """Refuse what only comes out when values are made: a syntax error comes before it."""
        if self._refused is None:
            self._refused = NotYaml(what, *place)


def _identity(key: Value) -> tuple[str, object]:
    """Give what is alike in equal keys: `on` and `yes` are one, `1` and `0x1`."""
    if key.kind == "bool":
        return key.kind, key.is_true
    if key.kind == "null":
        return key.kind, None
    if key.kind == "int" and key.number is not None:
        return key.kind, key.number
    return key.kind, key.text
