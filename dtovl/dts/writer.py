"""A tree as devicetree source that a person wants to read, and that compiles to the same tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.codes.written import LOST_IN_SOURCE, NOT_IN_SOURCE, REFUSED_SOURCE
from dtovl.dts.restore import Plan, unwritable
from dtovl.model.cells import cell
from dtovl.model.node import plain_name
from dtovl.model.specifiers import MAX_PHANDLE, OVERLAY
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.model.values import pieces, printable, reference, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.diagnostics import Sink
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

# What dtc's check node_name_chars allows; its lexer takes a few more.
_NODE_NAME = re.compile(r"[a-zA-Z0-9,._+@-]")

# Columns, a tab counting for eight.
_WIDTH = 96
_TAB = 8

# Deeper nodes are not indented further: a hostile tree must not make a text of tabs alone.
_MAX_TABS = 40


def write_source(tree: Tree, *, sink: Sink | None = None) -> str:
    """Write a tree as devicetree source, version 1.

    Labels, references, `/__symbols__` and the fixups of an overlay come back as a person writes
    them, wherever compiling the text (with -@ if the tree has `/__symbols__`) gives the same tree
    again, numbers of phandles included. What source cannot say is left out with a comment, and
    reported to sink (DT050 to DT052).
    """
    plan = Plan(tree)
    writer = _Writer(plan)
    if sink is not None:
        _report(plan, sink)
    return writer.write()


def write_node(tree: Tree, node: Node, depth: int | None = None) -> str:
    """Write one node, and what is below it down to depth levels, as write_source writes it.

    The text is for people: what is cut off leaves a comment, and references may lead outside.
    """
    writer = _Writer(Plan(tree))
    return writer.write_part(node, depth)


class _Writer:
    """The lines of one text."""

    __slots__ = ("_aliases", "_plan", "lines")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._aliases = plan.tree.aliases
        self.lines: list[str] = []

    def write(self) -> str:
        plan, lines = self._plan, self.lines
        lines.append("/dts-v1/;")
        if plan.overlay:
            lines.append("/plugin/;")
        if plan.symbols:
            lines += ["", "/* compile with -@, which makes /__symbols__ of the labels */"]
        boot = plan.tree.header.boot_cpuid
        if boot != _guessed_boot_cpu(plan.tree):
            lines += ["", f"/* compile with -b {boot}: the boot CPU is not the first in /cpus */"]
        reservations = plan.tree.header.reservations
        if reservations:
            lines.append("")
        lines.extend(f"/memreserve/ {at:#x} {size:#x};" for at, size in reservations)
        root = plan.tree.root
        written = [top for top in self._children(root) if top not in plan.sugar]
        if written or root.properties or not plan.sugar:
            self._write_tree("/ {", root, written)
        for fragment, target in plan.sugar.items():
            body = fragment.children[OVERLAY]
            self._write_tree(f"{target} {{", body, self._children(body))
        return "\n".join(lines) + "\n"

    def write_part(self, node: Node, levels: int | None) -> str:
        labels = "".join(f"{label}: " for label in self._plan.labels.get(node, ()))
        self._write_tree(f"{labels}{printable(node.name) or '/'} {{", node, None, levels)
        return "\n".join(self.lines[1:]) + "\n"

    def _children(self, node: Node) -> list[Node]:
        plan = self._plan
        children = [child for child in plan.tree.children_of(node) if child in plan.nodes]
        if node is plan.tree.root:
            return [child for child in children if child.name not in plan.tables]
        return children

    def _write_tree(
        self, head: str, top: Node, children: list[Node] | None, levels: int | None = None
    ) -> None:
        """Write a node and all below it, with a stack: depth is the input's to choose."""
        lines = self.lines
        lines += ["", head]
        self._write_properties(top, 1)
        stack: list[tuple[Node | None, int]] = [(None, 0)]
        below = self._below(top, 0, levels) if children is None else children
        stack.extend((child, 1) for child in reversed(below))
        while stack:
            node, depth = stack.pop()
            indent = "\t" * min(depth, _MAX_TABS)
            if node is None:
                lines.append(f"{indent}}};")
                continue
            if not lines[-1].endswith("{"):
                lines.append("")
            labels = "".join(f"{label}: " for label in self._plan.labels.get(node, ()))
            lines.append(f"{indent}{labels}{node.name} {{")
            self._write_properties(node, depth + 1)
            stack.append((None, depth))
            below = self._below(node, depth, levels)
            stack.extend((child, depth + 1) for child in reversed(below))

    def _below(self, node: Node, depth: int, levels: int | None) -> list[Node]:
        """Give the children to write below a node; a comment stands for those past the levels."""
        children = self._children(node)
        if levels is None or depth < levels or not children:
            return children
        indent = "\t" * (min(depth, _MAX_TABS) + 1)
        noun = "node" if len(children) == 1 else "nodes"
        self.lines.append(f"{indent}/* {len(children)} {noun} below */")
        return []

    def _write_properties(self, node: Node, depth: int) -> None:
        plan = self._plan
        indent = "\t" * min(depth, _MAX_TABS)
        references = plan.references.get(node, {})
        generated = plan.symbols if node is plan.tree.symbols else ()
        for key, value in plan.tree.properties_of(node):
            reason = unwritable(key)
            if key in generated:
                continue
            if reason:
                self.lines.append(f"{indent}{_left_out('property', key, reason)}")
            elif key != PHANDLE_NAMES[0] or node not in plan.implicit:
                words = self._aliased(node, value)
                words = words or pieces(value, name=key, references=references.get(key, {}))
                self._write_words(indent, key, words)
        for key, child in node.children.items():
            if child not in plan.nodes:
                self.lines.append(f"{indent}{_left_out('node', key, unwritable(key))}")

    def _aliased(self, node: Node, value: bytes) -> list[str]:
        """Give `&label` for an alias of a labelled node; [] for anything else."""
        if node is not self._aliases or not value.startswith(b"/") or value[-1:] != b"\0":
            return []
        target = self._plan.tree.find(value[:-1].decode("latin-1"))
        labels = self._plan.labels.get(target) if target is not None else None
        return [reference(labels[0])] if labels else []

    def _write_words(self, indent: str, name: str, words: list[str]) -> None:
        """Write one property, over several lines when it is long, broken between groups."""
        if not words:
            self.lines.append(f"{indent}{name};")
            return
        line = f"{indent}{name} ="
        width = len(line) + len(indent) * (_TAB - 1)
        further = f"{indent}\t"
        room = _WIDTH - len(further) * _TAB
        for group in _groups([*words[:-1], words[-1] + ";"], max(room, _WIDTH // 2)):
            if width + 1 + len(group) > _WIDTH and not line.endswith("="):
                self.lines.append(line)
                line = further + group
                width = len(line) + len(further) * (_TAB - 1)
            else:
                line += " " + group
                width += 1 + len(group)
        self.lines.append(line)


def _groups(words: list[str], room: int) -> list[str]:
    """Join the words that belong together, but not to more characters than there is room for."""
    groups = []
    held: list[str] = []
    size = 0
    for word in words:
        if held and size + len(word) > room:
            groups.append(" ".join(held))
            held, size = [], 0
        held.append(word)
        size += len(word) + 1
        if word.endswith(","):
            groups.append(" ".join(held))
            held, size = [], 0
    return [*groups, " ".join(held)] if held else groups


def _left_out(what: str, key: str, reason: str) -> str:
    name = printable(plain_name(key)).replace("*/", "*\\x2f")
    return f'/* left out: {what} "{name}": {reason} */'


# -- what the text cannot say --------------------------------------------------------------------


def _report(plan: Plan, sink: Sink) -> None:
    tree = plan.tree
    owners: dict[int, Node] = {}
    named = 0
    for node in plan.nodes:
        for what, keys in (("property", node.properties), ("node", node.children)):
            for key in keys:
                reason = unwritable(key)
                if reason:
                    name = f"{what} {plain_name(key)}"
                    sink.report(NOT_IN_SOURCE, path=node.path, what=name, reason=reason)
        for reason in _refusals(node, owners):
            sink.report(REFUSED_SOURCE, path=node.path, reason=reason)
        named += node.properties.get("name") == _base_name(node)
    if named:
        what, reason = f"the property name of {named} nodes", "dtc drops it, as it adds nothing"
        sink.report(LOST_IN_SOURCE, what=what, reason=reason)
    boot, guessed = tree.header.boot_cpuid, _guessed_boot_cpu(tree)
    if boot != guessed:
        what, reason = f"boot CPU {boot}", f"compiling takes {guessed}, from the tree"
        sink.report(LOST_IN_SOURCE, what=what, reason=reason)


def _base_name(node: Node) -> bytes:
    return node.name.partition("@")[0].encode("latin-1") + b"\0"


def _refusals(node: Node, owners: dict[int, Node]) -> Iterator[str]:
    """Say what a compiler's checks will find wrong with a node; owners collects the phandles."""
    name = node.name
    strange = _NODE_NAME.sub("", name)
    if strange:
        yield f"a node name with {strange[0]}"
    if name.count("@") > 1:
        yield "a node name with more than one @"
    for key in node.properties:
        if "@" in key and not unwritable(key):
            yield f"a property name with @: {key}"
    own = node.properties.get("name")
    if own is not None and own != _base_name(node):
        yield "a property called name that is not the node's name"
    numbers = set()
    for key in PHANDLE_NAMES:
        value = node.properties.get(key)
        if value is None:
            continue
        number = cell(value) if len(value) == 4 else 0
        if not 0 < number <= MAX_PHANDLE:
            yield f"{key} = {render(value, name=key, limit=40)} is no phandle"
        numbers.add(number)
    if len(numbers) > 1:
        yield "phandle and linux,phandle differ"
    for number in numbers - {0}:
        other = owners.setdefault(number, node)
        if other is not node:
            yield f"its phandle {number:#x} is that of {other.path} too"


def _guessed_boot_cpu(tree: Tree) -> int:
    """Give the boot CPU that a compiler of source writes into the header.

    Source: dtc guess_boot_cpuid.
    """
    cpus = tree.root.children.get("cpus")
    first = next(iter(tree.children_of(cpus)), None) if cpus is not None else None
    reg = first.properties.get("reg", b"") if first is not None else b""
    return cell(reg) if len(reg) == 4 else 0
