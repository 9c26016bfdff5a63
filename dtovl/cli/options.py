"""Options that read alike in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from dtovl.codes.base import Severity
from dtovl.model.dialect import DIALECTS, KERNELS, LINUX
from dtovl.model.limits import MAX_BLOB_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.cli.outcome import Settings
    from dtovl.model.dialect import Dialect

_F = TypeVar("_F", bound="Callable[..., Any]")

PATH = click.Path(path_type=str, readable=False)
"""The type of whatever names a file: who opens it says what is wrong with it, and why."""


class Number(click.types.IntParamType):
    """A whole number from least to most; None: up to any."""

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least = least
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a number. Raises click.BadParameter."""
        least, most = self._least, self._most
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            to = "up" if most is None else f"to {most}"
            self.fail(f"{value!r} is not a whole number from {least} {to}.", param, ctx)
        return number


COLOURS = ("auto", "always", "never")


def _keep_colour(ctx: click.Context, param: click.Parameter, value: str) -> None:
    settings: Settings = ctx.obj
    settings.colour = value


def colour_option(function: _F) -> _F:
    """Add --color, whose value goes to the settings."""
    return click.option(
        "--color",
        type=click.Choice(COLOURS),
        default="auto",
        expose_value=False,
        is_eager=True,
        callback=_keep_colour,
        help="Colour the output: auto is on a terminal without NO_COLOR.  [default: auto]",
    )(function)


def format_option(*choices: str) -> Callable[[_F], _F]:
    """Add --format; the first choice is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        help=f"How to write the result.  [default: {choices[0]}]",
    )


def input_argument(name: str, **options: Any) -> Callable[[_F], _F]:
    """Add an argument that names an input: a file, a directory, or `-`."""
    return click.argument(name, type=PATH, **options)


def _dialect(ctx: click.Context, param: click.Parameter, value: str) -> Dialect:
    return DIALECTS[value]


def applier_option(function: _F) -> _F:
    """Add --applier: the dialect in which overlays are applied."""
    return click.option(
        "--applier",
        type=click.Choice(tuple(DIALECTS)),
        default="libfdt",
        callback=_dialect,
        help="Whose way to apply: boot loaders and builds, or Linux at run time."
        "  [default: libfdt]",
    )(function)


def kernel_option(default: str | None = LINUX.kernel, otherwise: str = "") -> Callable[[_F], _F]:
    """Add --kernel: the version of Linux whose way is taken.

    otherwise says in the help what counts without the option, where default is None.
    """
    return click.option(
        "--kernel",
        type=click.Choice(tuple(KERNELS)),
        default=default,
        help=f"Which Linux applies at run time.  [default: {default or otherwise}]",
    )


def bindings_option(function: _F) -> _F:
    """Add --config: the configuration of which `bindings` count."""
    return click.option(
        "--config",
        type=PATH,
        metavar="FILE",
        help="Take `bindings` from this dtovl.yaml.  [default: ./dtovl.yaml if there]",
    )(function)


def out_format_option(function: _F) -> _F:
    """Add --out-format: what a written tree becomes."""
    return click.option(
        "--out-format",
        type=click.Choice(("dtb", "dts")),
        help="What to write.  [default: what the name of OUT says]",
    )(function)


def pad_option(function: _F) -> _F:
    """Add --pad: bytes behind a written blob."""
    return click.option(
        "--pad",
        type=Number(0, MAX_BLOB_BYTES),
        metavar="BYTES",
        help="Leave so much room behind a blob.  [default: as much as the input has]",
    )(function)


def force_option(function: _F) -> _F:
    """Add --force: an input may be overwritten."""
    return click.option("--force", is_flag=True, help="Write OUT even if it is an input.")(function)


def _severity(ctx: click.Context, param: click.Parameter, value: str) -> Severity | None:
    return None if value == "never" else Severity[value.upper()]


def quiet_option(function: _F) -> _F:
    """Add -q: what is neither warning nor error is not shown. JSON is whole all the same."""
    return click.option("-q", "--quiet", is_flag=True, help="Show warnings and errors only.")(
        function
    )


def fail_on_option(function: _F) -> _F:
    """Add --fail-on: the least severity that makes the exit code 1; None is never."""
    return click.option(
        "--fail-on",
        type=click.Choice(("error", "warning", "info", "never")),
        default="error",
        callback=_severity,
        help="Exit with 1 for findings of this severity or worse.  [default: error]",
    )(function)


def _split_definitions(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Split NAME=VALUE; a name alone is 1, as for cpp."""
    defines = {}
    for value in values:
        name, equals, content = value.partition("=")
        if not name.isidentifier() or not name.isascii():
            raise click.BadParameter(f"{name!r} is not a macro name.", ctx, param)
        defines[name] = content if equals else "1"
    return defines


def source_options(function: _F) -> _F:
    """Add -I, -D and --cpp: how source text is preprocessed."""
    decorators = (
        click.option(
            "-I",
            "--include",
            "include_dirs",
            multiple=True,
            metavar="DIR",
            type=PATH,
            help="Look here for #include, /include/ and /incbin/; repeatable, in order.",
        ),
        click.option(
            "-D",
            "--define",
            "defines",
            multiple=True,
            metavar="NAME[=VALUE]",
            callback=_split_definitions,
            help="Define a macro for source text; repeatable.",
        ),
        click.option(
            "--cpp",
            metavar="PROGRAM",
            help="Preprocess with this program, which may read any file: for trusted source only.",
        ),
    )
    for decorate in reversed(decorators):
        function = decorate(function)
    return function
