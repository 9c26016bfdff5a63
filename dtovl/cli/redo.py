"""`dtovl redo`: what was undone in a session is done again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import colour_option, format_option, quiet_option
from dtovl.cli.session import count_option, moved, open_session, session_option

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome


@click.command("redo", short_help="Carry out again what was undone.")
@session_option()
@count_option
@format_option("text", "json")
@quiet_option
@colour_option
def command(session: str, count: int, form: str, quiet: bool) -> Outcome:
    """Carry out again what was undone last."""
    with open_session(session) as opened:
        return moved("redo", opened, opened.redo(count), form, quiet=quiet)
