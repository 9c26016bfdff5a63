"""`dtovl blame`: who set a property, or brought a node; what that hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    applier_option,
    colour_option,
    format_option,
    input_argument,
    source_options,
)
from dtovl.cli.outcome import OK, Outcome
from dtovl.cli.session import session_option

if TYPE_CHECKING:
    from dtovl.cli.inputs import Reading
    from dtovl.cli.merged import Merged
    from dtovl.model.dialect import Dialect
    from dtovl.report.blame import Subject


@click.command("blame", short_help="Tell who set a property or brought a node.")
@input_argument("files", nargs=-1, required=True, metavar="[BASE [OVERLAY]...] PATH")
@session_option(required=False)
@applier_option
@format_option("text", "json")
@source_options
@colour_option
def command(
    files: tuple[str, ...],
    session: str | None,
    applier: Dialect,
    form: str,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Tell who set a property or brought a node, what that hides, and what would come back.

    The overlays are applied to BASE in order. PATH is a node, as `show` takes it, or a property
    of one: PATH/property or PATH:property. With --session PATH stands alone; overlays, changesets
    and direct edits of the session are told apart.
    """
    *given, path = files
    if session is not None:
        return _in_session(session, given, path, form)
    from dtovl.cli.inputs import Reading

    if not given:
        raise click.UsageError("Missing argument 'PATH': a node, or PATH:property.")
    return _on_base(Reading(include_dirs, defines, cpp), given, path, applier, form)


def _on_base(reading: Reading, given: list[str], path: str, applier: Dialect, form: str) -> Outcome:
    """Answer for overlays on a base."""
    from pathlib import Path

    from dtovl.cli.merged import merge
    from dtovl.codes.usage import PATH_NOT_FOUND
    from dtovl.errors import UsageError
    from dtovl.model.limits import MAX_OVERLAYS
    from dtovl.report.blame import blame_lines, blame_object

    if len(given) > MAX_OVERLAYS + 1:
        raise click.UsageError(f"At most {MAX_OVERLAYS} overlays can be applied at once.")
    merged = merge(reading, given, applier)
    try:
        subject = _subject(merged, path)
    except UsageError as error:
        if error.diagnostic.code is PATH_NOT_FOUND and Path(path).is_file():
            error.diagnostic.fix = f"name a node, or NODE:property, after {path}"
        raise
    if form == "text":
        return reading.outcome(blame_lines(subject))
    from dtovl.report.json import diagnostics, document

    content = {
        "base": merged.base,
        "overlays": given[1:],
        "applier": applier.name,
        **blame_object(subject),
        "diagnostics": diagnostics(reading.sink),
    }
    return reading.outcome(document("blame", content))


def _in_session(session: str, given: list[str], path: str, form: str) -> Outcome:
    """Answer for what is in force in a session."""
    from dtovl.cli.merged import open_owned
    from dtovl.report.blame import blame_lines, blame_object

    if given:
        raise click.UsageError("With --session give PATH alone: the rest is kept there.")
    merged, about = open_owned(click.get_current_context(), session)
    subject = _subject(merged, path)
    if form == "text":
        return Outcome(OK, blame_lines(subject))
    from dtovl.report.json import document

    overlays = [{"id": one.number, "name": one.overlay.name} for one in merged.overlays]
    return Outcome(
        OK, document("session-blame", {**about, "overlays": overlays, **blame_object(subject)})
    )


def _subject(merged: Merged, path: str) -> Subject:
    """Find what a path means. Raises UsageError (DT060, DT061, DT244)."""
    from dtovl.cli.merged import find_subject
    from dtovl.report.blame import Subject
    from dtovl.report.values import LayerReferences

    references = LayerReferences(merged.tree, merged.overlays)
    return Subject(merged.owners, references, *find_subject(merged, path))
