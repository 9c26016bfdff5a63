"""Merging fragments into a base at once, each on the result of the one before (libfdt's way)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode, SetProperty
from dtovl.model.node import REPEAT, Node, plain_name
from dtovl.model.paths import find_merge_child, top_node
from dtovl.model.tree import PHANDLE_NAMES, Origin, Tree, boot_phandle, phandle_in
from dtovl.overlay.fragments import find_target, merged_symbol, node_phandle, symbol_entries
from dtovl.resolve import Refused, Resolved, Turning

if TYPE_CHECKING:
    from dtovl.changeset import Positions
    from dtovl.overlay.outcome import Outcome


def merge(tree: Tree, outcome: Outcome, resolved: Resolved, number: int) -> None:
    """Merge all fragments of an overlay, then its symbols; changes are in force at once.

    Raises Refused; what was merged until then is in outcome.changeset, for the caller to revert.
    Source: libfdt overlay_prevent_phandle_overwrite, overlay_merge, overlay_symbol_update.
    """
    overlay, dialect = outcome.overlay, outcome.dialect
    if dialect.keeps_base_phandles:
        _keep_phandles(tree, outcome, resolved)
    for fragment in overlay.fragments:
        target = find_target(tree, fragment, resolved, dialect)
        outcome.targets[fragment.node] = target
        origin = Origin(number, overlay.name, fragment.name)
        _Merger(tree, outcome, resolved, origin).merge(fragment.content, target)
    _merge_symbols(tree, outcome, resolved, number)


def _keep_phandles(tree: Tree, outcome: Outcome, resolved: Resolved) -> None:
    """Find the overlay's nodes that exist in the base with another phandle, and settle them.

    Fragment by fragment: the target of a later one may be a reference turned by an earlier one.
    """
    dialect = outcome.dialect
    turning = Turning(resolved)
    ways = resolved.plan.ways
    for fragment in outcome.overlay.fragments:
        turning.settle(fragment.node)
        try:
            target = find_target(tree, fragment, resolved, dialect)
        except Refused as refused:
            if dialect.errors[refused.problem] == "FDT_ERR_NOTFOUND":
                continue
            raise
        stack = [(fragment.content, target)] if fragment.content in ways else []
        while stack:
            node, base = stack.pop()
            number = node_phandle(tree, base, dialect)
            if number and resolved.phandles.get(node):
                turning.turn(node, number)
                outcome.clashes.append((node, base))
            for child in reversed(node.children.values()):
                if child in ways:
                    match = find_merge_child(tree, base, child.name, dialect)
                    if match is not None:
                        stack.append((child, match))
    turning.settle()


def _merge_symbols(tree: Tree, outcome: Outcome, resolved: Resolved, number: int) -> None:
    overlay, dialect = outcome.overlay, outcome.dialect
    if overlay.symbols is None:
        return
    origin = Origin(number, overlay.name, overlay.symbols.name)
    symbols = top_node(tree, "__symbols__", dialect)
    if symbols is None:
        symbols = Node("__symbols__")
        outcome.changeset.add(AttachNode(tree.root, symbols, origin), tree)
    positions = overlay.tree.positions
    starts: dict[Node, str] = {}
    for label, value in symbol_entries(overlay, dialect):
        exported = merged_symbol(tree, overlay, label, value, resolved, dialect, starts)
        if exported is not None:
            place = positions.get((overlay.symbols, label)) if positions else None
            entry = SetProperty(symbols, label, exported, origin, head=True, position=place)
            outcome.changeset.add(entry, tree)


class _Merger:
    """Merges one fragment; holds what every step needs."""

    __slots__ = ("changeset", "dialect", "origin", "positions", "resolved", "tree")

    def __init__(self, tree: Tree, outcome: Outcome, resolved: Resolved, origin: Origin) -> None:
        self.tree = tree
        self.changeset = outcome.changeset
        self.dialect = outcome.dialect
        self.resolved = resolved
        self.origin = origin
        self.positions = outcome.overlay.tree.positions

    def merge(self, content: Node, target: Node) -> None:
        """Bring the properties and children of content to target, all the way down.

        Source: libfdt overlay_apply_node.
        """
        tree, changeset = self.tree, self.changeset
        stack = [(content, target)]
        while stack:
            node, base = stack.pop()
            self._properties(node, base)
            below = []
            for child in node.children.values():
                match = find_merge_child(tree, base, child.name, self.dialect)
                if match is None:
                    fresh, places = self._copy(child)
                    changeset.add(AttachNode(base, fresh, self.origin, positions=places), tree)
                else:
                    below.append((child, match))
            below.reverse()
            stack.extend(below)

    def _properties(self, node: Node, base: Node) -> None:
        tree, changeset, origin = self.tree, self.changeset, self.origin
        positions = self.positions
        for key, value in self.resolved.properties(node).items():
            name = plain_name(key)
            place = positions.get((node, key)) if positions else None
            entry = SetProperty(base, name, value, origin, head=True, position=place)
            if name in PHANDLE_NAMES:
                own = {known: base.properties.get(known, b"") for known in PHANDLE_NAMES}
                entry.phandle = phandle_in({**own, name: value})
            changeset.add(entry, tree)

    def _copy(self, start: Node) -> tuple[Node, Positions | None]:
        """Copy a subtree of the overlay as libfdt would build it: what comes later stands first."""
        fresh = Node(start.name)
        made = [fresh]
        places: Positions | None = {} if self.positions else None
        # Per copy: name without unit address -> the child made last, which libfdt finds first.
        latest: dict[Node, dict[str, Node]] = {}
        stack = [(start, fresh)]
        while stack:
            node, copy = stack.pop()
            properties = self.resolved.properties(node)
            if places is None and not copy.properties and REPEAT not in "".join(properties):
                copy.properties.update(properties)
            else:
                self._copy_properties(node, copy, properties, places)
            below = []
            stems = latest.setdefault(copy, {}) if node.children else {}
            for child in node.children.values():
                name = child.name
                into = copy.children.get(name) if "@" in name else stems.get(name)
                if into is None:
                    into = copy.children[name] = stems[name.partition("@")[0]] = Node(name, copy)
                    made.append(into)
                below.append((child, into))
            below.reverse()
            stack.extend(below)
        for copy in made:
            copy.properties = dict(reversed(copy.properties.items()))
            if len(copy.children) > 1:
                copy.children = dict(reversed(copy.children.items()))
            if "phandle" in copy.properties or "linux,phandle" in copy.properties:
                copy.phandle = boot_phandle(copy)
        return fresh, places

    def _copy_properties(
        self, node: Node, copy: Node, properties: dict[str, bytes], places: Positions | None
    ) -> None:
        """Copy properties that may be there already, or have a place in source text."""
        for key, value in properties.items():
            name = plain_name(key)
            copy.properties[name] = value
            if places is not None and (node, key) in self.positions:
                places[copy, name] = self.positions[node, key]
        if places is not None and node in self.positions:
            places[copy] = self.positions[node]
