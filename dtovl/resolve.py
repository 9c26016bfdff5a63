"""Making an overlay fit a base: relocating its phandles, patching local references and fixups.

Nothing is written, neither to the base nor to the overlay: the result is a table of the property
values that differ. So one overlay, read once, can be tried on any number of bases.

What depends on the overlay alone is found once per dialect (a Plan); what depends on the base is
done by resolve(). Order, as in kernel of_resolve_phandles and libfdt fdt_overlay_apply: relocate
phandles, local fixups, fixups. The first problem in that order ends it.
"""

from __future__ import annotations

from struct import pack_into, unpack_from
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.model.cells import boot_text, cell, cells, pack_cell, text
from dtovl.model.dialect import Problem
from dtovl.model.node import Node, plain_name
from dtovl.model.paths import (
    Miss,
    child_by_stem,
    find_inside,
    find_merge_child,
    find_path,
    top_node,
)
from dtovl.model.tree import PHANDLE_NAMES, POISON, boot_phandle, phandle_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree

_MASK = 0xFFFFFFFF
_BLANKS = " \t\n\v\f\r"
_GENERATED = frozenset({"name", *PHANDLE_NAMES})


class Refused(Exception):
    """The overlay cannot be applied: which problem, and the facts that explain it."""

    def __init__(self, problem: Problem, **facts: Any) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.facts: dict[str, Any] = facts


class Site(NamedTuple):
    """A cell of the overlay that a fixup patches; offset in bytes into the property's value."""

    node: Node
    key: str
    offset: int


class Fixup(NamedTuple):
    """A label of the base that the overlay wants, where, and what is wrong with that list.

    passed are entries that the dialect passes over, as the overlay lacks their node.
    """

    label: str
    sites: list[Site]
    passed: list[str]
    refused: Refused | None


class Recipe(NamedTuple):
    """All patches of one property, offsets in bytes.

    local are cells that hold a phandle of the overlay; outside are (offset, index of the fixup).
    """

    node: Node
    key: str
    value: bytes
    local: list[int]
    outside: list[tuple[int, int]]


class Plan(NamedTuple):
    """What resolving an overlay needs that does not depend on the base, for one dialect.

    phandles are (node, key, number, bytes after the first cell), ways the nodes that have one, or
    that lead to one; refused holds the problems of
    relocation and of local fixups, in that order, None where all is well; fixups_node tells whether
    the overlay has a __fixups__ node at all.
    """

    phandles: list[tuple[Node, str, int, bytes]]
    phandle_refused: Refused | None
    local_refused: Refused | None
    fixups_node: bool
    fixups: list[Fixup]
    recipes: list[Recipe]
    ways: frozenset[Node]


class Resolved:
    """The overlay as it fits one base.

    values   node of the overlay -> {property key: value} where it differs from the overlay's own
    phandles node of the overlay -> its number after relocation (nodes that have one)
    """

    __slots__ = ("delta", "phandles", "plan", "values")

    def __init__(self, plan: Plan, delta: int) -> None:
        self.plan = plan
        self.delta = delta
        self.values: dict[Node, dict[str, bytes]] = {}
        self.phandles: dict[Node, int] = {}

    def number(self, node: Node) -> int:
        """Give the phandle of an overlay node after relocation as the kernel does it, 0 for none.

        Source: kernel adjust_overlay_phandles.
        """
        number = node.phandle
        return (number + self.delta) & _MASK if number and number != POISON else number

    def property(self, node: Node, key: str) -> bytes | None:
        """Give the resolved value of one property of an overlay node, None where there is none."""
        changed = self.values.get(node)
        if changed is not None and key in changed:
            return changed[key]
        return node.properties.get(key)

    def properties(self, node: Node) -> dict[str, bytes]:
        """Give the properties of an overlay node with the resolved values in their places."""
        changed = self.values.get(node)
        return {**node.properties, **changed} if changed else node.properties


def plan(overlay: Tree, dialect: Dialect) -> Plan:
    """Find every cell of the overlay that resolving touches. Raises nothing: problems are kept."""
    phandles, phandle_refused = _phandle_cells(overlay, dialect)
    recipes: dict[tuple[Node, str], Recipe] = {}
    local_refused = None
    try:
        for site in _local_sites(overlay, dialect):
            _recipe(recipes, site).local.append(site.offset)
    except Refused as refused:
        local_refused = refused
    node = _fixups_node(overlay, dialect)
    fixups = [] if node is None else _fixups(overlay, node, dialect)
    for index, fixup in enumerate(fixups):
        for site in fixup.sites:
            _recipe(recipes, site).outside.append((site.offset, index))
    return Plan(
        phandles,
        phandle_refused,
        local_refused,
        node is not None,
        fixups,
        list(recipes.values()),
        _ways({node for node, *_ in phandles}),
    )


