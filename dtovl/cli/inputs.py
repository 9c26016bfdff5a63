"""Reading what the command line names, with all that there is to say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.api import load
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.codes.base import Severity
from dtovl.diagnostics import Sink
from dtovl.report.text import diagnostics_lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dtovl.api import Format
    from dtovl.cli.outcome import Pieces
    from dtovl.model.tree import Tree
    from dtovl.report.spans import Line


_ENDINGS: dict[str, Format] = {".dtb": "dtb", ".dtbo": "dtb", ".dts": "dts", ".dtso": "dts"}


def format_of(out: str) -> Format | None:
    """Tell by the name of a file to be written what it should become; None: the name does not."""
    return next((form for ending, form in _ENDINGS.items() if out.endswith(ending)), None)


class Reading:
    """The inputs of one command; sink collects what is odd about them.

    files are the paths of all that was read, with the files that source included.
    include_dirs, defines and cpp tell how source is preprocessed: -I, -D, --cpp.
    """

    __slots__ = ("_source", "_standard_input", "files", "sink")

    def __init__(
        self, include_dirs: Sequence[str], defines: Mapping[str, str], cpp: str | None
    ) -> None:
        self.sink = Sink()
        self.files: list[str] = []
        self._source: dict[str, Any] = {
            "include_dirs": include_dirs,
            "defines": defines,
            "cpp": cpp,
            "included": self.files.append,
        }
        self._standard_input = False

    def load(self, path: str, *, symbols: bool = True, form: Format | None = None) -> Tree:
        """Read one input; standard input can be only one of them.

        Raises InputError, click.UsageError.
        """
        if path == "-":
            if self._standard_input:
                import click

                raise click.UsageError("Standard input (-) can be read only once.")
            self._standard_input = True
        self.files.append(path)
        return load(path, form=form, symbols=symbols, sink=self.sink, **self._source)

    def outcome(
        self, report: Iterable[Line] | str | bytes | Pieces, exit_code: int = OK
    ) -> Outcome:
        """End a command with its report; what was found in the inputs is remarked beside it."""
        found = shown(self.sink, Severity.WARNING)
        if exit_code == OK and any(one.severity is Severity.ERROR for one in found):
            exit_code = FINDINGS
        return Outcome(exit_code, report, diagnostics_lines(found))
