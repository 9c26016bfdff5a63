"""The nodes that dtc generates: `/__symbols__`, `/__fixups__`, `/__local_fixups__`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.compiled import MALFORMED_TABLE, PATH_FIXUP, SYMBOL_TAKEN
from dtovl.model.cells import cells, pack_cell, strings
from dtovl.model.node import Node

if TYPE_CHECKING:
    from collections.abc import Container

    from dtovl.dts.draft import Draft
    from dtovl.dts.phandles import Phandles, Use
    from dtovl.dts.places import Places


def _child(parent: Node, name: str) -> Node:
    """Give a child by name, a new last one if there is none."""
    child = parent.children.get(name)
    if child is None:
        child = parent.children[name] = Node(name, parent)
    return child


def add_symbols(draft: Draft, nodes: list[Node], places: Places, phandles: Phandles) -> None:
    """List all labels in `/__symbols__`, and give their nodes phandles.

    A node whose labels were all deleted gets a phandle too, as dtc looks at the list alone.
    Source: dtc generate_label_tree.
    """
    labelled = [node for node in nodes if node in draft.labels]
    if not labelled:
        return
    table = _child(draft.root, "__symbols__").properties
    for node in labelled:
        path = node.path
        value = f"{path}\0".encode("latin-1")
        for label in draft.live_labels(node):
            if label in table:
                place = draft.places[node]
                places.warn(places.diagnostic(SYMBOL_TAKEN, place, path=path, label=label))
                continue
            phandles.grow(len(value), draft.places[node])
            table[label] = value
        phandles.of(node)


def add_fixups(draft: Draft, places: Places, phandles: Phandles, gone: Container[Node]) -> None:
    """Add what an overlay needs to be applied: where labels of the base and own phandles are used.

    gone are nodes that are no longer in the tree. Malformed tables of the source are reported.
    Source: dtc generate_fixups_tree, generate_local_fixups_tree.
    """
    uses = [use for use in phandles.uses if use.node not in gone]
    local = []
    outside: dict[str, list[Use]] = {}
    for use in uses:
        if use.target is not None and use.target not in gone:
            local.append(use)
        elif "/" in use.reference:
            place = phandles.place(use.node, use.key, use.reference)
            reference = f"&{{{use.reference}}}"
            places.error(
                places.diagnostic(PATH_FIXUP, place, path=use.node.path, reference=reference)
            )
        else:
            outside.setdefault(use.reference, []).append(use)
    if outside:
        table = _child(draft.root, "__fixups__")
        for label, label_uses in outside.items():
            _add_strings(table, label, label_uses, places, phandles, draft)
    if local:
        root = _child(draft.root, "__local_fixups__")
        _add_offsets(root, local, places, draft)


def _add_strings(
    table: Node,
    label: str,
    uses: list[Use],
    places: Places,
    phandles: Phandles,
    draft: Draft,
) -> None:
    """Append `path:property:offset` for each use to the fixups of a label, each once."""
    value = table.properties.get(label, b"")
    known = strings(value) if value else []
    if known is None:
        _malformed(places, draft, uses[0], label, "/__fixups__", "it is no list of strings")
        return
    entries = dict.fromkeys(known)
    for use in uses:
        entry = f"{use.node.path}:{use.key}:{use.offset}"
        phandles.grow(len(entry), draft.places.get((use.node, use.key), 0))
        entries[entry] = None
    table.properties[label] = "".join(f"{entry}\0" for entry in entries).encode("latin-1")


def _add_offsets(root: Node, uses: list[Use], places: Places, draft: Draft) -> None:
    """Append the offset of each use to the property of its name in the copy of its node."""
    copies: dict[Node, Node] = {draft.root: root}
    by_property: dict[tuple[Node, str], list[Use]] = {}
    for use in uses:
        by_property.setdefault((use.node, use.key), []).append(use)
    for (node, key), group in by_property.items():
        properties = _copy_of(node, copies).properties
        value = properties.get(key, b"")
        if len(value) % 4:
            table = "/__local_fixups__"
            _malformed(places, draft, group[0], key, table, "it is no list of cells")
            continue
        offsets = dict.fromkeys([*cells(value), *(use.offset for use in group)])
        properties[key] = b"".join(map(pack_cell, offsets))


def _copy_of(node: Node, copies: dict[Node, Node]) -> Node:
    """Give the node of `/__local_fixups__` that stands for a node, with all above it."""
    missing = []
    above: Node | None = node
    while above is not None and above not in copies:
        missing.append(above)
        above = above.parent
    copy = copies[above] if above is not None else copies[missing.pop()]
    for below in reversed(missing):
        copy = copies[below] = _child(copy, below.name)
    return copy


def _malformed(places: Places, draft: Draft, use: Use, name: str, table: str, reason: str) -> None:
    place = draft.places.get((use.node, use.key), 0)
    places.warn(
        places.diagnostic(
            MALFORMED_TABLE, place, path=use.node.path, name=name, table=table, reason=reason
        )
    )
