"""`dtovl undo`: the journal of a session goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import colour_option, format_option, quiet_option
from dtovl.cli.session import count_option, moved, open_session, session_option

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome


@click.command("undo", short_help="Go back over operations of a session.")
@session_option()
@count_option
@format_option("text", "json")
@quiet_option
@colour_option
def command(session: str, count: int, form: str, quiet: bool) -> Outcome:
    """Go back over the last operations, as if they had not been carried out."""
    with open_session(session) as opened:
        return moved("undo", opened, opened.undo(count), form, quiet=quiet)
