"""Links and findings after overlays: only what they touch is judged.

A node is judged again when an overlay made it, changed it, or turned it on or off; and when it
reads what changed of a supplier: its status, its `#...-cells`, its phandle, what makes it a
device, or an interrupt parent. All else is as it was on the base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import AttachNode, SetProperty
from dtovl.links.board import NO_CONSUMERS, is_on
from dtovl.links.interrupts import find_parent, step_up, takes
from dtovl.links.iommus import masters_of, sharing
from dtovl.links.judge import judge_node
from dtovl.model.cells import cell
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.changeset import Entry
    from dtovl.links.board import Board
    from dtovl.links.consumers import Consumers
    from dtovl.links.link import Finding, Judged, Link
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree


# What nodes on the way of an interrupt say about it, besides `status` and `compatible`.
_OF_INTERRUPTS = frozenset(
    {
        "#address-cells",
        "#interrupt-cells",
        "interrupt-controller",
        "interrupt-map",
        "interrupt-map-mask",
        "interrupt-parent",
    }
)
_OF_SUPPLIERS = frozenset({"compatible", "gpio-controller", "remote-endpoint"})

# Details of findings that name a node besides the consumer.
_OTHERS = ("supplier", "other", "disabled", "via")


class After(NamedTuple):
    """What overlays do to links: nodes judged again, and the findings they cause.

    touched are the nodes that came in, changed, or were turned on or off with what is above them.
    """

    judged: dict[Node, Judged]
    findings: list[Finding]
    touched: set[Node]


class Reach:
    """How far the entries of changesets reach: the nodes touched, and those that read of them."""

    __slots__ = ("_consumers", "_interrupts", "board", "readers", "touched")

    def __init__(self, board: Board, consumers: Consumers, entries: Iterable[Entry]) -> None:
        self.board = board
        # Both are used as sets that keep their order.
        self.touched: dict[Node, None] = {}
        self.readers: dict[Node, None] = {}
        self._consumers = consumers
        self._interrupts: set[Node] = set()
        for entry in entries:
            if isinstance(entry, SetProperty):
                if entry.new != entry.old:
                    self.touched[entry.node] = None
                    self._changed(entry)
            elif isinstance(entry, AttachNode):
                for node in board.tree.walk(entry.node):
                    self.touched[node] = None
                    if node.phandle:
                        self._names(node.phandle)
        self._on_the_way()

    def _names(self, number: int) -> None:
        self.readers.update(dict.fromkeys(self._consumers.by_number.get(number, ())))

    def _changed(self, entry: SetProperty) -> None:
        node, key = entry.node, entry.key
        if key == "status":
            if is_on(entry.old) is not is_on(entry.new):
                self._all_below(node)
        elif key == "compatible" and (entry.old is None) is not (entry.new is None):
            self._all_below(node)
        elif key in PHANDLE_NAMES:
            for value in (entry.old, entry.new):
                if value is not None and len(value) == 4:
                    self._names(cell(value))
        elif key.startswith("#") or key in _OF_SUPPLIERS:
            self._names(node.phandle)
            self._counts(node, key)
        if key in _OF_INTERRUPTS or (key == "compatible" and "#interrupt-cells" in node.properties):
            self._interrupts.add(node)

    def _all_below(self, top: Node) -> None:
        """Take in a node that was turned on or off, what is below it, and who refers to those."""
        for node in self.board.tree.walk(top):
            self.touched[node] = None
            if node.phandle:
                self._names(node.phandle)
            if "#interrupt-cells" in node.properties:
                self._interrupts.add(node)

    def _counts(self, node: Node, key: str) -> None:
        """Take in who reads a count of a node without a phandle: hogs, ranges, hints."""
        self.readers.update(dict.fromkeys(self._consumers.by_cells.get(key, ())))
        if key in ("#gpio-cells", "gpio-controller"):
            hogs = (one for one in node.children.values() if "gpio-hog" in one.properties)
            self.readers.update(dict.fromkeys(hogs))
        elif key in ("#address-cells", "#size-cells"):
            below = self.board.tree.walk(node)
            self.readers.update((one, None) for one in below if "dma-ranges" in one.properties)

    def _on_the_way(self) -> None:
        """Take in the nodes whose interrupts pass a node that changed."""
        if not self._interrupts:
            return
        passing: dict[Node, bool] = {}
        for node in self._consumers.interrupted:
            parent = find_parent(self.board, node).node
            mapped = parent is not None and not takes(parent)
            if mapped or "interrupt-map" in node.properties or self._passes(node, passing):
                self.readers[node] = None

    def _passes(self, node: Node, known: dict[Node, bool]) -> bool:
        """Tell whether the way to the interrupt parent passes a node that changed."""
        walked: list[Node] = []
        one: Node | None = node
        found = False
        while one is not None:
            if one in known:
                found = known[one]
                break
            known[one] = False
            walked.append(one)
            one = step_up(one, self.board.tree.by_phandle).node
            if one in self._interrupts:
                found = True
                break
            if one is not None and "#interrupt-cells" in one.properties:
                break
        known.update(dict.fromkeys(walked, found))
        return found


def judge_after(board: Board, consumers: Consumers, entries: Iterable[Entry]) -> After:
    """Judge what overlays touched, while they are in force.

    board is the tree with the overlays, not asked before they came; consumers are those of the
    plain base, entries those of all overlays in order. Findings are those whose consumer or
    supplier an overlay added or changed; cycles (L009) are not looked for.
    """
    reach = Reach(board, consumers, entries)
    judged: dict[Node, Judged] = {}
    findings: list[Finding] = []
    touched = set(reach.touched)
    paths: set[str] | None = None
    for node in (*reach.touched, *reach.readers):
        if node in judged or _is_no_consumer(node):
            continue
        found = judged[node] = judge_node(board, node)
        if not found.findings:
            continue
        if node in touched:
            findings.extend(found.findings)
            continue
        if paths is None:
            paths = {one.path for one in touched}
        findings.extend(one for one in found.findings if _names_any(one, paths))
    findings.extend(_shared_ids(board, consumers, judged, touched))
    return After(judged, findings, touched)


def _names_any(finding: Finding, paths: set[str]) -> bool:
    return any(finding.details.get(key) in paths for key in _OTHERS)


def _is_no_consumer(node: Node) -> bool:
    """Tell whether a node is one of the tables of names and paths, or in one."""
    top = node
    while top.parent is not None and top.parent.parent is not None:
        top = top.parent
    return top.name in NO_CONSUMERS and top.parent is not None


def _shared_ids(
    board: Board, consumers: Consumers, judged: dict[Node, Judged], touched: set[Node]
) -> list[Finding]:
    """Find masters that share an id of an IOMMU, one of which, or the IOMMU, was touched."""
    wanted = {
        (link.supplier, link.values): link
        for found in judged.values()
        for link in masters_of(board, found)
        if link.consumer in touched or link.supplier in touched
    }
    findings = []
    for key in wanted:
        supplier = key[0]
        nodes = {*consumers.by_number.get(supplier.phandle, ()), *judged}
        links = [
            link
            for node in nodes
            for link in masters_of(board, judged.get(node) or judge_node(board, node))
            if (link.supplier, link.values) == key
        ]
        if len({link.consumer for link in links}) > 1:
            findings.extend(_of_group(board.tree, links, touched))
    return findings


def _of_group(tree: Tree, links: list[Link], touched: set[Node]) -> list[Finding]:
    links.sort(key=lambda link: (_place(tree, link.consumer), link.index))
    first = links[0].consumer
    return [
        sharing(link, first)
        for link in links
        if link.consumer is not first
        and not touched.isdisjoint((link.consumer, first, link.supplier))
    ]


def _place(tree: Tree, node: Node) -> list[int]:
    """Give the way to a node from the root by places among siblings: tree order."""
    way: list[int] = []
    while node.parent is not None:
        way.append(list(tree.children_of(node.parent)).index(node))
        node = node.parent
    return way[::-1]
