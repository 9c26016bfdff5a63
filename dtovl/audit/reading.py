"""Reading a log from end to end, once: which lines tell something, and what together.

States: between messages -> inside a report, from its headline until it ends (reports). A line that
follows from another takes over its code, its nodes and its overlays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.audit.culprits import find_culprit, of_devicetree
from dtovl.audit.lines import Wanted, read_lines
from dtovl.audit.patterns import HOOKS, REPORTS, TRACED, find_kind
from dtovl.audit.reports import ACCESS, ALLOCATED, FREED, Report
from dtovl.audit.result import Audit, Finding, Trace
from dtovl.audit.tie import Tie, tie, tie_name, whole
from dtovl.model.errnos import error_number

if TYPE_CHECKING:
    from io import BufferedReader

    from dtovl.audit.board import Board
    from dtovl.audit.lines import Line
    from dtovl.audit.patterns import Found

MOST_FINDINGS = 20_000
"""Most different findings of one log."""

NEAR = 40
"""Lines within which one follows from another."""

NEAR_REPORT = 400
"""The same for a report: those of one event stand one behind the other, and are long."""

_ADDRESS = re.compile(r"\(?(?:0x)?[0-9a-f]{8,16}\)?")
_CALLED_FROM = ("lib/refcount.c", "lib/kobject.c", "lib/list_debug.c")
"""Files whose WARN_ON comes with a message of its own before it."""

_OF_DEVICETREE = ("drivers/of/", "drivers/iommu/", *_CALLED_FROM)


def audit(file: BufferedReader, board: Board | None = None) -> Audit:
    """Read a log and tell what it says about devicetrees, overlays and their lifetimes.

    file is read once, line by line, so it may be larger than memory. With a board each finding is
    tied to nodes and overlays.
    """
    reader = _Reader(board)
    for line in read_lines(file, HOOKS, reader.wanted):
        reader.take(line)
    reader.end_report()
    return Audit(reader.findings, reader.wanted.lines, reader.known, reader.more, board)


class _Reader:
    """Takes lines one by one."""

    __slots__ = (
        "_board",
        "_by_key",
        "_last",
        "_named",
        "_open",
        "_report",
        "findings",
        "known",
        "more",
        "wanted",
    )

    def __init__(self, board: Board | None) -> None:
        self.wanted = Wanted()
        self.findings: list[Finding] = []
        self.known = 0
        self.more = 0
        self._board = board
        self._by_key: dict[tuple[object, ...], Finding] = {}
        self._last: Finding | None = None
        self._named: Finding | None = None
        self._open: tuple[int, Found] | None = None
        self._report: Report | None = None

    def take(self, line: Line) -> None:
        """Take a line; what is of no kind is left alone."""
        found = find_kind(line.text)
        if found is None:
            if self._report is not None and not self._report.take(line.text):
                self.end_report()
            return
        if self._joins(found):
            self.known += 1
            return
        self.end_report()
        if found.kind.name in REPORTS or found.kind.name in TRACED:
            self._open, self._report = (line.number, found), Report()
            self.wanted.all = True
        else:
            self._keep(line.number, found, None)

    def end_report(self) -> None:
        """End the report that is being read, if there is one."""
        if self._open is not None:
            number, found = self._open
            report, self._open, self._report = self._report, None, None
            self.wanted.all = False
            self._keep(number, found, report)

    def _joins(self, found: Found) -> bool:
        """Tell whether a headline belongs to the message that stands right before it."""
        if self._open is None or self._report is None or found.kind.name != "warning":
            return False
        before = self._open[1].kind.name
        return (
            before in TRACED
            and not self._report.stacks
            and found.facts["file"].endswith(_CALLED_FROM)
        )

    def _keep(self, number: int, found: Found, report: Report | None) -> None:
        finding = self._make(number, found, report)
        if finding is None:
            return
        self.known += 1
        key = _key(finding)
        same = self._by_key.get(key)
        if same is not None:
            same.again(number)
            finding = same
        elif len(self.findings) < MOST_FINDINGS:
            self._by_key[key] = finding
            self.findings.append(finding)
        else:
            self.more += 1
        if finding.severity.label != "info":
            self._last = finding
            if finding.tie.nodes:
                self._named = finding

    def _make(self, number: int, found: Found, report: Report | None) -> Finding | None:
        """Make the finding of a line or report; None where it is none of ours."""
        finding = Finding(found.kind, found.text, found.facts, number, tie(found, self._board))
        if found.kind.name == "deferred-listed" and not _is_deferral(finding):
            return None
        if found.kind.follows:
            self._follow(finding)
        if report is not None and not self._explain(finding, found, report):
            return None
        return finding

    def _follow(self, finding: Finding) -> None:
        """Take over from the line before what this one does not say."""
        last = self._last
        if last is not None and finding.numbers[0] - last.last <= NEAR:
            if not finding.kind.code:
                finding.code = last.code
            finding.cause = last.cause or last
            _borrow(finding, last)
        elif not finding.kind.code:
            self._by_error(finding)

    def _by_error(self, finding: Finding) -> None:
        """Tie a line that only tells an error to the overlays that get this error."""
        given = [] if self._board is None else self._board.given
        number = int(finding.facts.get("error", 0))
        failed = [
            one
            for one in given
            if one.error and not one.crashes and error_number(one.error) == number
        ]
        if failed and not finding.tie.overlays:
            finding.tie = Tie(finding.tie.nodes, tuple(whole(one, "refused") for one in failed))
        refusals = [one.refusal for one in failed if one.refusal is not None]
        if refusals:
            finding.code = refusals[0].code.number

    def _explain(self, finding: Finding, found: Found, report: Report) -> bool:
        """Tell what a report comes from; False when it has nothing to do with devicetrees."""
        kind = found.kind.name
        if kind in REPORTS:
            culprit = find_culprit(found, report)
            if culprit is not None:
                finding.code, finding.means, finding.fix = culprit.code, culprit.means, culprit.fix
            elif kind == "kmemleak":
                return False
            elif kind == "warning":
                if not finding.facts["file"].startswith(_OF_DEVICETREE):
                    return False
                finding.code = "DT743"
        finding.traces = tuple(
            Trace(section, tuple(report.functions(section)))
            for section in (ACCESS, ALLOCATED, FREED)
            if report.functions(section)
        )
        if report.name and not finding.tie.nodes:
            finding.tie = tie_name(report.name, self._board)
            finding.facts = {**finding.facts, "name": report.name}
        self._place(finding, report)
        return True

    def _place(self, finding: Finding, report: Report) -> None:
        """Tie a report that names no node by what came before it, or by being the only one."""
        named, number = self._named, finding.numbers[0]
        if finding.tie.nodes:
            return
        if named is not None and 0 <= number - named.last <= NEAR_REPORT:
            finding.after = (named.last, named.tie.path)
            _borrow(finding, named, nodes=False)
        given = [] if self._board is None else self._board.given
        if not finding.tie.overlays and finding.kind.name == "crash":
            crashing = tuple(whole(one, "crashes") for one in given if one.crashes)
            finding.tie = Tie(finding.tie.nodes, crashing)
        if (
            not finding.tie.overlays
            and len(given) == 1
            and (not finding.traces or of_devicetree(report))
        ):
            finding.tie = Tie(finding.tie.nodes, (whole(given[0], "alone"),))


def _borrow(finding: Finding, other: Finding, *, nodes: bool = True) -> None:
    """Give a finding without a tie that of the line it follows from."""
    own = finding.tie
    there = own.nodes or (other.tie.nodes if nodes else ())
    theirs = tuple(dict.fromkeys(one._replace(why="follows") for one in other.tie.overlays))
    # That an overlay is refused is said better, with the fragment, by the line before.
    keeps = own.overlays and not (theirs and all(one.why == "refused" for one in own.overlays))
    finding.tie = Tie(there, own.overlays if keeps else theirs)


def _is_deferral(finding: Finding) -> bool:
    """Tell whether a line with a tabulator is one of devices_deferred: it names a device we know.

    Without a tree the reason has to speak of a supplier.
    """
    return bool(finding.tie.nodes) or "supplier" in finding.facts.get("reason", "")


def _key(finding: Finding) -> tuple[object, ...]:
    """Give what is the same in lines that tell the same; addresses differ from one to the next."""
    kind = finding.kind.name
    if kind in REPORTS:
        facts = finding.facts
        where = finding.traces[0].functions[:4] if kind == "kmemleak" else ()
        return (
            kind,
            finding.code,
            facts.get("fault"),
            facts.get("function") or facts.get("what"),
            facts.get("name"),
            where,
            finding.tie,
        )
    return kind, finding.code, _ADDRESS.sub("", finding.text), finding.tie
