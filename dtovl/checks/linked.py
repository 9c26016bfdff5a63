"""Suppliers that nodes name, after overlays: what they broke, or brought with them.

Findings are those whose consumer or supplier an overlay made or changed, and which the base does
not have without it: boards ship with some. Cycles are looked for only when somebody wants them, as
that goes through the whole tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode
from dtovl.codes.base import Severity
from dtovl.diagnostics import Note
from dtovl.links.after import judge_after
from dtovl.links.board import Board
from dtovl.links.consumers import Consumers
from dtovl.links.fwspec import iommu_findings
from dtovl.links.iommus import masters_of
from dtovl.links.judge import judge, judge_node
from dtovl.links.lateregions import region_findings
from dtovl.links.words import as_diagnostic
from dtovl.model.supplierbindings import BINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.links.link import Finding, Judged, Link
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Bindings
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

    # What a finding says, apart from its node.
    Said = tuple[str, Severity, str, str]

CYCLE = "L009"
"""The rule that is applied when it is asked for."""

_DANGLING = "L001"
_SHARED_ID = "L022"
_ONE_WAY = "L027"
_COUNT = "#iommu-cells"
_OF_SUPPLIERS = frozenset({"L006", "L007", "L023"})
_MOST_ENTRIES = 8


class BaseLinks:
    """The links of a base, for overlays that are tried on it one after the other.

    tree is the base; keep one of these for it. cycles: look for them too; wide_maps as for Board.
    """

    __slots__ = ("_bindings", "_consumers", "_cycles", "_known", "_largest", "_tree", "_wide_maps")

    def __init__(
        self,
        tree: Tree,
        bindings: Bindings = BINDINGS,
        *,
        cycles: bool = False,
        wide_maps: bool = False,
    ) -> None:
        self._tree = tree
        self._bindings = bindings
        self._wide_maps = wide_maps
        self._consumers: Consumers | None = None
        self._largest = 0
        self._known: dict[Node, _Known] = {}
        # Members of each that the base has; None: cycles are of no interest.
        self._cycles: list[frozenset[str]] | None = [] if cycles else None

    def diagnostics(self, outcomes: Sequence[Outcome]) -> list[Diagnostic]:
        """Give what overlays in force do to links; outcomes are all of them, in order.

        They are taken out and put back when something has to be known of the plain base.
        """
        board = self._board()
        findings, touched = self.new_findings(board, outcomes)
        return _told(findings, board, touched)

    def new_findings(
        self, board: Board, outcomes: Sequence[Outcome]
    ) -> tuple[list[Finding], set[Node]]:
        """Give the findings themselves, each with the severity of its rule; and what was touched.

        board is the tree with the overlays in force.
        """
        if self._consumers is None:
            self._on_plain(outcomes, self._read)
            assert self._consumers is not None
        entries = [entry for outcome in outcomes for entry in outcome.changeset.entries]
        after = judge_after(board, self._consumers, entries)
        # Whatever the base does not say is the doing of overlays, be it about one of its own nodes.
        at_boot = not any(outcome.dialect.kernel for outcome in outcomes)
        found = _all_findings(board, after.judged, at_boot=at_boot)
        found += [one for one in after.findings if one.rule == _SHARED_ID]
        if found:
            made = {
                node
                for entry in entries
                if isinstance(entry, AttachNode)
                for node in self._tree.walk(entry.node)
            }
            found = self._fresh(found, made, outcomes)
        if self._cycles is not None:
            found += self._new_cycles(board)
        return found, after.touched

    def _board(self) -> Board:
        return Board(self._tree, self._bindings, wide_maps=self._wide_maps)

    def _on_plain(self, outcomes: Sequence[Outcome], look: Callable[[], None]) -> None:
        for outcome in reversed(outcomes):
            outcome.changeset.revert(self._tree)
        look()
        for outcome in outcomes:
            outcome.changeset.apply(self._tree)

    def _read(self) -> None:
        """Take note of the plain base."""
        self._consumers = Consumers(self._tree, self._bindings)
        self._largest = max(self._tree.by_phandle, default=0)
        if self._cycles is not None:
            cycles = _all_cycles(self._board())
            self._cycles = [frozenset(one.details["members"]) for one in cycles]

    def _fresh(
        self, findings: Sequence[Finding], made: set[Node], outcomes: Sequence[Outcome]
    ) -> list[Finding]:
        """Leave out what the base says as well of its own nodes, and what others say already."""
        unknown: dict[Node, None] = {}
        for one in findings:
            for node in self._nodes_of(one):
                if node not in made and node not in self._known:
                    unknown[node] = None
        if unknown:
            self._on_plain(outcomes, lambda: self._learn(unknown))
        dropping = {number for number, outcome in enumerate(outcomes, 1) if outcome.dropped}
        return [
            one
            for one in findings
            if not self._ships(one) and not (dropping and self._is_dropped(one, dropping))
        ]

    def _nodes_of(self, finding: Finding) -> Iterable[Node]:
        yield finding.node
        if finding.rule == _SHARED_ID:
            other = self._tree.find(finding.details["other"])
            if other is not None:
                yield other

    def _learn(self, nodes: Iterable[Node]) -> None:
        board = self._board()
        assert self._consumers is not None
        for node in nodes:
            # Of an IOMMU something is told while its masters are looked at.
            masters = (
                self._consumers.by_number.get(node.phandle, ()) if _COUNT in node.properties else ()
            )
            judged = {one: judge_node(board, one) for one in (node, *masters)}
            findings = _all_findings(board, judged, at_boot=True)
            own = (one for one in findings if one.node is node)
            self._known[node] = _Known(own, masters_of(board, judged[node]))

    def _ships(self, finding: Finding) -> bool:
        """Tell whether the base has the very same finding."""
        known = [self._known.get(node) for node in self._nodes_of(finding)]
        if finding.rule != _SHARED_ID:
            return known[0] is not None and _said(finding) in known[0].findings
        taken = finding.details["supplier"], tuple(finding.details["specifier"])
        return all(one is not None and taken in one.ids for one in known)

    def _is_dropped(self, finding: Finding, dropping: set[int]) -> bool:
        """Tell whether a phandle leads nowhere because Linux dropped it, which DT137 tells.

        A number above those of the base is one that the overlay gave itself.
        """
        if finding.rule != _DANGLING or finding.details["phandle"] <= self._largest:
            return False
        origin = self._tree.origin_of(finding.node, finding.property)
        return origin is not None and origin.number in dropping

    def _new_cycles(self, board: Board) -> list[Finding]:
        """Find cycles of which the base has not all."""
        known = self._cycles or ()
        return [
            cycle
            for cycle in _all_cycles(board)
            if not any(members.issuperset(cycle.details["members"]) for members in known)
        ]


def _all_findings(board: Board, judged: Mapping[Node, Judged], *, at_boot: bool) -> list[Finding]:
    """Give what is found at nodes: by the rules, and about their IOMMUs and reserved memory."""
    found = [one for each in judged.values() for one in each.findings]
    found += iommu_findings(board, judged)
    found += region_findings(board, judged, at_boot=at_boot)
    return found


def _all_cycles(board: Board) -> list[Finding]:
    return [one for one in judge(board)[1] if one.rule == CYCLE]


def _told(findings: Sequence[Finding], board: Board, touched: Container[Node]) -> list[Diagnostic]:
    """Put findings into words: one for a supplier that is disabled, however often it is named."""
    told: list[Diagnostic] = []
    first: dict[tuple[str, Node, str], Diagnostic] = {}
    more: dict[Diagnostic, list[str]] = {}
    for finding in findings:
        key = finding.rule, finding.node, finding.details.get("supplier", "")
        if finding.rule in _OF_SUPPLIERS and key in first:
            more.setdefault(first[key], []).append(_entry(finding))
            continue
        found = as_diagnostic(finding, board.tree, board.bindings, wide_maps=board.wide_maps)
        _ease(found, finding, board, touched)
        told.append(found)
        first[key] = found
    for found, entries in more.items():
        shown = ", ".join(entries[:_MOST_ENTRIES])
        left = len(entries) - _MOST_ENTRIES
        if left > 0:
            shown = f"{shown} and {left} more"
        verb = "name" if len(entries) > 1 else "names"
        found.notes = (*found.notes, Note(f"{shown} {verb} it too"))
    return told


def _entry(finding: Finding) -> str:
    return f"{finding.property}[{finding.details['index']}]"


def _ease(found: Diagnostic, finding: Finding, board: Board, touched: Container[Node]) -> None:
    """Make an info of a warning that nobody has to act upon."""
    if found.severity is not Severity.WARNING:
        return
    if not board.available(finding.node):
        found.severity = Severity.INFO
        found.why = f"{found.why}; the node is disabled"
    elif finding.rule == _ONE_WAY and finding.node not in touched:
        # An overlay that leads the other end to its own panel or camera does just that.
        found.severity = Severity.INFO
        found.why = f"{found.why}; this end was left behind"


class _Known:
    """What the plain base says of a node: its findings, and the ids of IOMMUs that it takes."""

    __slots__ = ("findings", "ids")

    def __init__(self, findings: Iterable[Finding], ids: Iterable[Link]) -> None:
        self.findings = {_said(one) for one in findings}
        self.ids = {(link.supplier.path, link.values) for link in ids}


def _said(finding: Finding) -> Said:
    # Who was probably meant is advice.
    details = repr(sorted(one for one in finding.details.items() if one[0] != "hint"))
    return finding.rule, finding.severity, finding.property, details
