"""Two overlays really applied in both orders: what dtovl.checks.together has to say without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.together import Together
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.cells import cell, cells
from dtovl.model.compare import difference
from dtovl.model.specifiers import References
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.checks.together import Relation
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay

    Pair = tuple[int, int]
    Result = bytes | list[tuple[str, str, str]] | None


def met(
    tree: Tree, overlays: Sequence[Overlay], dialect: Dialect, base: str = "base.dtb"
) -> Together:
    """Let overlays meet on a base, each alone."""
    together = Together(tree, base, dialect)
    for number, overlay in enumerate(overlays):
        outcome = apply_overlay(tree, overlay, dialect)
        together.add(number, overlay, outcome)
        outcome.changeset.revert(tree)
    return together


def claimed(together: Together) -> dict[Pair, Relation]:
    """Give the pairs of which it is said that their order matters."""
    return {pair: relation for pair, relation in together.relations() if relation.depends}


def depends(
    tree: Tree, one: Overlay, other: Overlay, dialect: Dialect, *, made_up: bool = False
) -> bool:
    """Tell whether the order of two overlays matters, by applying both orders.

    It does when exactly one order applies, or when the trees differ but for the numbers of phandles
    and the order of siblings and properties. made_up: values of the trees hold no number above the
    largest phandle of the base but references, so each of these is one.
    """
    largest = tree.largest_phandles()[1 if dialect.phandle_field else 0]
    results: list[Result] = []
    for order in ((one, other), (other, one)):
        stack = apply_stack(tree, order, dialect)
        if stack.failed is not None:
            results.append(None)
        else:
            results.append(_facts(tree, largest) if made_up else flatten(tree))
        stack.revert(tree)
    first, second = results
    if first is None or second is None:
        return first is not second
    if isinstance(first, bytes) and isinstance(second, bytes):
        return first != second and not same_meaning(first, second, largest)
    return first != second


def same_meaning(first: bytes, second: bytes, largest: int) -> bool:
    """Tell whether blobs are equal up to phandles, as names of properties tell what these are.

    References under names that no binding knows are found by what changed: cells that are, in
    either blob, a phandle above the base's, of one and the same node.
    """
    one, other = unflatten(first), unflatten(second)
    known = References(one), References(other)
    for found in difference(one, other):
        if found.kind != "property-changed" or found.node_a is None or found.node_b is None:
            return False
        old, new = found.old or b"", found.new or b""
        sites = known[0].sites(found.node_a, found.name, old)
        if sites or known[1].sites(found.node_b, found.name, new):
            return False
        if len(old) != len(new) or len(old) % 4:
            return False
        for here, there in zip(cells(old), cells(new), strict=True):
            if here != there and not _same_node(one, here, other, there, largest):
                return False
    return True


def _same_node(one: Tree, here: int, other: Tree, there: int, largest: int) -> bool:
    nodes = one.by_phandle.get(here), other.by_phandle.get(there)
    if nodes[0] is None or nodes[1] is None or min(here, there) <= largest:
        return False
    return nodes[0].path == nodes[1].path


def _facts(tree: Tree, largest: int) -> list[tuple[str, str, str]]:
    found = []
    for node in tree.root.walk():
        found.append((node.path, "", ""))
        for key, value in node.properties.items():
            if key not in PHANDLE_NAMES:
                found.append((node.path, key, _spelled(tree, value, largest)))
            elif len(value) != 4:
                found.append((node.path, key, value.hex()))
    return sorted(found)


def _spelled(tree: Tree, value: bytes, largest: int) -> str:
    words = []
    for offset in range(0, len(value), 4):
        number = cell(value, offset) if offset + 4 <= len(value) else 0
        node = tree.by_phandle.get(number) if number > largest else None
        if node is not None and number in tree.shared_phandles:
            node = next(found for found in tree.walk() if found.phandle == number)
        words.append(value[offset : offset + 4].hex() if node is None else f"&{node.path}")
    return " ".join(words)
