"""Applying a stack of overlays with all that there is to say about it: verdicts and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.effects import warn, warn_linux, wrong_board
from dtovl.checks.subject import Subject
from dtovl.codes.base import Severity
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.model.dialect import DIALECTS, LIBFDT, LINUX, Dialect
from dtovl.overlay.stack import Stack, apply_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtovl.checks.forecast import Forecast
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import LogLine, Outcome


class Verdict(NamedTuple):
    """What one program says to the whole stack.

    applies: all overlays are in force. error is "" when all is well; Linux can return one although
    the overlays apply. overlay names the one with the error; reason says why in one sentence; lines
    are the kernel's log lines; hazard: the program itself would crash or corrupt memory.
    """

    dialect: Dialect
    applies: bool
    error: str
    overlay: str
    reason: str
    lines: Sequence[LogLine]
    hazard: bool


class Applied(NamedTuple):
    """A stack that was applied, or refused, with the chosen applier.

    stack is in force in the tree, up to a refused overlay; verdicts are those of all dialects, the
    chosen one first; findings are sorted, and each stands once; forecast is what was asked for.
    """

    stack: Stack
    verdicts: list[Verdict]
    findings: list[Diagnostic]
    forecast: Forecast | None = None


def apply_checked(
    tree: Tree,
    overlays: Sequence[Overlay],
    applier: Dialect = LIBFDT,
    *,
    require: Sequence[Dialect] = (),
    linux: Dialect = LINUX,
    base: str = "base",
    foresee: Callable[[Tree, Stack], Forecast] | None = None,
) -> Applied:
    """Apply overlays with the applier, and say what each dialect makes of them.

    The refusal of the applier, and of each required dialect, is an error, that of others is info.
    linux is the kernel that is meant where the applier is none.
    base is the display name of the base. foresee is called while the overlays are in force as the
    kernel applies them. The tree keeps what the applier applied; Applied.stack.revert(tree) takes
    it out.
    """
    forecast: Forecast | None = None

    def look_ahead(stack: Stack) -> None:
        nonlocal forecast
        if foresee is not None and stack.dialect.targets_first and forecast is None:
            forecast = foresee(tree, stack)

    findings: list[Diagnostic] = []
    verdicts = []
    known = {**DIALECTS, linux.name: linux}
    others = [dialect for dialect in known.values() if dialect.name != applier.name]
    for dialect in others:
        asked = dialect in require
        stack, verdict, sink = try_stack(tree, overlays, dialect, base, main=False, asked=asked)
        look_ahead(stack)
        stack.revert(tree)
        verdicts.append(verdict)
        findings.extend(sink)
    stack, verdict, sink = try_stack(tree, overlays, applier, base, main=True, asked=True)
    look_ahead(stack)
    findings[:0] = sink
    return Applied(stack, [verdict, *verdicts], once(findings), forecast)


def try_stack(
    tree: Tree, overlays: Sequence[Overlay], dialect: Dialect, base: str, *, main: bool, asked: bool
) -> tuple[Stack, Verdict, Sink]:
    """Apply overlays in one dialect, with its verdict and findings; what applies stays in force.

    main: this is the chosen applier, whose warnings are wanted too; asked: its refusal is an error.
    """
    sink = Sink()
    reasons: dict[Outcome, str] = {}

    def observe(outcome: Outcome, number: int) -> None:
        severity = (Severity.ERROR if asked else Severity.INFO) if not outcome.applies else None
        if outcome.applies and not asked:
            severity = Severity.INFO
        subject = Subject(outcome, tree, sink, base, severity, overlays, number)
        before = len(sink)
        if not outcome.applies:
            # Costs more to import than an overlay to apply.
            from dtovl.checks.refusal import explain

            explain(subject)
            reasons[outcome] = sink.diagnostics[before].message
            # What the kernel prints is about the first of them: it goes no further.
            for found in sink.diagnostics[before + 1 :]:
                found.kernel = ()
            if main:
                wrong_board(subject)
            return
        if dialect.targets_first:
            warn_linux(subject)
            if outcome.error:
                reasons[outcome] = sink.diagnostics[before].message
        if main:
            warn(subject)

    stack = apply_stack(tree, overlays, dialect, observe)
    return stack, _verdict(stack, reasons), sink


def _verdict(stack: Stack, reasons: dict[Outcome, str]) -> Verdict:
    lines = [line for outcome in stack.outcomes for line in outcome.lines]
    bad = stack.failed or next((one for one in stack.outcomes if one.error), None)
    if bad is None:
        return Verdict(stack.dialect, True, "", "", "", lines, hazard=False)
    name, reason = bad.overlay.name, reasons.get(bad, "")
    return Verdict(stack.dialect, bad.applies, bad.error, name, reason, lines, bad.hazard)


def once(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Keep of findings that say the same the most severe; what each knows more goes into it.

    They are sorted by severity, overlay, place.
    """
    kept: dict[tuple[str, str, str, str], Diagnostic] = {}
    for found in findings:
        key = (found.code.number, found.path, found.message, found.who)
        other = kept.setdefault(key, found)
        if other is not found:
            worse, other = (found, other) if found.severity > other.severity else (other, found)
            worse.kernel = worse.kernel or other.kernel
            worse.fields["errors"] = {**_errors(other), **_errors(worse)}
            kept[key] = worse
    for found in kept.values():
        errors = ", ".join(f"{name}: {error}" for name, error in sorted(_errors(found).items()))
        if errors:
            found.why = f"{found.why}; {errors}" if found.why else errors
    return sorted(kept.values(), key=_order)


def _errors(found: Diagnostic) -> dict[str, str]:
    errors = found.fields.get("errors")
    return errors if isinstance(errors, dict) else {}


def _order(found: Diagnostic) -> tuple[int, str, str, int, str, str]:
    where = found.where
    file, line = (where.file, where.line) if where is not None else ("", 0)
    return (-found.severity, found.who, file, line, found.path, found.code.number)
