"""From what source says to the tree that dtc makes of it: checks, phandles, symbols, fixups.

The steps and their order are those of dtc, since phandles are numbered in the order of first use,
and generated properties and nodes come last in the order in which they are made: names and labels
checked, phandles of the source noted, references filled in, unused nodes left out, then
`/__symbols__`, `/__fixups__`, `/__local_fixups__`.
Source: dtc checks.c (process_checks), dtc.c (main), livetree.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.codes.source import BAD_NAME, DUPLICATE_LABEL, NAME_PROPERTY
from dtovl.diagnostics import Note
from dtovl.dts.draft import Pending
from dtovl.dts.phandles import Phandles
from dtovl.dts.symbols import add_fixups, add_symbols
from dtovl.model.cells import cell
from dtovl.model.tree import PHANDLE_NAMES, Header, Tree, live_phandle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dtovl.dts.draft import Draft
    from dtovl.dts.places import Places
    from dtovl.model.node import Node

_NODE_NAME = re.compile(r"[A-Za-z0-9,._+\-@]*")


def compile_draft(
    draft: Draft,
    places: Places,
    plugin: bool,
    reservations: list[tuple[int, int]],
    symbols: bool,
) -> Tree:
    """Compile what was read to a tree as dtc's blob holds it.

    Raises InputError with all that is wrong with names, labels, phandles and references.
    """
    boot_cpu = _boot_cpu(draft)
    draft.close()
    nodes = list(draft.root.walk())
    _check_repeated(draft, places)
    _check_names(draft, nodes, places)
    _check_labels(draft, nodes, places)
    phandles = Phandles(draft, places, plugin)
    for node in nodes:
        phandles.take_explicit(node)
    for node in nodes:
        phandles.fill(node)
    places.stop()
    gone = set(draft.deleted)
    if draft.omit:
        gone |= _omit_unused(draft, nodes, phandles, symbols)
        nodes = [node for node in nodes if node not in gone]
        phandles.release(gone)
    if symbols:
        add_symbols(draft, nodes, places, phandles)
    if plugin:
        add_fixups(draft, places, phandles, gone)
        places.stop()
    tree = Tree(draft.root, Header(boot_cpuid=boot_cpu, reservations=tuple(reservations)))
    _index(tree, nodes)
    _tell_labels(tree, draft, nodes)
    tree.positions = places.located(draft.places, gone)
    return tree


def _boot_cpu(draft: Draft) -> int:
    """Guess the boot CPU: reg of the first node below /cpus, if that is one cell.

    Deleted nodes count as the first, as they do in dtc's list. Source: dtc guess_boot_cpuid.
    """
    cpus = draft.find("/cpus")
    first = next(iter(cpus.children.values()), None) if cpus is not None else None
    value = first.properties.get("reg", b"") if first is not None else b""
    return cell(value) if len(value) == 4 else 0


def _check_repeated(draft: Draft, places: Places) -> None:
    """Report names used twice in a block, but in nodes that were deleted later.

    Source: dtc checks duplicate_node_names and duplicate_property_names.
    """
    for code, node, name, place, first in draft.repeated:
        if node not in draft.buried:
            note = Note("the first one is here", places.locate(first))
            places.error(places.diagnostic(code, place, name=name, notes=(note,)))


# -- names -------------------------------------------------------------------------------------


def _check_names(draft: Draft, nodes: list[Node], places: Places) -> None:
    """Check characters of names, and take `name` properties out.

    Source: dtc checks node_name_chars, node_name_format, property_name_chars, name_properties.
    """
    for node in nodes:
        name = node.name
        if _NODE_NAME.fullmatch(name) is None or name.count("@") > 1:
            _bad_node_name(draft, node, places)
        properties = node.properties
        if "@" in "".join(properties):
            for key in properties:
                if "@" in key:
                    found = places.diagnostic(
                        BAD_NAME,
                        draft.places[node, key],
                        path=node.path,
                        kind="property",
                        name=key,
                        reason="@ begins the unit address of a node",
                        more="; in those of properties # ? * too",
                    )
                    places.error(found)
        if "name" in properties:
            _check_name_property(draft, node, places)


def _bad_node_name(draft: Draft, node: Node, places: Places) -> None:
    match = _NODE_NAME.match(node.name)
    end = match.end() if match else 0
    reason = f"it has a {node.name[end]}" if end < len(node.name) else "it has more than one @"
    found = places.diagnostic(
        BAD_NAME,
        draft.places[node],
        path=node.path,
        kind="node",
        name=node.name,
        reason=reason,
        more=", and one @ before the unit address",
    )
    places.error(found)


def _check_name_property(draft: Draft, node: Node, places: Places) -> None:
    value = bytes(node.properties["name"])
    wanted = node.name.partition("@")[0]
    if value == f"{wanted}\0".encode("latin-1"):
        del node.properties["name"]
        return
    found = places.diagnostic(
        NAME_PROPERTY,
        draft.places[node, "name"],
        path=node.path,
        found=repr(value[:-1].decode("latin-1")) if value[-1:] == b"\0" else "no string",
        wanted=repr(wanted),
    )
    places.error(found)


# -- labels ------------------------------------------------------------------------------------


def _check_labels(draft: Draft, nodes: list[Node], places: Places) -> None:
    """Report labels that stand at two places. Source: dtc check duplicate_label."""
    uses: dict[str, list[tuple[str, int]]] = {}
    for label, what, place in _inner_labels(draft, nodes):
        uses.setdefault(label, []).append((what, place))
    for label, holders in draft.by_label.items():
        if len(holders) > 1 or (holders and label in uses):
            on_nodes = [(node.path, draft.places[node]) for node in holders[:2]]
            uses[label] = on_nodes + uses.get(label, [])
    for label, where in uses.items():
        if len(where) > 1:
            (first, first_place), (second, second_place) = where[:2]
            found = places.diagnostic(
                DUPLICATE_LABEL,
                second_place,
                label=label,
                first=first,
                second=second,
                notes=(Note(f"{first} is here", places.locate(first_place)),),
            )
            places.error(found)


def _inner_labels(draft: Draft, nodes: list[Node]) -> Iterator[tuple[str, str, int]]:
    """Give the labels of properties and in values: label, where, place."""
    for (node, key), labels in draft.inner.items():
        if node not in draft.deleted and key in node.properties:
            for label in labels:
                yield label, f"{node.path}:{key}", draft.places[node, key]
    for node in nodes:
        for key, value in node.properties.items():
            if type(value) is Pending:
                for label in value.labels:
                    yield label, f"the value of {node.path}:{key}", draft.places[node, key]


# -- what remains ------------------------------------------------------------------------------


def _omit_unused(draft: Draft, nodes: list[Node], phandles: Phandles, symbols: bool) -> set[Node]:
    """Leave out nodes marked so that nothing refers to; give them and all below.

    With -@ labels count as references. Source: dtc check omit_unused_nodes.
    """
    gone: set[Node] = set()
    for node in nodes:
        parent = node.parent
        if parent in gone:
            gone.add(node)
        elif node in draft.omit and node not in phandles.referenced and parent is not None:
            if symbols and node in draft.labels:
                continue
            del parent.children[node.name]
            gone.add(node)
    return gone


def _index(tree: Tree, nodes: Collection[Node]) -> None:
    """Fill the phandle index; only nodes with one of the three names can have a number."""
    for node in nodes:
        properties = node.properties
        if any(name in properties for name in PHANDLE_NAMES) or "ibm,phandle" in properties:
            node.phandle = live_phandle(node)
            tree.index(node)


def _tell_labels(tree: Tree, draft: Draft, nodes: Collection[Node]) -> None:
    """Fill tree.labels, in the order of the text as far as labels of one node go."""
    order = {label: number for number, label in enumerate(draft.by_label)}
    for node in nodes:
        if node in draft.labels:
            labels = draft.live_labels(node)
            if labels:
                tree.labels[node] = tuple(sorted(labels, key=order.__getitem__))
