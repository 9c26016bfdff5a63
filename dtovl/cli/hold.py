"""`dtovl hold`: somebody takes a reference to a node of a session."""

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


@click.command("hold", short_help="Take a reference to a node of a session.")
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
    """Take a reference to the node at PATH, as a driver does that keeps it."""
    from shlex import quote

    from dtovl.cli.show import find_node

    with open_session(session) as opened:
        found = find_node(opened.tree, path, session, f"--session {quote(session)}")
        done = opened.hold(found.path, holder)
        return report_operations(
            "hold", opened, [done], form=form, fail_on=fail_on, verbose=verbose, quiet=quiet
        )
