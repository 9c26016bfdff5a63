"""`dtovl log`: the operations of a session, with what came of them."""

from __future__ import annotations

import click

from dtovl.cli.options import colour_option, format_option, quiet_option
from dtovl.cli.outcome import OK, Outcome
from dtovl.cli.session import open_session, session_object, session_option


@click.command("log", short_help="The operations of a session, with the kernel's lines.")
@session_option()
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Leave nothing out.")
@quiet_option
@colour_option
def command(session: str, form: str, verbose: bool, quiet: bool) -> Outcome:
    """List the operations, undone ones too, with what Linux answers and prints."""
    with open_session(session) as opened:
        history = opened.history()
        if form == "json":
            from dtovl.report.json import document
            from dtovl.report.operations import operation_object

            operations = [operation_object(one) for one in history]
            content = {**session_object(opened), "operations": operations}
            return Outcome(OK, document("log", content))
        from dtovl.report.operations import history_lines

        return Outcome(OK, list(history_lines(history, verbose=verbose, quiet=quiet)))
