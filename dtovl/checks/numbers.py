"""Whether the phandles of an overlay are such that only their numbers depend on the order."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from dtovl.model.cells import cell

if TYPE_CHECKING:
    from dtovl.checks.touched import Touched
    from dtovl.model.node import Node

# Sums of the base's largest phandle and those of two overlays stay below all special numbers.
_MOST_OVERLAY = 0x1000_0000
_MOST_BASE = 0x8000_0000


class Numbering(Enum):
    """PLAIN: each reference inside the overlay leads to a node of its own, by a number of its own.

    DANGLING: one leads to no node in the tree, so its number may become another's. WILD: two nodes
    share a number, or numbers are so large, or 0, that sums collide with others.
    """

    PLAIN = "plain"
    DANGLING = "dangling"
    WILD = "wild"

    @classmethod
    def of(cls, touched: Touched, largest: int) -> Numbering:
        """Look at the phandles of an overlay on a base whose largest one is given."""
        numbers: dict[int, Node] = {}
        for node, _, number, rest in touched.plan.phandles:
            odd = not 0 < number < _MOST_OVERLAY or rest
            if odd or numbers.setdefault(number, node) is not node:
                return cls.WILD
        if numbers and largest >= _MOST_BASE:
            return cls.WILD
        if len(set(numbers.values())) < len(numbers):
            return cls.WILD
        return cls.DANGLING if _dangles(touched, numbers) else cls.PLAIN


def _dangles(touched: Touched, numbers: dict[int, Node]) -> bool:
    """Tell whether a reference that reaches the tree leads to a node that does not, or has none."""
    if touched.overlay.deep:
        return True  # what a kernel drops, references to it remain
    kept = {node for node, _ in touched.outcome.clashes}
    contents = {fragment.content for fragment in touched.overlay.fragments}
    lost = {node for node, _ in touched.outcome.dropped}
    known: dict[Node, bool] = {}
    for node, _, value, local, _ in touched.plan.recipes:
        for offset in local:
            owner = numbers.get(cell(value, offset))
            if owner is None or owner in lost:
                sound = False
            else:
                sound = owner in kept or _inside(owner, contents, known)
            if not sound and _inside(node, contents, known):
                return True
    return False


def _inside(node: Node, contents: set[Node], known: dict[Node, bool]) -> bool:
    """Tell whether a node of the overlay is content of a fragment."""
    chain = []
    one: Node | None = node
    while one is not None and one not in known and one not in contents:
        chain.append(one)
        one = one.parent
    found = one is not None and (one in contents or known[one])
    known.update(dict.fromkeys(chain, found))
    return found
