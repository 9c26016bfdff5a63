"""What a tree written as source leaves to its compiler: labels, references, generated tables.

Compiling makes three things that a person does not write: numbers of phandles, `/__symbols__` (with
-@) and the two tables of fixups of an overlay. This module finds what may be left out, by doing
what the compiler will do and comparing:

- Labels come from `/__symbols__`, else from the source the tree was read from.
- References come from the fixups of an overlay, else from the meaning of the property.
- A table is dropped when the labels and references in the text generate it, byte for byte and at
  the same place. A table of fixups that differs is kept as it is, and then no reference is written
  that would add to it. Symbols are generated behind those that the text lists, so of a table that
  differs (an overlay was applied) the text lists the first ones, up to where the order is right.
- A phandle is left out when the compiler will give the node that number at that place: it numbers
  the nodes in the order in which they are first referred to, then (with -@) those with labels,
  always with the smallest number that is free.

Source of the rules: dtc fixup_phandle_references (checks.c), get_node_phandle,
generate_label_tree and generate_fixups_tree (livetree.c).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from dtovl.model.cells import cell, pack_cell
from dtovl.model.node import REPEAT, Node
from dtovl.model.specifiers import (
    FIXUPS,
    LOCAL_FIXUPS,
    MAX_PHANDLE,
    OVERLAY,
    SYMBOLS,
    References,
    is_overlay,
)
from dtovl.model.tree import PHANDLE_NAMES, boot_phandle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.tree import Tree

_NAME = re.compile(r"[a-zA-Z0-9,._+*#?@-]+")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TARGET_PATH = re.compile(r"/[a-zA-Z0-9,._+*#?@/-]*")
_UNRESOLVED = pack_cell(0xFFFFFFFF)


def unwritable(key: str) -> str:
    """Say why source has no words for a key of Node.properties or Node.children; "" if it has."""
    if REPEAT in key:
        return "its node has another of that name"
    return "" if _NAME.fullmatch(key) else "source does not allow its characters"


class Plan:
    """How a tree is written.

    overlay     the text begins with /plugin/
    nodes       every node that source has words for, in tree order (a dict as an ordered set)
    labels      node -> its labels
    references  node -> property key -> byte offset -> label, or path beginning with `/`
    symbols     entries of `/__symbols__` that compiling with -@ generates
    tables      names of the root's subnodes that compiling (with -@) generates, as a whole
    implicit    nodes of which compiling generates the phandle
    sugar       fragment -> `&label` or `&{/path}`, for fragments written in that short form
    """

    __slots__ = ("implicit", "labels", "nodes", "overlay", "references", "sugar", "symbols",
                 "tables", "tree")  # fmt: skip

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.overlay = is_overlay(tree)
        self.nodes = dict.fromkeys(_writable_nodes(tree))
        self.labels = _find_labels(tree, self.nodes)
        self.symbols = _generated_symbols(self)
        finder = _Finder(self)
        self.tables = _generated_tables(self, finder)
        # A table that is kept already lists its references; written as such they would be added.
        local = finder.local if not self.overlay or LOCAL_FIXUPS in self.tables else {}
        outside = finder.outside if FIXUPS in self.tables else {}
        self.references = _joined(finder, local, outside)
        self.implicit = _generated_phandles(self, local)
        self.sugar = _short_fragments(self)


def _writable_nodes(tree: Tree) -> Iterator[Node]:
    stack = [tree.root]
    while stack:
        node = stack.pop()
        yield node
        children = tree.children_of(node)
        named = {child: key for key, child in node.children.items()}
        stack.extend(reversed([child for child in children if not unwritable(named[child])]))


# -- labels --------------------------------------------------------------------------------------


def _find_labels(tree: Tree, nodes: dict[Node, None]) -> dict[Node, list[str]]:
    """Give the labels that the text may define: legal, each once, on nodes that are written.

    dtc has no syntax for a label of the root.
    """
    found: dict[Node, list[str]] = {}
    taken: set[str] = set()
    for node, label in _symbol_labels(tree) if tree.symbols is not None else _text_labels(tree):
        usable = node in nodes and node is not tree.root and _LABEL.fullmatch(label)
        if usable and label not in taken:
            taken.add(label)
            found.setdefault(node, []).append(label)
    return found


def _text_labels(tree: Tree) -> Iterator[tuple[Node, str]]:
    for node, labels in tree.labels.items():
        for label in labels:
            yield node, label


def _symbol_labels(tree: Tree) -> Iterator[tuple[Node, str]]:
    """Give the symbols that lead to a node with a phandle; with -@ another would be given one."""
    symbols = tree.symbols
    for label, value in tree.properties_of(symbols) if symbols is not None else ():
        node = tree.find(value[:-1].decode("latin-1")) if value[-1:] == b"\0" else None
        if node is not None and 0 < boot_phandle(node) <= MAX_PHANDLE:
            yield node, label


# -- references ----------------------------------------------------------------------------------


class _Finder:
    """Every reference that could be written, found once.

    local    node -> property key -> byte offset -> node referred to
    outside  node -> property key -> byte offset -> label of the base
    """

    __slots__ = ("_names", "_plan", "local", "outside", "root")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names: dict[Node, str] = {}
        self.local: dict[Node, dict[str, dict[int, Node]]] = {}
        self.outside: dict[Node, dict[str, dict[int, str]]] = {}
        tree = plan.tree
        self.root = tree.root
        references = References(tree)
        defined = {label for labels in plan.labels.values() for label in labels}
        # An overlay without tables has no references, whatever its properties are called.
        if plan.overlay and not {FIXUPS, LOCAL_FIXUPS} & tree.root.children.keys():
            return
        for node in plan.nodes:
            for key, value in tree.properties_of(node):
                if len(value) < 4 or unwritable(key):
                    continue
                self._add_local(node, key, value, references.sites(node, key, value))
                for offset, label in references.outside(node, key).items():
                    unresolved = value[offset : offset + 4] == _UNRESOLVED and not offset % 4
                    if unresolved and label not in defined and _LABEL.fullmatch(label):
                        self.outside.setdefault(node, {}).setdefault(key, {})[offset] = label

    def _add_local(self, node: Node, key: str, value: bytes, sites: list[tuple[int, Node]]) -> None:
        for offset, owner in sites:
            if not offset % 4 and boot_phandle(owner) == cell(value, offset) and self.name(owner):
                self.local.setdefault(node, {}).setdefault(key, {})[offset] = owner

    def name(self, owner: Node) -> str:
        """Give the label or path by which the text refers to a node; "" when it cannot."""
        name = self._names.get(owner)
        if name is None:
            labels = self._plan.labels.get(owner)
            name = labels[0] if labels else owner.path
            self._names[owner] = name = name if owner in self._plan.nodes else ""
        return name


def _joined(
    finder: _Finder,
    local: dict[Node, dict[str, dict[int, Node]]],
    outside: dict[Node, dict[str, dict[int, str]]],
) -> dict[Node, dict[str, dict[int, str]]]:
    found: dict[Node, dict[str, dict[int, str]]] = {}
    for node, keys in local.items():
        for key, owners in keys.items():
            named = {offset: finder.name(owner) for offset, owner in owners.items()}
            found.setdefault(node, {})[key] = named
    for node, outside_keys in outside.items():
        for key, labels in outside_keys.items():
            found.setdefault(node, {}).setdefault(key, {}).update(labels)
    return found


# -- tables that compiling generates -------------------------------------------------------------


def _generated_tables(plan: Plan, finder: _Finder) -> set[str]:
    """Name the tables at the end of the root that the text generates just as they are.

    Compiling appends `__symbols__`, `__fixups__`, `__local_fixups__`, in this order.
    """
    tree = plan.tree
    tops = [top for top in tree.children_of(tree.root) if top in plan.nodes]
    found: set[str] = set()
    for name, generate in ((LOCAL_FIXUPS, _local_fixups), (FIXUPS, _fixups)):
        actual = tree.root.children.get(name)
        if not plan.overlay or actual is None or tops[-1] is not actual:
            continue
        made = generate(finder)
        if (made.properties or made.children) and _alike(tree, actual, made):
            found.add(name)
            tops.pop()
    symbols = tree.symbols
    whole = symbols is not None and plan.symbols and not symbols.children
    if whole and tops[-1] is symbols and len(plan.symbols) == len(symbols.properties):
        found.add(SYMBOLS)
    return found


def _generated_symbols(plan: Plan) -> set[str]:
    """Find the last entries of the symbols that are in the order in which labels generate them.

    Few of them are not worth that the text says less when it is compiled without -@.
    """
    place = {
        label: index for index, node in enumerate(plan.nodes) for label in plan.labels.get(node, ())
    }
    symbols = plan.tree.symbols
    entries = [key for key, _ in plan.tree.properties_of(symbols)] if symbols is not None else []
    found: set[str] = set()
    last = len(plan.nodes)
    for key in reversed(entries):
        if place.get(key, last + 1) > last:
            break
        last = place[key]
        found.add(key)
    return found if 2 * len(found) > len(entries) else set()


def _fixups(finder: _Finder) -> Node:
    entries: dict[str, list[str]] = {}
    for node, keys in finder.outside.items():
        path = node.path
        for key, labels in keys.items():
            for offset in sorted(labels):
                entries.setdefault(labels[offset], []).append(f"{path}:{key}:{offset}\0")
    table = Node(FIXUPS)
    table.properties = {
        label: "".join(places).encode("latin-1") for label, places in entries.items()
    }
    return table


def _local_fixups(finder: _Finder) -> Node:
    table = Node(LOCAL_FIXUPS)
    mirrors = {finder.root: table}
    for node, keys in finder.local.items():
        missing = []
        above: Node | None = node
        while above is not None and above not in mirrors:
            missing.append(above)
            above = above.parent
        mirror = mirrors[above] if above is not None else table
        for below in reversed(missing):
            child = Node(below.name)
            mirror.add_child(child)
            mirrors[below] = mirror = child
        for key, owners in keys.items():
            mirror.properties[key] = b"".join(map(pack_cell, owners))
    return table


def _alike(tree: Tree, actual: Node, made: Node) -> bool:
    """Compare two subtrees with all names, values and orders; made is in dict order."""
    pairs = [(actual, made)]
    while pairs:
        one, other = pairs.pop()
        children, others = list(tree.children_of(one)), list(other.children.values())
        if [child.name for child in children] != [child.name for child in others]:
            return False
        if list(tree.properties_of(one)) != list(other.properties.items()):
            return False
        pairs.extend(zip(children, others, strict=True))
    return True


# -- phandles that compiling generates -----------------------------------------------------------


def _generated_phandles(plan: Plan, local: dict[Node, dict[str, dict[int, Node]]]) -> set[Node]:
    """Find the most nodes that get their very number when the text has no phandle for them.

    The compiler numbers in one order with the smallest number free each time, and knows the
    numbers that stand in the text beforehand. So those left out must rise in that order, and below
    each of them no number may be free.
    """
    tree = plan.tree
    owners: dict[int, Node] = {}
    shared: set[int] = set()
    for node in plan.nodes:
        number = boot_phandle(node)
        if number and owners.setdefault(number, node) is not node:
            shared.add(number)
    order = dict.fromkeys(
        owner for keys in local.values() for sites in keys.values() for owner in sites.values()
    )
    if plan.symbols:
        order.update(dict.fromkeys(node for node in plan.nodes if node in plan.labels))
    free = 1
    while free in owners:
        free += 1
    numbered = [(boot_phandle(node), node) for node in order if _has_generated_form(tree, node)]
    usable = [(number, node) for number, node in numbered if number < free and number not in shared]
    rising = _longest_rising([number for number, _ in usable])
    return {usable[index][1] for index in rising}


def _has_generated_form(tree: Tree, node: Node) -> bool:
    """Tell whether the phandle stands where a compiler puts it: alone, behind all properties."""
    if PHANDLE_NAMES[1] in node.properties:
        return False
    keys = [key for key, _ in tree.properties_of(node)]
    return keys[-1:] == [PHANDLE_NAMES[0]] and len(node.properties[PHANDLE_NAMES[0]]) == 4


def _longest_rising(numbers: list[int]) -> list[int]:
    """Give the indexes of a longest strictly rising part of numbers (patience sorting)."""
    tails: list[int] = []  # smallest last number of a rising part of length 1, 2, ...
    ends: list[int] = []  # and its index
    before: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        ends[length : length + 1] = [index]
    found = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append(index)
        index = before[index]
    return found[::-1]


# -- fragments -----------------------------------------------------------------------------------


def _short_fragments(plan: Plan) -> dict[Node, str]:
    """Find the fragments for which the short form makes the same nodes.

    That form makes `fragment@0`, `fragment@1`, ... behind all other nodes of the root, each with
    its target and `__overlay__` alone; so all are written so from `fragment@0` to the end, or none.
    """
    if not plan.overlay:
        return {}
    tree = plan.tree
    tops = [
        top
        for top in tree.children_of(tree.root)
        if top in plan.nodes and top.name not in plan.tables
    ]
    first = next((index for index, top in enumerate(tops) if top.name == "fragment@0"), len(tops))
    found = {}
    for number, top in enumerate(tops[first:]):
        target = _short_target(plan, top)
        if not target or top.name != f"fragment@{number}":
            return {}
        found[top] = target
    return found


def _short_target(plan: Plan, fragment: Node) -> str:
    if list(fragment.children) != [OVERLAY] or fragment in plan.labels:
        return ""
    if fragment.children[OVERLAY] in plan.labels or len(fragment.properties) != 1:
        return ""
    path = fragment.properties.get("target-path")
    if path is not None:
        text = path[:-1].decode("latin-1")
        usable = path[-1:] == b"\0" and _TARGET_PATH.fullmatch(text)
        return f"&{{{text}}}" if usable else ""
    label = plan.references.get(fragment, {}).get("target", {}).get(0, "")
    is_label = fragment.properties.get("target") == _UNRESOLVED and label[:1] not in ("", "/")
    return f"&{label}" if is_label else ""
