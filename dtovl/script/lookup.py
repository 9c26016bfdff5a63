"""Finding nodes as a running kernel does: by path, phandle, name, compatible.

Whoever walks takes a reference on each node passed and drops it when going on. That comes out even
but for nodes whose count is 0 already, which the kernel then notices (see visit).
Source: kernel of_find_node_opts_by_path and the other look-ups of drivers/of/base.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.cache import cached, keep_looked_up
from dtovl.live.objects import Flag, Maker, Oops
from dtovl.model.cells import boot_text
from dtovl.script.reading import compatible_score, read_string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.live.state import Live
    from dtovl.model.node import Node

_NO_ALIAS = frozenset({"name", "phandle", "linux,phandle"})
_INT_MAX = 0x7FFF_FFFF


def visit(live: Live, node: Node) -> None:
    """Take and drop a reference: nothing happens, unless the count has reached 0 before."""
    if live.counts.get(node, 1) <= 0:
        live.get(node)
        live.put(node)


def find_by_path(live: Live, path: str) -> tuple[Node | None, str | None]:
    """Find a node by path or alias; give it, and the options that follow the first `:`.

    No reference is kept on the node. Raises Oops when aliases name each other in a circle.
    """
    path = c_text(path)
    _, colon, options = path.partition(":")
    below: list[str] = []
    seen: set[str] = set()
    while not path.startswith("/"):
        if path in seen:
            raise Oops(f"the alias {path} leads back to itself: the kernel's stack overflows")
        seen.add(path)
        alias, slash, rest = path.partition(":")[0].partition("/")
        below.append(slash + rest)
        value = _alias(live, alias)
        if value is None:
            return None, options if colon else None
        path = value
    node: Node | None = live.tree.root
    visit(live, live.tree.root)
    if path != "/":
        below.append(path.partition(":")[0])
    while below and node is not None:
        node = _descend(live, node, below.pop())
    return node, options if colon else None


def find_phandle(live: Live, number: int) -> Node | None:
    """Find the node with a phandle; nobody has 0. Source: kernel of_find_node_by_phandle."""
    node = live.tree.by_phandle.get(number) if number else None
    if number in live.tree.shared_phandles:
        node = _find_shared(live, number)
    if node is None and live.out_of_sight:
        node = live.out_of_sight.get(number)
    elif node is not None:
        keep_looked_up(live, node)
    if node is not None:
        visit(live, node)
    elif number and live.rings:
        raise _endless(next(iter(live.rings)))
    return node


def find_name(live: Live, name: str) -> Node | None:
    """Find the first node of that name, without unit address.

    Source: kernel of_find_node_by_name.
    """
    for node in _all_nodes(live):
        if stem_of(node) == name:
            visit(live, node)
            return node
    return None


def find_compatible(live: Live, wanted: str) -> Node | None:
    """Find the first node that is compatible. Source: kernel of_find_compatible_node."""
    for node in _all_nodes(live):
        if compatible_score(live, node, wanted):
            visit(live, node)
            return node
    return None


def find_child(live: Live, parent: Node, name: str) -> Node | None:
    """Find the first child of that name, without unit address.

    Source: kernel of_get_child_by_name.
    """
    for child in _children(live, parent):
        if stem_of(child) == name:
            return child
    return None


def alias_number(live: Live, node: Node, stem: str) -> int | None:
    """Give the number of a node among the aliases of that stem, as they were at boot.

    Source: kernel of_alias_scan, of_alias_get_id.
    """
    aliases = _boot_aliases(live)
    if aliases is None or live.has_flag(node, Flag.DYNAMIC):
        return None
    values = {name: boot_text(value) for name, value in _boot_values(live, aliases)}
    for name in values:
        digits = name[len(name.rstrip("0123456789")) :]
        if name in _NO_ALIAS or not digits or name != stem + digits:
            continue
        digits = digits.lstrip("0") or "0"
        number = int(digits) if len(digits) <= len(str(_INT_MAX)) else _INT_MAX + 1
        if number <= _INT_MAX and _full_path(values, name) == node.path:
            return number
    return None


def stem_of(node: Node) -> str:
    """Give the name without unit address, as comparisons by name take it."""
    return _last(node).partition("@")[0]


def c_text(text: str) -> str:
    """Cut a text where a string in C ends."""
    return text.partition("\0")[0]


def _find_shared(live: Live, number: int) -> Node | None:
    """Find the one of several nodes with one phandle that the kernel gives: cached, or first."""
    kept = cached(live, number)
    if kept is not None:
        return kept
    return next((node for node in _all_nodes(live) if node.phandle == number), None)


def _boot_aliases(live: Live) -> Node | None:
    """Give `/aliases`, if the kernel saw it at boot."""
    aliases = live.tree.aliases
    return None if aliases is None or live.has_flag(aliases, Flag.DYNAMIC) else aliases


def _alias(live: Live, alias: str) -> str | None:
    aliases = _boot_aliases(live)
    value = None if aliases is None else live.property(aliases, alias)
    if aliases is None or value is None:
        return None
    return read_string(live, aliases, alias, value)


def _boot_values(live: Live, node: Node) -> Iterator[tuple[str, bytes]]:
    """Give the properties that a node had at boot, those that went since last."""
    for key, value in node.properties.items():
        prop = live.objects.get((node, key))
        if prop is None or prop.maker is Maker.BOOT:
            yield key, value
    for prop in live.dead.get(node, ()):
        if prop.maker is Maker.BOOT:
            yield prop.name, prop.value


def _full_path(values: dict[str, str], alias: str) -> str:
    """Follow an alias of boot to a full path, "" when it leads to none."""
    rests: list[str] = []
    path = alias
    while not path.startswith("/"):
        name, slash, rest = path.partition(":")[0].partition("/")
        if name not in values or len(rests) > len(values):
            return ""
        rests.append(slash + rest)
        path = values[name]
    path = path.partition(":")[0]
    return (path if path != "/" or not any(rests) else "") + "".join(reversed(rests))


def _descend(live: Live, node: Node, path: str) -> Node | None:
    """Walk from a node down a path that is empty or begins with `/`."""
    if not path:
        return node
    found: Node | None = node
    for name in path[1:].split("/"):
        if not name or found is None:
            return None
        children = _children(live, found)
        found = next((child for child in children if _last(child) == name), None)
    return found


def _children(live: Live, parent: Node) -> Iterator[Node]:
    """Run over the children, with a reference on each while it is looked at."""
    for child in live.tree.children_of(parent):
        visit(live, child)
        yield child
    if parent in live.rings:
        raise _endless(parent)


def _all_nodes(live: Live) -> Iterator[Node]:
    """Run over all nodes in tree order; this walk takes no references.

    Source: kernel __of_find_all_nodes.
    """
    if not live.rings:
        yield from live.tree.walk()
        return
    root = live.tree.root
    yield root
    stack = [(root, iter(live.tree.children_of(root)))]
    while stack:
        parent, rest = stack[-1]
        child = next(rest, None)
        if child is not None:
            yield child
            stack.append((child, iter(live.tree.children_of(child))))
        elif parent in live.rings:
            raise _endless(parent)
        else:
            stack.pop()


def _last(node: Node) -> str:
    """Give what stands behind the last slash of the name; names may hold some."""
    return node.name.rpartition("/")[2]


def _endless(parent: Node) -> Oops:
    return Oops("the list of children has become a ring: a walk over it never ends", parent)
