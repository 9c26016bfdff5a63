"""`dtovl diff`: what differs between two trees but for the numbers of phandles."""

from __future__ import annotations

import click

from dtovl.cli.options import colour_option, format_option, input_argument, source_options
from dtovl.cli.outcome import FINDINGS, OK, Outcome


@click.command("diff", short_help="Compare two trees, whatever their phandles.")
@input_argument("a")
@input_argument("b")
@format_option("text", "json")
@source_options
@colour_option
def command(
    a: str,
    b: str,
    form: str,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Compare two trees, A (old) and B (new): blobs, source, directories.

    Renumbered phandles and another order are no difference; references are compared by what they
    refer to. Exits with 1 when the trees differ.
    """
    from dtovl.cli.inputs import Reading
    from dtovl.model.compare import difference
    from dtovl.report.diff import Sides, diff_lines, difference_object

    reading = Reading(include_dirs, defines, cpp)
    old, new = reading.load(a), reading.load(b)
    found, sides = difference(old, new), Sides(old, new)
    exit_code = FINDINGS if found else OK
    if form == "text":
        return reading.outcome(diff_lines(found, sides), exit_code)
    from dtovl.report.json import diagnostics, document

    content = {
        "a": a,
        "b": b,
        "different": bool(found),
        "differences": [difference_object(one, sides) for one in found],
        "renumbered_phandles": found.renumbered,
        "diagnostics": diagnostics(reading.sink),
    }
    return reading.outcome(document("diff", content), exit_code)
