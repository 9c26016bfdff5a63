"""`dtovl status`: what is in force in a session, and what is wrong."""

from __future__ import annotations

import click

from dtovl.cli.options import colour_option, format_option
from dtovl.cli.outcome import OK, Outcome
from dtovl.cli.session import open_session, session_option


@click.command("status", short_help="What is in force in a session, held, leaked, dangling.")
@session_option()
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Leave nothing out.")
@colour_option
def command(session: str, form: str, verbose: bool) -> Outcome:
    """Show overlays, who owns and holds what, and what removals left behind."""
    from dtovl.report.status import status_lines, status_object

    with open_session(session) as opened:
        status = opened.status()
    if form == "json":
        from dtovl.report.json import document

        return Outcome(OK, document("status", {"session": session, **status_object(status)}))
    return Outcome(OK, status_lines(status, session, verbose=verbose))
