"""Nodes that the kernel sets up before there are drivers: no device of theirs ever binds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.board import compatibles

if TYPE_CHECKING:
    from collections.abc import Collection

    from dtovl.model.node import Node

ALWAYS = frozenset(
    {"fixed-clock", "fixed-factor-clock", "arm,armv8-timer", "arm,psci-0.2", "arm,psci-1.0"}
)
"""Strings of `compatible` that are set up early, whatever the table of drivers says."""


class Early:
    """Tells which nodes are set up early; also those of more, which are nodes known to be so.

    Source: kernel OF_DECLARE_1, of_clk_init, of_irq_init.
    """

    __slots__ = ("_below", "_known", "_more", "_names")

    def __init__(self, names: Collection[str], more: Collection[Node] = ()) -> None:
        self._names = ALWAYS.union(names)
        self._more = more
        self._known: dict[Node, bool] = {}
        self._below: dict[Node, bool] = {}

    def __contains__(self, node: Node) -> bool:
        """Tell whether a node itself is set up early."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._is_early(node)
        return known

    def _is_early(self, node: Node) -> bool:
        if node in self._more or not self._names.isdisjoint(compatibles(node)):
            return True
        properties = node.properties
        return (
            "interrupt-controller" in properties
            and "interrupts" not in properties
            and "interrupts-extended" not in properties
        )

    def covers(self, node: Node) -> bool:
        """Tell whether a node, or one above it, is set up early."""
        known = self._below
        chain: list[Node] = []
        found = False
        above: Node | None = node
        while above is not None:
            if above in known:
                found = known[above]
                break
            chain.append(above)
            if above in self:
                found = True
                break
            above = above.parent
        for one in chain:
            known[one] = found
        return found

    def anchor(self, node: Node, passed_over: str = "") -> Node | None:
        """Give the node that decides whether a supplier is ready: going up, itself first.

        That is the first one that is set up early, or has `compatible`; None at the root. Nodes
        called passed_over are none.
        """
        above = node
        while above.parent is not None:
            if above.name != passed_over and (above in self or "compatible" in above.properties):
                return above
            above = above.parent
        return None
