"""`dtovl init-config`: a commented configuration for `dtovl check`, filled with what is there."""

from __future__ import annotations

import click

from dtovl.cli.options import PATH, colour_option
from dtovl.cli.outcome import OK, Outcome


@click.command("init-config", short_help="Write a commented dtovl.yaml.")
@click.argument("folder", type=PATH, default=".", metavar="[FOLDER]")
@click.option("--force", is_flag=True, help="Write it even if there is one.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Write it to standard output instead.")
@colour_option
def command(folder: str, force: bool, to_stdout: bool) -> Outcome:
    """Write FOLDER/dtovl.yaml: what `dtovl check` would do without one, and all it can be told."""
    from pathlib import Path

    from dtovl.files import create_atomically, write_atomically
    from dtovl.matrix.defaults import commented
    from dtovl.matrix.discover import discover
    from dtovl.matrix.reading import FILE_NAME
    from dtovl.report.spans import Line

    text = commented(discover(folder))
    if to_stdout:
        return Outcome(OK, text)
    path = str(Path(folder, FILE_NAME))
    if force:
        write_atomically(path, text.encode())
    elif not create_atomically(path, text.encode()):
        raise click.UsageError(f"There is a {path} already; --force writes a new one.")
    return Outcome(OK, (Line((("", "wrote "), ("path", path))),))
