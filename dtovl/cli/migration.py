"""The work of `dtovl migrate`: inputs read, replayed, reported, and the tree written."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.outcome import NO_VERDICT, OK, Outcome
from dtovl.cli.replay_inputs import Inputs, read_inputs, read_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.api import Format
    from dtovl.codes.base import Severity
    from dtovl.replay.result import Result
    from dtovl.report.spans import Line

_COMMAND = "migrate"


class Request(NamedTuple):
    """The options of the command, by name."""

    log: str | None
    decode: str | None
    base: str | None
    policy: str
    call: str | None
    holders: str | None
    keep_going: bool
    explain: bool
    out: str | None
    out_format: Format | None
    force: bool
    session: str | None
    fail_on: Severity | None
    form: str
    verbose: bool
    quiet: bool


def carry_out(request: Request) -> Outcome:
    """Do what was asked for.

    Raises click.UsageError, InputError.
    """
    _check(request)
    # A long log makes many objects and no rubbish: looking for some takes a fifth of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _carry_out(request)
    finally:
        if collecting:
            gc.enable()


def _carry_out(request: Request) -> Outcome:
    if request.decode is not None:
        return _decode(request, request.decode)
    if request.session is not None:
        from dtovl.cli.migrate_session import migrate_session

        return migrate_session(request, request.session)
    inputs = read(request)
    if not goes_on(request, inputs):
        return refuse(request, inputs)
    return report(request, inputs, replay(request, inputs))


def _check(request: Request) -> None:
    """Refuse options that do not go together."""
    if (request.log is None) == (request.decode is None):
        raise click.UsageError("Give either --replay LOG or --decode FILE.")
    given = [
        option
        for option, value in (
            ("--base", request.base),
            ("--holders", request.holders),
            ("-o", request.out),
            ("--session", request.session),
        )
        if value is not None
    ]
    if request.decode is not None and given:
        raise click.UsageError(f"--decode does not go with {given[0]}.")
    names = (request.log, request.base, request.holders)
    if names.count("-") > 1:
        raise click.UsageError("Standard input (-) can be read only once.")
    if request.session is not None and (request.base is not None or request.out is not None):
        other = "--base" if request.base is not None else "-o"
        raise click.UsageError(f"--session does not go with {other}.")


# -- --decode --------------------------------------------------------------------------------------


def _decode(request: Request, path: str) -> Outcome:
    """Write the operations of a log or work area as an operation list that can be read back."""
    from dtovl.replay.oplist_write import write_oplist

    stream = read_log(path, request.call, keep_going=request.keep_going)
    inputs = Inputs(path, stream)
    if not goes_on(request, inputs):
        return refuse(request, inputs)
    code = NO_VERDICT if inputs.faults else OK
    return Outcome(code, write_oplist(stream), inputs.fault_lines())


# -- --replay --------------------------------------------------------------------------------------


def read(request: Request) -> Inputs:
    """Read what the options name. Raises InputError."""
    assert request.log is not None
    return read_inputs(
        request.log,
        request.base,
        request.holders,
        request.call,
        keep_going=request.keep_going,
    )


def goes_on(request: Request, inputs: Inputs) -> bool:
    """Tell whether what was read can be used, in spite of what is wrong."""
    return not inputs.faults or (request.keep_going and inputs.replayable)


def refuse(request: Request, inputs: Inputs) -> Outcome:
    """End without a verdict: say what cannot be read."""
    if request.form == "json":
        from dtovl.report.json import document
        from dtovl.report.migrate import problems_object

        problems = (problem for _, problem in inputs.faults)
        content = problems_object(problems, request.policy)
        return Outcome(NO_VERDICT, document(_COMMAND, content))
    return Outcome(NO_VERDICT, remarks=inputs.fault_lines())


def replay(request: Request, inputs: Inputs) -> Result:
    """Replay what was read under the policy asked for."""
    from dtovl.replay.policies import replay_stream

    return replay_stream(inputs.stream, inputs.base, request.policy)


def report(request: Request, inputs: Inputs, result: Result) -> Outcome:
    """Write the tree, unless something in the input was wrong, and give the report."""
    inputs.add(problem for problem in result.problems if problem not in inputs.stream.problems)
    if not goes_on(request, inputs):
        return refuse(request, inputs)
    exit_code = result.exit_code(request.fail_on)
    data = None
    if request.out is not None and exit_code != NO_VERDICT:
        data = _write(request, result, request.out)
    text = _text(request, inputs, result)
    if data is None:
        return Outcome(exit_code, text)
    # With TREE on standard output the report goes to the other stream.
    return Outcome(exit_code, data, text)


def _text(request: Request, inputs: Inputs, result: Result) -> Iterable[Line] | str:
    if request.form == "json":
        from dtovl.report.json import listing

        return listing(result.as_json(request.fail_on))
    return lines_of(request, inputs, result)


def lines_of(request: Request, inputs: Inputs, result: Result) -> Iterator[Line]:
    """Write the result of a replay, and what of the log was passed over."""
    from dtovl.report.migrate import ignored_lines, replay_lines

    stream = inputs.stream
    yield from replay_lines(result, inputs.name, explain=request.explain, quiet=request.quiet)
    if not request.quiet:
        yield from ignored_lines(
            stream.ignored, stream.ignored_samples, inputs.name, verbose=request.verbose
        )


def _write(request: Request, result: Result, out: str) -> bytes | None:
    """Write the tree; give the bytes for standard output, None when they are in a file."""
    from dtovl.api import dump
    from dtovl.cli.inputs import format_of

    inputs = [name for name in (request.log, request.base, request.holders) if name is not None]
    return dump(
        result.tree,
        None if out == "-" else out,
        form=request.out_format or format_of(out) or "dtb",
        force=request.force,
        inputs=inputs,
    )
