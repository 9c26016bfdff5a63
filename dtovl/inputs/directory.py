"""A folder in the manner of /proc/device-tree: folders are nodes, files are raw properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.input import NOT_A_TREE, TOO_DEEP, TOO_LARGE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.fdt.findings import Findings, index_phandles, report_names, report_phandles
from dtovl.model.limits import MAX_BLOB_BYTES, MAX_DEPTH, MAX_DIRECTORY_ENTRIES
from dtovl.model.node import Node, free_key
from dtovl.model.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.diagnostics import Sink

# Properties that tell a devicetree from other folders: at the root, or one level below it.
_SIGNS = frozenset(
    ("compatible", "model", "name", "#address-cells", "#size-cells", "target", "target-path")
)


def from_directory(
    entries: Iterable[tuple[str, bytes | None]], name: str = "", sink: Sink | None = None
) -> Tree:
    """Make a tree of the entries of a folder.

    entries are (path relative to the folder, content or None for a folder), names as latin-1; the
    folder itself may be given as "" or ".". Nodes and properties get the order of the entries; a
    folder that is missing before its content is made. The kernel shows a `name` property that no
    blob has: it is left out where it says nothing but the node's name. name is what messages call
    the folder.

    Raises InputError (DT001, DT008, DT009).
    Source: kernel drivers/of/kobj.c, populate_properties in drivers/of/fdt.c.
    """
    reader = _Reader(name or "the folder")
    for path, value in entries:
        reader.add(path.removeprefix("./").strip("/"), value)
    if not reader.plausible:
        looks = "a folder of other files: neither compatible nor #address-cells is in it"
        raise InputError(Diagnostic(NOT_A_TREE, name=reader.shown, looks=looks))
    nodes = list(reader.root.walk())
    tree = Tree(reader.root)
    odd_phandles = index_phandles(tree, nodes, plain=False)
    if sink is not None:
        findings = Findings(sink, name)
        names = {key for node in nodes for key in node.properties}
        report_names(findings, nodes, names)
        report_phandles(findings, tree, odd_phandles)
    return tree


class _Reader:
    """The tree as far as its entries have come; plausible tells whether it looks like one."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.plausible = False
        self.root = Node("")
        self._nodes = {"": self.root, ".": self.root}
        self._bytes = 0
        self._entries = 0

    def add(self, path: str, value: bytes | None) -> None:
        """Take one entry: a folder (value None), or a file with its content."""
        self._entries += 1
        self._bytes += len(path) + len(value or b"")
        if self._bytes > MAX_BLOB_BYTES or self._entries > MAX_DIRECTORY_ENTRIES:
            what = f"the bound is {MAX_BLOB_BYTES} bytes in {MAX_DIRECTORY_ENTRIES} entries"
            raise InputError(Diagnostic(TOO_LARGE, name=self.shown, what=what))
        if value is None:
            self._node(path)
            return
        above, _, name = path.rpartition("/")
        node = self._node(above)
        if name in _SIGNS and "/" not in above:
            self.plausible = True
        if name != "name" or value != _synthetic_name(node):
            node.properties[free_key(name, node.properties)] = value

    def _node(self, path: str) -> Node:
        """Give the node of a folder; make it, and those above it, where they are new."""
        depth = path.count("/") + 1
        if depth > MAX_DEPTH:
            raise InputError(
                Diagnostic(TOO_DEEP, name=self.shown, depth=depth, reader="dtovl", limit=MAX_DEPTH)
            )
        missing = []
        while path not in self._nodes:
            missing.append(path)
            path = path.rpartition("/")[0]
        node = self._nodes[path]
        for new in reversed(missing):
            child = Node(new.rpartition("/")[2])
            node.add_child(child)
            self._nodes[new] = node = child
        return node


def _synthetic_name(node: Node) -> bytes:
    stem, at, _ = node.name.rpartition("@")
    return (stem if at else node.name).encode("latin-1") + b"\0"
