"""`dtovl migrate`: what a migration asks of a devicetree, and what each kernel makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dtovl.cli.options import (
    colour_option,
    fail_on_option,
    force_option,
    format_option,
    out_format_option,
)
from dtovl.cli.session import session_option

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome

_POLICIES = ("naive", "ignore", "preserve", "subtree-attach")
_CALLS = ("update-nodes", "update-properties", "configure-connector")


def _plain_call(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Take the name of a call with or without its `ibm,`."""
    if value is None:
        return None
    name = value.removeprefix("ibm,")
    if name not in _CALLS:
        raise click.BadParameter(f"{value!r} is none of {', '.join(_CALLS)}.", ctx, param)
    return name


@click.command(
    "migrate",
    short_help="Replay what firmware changes after a migration.",
    options_metavar="--replay LOG [OPTIONS]",
)
@click.option(
    "--replay",
    "log",
    metavar="LOG",
    help="A kernel log, work areas, ofdt or drmgr lines, an operation list; - is stdin.",
)
@click.option(
    "--decode",
    "decode",
    metavar="FILE",
    help="Write the operations of FILE as an operation list, instead of replaying them.",
)
@click.option(
    "--base",
    metavar="BASE",
    help="The tree before: DTB, DTS, a copy of /proc/device-tree, or `lsprop -R` of it."
    "  [default: inferred from LOG]",
)
@click.option(
    "--policy",
    type=click.Choice(_POLICIES),
    default="preserve",
    help="Whose way: Linux before the fix, since the fix, updates in place, or whole subtrees"
    " attached.  [default: preserve]",
)
@click.option(
    "--call",
    metavar="NAME",
    callback=_plain_call,
    help="The call that gave a file of bare work areas: update-nodes, ...",
)
@click.option(
    "--holders",
    metavar="FILE",
    help="Who holds nodes besides the vio bus: YAML, a list of {node: PATH, by: NAME}.",
)
@click.option(
    "--keep-going", is_flag=True, help="Replay what can be read of a damaged LOG; still exit 2."
)
@click.option("--explain", is_flag=True, help="Tell of each finding what led to it.")
@click.option(
    "-o", "--output", "out", metavar="TREE", help="Write the tree afterwards; - is stdout."
)
@out_format_option
@force_option
@session_option(required=False)
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Show lines of LOG that were passed over.")
@click.option("-q", "--quiet", is_flag=True, help="Leave out findings of severity info.")
@colour_option
def command(**given: Any) -> Outcome:
    """Replay what firmware, or user space, changes in a tree after a live partition migration.

    Shown is what becomes of every node, who is left holding one that is gone, and which references
    lead nowhere.
    """
    from dtovl.cli.migration import Request, carry_out

    return carry_out(Request(**given))
