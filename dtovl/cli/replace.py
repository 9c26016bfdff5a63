"""`dtovl replace`: overlays of a session are replaced by others as one step."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    colour_option,
    fail_on_option,
    format_option,
    quiet_option,
    source_options,
)
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.cli.session import open_session, session_object, session_option
from dtovl.files import STANDARD_STREAM
from dtovl.model.limits import MAX_OVERLAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dtovl.codes.base import Severity
    from dtovl.session.journal import Operation
    from dtovl.session.session import Session


def _split(values: Iterable[str], is_whole: Callable[[str], bool]) -> list[str]:
    """Split at commas, but what is a name as a whole."""
    found = []
    for value in values:
        found += [value] if is_whole(value) else value.split(",")
    return [one.strip() for one in found if one.strip()]


def _given(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Leave out what is empty: nothing goes, or nothing comes."""
    return [value for value in values if value.strip(" ,")]


@click.command("replace", short_help="Replace overlays of a session by others, as one step.")
@session_option()
@click.option(
    "--old",
    multiple=True,
    metavar="A,B",
    callback=_given,
    help="Overlays that go, by id or name; repeatable. None: the new ones are only added.",
)
@click.option(
    "--new",
    multiple=True,
    metavar="C,D",
    callback=_given,
    help="Overlays that take their place, in order; repeatable. None: the old ones only go.",
)
@click.option(
    "--reverse", is_flag=True, help="Go back over a replacement of which nodes are still held."
)
@click.option(
    "--force", is_flag=True, help="Give up what is still held: it stays in memory for good."
)
@click.option("--dry-run", is_flag=True, help="Tell what would come of it; change nothing.")
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Show nodes and findings that say little, too.")
@quiet_option
@source_options
@colour_option
def command(
    session: str,
    old: list[str],
    new: list[str],
    reverse: bool,
    force: bool,
    dry_run: bool,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Replace overlays of a session by others: all of them, or nothing changes.

    The new ones come to the place of the lowest of the old ones; what lies above them stays in
    force. Nodes with the same path and `compatible` stay the same nodes: their holders, counts and
    phandles are not touched. What nobody wants any more has its value of before again.
    """
    new = _split(new, os.path.lexists)
    _check(old, new, reverse=reverse, force=force, dry_run=dry_run)
    source = {"include_dirs": include_dirs, "defines": defines, "cpp": cpp}
    with open_session(session) as opened:
        if reverse:
            done = opened.reverse_replacement()
        elif force:
            done = opened.give_up_replaced()
        else:
            from dtovl.session.replacing import find_listed

            names = {one.name for one in opened.machine.overlays.listed}
            numbers = find_listed(opened, _split(old, names.__contains__))
            done = opened.replace(numbers, new, dry_run=dry_run, **source)
        return _outcome(
            opened, done, dry_run=dry_run, fail_on=fail_on, form=form, verbose=verbose, quiet=quiet
        )


def _check(
    old: Sequence[str], new: Sequence[str], *, reverse: bool, force: bool, dry_run: bool
) -> None:
    """Refuse options that do not go together."""
    if reverse and force:
        raise click.UsageError("--reverse takes back, --force gives up: one of them.")
    if reverse or force:
        option = "--reverse" if reverse else "--force"
        if old or new or dry_run:
            raise click.UsageError(
                f"{option} is about the replacement that is pending: it goes with no other choice."
            )
        return
    if not old and not new:
        raise click.UsageError("Give --old, --new, or both; or --reverse, or --force.")
    if list(new).count(STANDARD_STREAM) > 1:
        raise click.UsageError("Standard input (-) can be read only once.")
    if len(new) > MAX_OVERLAYS:
        raise click.UsageError(f"At most {MAX_OVERLAYS} overlays can be applied at once.")


def _outcome(
    session: Session,
    done: Operation,
    *,
    dry_run: bool,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
) -> Outcome:
    fails = fail_on is not None and (
        done.failed or any(found.severity >= fail_on for found in done.findings)
    )
    code = FINDINGS if fails else OK
    if form == "json":
        from dtovl.report.json import document
        from dtovl.report.operations import operation_object

        content = {
            **session_object(session),
            "dropped": session.dropped,
            "dry_run": dry_run,
            "operations": [operation_object(done)],
        }
        return Outcome(code, document("replace", content))
    from dtovl.report.replace import replace_lines

    lines = replace_lines(
        done, dropped=session.dropped, dry_run=dry_run, verbose=verbose, quiet=quiet
    )
    return Outcome(code, lines)
