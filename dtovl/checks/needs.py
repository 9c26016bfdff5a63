"""Overlays that another one needs before it: what several bring together, orders, and cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.checks import reads
    from dtovl.checks.meetings import Meetings
    from dtovl.checks.touched import Touched
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree

MOST_IN_ORDER = 12
"""Overlays of an order that is tried, and shown."""


class Chain(NamedTuple):
    """What an overlay needs in all: the order that works, or the overlays that need each other.

    needs are the overlays it refers to itself, each with what it brings.
    """

    order: tuple[Touched, ...]
    cycle: tuple[Touched, ...]
    needs: tuple[tuple[Touched, reads.Need], ...]


class Needs:
    """Finds chains among the overlays of one base, those that are refused alone among them."""

    __slots__ = ("_dialect", "_exports", "_meetings", "_tree")

    def __init__(self, tree: Tree, meetings: Meetings, dialect: Dialect) -> None:
        self._tree = tree
        self._meetings = meetings
        self._dialect = dialect
        self._exports: dict[str, list[Touched]] = {}
        for touched in meetings.touched.values():
            symbols = touched.overlay.symbols
            if symbols is not None and not touched.outcome.applies:
                for label in symbols.properties:
                    self._exports.setdefault(label, []).append(touched)

    def _direct(self, touched: Touched) -> list[tuple[Touched, reads.Need]] | None:
        """List who brings what a refused overlay lacks; None where nobody does for one thing."""
        found = []
        for need in self._meetings.needs.get(touched, ()):
            providers = self._providers(touched, need)
            if not providers:
                return None
            found.append((providers[0], need))
        return found or None

    def _providers(self, touched: Touched, need: reads.Need) -> list[Touched]:
        """List who may bring something, those that apply alone first."""
        exports = self._exports.get(need[2], ()) if need[0] == "label" else ()
        found = [one for one in self._meetings.providers(need) if one.outcome.applies]
        found.extend(one for one in exports if one is not touched)
        return list(dict.fromkeys(found))

    def chain(self, start: Touched) -> Chain | None:
        """Find the overlays that make a refused one apply; None when they do not, or are many."""
        order: list[Touched] = []
        above: list[Touched] = []
        stack: list[tuple[Touched, bool]] = [(start, False)]
        while stack:
            touched, done = stack.pop()
            if done:
                order.append(above.pop())
            elif touched in above:
                cycle = tuple(above[above.index(touched) :])
                return Chain((), cycle, ()) if len(self.links(cycle)) == len(cycle) else None
            elif touched not in order:
                found = [] if touched.outcome.applies else self._direct(touched)
                if found is None or len(order) + len(above) >= MOST_IN_ORDER:
                    return None
                above.append(touched)
                stack.append((touched, True))
                stack.extend((provider, False) for provider, _ in reversed(found))
        needs = tuple(self._direct(start) or ())
        return Chain(tuple(order), (), needs) if self.works(order) else None

    def links(self, cycle: Sequence[Touched]) -> list[tuple[Touched, Touched, reads.Need]]:
        """Give, for each overlay of a cycle, the next one and what nobody but that brings."""
        found = []
        for one, other in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
            for need in self._meetings.needs.get(one, ()):
                if self._providers(one, need) == [other]:
                    found.append((one, other, need))
                    break
        return found

    def works(self, order: Sequence[Touched]) -> bool:
        """Tell whether overlays apply in an order; the tree is as before afterwards."""
        stack = apply_stack(self._tree, [touched.overlay for touched in order], self._dialect)
        stack.revert(self._tree)
        return stack.failed is None
