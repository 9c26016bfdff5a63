"""Asking a small live tree, for the tests of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.live.state import Live
from dtovl.model.dialect import LINUX
from dtovl.script.queries import QUERIES
from dtovl.script.render import render_log
from support.trees import Content, tree_of

if TYPE_CHECKING:
    from dtovl.model.node import Node

# The recorded kernel was built without interrupt domains and without PCI.
RECORDED = LINUX._replace(irq_domains=False, pci_bus=False)


def live_of(content: Content, dialect: Any = LINUX) -> Live:
    return Live(tree_of(content), dialect)


def ask(live: Live, op: str, **step: Any) -> dict[str, Any]:
    def node_of(path: str) -> Node:
        node = live.tree.find(path)
        assert node is not None, path
        return node

    return QUERIES[op](live, {"op": op, **step}, node_of)


def lines(live: Live) -> list[str]:
    return [entry["text"] for entry in render_log(live.log)]
