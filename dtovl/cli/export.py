"""`dtovl export`: the tree of a session is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    colour_option,
    format_option,
    out_format_option,
    pad_option,
    quiet_option,
)
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.cli.session import open_session, session_object, session_option

if TYPE_CHECKING:
    from dtovl.api import Format


@click.command("export", short_help="Write the tree of a session.")
@session_option()
@click.option(
    "-o", "--output", "out", required=True, metavar="OUT", help="The file to write; - is stdout."
)
@out_format_option
@pad_option
@format_option("text", "json")
@quiet_option
@colour_option
def command(
    session: str, out: str, out_format: Format | None, pad: int | None, form: str, quiet: bool
) -> Outcome:
    """Write the tree with all operations in force, as a blob or as source."""
    from dtovl.api import dump
    from dtovl.cli.inputs import format_of
    from dtovl.codes.base import Severity
    from dtovl.codes.input import OUTPUT_IS_INPUT
    from dtovl.diagnostics import Sink
    from dtovl.errors import InputError
    from dtovl.report.json import diagnostics, document
    from dtovl.report.spans import Line, amount
    from dtovl.report.text import diagnostics_lines, shown

    sink = Sink()
    with open_session(session) as opened:
        tree, about = opened.export(), session_object(opened)
    try:
        data = dump(
            tree,
            None if out == "-" else out,
            form=out_format or format_of(out) or "dtb",
            padding=pad,
            inputs=[session],
            sink=sink,
        )
    except InputError as error:
        if error.diagnostic.code is OUTPUT_IS_INPUT:
            error.diagnostic.fix = "name another file with -o"
        raise
    errors = any(found.severity is Severity.ERROR for found in sink)
    exit_code = FINDINGS if errors else OK
    if form == "json":
        report = document("export", {**about, "written": out, "diagnostics": diagnostics(sink)})
        return Outcome(exit_code, report) if data is None else Outcome(exit_code, data, report)
    remarks = list(diagnostics_lines(shown(sink, Severity.WARNING)))
    if data is not None:
        return Outcome(exit_code, data, remarks)
    if quiet:
        return Outcome(exit_code, (), remarks)
    after = amount(opened.position, "operation")
    return Outcome(exit_code, [Line((("label", f"wrote {out}, after {after}"),))], remarks)
