"""What a case changes, as lines a report can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.matrix.result import Change
from dtovl.model.node import plain_name
from dtovl.model.specifiers import References
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.model.values import render
from dtovl.overlay.changes import list_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.changes import FragmentChanges
    from dtovl.overlay.stack import Stack

_MOST_LINES = 200
_MOST_CHARACTERS = 80


def list_plan(tree: Tree, stack: Stack) -> tuple[tuple[Change, ...], int]:
    """List the changes of the overlays in force; and how many more there are than are listed."""
    outcomes = [outcome for outcome in stack.outcomes if outcome.applies]
    references = References(tree)
    lines: list[Change] = []
    more = 0
    for fragments in list_changes(outcomes):
        for line in _lines(fragments, references):
            if len(lines) < _MOST_LINES:
                lines.append(line)
            else:
                more += 1
    return tuple(lines), more


def _lines(fragments: list[FragmentChanges], references: References) -> Iterator[Change]:
    for fragment in fragments:
        for change in fragment.nodes:
            node = change.node
            if change.added:
                yield Change(fragment.name, node.path, "+node")
            for one in change.properties:
                if one.key in PHANDLE_NAMES:
                    continue
                old = _shown(references, node, one.key, one.old)
                new = _shown(references, node, one.key, one.new)
                kind = "+" if one.old is None else "~"
                yield Change(fragment.name, node.path, kind, plain_name(one.key), old, new)


def _shown(references: References, node: Node, key: str, value: bytes | None) -> str:
    if not value:
        return ""
    names = references.names(node, key, value)
    return render(value, name=key, references=names, limit=_MOST_CHARACTERS)
