"""From the results of all bases to what the check comes to: rules, expected, known, grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl._version import __version__
from dtovl.codes import matrix as codes
from dtovl.codes.base import Severity
from dtovl.diagnostics import Diagnostic, Location
from dtovl.matrix.baseline import Known, least_known
from dtovl.matrix.checked import Checked, Judged, Place
from dtovl.matrix.expected import Declared, meets
from dtovl.matrix.group import group, named
from dtovl.matrix.result import UNREADABLE, as_finding
from dtovl.matrix.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.codes.base import Code
    from dtovl.matrix.baseline import Baseline
    from dtovl.matrix.checked import Standing, State
    from dtovl.matrix.config import Config, Expected
    from dtovl.matrix.plan import Plan
    from dtovl.matrix.result import BaseResult, Case, Finding
    from dtovl.matrix.tasks import Settings

    Told = tuple[Finding, Standing]


def finish(
    config: Config,
    plan: Plan,
    results: Iterable[BaseResult],
    *,
    settings: Settings,
    known: Baseline | None = None,
    shard: tuple[int, int] | None = None,
) -> Checked:
    """Judge the results of a run, or of one shard (i, n) of it.

    plan is that of the whole run, also for a shard. settings are those of the run, known is the
    baseline. Rules come first, then what is expected, then what is known. A case whose overlays are
    refused has failed whatever the rules make of the reason, unless it is expected or known.
    """
    order = {base: number for number, base in enumerate(plan.bases)}
    ordered = sorted(results, key=lambda one: order.get(one.base, len(order)))
    judge = _Judge(config, plan, known)
    for result in ordered:
        judge.files(result)
    cases = tuple(judge.case(case) for result in ordered for case in result.cases)
    for result in ordered:
        for one in result.between:
            judge.tell(one.base, (one.first, one.second), "", one.finding)
    judge.plan()
    judge.stale({result.base for result in ordered})
    return Checked(
        __version__,
        tuple(plan.bases),
        tuple(plan.overlays),
        settings.appliers,
        cases,
        group(judge.standings),
        sum(result.compared for result in ordered),
        tuple(one.overlay for one in plan.fits_nothing),
        shard,
        config.fail_on,
        _digest(config, plan, settings, known),
        config.folder,
    )


class _Judge:
    """Takes findings one after the other; standings has what becomes of each."""

    def __init__(self, config: Config, plan: Plan, known: Baseline | None) -> None:
        self.standings: dict[Place, Standing] = {}
        self._config = config
        self._plan = plan
        self._baseline = known
        self._known = None if known is None else Known(known)
        self._least = least_known(config.fail_on)
        self._bar = config.fail_on or Severity.ERROR
        self._rules = Rules(config.rules, config.folder)
        self._declared = Declared(config, plan.tasks)
        self._read: set[tuple[str, Finding]] = set()
        self._unreadable: dict[str, list[Told]] = {}
        self._bases = frozenset(task.base.path for task in plan.tasks)

    def tell(
        self,
        base: str,
        overlays: tuple[str, ...],
        stack: str,
        finding: Finding,
        *,
        expected: bool = False,
    ) -> Told | None:
        """Take a finding; give it as the rules leave it, and how it stands, None when off."""
        found = self._rules.apply(finding, (base, *overlays) if base else overlays)
        if found is None:
            return None
        place = Place(base, overlays, stack, found)
        standing: Standing = "new"
        if expected and found.severity >= self._bar:
            standing = "expected"
        elif (
            self._known is not None
            and found.severity >= self._least
            and place not in self.standings  # what is told twice takes one entry of the baseline
            and self._known.covers(place)
        ):
            standing = "known"
        return found, self.standings.setdefault(place, standing)

    def files(self, result: BaseResult) -> None:
        """Take what reading the files gave; an overlay that many bases meet is told once."""
        for file, finding in result.inputs:
            if (file, finding) in self._read:
                continue
            self._read.add((file, finding))
            base, overlays = (file, ()) if file == result.base else ("", (file,))
            expected = self._declared.covers_file(file, finding, self._plan.tasks)
            told = self.tell(base, overlays, "", finding, expected=expected)
            if told is not None and finding.severity >= Severity.ERROR:
                self._unreadable.setdefault(file, []).append(told)

    def case(self, case: Case) -> Judged:
        """Take a case with its findings."""
        refused = bool(case.error)
        of_files = self._of_files(case) if refused else []
        raw = list(case.findings)
        if refused and not of_files and not self._explained(case):
            raw.append(self._bare(case))
        declared = self._declared.of(case)
        met = None
        if declared:
            failing = [one for one in raw if self._fails(case, one)]
            failing += [finding for finding, _ in of_files]
            fails = refused or bool(failing)
            met = next((one for one in declared if fails and meets(one, case, failing)), None)
        told = list(of_files)
        reasons = list(of_files)
        for finding in raw:
            one = self.tell(case.base, case.overlays, case.name, finding, expected=met is not None)
            if one is not None:
                told.append(one)
                if refused and finding.severity >= Severity.ERROR:
                    reasons.append(one)
        kept = told[len(of_files) :]
        if declared and met is None:
            unmet = self._unmet(case, declared[0], fails=fails)
            kept += unmet
            told += unmet
        state = "expected" if met is not None else _state(told, reasons, self._bar, refused=refused)
        findings = tuple(dict.fromkeys(finding for finding, _ in kept))
        return Judged(case._replace(findings=findings), state, met.reason if met else "")

    def plan(self) -> None:
        """Take what is known without any result."""
        for finding in self._plan.findings:
            self.tell("", (), "", finding)
        for one in self._plan.fits_nothing:
            finding = _finding(codes.OVERLAY_FITS_NOTHING, why=one.why, overlay=one.overlay)
            self.tell("", (one.overlay,), "", finding)
        for expected in self._declared.unused:
            at = self._place_of(expected)
            finding = _finding(codes.EXPECTED_MATCHES_NOTHING, at, reason=expected.reason)
            self.tell("", (), "", finding)

    def stale(self, bases: set[str]) -> None:
        """Tell which entries of the baseline nothing was found for; bases are those looked at."""
        if self._known is None or self._baseline is None:
            return
        for entry, base, overlays in self._known.left():
            if base in bases or base not in self._bases:
                finding = _finding(
                    codes.BASELINE_STALE,
                    baseline=self._baseline.name,
                    number=entry.code,
                    cause=named(entry.cause, base, overlays),
                )
                self.tell(base, overlays, "", finding)

    def _explained(self, case: Case) -> bool:
        """Tell whether the rules leave an error that says why a case is refused."""
        files = (case.base, *case.overlays)
        errors = (one for one in case.findings if one.severity >= Severity.ERROR)
        return any(self._rules.apply(one, files) is not None for one in errors)

    def _fails(self, case: Case, finding: Finding) -> bool:
        """Tell whether a finding fails its case, as the rules leave it."""
        found = self._rules.apply(finding, (case.base, *case.overlays))
        return found is not None and found.severity >= self._bar

    def _of_files(self, case: Case) -> list[Told]:
        """Give what is wrong with the files of a case that could not be tried."""
        if all(verdict.error != UNREADABLE for verdict in case.verdicts):
            return []
        return [
            one for file in (case.base, *case.overlays) for one in self._unreadable.get(file, ())
        ]

    def _bare(self, case: Case) -> Finding:
        """Make a finding of a verdict that none explains."""
        verdict = next(one for one in case.verdicts if one.error)
        at = max(verdict.failed_at, 0)
        number = f"overlay {at + 1} ({case.overlays[at]})" if len(case.overlays) > 1 else ""
        return _finding(
            codes.CASE_FAILED,
            who=number or case.overlays[at],
            overlay=case.overlays[at],
            overlays=" ".join(case.overlays),
            base=case.base,
            error=f"{verdict.applier}: {verdict.error}",
        )

    def _unmet(self, case: Case, expected: Expected, *, fails: bool) -> list[Told]:
        """Tell of a case that was declared to fail, and does not, or fails otherwise."""
        shown = f"stack {case.name}" if case.name else ", ".join(case.overlays)
        finding = _finding(
            codes.EXPECTED_OTHERWISE if fails else codes.EXPECTED_PASSES,
            self._place_of(expected),
            reason=expected.reason,
            case=f"{shown} on {case.base}",
            wanted=expected.error,
        )
        told = self.tell(case.base, case.overlays, case.name, finding)
        return [] if told is None else [told]

    def _place_of(self, expected: Expected) -> Location | None:
        return Location(self._config.path, expected.line) if self._config.path else None


def _state(told: Sequence[Told], reasons: Sequence[Told], bar: int, *, refused: bool) -> State:
    """Give the state of a case that is not expected to fail.

    reasons are those of a refusal: rules may have made them less than errors, and it still fails.
    """
    failing = [standing for finding, standing in told if finding.severity >= bar]
    failing += [standing for _, standing in reasons]
    if "new" in failing or (refused and not failing):
        return "failed"
    if failing:
        return "known"
    others = [standing for finding, standing in told if finding.severity >= Severity.WARNING]
    if "new" in others:
        return "warned"
    return "known" if others else "ok"


def _finding(code: Code, at: Location | None = None, **fields: str) -> Finding:
    return as_finding(Diagnostic(code, at=at, **fields))  # type: ignore[arg-type]


def _digest(config: Config, plan: Plan, settings: Settings, known: Baseline | None) -> str:
    """Give what tells whether two parts were cut from one run: SHA-256, as hexadecimal digits.

    Where reports go does not matter.
    """
    from hashlib import sha256
    from json import dumps

    meant = config._replace(reports=(), baseline="")
    entries = sorted(known.entries.items()) if known is not None else None
    content = [__version__, meant, settings, plan.bases, plan.overlays, plan.tasks, entries]
    return sha256(dumps(content, default=sorted).encode()).hexdigest()
