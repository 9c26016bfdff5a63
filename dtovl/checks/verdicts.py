"""Applying a stack of overlays with all that there is to say about it: verdicts and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.effects import warn, warn_linux, wrong_board
from dtovl.checks.subject import Subject
from dtovl.codes.base import Severity
from dtovl.codes.overlay import DEVICE_NAME_TAKEN
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.model.dialect import DIALECTS, LIBFDT, Dialect
from dtovl.overlay.fragments import Overlay, symbol_entries
from dtovl.overlay.stack import Stack, apply_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome


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
    lines: tuple[str, ...]
    hazard: bool

    def sentence(self, *, name_overlay: bool = False) -> str:
        """Say it in one line: `boot loader (libfdt 1.8): applies`."""
        if not self.error:
            return f"{self.dialect.phrase}: applies"
        verb = "applies, but returns" if self.applies else "refuses"
        what = f" {self.overlay}" if name_overlay and not self.applies else ""
        comma = "" if self.applies else ","
        crash = " (it would crash or corrupt memory)" if self.hazard else ""
        return f"{self.dialect.phrase}: {verb}{what}{comma} {self.error}{crash}: {self.reason}"


class Applied(NamedTuple):
    """A stack that was applied, or refused, with the chosen applier.

    stack is in force in the tree, up to a refused overlay; verdicts are those of all dialects, the
    chosen one first; findings are sorted, and each stands once.
    """

    stack: Stack
    verdicts: list[Verdict]
    findings: list[Diagnostic]


def apply_checked(
    tree: Tree,
    overlays: Sequence[Overlay],
    applier: Dialect = LIBFDT,
    *,
    require: Sequence[Dialect] = (),
    base: str = "base",
) -> Applied:
    """Apply overlays with the applier, and say what each dialect makes of them.

    The refusal of the applier, and of each required dialect, is an error, that of others is info.
    base is the display name of the base. The tree keeps what the applier applied;
    Applied.stack.revert(tree) takes it out.
    """
    findings: list[Diagnostic] = []
    verdicts = []
    others = [dialect for dialect in DIALECTS.values() if dialect is not applier]
    for dialect in others:
        asked = dialect in require
        stack, sink = _run(tree, overlays, dialect, base, main=False, asked=asked)
        stack.revert(tree)
        verdicts.append(_verdict(stack, sink))
        findings.extend(sink)
    stack, sink = _run(tree, overlays, applier, base, main=True, asked=True)
    findings[:0] = sink
    return Applied(stack, [_verdict(stack, sink), *verdicts], _once(findings))


def _run(
    tree: Tree, overlays: Sequence[Overlay], dialect: Dialect, base: str, *, main: bool, asked: bool
) -> tuple[Stack, Sink]:
    sink = Sink()
    brings = _exports(overlays, dialect)

    def observe(outcome: Outcome, number: int) -> None:
        severity = (Severity.ERROR if asked else Severity.INFO) if not outcome.applies else None
        if outcome.applies and not asked:
            severity = Severity.INFO
        subject = Subject(
            outcome, tree, sink, base, severity, brings, number=number, of=len(overlays)
        )
        if not outcome.applies:
            # Costs more to import than an overlay to apply.
            from dtovl.checks.refusal import explain

            explain(subject)
            if main:
                wrong_board(subject)
        elif main:
            warn(subject)
        if outcome.applies and dialect.targets_first:
            warn_linux(subject)

    return apply_stack(tree, overlays, dialect, observe), sink


def _exports(overlays: Sequence[Overlay], dialect: Dialect) -> dict[str, str]:
    return {
        label: overlay.name for overlay in overlays for label, _ in symbol_entries(overlay, dialect)
    }


def _verdict(stack: Stack, sink: Sink) -> Verdict:
    failed = stack.failed or next((one for one in stack.outcomes if one.error), None)
    lines = tuple(line.text for outcome in stack.outcomes for line in outcome.lines)
    if failed is None:
        return Verdict(stack.dialect, True, "", "", "", lines, hazard=False)
    # The first finding about a refusal is the one that ended the attempt.
    told = (found for found in sink if found.code.number < "DT13")
    if failed.applies:
        told = (found for found in sink if found.code is DEVICE_NAME_TAKEN)
    first = next(told, None)
    reason = first.message if first is not None else ""
    name = failed.overlay.name
    return Verdict(stack.dialect, failed.applies, failed.error, name, reason, lines, failed.hazard)


def _once(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Keep of findings that say the same the most severe; sort by severity of the input order."""
    kept: dict[tuple[str, str, str, str], Diagnostic] = {}
    for found in findings:
        key = (found.code.number, found.path, found.message, found.who)
        if key not in kept or kept[key].severity < found.severity:
            kept[key] = found
    return sorted(kept.values(), key=_order)


def _order(found: Diagnostic) -> tuple[int, str, str, int, str, str]:
    where = found.where
    file, line = (where.file, where.line) if where is not None else ("", 0)
    return (-found.severity, found.who, file, line, found.path, found.code.number)
