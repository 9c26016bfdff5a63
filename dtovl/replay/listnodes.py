"""Values and nodes of an operation list: from YAML, or from devicetree source inside it."""

from __future__ import annotations

import re
from struct import pack
from typing import TYPE_CHECKING, Any

from dtovl.errors import InputError
from dtovl.model.node import plain_name
from dtovl.replay.connector import MAX_LEVELS
from dtovl.replay.listtext import meant
from dtovl.replay.stream import Content, text_of
from dtovl.yamlfile import Items, Map, Number, Plain

if TYPE_CHECKING:
    from dtovl.model.node import Node

LAST_NUMBER = 0xFFFFFFFF

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
# What YAML 1.1 readers take for a truth value, a number or a time, and YAML 1.2 for text.
_UNSURE = re.compile(
    r"(?i:y|n|yes|no|on|off)|[-+]?(?:[0-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+|0o[0-7_]+)"
    r"|[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(?i:inf|nan)|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9].*"
)


class WrongEntry(Exception):
    """An entry of the list is not what it should be; str() says what, and what was expected."""


def shown(value: object) -> str:
    """Show a value of the list in a message, cut to a bearable length."""
    if isinstance(value, Map):
        return "a mapping"
    if isinstance(value, Items):
        return "a list"
    if isinstance(value, Number | Plain):
        return _cut(str(value))
    return "nothing" if value is None else _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def take_text(value: object, what: str) -> str:
    """Take a text that is not empty, without NUL."""
    if not isinstance(value, str):
        raise WrongEntry(f"{what} is {shown(value)}: expected text (a number as name in quotes)")
    if not value or "\0" in value:
        raise WrongEntry(f"{what} is {shown(value)}: expected text of one letter or more, no NUL")
    return _meant(value)


def take_number(value: object, what: str, low: int = 0, high: int = LAST_NUMBER) -> int:
    """Take a whole number within bounds."""
    if not isinstance(value, Number):
        raise WrongEntry(f"{what} is {shown(value)}: expected a number")
    if _LEADING_ZERO.fullmatch(value.text):
        raise WrongEntry(f"{what} is {value.text}: a 0 in front may mean octal; write 0x for hex")
    if not low <= value <= high:
        raise WrongEntry(f"{what} is {shown(value)}: expected a number from {low:#x} to {high:#x}")
    return int(value)


def take_map(value: object, what: str, keys: frozenset[str]) -> Map:
    """Take a mapping that has no other keys than these."""
    if not isinstance(value, Map):
        raise WrongEntry(f"{what} is {shown(value)}: expected a mapping")
    odd = next((key for key in value if key not in keys), None)
    if odd is not None:
        known = ", ".join(sorted(keys))
        raise WrongEntry(f"{what} has the unknown key {_cut(repr(str(odd)))}: expected {known}")
    return value


def take_list(value: object, what: str) -> Items:
    """Take a list."""
    if not isinstance(value, Items):
        raise WrongEntry(f"{what} is {shown(value)}: expected a list")
    return value


def _meant(characters: str) -> str:
    try:
        return meant(characters)
    except UnicodeEncodeError as error:
        raise WrongEntry(f"{shown(characters)} has half of a surrogate pair in it") from error


# -- properties ----------------------------------------------------------------------------------


def take_properties(value: object, what: str) -> list[tuple[str, Any]]:
    """Take a mapping of properties; give (name, value as it stands in the list)."""
    if not isinstance(value, Map):
        raise WrongEntry(f"{what} is {shown(value)}: expected a mapping of properties")
    return [(take_name(key), given) for key, given in value.items()]


def take_name(value: object) -> str:
    """Take the name of a property."""
    if isinstance(value, Plain) and value == "ibm":
        raise WrongEntry(
            "a property named ibm: a comma ends a name inside braces and brackets, "
            'so names such as "ibm,phandle" stand in quotes there'
        )
    return take_text(value, "the name of a property")


def take_value(name: str, value: Any) -> bytes | None:
    """Take the value of a property; None when the list says that it is not known."""
    match value:
        case Map():
            return _special(name, value)
        case Items():
            return _many(name, value)
        case Number():
            return pack(">I", take_number(value, name))
        case str():
            return _string(name, value)
    raise WrongEntry(
        f"{name} is {shown(value)}: expected a number, text, a list of either, "
        '{bytes: "00ff"} or {unknown: true}'
    )


