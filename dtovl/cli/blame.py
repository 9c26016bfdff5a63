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

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome
    from dtovl.model.dialect import Dialect


@click.command("blame", short_help="Tell who set a property or brought a node.")
@input_argument("files", nargs=-1, required=True, metavar="BASE [OVERLAY]... PATH")
@applier_option
@format_option("text", "json")
@source_options
@colour_option
def command(
    files: tuple[str, ...],
    applier: Dialect,
    form: str,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Tell who set a property or brought a node, what that hides, and what would come back.

    The overlays are applied to BASE in order. PATH is a node, as `show` takes it, or a property
    of one: PATH/property or PATH:property.
    """
    from pathlib import Path

    from dtovl.cli.inputs import Reading
    from dtovl.cli.merged import find_subject, merge
    from dtovl.codes.usage import PATH_NOT_FOUND
    from dtovl.errors import UsageError
    from dtovl.model.limits import MAX_OVERLAYS
    from dtovl.report.blame import Subject, blame_lines, blame_object
    from dtovl.report.values import LayerReferences

    *given, path = files
    if not given:
        raise click.UsageError("Missing argument 'PATH': a node, or PATH:property.")
    if len(given) > MAX_OVERLAYS + 1:
        raise click.UsageError(f"At most {MAX_OVERLAYS} overlays can be applied at once.")
    reading = Reading(include_dirs, defines, cpp)
    merged = merge(reading, given, applier)
    references = LayerReferences(merged.tree, merged.outcomes)
    try:
        found = find_subject(merged, path)
    except UsageError as error:
        if error.diagnostic.code is PATH_NOT_FOUND and Path(path).is_file():
            error.diagnostic.fix = f"name a node, or NODE:property, after {path}"
        raise
    subject = Subject(merged.owners, references, *found)
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
