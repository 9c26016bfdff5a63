"""Finding nodes by path as the kernel and libfdt do; a dialect's fields say which rules hold."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from dtovl.model.cells import boot_text, text
from dtovl.model.node import REPEAT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_ALIAS_STEPS = 32
# Up to so many children are looked through; of more, the tree keeps which name finds which.
_FEW = 8
_FIRST_REPEAT = f"{REPEAT}1"


class Miss(Enum):
    """Why a path leads nowhere: no such node, or no path at all (libfdt tells the two apart)."""

    NODE = "node"
    FORM = "form"


def find_child(tree: Tree, parent: Node, name: str, dialect: Dialect) -> Node | None:
    """Find a child by one component of a path.

    Source: libfdt fdt_subnode_offset_namelen (the unit address may be left out, the first match in
    tree order counts); kernel __of_find_node_by_path (exact).
    """
    children = parent.children
    if not children or not dialect.unit_address_optional or "@" in name:
        if name + _FIRST_REPEAT in children:
            return next(child for child in tree.children_of(parent) if child.name == name)
        return children.get(name)
    if len(children) <= _FEW:
        return _by_stem(tree.children_of(parent), name)
    return tree.first_children(parent, fold=False).get(name)


def child_by_stem(tree: Tree, parent: Node, name: str) -> Node | None:
    """Find a child by its name without unit address, as kernel and libfdt find `__overlay__`.

    The first in tree order counts, be it with unit address.
    Source: kernel of_get_child_by_name; libfdt fdt_subnode_offset.
    """
    return _by_stem(tree.children_of(parent), name)


def top_node(tree: Tree, name: str, dialect: Dialect) -> Node | None:
    """Find `__symbols__` or `aliases` under the root; libfdt takes one with a unit address too.

    Source: kernel of_find_node_by_path; libfdt fdt_path_offset.
    """
    exact = tree.root.children.get(name)
    if exact is not None or not dialect.unit_address_optional:
        return exact
    return _by_stem(tree.children_of(tree.root), name)


def find_merge_child(tree: Tree, parent: Node, name: str, dialect: Dialect) -> Node | None:
    """Find the child that an overlay's child merges with.

    Source: kernel add_changeset_node (strcasecmp, first in tree order); libfdt fdt_add_subnode.
    """
    if not dialect.fold_case:
        return find_child(tree, parent, name, dialect)
    children = parent.children
    if not children:
        return None
    lower = name.lower()
    if len(children) > _FEW:
        return tree.first_children(parent, fold=True).get(lower)
    for child in tree.children_of(parent):
        if child.name == name or child.name.lower() == lower:
            return child
    return None


def find_path(tree: Tree, path: str, dialect: Dialect) -> Node | Miss:
    """Find a node of the tree by a path or alias.

    Source: kernel of_find_node_opts_by_path; libfdt fdt_path_offset_namelen.
    """
    return _find(tree, path, dialect, _ALIAS_STEPS)


def _find(tree: Tree, path: str, dialect: Dialect, steps: int) -> Node | Miss:
    if path == "/":
        return tree.root
    if dialect.path_options:
        path = path.partition(":")[0]
    if path.startswith("/"):
        return _descend(tree, tree.root, path, dialect)
    alias, slash, rest = path.partition("/")
    start = _alias(tree, alias, dialect, steps)
    return start if isinstance(start, Miss) else _descend(tree, start, slash + rest, dialect)


def find_inside(overlay: Tree, path: str, dialect: Dialect) -> Node | Miss:
    """Find a node of an overlay by the path that a fixup names.

    Source: kernel __of_find_node_by_full_path (a path that does not begin with `/` is the root,
    `/` itself no node); libfdt fdt_path_offset_namelen.
    """
    if not dialect.relative_is_root:
        return find_path(overlay, path, dialect)
    if not path.startswith("/"):
        return overlay.root
    return _descend(overlay, overlay.root, path, dialect)


def _by_stem(children: Iterable[Node], name: str) -> Node | None:
    prefix = name + "@"
    for child in children:
        if child.name == name or child.name.startswith(prefix):
            return child
    return None


def _alias(tree: Tree, alias: str, dialect: Dialect, steps: int) -> Node | Miss:
    """Follow an alias; FORM when there is none, NODE when it points nowhere.

    The kernel looks up the value as a path again, which may begin with an alias; steps bounds it.
    """
    node = top_node(tree, "aliases", dialect)
    if node is None or not steps or (dialect.aliases_of_boot and node in tree.origins):
        return Miss.FORM
    value = node.properties.get(alias, b"")
    path = text(value) if dialect.alias_full_path else boot_text(value)
    if not path or (dialect.alias_full_path and (value[-1] or not path.startswith("/"))):
        return Miss.FORM
    return _find(tree, path, dialect, steps - 1)


def _descend(tree: Tree, start: Node, path: str, dialect: Dialect) -> Node | Miss:
    node: Node | None = start
    if not path:
        return start
    for name in path[1:].split("/"):
        if not name and dialect.slashes_collapse:
            continue
        node = find_child(tree, node, name, dialect) if node is not None and name else None
        if node is None:
            return Miss.NODE
    return node if node is not None else Miss.NODE
