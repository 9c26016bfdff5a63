"""Options that `dtovl check` and `dtovl compat` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from dtovl.cli.matrix_reports import KINDS
from dtovl.cli.options import PATH
from dtovl.files import STANDARD_STREAM
from dtovl.model.dialect import DIALECTS, KERNELS

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., Any]")


def _reports(
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


def _file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Take the name of a file, for there is a report on standard output."""
    if value == STANDARD_STREAM:
        raise click.BadParameter("name a file; standard output has the report.", ctx, param)
    return value


def report_options(function: _F) -> _F:
    """Add --format, --report, --prefix, --baseline and --write-baseline."""
    decorators = (
        click.option(
            "--format",
            "form",
            type=click.Choice(KINDS),
            default="text",
            help="What to write on standard output.  [default: text]",
        ),
        click.option(
            "--report",
            "reports",
            multiple=True,
            metavar="KIND=FILE",
            callback=_reports,
            help="Write a report besides: " + ", ".join(KINDS) + "; repeatable.",
        ),
        click.option(
            "--prefix",
            default="",
            metavar="DIR",
            help="What leads from the root of the repository to here, for SARIF and GitHub.",
        ),
        click.option(
            "--baseline", metavar="FILE", help="Findings that are known: they fail nothing."
        ),
        click.option(
            "--write-baseline",
            metavar="FILE",
            callback=_file,
            help="Take all findings there are for known, in FILE.",
        ),
    )
    return _decorated(function, decorators)


def applier_options(function: _F) -> _F:
    """Add --applier and --kernel."""
    decorators = (
        click.option(
            "--applier",
            "appliers",
            multiple=True,
            metavar="APPLIERS",
            callback=_appliers,
            help="Whose verdicts count, instead of what the configuration says: libfdt,linux.",
        ),
        click.option("--kernel", type=click.Choice(tuple(KERNELS)), help="Which Linux is meant."),
    )
    return _decorated(function, decorators)


def verdict_options(function: _F) -> _F:
    """Add --fail-on, -I and -v."""
    decorators = (
        click.option(
            "--fail-on",
            type=click.Choice(("error", "warning", "info", "never")),
            help="Exit with 1 for new findings of this severity or worse.  [default: error]",
        ),
        click.option(
            "-I",
            "--include",
            "include_dirs",
            multiple=True,
            metavar="DIR",
            type=PATH,
            help="Look here for files that source includes; repeatable, in order.",
        ),
        click.option(
            "-v", "--verbose", is_flag=True, help="Show findings of severity info, every place."
        ),
    )
    return _decorated(function, decorators)


def _decorated(function: _F, decorators: tuple[Callable[[_F], _F], ...]) -> _F:
    for decorate in reversed(decorators):
        function = decorate(function)
    return function
