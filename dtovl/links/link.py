"""What looking at a node gives: links to suppliers, and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from dtovl.codes.base import Severity
    from dtovl.model.node import Node


class Link(NamedTuple):
    """A consumer's need of a supplier, both ends as the property names them.

    property  that names the supplier; index its entry there (row of a map)
    kind      of the binding: clock, iommu, ...; mandatory: the driver core waits for it
    consumer  node with the property; for remote-endpoint the node above the ports
    supplier  node that the phandle names; for remote-endpoint the node above the ports there
    values    the specifier: cells behind the phandle; of a map the cells handed on
    usable    consumer and supplier are available
    hidden    stands behind a hole, or an entry that is wrong: the driver core does not see it
    """

    property: str
    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    kind: str
    consumer: Node
    supplier: Node
    values: tuple[int, ...] = ()
    mandatory: bool = False
    optional: bool = False
    usable: bool = True
    hidden: bool = False


class Finding(NamedTuple):
    """A rule that is broken: its number (`L001`), how much it weighs, where.

    details has the keys of the rule (see dtovl.links.words), plain values: paths, numbers, lists.
    property is "" where there is none.
    """

    rule: str
    severity: Severity
    node: Node
    property: str
    details: dict[str, Any]

    def as_object(self) -> dict[str, Any]:
        """Give the finding as JSON has it."""
        named = {"property": self.property} if self.property else {}
        return {
            "rule": self.rule,
            "severity": self.severity.label,
            "node": self.node.path,
            **named,
            **self.details,
        }


class Judged(NamedTuple):
    """What one node gives: links and findings, in order of its properties."""

    links: tuple[Link, ...]
    findings: tuple[Finding, ...]
