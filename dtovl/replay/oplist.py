"""Operation lists: what firmware asks for, written by hand or by `dtovl migrate --decode`.

    dtovl-replay: 1              # first key
    scope: 1                     # of the ibm,update-nodes calls, 1 if not given
    holders:                     # in addition to those that are inferred
      - {node: /a/b, by: "driver"}
    ops:
      - delete: 0x30             # phandle, or path; `path` may stand beside a phandle
      - update: 0x40
        props: {status: okay, reg: [1, 2], "ibm,flag": null}
        delete-props: [old]
      - add: 0x50                # the parent
        drc: 0x2f000001
        node: {name: c, props: {}, children: []}
      - {add: /, path: /d, phandle: 0x60}
      - gap
      - session

A log that is decoded needs some keys more, so that it reads back as it was: `scope`, `clock`
(`kernel 12.5`) and `ofdt: true` of any operation, `add-props` of an ofdt update, `typed` (of type
ibm,platform-facilities) and `refused` of an add, entries `loose` (like update) for updates that no
operation named, and `listing` with `names`. The number 0 of a log is `none`.

Mistakes become Problems (PS202), one an entry, at the place of the entry.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.errors import InputError
from dtovl.model.limits import MAX_LIST_CHARACTERS, MAX_LIST_DEPTH, MAX_LIST_VALUES
from dtovl.replay.listnodes import (
    WrongEntry,
    shown,
    take_list,
    take_map,
    take_name,
    take_node,
    take_number,
    take_properties,
    take_source,
    take_text,
    take_value,
)
from dtovl.replay.stream import (
    ADD,
    DELETE,
    NAME_ONLY,
    REMOVE,
    SET,
    UPDATE,
    Change,
    Clock,
    Gap,
    Listing,
    LooseUpdate,
    NamedHolder,
    Note,
    Operation,
    Problem,
    SessionEnd,
    Stream,
)
from dtovl.yamlfile import Bounds, Items, Map, Number, Plain, read_yaml

if TYPE_CHECKING:
    from dtovl.replay.stream import Content, Item

VERSION_KEY = "dtovl-replay"
NO_NUMBER = "none"
"""How a list writes the number 0 where a phandle should be."""

_BOUNDS = Bounds(MAX_LIST_CHARACTERS, MAX_LIST_DEPTH, MAX_LIST_VALUES, anchors=False)
_CLOCK = re.compile(r"([a-z]+) (-?[0-9]{1,20}(?:\.[0-9]{1,20})?)")
_TOP = frozenset((VERSION_KEY, "scope", "holders", "ops"))
_SHARED = frozenset(("path", "scope", "clock", "ofdt"))
_CHANGES = frozenset(("props", "delete-props"))
_KEYS = {
    DELETE: _SHARED | {DELETE},
    UPDATE: _SHARED | _CHANGES | {UPDATE, "add-props"},
    ADD: _SHARED | {ADD, "drc", "node", "dts", "phandle", "typed", "refused"},
    "loose": _CHANGES | {"loose", "path"},
    "listing": frozenset(("listing", "names")),
}


class _Place(NamedTuple):
    line: int
    column: int


def read_oplist(text: str, name: str) -> Stream:
    """Read an operation list; name is what messages call the file.

    Nothing is raised: mistakes are in Stream.problems.
    """
    stream = Stream()
    document = _document(text, name, stream.problems)
    if isinstance(document, Map):
        _Reader(stream, document).read()
    elif not stream.problems:
        what = f"the list is {shown(document)}: expected a mapping with {VERSION_KEY} and ops"
        stream.problems.append(Problem("PS202", 1, what))
    return stream


def read_holders(text: str, name: str) -> tuple[list[NamedHolder], list[Problem]]:
    """Read who holds which node: a list of {node, by}, alone or under the key `holders`.

    Nothing is raised: mistakes are problems (PS202).
    """
    problems: list[Problem] = []
    document = _document(text, name, problems)
    if problems:
        return [], problems
    if isinstance(document, Map) and list(document) == ["holders"]:
        document = document["holders"]
    if not isinstance(document, Items):
        what = f"the file has {shown(document)}: expected a list of {{node: PATH, by: NAME}}"
        return [], [Problem("PS202", 1, what)]
    holders = []
    for entry, place in zip(document, document.places, strict=True):
        try:
            holders.append(_holder(entry))
        except WrongEntry as problem:
            problems.append(Problem("PS202", place[0], str(problem), place[1]))
    return holders, problems


def _document(text: str, name: str, problems: list[Problem]) -> object:
    """Read YAML; None, and a problem, when it is none."""
    try:
        text.encode()
        return read_yaml(text, name, _BOUNDS)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        problems.append(Problem("PS202", line, "bytes that are not UTF-8: expected text"))
    except InputError as error:
        found = error.diagnostic
        line, column = (found.where.line, found.where.column) if found.where else (0, 0)
        problems.append(Problem("PS202", line or None, str(found.fields["what"]), column))
    return None


class _Reader:
    """Reads a list into a stream; scope is that of its operations."""

    def __init__(self, stream: Stream, document: Map) -> None:
        self._stream = stream
        self._document = document
        self._scope = 1

    def read(self) -> None:
        """Read the whole document."""
        for key, value in self._document.items():
            try:
                self._top(key, value)
            except WrongEntry as problem:
                self._wrong(problem, _Place(self._document.lines[key], self._document.column))
        ops = self._document.get("ops")
        if not isinstance(ops, Items):
            return
        for entry, place in zip(ops, ops.places, strict=True):
            try:
                self._stream.items.append(self._entry(entry, place[0]))
            except WrongEntry as problem:
                self._wrong(problem, _Place(*place))

    def _wrong(self, problem: WrongEntry, place: _Place) -> None:
        self._stream.problems.append(Problem("PS202", place.line, str(problem), place.column))

    def _top(self, key: str, value: object) -> None:
        """Take a key of the top level, but for the operations."""
        first = next(iter(self._document))
        if key == first != VERSION_KEY:
            raise WrongEntry(f"the first key is {shown(str(key))}: expected `{VERSION_KEY}: 1`")
        match key:
            case "dtovl-replay":
                take_number(value, key, 1, 1)
            case "scope":
                self._scope = _scope(value)
            case "holders":
                self._stream.holders += map(_holder, take_list(value, key))
            case "ops":
                if value is not None:
                    take_list(value, key)
            case _:
                known = ", ".join(sorted(_TOP))
                raise WrongEntry(f"unknown key {shown(str(key))}: expected {known}")

    def _entry(self, entry: object, line: int) -> Item:
        """Take one entry of `ops`."""
        if entry == "gap":
            return Gap(line)
        if entry == "session":
            return SessionEnd(line)
        kinds = [key for key in entry if key in _KEYS] if isinstance(entry, Map) else []
        if not isinstance(entry, Map) or len(kinds) != 1:
            known = ", ".join((*_KEYS, "gap", "session"))
            what = f"keys {', '.join(map(str, entry))}" if isinstance(entry, Map) else shown(entry)
            raise WrongEntry(f"an entry is {what[:80]}: expected one of {known}")
        kind = kinds[0]
        take_map(entry, f"an entry `{kind}`", _KEYS[kind])
        match kind:
            case "listing":
                names = take_list(entry.get("names"), "names")
                listed = tuple(take_text(name, "a name") for name in names)
                return Listing(line, _path(entry[kind], kind), listed)
            case "loose":
                changes = _changes(entry, ofdt=False) or []
                path = _path(entry["path"], "path") if "path" in entry else None
                phandle = _phandle(entry[kind], kind)
                message = f"answers for phandle 0x{phandle:x}, which no operation names"
                self._stream.notes.append(Note("PS138", line, path, message))
                return LooseUpdate(line, phandle, path, changes)
        return self._operation(kind, entry, line)

    def _operation(self, kind: str, entry: Map, line: int) -> Operation:
        made = Operation(kind, line, scope=self._scope)
        number, path = _target(entry[kind], kind)
        if "scope" in entry:
            made.scope = _scope(entry["scope"])
        if "clock" in entry:
            made.clock = _clock(entry["clock"])
        made.ofdt = _flag(entry, "ofdt")
        if kind == ADD:
            made.parent, made.parent_path = number, path
            _fill_add(made, entry)
        else:
            made.phandle, made.path = number, path
            if kind == UPDATE:
                made.changes = _changes(entry, ofdt=made.ofdt)
        if "path" in entry:
            if kind != ADD and path is not None:
                raise WrongEntry(f"two paths: `{kind}` names one, and so does `path`")
            made.path = _path(entry["path"], "path")
        return made


def _fill_add(made: Operation, entry: Map) -> None:
    """Take what only an add has."""
    if "drc" in entry:
        made.drc = take_number(entry["drc"], "drc")
    if "phandle" in entry:
        made.phandle = take_number(entry["phandle"], "phandle", 1)
    if "node" in entry and "dts" in entry:
        raise WrongEntry("an add has both node and dts: expected one of them")
    made.typed = _flag(entry, "typed")
    made.refused = _flag(entry, "refused")
    made.content = _content(entry)


def _content(entry: Map) -> Content | None:
    if "node" in entry:
        return take_node(entry["node"])
    return take_source(entry["dts"]) if "dts" in entry else None


def _changes(entry: Map, *, ofdt: bool) -> list[Change] | None:
    """Take the properties of an update; None when it tells none."""
    if "add-props" in entry and not ofdt:
        raise WrongEntry("add-props stands only with `ofdt: true`")
    if not any(key in entry for key in ("props", "add-props", "delete-props")):
        return None
    changes = []
    for key in ("props", "add-props"):
        for name, value in take_properties(entry[key], key) if key in entry else ():
            if value is None:
                changes.append(Change(name, NAME_ONLY, b"", exclusive=key == "add-props"))
            else:
                told = take_value(name, value)
                changes.append(Change(name, SET, told, exclusive=key == "add-props"))
    for given in (
        take_list(entry["delete-props"], "delete-props") if "delete-props" in entry else ()
    ):
        changes.append(Change(take_name(given), REMOVE, required=ofdt))
    return changes


def _holder(value: object) -> NamedHolder:
    told = take_map(value, "a holder", frozenset(("node", "by")))
    if len(told) != 2:
        raise WrongEntry("a holder lacks a key: expected node (a path) and by (who holds it)")
    return NamedHolder(_path(told["node"], "node"), take_text(told["by"], "by"))


def _target(value: object, what: str) -> tuple[int | None, str | None]:
    """Take a phandle or a path."""
    if isinstance(value, str) and value != NO_NUMBER:
        return None, _path(value, what)
    if not isinstance(value, Number | str):
        raise WrongEntry(f"{what} is {shown(value)}: expected a phandle, or a path")
    return _phandle(value, what), None


def _phandle(value: object, what: str) -> int:
    if isinstance(value, Plain) and value == NO_NUMBER:
        return 0
    return take_number(value, f"the phandle of {what}", 1)


def _path(value: object, what: str) -> str:
    path = take_text(value, what)
    if not path.startswith("/"):
        raise WrongEntry(f"{what} is {shown(value)}: expected a full path, from / on")
    return path


def _scope(value: object) -> int:
    return take_number(value, "scope", -(1 << 31), (1 << 31) - 1)


def _clock(value: object) -> Clock:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise WrongEntry(f"clock is {shown(value)}: expected a kind and seconds, as `kernel 12.5`")
    return Clock(match[1], float(match[2]))


def _flag(entry: Map, key: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise WrongEntry(f"{key} is {shown(value)}: expected true or false")
    return value
