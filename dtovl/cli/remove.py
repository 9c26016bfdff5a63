"""`dtovl remove`: an overlay of a session is removed, as Linux does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    Number,
    colour_option,
    fail_on_option,
    format_option,
    quiet_option,
)
from dtovl.cli.session import open_session, report_operations, session_option

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome
    from dtovl.codes.base import Severity


@click.command("remove", short_help="Remove an overlay of a session.")
@session_option()
@click.argument("number", metavar="[ID]", type=Number(0), required=False)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Remove all, newest first, by of_overlay_remove_all (see DT224).",
)
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Show findings of severity info as well.")
@quiet_option
@colour_option
def command(
    session: str,
    number: int | None,
    everything: bool,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
) -> Outcome:
    """Remove the overlay with this ID, or all, as the running kernel does."""
    if (number is None) is not everything:
        raise click.UsageError("Give the ID of an overlay, or --all.")
    with open_session(session) as opened:
        done = opened.remove_all() if number is None else opened.remove(number)
        return report_operations(
            "remove", opened, [done], form=form, fail_on=fail_on, verbose=verbose, quiet=quiet
        )
