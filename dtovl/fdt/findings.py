"""What a reader reports about a tree that can be read and is odd, bounded in number."""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING

from dtovl.codes.input import ODD_NAME, ODD_PHANDLE, REPEATED_NAME
from dtovl.diagnostics import Diagnostic, Location, Note
from dtovl.fdt.names import (
    all_plain_nodes,
    all_plain_properties,
    odd_node_name,
    odd_property_name,
)
from dtovl.model.cells import cell
from dtovl.model.node import plain_name
from dtovl.model.tree import PHANDLE_NAMES, live_phandle

if TYPE_CHECKING:
    from collections.abc import Collection

    from dtovl.codes.base import Code, Severity
    from dtovl.diagnostics import Sink
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

MOST_OF_ONE_CODE = 20
"""Findings shown of one code; a hostile blob could hold millions."""

_MOST_OF_A_NAME = 80

_ALL_ONES = 0xFFFFFFFF


class Findings:
    """A sink for one file: adds its name, and past a bound counts instead of listing."""

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink = sink
        self._at = Location(name) if name else None
        self.shown = name or "the blob"
        self._counts: dict[str, int] = {}
        self._last: dict[str, Diagnostic] = {}

    def wants(self, code: Code) -> bool:
        """Count a finding; tell whether it is one of the first, which are listed.

        Asked before a finding is put into words: that can take long in a deep tree.
        """
        count = self._counts.get(code.number, 0) + 1
        self._counts[code.number] = count
        if count <= MOST_OF_ONE_CODE:
            return True
        text = f"and {count - MOST_OF_ONE_CODE} more findings of this kind"
        self._last[code.number].notes = (Note(text),)
        return False

    def add(
        self, code: Code, path: str = "", severity: Severity | None = None, **fields: str | int
    ) -> None:
        """List a finding that was wanted."""
        found = Diagnostic(code, path=path, at=self._at, severity=severity, **fields)  # type: ignore[arg-type]  # no field has the name of a keyword
        self._sink.diagnostics.append(found)
        self._last[code.number] = found


def shortened(name: str) -> str:
    """Cut a name that only a damaged or hostile file has, so that a message stays readable."""
    return name if len(name) <= _MOST_OF_A_NAME else name[: _MOST_OF_A_NAME - 3] + "..."


def report_repeats(findings: Findings, repeats: dict[tuple[Node, str, str], int]) -> None:
    """Report names that one node has several times; repeats counts the later ones."""
    for (node, name, kind), count in repeats.items():
        if findings.wants(REPEATED_NAME):
            shown = shortened(name)
            findings.add(REPEATED_NAME, node.path, kind=kind, name=shown, count=count + 1)


def report_names(findings: Findings, nodes: list[Node], property_names: Collection[str]) -> None:
    """Report names outside the specification; nodes begins with the root.

    property_names holds every property name of the tree, and may hold others.
    """
    names = [node.name for node in nodes]
    del names[0]
    if not all_plain_nodes(names):
        for node in nodes[1:]:
            found = odd_node_name(node.name)
            if found is not None:
                _report_name(findings, "node", node.name, node, found)
    if all_plain_properties(property_names):
        return
    odd = {name: found for name in set(property_names) if (found := odd_property_name(name))}
    for node in nodes:
        for key in node.properties:
            name = plain_name(key)
            if name in odd:
                _report_name(findings, "property", name, node, odd[name])


def _report_name(
    findings: Findings, kind: str, name: str, node: Node, found: tuple[str, Severity]
) -> None:
    if findings.wants(ODD_NAME):
        what, severity = found
        shown = ascii(shortened(name))
        findings.add(ODD_NAME, node.path, severity, kind=kind, name=shown, what=what)


def index_phandles(tree: Tree, nodes: list[Node], *, plain: bool) -> list[Node]:
    """Fill the phandle indices of a new tree; give the nodes whose phandle is odd.

    plain says that no node has `linux,phandle` or `ibm,phandle`, so that `phandle` decides.
    """
    if plain:
        holders = [node for node in nodes if "phandle" in node.properties]
        if _index_at_once(tree, holders):
            return []
    else:
        wanted = {*PHANDLE_NAMES, "ibm,phandle"}
        holders = [node for node in nodes if not wanted.isdisjoint(node.properties)]
    odd = []
    for node in holders:
        node.phandle = live_phandle(node)
        suspect = _is_odd(tree, node)
        tree.index(node)
        if suspect or node in tree.odd_phandles:
            odd.append(node)
    return odd


def _index_at_once(tree: Tree, holders: list[Node]) -> bool:
    """Enter nodes of one `phandle` each; do nothing and tell so unless all of them are sound."""
    values = [node.properties["phandle"] for node in holders]
    if set(map(len, values)) - {4}:
        return False
    numbers = unpack(f">{len(values)}I", b"".join(values))
    index = dict(zip(numbers, holders, strict=True))
    if len(index) != len(holders) or 0 in index or _ALL_ONES in index:
        return False
    for number, node in index.items():
        node.phandle = number
    tree.by_phandle.update(index)
    return True


def _is_odd(tree: Tree, node: Node) -> bool:
    values = [node.properties[name] for name in PHANDLE_NAMES if name in node.properties]
    return (
        node.phandle in tree.by_phandle
        or node.phandle in (0, _ALL_ONES)
        or any(len(value) != 4 or cell(value) != node.phandle for value in values)
    )


def report_phandles(findings: Findings, tree: Tree, odd: list[Node]) -> None:
    """Report nodes whose phandle readers do not agree about, or that share one."""
    for node in odd:
        if findings.wants(ODD_PHANDLE):
            findings.add(ODD_PHANDLE, node.path, what=_phandle_fault(tree, node))


def _phandle_fault(tree: Tree, node: Node) -> str:
    first = tree.by_phandle.get(node.phandle)
    if first is not None and first is not node:
        return f"{node.phandle:#x} is also that of {first.path}, which every reference gets"
    for name in PHANDLE_NAMES:
        value = node.properties.get(name)
        if value is None:
            continue
        if len(value) != 4:
            return f"its {name} has {len(value)} bytes instead of 4"
        number = cell(value)
        if number in (0, _ALL_ONES):
            return f"its {name} is {number:#x}, which is no valid number"
        if number != node.phandle:
            return f"its {name} is {number:#x}, and the kernel takes {node.phandle:#x}"
    return f"the kernel takes {node.phandle:#x} from ibm,phandle, which libfdt does not know"
