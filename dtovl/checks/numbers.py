"""Whether the phandles of an overlay are such that only their numbers depend on the order."""

from __future__ import annotations

from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.cells import cell, pack_cell
from dtovl.model.node import plain_name
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.resolve import Plan

# Sums of the base's largest phandle and those of two overlays stay below all special numbers.
_MOST_OVERLAY = 0x1000_0000
_MOST_BASE = 0x8000_0000


class Numbering(Enum):
    """What the phandles of an overlay do when another one is applied before.

    PLAIN: each reference inside the overlay leads to a node of its own, by a number of its own.
    DANGLING: one leads to no node in the tree, so its number may become another's, or is moved more
    than once. WILD: two nodes share a number, or numbers are so large, or 0, that sums collide.
    """

    PLAIN = "plain"
    DANGLING = "dangling"
    WILD = "wild"


class Own(NamedTuple):
    """What is known of the references of an overlay without any base.

    offsets maps the name of a property to the byte offsets at which the overlay has references
    under it; nodes are those with a phandle, by it; inside are the phandles that its contents refer
    to; labels are those of the base that it wants; literal tells whether a target is a number that
    is written out.
    """

    offsets: dict[str, tuple[int, ...]]
    nodes: dict[int, Node]
    inside: frozenset[int]
    labels: frozenset[str]
    literal: bool
    numbering: Numbering


def own_references(overlay: Overlay, dialect: Dialect) -> Own:
    """Find what is known of the references of an overlay; found once."""
    key = ("references", dialect.name)
    found: Own | None = overlay.known.get(key)
    if found is None:
        found = overlay.known[key] = _own_references(overlay, dialect)
    return found


def numbering(tree: Tree, outcome: Outcome, own: Own, largest: int, dialect: Dialect) -> Numbering:
    """Tell how an overlay is numbered on a base, the overlay being in force.

    largest is the largest phandle of the base.
    """
    if own.numbering is not Numbering.PLAIN or not outcome.applies:
        return own.numbering
    if not own.nodes and not own.inside:
        return Numbering.PLAIN
    if own.nodes and largest >= _MOST_BASE:
        return Numbering.WILD
    if own.inside:
        moved = largest + dialect.delta_extra
        given, nodes = tree.by_phandle, own.nodes
        lost = [one for one in own.inside if one not in nodes or one + moved not in given]
        if lost:
            kept = {node for node, _ in outcome.clashes}
            if not all(nodes.get(one) in kept for one in lost):
                return Numbering.DANGLING
    return Numbering.PLAIN


def reference_offsets(plan: Plan) -> dict[str, tuple[int, ...]]:
    """Give property name -> byte offsets at which an overlay has references under it.

    Properties of one name have their references at the same places but for the odd one, whose
    numbers are no phandles; so the name is enough.
    """
    found: dict[str, tuple[int, ...]] = {}
    for _, key, _, local, outside in plan.recipes:
        key = plain_name(key)
        places = (*local, *(offset for offset, _ in outside))
        known = found.get(key)
        found[key] = places if known is None or known == places else joined(known, places)
    return found


def joined(*offsets: Iterable[int]) -> tuple[int, ...]:
    """Join byte offsets."""
    return tuple(sorted({offset for some in offsets for offset in some}))


def _own_references(overlay: Overlay, dialect: Dialect) -> Own:
    plan = overlay.plan(dialect)
    nodes = {number: node for node, _, number, _ in reversed(plan.phandles)}
    contents = {fragment.content for fragment in overlay.fragments}
    known: dict[Node, bool] = {}
    inside: set[int] = set()
    odd = bool(overlay.deep)
    patched = set()
    for node, key, value, local, outside in plan.recipes:
        if key == "target":
            patched.add(node)
        if local and _inside(node, contents, known):
            inside.update(cell(value, offset) for offset in local)
            odd = odd or _overlap([*local, *(offset for offset, _ in outside)])
    literal = any(
        "target" in fragment.node.properties and fragment.node not in patched
        for fragment in overlay.fragments
    )
    state = Numbering.DANGLING if odd else Numbering.PLAIN
    state = Numbering.WILD if _is_wild(plan) else state
    labels = frozenset(fixup.label for fixup in plan.fixups)
    return Own(reference_offsets(plan), nodes, frozenset(inside), labels, literal, state)


def _is_wild(plan: Plan) -> bool:
    numbers: dict[int, Node] = {}
    for node, key, number, rest in plan.phandles:
        # Kernel and libfdt differ on a node that has only the old name, or two numbers.
        alone = key != "phandle" and node.properties.get("phandle") != pack_cell(number)
        if rest or alone or not 0 < number < _MOST_OVERLAY:
            return True
        if numbers.setdefault(number, node) is not node:
            return True
    return any(recipe.key in PHANDLE_NAMES for recipe in plan.recipes)


def _overlap(offsets: list[int]) -> bool:
    """Tell whether a cell would be moved twice."""
    return any(later - earlier < 4 for earlier, later in pairwise(sorted(offsets)))


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
