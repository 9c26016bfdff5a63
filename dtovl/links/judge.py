"""Judges the suppliers that nodes name, by every rule that speaks of one node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.consumers import walk_consumers
from dtovl.links.cycles import find_cycles
from dtovl.links.graphs import judge_endpoint
from dtovl.links.idmaps import judge_id_map
from dtovl.links.interruptmaps import judge_map, judge_parent
from dtovl.links.interrupts import judge_interrupts
from dtovl.links.iommus import judge_masters, masters_of, shared_ids
from dtovl.links.lists import judge_list, judge_one
from dtovl.links.maprows import ID_MAPS
from dtovl.links.nodes import judge_assigned, judge_dma_ranges, judge_hog, judge_states
from dtovl.links.visit import Visit

if TYPE_CHECKING:
    from dtovl.links.board import Board
    from dtovl.links.link import Finding, Judged
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Binding

_LAST = ("L009", "L011")


def judge_node(board: Board, node: Node) -> Judged:
    """Give links and findings of one node, in order of its properties."""
    visit = Visit(board, node)
    find = board.bindings.find
    states = assigned = False
    for name, value in board.tree.properties_of(node):
        binding = find(name)
        if binding is not None:
            _judge_property(visit, name, value, binding)
            states = states or binding.kind == "pinctrl"
            continue
        if name == "interrupts":
            judge_interrupts(visit, value)
        elif name == "interrupt-map":
            judge_map(visit, value)
        elif name in ID_MAPS:
            judge_id_map(visit, name, value)
        elif name == "gpio-hog":
            judge_hog(visit)
        elif name == "dma-ranges":
            judge_dma_ranges(visit, value)
        elif name.startswith("assigned-clock-rates"):
            assigned = True
    if states:
        judge_states(visit)
    if assigned or "assigned-clock-parents" in node.properties:
        judge_assigned(visit)
    if "iommus" in node.properties:
        judge_masters(visit)
    return visit.judged()


def _judge_property(visit: Visit, name: str, value: bytes, binding: Binding) -> None:
    if binding.name == "remote-endpoint":
        judge_endpoint(visit, value)
    elif binding.name == "interrupt-parent":
        judge_parent(visit, value, binding)
    elif binding.kind == "gpio" and _is_hog(visit, name):
        return
    elif binding.form == "one":
        judge_one(visit, name, value, binding)
    elif value:
        judge_list(visit, name, value, binding)
        if binding.kind == "gpio" and name.endswith("gpio"):
            visit.info("L032", name)


def _is_hog(visit: Visit, name: str) -> bool:
    """Tell whether a value holds bare specifiers of the parent."""
    return name in ("gpio", "gpios") and "gpio-hog" in visit.node.properties


def judge(board: Board) -> tuple[dict[Node, Judged], list[Finding]]:
    """Judge a whole tree: what each node gives (nodes that give nothing left out), all findings.

    Findings stand in tree order, then order of properties, then index; L009 and L011 at the end.
    """
    found: dict[Node, Judged] = {}
    for node in walk_consumers(board.tree):
        judged = judge_node(board, node)
        if judged.links or judged.findings:
            found[node] = judged
    return found, list_findings(board, found)


def list_findings(board: Board, found: dict[Node, Judged]) -> list[Finding]:
    """List all findings of a judged tree, those that several nodes make together as well."""
    shared = shared_ids(link for judged in found.values() for link in masters_of(board, judged))
    sharing: dict[Node, list[Finding]] = {}
    for finding in shared:
        sharing.setdefault(finding.node, []).append(finding)
    first: list[Finding] = []
    last: list[Finding] = []
    for node, judged in found.items():
        for finding in judged.findings:
            (last if finding.rule in _LAST else first).append(finding)
        first.extend(sharing.get(node, ()))
    links = (link for judged in found.values() for link in judged.links)
    return [*first, *last, *find_cycles(board, links)]
