"""The work of `dtovl simulate`: the scenario, its run or its exploration, the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.cli.outcome import FINDINGS, NO_VERDICT, OK, Outcome
from dtovl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.codes.base import Severity
    from dtovl.lifetimes.explore import Exploration
    from dtovl.lifetimes.scenario import Scenario
    from dtovl.lifetimes.trace import Trace
    from dtovl.report.lifetimes.answer import Answer
    from dtovl.report.spans import Line

PRESET = "preset:"
"""What the name of a scenario begins with that comes along."""


class Request(NamedTuple):
    """The options of the command, by name."""

    file: str
    explore: bool
    seed: int | None
    bound: int | None
    explain: bool
    out: str | None
    force: bool
    fail_on: Severity | None
    form: str
    verbose: bool
    quiet: bool


def carry_out(request: Request) -> Outcome:
    """Do what was asked for. Raises InputError (DT009, DT011 to DT013), UsageError."""
    from dtovl.lifetimes.reading import read_scenario

    data, name = _read(request.file)
    try:
        scenario = read_scenario(data, name)
    except InputError as error:
        from dtovl.report.lifetimes.refusal import refusal_lines

        return Outcome(NO_VERDICT, remarks=refusal_lines(error.diagnostics))
    answer = _explored(scenario, request) if request.explore else _run(scenario)
    exit_code = FINDINGS if _fails(answer, request.fail_on) else OK
    report = _report(answer, request)
    if request.out is None or request.out == "-":
        return Outcome(exit_code, report)
    return Outcome(exit_code, _write(request, request.out, report))


def list_presets(*, quiet: bool) -> Outcome:
    """List the scenarios that come along, with what each is about; quiet: the names alone."""
    from dtovl.lifetimes.presets import load, names
    from dtovl.lifetimes.reading import read_scenario
    from dtovl.report.spans import Line

    lines = []
    for name in names():
        lines.append(Line((("path", f"{PRESET}{name}"),)))
        if not quiet:
            about = read_scenario(load(name), name).about
            lines.append(Line((("dim", "    "), ("", about)), hang=4))
    return Outcome(OK, lines)


def _read(file: str) -> tuple[bytes, str]:
    """Read a scenario; give what messages call it. Raises InputError, UsageError."""
    if file.startswith(PRESET):
        return _load(file), file
    from dtovl.api import STANDARD_INPUT
    from dtovl.files import STANDARD_STREAM, read_bytes

    return read_bytes(file), STANDARD_INPUT if file == STANDARD_STREAM else file


def _load(file: str) -> bytes:
    """Load a scenario that comes along. Raises click.UsageError."""
    from dtovl.lifetimes.presets import load, names

    name = file.removeprefix(PRESET)
    known = list(names())
    if name not in known:
        from difflib import get_close_matches

        import click

        near = get_close_matches(name, known, n=1)
        meant = f"Did you mean {near[0]!r}?" if near else "--list names those there are."
        raise click.UsageError(f"No such preset {name!r}. {meant}")
    return load(name)


# -- running ---------------------------------------------------------------------------------------


def _run(scenario: Scenario) -> Answer:
    from dtovl.lifetimes.trace import watch
    from dtovl.report.lifetimes.answer import Answer

    return Answer(scenario, watch(scenario), None)


def _explored(scenario: Scenario, request: Request) -> Answer:
    """Search the orders; what is told is the shortest that breaks a rule, else that of the file."""
    from dtovl.cli.progress import Progress
    from dtovl.lifetimes.explore import default_bound, explore
    from dtovl.report.lifetimes.answer import Answer, Search

    bound, seed = request.bound or default_bound(scenario), request.seed or 0
    with Progress("searching orders") as progress:
        found = explore(
            scenario, bound=bound, seed=seed, progress=lambda states: progress(states, bound)
        )
    return Answer(scenario, _shortest(scenario, found), Search(found, bound, seed))


def _shortest(scenario: Scenario, found: Exploration) -> Trace:
    from dtovl.lifetimes.trace import watch, watch_beginning

    if found.order is None or found.result is None:
        return watch(scenario)
    if found.at_end:
        return watch(scenario._replace(events=found.order + found.rest))
    return watch_beginning(scenario._replace(events=found.order), found.order, found.result)


def _fails(answer: Answer, least: Severity | None) -> bool:
    """Tell whether anything found, in the order told or another, is as bad as --fail-on says."""
    return least is not None and any(severity >= least for severity in answer.severities)


# -- reporting -------------------------------------------------------------------------------------


def _report(answer: Answer, request: Request) -> Iterable[Line] | str:
    """Write the answer in the form that was asked for."""
    if request.form == "json":
        from dtovl.report.json import listing
        from dtovl.report.lifetimes.json import run_object

        return listing({"schema": "dtovl-simulate/1", **run_object(answer)})
    if request.form == "dot":
        from dtovl.report.lifetimes.dot import dot

        return dot(answer)
    if request.form == "svg":
        from dtovl.report.lifetimes.svg import svg

        return svg(answer)
    from dtovl.report.lifetimes import text

    if request.quiet:
        return text.finding_lines(answer)
    return text.run_lines(answer, explain=request.explain, verbose=request.verbose)


def _write(request: Request, out: str, report: Iterable[Line] | str) -> Iterable[Line]:
    """Write the report to a file; say so. Raises InputError (DT012, DT013)."""
    from dtovl.cli.terminal import plain_text
    from dtovl.files import write_atomically
    from dtovl.report.spans import Line

    text = report if isinstance(report, str) else plain_text(report)
    data = text.encode("utf-8", "backslashreplace")
    inputs = [] if request.file.startswith(PRESET) else [request.file]
    write_atomically(out, data, force=request.force, inputs=inputs)
    return () if request.quiet else (Line((("", "wrote "), ("path", out))),)
