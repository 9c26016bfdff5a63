"""Values of a merged tree with references as their authors wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.specifiers import References, pair_nodes
from dtovl.overlay.owners import OVERLAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.changes import FragmentChanges
    from dtovl.overlay.outcome import Outcome
    from dtovl.overlay.owners import Layer, Placed


class MergedReferences:
    """Names of the nodes that cells of a merged tree refer to.

    The fixups of an overlay tell exactly which cells of what it brought are references, also in
    properties that nobody knows; for all others the names of properties tell.
    """

    __slots__ = ("_base", "_live", "_overlay", "_sources", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._base = References(tree)
        self._overlay: References | None = None
        self._sources: dict[Node, Node] = {}
        self._live: dict[Node, Node] = {}

    def enter_overlay(self, outcome: Outcome) -> None:
        """Take the fixups of this overlay from now on."""
        self._overlay = References(outcome.overlay.tree)
        self._live = {}
        for fragment in outcome.overlay.fragments:
            target = outcome.targets.get(fragment.node)
            if target is not None:
                self._live.update(pair_nodes(fragment.content, target))

    def enter_fragment(self, changes: FragmentChanges) -> None:
        """Take the nodes that this fragment merged."""
        fragment, target = changes.fragment, changes.target
        self._sources = {}
        if fragment is not None and target is not None:
            contents = (child for child in fragment.children.values())
            for content in contents:
                pairs = pair_nodes(content, target)
                self._sources.update({live: source for source, live in pairs.items()})

    def source_of(self, node: Node) -> Node | None:
        """Give the node of the overlay's fragment that was merged into a node."""
        return self._sources.get(node)

    def old(self, node: Node, key: str, value: bytes) -> dict[int, str]:
        """Give byte offset -> label or path for a value that the tree had before."""
        return self._base.names(node, key, value)

    def new(self, node: Node, key: str, value: bytes) -> dict[int, str]:
        """Give byte offset -> label or path for a value that the overlay brought."""
        names = self._base.names(node, key, value)
        source = self._sources.get(node)
        if source is None or self._overlay is None:
            return names
        brought = source.properties.get(key, b"")
        for offset, owner in self._overlay.sites(source, key, brought):
            labels = self._overlay.tree.labels_of(owner)
            live = self._live.get(owner)
            if labels or live is not None:
                names[offset] = labels[0] if labels or live is None else live.path
        names.update(self._overlay.outside(source, key))
        return {offset: name for offset, name in names.items() if offset + 4 <= len(value)}


class LayerReferences:
    """Names of the nodes that cells refer to, in values that overlays of a stack brought.

    Unlike MergedReferences it answers for any layer of any property, whoever has hidden it since.
    """

    __slots__ = ("_live", "_named", "_sources", "tree")

    def __init__(self, tree: Tree, overlays: Iterable[Placed]) -> None:
        self.tree = tree
        self._named = References(tree)
        # Overlay, fragment, node of the tree -> the node that was merged into it, and its fixups.
        self._sources: dict[tuple[int, str, Node], tuple[References, Node]] = {}
        self._live: dict[Node, Node] = {}
        for number, overlay, targets in overlays:
            fixups = References(overlay.tree)
            for fragment in overlay.fragments:
                target = targets.get(fragment.node)
                for source, live in pair_nodes(fragment.content, target).items():
                    self._sources[number, fragment.name, live] = fixups, source
                    self._live[source] = live

    def names(self, node: Node, key: str, layer: Layer) -> dict[int, str]:
        """Give byte offset -> label or path for the value of a layer."""
        value, owner = layer.value or b"", layer.owner
        names = self._named.names(node, key, value)
        found = self._sources.get((owner.number, owner.fragment, node))
        if owner.kind != OVERLAY or found is None:
            return names
        fixups, source = found
        for offset, target in fixups.sites(source, key, source.properties.get(key, b"")):
            labels, live = fixups.tree.labels_of(target), self._live.get(target)
            if labels or live is not None:
                names[offset] = labels[0] if labels or live is None else live.path
        names.update(fixups.outside(source, key))
        return {offset: name for offset, name in names.items() if offset + 4 <= len(value)}
