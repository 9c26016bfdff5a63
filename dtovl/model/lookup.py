"""Finding the node a person means: lenient paths, and what was probably meant instead."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from dtovl.model.cells import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

# Least likeness (0 to 1) of a suggestion: four letters of five, or `i2c1` for `i2c2`.
_LIKENESS = 0.7

# Most names compared letter by letter, some 20 us each.
_MAX_COMPARED = 2000

# Comparing letter by letter is quadratic in the length; nobody misspells more than this.
_MAX_LENGTH = 256

# Letters from here on, outside ASCII, count as one.
_OTHER_LETTERS = 127
_BITS = [1 << min(letter, _OTHER_LETTERS) for letter in range(256)]


def find_lenient(tree: Tree, wanted: str) -> list[Node]:
    """List the nodes that a path as people type it may mean; the caller asks when it is several.

    Tried in this order, the first that leads anywhere counts: the exact path; behind it options
    (`:115200n8`) cut off; an alias, a label (`uart0`, `&uart0`), each with or without a path
    below; a path without its leading slash. Unit addresses may be missing from any name of a path
    (`/soc/serial` is `/soc/serial@1000`).
    """
    wanted = wanted.strip()
    if wanted.startswith("&{") and wanted.endswith("}"):
        wanted = wanted[2:-1]
    if not wanted:
        return []
    exact = tree.find(wanted)
    if exact is not None:
        return [exact]
    found = _find(tree, wanted)
    if not found and ":" in wanted:
        found = _find(tree, wanted.partition(":")[0])
    return found


def _find(tree: Tree, wanted: str) -> list[Node]:
    if wanted.startswith("/"):
        return _descend([tree.root], wanted)
    first, _, rest = wanted.partition("/")
    if first.startswith("&"):
        return _descend(_labelled(tree, first[1:]), rest)
    for starts in (_aliased(tree, first), _labelled(tree, first)):
        found = _descend(starts, rest)
        if found:
            return found
    return _descend([tree.root], wanted)


def _aliased(tree: Tree, alias: str) -> list[Node]:
    aliases = tree.aliases
    path = text(aliases.properties.get(alias, b"")) if aliases is not None else None
    return _descend([tree.root], path) if path and path.startswith("/") else []


def _labelled(tree: Tree, label: str) -> list[Node]:
    for node, labels in tree.labels.items():
        if label in labels:
            return [node]
    symbols = tree.symbols
    path = text(symbols.properties.get(label, b"")) if symbols is not None else None
    return _descend([tree.root], path) if path and path.startswith("/") else []


def _descend(starts: list[Node], path: str) -> list[Node]:
    """Follow path below each of starts; a name without unit address stands for any."""
    found = starts
    for name in path.split("/"):
        if name and found:
            found = [child for node in found for child in _children_called(node, name)]
    return found


def _children_called(node: Node, name: str) -> list[Node]:
    exact = node.children.get(name)
    if exact is not None:
        return [exact]
    if "@" in name:
        return []
    stem = name + "@"
    return [child for child in node.children.values() if child.name.startswith(stem)]


def same_unit(tree: Tree, path: str) -> list[Node]:
    """List the nodes that a path leading nowhere may have meant, the likeliest first.

    First those of the same last name, then those of the same name with another unit address,
    last those of the same unit address; each in tree order. What lies in `/__symbols__` and the
    fixups is left out.
    """
    wanted = path.rstrip("/").rpartition("/")[2].partition(":")[0]
    stem, _, unit = wanted.partition("@")
    if not wanted:
        return []
    ranked: tuple[list[Node], list[Node], list[Node]] = ([], [], [])
    for top in tree.children_of(tree.root):
        if top.name.startswith("__"):
            continue
        for node in tree.walk(top):
            name, _, address = node.name.partition("@")
            if node.name == wanted:
                ranked[0].append(node)
            elif unit and address == unit:
                ranked[1 if name == stem else 2].append(node)
            elif name == stem:
                ranked[1].append(node)
    return [node for nodes in ranked for node in nodes]


def nearest(wanted: str, candidates: Iterable[str], count: int = 3) -> list[str]:
    """List the candidates most like wanted, the likest first; none when nothing is like it.

    Among equally like ones that differ in their numbers the nearer number comes first:
    for `uart6` that is `uart5`, before `uart1`.
    """
    folded = wanted[:_MAX_LENGTH].lower()
    numbers, letters, length = _numbers(folded), _letters(folded), len(folded)
    found = []
    for size, names in _by_length(tuple(_promising(folded, candidates))):
        # Most share too few letters, in whatever order, to be like it.
        least = _LIKENESS * (size + length)
        if 2 * min(size, length) < least:
            continue
        for candidate, own in _lettered(names):
            if 2 * (own & letters).bit_count() < least:
                continue
            likeness = _likeness(candidate.lower(), folded)
            if likeness >= _LIKENESS:
                found.append((-likeness, _distance(numbers, _numbers(candidate)), candidate))
    return [candidate for _, _, candidate in sorted(found)[:count]]


def _promising(folded: str, candidates: Iterable[str]) -> Iterable[str]:
    """Of very many candidates leave out all but the best bets."""
    names = list(candidates)
    if len(names) <= _MAX_COMPARED:
        return names
    pairs = {folded[index : index + 2] for index in range(len(folded) - 1)}

    def shared(name: str) -> int:
        lower = name.lower()
        return sum(pair in lower for pair in pairs)

    longest = _longest(len(folded))
    rest = [name for name in dict.fromkeys(names) if len(name) <= longest]
    return sorted(rest, key=shared, reverse=True)[:_MAX_COMPARED]


def _longest(length: int) -> int:
    """Give the most characters that a name like one of this length can have."""
    return min(_MAX_LENGTH, int(length * (2 / _LIKENESS - 1)) + 1)


@lru_cache(maxsize=16)
def _by_length(names: tuple[str, ...]) -> list[tuple[int, tuple[str, ...]]]:
    """Give names, each once, by length; those of one board are asked for often.

    Those that are too long to be like any other are left out.
    """
    found: dict[int, list[str]] = {}
    for name in dict.fromkeys(names):
        found.setdefault(len(name), []).append(name)
    return [(size, tuple(same)) for size, same in found.items() if size <= _MAX_LENGTH]


@lru_cache(maxsize=256)
def _lettered(names: tuple[str, ...]) -> list[tuple[str, int]]:
    """Give names with their letters."""
    return [(name, _letters(name)) for name in names]


@lru_cache(maxsize=1 << 16)
def _likeness(one: str, other: str) -> float:
    """Tell how like two names are, 0 to 1; boards of one family lack, and have, the same ones."""
    from difflib import SequenceMatcher  # costs start-up time; only failures need it

    return SequenceMatcher(None, one, other, autojunk=False).ratio()


@lru_cache(maxsize=1 << 16)
def _letters(name: str) -> int:
    """Give the letters of a name, case folded, as a set of bits; a second `a` has a bit of its own.

    Labels are compared over and over, as boards of one family share most of theirs.
    """
    bits = 0
    for letter in name.lower().encode("latin-1", "replace"):
        bit = _BITS[letter]
        while bits & bit:
            bit <<= _OTHER_LETTERS + 1
        bits |= bit
    return bits


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d{1,9}", name)]


def _distance(numbers: list[int], others: list[int]) -> int:
    return sum(abs(one - other) for one, other in zip(numbers, others, strict=False))