def _ways(holders: Iterable[Node]) -> frozenset[Node]:
    """Give nodes and all that lies above them."""
    found: set[Node] = set()
    for holder in holders:
        node: Node | None = holder
        while node is not None and node not in found:
            found.add(node)
            node = node.parent
    return frozenset(found)


def resolve(found: Plan, base: Tree, dialect: Dialect) -> Resolved:
    """Fit the overlay of a plan to a base.

    Raises Refused with the first problem.
    Source: kernel of_resolve_phandles; libfdt overlay_adjust_local_phandles,
    overlay_update_local_references, overlay_fixup_phandles.
    """
    largest = base.largest_phandles()[1 if dialect.phandle_field else 0]
    delta = (largest + dialect.delta_extra) & _MASK
    resolved = Resolved(found, delta)
    _relocate(found, resolved, dialect)
    if found.local_refused is not None:
        raise found.local_refused
    numbers = _label_numbers(found, base, dialect)
    for node, key, value, local, outside in found.recipes:
        values = resolved.values.setdefault(node, {})
        buffer = bytearray(values.get(key, value))
        for offset in local:
            number = unpack_from(">I", buffer, offset)[0] + delta
            pack_into(">I", buffer, offset, number & _MASK)
        for offset, index in outside:
            pack_into(">I", buffer, offset, numbers[index])
        values[key] = bytes(buffer)
        if key in PHANDLE_NAMES and not dialect.phandle_field:
            resolved.phandles[node] = phandle_in(resolved.properties(node))
    return resolved


class Turning:
    """References of the overlay being turned from its own phandles to those of the base.

    sites maps a number to the cells that hold it now; buffers are the values in the making.
    """

    __slots__ = ("_buffers", "_resolved", "_sites")

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._buffers: dict[tuple[Node, str], bytearray] = {}
        self._sites: dict[int, list[tuple[Node, str, int]]] | None = None

    def turn(self, node: Node, number: int) -> None:
        """Let an overlay node have the phandle of its node in the base; turn references to it.

        Source: libfdt overlay_prevent_phandle_overwrite_node (since 1.7.1).
        """
        resolved = self._resolved
        old = resolved.phandles[node]
        resolved.phandles[node] = number
        values = resolved.values.setdefault(node, {})
        for key in PHANDLE_NAMES:
            if len(node.properties.get(key, b"")) == 4:
                values[key] = pack_cell(number)
        sites = self._all_sites()
        moved = sites.pop(old, [])
        for owner, key, offset in moved:
            pack_into(">I", self._buffers[owner, key], offset, number)
        sites.setdefault(number, []).extend(moved)

    def settle(self, node: Node | None = None) -> None:
        """Put all values back among the resolved ones, or only the `target` of a fragment node."""
        if node is None:
            for (owner, key), buffer in self._buffers.items():
                self._resolved.values[owner][key] = bytes(buffer)
        elif (node, "target") in self._buffers:
            self._resolved.values[node]["target"] = bytes(self._buffers[node, "target"])

    def _all_sites(self) -> dict[int, list[tuple[Node, str, int]]]:
        if self._sites is None:
            self._sites = {}
            for node, key, _, local, _ in self._resolved.plan.recipes:
                buffer = bytearray(self._resolved.values[node][key])
                self._buffers[node, key] = buffer
                for offset in local:
                    number = unpack_from(">I", buffer, offset)[0]
                    self._sites.setdefault(number, []).append((node, key, offset))
        return self._sites


# -- phandles of the overlay -----------------------------------------------------------------------


def _phandle_cells(
    overlay: Tree, dialect: Dialect
) -> tuple[list[tuple[Node, str, int, bytes]], Refused | None]:
    cells_found: list[tuple[Node, str, int, bytes]] = []
    for node in overlay.walk():
        for name in PHANDLE_NAMES:
            value = node.properties.get(name)
            if value is None:
                continue
            if dialect.phandle_field:
                if len(value) < 4 or cell(value) == POISON:
                    continue
                number = node.phandle
            elif len(value) != 4:
                refused = Refused(Problem.PHANDLE_LENGTH, node=node, property=name, value=value)
                return cells_found, refused
            else:
                number = cell(value)
            cells_found.append((node, name, number, value[4:]))
    return cells_found, None


