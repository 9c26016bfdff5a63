"""Values of a merged tree with references as their authors wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.specifiers import References, pair_nodes

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.changes import FragmentChanges
    from dtovl.overlay.outcome import Outcome


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
