"""What an audit finds: one finding for all lines of a log that tell the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes import find_code
from dtovl.codes.audit import ASIDE
from dtovl.codes.base import Severity

if TYPE_CHECKING:
    from dtovl.audit.board import Board
    from dtovl.audit.tie import Tie
    from dtovl.checks.kernel_kind import Kind
    from dtovl.codes.base import Code

MOST_NUMBERS = 100
"""Most line numbers that a finding keeps; its count goes on."""


class Trace(NamedTuple):
    """Functions of a call trace, innermost first; section is access, allocated or freed."""

    section: str
    functions: tuple[str, ...]


class Finding:
    """Lines of a log that tell the same.

    text is the message of the first; numbers the lines, the first MOST_NUMBERS of count. code is
    a number, means the cause in words, fix the cure, "" for none. after is the line that names the
    node nearest before it, for a line without one: (number, path). cause is the finding that this
    one follows from.
    """

    __slots__ = (
        "after",
        "cause",
        "code",
        "count",
        "facts",
        "fix",
        "kind",
        "last",
        "means",
        "numbers",
        "severity",
        "text",
        "tie",
        "traces",
    )

    def __init__(self, kind: Kind, text: str, facts: dict[str, str], number: int, tie: Tie) -> None:
        self.kind = kind
        self.text = text
        self.facts = facts
        self.tie = tie
        self.code = kind.code or ASIDE.number
        self.means = kind.means
        self.fix = kind.fix
        self.severity = Severity[kind.severity.upper()]
        self.count = 1
        self.numbers = [number]
        self.last = number
        self.traces: tuple[Trace, ...] = ()
        self.after: tuple[int, str] | None = None
        self.cause: Finding | None = None

    def again(self, number: int) -> None:
        """Count one more line that tells the same."""
        self.count += 1
        self.last = number
        if len(self.numbers) < MOST_NUMBERS:
            self.numbers.append(number)

    @property
    def registered(self) -> Code:
        """Give the code from the table of codes."""
        code = find_code(self.code)
        assert code is not None
        return code


class Audit(NamedTuple):
    """The answer: findings in the order of the log.

    lines is how many the log has, known how many of them an audit knows, more how many were not
    kept, as there were too many different ones.
    """

    findings: list[Finding]
    lines: int
    known: int
    more: int
    board: Board | None
