"""`dtovl init`: a session is made of a base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    PATH,
    colour_option,
    format_option,
    input_argument,
    kernel_option,
    quiet_option,
    source_options,
)
from dtovl.cli.outcome import OK, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.report.spans import Line
    from dtovl.session.session import Session


@click.command("init", short_help="Make a session of a base.")
@click.argument("session", type=PATH)
@input_argument("base")
@kernel_option()
@format_option("text", "json")
@quiet_option
@source_options
@colour_option
def command(
    session: str,
    base: str,
    kernel: str,
    form: str,
    quiet: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Make the file SESSION, which keeps BASE and what is done to it from now on."""
    from dtovl.codes.base import Severity
    from dtovl.diagnostics import Sink
    from dtovl.report.text import diagnostics_lines, shown
    from dtovl.session.session import Session

    if session == "-":
        raise click.UsageError("A session is a file: it cannot be standard output.")
    sink = Sink()
    with Session.create(
        session,
        base,
        kernel=kernel,
        sink=sink,
        include_dirs=include_dirs,
        defines=defines,
        cpp=cpp,
    ) as made:
        if form == "json":
            from dtovl.cli.session import session_object
            from dtovl.report.json import diagnostics, document

            content = {**session_object(made), "diagnostics": diagnostics(sink)}
            return Outcome(OK, document("init", content))
        remarks = diagnostics_lines(shown(sink, Severity.WARNING))
        return Outcome(OK, () if quiet else list(_lines(made)), remarks)


def _lines(made: Session) -> Iterator[Line]:
    from dtovl.report.spans import Line, amount

    nodes = sum(1 for _ in made.tree.walk())
    text = f"made {made.name}: {made.base} on Linux {made.kernel}, {amount(nodes, 'node')}"
    yield Line((("", text),), hang=2)
