"""Two overlays really applied in both orders: for the pairs that sets do not settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import SetProperty
from dtovl.checks.numbers import joined, own_references
from dtovl.checks.touched import fresh_spots, is_phandle, meaning
from dtovl.model.node import Node, plain_name
from dtovl.overlay.apply import apply_overlay

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtovl.changeset import Entry
    from dtovl.checks.touched import Meaning, Spot
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome


class Place(NamedTuple):
    """What differs: a property, or a node where key is "".

    one and other are the values after the first order and after the other, None for absent; of a
    node, the bytes are empty.
    """

    spot: Spot
    key: str
    one: Meaning | None
    other: Meaning | None


class Tried(NamedTuple):
    """What came of both orders: the outcome that is refused in each, None where all apply.

    places are the differences where both apply.
    """

    refused: Outcome | None
    refused_back: Outcome | None
    places: tuple[Place, ...]

    @property
    def depends(self) -> bool:
        """Tell whether the result depends on the order."""
        return bool(self.places) or (self.refused is None) != (self.refused_back is None)


def try_both(tree: Tree, first: Outcome, second: Outcome, dialect: Dialect) -> Tried:
    """Apply two overlays to the tree in both orders; the tree is as before afterwards.

    They are given by what came of each alone: one that is refused then is refused as the first.
    Trees are equal when they hold the same but for the numbers of phandles and the order of
    siblings and properties.
    """
    largest = largest_phandle(tree, dialect)
    mine, theirs = (own_references(one.overlay, dialect).offsets for one in (first, second))
    offsets = {**mine, **theirs}
    offsets.update((key, joined(mine[key], theirs[key])) for key in mine.keys() & theirs.keys())
    whole = first.applies and second.applies
    one = _Result(tree, (first, second), dialect, offsets, largest, whole=whole)
    other = _Result(tree, (second, first), dialect, offsets, largest, whole=whole)
    if one.refused is not None or other.refused is not None:
        return Tried(one.refused, other.refused, ())
    return Tried(None, None, tuple(_differences(one, other)))


def largest_phandle(tree: Tree, dialect: Dialect) -> int:
    """Give the largest phandle of a tree as the dialect counts."""
    return tree.largest_phandles()[1 if dialect.phandle_field else 0]


class _Result:
    """What overlays in one order make of the places that they touch: values, and new nodes.

    These are left out unless whole: what there is to compare is that one order is refused.
    """

    __slots__ = ("nodes", "refused", "values")

    def __init__(
        self,
        tree: Tree,
        alone: tuple[Outcome, Outcome],
        dialect: Dialect,
        offsets: Mapping[str, tuple[int, ...]],
        largest: int,
        *,
        whole: bool,
    ) -> None:
        self.values: dict[tuple[Spot, str], Meaning | None] = {}
        self.nodes: dict[Spot, None] = {}
        first, second = alone
        self.refused: Outcome | None = first
        if not first.applies:
            return
        # That the first one applies to the plain base is known, and what comes of it.
        first.changeset.apply(tree)
        after = apply_overlay(tree, second.overlay, dialect, 2)
        self.refused = None if after.applies else after
        if whole and after.applies:
            entries = [*first.changeset.entries, *after.changeset.entries]
            self._read(tree, entries, offsets, largest)
        after.changeset.revert(tree)
        first.changeset.revert(tree)

    def _read(
        self,
        tree: Tree,
        entries: Sequence[Entry],
        offsets: Mapping[str, tuple[int, ...]],
        largest: int,
    ) -> None:
        fresh = fresh_spots(entries)
        self.nodes = dict.fromkeys(fresh.values())

        def find(number: int) -> Spot | None:
            node = tree.by_phandle.get(number)
            if number in tree.shared_phandles:
                # Who reads the result finds the first in tree order.
                node = next(one for one in tree.walk() if one.phandle == number)
            return None if node is None else fresh.get(node, node)

        touched = [(entry.node, entry.key) for entry in entries if isinstance(entry, SetProperty)]
        touched += [(node, key) for node in fresh for key in node.properties]
        for node, key in dict.fromkeys(touched):
            value = node.properties.get(key)
            if value is not None and not (is_phandle(key) and len(value) == 4):
                places = offsets.get(plain_name(key))
                spot = fresh.get(node, node)
                self.values[spot, key] = meaning(value, places, largest, find) if places else value


def _differences(one: _Result, other: _Result) -> Iterator[Place]:
    """Give what differs; a node that only one order makes is one difference, whatever it holds."""
    for spot in {**one.nodes, **other.nodes}:
        here, there = spot in one.nodes, spot in other.nodes
        if here != there:
            yield Place(spot, "", b"" if here else None, b"" if there else None)
    for spot, key in {**one.values, **other.values}:
        if not isinstance(spot, Node) and (spot in one.nodes) != (spot in other.nodes):
            continue
        # A place that an order leaves alone has there what the base has.
        absent = spot.properties.get(key) if isinstance(spot, Node) else None
        here_value = one.values.get((spot, key), absent)
        there_value = other.values.get((spot, key), absent)
        if here_value != there_value:
            yield Place(spot, key, here_value, there_value)
