"""The tree that a log implies, for a replay without a base.

Every node that a delete, an update or an `ignoring add` line names was there, with its phandle
where the line has one, and so were all above it, the parents of adds, what a listing before the
first operation shows, and what somebody holds. A node that the log first speaks of when it is
added was not there. Nothing is known of the properties of these nodes.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from dtovl.model.limits import MAX_DEPTH
from dtovl.model.node import Node
from dtovl.model.tree import Tree
from dtovl.replay.stream import ADD, Base, Listing, LooseUpdate, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.replay.stream import NamedHolder, Stream


def parent_path(path: str) -> str:
    """Give the path of the parent of what path names."""
    return path.rstrip("/").rpartition("/")[0] or "/"


def base_name(path: str) -> str:
    """Give the last name of a path."""
    return path.rstrip("/").rpartition("/")[2]


def path_below(parent: str, name: str) -> str:
    """Give the path of a node called name below the path of its parent."""
    return f"{parent.rstrip('/')}/{name}"


def infer_base(stream: Stream, holders: Iterable[NamedHolder]) -> Base:
    """Make the tree that the stream and the holders imply; all its nodes are without properties.

    Holders without a line are told before the log; the others count from their line on.
    """
    sketch = _Sketch()
    started = False
    links: deque[tuple[int, str]] = deque()
    for holder in holders:
        if holder.line is None:
            sketch.make(holder.path)
        else:
            links.append((holder.line, holder.path))
    for item in stream.items:
        while links and item.line is not None and links[0][0] < item.line:
            sketch.make(links.popleft()[1])
        if isinstance(item, Operation):
            started = True
            sketch.take(item)
        elif isinstance(item, LooseUpdate):
            started = True
            if item.path is not None:
                sketch.make(item.path, item.phandle)
        elif isinstance(item, Listing) and not started:
            sketch.make(item.path)
            for name in item.names:
                sketch.make(path_below(item.path, name))
    for _, path in links:
        sketch.make(path)
    return Base(sketch.tree, {})


class _Sketch:
    """A tree that grows with the paths the log mentions."""

    def __init__(self) -> None:
        self.tree = Tree(Node(""))
        self._brought: set[str] = set()

    def take(self, operation: Operation) -> None:
        """Make the nodes that an operation shows to have been there."""
        if operation.kind != ADD or operation.typed:
            if operation.path is not None:
                self.make(operation.path, operation.phandle or 0)
            return
        path = operation.path
        above = operation.parent_path
        if above is None and path is not None:
            above = parent_path(path)
        if above is not None:
            self.make(above)
        if path is not None:
            self._bring(path)
        if operation.content is not None and above is not None:
            self._bring_content(operation, above)

    def _bring_content(self, operation: Operation, above: str) -> None:
        content = operation.content
        assert content is not None
        stack = [(above, top) for top in (content, *content.siblings)]
        while stack:
            parent, one = stack.pop()
            path = path_below(parent, one.name)
            self._bring(path)
            stack.extend((path, child) for child in one.children)

    def _bring(self, path: str) -> None:
        names = [name for name in path.split("/") if name]
        node: Node | None = self.tree.root
        for name in names:
            node = None if node is None else node.children.get(name)
        if node is None:
            self._brought.add("/".join(names))

    def make(self, path: str, phandle: int = 0) -> None:
        """Make a node and all above it, but not one that an add brought; the first phandle counts.

        A path that is none, or deeper than any tree, makes nothing.
        """
        names = [name for name in path.split("/") if name]
        if not path.startswith("/") or len(names) > MAX_DEPTH:
            return
        if names and "/".join(names) in self._brought:
            names.pop()
            phandle = 0
        node = self.tree.root
        for name in names:
            child = node.children.get(name)
            if child is None:
                child = Node(name)
                node.add_child(child)
            node = child
        if phandle and not node.phandle:
            node.phandle = phandle
