"""Overlays for fault injection: those that come along, and an overlay with something wrong added.

Whatever is added has names that begin with `dtovl,`, which no binding has.
"""

from __future__ import annotations

from struct import pack_into
from typing import TYPE_CHECKING

from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.cells import pack_cell
from dtovl.model.node import Node
from dtovl.model.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOWHERE = "/dtovl,nowhere"
"""A path at which no tree has a node."""

MARK = {"dtovl,mark": b""}
"""A property that no tree has."""

_UNRESOLVED = b"\xff\xff\xff\xff"
_MAGIC, _SIZE_OF_STRUCTURE = 0, 36  # places in the header, in bytes

_BASE = {
    "/": {"#address-cells": pack_cell(1), "#size-cells": pack_cell(1), "model": b"acme,board\0"},
    "/soc": {"phandle": pack_cell(1)},
    "/soc/uart@1000": {"phandle": pack_cell(2), "reg": pack_cell(4096), "status": b"disabled\0"},
    "/soc/i2c@2000": {"reg": pack_cell(8192), "status": b"disabled\0"},
    "/__symbols__": {"soc": b"/soc\0", "uart": b"/soc/uart@1000\0"},
}
_OVERLAY = {
    "/fragment@0": {"target": _UNRESOLVED},
    "/fragment@0/__overlay__": {"current-speed": pack_cell(115200), "status": b"okay\0"},
    "/fragment@1": {"target-path": b"/soc/i2c@2000\0"},
    "/fragment@1/__overlay__": {"clock-frequency": pack_cell(400000), "status": b"okay\0"},
    "/fragment@1/__overlay__/sensor@48": {"phandle": pack_cell(1), "reg": pack_cell(0x48)},
    "/fragment@1/__overlay__/sensor@48/channel@0": {"label": b"board\0", "reg": pack_cell(0)},
    "/__symbols__": {"sensor": b"/fragment@1/__overlay__/sensor@48\0"},
    "/__fixups__": {"uart": b"/fragment@0:target:0\0"},
}


def shipped_base() -> bytes:
    """Give the blob of a small base at which every place can be reached."""
    return _blob(_BASE)


def shipped_overlay() -> bytes:
    """Give the blob of an overlay for the small base at which every place can be reached."""
    return _blob(_OVERLAY)


def overlay_at(
    path: str, properties: Mapping[str, bytes], child: str = "", symbol: bool = False
) -> bytes:
    """Make an overlay of one fragment: properties for a node, or for a new child of it."""
    nodes = {"/fragment@0": {"target-path": _text(path)}}
    _add_content(nodes, "/fragment@0", properties, child)
    if symbol:
        nodes["/__symbols__"] = {"dtovl,mark": b"/fragment@0/__overlay__\0"}
    return _blob(nodes)


def empty_overlay() -> bytes:
    """Make an overlay without fragments and symbols."""
    return _blob({"/": {}})


def with_fragment(
    blob: bytes, path: str, properties: Mapping[str, bytes], child: str = ""
) -> bytes:
    """Add a last fragment to an overlay, as in overlay_at."""
    tree = unflatten(blob)
    name = _free_name(tree)
    nodes = {name: {"target-path": _text(path)}}
    _add_content(nodes, name, properties, child)
    _grow(tree, nodes)
    return flatten(tree)


def with_lost_label(blob: bytes) -> bytes:
    """Add a fragment to an overlay whose target is a label that no base has."""
    tree = unflatten(blob)
    name = _free_name(tree)
    fixup = {"dtovl,nobody": _text(f"{name}:target:0")}
    _grow(tree, {name: {"target": _UNRESOLVED}, f"{name}/__overlay__": {}, "/__fixups__": fixup})
    return flatten(tree)


def without_symbols(blob: bytes) -> bytes:
    """Take the labels out of a base."""
    tree = unflatten(blob)
    tree.root.children.pop("__symbols__", None)
    return flatten(tree)


def with_wrong_header(blob: bytes) -> bytes:
    """Spoil the first word of a blob."""
    return _patched(blob, _MAGIC, 1)


def with_short_structure(blob: bytes) -> bytes:
    """Let the structure of a blob end behind the first node's name, as its header says."""
    return _patched(blob, _SIZE_OF_STRUCTURE, 8)


def _patched(blob: bytes, place: int, value: int) -> bytes:
    out = bytearray(blob)
    pack_into(">I", out, place, value)
    return bytes(out)


def _text(words: str) -> bytes:
    return words.encode("latin-1") + b"\0"


def _add_content(
    nodes: dict[str, dict[str, bytes]], fragment: str, properties: Mapping[str, bytes], child: str
) -> None:
    content = f"{fragment}/__overlay__"
    nodes[content] = {} if child else dict(properties)
    if child:
        nodes[f"{content}/{child}"] = dict(properties)


def _free_name(tree: Tree) -> str:
    number = len(tree.root.children)
    while f"fragment@{number:x}" in tree.root.children:
        number += 1
    return f"/fragment@{number:x}"


def _blob(nodes: Mapping[str, Mapping[str, bytes]]) -> bytes:
    tree = Tree(Node(""))
    _grow(tree, nodes)
    return flatten(tree)


def _grow(tree: Tree, nodes: Mapping[str, Mapping[str, bytes]]) -> None:
    """Put nodes into a tree, parents first; those that are there get the properties."""
    for path, properties in nodes.items():
        node = tree.root
        for name in _parts(path):
            if name not in node.children:
                node.add_child(Node(name))
            node = node.children[name]
        node.properties.update(properties)


def _parts(path: str) -> Iterable[str]:
    return [part for part in path.split("/") if part]
