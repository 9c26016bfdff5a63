"""A report that goes to a file: its form by the name of the file, and writing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dtovl.cli.inputs import Reading
    from dtovl.report.spans import Line

_ENDINGS = {
    ".json": "json",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
}


def is_form_given() -> bool:
    """Tell whether the command line has --format."""
    source = click.get_current_context().get_parameter_source("form")
    return source is not click.core.ParameterSource.DEFAULT


def form_of(form: str, out: str | None, known: Collection[str]) -> str:
    """Tell the form of the report: as asked for, else as the name of OUT says, else the default."""
    if is_form_given():
        return form
    named = next((kind for end, kind in _ENDINGS.items() if (out or "").endswith(end)), form)
    return named if named in known else form


def write_report(
    reading: Reading, out: str, report: Iterable[Line] | str, *, force: bool
) -> tuple[Line, ...]:
    """Write a report to a file, and give the line that says so.

    Raises InputError (DT012, DT013).
    """
    from dtovl.cli.terminal import plain_text
    from dtovl.files import write_atomically
    from dtovl.report.spans import Line

    text = report if isinstance(report, str) else plain_text(report)
    data = text.encode("utf-8", "backslashreplace")
    write_atomically(out, data, force=force, inputs=reading.files)
    return (Line((("", "wrote "), ("path", out))),)
