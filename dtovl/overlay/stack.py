"""Several overlays in a row: each on the result of those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.overlay.apply import apply_overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome


class Stack:
    """Overlays applied in order, up to the first that is refused."""

    __slots__ = ("dialect", "outcomes")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.outcomes: list[Outcome] = []

    @property
    def failed(self) -> Outcome | None:
        """Give the outcome of the overlay that was refused, None when all are in force."""
        last = self.outcomes[-1] if self.outcomes else None
        return None if last is None or last.applies else last

    def revert(self, tree: Tree) -> None:
        """Take all overlays out again, the last one first."""
        for outcome in reversed(self.outcomes):
            outcome.changeset.revert(tree)


def apply_stack(
    tree: Tree,
    overlays: Iterable[Overlay],
    dialect: Dialect,
    observe: Callable[[Outcome, int], None] | None = None,
) -> Stack:
    """Apply overlays in order; a refused one ends it, those before it stay in force.

    observe is called with each outcome and its number, from 1, while the tree is as that overlay
    left it.
    """
    stack = Stack(dialect)
    for number, overlay in enumerate(overlays, 1):
        outcome = apply_overlay(tree, overlay, dialect, number)
        stack.outcomes.append(outcome)
        if observe is not None:
            observe(outcome, number)
        if not outcome.applies:
            break
    return stack
