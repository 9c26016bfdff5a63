"""`dtovl check`: boards and overlays of a whole repository, for its CI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dtovl.cli.matrix_reports import KINDS
from dtovl.cli.options import PATH, Number, colour_option, quiet_option
from dtovl.model.dialect import DIALECTS, KERNELS

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome

_MOST_JOBS = 1024
_MOST_SHARDS = 100_000


def _shard(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    first, slash, last = value.partition("/")
    if slash and first.isdecimal() and last.isdecimal() and len(value) < 20:
        number, count = int(first), int(last)
        if 1 <= number <= count <= _MOST_SHARDS:
            return number, count
    raise click.BadParameter(f"{value!r} is not I/N, such as 2/4.", ctx, param)


def reports(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Split KIND=FILE."""
    wanted = []
    for value in values:
        kind, equals, name = value.partition("=")
        if kind not in KINDS or not equals or not name:
            known = ", ".join(KINDS)
            raise click.BadParameter(
                f"{value!r} is not KIND=FILE; the kinds are {known}.", ctx, param
            )
        wanted.append((kind, name))
    return tuple(wanted)


def _appliers(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    names = dict.fromkeys(name.strip() for value in values for name in value.split(","))
    for name in names:
        if name not in DIALECTS:
            known = ", ".join(DIALECTS)
            raise click.BadParameter(f"{name!r} is no applier; there are {known}.", ctx, param)
    return tuple(names)


@click.command("check", short_help="Boards and overlays of a repository: what works, what breaks.")
@click.argument("paths", nargs=-1, type=PATH, metavar="[FOLDER | CONFIG]")
@click.option(
    "-j",
    "--jobs",
    type=Number(1, _MOST_JOBS),
    metavar="N",
    help="Work with N processes; the result is the same.  [default: one for each CPU]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(KINDS),
    default="text",
    help="What to write on standard output.  [default: text]",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="KIND=FILE",
    callback=reports,
    help="Write a report besides: " + ", ".join(KINDS) + "; repeatable.",
)
@click.option(
    "--prefix",
    default="",
    metavar="DIR",
    help="What leads from the root of the repository to here, for SARIF and GitHub.",
)
@click.option("--baseline", metavar="FILE", help="Findings that are known: they fail nothing.")
@click.option(
    "--write-baseline", metavar="FILE", help="Take all findings there are for known, in FILE."
)
@click.option(
    "--applier",
    "appliers",
    multiple=True,
    metavar="APPLIERS",
    callback=_appliers,
    help="Whose verdicts count, instead of what the configuration says: libfdt,linux.",
)
@click.option("--kernel", type=click.Choice(tuple(KERNELS)), help="Which Linux is meant.")
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
@click.option(
    "--fail-on",
    type=click.Choice(("error", "warning", "info", "never")),
    help="Exit with 1 for new findings of this severity or worse.  [default: error]",
)
@click.option(
    "-I",
    "--include",
    "include_dirs",
    multiple=True,
    metavar="DIR",
    type=PATH,
    help="Look here for files that source includes; repeatable, in order.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show findings of severity info, every place.")
@quiet_option
@colour_option
def command(**given: Any) -> Outcome:
    """Check every overlay on every board it is for, and every stack that must work.

    FOLDER has a dtovl.yaml that says what goes with what (`dtovl init-config` writes one); without
    it, boards and overlays are found, and paired by `compatible`.
    """
    from dtovl.cli.checking import Request, carry_out

    return carry_out(Request(**given))
