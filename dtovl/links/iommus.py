"""IOMMUs of a master: one driver for all, all of them enabled, ids of its own.

Source: kernel of_iommu_configure (drivers/iommu/of_iommu.c), iommu_fwspec_init.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.links.board import compatibles
from dtovl.links.link import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.links.board import Board
    from dtovl.links.link import Judged, Link
    from dtovl.links.visit import Visit
    from dtovl.model.node import Node

Id = tuple["Node", tuple[int, ...]]


def judge_masters(visit: Visit) -> None:
    """Judge the IOMMUs that one master names together."""
    if not visit.available:
        return
    links = [link for link in visit.links if link.property == "iommus"]
    if not links:
        return
    _one_driver(visit, links)
    where = [(link, visit.board.disabled_at(link.supplier)) for link in links]
    mixed = any(disabled is None for _, disabled in where)
    say = visit.warning if mixed else visit.info
    for link, disabled in where:
        if disabled is not None:
            say(
                "L023",
                "iommus",
                index=link.index,
                supplier=link.supplier.path,
                disabled=disabled.path,
            )


def _one_driver(visit: Visit, links: list[Link]) -> None:
    """Say that IOMMUs have no `compatible` in common with the first: other operations."""
    first = links[0].supplier
    known = set(compatibles(first))
    for link in links[1:]:
        if link.supplier is not first and known.isdisjoint(compatibles(link.supplier)):
            visit.error(
                "L021",
                "iommus",
                index=link.index,
                supplier=link.supplier.path,
                other=first.path,
            )


def masters_of(board: Board, judged: Judged) -> Iterator[Link]:
    """Give the links of one node, if it is available, that take an id of an IOMMU."""
    return (
        link
        for link in judged.links
        if link.property == "iommus" and link.values and board.available(link.consumer)
    )


def shared_ids(links: Iterable[Link]) -> Iterator[Finding]:
    """Report masters that use an id which an earlier one in tree order uses; links in that order.

    They share a group, and its fate.
    """
    first: dict[Id, Node] = {}
    for link in links:
        other = first.setdefault((link.supplier, link.values), link.consumer)
        if other is not link.consumer:
            yield sharing(link, other)


def sharing(link: Link, other: Node) -> Finding:
    """Give the finding about a master that shares an id with an earlier one."""
    details = {
        "index": link.index,
        "supplier": link.supplier.path,
        "specifier": list(link.values),
        "other": other.path,
    }
    return Finding("L022", Severity.INFO, link.consumer, link.property, details)
