"""`dtovl status`: what is in force in a session, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    colour_option,
    fail_on_option,
    format_option,
    quiet_option,
)
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.cli.session import open_session, session_option

if TYPE_CHECKING:
    from dtovl.codes.base import Severity


@click.command("status", short_help="What is in force in a session, held, leaked, dangling.")
@session_option()
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Leave nothing out.")
@quiet_option
@colour_option
def command(
    session: str, fail_on: Severity | None, form: str, verbose: bool, quiet: bool
) -> Outcome:
    """Show overlays, who owns and holds what, and what removals left behind.

    An overlay that can never be removed, or was freed and is still listed, is an error; nodes
    that leaked, and what dangles, are warnings; values that leaked are info.
    """
    from dtovl.report.status import status_lines, status_object

    with open_session(session) as opened:
        status = opened.status()
    severity = status.severity
    fails = fail_on is not None and severity is not None and severity >= fail_on
    code = FINDINGS if fails else OK
    if form == "json":
        from dtovl.report.json import document

        return Outcome(code, document("status", {"session": session, **status_object(status)}))
    return Outcome(code, status_lines(status, session, verbose=verbose, quiet=quiet))
