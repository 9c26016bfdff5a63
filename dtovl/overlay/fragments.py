"""An overlay as its parts: fragments, targets, exported symbols."""

from __future__ import annotations

from typing import Any, NamedTuple

from dtovl.model.cells import boot_text, cell, text
from dtovl.model.dialect import Dialect, Problem
from dtovl.model.limits import LINUX_MAX_DEPTH
from dtovl.model.node import Node, plain_name
from dtovl.model.paths import Miss, child_by_stem, find_path
from dtovl.model.tree import Tree, boot_phandle
from dtovl.resolve import Plan, Refused, Resolved, plan

_OVERLAY = "/__overlay__"


class Fragment(NamedTuple):
    """A part of an overlay for one target: the fragment node and its `__overlay__` node."""

    node: Node
    content: Node

    @property
    def name(self) -> str:
        """Give the name of the fragment node, `fragment@0`."""
        return self.node.name


class Overlay:
    """An overlay read once, to be applied to any number of bases.

    name is how the user called it (a file name); tree is never written to. fragments are the
    children of the root that have an `__overlay__` node, in order (kernel init_overlay_changeset,
    libfdt overlay_merge); symbols is the overlay's own `__symbols__` node; deep are the nodes at
    the depth from which the kernel drops them. known keeps what a check has found out about the
    overlay whatever the base, by the names of check and dialect.
    """

    __slots__ = ("_plans", "_tops", "deep", "fragments", "known", "name", "symbols", "tree")

    def __init__(self, tree: Tree, name: str = "overlay") -> None:
        self.tree = tree
        self.name = name
        self.fragments: list[Fragment] = []
        for node in tree.root.children.values():
            content = child_by_stem(tree, node, "__overlay__")
            if content is not None:
                self.fragments.append(Fragment(node, content))
        self.symbols = child_by_stem(tree, tree.root, "__symbols__")
        self.known: dict[tuple[str, str], Any] = {}
        self._plans: dict[str, Plan] = {}
        self._tops: dict[str, Node] = {}
        self.deep = _nodes_at_depth(tree.root, LINUX_MAX_DEPTH)

    def top(self, name: str) -> Node | None:
        """Find a child of the root by its name, with unit address or without, as libfdt does."""
        if not self._tops:
            for node in self.tree.root.children.values():
                self._tops.setdefault(node.name, node)
                self._tops.setdefault(node.name.partition("@")[0], node)
        return self._tops.get(name)

    def plan(self, dialect: Dialect) -> Plan:
        """Give what resolving needs of this overlay in a dialect; found once."""
        found = self._plans.get(dialect.name)
        if found is None:
            found = self._plans[dialect.name] = plan(self.tree, dialect)
        return found


def _nodes_at_depth(root: Node, depth: int) -> frozenset[Node]:
    level = [root]
    for _ in range(depth):
        level = [child for node in level for child in node.children.values()]
        if not level:
            break
    return frozenset(level)


def find_target(base: Tree, fragment: Fragment, resolved: Resolved, dialect: Dialect) -> Node:
    """Find the node of the base that a fragment changes.

    Raises Refused when there is none.
    Source: kernel find_target (overlay.c); libfdt fdt_overlay_target_offset.
    """
    phandle = _target_phandle(resolved.property(fragment.node, "target"), fragment, dialect)
    if phandle is not None:
        node = find_phandle(base, phandle, dialect)
        if node is None:
            raise Refused(Problem.TARGET_PHANDLE, fragment=fragment, phandle=phandle)
        return node
    value = resolved.property(fragment.node, "target-path")
    path = None if value is None else text(value)
    if path is None and value is not None and dialect.target_exact:
        path = boot_text(value)
    if path is None:
        raise Refused(Problem.TARGET_NONE, fragment=fragment)
    found = find_path(base, path, dialect) if path or not dialect.target_exact else Miss.FORM
    if isinstance(found, Miss):
        form = found is Miss.FORM and Problem.TARGET_PATH_FORM in dialect.errors
        problem = Problem.TARGET_PATH_FORM if form else Problem.TARGET_PATH
        raise Refused(problem, fragment=fragment, path=path)
    return found


def find_phandle(base: Tree, phandle: int, dialect: Dialect) -> Node | None:
    """Find the node with a phandle, as the dialect counts phandles.

    Source: kernel of_find_node_by_phandle; libfdt fdt_node_offset_by_phandle.
    """
    if not phandle:
        return None
    if dialect.phandle_field or not (base.odd_phandles or phandle in base.shared_phandles):
        return base.by_phandle.get(phandle)
    # libfdt goes by tree order, and what an overlay added may stand before the former owner.
    return next((node for node in base.walk() if boot_phandle(node) == phandle), None)