def _special(name: str, value: Map) -> bytes | None:
    if list(value) == ["unknown"] and value["unknown"] is True:
        return None
    if list(value) == ["bytes"]:
        digits = str(value["bytes"])
        if isinstance(value["bytes"], str | Number) and _HEX.fullmatch(digits):
            return bytes.fromhex(digits)
    raise WrongEntry(f'{name} is a mapping: expected {{bytes: "00ff"}} or {{unknown: true}}')


def _many(name: str, value: Items) -> bytes:
    if all(isinstance(entry, Number) for entry in value):
        return b"".join(pack(">I", take_number(entry, f"a cell of {name}")) for entry in value)
    if all(isinstance(entry, str) for entry in value):
        return b"".join(_string(name, entry) for entry in value)
    raise WrongEntry(f"{name} is a list of several kinds: expected all numbers, or all text")


def _string(name: str, value: str) -> bytes:
    if isinstance(value, Plain) and _UNSURE.fullmatch(value):
        raise WrongEntry(
            f"{name} is {shown(value)}, which may be no text to others: put it in quotes"
        )
    return _meant(value).encode("utf-8", "surrogateescape") + b"\0"


# -- nodes ---------------------------------------------------------------------------------------

_KEYS = frozenset(("name", "props", "children"))


def take_node(value: object) -> Content:
    """Take a node with all below it, and the siblings of the top node."""
    siblings: list[object] = []
    if isinstance(value, Map) and "siblings" in value:
        siblings = take_list(value["siblings"], "siblings")
        value = _without(value, "siblings")
    top = _subtree(value)
    top.siblings = [_subtree(sibling) for sibling in siblings]
    return top


def _without(value: Map, key: str) -> Map:
    rest = Map(value.line, value.column)
    rest.update((name, entry) for name, entry in value.items() if name != key)
    return rest


def _subtree(value: object) -> Content:
    holder = Content("")
    stack: list[tuple[object, Content, int]] = [(value, holder, 1)]
    while stack:
        given, parent, level = stack.pop()
        if level > MAX_LEVELS:
            raise WrongEntry(f"a node has more than {MAX_LEVELS} levels")
        told = take_map(given, "a node", _KEYS)
        node = Content(take_text(told.get("name"), "the name of a node"))
        for name, entry in take_properties(told["props"], "props") if "props" in told else ():
            node.properties.append((name, b"" if entry is None else take_value(name, entry)))
        parent.children.append(node)
        if "children" in told:
            children = take_list(told["children"], "children")
            stack.extend((child, node, level + 1) for child in reversed(children))
    return holder.children[0]


def take_source(value: object) -> Content:
    """Take a node written as devicetree source; further nodes beside it are siblings."""
    if not isinstance(value, str):
        raise WrongEntry(f"dts is {shown(value)}: expected devicetree source (`dts: |`)")
    from dtovl.dts.reader import read_source

    raw = _meant(value).encode("utf-8", "surrogateescape")
    try:
        tree = read_source(b"/dts-v1/; / { " + raw + b"\n};\n", "dts")
    except InputError as error:
        found = error.diagnostic
        line = f" line {found.where.line}" if found.where else ""
        raise WrongEntry(f"dts{line}: {found.message}") from error
    nodes = list(tree.root.children.values())
    if not nodes or tree.root.properties:
        raise WrongEntry("dts has no node, or properties outside of it: expected `name { ... };`")
    top, *siblings = [_content(node) for node in nodes]
    top.siblings = siblings
    return top


def _content(top: Node) -> Content:
    """Copy a node with all below it."""
    holder = Content("")
    stack = [(top, holder, 1)]
    while stack:
        node, parent, level = stack.pop()
        if level > MAX_LEVELS:
            raise WrongEntry(f"a node has more than {MAX_LEVELS} levels")
        copy = Content(text_of(node.name))
        for key, value in node.properties.items():
            copy.properties.append((text_of(plain_name(key)), value))
        parent.children.append(copy)
        stack.extend((child, copy, level + 1) for child in reversed(node.children.values()))
    return holder.children[0]
