"""`dtovl check`: boards and overlays of a whole repository, for its CI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dtovl.cli.matrix_options import applier_options, report_options, verdict_options
from dtovl.cli.options import PATH, Number, colour_option, quiet_option

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome

_MOST_JOBS = 1024


def _shard(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read I/N. Raises UsageError (DT668)."""
    if value is None:
        return None
    from dtovl.matrix.shards import read_shard

    return read_shard(value)


@click.command("check", short_help="Boards and overlays of a repository: what works, what breaks.")
@click.argument("paths", nargs=-1, type=PATH, metavar="[FOLDER | CONFIG]")
@click.option(
    "-j",
    "--jobs",
    type=Number(1, _MOST_JOBS),
    metavar="N",
    help="Work with N processes; the result is the same.  [default: one for each CPU]",
)
@report_options
@applier_options
@click.option("--removal", is_flag=True, help="Also say what removing each overlay leaves behind.")
@click.option("--verdicts-only", is_flag=True, help="Say what applies, not why, nor what else.")
@click.option("--plans", is_flag=True, help="Put what each overlay changes into JSON and HTML.")
@click.option(
    "--shard",
    metavar="I/N",
    callback=_shard,
    help="Do part I of N, for jobs that share the work; join their JSON reports with --merge.",
)
@click.option("--merge", is_flag=True, help="Join the JSON reports of all parts: --merge PART...")
@click.option("--engine", metavar="URL", help="Work on a Dask cluster: dask://HOST:PORT.")
@click.option(
    "--cache",
    metavar="FOLDER",
    help="Keep results there for the next run.  [default: .dtovl-cache]",
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep results of other runs.")
@verdict_options
@quiet_option
@colour_option
def command(**given: Any) -> Outcome:
    """Check every overlay on every board it is for, and every stack that must work.

    FOLDER has a dtovl.yaml that says what goes with what (`dtovl init-config` writes one); without
    it, boards and overlays are found, and paired by `compatible`.
    """
    from dtovl.cli.checking import Request, carry_out

    return carry_out(Request(**given))