def node_phandle(base: Tree, node: Node, dialect: Dialect) -> int:
    """Give the phandle of a node, as the dialect counts phandles; 0 for none."""
    if dialect.phandle_field:
        return node.phandle
    return base.odd_phandles.get(node, node.phandle)


def merged_symbol(
    base: Tree,
    overlay: Overlay,
    label: str,
    value: bytes,
    resolved: Resolved,
    dialect: Dialect,
    starts: dict[Node, str],
) -> bytes | None:
    """Give the value that an exported label gets in a merged tree; None: it is not exported.

    That is target path, slash, what follows `__overlay__`. The target is looked up again, in what
    the base has become; starts keeps, per fragment node, the path that was found, as exporting
    labels moves no node. Raises Refused. Source: libfdt overlay_symbol_update.
    """
    path = text(value)
    if not path or len(path) + 1 != len(value) or not path.startswith("/"):
        raise Refused(Problem.SYMBOL_VALUE, label=label, value=value)
    name, slash, rest = path[1:].partition("/")
    if not slash or not (rest == "__overlay__" or rest.startswith("__overlay__/")):
        return None
    node = overlay.top(name)
    start = None if node is None else starts.get(node)
    if node is None or start is None:
        content = None if node is None else child_by_stem(overlay.tree, node, "__overlay__")
        if node is None or content is None:
            raise Refused(Problem.SYMBOL_FRAGMENT, label=label, path=path)
        start = starts[node] = _symbol_start(base, Fragment(node, content), resolved, dialect)
    return f"{start}/{rest[len(_OVERLAY) :]}".encode("latin-1") + b"\0"


def _symbol_start(base: Tree, fragment: Fragment, resolved: Resolved, dialect: Dialect) -> str:
    """Give what stands in front of the slash in a label exported from a fragment."""
    target = find_target(base, fragment, resolved, dialect)
    properties = resolved.properties(fragment.node)
    by_path, by_phandle = properties.get("target-path"), properties.get("target")
    by_phandle = None if by_phandle is None or not any(by_phandle) else by_phandle
    start = target.path if by_path is None or by_phandle else boot_text(by_path)
    return start if len(start) > 1 else ""


def live_symbol(overlay: Overlay, label: str, value: bytes, targets: dict[Node, Node]) -> bytes:
    """Give the value that an exported label gets in a live tree.

    The length of `/fragment/__overlay__` is cut off, unseen. targets maps fragment nodes to their
    targets. Raises Refused. Source: kernel dup_and_fixup_symbol_prop.
    """
    path = text(value)
    if not path:
        raise Refused(Problem.SYMBOL_VALUE, label=label, value=value)
    name = path[1:].replace(":", "/").partition("/")[0]
    fragment = overlay.tree.root.children.get(name) if name else None
    content = None if fragment is None else fragment.children.get("__overlay__")
    target = None if fragment is None or content is None else targets.get(fragment)
    if fragment is None or target is None:
        raise Refused(Problem.SYMBOL_FRAGMENT, label=label, path=path)
    cut = len(fragment.kernel_path) + len(_OVERLAY)
    if cut > len(path):
        raise Refused(Problem.SYMBOL_FRAGMENT, label=label, path=path)
    return (target.kernel_path + path[cut:]).encode("latin-1") + b"\0"


def _target_phandle(value: bytes | None, fragment: Fragment, dialect: Dialect) -> int | None:
    """Give the phandle a fragment names; None when its `target-path` is to be taken."""
    if value is None:
        return None
    if not dialect.target_exact:
        return cell(value) if len(value) >= 4 else None
    if len(value) != 4 or value == b"\xff\xff\xff\xff":
        raise Refused(Problem.TARGET_FORM, fragment=fragment, value=value)
    return cell(value) or None


def symbol_entries(overlay: Overlay, dialect: Dialect) -> list[tuple[str, bytes]]:
    """List the labels the overlay exports, with their values in the overlay."""
    if overlay.symbols is None:
        return []
    entries = ((plain_name(key), value) for key, value in overlay.symbols.properties.items())
    if not dialect.skips_pseudo:
        return list(entries)
    return [entry for entry in entries if entry[0] not in ("name", "phandle", "linux,phandle")]
