"""`dtovl compat`: what a change of the boards takes from overlays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dtovl.cli.matrix_options import applier_options, report_options, verdict_options
from dtovl.cli.options import PATH, colour_option, quiet_option

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome


@click.command("compat", short_help="What overlays rely on and a change of the boards takes away.")
@click.argument("paths", nargs=-1, type=PATH, metavar="[FOLDER | CONFIG]")
@click.option(
    "--against",
    metavar="GITREF|DIR",
    help="What the boards were: a commit of the repository, or a folder with their files.",
)
@click.option(
    "--needs",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="Needs of further overlays, as --record wrote them; repeatable.",
)
@click.option(
    "--record",
    type=PATH,
    metavar="FILE",
    help="Write down what the overlays need of the boards as they are now.",
)
@report_options
@applier_options
@verdict_options
@quiet_option
@colour_option
def command(**given: Any) -> Outcome:
    """Say which labels, paths, counts of cells and devices of a board are gone or changed.

    Only what an overlay relies on counts: those of the configuration, as they are now, and those
    whose needs were recorded. The old boards come from git's objects; the work tree is not touched.
    """
    from dtovl.cli.comparing import Request, carry_out

    return carry_out(Request(**given))