def _relocate(found: Plan, resolved: Resolved, dialect: Dialect) -> None:
    delta = resolved.delta
    values, phandles = resolved.values, resolved.phandles
    for node, name, number, rest in found.phandles:
        moved = number + delta
        if dialect.phandle_field:
            moved = moved & _MASK if number and number != POISON else number
        elif moved >= _MASK:
            raise Refused(Problem.PHANDLE_OVERFLOW, node=node, phandle=number, delta=delta)
        phandles.setdefault(node, moved)
        values.setdefault(node, {})[name] = pack_cell(moved) + rest
    if found.phandle_refused is not None:
        raise found.phandle_refused


# -- local fixups ----------------------------------------------------------------------------------


def _local_sites(overlay: Tree, dialect: Dialect) -> Iterator[Site]:
    """Give the cells that __local_fixups__ names, in order. Raises Refused at the first problem.

    Source: kernel adjust_local_phandle_references; libfdt overlay_update_local_node_references.
    """
    start = child_by_stem(overlay, overlay.root, "__local_fixups__")
    stack: list[tuple[Node, Node | None]] = [] if start is None else [(start, None)]
    while stack:
        fixup, above = stack.pop()
        node = (
            overlay.root if above is None else find_merge_child(overlay, above, fixup.name, dialect)
        )
        if node is None:
            raise Refused(Problem.LOCAL_NODE, node=above, fixup=fixup)
        for key, value in fixup.properties.items():
            name = plain_name(key)
            if not (dialect.skips_pseudo and name in _GENERATED):
                yield from _local_property(fixup, node, name, value, dialect)
        stack.extend((child, node) for child in reversed(fixup.children.values()))


def _local_property(
    fixup: Node, node: Node, name: str, value: bytes, dialect: Dialect
) -> Iterator[Site]:
    if len(value) % 4:
        raise Refused(Problem.LOCAL_LENGTH, node=node, fixup=fixup, property=name, value=value)
    if not value and Problem.LOCAL_EMPTY in dialect.errors:
        raise Refused(Problem.LOCAL_EMPTY, node=node, fixup=fixup, property=name)
    patched = node.properties.get(name)
    if patched is None:
        raise Refused(Problem.LOCAL_PROPERTY, node=node, fixup=fixup, property=name)
    if name in PHANDLE_NAMES and len(value) == 4 and Problem.LOCAL_PHANDLE in dialect.errors:
        raise Refused(Problem.LOCAL_PHANDLE, node=node, fixup=fixup, property=name)
    for offset in cells(value):
        if offset + 4 > len(patched):
            # The kernel's sum wraps, and is found to be small enough.
            wraps = offset + 4 > _MASK and (offset + 4 & _MASK) <= len(patched)
            problem = Problem.LOCAL_WRAP if wraps else Problem.LOCAL_RANGE
            length = len(patched)
            raise Refused(problem, node=node, property=name, offset=offset, length=length)
        yield Site(node, name, offset)


# -- fixups ----------------------------------------------------------------------------------------


def _fixups_node(overlay: Tree, dialect: Dialect) -> Node | None:
    if not dialect.last_fixups:
        return child_by_stem(overlay, overlay.root, "__fixups__")
    found = None
    for child in overlay.root.children.values():
        if child.name.partition("@")[0] == "__fixups__":
            found = child
    return found


def _fixups(overlay: Tree, node: Node, dialect: Dialect) -> list[Fixup]:
    found = []
    for key, value in node.properties.items():
        label = plain_name(key)
        if dialect.skips_pseudo and label == "name":
            continue
        sites: list[Site] = []
        passed: list[str] = []
        refused = None
        try:
            for entry in _fixup_entries(value, label, dialect):
                site = _fixup_site(overlay, entry, label, dialect)
                if site is None:
                    passed.append(entry)
                elif site.key in site.node.properties:
                    sites.append(site)
        except Refused as problem:
            refused = problem
        found.append(Fixup(label, sites, passed, refused))
    return found


def _fixup_entries(value: bytes, label: str, dialect: Dialect) -> Iterator[str]:
    if not value:
        if Problem.FIXUP_NONE in dialect.errors:
            raise Refused(Problem.FIXUP_NONE, label=label)
        return
    start = 0
    while start < len(value):
        end = value.find(0, start)
        if end < 0:
            entry = value[start:].decode("latin-1")
            raise Refused(Problem.FIXUP_UNTERMINATED, label=label, entry=entry)
        yield value[start:end].decode("latin-1")
        start = end + 1


