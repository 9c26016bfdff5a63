"""`dtovl simulate`: who frees what and when, and who still points to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    PATH,
    Number,
    colour_option,
    fail_on_option,
    force_option,
    format_option,
    quiet_option,
)

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome
    from dtovl.codes.base import Severity


@click.command("simulate", short_help="Who frees what and when, and who still points to it.")
@click.argument("file", metavar="FILE", type=PATH, required=False)
@click.argument("overlay", metavar="[OVERLAY]", type=PATH, required=False)
@click.option(
    "--list", "listing", is_flag=True, help="List the presets: scenarios that come along."
)
@click.option("--explore", is_flag=True, help="Look for an order of the events that breaks a rule.")
@click.option(
    "--seed",
    type=Number(0),
    metavar="N",
    help="With --explore: which of equal ways is taken first.  [default: 0]",
)
@click.option(
    "--bound",
    type=Number(1),
    metavar="N",
    help="With --explore: visit at most so many states.  [default: 250000]",
)
@click.option(
    "--inject",
    metavar="SITE",
    help="Fail one place of applying and removing OVERLAY on the base FILE, or all in turn.",
)
@click.option(
    "--explain", is_flag=True, help="Tell the whole life of the objects that findings are about."
)
@click.option("-o", "--output", "out", metavar="OUT", help="Write the report here; - is stdout.")
@force_option
@fail_on_option
@format_option("text", "json", "dot", "svg")
@click.option("-v", "--verbose", is_flag=True, help="Tell also of a run that breaks no rule.")
@quiet_option
@colour_option
def command(
    file: str | None,
    overlay: str | None,
    listing: bool,
    explore: bool,
    seed: int | None,
    bound: int | None,
    inject: str | None,
    explain: bool,
    out: str | None,
    force: bool,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
) -> Outcome:
    """Run the events of a scenario, and tell which rule of object lifetimes they break.

    FILE is a scenario in YAML, - for standard input, or preset:NAME for one of those that come
    along. Actors take and drop references, close scopes, take locks, wait; the run tells what is
    used after it was freed, leaked, released twice, who waits for whom.

    With --inject FILE is a base: allocations, entries and listeners fail while OVERLAY is applied
    and removed, one at a time, and what must hold then is checked. Without FILE a small base and
    overlay are taken. SITE is all, or a place such as A15.
    """
    from dtovl.cli.simulating import Request, carry_out, list_presets

    if listing:
        return list_presets(quiet=quiet)
    if inject is not None:
        if explore or explain or seed is not None or bound is not None:
            raise click.UsageError("--inject goes without --explore, --seed, --bound, --explain.")
        from dtovl.cli import injecting

        fails = fail_on is not None
        form = _form(form, out)
        given = (inject, file, overlay, out, force, fails, form, verbose, quiet)
        return injecting.carry_out(injecting.Request(*given))
    if overlay is not None:
        raise click.UsageError(f"Got unexpected extra argument ({overlay}).")
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    if not explore and (seed is not None or bound is not None):
        raise click.UsageError("--seed and --bound go with --explore.")
    request = Request(
        file, explore, seed, bound, explain, out, force, fail_on, _form(form, out), verbose, quiet
    )
    return carry_out(request)


_ENDINGS = {".json": "json", ".dot": "dot", ".gv": "dot", ".svg": "svg"}


def _form(form: str, out: str | None) -> str:
    """Tell the form of the report: as asked for, else as the name of OUT says, else text."""
    source = click.get_current_context().get_parameter_source("form")
    if source is not click.core.ParameterSource.DEFAULT:
        return form
    return next((kind for end, kind in _ENDINGS.items() if (out or "").endswith(end)), form)
