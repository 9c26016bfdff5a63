"""Devices that wait for each other: the graph of devices, and its cycles.

Source: kernel device_is_dependent, __fw_devlink_relax_cycles (drivers/base/core.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from dtovl.codes.base import Severity
from dtovl.links.board import is_below
from dtovl.links.link import Finding

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from dtovl.links.board import Board
    from dtovl.links.link import Link
    from dtovl.model.node import Node

Graph = dict["Node", list["Node"]]

_T = TypeVar("_T", bound="Hashable")

_HARD = frozenset(
    {"clocks", "power-domains", "resets", "phys", "interrupts", "interrupts-extended"}
)


def is_hard(name: str) -> bool:
    """Tell whether a property names suppliers that drivers can hardly do without."""
    return name in _HARD or (name.endswith("-supply") and len(name) > len("-supply"))


def device_graph(board: Board, links: Iterable[Link]) -> tuple[Graph, Graph]:
    """Make the graph of devices: consumer -> suppliers; all edges, and the hard ones alone.

    Edges are the usable links that the driver core waits for, and child -> parent device.
    """
    whole: Graph = {}
    hard: Graph = {}
    for link in links:
        if not link.mandatory or not link.usable:
            continue
        consumer, supplier = board.ends(link)
        if consumer is None or supplier is None or consumer is supplier:
            continue
        if is_below(supplier, consumer):
            continue  # the driver core makes no link to what lies below
        whole.setdefault(consumer, []).append(supplier)
        if is_hard(link.property):
            hard.setdefault(consumer, []).append(supplier)
    _add_parents(board, whole)
    _add_parents(board, hard)
    return whole, hard


def _add_parents(board: Board, graph: Graph) -> None:
    """Add child -> parent for every device of the graph, and for the parents in turn."""
    left = [*graph, *(supplier for suppliers in graph.values() for supplier in suppliers)]
    done: set[Node] = set()
    while left:
        device = left.pop()
        if device in done:
            continue
        done.add(device)
        parent = None if device.parent is None else board.device_of(device.parent)
        if parent is not None:
            graph.setdefault(device, []).append(parent)
            left.append(parent)


def components(graph: Mapping[_T, Sequence[_T]]) -> list[list[_T]]:
    """List the strongly connected components of two devices, or whatever it is, or more.

    Source: Tarjan, Depth-first search and linear graph algorithms (1972), without recursion.
    """
    number: dict[_T, int] = {}
    low: dict[_T, int] = {}
    stack: list[_T] = []
    on_stack: set[_T] = set()
    found: list[list[_T]] = []
    for start in graph:
        if start in number:
            continue
        number[start] = low[start] = len(number)
        stack.append(start)
        on_stack.add(start)
        work = [(start, iter(graph.get(start, ())))]
        while work:
            node, suppliers = work[-1]
            for supplier in suppliers:
                if supplier not in number:
                    number[supplier] = low[supplier] = len(number)
                    stack.append(supplier)
                    on_stack.add(supplier)
                    work.append((supplier, iter(graph.get(supplier, ()))))
                    break
                if supplier in on_stack:
                    low[node] = min(low[node], number[supplier])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == number[node]:
                    members = _pop(stack, on_stack, node)
                    if len(members) > 1:
                        found.append(members)
    return found


def _pop(stack: list[_T], on_stack: set[_T], last: _T) -> list[_T]:
    members: list[_T] = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        members.append(node)
        if node is last:
            return members


def find_cycles(board: Board, links: Iterable[Link]) -> list[Finding]:
    """Report each component of devices that wait for each other, once, at its first member."""
    whole, hard = device_graph(board, links)
    return [cycle_of(members, hard) for members in components(whole)]


def cycle_of(members: list[Node], hard: Graph) -> Finding:
    """Give the finding about a component; hard tells whether hard edges alone make a cycle."""
    paths = {node.path: node for node in members}
    order = sorted(paths)
    among = set(members)
    inner = {node: [one for one in hard.get(node, ()) if one in among] for node in members}
    details = {"members": order, "hard": bool(components(inner))}
    return Finding("L009", Severity.INFO, paths[order[0]], "", details)
