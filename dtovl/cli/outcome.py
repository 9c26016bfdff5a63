"""What a command gives back, and the settings that tell how to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.report.spans import Line

OK = 0
FINDINGS = 1
NO_VERDICT = 2


class Settings:
    """Options that every command has; set while the command line is parsed."""

    __slots__ = ("colour",)

    def __init__(self) -> None:
        self.colour = "auto"


class Pieces(NamedTuple):
    """A finished text, too large to be in memory at once."""

    texts: Iterable[str]


class Outcome(NamedTuple):
    """The end of a command.

    report goes to standard output: lines, finished text (JSON, source), whole or in pieces, or
    bytes (a blob).
    remarks go to standard error: findings about the input, or the report of a command whose
    result is on standard output.
    """

    exit_code: int
    report: Iterable[Line] | str | bytes | Pieces = ()
    remarks: Iterable[Line] | str = ()
