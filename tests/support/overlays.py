"""Overlays written as nested dicts (see support.trees), and trees as text that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.model.node import plain_name
from dtovl.overlay.fragments import Overlay
from support.trees import Content, strings, tree_of, value_of

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

PLACEHOLDER = 0xFFFFFFFF
"""What dtc writes where a fixup puts a phandle."""


def at(path: str, content: Content, **more: Any) -> Content:
    """Make a fragment with a `target-path`."""
    return {"target-path": path, **more, "__overlay__": content}


def to(label: str, content: Content) -> Content:
    """Make a fragment whose `target` is a label; overlay_content writes the fixup."""
    return {"label": label, "target": PLACEHOLDER, "__overlay__": content}


def overlay_content(
    *fragments: Content,
    symbols: Content | None = None,
    fixups: dict[str, str | bytes | tuple[str, ...]] | None = None,
    local: Content | None = None,
) -> Content:
    """Put fragments into the root of an overlay, named and ordered as dtc does it.

    fixups are added to those of the fragments; a tuple holds several sites.
    """
    root: Content = {}
    sites: dict[str, bytes] = {}
    for number, fragment in enumerate(fragments):
        rest = dict(fragment)
        label = rest.pop("label", None)
        if isinstance(label, str):
            sites[label] = sites.get(label, b"") + strings(f"/fragment@{number}:target:0")
        root[f"fragment@{number}"] = rest
    for label, listed in (fixups or {}).items():
        written = strings(*listed) if isinstance(listed, tuple) else value_of(listed)
        sites[label] = sites.get(label, b"") + written
    if symbols is not None:
        root["__symbols__"] = symbols
    if sites or fixups is not None:
        root["__fixups__"] = {**sites}
    if local is not None:
        root["__local_fixups__"] = local
    return root


def overlay_of(*fragments: Content, name: str = "cam.dtbo", **tables: Any) -> Overlay:
    """Make an overlay; the arguments are those of overlay_content."""
    return Overlay(tree_of(overlay_content(*fragments, **tables)), name)


def inside(content: Content) -> Content:
    """Make the `__local_fixups__` of the content of fragment@0."""
    return {"fragment@0": {"__overlay__": content}}


def lines(made: Tree) -> list[str]:
    """Write a tree in tree order: `/path`, and below each node its properties with hex values."""
    written = []
    for node in made.walk():
        written.append(node.path)
        for key, content in made.properties_of(node):
            written.append(f"  {plain_name(key)} = {content.hex()}")
    return written


def facts(made: Tree) -> set[str]:
    """Write what a tree holds, without order: `/path`, and `/path:property=hex`."""
    written = set()
    for node in made.walk():
        written.add(node.path)
        for key, content in node.properties.items():
            written.add(f"{node.path}:{plain_name(key)}={content.hex()}")
    return written


def state(made: Tree) -> dict[str, Any]:
    """Give all that a revert must give back, in a form that can be compared."""
    return {
        "lines": lines(made),
        "dicts": [
            (node.path, node.phandle, list(node.properties), list(node.children))
            for node in made.root.walk()
        ],
        "by_phandle": dict(made.by_phandle),
        "shared_phandles": {number: list(nodes) for number, nodes in made.shared_phandles.items()},
        "odd_phandles": dict(made.odd_phandles),
        "head_properties": dict(made.head_properties),
        "head_children": dict(made.head_children),
        "origins": dict(made.origins),
        "positions": dict(made.positions),
        "largest": made.largest_phandles(),
        "labels": {node.path: made.labels_of(node) for node in made.walk()},
    }
