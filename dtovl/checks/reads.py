"""What applying an overlay looks for in a base: labels, aliases, names of children, phandles.

Asked only where another overlay on the base writes something of the kind. What an overlay reads is
found on the plain base, from the overlay and its targets: what it makes itself, it does not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import boot_text, text
from dtovl.model.dialect import Problem
from dtovl.model.paths import Miss, find_child, find_merge_child, find_path, top_node
from dtovl.overlay.fragments import node_phandle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.checks.touched import Touched
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

SYMBOLS = "__symbols__"
ALIASES = "aliases"

Need = tuple[str, "Node | None", str]
"""What an overlay lacks: ("label", None, label), ("alias", None, name), ("phandle", node, label),
("node", parent, name), ("number", None, "")."""


def family(name: str, dialect: Dialect) -> str:
    """Give what names have in common that a look-up may take for one another.

    Source: libfdt fdt_nodename_eq_ (the unit address may be left out); kernel add_changeset_node
    (strcasecmp).
    """
    return name.lower() if dialect.fold_case else name.partition("@")[0]


def labels(touched: Touched) -> Iterator[str]:
    """Give the labels of the base that an overlay wants."""
    return (fixup.label for fixup in touched.plan.fixups)


def paths(tree: Tree, touched: Touched, dialect: Dialect) -> Iterator[str]:
    """Give the paths that are looked up: those of labels, and of targets."""
    return map(boot_text, _path_values(tree, touched, dialect))


def _path_values(tree: Tree, touched: Touched, dialect: Dialect) -> Iterator[bytes]:
    symbols = top_node(tree, SYMBOLS, dialect)
    values = symbols.properties if symbols is not None else {}
    for fixup in touched.plan.fixups:
        value = values.get(fixup.label)
        if value:
            yield value
    for fragment in touched.overlay.fragments:
        target = fragment.node.properties.get("target-path")
        if target is not None:
            yield target


def may_look_up(
    tree: Tree, touched: Touched, stems: set[str], dialect: Dialect, seen: dict[bytes, bool]
) -> bool:
    """Tell whether names without unit address that are looked up may be among stems.

    seen has what was found of values, for the same stems.
    """
    known: dict[tuple[str, str], frozenset[str]] = touched.overlay.known
    key = ("stems", dialect.name)
    if key not in known:
        contents = [fragment.content for fragment in touched.overlay.fragments]
        inside = (node.name for content in contents for node in content.walk())
        known[key] = frozenset(name for name in inside if "@" not in name) | {SYMBOLS}
    if not stems.isdisjoint(known[key]):
        return True
    for value in _path_values(tree, touched, dialect):
        may = seen.get(value)
        if may is None:
            path = boot_text(value)
            may = not stems.isdisjoint(path.split("/")) or path[:1] != "/"
            seen[value] = may
        if may:
            return True
    return False


def child_names(tree: Tree, touched: Touched, dialect: Dialect) -> Iterator[tuple[Node, str]]:
    """Give (node of the base, name) of the children that are looked up, found or not."""
    for path in paths(tree, touched, dialect):
        yield from _steps(tree, path, dialect)
    if touched.overlay.symbols is not None or touched.plan.fixups:
        yield tree.root, SYMBOLS
    for fragment in touched.overlay.fragments:
        target = touched.outcome.targets.get(fragment.node)
        stack = [] if target is None or target in touched.fresh else [(fragment.content, target)]
        while stack:
            node, base = stack.pop()
            for child in node.children.values():
                yield base, child.name
                match = find_merge_child(tree, base, child.name, dialect)
                if match is not None:
                    stack.append((child, match))


def aliases(tree: Tree, touched: Touched, dialect: Dialect) -> Iterator[str]:
    """Give the aliases that are looked up first."""
    for path in paths(tree, touched, dialect):
        if not path.startswith("/"):
            yield _alias_of(path, dialect)


def lacks(tree: Tree, touched: Touched, dialect: Dialect) -> list[Need]:
    """List what a refused overlay lacks on the plain base, as far as another one could bring it."""
    refused = touched.outcome.refused
    if refused is None:
        return []
    found: list[Need] = []
    symbols = top_node(tree, SYMBOLS, dialect)
    for label in dict.fromkeys(labels(touched)):
        found.extend(_label_lacks(tree, label, symbols, dialect))
    if refused.problem in (Problem.NO_SYMBOLS, Problem.SYMBOLS_NO_BASE):
        found.append(("node", tree.root, SYMBOLS))
    if refused.problem is Problem.TARGET_PHANDLE:
        found.append(("number", None, ""))
    if refused.problem in (Problem.DUPLICATE_NODE, Problem.DUPLICATE_PROPERTY):
        found.extend(("node", base, name) for base, name in child_names(tree, touched, dialect))
    path = refused.facts.get("path")
    if refused.problem in (Problem.TARGET_PATH, Problem.TARGET_PATH_FORM) and path is not None:
        found.extend(_path_lacks(tree, path, dialect))
    return list(dict.fromkeys(found))


def _label_lacks(tree: Tree, label: str, symbols: Node | None, dialect: Dialect) -> Iterator[Need]:
    value = symbols.properties.get(label) if symbols is not None else None
    if not value:
        yield "label", None, label
        return
    path = boot_text(value) if text(value) is None else text(value)
    node = find_path(tree, path or "", dialect)
    if isinstance(node, Miss):
        yield "label", None, label
        yield from _path_lacks(tree, path or "", dialect)
    elif Problem.LABEL_PHANDLE in dialect.errors and not node_phandle(tree, node, dialect):
        yield "phandle", node, label


def _path_lacks(tree: Tree, path: str, dialect: Dialect) -> Iterator[Need]:
    """Give the alias, and the child, at which a path stops."""
    if not path.startswith("/"):
        yield "alias", None, _alias_of(path, dialect)
    for node, name in list(_steps(tree, path, dialect))[-1:]:
        yield "node", node, name


def _alias_of(path: str, dialect: Dialect) -> str:
    path = path.partition(":")[0] if dialect.path_options else path
    return path.partition("/")[0]


def _steps(tree: Tree, path: str, dialect: Dialect) -> Iterator[tuple[Node, str]]:
    """Give (node, name of a child) for the look-ups of a path, up to the first that is missed."""
    if dialect.path_options:
        path = path.partition(":")[0]
    node: Node | None = tree.root
    steps = path[1:]
    if not path.startswith("/"):
        alias, _, steps = path.partition("/")
        yield tree.root, ALIASES
        start = find_path(tree, alias, dialect)
        above = top_node(tree, ALIASES, dialect)
        value = None if above is None else above.properties.get(alias)
        if value and boot_text(value).startswith("/"):
            yield from _steps(tree, boot_text(value), dialect)
        node = None if isinstance(start, Miss) else start
    for name in steps.split("/"):
        if node is None or not name:
            continue
        yield node, name
        node = find_child(tree, node, name, dialect)
