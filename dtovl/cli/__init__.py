"""The command line: a group whose commands are imported when they are called, and `run`.

A command returns an Outcome; it prints nothing and never exits. `run` writes the outcome and maps
exceptions to exit codes, here and nowhere else:

    0    a verdict, nothing found at --fail-on or above
    1    a verdict with findings (diff: the trees differ)
    2    no verdict: usage, bad input, a defect of dtovl
    130  Ctrl-C

A reader that goes away (`| head`), or was never there (`>&-`), changes none of them.
"""

from __future__ import annotations

import os
import sys
from errno import EBADF
from importlib import import_module
from typing import TYPE_CHECKING

import click

from dtovl._version import __version__
from dtovl.cli.outcome import NO_VERDICT, OK, Outcome, Pieces, Settings
from dtovl.cli.terminal import silence, write_bytes, write_lines, write_pieces, write_text
from dtovl.errors import DtovlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from dtovl.report.spans import Line

_COMMANDS = (
    "apply",
    "show",
    "blame",
    "diff",
    "identify",
    "links",
    "probe",
    "simulate",
    "check",
    "compat",
    "init-config",
    "run",
    "migrate",
    "convert",
    "audit",
    "explain",
    "init",
    "status",
    "log",
    "remove",
    "replace",
    "hold",
    "release",
    "undo",
    "redo",
    "export",
)
# A module of this name would take the place of the function `run` below.
_MODULES = {"run": "steps", "init-config": "init_config"}
_INTERRUPTED = 130
_COMPLETION = "_DTOVL_COMPLETE"


class _Commands(click.Group):
    """Imports the module of a command when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order of the help page."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command; None when there is none of that name."""
        if name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"dtovl.cli.{_MODULES.get(name, name)}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is answered with the nearest there is."""
        name = args[0]
        if name in _COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(name, _COMMANDS, n=1)
        meant = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(_COMMANDS)}."
        raise click.UsageError(f"No such command {name!r}. {meant}", ctx)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="dtovl %(version)s")
def group() -> None:
    """Devicetree overlays: apply, explain, compare, before a board sees them."""


def run(arguments: Sequence[str]) -> int:
    """Run one command with its output and errors; give the exit code."""
    settings = Settings()
    try:
        outcome = _outcome(arguments, settings)
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except Exception as error:
        outcome = _defect(error)
    try:
        return _write(outcome, settings)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _outcome(arguments: Sequence[str], settings: Settings) -> Outcome:
    try:
        result = group.main(list(arguments), prog_name="dtovl", standalone_mode=False, obj=settings)
    except click.ClickException as error:
        if sys.stderr is not None:
            error.show(sys.stderr)
        return Outcome(NO_VERDICT)
    except SystemExit as end:
        # From click: shell completion is done, or the reader of a help page has gone.
        return Outcome(int(end.code or OK) if _COMPLETION in os.environ else OK)
    except DtovlError as error:
        from dtovl.report.text import diagnostics_lines

        return Outcome(NO_VERDICT, remarks=diagnostics_lines(error.diagnostics))
    # Help and version end in click with an exit code of their own.
    return result if isinstance(result, Outcome) else Outcome(OK)


def _defect(error: Exception) -> Outcome:
    """Turn what should not happen into DT901: no input may end in a traceback."""
    from dtovl.codes.internal import INTERNAL_ERROR
    from dtovl.diagnostics import Diagnostic
    from dtovl.report.text import diagnostic_lines

    if os.environ.get("DTOVL_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Outcome(NO_VERDICT, remarks=diagnostic_lines(Diagnostic(INTERNAL_ERROR, what=what)))


def _write(outcome: Outcome, settings: Settings) -> int:
    """Write remarks, then the report; a reader that is not there does not change the verdict."""
    for stream, content in ((sys.stderr, outcome.remarks), (sys.stdout, outcome.report)):
        # Python has None for a stream that is closed when it starts.
        if stream is None or stream.closed:
            continue
        try:
            _write_to(stream, content, settings)
        except OSError as error:
            silence(stream)
            if not isinstance(error, BrokenPipeError) and error.errno != EBADF:
                _write_failed(error)
                return NO_VERDICT
    return outcome.exit_code


def _write_failed(error: OSError) -> None:
    """Say that the output could not be written, where that can still be said."""
    if sys.stderr is not None and not sys.stderr.closed:
        sys.stderr.write(f"dtovl: cannot write the output: {error.strerror}\n")


def _write_to(
    stream: TextIO, content: Iterable[Line] | str | bytes | Pieces, settings: Settings
) -> None:
    if isinstance(content, bytes):
        write_bytes(stream, content)
    elif isinstance(content, str):
        write_text(stream, content)
    elif isinstance(content, Pieces):
        write_pieces(stream, content.texts)
    else:
        write_lines(stream, content, settings.colour)
