"""A stream written as an operation list that reads back (see oplist.py).

One entry a line, but for adds whose content is known: those have a line for each node. A property
that an update names twice starts a new entry, since a mapping holds a name once.
"""

from __future__ import annotations

import re
from struct import unpack
from typing import TYPE_CHECKING

from dtovl.replay.listtext import spelled
from dtovl.replay.oplist import NO_NUMBER, VERSION_KEY
from dtovl.replay.stream import (
    ADD,
    NAME_ONLY,
    REMOVE,
    UPDATE,
    Change,
    Gap,
    Listing,
    LooseUpdate,
    Operation,
    SessionEnd,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.replay.stream import Content, Stream

_TEXT = re.compile(rb"(?:[\x20-\x7e]+\0)+")
_PLAIN = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_MOST_CELLS = 64  # longer values are written as bytes


def write_oplist(stream: Stream) -> str:
    """Write all items and holders of a stream; findings about the log become comments.

    What the list cannot say is left out with a comment: a second value of a property of one node.
    """
    return "\n".join((*_head(stream), *_items(stream), ""))


def _head(stream: Stream) -> Iterator[str]:
    yield f"{VERSION_KEY}: 1"
    scope = _scope(stream)
    if scope != 1:
        yield f"scope: {scope}"
    if stream.holders:
        yield "holders:"
        for holder in stream.holders:
            yield f"  - {{node: {_quoted(holder.path)}, by: {_quoted(holder.by)}}}"
    for note in stream.notes:
        where = f" line {note.line}" if note.line is not None else ""
        yield f"# {note.code}{where}: {_quoted(note.message)[1:-1]}"


def _items(stream: Stream) -> Iterator[str]:
    if not stream.items:
        yield "ops: []"
        return
    scope = _scope(stream)
    yield "ops:"
    for item in stream.items:
        match item:
            case SessionEnd():
                yield _flow("session", item.line)
            case Gap():
                yield _flow("gap", item.line)
            case Listing():
                names = ", ".join(map(_quoted, item.names))
                yield _flow(f"{{listing: {_quoted(item.path)}, names: [{names}]}}", item.line)
            case LooseUpdate():
                fields = [("loose", _number(item.phandle)), *_path_field(item.path)]
                yield from _update(fields, item.changes, item)
            case Operation(kind=kind) if kind == UPDATE:
                yield from _update(_fields(item, scope), item.changes, item)
            case Operation():
                yield from _operation(item, scope)


def _scope(stream: Stream) -> int:
    """Give the scope of most use: that of the first operation."""
    return next((item.scope for item in stream.items if isinstance(item, Operation)), 1)


def _flow(entry: str, line: int | None) -> str:
    return f"  - {entry}" if line is None else f"  - {entry}  # line {line}"


def _fields(item: Operation, scope: int) -> list[tuple[str, str]]:
    """Give the keys of an operation but for content and changes."""
    number, path = (item.phandle, item.path)
    if item.kind == ADD:
        number = item.parent
        path = item.parent_path or (item.path and (item.path.rpartition("/")[0] or "/"))
    named = number is None and path
    fields = [(item.kind, _quoted(path) if named and path else _number(number or 0))]
    if item.kind == ADD or not named:
        fields += _path_field(item.path)
    if item.kind == ADD:
        if item.phandle:
            fields.append(("phandle", _number(item.phandle)))
        if item.drc is not None:
            fields.append(("drc", f"{item.drc:#x}"))
    if item.scope != scope:
        fields.append(("scope", str(item.scope)))
    if item.clock is not None:
        seconds = f"{item.clock.seconds:.9f}".rstrip("0").rstrip(".")
        fields.append(("clock", f"{item.clock.kind} {seconds}"))
    flags = (("ofdt", item.ofdt), ("typed", item.typed), ("refused", item.refused))
    return fields + [(key, "true") for key, value in flags if value]


def _path_field(path: str | None) -> list[tuple[str, str]]:
    return [] if path is None else [("path", _quoted(path))]


def _entry(fields: list[tuple[str, str]], line: int | None) -> str:
    """Write an entry on one line."""
    if len(fields) == 1:
        return _flow(f"{fields[0][0]}: {fields[0][1]}", line)
    return _flow(f"{{{', '.join(f'{key}: {value}' for key, value in fields)}}}", line)


def _operation(item: Operation, scope: int) -> Iterator[str]:
    fields = _fields(item, scope)
    if item.content is None:
        yield _entry(fields, item.line)
        return
    comment = "" if item.line is None else f"  # line {item.line}"
    for number, (key, value) in enumerate(fields):
        yield f"    {key}: {value}" if number else f"  - {key}: {value}{comment}"
    yield "    node:"
    yield from _node(item.content)


# -- updates -------------------------------------------------------------------------------------


def _update(
    fields: list[tuple[str, str]], changes: list[Change] | None, item: Operation | LooseUpdate
) -> Iterator[str]:
    """Write an update; one that names a property twice as several."""
    if changes is None:
        yield _entry(fields, item.line)
        return
    for part in _without_repeats(changes):
        groups = (
            ("props", [one for one in part if one.verb != REMOVE and not one.exclusive]),
            ("add-props", [one for one in part if one.verb != REMOVE and one.exclusive]),
        )
        told = [(key, _mapping(group)) for key, group in groups if group]
        removed = ", ".join(_quoted(one.name) for one in part if one.verb == REMOVE)
        if removed:
            told.append(("delete-props", f"[{removed}]"))
        yield _entry(fields + (told or [("props", "{}")]), item.line)


def _without_repeats(changes: list[Change]) -> Iterator[list[Change]]:
    """Cut a list of changes where a name comes again."""
    part: list[Change] = []
    names: set[str] = set()
    for change in changes:
        if change.name in names:
            yield part
            part, names = [], set()
        part.append(change)
        names.add(change.name)
    yield part


def _mapping(changes: Iterable[Change]) -> str:
    pairs = [
        (change.name, "null" if change.verb == NAME_ONLY else _value(change.value))
        for change in changes
    ]
    return "{" + ", ".join(f"{_quoted(name)}: {value}" for name, value in pairs) + "}"


# -- nodes ---------------------------------------------------------------------------------------


def _node(top: Content) -> Iterator[str]:
    """Write a node below `node:`, with all below it, then the siblings of the top node."""
    yield from _subtree(top, " " * 6, "")
    if top.siblings:
        yield "      siblings:"
        for sibling in top.siblings:
            yield from _subtree(sibling, " " * 10, "- ")


def _subtree(top: Content, indent: str, dash: str) -> Iterator[str]:
    """Write a node and all below it; indent is that of its keys, dash stands before the first."""
    stack = [(top, indent, dash)]
    while stack:
        node, indent, dash = stack.pop()
        yield f"{indent[: len(indent) - len(dash)]}{dash}name: {_quoted(node.name)}"
        values: dict[str, bytes | None] = {}
        for name, value in node.properties:
            if name in values:
                yield f"{indent}# once more, left out: {_quoted(name)}: {_value(value)}"
            else:
                values[name] = value
        if values:
            pairs = ", ".join(f"{_quoted(name)}: {_value(one)}" for name, one in values.items())
            yield f"{indent}props: {{{pairs}}}"
        if node.children:
            yield f"{indent}children:"
            stack.extend((child, indent + "    ", "- ") for child in reversed(node.children))


# -- scalars -------------------------------------------------------------------------------------


def _number(number: int) -> str:
    return f"{number:#x}" if number else NO_NUMBER


def _value(value: bytes | None) -> str:
    """Write a value so that it reads back: text, cells, or bytes; None is unknown."""
    if value is None:
        return "{unknown: true}"
    if _TEXT.fullmatch(value):
        parts = [_quoted(part.decode("ascii")) for part in value[:-1].split(b"\0")]
        return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
    if value and len(value) % 4 == 0 and len(value) <= 4 * _MOST_CELLS:
        cells = [f"{cell:#x}" for cell in unpack(f">{len(value) // 4}I", value)]
        return cells[0] if len(cells) == 1 else f"[{', '.join(cells)}]"
    return f'{{bytes: "{value.hex()}"}}'


def _quoted(text: str) -> str:
    """Write text in double quotes."""
    characters = spelled(text)
    if characters.isascii() and characters.isprintable() and not _PLAIN.keys() & set(characters):
        return f'"{characters}"'
    return '"' + "".join(map(_escaped, characters)) + '"'


def _escaped(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