def _fixup_site(overlay: Tree, entry: str, label: str, dialect: Dialect) -> Site | None:
    """Find the cell that one `path:property:offset` names; None: silently passed over.

    Source: kernel update_usages_of_a_phandle_reference; libfdt overlay_fixup_phandle.
    """
    path, colon, rest = entry.partition(":")
    name, colon2, number = rest.partition(":")
    if not (colon and colon2) or not (name or dialect.strict_numbers):
        raise Refused(Problem.FIXUP_SYNTAX, label=label, entry=entry)
    offset = _offset(number, label, entry, dialect)
    node = find_inside(overlay, path, dialect)
    if isinstance(node, Miss):
        problem = Problem.FIXUP_PATH if node is Miss.FORM else Problem.FIXUP_NODE
        if problem in dialect.errors:
            raise Refused(problem, label=label, entry=entry, path=path)
        return None
    value = node.properties.get(name)
    if value is None and name == "name" and dialect.skips_pseudo:
        # The kernel has given every node a `name`; what is patched there reaches no base.
        value = b"\0" * (len(node.name.rpartition("@")[0] or node.name) + 1)
    facts = {"label": label, "entry": entry, "node": node, "property": name, "offset": offset}
    if value is None:
        raise Refused(Problem.FIXUP_PROPERTY, **facts)
    if offset < 0 or offset + 4 > len(value):
        wraps = offset < 0 or offset + 4 > _MASK
        problem = Problem.FIXUP_WRAP if wraps else Problem.FIXUP_RANGE
        raise Refused(problem, **facts, length=len(value))
    return Site(node, name, offset)


def _offset(number: str, label: str, entry: str, dialect: Dialect) -> int:
    digits = number.removesuffix("\n") if dialect.strict_numbers else number.lstrip(_BLANKS)
    unsigned = digits[1:] if digits[:1] in ("+", "-") else digits
    if not (unsigned.isascii() and unsigned.isdigit()):
        raise Refused(Problem.FIXUP_SYNTAX, label=label, entry=entry)
    # int() refuses very long runs of digits; anything that long is out of range anyway.
    offset = int(digits) if len(digits) < 40 else 1 << 64
    if dialect.strict_numbers:
        if not -(1 << 31) <= offset < 1 << 31:
            raise Refused(Problem.FIXUP_NUMBER, label=label, entry=entry)
    elif offset > _MASK or offset < -_MASK:
        raise Refused(Problem.FIXUP_NUMBER, label=label, entry=entry)
    return offset


def _recipe(recipes: dict[tuple[Node, str], Recipe], site: Site) -> Recipe:
    key = (site.node, site.key)
    found = recipes.get(key)
    if found is None:
        found = Recipe(site.node, site.key, site.node.properties[site.key], [], [])
        recipes[key] = found
    return found


# -- labels of the base ----------------------------------------------------------------------------


def _label_numbers(found: Plan, base: Tree, dialect: Dialect) -> list[int]:
    """Give the phandle of each label the overlay wants. Raises Refused at the first problem."""
    symbols = top_node(base, "__symbols__", dialect)
    if symbols is None and (found.fixups or (found.fixups_node and dialect.fixups_need_symbols)):
        raise Refused(Problem.NO_SYMBOLS, labels=[fixup.label for fixup in found.fixups])
    numbers = []
    for fixup in found.fixups:
        if symbols is not None:
            numbers.append(_label_number(fixup.label, symbols, base, dialect))
        if fixup.refused is not None:
            raise fixup.refused
    return numbers


def _label_number(label: str, symbols: Node, base: Tree, dialect: Dialect) -> int:
    value = symbols.properties.get(label)
    if value is None:
        raise Refused(Problem.LABEL_MISSING, label=label)
    if not value:
        raise Refused(Problem.LABEL_EMPTY, label=label)
    path = text(value)
    if path is None:
        if Problem.LABEL_UNTERMINATED in dialect.errors:
            raise Refused(Problem.LABEL_UNTERMINATED, label=label, value=value)
        path = boot_text(value)
    node = find_path(base, path, dialect)
    if isinstance(node, Miss):
        problem = Problem.LABEL_FORM if node is Miss.FORM else Problem.LABEL_NODE
        raise Refused(problem, label=label, path=path)
    number = node.phandle if dialect.phandle_field else boot_phandle(node)
    if not number and Problem.LABEL_PHANDLE in dialect.errors:
        raise Refused(Problem.LABEL_PHANDLE, label=label, path=path)
    return number
