"""The tree while source is read: definitions merge, and what was deleted leaves a gap.

dtc keeps what is deleted in its lists, marked; a later definition of the same name takes the old
place again. The order of properties and nodes in the blob shows it, so a gap is kept here too: a
deleted property has the value GAP, a deleted node stays among the children and is in `deleted`.
close() takes all gaps out.

A block is *fresh* if its node was not there before. dtc merges a block into an existing node entry
by entry, but adds a fresh one as a whole; so in a fresh block a second definition of a name is a
mistake, and deleting has no effect but a gap.
Source: dtc livetree.c, merge_nodes, delete_node, add_label, get_node_by_ref.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.limits import MAX_SOURCE_STEPS
from dtovl.model.node import Node

if TYPE_CHECKING:
    from dtovl.codes.base import Code


class Pending(bytes):
    """A value that holds references or labels.

    references are (offset, what is referred to, as path) by offset: a cell 0xffffffff to be
    replaced by a phandle, or the point where a path is to be inserted. labels stand inside.
    """

    references: list[tuple[int, str, bool]]
    labels: tuple[str, ...]


class Gap(bytes):
    """The value of a deleted property."""


GAP = Gap()


class Repeated(NamedTuple):
    """A name that a block uses twice: the code for it, its node, both places."""

    code: Code
    node: Node
    name: str
    place: int
    first: int


class WorkLimit(Exception):
    """The source makes deleting or looking up labels cost too much."""


class Draft:
    """The nodes read so far.

    labels      node -> labels, the first of dtc's list last; deleted ones stay
    by_label    label -> nodes that carry it now
    inner       (node, key) -> labels of the property
    places      node, or (node, key) -> place of its last definition
    omit        nodes to leave out unless they are referred to
    deleted     nodes that are gaps
    buried      nodes that were deleted at some time; some may be defined again
    repeated    second definitions in one block, wrong unless the node is deleted later
    """

    __slots__ = (
        "_gapped",
        "_work",
        "buried",
        "by_label",
        "deleted",
        "fragments",
        "inner",
        "labels",
        "omit",
        "places",
        "repeated",
        "root",
    )

    def __init__(self) -> None:
        self.root = Node("")
        self.labels: dict[Node, list[str]] = {}
        self.by_label: dict[str, list[Node]] = {}
        self.inner: dict[tuple[Node, str], list[str]] = {}
        self.places: dict[Node | tuple[Node, str], int] = {}
        self.omit: set[Node] = set()
        self.deleted: set[Node] = set()
        self.buried: set[Node] = set()
        self.repeated: list[Repeated] = []
        self.fragments = 0
        self._gapped: set[Node] = set()
        self._work = 0

    # -- labels --------------------------------------------------------------------------------

    def add_labels(self, node: Node, labels: list[str], fresh: bool) -> None:
        """Put labels on a node; they come before those it has, in the order of dtc's list."""
        for label in labels:
            nodes = self.by_label.setdefault(label, [])
            self.work(len(nodes))
            if node not in nodes:
                nodes.append(node)
        known = self.labels.setdefault(node, [])
        for label in reversed(labels) if fresh else labels:
            self.work(len(known))
            if label not in known:
                known.append(label)

    def live_labels(self, node: Node) -> list[str]:
        """List the labels of a node, in the order of dtc's list."""
        return [
            label for label in reversed(self.labels[node]) if node in self.by_label.get(label, ())
        ]

    def label_property(self, node: Node, key: str, labels: list[str]) -> None:
        """Put labels on a property; they stay when it is set again."""
        known = self.inner.setdefault((node, key), [])
        known.extend(label for label in labels if label not in known)

    # -- look-up -------------------------------------------------------------------------------

    def find(self, reference: str) -> Node | None:
        """Find the node of a reference: label, /path, or label/path. `/` is the root."""
        if reference.startswith("/"):
            return self.find_below(self.root, reference)
        label, slash, path = reference.partition("/")
        node = self.find_label(label)
        return self.find_below(node, path) if slash and node is not None else node

    def find_below(self, node: Node, path: str) -> Node | None:
        """Find a node by a path from another; slashes more than needed do not matter."""
        for name in path.split("/"):
            if name:
                child = node.children.get(name)
                if child is None or child in self.deleted:
                    return None
                node = child
        return node

    def find_label(self, label: str) -> Node | None:
        """Find the node that carries a label, the first in the tree if there are several."""
        nodes = self.by_label.get(label)
        if not nodes:
            return None
        if len(nodes) == 1:
            return nodes[0]
        for node in self.root.walk():
            self.work(len(nodes))
            if node in nodes:
                return node
        return None

    def work(self, steps: int) -> None:
        """Count steps that a source can make cost more than its size. Raises WorkLimit."""
        self._work += steps
        if self._work > MAX_SOURCE_STEPS:
            raise WorkLimit

    # -- definitions ---------------------------------------------------------------------------

    def child(self, parent: Node, fresh: bool, name: str) -> tuple[Node, bool, bool]:
        """Open the child called name of a block: the node, whether it is fresh, and is repeated.

        Repeated means a second definition in a fresh block, which is a mistake; it is merged.
        """
        child = parent.children.get(name)
        if child is None:
            child = Node(name, parent)
            parent.children[name] = child
            return child, True, False
        if child not in self.deleted:
            return child, False, fresh
        if fresh:
            # dtc has the gap and the new node; what is found there later, it calls a duplicate.
            del parent.children[name]
            child = Node(name, parent)
            parent.children[name] = child
            return child, True, False
        self.deleted.discard(child)
        return child, False, False

    def orphan(self, reference: str) -> Node:
        """Make the next fragment of an overlay and give its `__overlay__`.

        Source: dtc add_orphan_node.
        """
        fragment = Node(f"fragment@{self.fragments}")
        self.fragments += 1
        if reference.startswith("/"):
            fragment.properties["target-path"] = f"{reference}\0".encode("latin-1")
        else:
            target = Pending(b"\xff\xff\xff\xff")
            target.references = [(0, reference, False)]
            target.labels = ()
            fragment.properties["target"] = target
        self.root.add_child(fragment)
        body = Node("__overlay__", fragment)
        fragment.children[body.name] = body
        return body

    # -- deleting ------------------------------------------------------------------------------

    def delete_property(self, node: Node, fresh: bool, key: str) -> bool:
        """Delete a property of a block; tell if there was one to delete."""
        value = node.properties.get(key)
        if value is None and not fresh:
            return False
        if value is None or not fresh:
            node.properties[key] = GAP
            self._gapped.add(node)
            self.inner.pop((node, key), None)
        return value is not None and value is not GAP and not fresh

    def delete_child(self, parent: Node, fresh: bool, name: str) -> bool:
        """Delete a child of a block by its name; tell if there was one to delete."""
        child = parent.children.get(name)
        if child is None:
            if fresh:
                gap = Node(name, parent)
                parent.children[name] = gap
                self.deleted.add(gap)
                self._gapped.add(parent)
            return False
        if fresh or child in self.deleted:
            return False
        self.delete(child)
        return True

    def delete(self, node: Node) -> None:
        """Delete a node and all below it; properties and nodes become gaps, labels go."""
        stack = [node]
        while stack:
            node = stack.pop()
            if node in self.deleted:
                continue
            self.deleted.add(node)
            self.buried.add(node)
            self._gapped.add(node)
            if node.parent is not None:
                self._gapped.add(node.parent)
            self.work(1 + len(node.children) + len(node.properties))
            stack.extend(node.children.values())
            for key in node.properties:
                node.properties[key] = GAP
                self.inner.pop((node, key), None)
            for label in self.labels.get(node, ()):
                holders = self.by_label.get(label, [])
                if node in holders:
                    holders.remove(node)

    def close(self) -> None:
        """Take all gaps out of the tree."""
        for node in self._gapped:
            node.properties = {k: v for k, v in node.properties.items() if v is not GAP}
            children = node.children.items()
            node.children = {k: child for k, child in children if child not in self.deleted}
        self._gapped.clear()
