"""`dtovl explain`: what a code means, what happens on the board, how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import colour_option, format_option
from dtovl.cli.outcome import OK, Outcome
from dtovl.codes import all_codes, find_code

if TYPE_CHECKING:
    from dtovl.codes.base import Code


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    start = incomplete.upper()
    return [code.number for code in all_codes() if code.number.startswith(start)]


@click.command("explain", short_help="Explain a diagnostic code.")
@click.argument("wanted", metavar="[CODE]", required=False, shell_complete=_complete)
@click.option("--list", "listing", is_flag=True, help="List every code.")
@format_option("text", "json")
@colour_option
def command(wanted: str | None, listing: bool, form: str) -> Outcome:
    """Explain a diagnostic code: DT104, or its name label-not-in-base."""
    from dtovl.report.explain import code_lines, code_object, list_lines

    if listing == (wanted is not None):
        raise click.UsageError("Give a CODE, or --list.")
    if wanted is None:
        codes = all_codes()
        lines = list_lines(codes)
    else:
        codes = [_find(wanted)]
        lines = code_lines(codes[0])
    if form == "json":
        from dtovl.report.json import document

        return Outcome(OK, document("explain", {"codes": [code_object(code) for code in codes]}))
    return Outcome(OK, lines)


def _find(wanted: str) -> Code:
    code = find_code(wanted)
    if code is not None:
        return code
    from difflib import get_close_matches

    # O for 0 and I for 1 are what eyes and hands mistake most.
    mistaken = find_code("DT" + wanted[2:].upper().replace("O", "0").replace("I", "1"))
    if mistaken is not None:
        raise click.UsageError(f"There is no code {wanted!r}. Did you mean {mistaken.number}?")
    names = [name for one in all_codes() for name in (one.number, one.name)]
    near = get_close_matches(wanted.upper(), names, 3) or get_close_matches(wanted.lower(), names)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise click.UsageError(f"There is no code {wanted!r}.{meant} `dtovl explain --list` lists all.")
