"""What a diagnostic code is: number, short name, severity, and the texts shown for it."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Severity(IntEnum):
    """How much a finding weighs. Higher is worse; --fail-on compares by this order."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """Give the word printed for the severity: info, warning or error."""
        return self.name.lower()


class Code(NamedTuple):
    """One kind of finding. A code is never reused, never renumbered.

    message and suggestion are str.format templates over the fields of the diagnostic;
    source names the function or section the rule comes from; explanation is shown by
    `dtovl explain CODE` and in docs/codes.md: what happens on the board, a bad example, the
    mended one.
    """

    number: str
    name: str
    severity: Severity
    message: str
    suggestion: str
    source: str
    explanation: str
