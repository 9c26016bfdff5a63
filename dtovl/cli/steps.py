"""`dtovl run`: steps on a live tree, as the running kernel would carry them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    PATH,
    colour_option,
    fail_on_option,
    format_option,
    kernel_option,
    quiet_option,
    source_options,
)
from dtovl.cli.outcome import FINDINGS, NO_VERDICT, OK, Outcome
from dtovl.codes.base import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.cli.inputs import Reading
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import DtovlError
    from dtovl.model.dialect import Dialect
    from dtovl.report.run import Ran
    from dtovl.report.spans import Line
    from dtovl.script.machine import Machine
    from dtovl.script.recorded import Difference
    from dtovl.script.stepfile import ScriptStep, StepFile


class _Command(click.Command):
    """Ends its help page with the form of a step file and the list of operations."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what a step file looks like; the table of operations is imported only now."""
        from dtovl.script.forms import FORMS

        with formatter.section("A step file"):
            for line in _EXAMPLE:
                formatter.write(f"    {line}\n")
        with formatter.section("Operations"):
            signatures = (
                (" ".join([op, *form.needs, *(f"[{name}]" for name in form.may)]), form.does)
                for op, form in FORMS.items()
            )
            formatter.write_dl(list(signatures))


_EXAMPLE = (
    "base: board.dtb                  relative to the file; sources are compiled",
    'kernel: "6.1"',
    "steps:",
    "- {op: apply, overlay: camera.dtbo, as: camera}",
    "- {op: update_property, node: /soc/camera@1000, name: status, string: okay}",
    "- {op: remove, overlay: camera, result: {ret: 0}}",
)


