"""What points to nodes that have gone with their overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.bindings import pattern_of
from dtovl.model.cells import cells, text
from dtovl.model.node import Node, plain_name
from dtovl.model.specifiers import References
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtovl.live.overlays import LiveOverlay
    from dtovl.model.tree import Tree
    from dtovl.session.replay import Removal


class Dangling(NamedTuple):
    """A property that points to a node which is not there any more.

    kind is `phandle`, `symbol` or `alias`; offset is the byte at which the phandle stands, None
    for a path. target is the path that the node had; overlay and operation tell with which overlay
    and by which operation it went; owner is the overlay that set the property, "" for the base.
    """

    kind: str
    path: str
    property: str
    offset: int | None
    target: str
    overlay: str
    operation: int
    owner: str


def find_dangling(
    tree: Tree, overlays: Sequence[LiveOverlay], gone: Mapping[Node, Removal]
) -> list[Dangling]:
    """List what points to nodes that went, in tree order; paths of labels and aliases last.

    gone are the nodes that overlays brought and took away. A phandle that somebody else has now
    does not dangle: the same overlay was applied again, or the number was given anew.
    """
    if not gone:
        return []
    found = list(_by_phandle(tree, overlays, gone))
    for kind, table in (("symbol", tree.symbols), ("alias", tree.aliases)):
        if table is not None:
            found += _by_path(tree, kind, table, gone)
    return found


def _by_phandle(
    tree: Tree, overlays: Sequence[LiveOverlay], gone: Mapping[Node, Removal]
) -> Iterator[Dangling]:
    missing = {
        node.phandle: node for node in gone if node.phandle and node.phandle not in tree.by_phandle
    }
    if not missing:
        return
    numbers = frozenset(missing)
    fixed = _fixed_cells(overlays)
    # With them back in the index, the look at a property by its name finds what it refers to.
    tree.by_phandle.update(missing)
    try:
        references = References(tree)
        for node in tree.walk():
            for key, value in tree.properties_of(node):
                if key in PHANDLE_NAMES or numbers.isdisjoint(cells(value)):
                    continue
                offsets = {at for at in fixed.get((node, key), ()) if at + 4 <= len(value)}
                if pattern_of(plain_name(key)) is not None:
                    offsets.update(at for at, _ in references.sites(node, key, value))
                for at in sorted(offsets):
                    target = missing.get(int.from_bytes(value[at : at + 4], "big"))
                    if target is not None:
                        yield _dangling(tree, "phandle", node, key, at, target, gone[target])
    finally:
        for number in numbers:
            del tree.by_phandle[number]


def _fixed_cells(overlays: Sequence[LiveOverlay]) -> dict[tuple[Node, str], set[int]]:
    """Give the cells that overlays in force had filled with phandles by their fixups.

    A property of an overlay is matched with its copy in the tree by name alone: two of one name
    in one overlay have the cells of both, and a cell that is no phandle of a node that went is
    sorted out by its value.
    """
    found: dict[tuple[Node, str], set[int]] = {}
    for one in overlays:
        outcome = one.outcome
        if outcome is None or not one.in_force:
            continue
        by_name: dict[str, set[int]] = {}
        for fixup in outcome.overlay.plan(outcome.dialect).fixups:
            for _, key, offset in fixup.sites:
                by_name.setdefault(plain_name(key), set()).add(offset)
        for entry in one.changeset.entries if by_name else ():
            if entry.prop is not None and entry.prop.name in by_name:
                found.setdefault((entry.node, entry.prop.name), set()).update(
                    by_name[entry.prop.name]
                )
    return found


def _by_path(
    tree: Tree, kind: str, table: Node, gone: Mapping[Node, Removal]
) -> Iterator[Dangling]:
    paths: dict[str, Node] | None = None
    for key, value in tree.properties_of(table):
        path = (text(value) or "").partition(":")[0]
        if not path.startswith("/") or tree.find(path) is not None:
            continue
        if paths is None:
            paths = {node.path: node for node in gone}
        target = paths.get(path)
        if target is not None:
            yield _dangling(tree, kind, table, key, None, target, gone[target])


def _dangling(
    tree: Tree,
    kind: str,
    node: Node,
    key: str,
    offset: int | None,
    target: Node,
    removal: Removal,
) -> Dangling:
    origin = tree.origin_of(node, key)
    owner = origin.overlay if origin is not None else ""
    name, was = plain_name(key), target.path
    return Dangling(kind, node.path, name, offset, was, removal.overlay, removal.operation, owner)
