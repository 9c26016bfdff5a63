"""What the commands on a session have in common: finding it, waiting for it, reporting."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dtovl.cli.options import PATH, Number
from dtovl.cli.outcome import FINDINGS, OK, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dtovl.codes.base import Severity
    from dtovl.report.spans import Line
    from dtovl.session.journal import Operation
    from dtovl.session.session import Session

_F = TypeVar("_F", bound="Callable[..., Any]")


def session_option(*, required: bool = True) -> Callable[[_F], _F]:
    """Add --session: the file that `dtovl init` made; not required where a base can be given."""
    return click.option(
        "--session",
        metavar="SESSION",
        required=required,
        type=PATH,
        help="The session to work on; `dtovl init` makes one.",
    )


def count_option(function: _F) -> _F:
    """Add -n: how many operations."""
    return click.option(
        "-n",
        "--count",
        type=Number(1),
        default=1,
        metavar="N",
        help="How many operations.  [default: 1]",
    )(function)


def holder_option(function: _F) -> _F:
    """Add --as: the name in which a reference is held."""

    def named(ctx: click.Context, option: click.Parameter, value: str) -> str:
        if not value.strip():
            raise click.BadParameter("a holder needs a name", ctx, option)
        return value

    return click.option(
        "--as",
        "holder",
        required=True,
        metavar="NAME",
        callback=named,
        help="Who holds it, in a word.",
    )(function)


def open_session(path: str) -> Session:
    """Open a session; while another process keeps it, say so."""
    from dtovl.session.session import Session

    def waiting() -> None:
        if sys.stderr is not None and not sys.stderr.closed:
            from dtovl.cli.terminal import write_text
            from dtovl.report.escape import terminal

            text = f"dtovl: another process keeps {path}; waiting for it, Ctrl-C gives up\n"
            write_text(sys.stderr, terminal(text.rstrip("\n")) + "\n")

    return Session.open(path, waiting=waiting)


_APPLY_WITH_BASE = (
    "out",
    "out_format",
    "applier",
    "kernel",
    "require",
    "no_symbols",
    "symbols_from",
    "forecast",
    "pad",
    "force",
)


def refuse_with_session(ctx: click.Context, names: Sequence[str]) -> None:
    """Refuse options that say something about a base, where --session is given."""
    for name in names:
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            option = next(one for one in ctx.command.params if one.name == name).opts[-1]
            raise click.UsageError(f"--session does not go with {option}.", ctx)


def apply_to_session(
    ctx: click.Context,
    path: str,
    overlays: Sequence[str],
    *,
    source: dict[str, Any],
    **report: Any,
) -> Outcome:
    """Apply overlays to a session; source are the options for those that are source text."""
    refuse_with_session(ctx, _APPLY_WITH_BASE)
    if list(overlays).count("-") > 1:
        raise click.UsageError("Standard input (-) can be read only once.", ctx)
    with open_session(path) as session:
        done = session.apply(*overlays, **source)
        return report_operations("session-apply", session, done, **report)


def report_operations(
    command: str,
    session: Session,
    operations: Sequence[Operation],
    *,
    form: str,
    fail_on: Severity | None,
    verbose: bool,
    quiet: bool,
) -> Outcome:
    """End a command that has carried out operations."""
    fails = any(one.failed for one in operations) or (
        fail_on is not None
        and any(found.severity >= fail_on for one in operations for found in one.findings)
    )
    exit_code = FINDINGS if fails and fail_on is not None else OK
    if form == "json":
        from dtovl.report.json import document
        from dtovl.report.operations import operation_object

        content = {
            **session_object(session),
            "dropped": session.dropped,
            "operations": [operation_object(one) for one in operations],
        }
        return Outcome(exit_code, document(command, content))
    return Outcome(exit_code, _lines(session, operations, verbose=verbose, quiet=quiet))


def session_object(session: Session) -> dict[str, object]:
    """Give what every document about a session begins with."""
    return {
        "session": session.name,
        "base": session.base,
        "kernel": session.kernel,
        "position": session.position,
        "undone": session.undone,
    }


def _lines(
    session: Session, operations: Sequence[Operation], *, verbose: bool, quiet: bool
) -> Iterator[Line]:
    from dtovl.report.operations import operations_lines
    from dtovl.report.spans import Line, amount

    if session.dropped and not quiet:
        what = (
            f"dropped {amount(session.dropped, 'undone operation')}: redo is not possible any more"
        )
        yield Line((("dim", what),), hang=2)
    yield from operations_lines(operations, verbose=verbose, quiet=quiet)


def moved(
    command: str, session: Session, operations: Sequence[Operation], form: str, *, quiet: bool
) -> Outcome:
    """End a command that went back or forward in the journal."""
    if form == "json":
        from dtovl.report.json import document
        from dtovl.report.operations import operation_object

        content = {
            **session_object(session),
            "operations": [operation_object(one) for one in operations],
        }
        return Outcome(OK, document(command, content))
    if quiet:
        return Outcome(OK)
    from dtovl.report.operations import heading
    from dtovl.report.spans import Line, amount

    lines = [heading(one) for one in operations]
    text = f"{amount(session.position, 'operation')} in force, {session.undone:,} undone"
    return Outcome(OK, [*lines, Line((("label", text),))])
