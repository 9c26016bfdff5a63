"""Checks of a whole tree, without an overlay: `reg`, unit addresses, symbols, aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.nodes import NodeCheck
from dtovl.codes import effects as codes
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.model.cells import text
from dtovl.model.node import plain_name
from dtovl.model.values import render

if TYPE_CHECKING:
    from dtovl.diagnostics import Location
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree


def check_tree(tree: Tree) -> list[Diagnostic]:
    """List what is odd about a tree as it stands, by path.

    Source: Devicetree Specification v0.4, 2.2.1.1, 2.3.6 and 3.3.
    """
    sink = Sink()

    def place(node: Node, key: str | None) -> Location | None:
        found = tree.positions.get((node, key)) if key is not None else None
        return found or tree.positions.get(node)

    NodeCheck(sink, "", place).run(tree.walk())
    for holder, code in ((tree.symbols, codes.SYMBOL_TO_NOWHERE), (tree.aliases, codes.ALIAS)):
        for key, value in holder.properties.items() if holder is not None else ():
            label = plain_name(key)
            path = text(value)
            if label in _GENERATED or (path and tree.find(path.partition(":")[0]) is not None):
                continue
            if holder is not None:
                at = place(holder, key)
                shown = render(value) or "empty"
                sink.report(code, path=holder.path, at=at, label=label, value=shown, cure=_CURE)
    return sorted(sink, key=lambda found: (found.path, found.code.number))


_CURE = "rebuild from source, so that /__symbols__ fits the nodes"
_GENERATED = frozenset({"name", "phandle", "linux,phandle"})