@click.command("run", cls=_Command, short_help="Carry out steps as the running kernel would.")
@click.argument("steps", metavar="STEPS", type=PATH)
@click.option(
    "--base",
    metavar="FILE",
    type=PATH,
    help="The base to start from.  [default: what STEPS names]",
)
@kernel_option(default=None, otherwise="what STEPS names, else 6.1")
@click.option("--check", is_flag=True, help="Compare each step with what STEPS has recorded.")
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Show all events, and info findings.")
@quiet_option
@source_options
@colour_option
def command(
    steps: str,
    base: str | None,
    kernel: str | None,
    check: bool,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Carry out the steps of STEPS, one after the other, and print what each gives.

    STEPS is a step file (YAML) or the recording of a board (case.json): overlays applied and
    removed, references held, changesets, listeners that fail, look-ups. Each step answers as the
    kernel does, with the lines it logs and what they mean.
    """
    from dtovl.api import STANDARD_INPUT
    from dtovl.cli.inputs import Reading
    from dtovl.errors import DtovlError
    from dtovl.files import STANDARD_STREAM, read_bytes
    from dtovl.model.dialect import KERNELS, LINUX
    from dtovl.report.run import Run, run_document, run_lines
    from dtovl.report.text import diagnostics_lines
    from dtovl.script.stepfile import read_steps

    reading = Reading(include_dirs, defines, cpp)
    if steps == base == STANDARD_STREAM:
        raise click.UsageError("Standard input (-) can be read only once.")
    shown = STANDARD_INPUT if steps == STANDARD_STREAM else steps
    script = read_steps(read_bytes(steps), shown)
    dialect = KERNELS[kernel or script.kernel or LINUX.kernel]
    name, machine = _start(reading, script, base, dialect)
    ran: list[Ran] = []
    stop: DtovlError | None = None
    try:
        for one in carry_out(script, machine, check=check):
            ran.append(one)
    except DtovlError as error:
        stop = error
    run = Run(script.name, name, dialect, len(script.steps), list(reading.sink), ran)
    found = run.findings()
    remarks: Iterable[Line] = ()
    if stop is None:
        failing = fail_on is not None and any(one.severity >= fail_on for one in found)
        code = FINDINGS if failing else OK
    else:
        # What was done before is shown all the same: the mistake is easier to see beside it.
        code, remarks = NO_VERDICT, diagnostics_lines(stop.diagnostics)
    if form == "json":
        # A machine wants a verdict, or nothing.
        return Outcome(code, run_document(run) if stop is None else (), remarks)
    least = Severity.INFO if verbose else Severity.WARNING
    lines = run_lines(run, least=least, verbose=verbose, check=check, quiet=quiet)
    return Outcome(code, lines, remarks)


def _start(
    reading: Reading, script: StepFile, base: str | None, dialect: Dialect
) -> tuple[str, Machine]:
    """Give the base's display name, and a machine that stands before the first step.

    Raises InputError, click.UsageError.
    """
    from dtovl.files import is_directory
    from dtovl.script.machine import Machine
    from dtovl.script.stepfile import file_name

    if base is None and not script.base:
        raise click.UsageError(f"{script.name} names no base, so give one with --base FILE.")
    shown = base if base is not None else file_name(script.base)
    path = base if base is not None else _beside(script.name, shown)
    if base is None and not is_directory(path):
        why = f"{script.name} names it as its base"
        _read_regular(path, why=why, fix="check the path, or give the base with --base FILE")
    machine = Machine(
        reading.load(path),
        dialect,
        lambda name: _overlay(reading, script.name, name),
        shown,
        fw_devlink="fw_devlink=off" not in script.cmdline,
    )
    return shown, machine


def _beside(steps: str, name: str) -> str:
    """Give the path of a file that a step file names; `-` is a file of that name."""
    import os

    path = os.path.join(os.path.dirname(steps), name)  # noqa: PTH118, PTH120 - paths stay as typed
    return f"./{path}" if path == "-" else path


def _read_regular(path: str, *, why: str = "", fix: str = "check the path") -> bytes:
    """Read a file that a step file names. Raises InputError (DT011)."""
    from dtovl.codes.input import FILE_UNREADABLE
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import InputError
    from dtovl.files import read_included

    try:
        data = read_included(path)
        what = "there is no such file"
    except (OSError, ValueError) as error:
        data = None
        what = (getattr(error, "strerror", None) or str(error)).lower()
    if data is None:
        raise InputError(Diagnostic(FILE_UNREADABLE, name=path, what=what, why=why, fix=fix))
    return data


def _overlay(reading: Reading, steps: str, name: str) -> bytes:
    """Give the blob of an overlay as a board would get it: damaged ones as they are.

    Raises InputError.
    """
    from dtovl.inputs import Kind, recognise
    from dtovl.script.stepfile import file_name

    path = _beside(steps, file_name(name))
    data = _read_regular(path)
    if recognise(data) not in (Kind.DTS, Kind.GZIP):
        return data
    from dtovl.fdt.write import flatten

    return flatten(reading.load(path))


def carry_out(script: StepFile, machine: Machine, *, check: bool) -> Iterator[Ran]:
    """Carry out the steps, up to one after which the kernel would be gone. Raises InputError."""
    from dtovl.errors import DtovlError
    from dtovl.report.run import Ran
    from dtovl.script.recorded import Recording

    recording = Recording(script.boot if check else None)
    for step in script.steps:
        if machine.gone:
            return
        answer = None
        try:
            answer = machine.step(step.values)
        except DtovlError as error:
            # A recorder refuses what dtovl refuses: a node that is not there, a label without one.
            if step.result is None or "recorder_error" not in step.result:
                for found in error.diagnostics:
                    found.where = found.where or step.place
                raise
        findings = [] if answer is None else list(answer["findings"])
        differences = recording.compare(step, answer, machine) if check else None
        findings += [_differing(step, one) for one in differences or ()]
        yield Ran(step, answer, differences, findings)


def _differing(step: ScriptStep, one: Difference) -> Diagnostic:
    from dtovl.codes.script import RECORDING_DIFFERS
    from dtovl.diagnostics import Diagnostic

    return Diagnostic(
        RECORDING_DIFFERS,
        at=step.place,
        why=f"recorded: {one.recorded}; here: {one.found}",
        step=step.number,
        op=step.op,
        what=one.part,
    )
