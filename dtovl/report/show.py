"""A tree as a person reads it: full paths, labels, values decoded, references by label."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.node import plain_name
from dtovl.model.specifiers import FIXUPS, LOCAL_FIXUPS, SYMBOLS, References, is_overlay
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.model.values import printable, render
from dtovl.report.spans import BLANK, Line, Span, amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.owners import Owners
    from dtovl.report.blame import Gutter

VALUE_LIMIT = 400
"""Most characters of a value in text; JSON and source have all of it."""

BOOKKEEPING = (SYMBOLS, FIXUPS, LOCAL_FIXUPS)
"""Nodes of the root that text leaves out unless asked for: labels and references tell the same."""


class Part(NamedTuple):
    """What is shown of a tree: everything from start on, down to depth levels (None: all)."""

    tree: Tree
    start: Node
    depth: int | None

    def nodes(self) -> Iterator[tuple[Node, bool]]:
        """Give the nodes in tree order, and whether what is below one is cut off."""
        stack = [(self.start, 0)]
        while stack:
            node, level = stack.pop()
            cut = self.depth is not None and level >= self.depth
            yield node, cut and bool(node.children)
            if not cut:
                below = [(child, level + 1) for child in self.tree.children_of(node)]
                stack.extend(reversed(below))


def tree_lines(part: Part, name: str, gutter: Gutter | None = None) -> Iterator[Line]:
    """Write part of a tree, below what there is to say about the whole, which is called name.

    gutter tells whose everything is, in a column beside it.
    """
    tree = part.tree
    yield from _overview_lines(tree, name)
    references = References(tree)
    hidden = () if part.start is not tree.root else _bookkeeping(tree)
    skipped: set[Node] = set()
    for node, cut in part.nodes():
        if node in hidden or node.parent in skipped:
            skipped.add(node)
            continue
        yield BLANK
        beside = (gutter.beside(node),) if gutter is not None else ()
        yield Line((*beside, ("path", node.path), *_marks(tree, node)))
        yield from _property_lines(tree, references, node, gutter)
        if cut:
            blank = (("", " " * gutter.width),) if gutter is not None else ()
            below = f"  ... {amount(len(node.children), 'node')} below"
            yield Line((*blank, ("dim", below)))
    if hidden:
        yield BLANK
        yield Line((("dim", f"not shown: {', '.join(node.path for node in hidden)}"),), hang=2)


def node_objects(part: Part, owners: Owners | None = None) -> Iterator[dict[str, object]]:
    """Give part of a tree for machines: its nodes in tree order, each made when it is asked for.

    owners: tell whose each node and property is.
    """
    references = References(part.tree)
    for node, _ in part.nodes():
        found = _node_object(part.tree, references, node)
        yield found if owners is None else {**found, **_owned(part.tree, owners, node)}


def _owned(tree: Tree, owners: Owners, node: Node) -> dict[str, object]:
    """Give the owners of a node and of its properties, in the order of those."""
    from dtovl.report.blame import owner_object

    return {
        "owner": owner_object(owners.owner_of(node)),
        "property_owners": [
            [owner_object(layer.owner) for layer in owners.layers(node, key)]
            for key, _ in tree.properties_of(node)
        ],
    }


def overview_object(tree: Tree) -> dict[str, object]:
    """Give what there is to say about a whole tree, for machines."""
    header = tree.header
    return {
        "overlay": is_overlay(tree),
        "version": header.version,
        "boot_cpu": header.boot_cpuid,
        "reservations": [
            {"address": address, "size": size} for address, size in header.reservations
        ],
        "padding": len(header.padding),
        "node_count": _size(tree)[0],
        "property_count": _size(tree)[1],
        "needs_labels": _labels_in(tree, FIXUPS),
        "has_labels": _labels_in(tree, SYMBOLS),
    }


def _overview_lines(tree: Tree, name: str) -> Iterator[Line]:
    header = tree.header
    nodes, properties = _size(tree)
    kind = "overlay, " if is_overlay(tree) else ""
    size = f"{amount(nodes, 'node')}, {amount(properties, 'property', 'properties')}"
    labels = len(_labels_in(tree, SYMBOLS))
    what = f"{kind}{size}, {amount(labels, 'label')}"
    yield Line((("heading", f"{name}: "), ("heading", what)), hang=2)
    needs = _labels_in(tree, FIXUPS)
    if needs:
        yield Line((("label", "needs   "), ("", "labels " + ", ".join(needs))), hang=8)
    for address, size_there in header.reservations:
        yield Line((("label", "memory  "), ("", f"reserved {address:#x} + {size_there:#x}")))
    if header.boot_cpuid:
        yield Line((("label", "boot    "), ("", f"CPU {header.boot_cpuid}")))
    if header.padding:
        yield Line((("label", "room    "), ("", f"{len(header.padding):,} bytes of padding")))


def _size(tree: Tree) -> tuple[int, int]:
    """Count nodes and properties, without the tables of symbols and fixups."""
    nodes = properties = 0
    stack = [tree.root]
    tables = _bookkeeping(tree)
    while stack:
        node = stack.pop()
        nodes += 1
        properties += len(node.properties)
        stack.extend(child for child in node.children.values() if child not in tables)
    return nodes, properties


def _labels_in(tree: Tree, table: str) -> list[str]:
    node = tree.root.children.get(table)
    keys = node.properties if node is not None else ()
    return [plain_name(key) for key in keys if plain_name(key) not in PHANDLE_NAMES]


def _bookkeeping(tree: Tree) -> tuple[Node, ...]:
    tops = tree.root.children
    return tuple(tops[name] for name in BOOKKEEPING if name in tops)


def _marks(tree: Tree, node: Node) -> Iterator[Span]:
    labels = tree.labels_of(node)
    if labels:
        yield "label", "  (" + ", ".join(labels) + ")"


def _property_lines(
    tree: Tree, references: References, node: Node, gutter: Gutter | None
) -> Iterator[Line]:
    hang = 6 if gutter is None else 6 + gutter.width
    for key, value in tree.properties_of(node):
        spans: list[Span] = [] if gutter is None else [gutter.beside(node, key)]
        spans.append(("name", "  " + printable(plain_name(key))))
        fixed = len(spans)
        if value:
            own = gutter.names(node, key) if gutter is not None else None
            names = references.names(node, key, value) if own is None else own
            text = render(value, name=key, references=names, limit=VALUE_LIMIT)
            spans += [("", " = "), ("value", text)]
            fixed += 1
        if gutter is not None:
            spans.append(gutter.behind(node, key))
        yield Line(tuple(spans), hang=hang, fixed=fixed)


def _node_object(tree: Tree, references: References, node: Node) -> dict[str, object]:
    return {
        "path": node.path,
        "name": node.name,
        "labels": list(tree.labels_of(node)),
        "phandle": node.phandle or None,
        "properties": [
            property_object(key, value, references.names(node, key, value))
            for key, value in tree.properties_of(node)
        ],
        "children": len(node.children),
    }


def property_object(key: str, value: bytes, names: dict[int, str]) -> dict[str, object]:
    """Give a property for machines: its bytes in hexadecimal, its text, its references."""
    return {
        "name": plain_name(key),
        "value": value.hex(),
        "text": render(value, name=key, references=names),
        "references": [
            {"offset": offset, "node": target} for offset, target in sorted(names.items())
        ],
    }
