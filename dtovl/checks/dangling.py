"""What would still point to the nodes of an overlay when it is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, SetProperty
from dtovl.model.bindings import pattern_of
from dtovl.model.cells import cell, cells, text
from dtovl.model.node import Node, plain_name
from dtovl.model.paths import find_merge_child, find_path
from dtovl.model.specifiers import FIXUPS, LOCAL_FIXUPS, SYMBOLS, References

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.diagnostics import Location
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

_TABLES = (SYMBOLS, FIXUPS, LOCAL_FIXUPS)


class Dangling(NamedTuple):
    """A property that points to a node which goes with its overlay.

    kind is `phandle`, `symbol` or `alias`; maker is the number of the overlay whose node target
    is; holder that of the overlay whose property it is, 0 for the base; offset is the byte at
    which the phandle stands, None for a path.
    """

    kind: str
    maker: int
    holder: int
    path: str
    property: str
    offset: int | None
    target: str
    at: Location | None


class Pointers:
    """Finds what points to the nodes that overlays of a stack in force have made."""

    __slots__ = ("_made", "_named", "_numbers", "_outcomes", "_paths", "_references", "_tree")

    def __init__(self, tree: Tree, outcomes: Sequence[Outcome]) -> None:
        self._tree = tree
        self._outcomes = outcomes
        self._references = References(tree)
        self._made: dict[Node, int] = {
            entry.node: number
            for number, outcome in enumerate(outcomes, 1)
            for entry in outcome.changeset.entries
            if isinstance(entry, AttachNode)
        }
        self._numbers = {node.phandle for node in self._made if node.phandle}
        self._paths: dict[str, Node] | None = None
        # Few names of properties come again and again.
        self._named: dict[str, bool] = {}

    def of_overlays(self) -> Iterator[Dangling]:
        """Give what overlays let point to nodes of others, mostly of earlier ones, in order."""
        if not self._made:
            return
        for holder, outcome in enumerate(self._outcomes, 1):
            sites = self._by_label(outcome) if self._numbers else {}
            for entry in outcome.changeset.entries:
                if isinstance(entry, SetProperty):
                    known = sites.get((entry.node, entry.key), ())
                    yield from self._of_property(entry.node, entry.key, holder, known)

    def of_base(self) -> Iterator[Dangling]:
        """Give what the base itself lets point there, in tree order; goes through all of it."""
        tree = self._tree
        stack = [tree.root] if self._made else []
        while stack:
            node = stack.pop()
            paths = node is tree.symbols or node is tree.aliases
            for key in node.properties:
                if paths or self._refers(key):
                    yield from self._of_property(node, key, 0, ())
            below = [
                child
                for child in tree.children_of(node)
                if child not in self._made and not (node is tree.root and child.name in _TABLES[1:])
            ]
            stack.extend(reversed(below))

    def _of_property(
        self, node: Node, key: str, holder: int, known: Sequence[int]
    ) -> Iterator[Dangling]:
        """Give where a property, if it is the holder's now, points to nodes of other overlays."""
        tree = self._tree
        value = node.properties.get(key)
        origin = tree.origins.get((node, key)) or tree.origins.get(node)
        if value is None or (origin.number if origin is not None else 0) != holder:
            return
        kind, targets = "phandle", self._phandles(node, key, value, known)
        if node is tree.symbols or node is tree.aliases:
            kind = "symbol" if node is tree.symbols else "alias"
            targets = self._path(value)
        for offset, target in targets:
            maker = self._made.get(target)
            if maker is not None and maker != holder:
                name, goes = plain_name(key), target.path
                at = tree.positions.get((node, key)) if self._from_source(holder) else None
                yield Dangling(kind, maker, holder, node.path, name, offset, goes, at)

    def _from_source(self, holder: int) -> bool:
        """Tell whether places of a holder's properties are its own, and not of what they hide."""
        return not holder or bool(self._outcomes[holder - 1].overlay.tree.positions)

    def _phandles(
        self, node: Node, key: str, value: bytes, known: Sequence[int]
    ) -> list[tuple[int | None, Node]]:
        """Give offset and node of the phandles: where fixups say so, and by the property's name."""
        by_number = self._tree.by_phandle
        found: dict[int, Node] = {}
        for offset in known:
            target = by_number.get(cell(value, offset)) if offset + 4 <= len(value) else None
            if target is not None:
                found[offset] = target
        if self._refers(key) and not self._numbers.isdisjoint(cells(value)):
            found.update(self._references.sites(node, key, value))
        return [(offset, found[offset]) for offset in sorted(found)]

    def _refers(self, key: str) -> bool:
        """Tell whether a property of this name refers to nodes."""
        named = self._named.get(key)
        if named is None:
            named = self._named[key] = pattern_of(plain_name(key)) is not None
        return named

    def _path(self, value: bytes) -> list[tuple[int | None, Node]]:
        if self._paths is None:
            self._paths = {node.path: node for node in self._made}
        path = text(value) or ""
        target = self._paths.get(path) or self._paths.get(path.partition(":")[0])
        return [] if target is None else [(None, target)]

    def _by_label(self, outcome: Outcome) -> dict[tuple[Node, str], list[int]]:
        """Give the cells that the fixups of an overlay fill with phandles of made nodes."""
        tree, dialect = self._tree, outcome.dialect
        symbols = tree.symbols
        sites: dict[tuple[Node, str], list[int]] = {}
        if symbols is None:
            return sites
        contents = {one.content: outcome.targets[one.node] for one in outcome.overlay.fragments}
        for fixup in outcome.overlay.plan(dialect).fixups:
            path = text(symbols.properties.get(fixup.label, b""))
            if not path or find_path(tree, path, dialect) not in self._made:
                continue
            for node, key, offset in fixup.sites:
                live = _live(tree, contents, node, dialect)
                if live is not None:
                    sites.setdefault((live, plain_name(key)), []).append(offset)
        return sites


def _live(tree: Tree, contents: dict[Node, Node], node: Node, dialect: Dialect) -> Node | None:
    """Find the node of the tree that a node of an overlay in force was merged with, or became.

    contents maps the `__overlay__` nodes to their targets.
    """
    names: list[str] = []
    above: Node | None = node
    while above is not None and above not in contents:
        names.append(above.name)
        above = above.parent
    live = contents[above] if above is not None else None
    for name in reversed(names):
        live = find_merge_child(tree, live, name, dialect) if live is not None else None
    return live
