"""Names of a tree as the text that logs have them in, for the time of a replay, and back.

A Tree has a character for each byte of a name; a log is UTF-8 text, with surrogate escapes for
bytes that are not. While a replay runs its tree is named as the log is, so that paths compare; in
the end every node, also one that left, gets the names that trees have. ASCII names, which nearly
all are, are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from dtovl.replay.stream import Base, name_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.model.node import Node

_T = TypeVar("_T")


def as_texts(base: Base) -> Base:
    """Name the nodes and properties of a base as logs do."""
    _rename(base.tree.walk(), text_of)
    unknown = {node: {text_of(name) for name in names} for node, names in base.unknown.items()}
    return Base(base.tree, unknown)


def as_names(nodes: Iterable[Node]) -> None:
    """Give nodes and their properties the names that trees have."""
    _rename(nodes, name_of)


def _rename(nodes: Iterable[Node], change: Callable[[str], str]) -> None:
    # Listed first: walking goes by the dicts that are changed.
    for node in list(nodes):
        node.name = change(node.name)
        node.properties = _renamed(node.properties, change)
        node.children = _renamed(node.children, change)


def _renamed(entries: dict[str, _T], change: Callable[[str], str]) -> dict[str, _T]:
    if all(map(str.isascii, entries)):
        return entries
    return {change(key): value for key, value in entries.items()}
