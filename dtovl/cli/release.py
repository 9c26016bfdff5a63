"""`dtovl release`: somebody gives back a reference to a node of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    colour_option,
    fail_on_option,
    format_option,
    quiet_option,
)
from dtovl.cli.session import holder_option, open_session, report_operations, session_option

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome
    from dtovl.codes.base import Severity


@click.command("release", short_help="Give a reference back.")
@session_option()
@click.argument("path")
@holder_option
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Show findings of severity info as well.")
@quiet_option
@colour_option
def command(
    session: str,
    path: str,
    holder: str,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
) -> Outcome:
    """Give back a reference that was taken by `dtovl hold`; PATH may have left the tree."""
    from dtovl.model.lookup import find_lenient

    with open_session(session) as opened:
        # What is held may have left the tree; there a path is taken as it is.
        if not opened.holders(path):
            found = find_lenient(opened.tree, path)
            path = found[0].path if len(found) == 1 else path
        done = opened.release(path, holder)
        return report_operations(
            "release", opened, [done], form=form, fail_on=fail_on, verbose=verbose, quiet=quiet
        )
