"""What a check of a whole matrix comes to: judged cases, findings grouped by cause, an exit code.

Rules, expected failures and the baseline have been applied to what the work on the bases gave.
Reports take this, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from dtovl.matrix.result import Case, Finding

State = Literal["ok", "warned", "failed", "known", "expected"]
"""What a case comes to: failed has a new finding that fails the run, known only such as stand in
the baseline, expected was declared to fail and does; warned has others, ok none but info."""

Standing = Literal["new", "known", "expected"]
"""How a finding stands: new, in the baseline, or declared in the configuration."""


class Judged(NamedTuple):
    """A case and what it comes to; reason is that of its expected failure, "" for none."""

    case: Case
    state: State
    reason: str = ""


class Place(NamedTuple):
    """Where a finding stands in the matrix: base ("" for one about a file), overlays, stack."""

    base: str
    overlays: tuple[str, ...]
    stack: str
    finding: Finding


class Group(NamedTuple):
    """One cause, with all places it shows at: 40 boards that lack a label are one group.

    name is the short name of the code; message speaks of no base where there are several.
    places are sorted by base, overlays, path.
    """

    code: str
    name: str
    severity: int
    message: str
    standing: Standing
    places: tuple[Place, ...]


class Checked(NamedTuple):
    """The whole: cases in the order of the plan, groups by severity and size.

    compared counts the pairs of overlays held against each other; fits_nothing are overlays that
    go with no base; shard is (i, n) of a part, i from 1, None for the whole; fail_on is the least
    severity (1 to 3) that fails the run, 0 for none. plan is a digest of what was planned, equal in
    all parts of a run. folder is that of the configuration, in front of all paths ("": none is).
    """

    version: str
    bases: tuple[str, ...]
    overlays: tuple[str, ...]
    appliers: tuple[str, ...]
    cases: tuple[Judged, ...]
    groups: tuple[Group, ...]
    compared: int = 0
    fits_nothing: tuple[str, ...] = ()
    shard: tuple[int, int] | None = None
    fail_on: int = 3
    plan: str = ""
    folder: str = ""

    @property
    def fails(self) -> bool:
        """Tell whether a new finding is as severe as fail_on or worse."""
        return bool(self.fail_on) and any(
            group.standing == "new" and group.severity >= self.fail_on for group in self.groups
        )
