"""One node being judged: what the rules that speak of it have found so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes.base import Severity
from dtovl.links.board import is_below
from dtovl.links.link import Finding, Judged, Link

if TYPE_CHECKING:
    from dtovl.links.board import Board
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Binding


class Visit:
    """Collects links and findings of one node.

    available tells whether the node is.
    """

    __slots__ = ("available", "board", "findings", "links", "node")

    def __init__(self, board: Board, node: Node) -> None:
        self.board = board
        self.node = node
        self.available = board.disabled_at(node) is None
        self.links: list[Link] = []
        self.findings: list[Finding] = []

    def judged(self) -> Judged:
        """Give what was found."""
        return Judged(tuple(self.links), tuple(self.findings))

    def error(self, rule: str, name: str, **details: Any) -> None:
        """Add an error; on a node that is not available it is an info: nobody reads it."""
        severity = Severity.ERROR if self.available else Severity.INFO
        self.findings.append(Finding(rule, severity, self.node, name, details))

    def warning(self, rule: str, name: str, **details: Any) -> None:
        """Add a warning."""
        self.findings.append(Finding(rule, Severity.WARNING, self.node, name, details))

    def info(self, rule: str, name: str, **details: Any) -> None:
        """Add an info."""
        self.findings.append(Finding(rule, Severity.INFO, self.node, name, details))

    def dangling(self, name: str, index: int, cell: int, number: int) -> None:
        """Report a phandle that no node has."""
        self.error("L001", name, index=index, cell=cell, phandle=number)

    def link(
        self,
        name: str,
        index: int,
        binding: Binding,
        supplier: Node,
        values: tuple[int, ...] = (),
        *,
        hidden: bool = False,
    ) -> None:
        """Add a link, and say whether its supplier is disabled, itself or below its consumer."""
        disabled = self.board.disabled_at(supplier)
        usable = self.available and disabled is None
        link = Link(
            name,
            index,
            binding.kind,
            self.node,
            supplier,
            values,
            binding.strength == "on",
            binding.strength == "strict",
            usable,
            hidden,
        )
        self.links.append(link)
        if usable:
            self.place(link)
        elif disabled is not None and self.available:
            self._disabled(link, disabled)

    def _disabled(self, link: Link, disabled: Node) -> None:
        """Say that a supplier is disabled; of IOMMUs the rules of IOMMUs speak."""
        if link.property in ("iommus", "iommu-map"):
            return
        say = self.warning if link.mandatory else self.info
        path = link.supplier.path
        if disabled is link.supplier:
            say("L006", link.property, index=link.index, supplier=path)
        else:
            say("L007", link.property, index=link.index, supplier=path, disabled=disabled.path)

    def place(self, link: Link) -> None:
        """Say where the device of a usable link's supplier stands, if that is out of the way."""
        if link.property.startswith("assigned-clock"):
            return
        consumer, supplier = self.board.ends(link)
        if supplier is None:
            self._no_device(link)
        elif supplier is consumer:
            if link.property != "interrupt-parent":
                self.info("L010", link.property, index=link.index, supplier=link.supplier.path)
        elif (
            link.mandatory
            and consumer is not None
            and link.property != "interrupt-parent"
            and is_below(supplier, consumer)
        ):
            details = {"index": link.index, "supplier": link.supplier.path}
            self.findings.append(
                Finding("L011", Severity.INFO, link.consumer, link.property, details)
            )

    def _no_device(self, link: Link) -> None:
        """Say that a supplier never becomes a device, unless nobody expects it to be one."""
        if link.mandatory and not _is_no_device_by_design(link.supplier):
            self.info("L008", link.property, index=link.index, supplier=link.supplier.path)


def _is_no_device_by_design(node: Node) -> bool:
    """Tell whether a node is one of /cpus, /reserved-memory and the like."""
    above: Node | None = node
    while above is not None and above.parent is not None:
        if above.parent.parent is None and above.name in ("cpus", "reserved-memory"):
            return True
        if above.name.startswith(("idle-states", "domain-idle-states", "opp-table", "opp_table")):
            return True
        above = above.parent
    return False
