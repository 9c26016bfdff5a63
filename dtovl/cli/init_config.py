"""`dtovl init-config`: a commented configuration for `dtovl check`, filled with what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import PATH, colour_option
from dtovl.cli.outcome import OK, Outcome
from dtovl.codes.base import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.diagnostics import Diagnostic
    from dtovl.report.spans import Line


@click.command("init-config", short_help="Write a commented dtovl.yaml.")
@click.argument("folder", type=PATH, default=".", metavar="[FOLDER]")
@click.option("--force", is_flag=True, help="Write it even if there is one.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Write it to standard output instead.")
@colour_option
def command(folder: str, force: bool, to_stdout: bool) -> Outcome:
    """Write FOLDER/dtovl.yaml: what `dtovl check` would do without one, and all it can be told.

    Where no boards or no overlays are found, it names an example in their place.
    """
    from pathlib import Path

    from dtovl.codes.input import FILE_UNWRITABLE
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import InputError
    from dtovl.files import create_atomically, write_atomically
    from dtovl.matrix.config import Files
    from dtovl.matrix.defaults import commented
    from dtovl.matrix.discover import sketch
    from dtovl.matrix.reading import FILE_NAME
    from dtovl.report.spans import Line

    config, missing = sketch(folder)
    text = commented(
        config._replace(
            bases=config.bases or (Files(("boards/*.dts",)),),
            overlays=config.overlays or (Files(("overlays/*.dtso",)),),
        )
    )
    remarks = _remarks(missing)
    if to_stdout:
        return Outcome(OK, text, remarks)
    path = str(Path(folder, FILE_NAME))
    if force:
        write_atomically(path, text.encode())
    else:
        try:
            made = create_atomically(path, text.encode())
        except (OSError, ValueError) as error:
            what = getattr(error, "strerror", None) or str(error)
            raise InputError(Diagnostic(FILE_UNWRITABLE, name=path, what=what.lower())) from error
        if not made:
            raise click.UsageError(f"There is a {path} already; --force writes a new one.")
    return Outcome(OK, (Line((("", "wrote "), ("path", path))),), remarks)


def _remarks(missing: Diagnostic | None) -> Iterable[Line]:
    if missing is None:
        return ()
    from dtovl.report.text import diagnostics_lines

    missing.fix = "say in it where they are: what it names for them now is an example"
    missing.severity = Severity.WARNING
    return diagnostics_lines([missing])
