"""`dtovl convert`: source to blob, blob to source, and each to itself in canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    colour_option,
    force_option,
    input_argument,
    out_format_option,
    pad_option,
    source_options,
)

if TYPE_CHECKING:
    from dtovl.api import Format
    from dtovl.cli.outcome import Outcome


@click.command("convert", short_help="Convert source to a blob, a blob to source.")
@input_argument("source", metavar="IN")
@click.option(
    "-o", "--output", "out", required=True, metavar="OUT", help="The file to write; - is stdout."
)
@click.option(
    "-@", "--symbols", is_flag=True, help="Give source its labels as /__symbols__, as dtc -@ does."
)
@click.option(
    "--in-format",
    type=click.Choice(("dtb", "dts")),
    help="What IN has to be.  [default: what its content says]",
)
@out_format_option
@pad_option
@force_option
@source_options
@colour_option
def command(
    source: str,
    out: str,
    symbols: bool,
    in_format: Format | None,
    out_format: Format | None,
    pad: int | None,
    force: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Convert a tree: source to a blob, a blob or directory to source."""
    from dtovl.api import dump
    from dtovl.cli.inputs import Reading, format_of

    reading = Reading(include_dirs, defines, cpp)
    tree = reading.load(source, symbols=symbols, form=in_format)
    form = out_format or format_of(out) or ("dts" if not tree.positions else "dtb")
    data = dump(
        tree,
        None if out == "-" else out,
        form=form,
        padding=pad,
        force=force,
        inputs=reading.files,
        sink=reading.sink,
    )
    return reading.outcome(data or b"")
