"""What checking a matrix of boards and overlays gives, as plain values that cross process borders.

A case is one base with one overlay (a pair) or several in order (a stack). The work on one base
gives a BaseResult; all of them, in the order of the plan, are what finishing and reports take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic, Location

UNREADABLE = "unreadable"
"""The error of a case whose base or overlay could not be read."""


class Spot(NamedTuple):
    """A place in a source text; line and column count from 1, 0 is unknown. "" is no place."""

    file: str = ""
    line: int = 0
    column: int = 0


NOWHERE = Spot()
"""No place: what most findings about blobs have, made once for all."""


class Remark(NamedTuple):
    """A further line of a finding, with the place it speaks of where there is one."""

    text: str
    at: Spot = NOWHERE


class Finding(NamedTuple):
    """A diagnostic as plain values: code is its number, severity its weight (1 info, 3 error)."""

    code: str
    severity: int
    path: str
    message: str
    at: Spot = NOWHERE
    why: str = ""
    who: str = ""
    fix: str = ""
    notes: tuple[Remark, ...] = ()
    kernel: tuple[str, ...] = ()
    excerpt: str = ""


class Verdict(NamedTuple):
    """What one applier says to a case.

    error is "" when every overlay is in force, or the applier's own error (`FDT_ERR_NOTFOUND`,
    `-EINVAL`), or UNREADABLE; failed_at is the index of the overlay it is about, -1 for none.
    """

    applier: str
    error: str = ""
    failed_at: int = -1


class Change(NamedTuple):
    """One line of a plan: what an overlay does at a path. kind is `+node`, `+`, `~`.

    old and new are values as a person reads them, shortened.
    """

    fragment: str
    path: str
    kind: str
    property: str = ""
    old: str = ""
    new: str = ""


class Case(NamedTuple):
    """A base with overlays, and what came of it.

    name is the name of a stack in the configuration, "" for a pair. smallest has the indices of the
    fewest overlays of a failing stack that fail on their own, in order. plan is empty unless asked
    for; more counts the changes that were left out of it.
    """

    base: str
    overlays: tuple[str, ...]
    name: str = ""
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    smallest: tuple[int, ...] = ()
    plan: tuple[Change, ...] = ()
    more: int = 0

    @property
    def error(self) -> str:
        """Give the first applier's error that is one, "" when all apply."""
        return next((verdict.error for verdict in self.verdicts if verdict.error), "")


class Between(NamedTuple):
    """A finding about two overlays on one base: conflict, order, claim."""

    base: str
    first: str
    second: str
    finding: Finding


class BaseResult(NamedTuple):
    """All that was found on one base.

    between are findings about pairs of its overlays, compared says how many pairs were looked at.
    inputs are what reading the files gave: (file, finding).
    """

    base: str
    cases: tuple[Case, ...]
    between: tuple[Between, ...] = ()
    compared: int = 0
    inputs: tuple[tuple[str, Finding], ...] = ()


def as_finding(found: Diagnostic) -> Finding:
    """Give a diagnostic as plain values."""
    return Finding(
        found.code.number,
        int(found.severity),
        found.path,
        found.message,
        _spot(found.where),
        found.why,
        found.who,
        found.fix,
        tuple(Remark(note.text, _spot(note.location)) for note in found.notes),
        tuple(found.kernel),
        found.excerpt,
    )


def _spot(location: Location | None) -> Spot:
    return NOWHERE if location is None else Spot(*location)
