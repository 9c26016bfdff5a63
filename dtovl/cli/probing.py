"""The work of `dtovl probe`: trees, predictions with and without overlays, verdict, report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.codes.base import Severity
from dtovl.model.dialect import KERNELS
from dtovl.model.limits import MAX_OVERLAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.cli.inputs import Reading
    from dtovl.cli.merged import Merged
    from dtovl.links.drivertable import DriverTable
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Bindings
    from dtovl.model.tree import Tree
    from dtovl.report.probe.answer import Answer, Settings, Told
    from dtovl.report.probe.read import Simulated
    from dtovl.report.probe.why import Why
    from dtovl.report.spans import Line


class Request(NamedTuple):
    """The options of the command, by name."""

    file: str
    overlays: tuple[str, ...]
    fw_devlink: str | None
    strict: bool | None
    modules: bool | None
    drivers: str | None
    order: bool
    why: str | None
    groups: bool
    everything: bool
    out: str | None
    force: bool
    applier: Dialect
    kernel: str
    config: str | None
    fail_on: Severity | None
    form: str
    verbose: bool
    quiet: bool
    include_dirs: tuple[str, ...]
    defines: dict[str, str]
    cpp: str | None


def carry_out(request: Request) -> Outcome:
    """Do what was asked for.

    Raises click.UsageError, DtovlError.
    """
    from dtovl.cli.bindings import bindings_of
    from dtovl.cli.inputs import Reading
    from dtovl.cli.outfile import write_report

    _refuse_what_does_not_fit(request)
    reading = Reading(request.include_dirs, request.defines, request.cpp)
    table = _read_table(reading, request.drivers)
    answer, why = _answer(reading, request, table, bindings_of(request.config))
    exit_code = FINDINGS if _fails(request, reading, answer) else OK
    report = _report(reading, request, answer, why)
    remarks = reading.outcome(()).remarks
    if request.out is None or request.out == "-":
        return Outcome(exit_code, report, remarks)
    said = write_report(reading, request.out, report, force=request.force)
    return Outcome(exit_code, () if request.quiet else said, remarks)


def _refuse_what_does_not_fit(request: Request) -> None:
    """Refuse options that do not go together. Raises click.UsageError."""
    parts = {"--order": request.order, "--why": request.why is not None, "--groups": request.groups}
    given = [option for option, wanted in parts.items() if wanted]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} do not go together.")
    if given and request.form not in ("text", "json"):
        raise click.UsageError(f"{given[0]} does not go with --format {request.form}.")
    if len(request.overlays) > MAX_OVERLAYS:
        raise click.UsageError(f"At most {MAX_OVERLAYS} overlays can be applied at once.")


def _read_table(reading: Reading, name: str | None) -> DriverTable | None:
    """Read the table of drivers. Raises InputError (DT69x)."""
    if name is None:
        return None
    from dtovl.files import read_bytes
    from dtovl.links.drivertable import read_drivers

    reading.files.append(name)
    return read_drivers(read_bytes(name), name)


def _settings(request: Request, table: DriverTable | None) -> Settings:
    """Give what is predicted for: options go before what the table says."""
    from dtovl.report.probe.answer import Settings

    fw_devlink, strict, modules = request.fw_devlink, request.strict, request.modules
    if table is not None:
        fw_devlink = table.fw_devlink if fw_devlink is None else fw_devlink
        strict = table.strict if strict is None else strict
        modules = table.modules if modules is None else modules
    return Settings(fw_devlink or "on", bool(strict), modules is not False, request.drivers)


def _answer(
    reading: Reading, request: Request, table: DriverTable | None, bindings: Bindings
) -> tuple[Answer, Why | None]:
    """Predict for the base, apply the overlays, predict for what came of it."""
    from dtovl.cli.merged import merge, refuse_base, refuse_overlay
    from dtovl.links.board import Board
    from dtovl.report.probe.answer import Answer
    from dtovl.report.probe.difference import difference
    from dtovl.report.probe.read import simulate

    settings, linux = _settings(request, table), KERNELS[request.kernel]
    before: list[Simulated] = []

    def look(tree: Tree) -> Simulated:
        return simulate(Board(tree, bindings, wide_maps=linux.wide_id_maps), settings, table)

    def look_at(base: Tree) -> None:
        refuse_overlay(base, request.file)
        if request.overlays:
            before.append(look(base))

    dialect = linux if request.applier.kernel else request.applier
    merged = merge(reading, [request.file, *request.overlays], dialect, look_at)
    for placed in merged.overlays:
        refuse_base(placed.overlay, "give overlays behind the devicetree of the board")
    now = look(merged.tree)
    found = difference(before[0].seen, now.seen) if before else None
    told = tuple(_told(merged, now, before[0] if before else None))
    answer = Answer(
        request.file, request.overlays, settings, now.seen, found, told, request.everything
    )
    return answer, None if request.why is None else _why(merged, now, request.why)


def _told(merged: Merged, now: Simulated, before: Simulated | None) -> Iterator[Told]:
    """Word the findings; overlays caused those of devices that the base has no such finding of."""
    from dtovl.links.words import as_diagnostic
    from dtovl.report.probe.answer import Told

    known = {(one.rule, one.node) for one in before.findings} if before is not None else set()
    board = now.prediction.board
    for finding in now.findings:
        diagnostic = as_diagnostic(finding, merged.tree, board.bindings, wide_maps=board.wide_maps)
        caused = before is not None and (finding.rule, finding.node) not in known
        yield Told(finding.node.path, diagnostic, caused)


def _why(merged: Merged, now: Simulated, wanted: str) -> Why:
    """Explain one device. Raises UsageError (DT060, DT061, DT693)."""
    from dtovl.cli.show import find_node
    from dtovl.report.probe.why import explain

    node = find_node(merged.tree, wanted, merged.base, merged.look)
    device = now.device_of(node)
    if device is None:
        _refuse_why(node, wanted, now)
    assert device is not None
    return explain(now.seen, node.path, device.path, now.otherwise(device))


def _refuse_why(node: Node, wanted: str, now: Simulated) -> None:
    """Say that a node has no device. Raises UsageError (DT693)."""
    from dtovl.codes.probe import NOTHING_TO_EXPLAIN
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import UsageError

    what = "neither it nor a node above it has `compatible`, so no device is made of it"
    below = [path for path in now.seen.standing() if path.startswith(f"{node.path}/")]
    hint = f"; did you mean {below[0]}?" if len(below) == 1 else ""
    raise UsageError(
        Diagnostic(NOTHING_TO_EXPLAIN, path=node.path, wanted=wanted, what=what, hint=hint)
    )


def _fails(request: Request, reading: Reading, answer: Answer) -> bool:
    """Tell whether anything found is as bad as --fail-on says; a failed probe is an error."""
    least = request.fail_on
    if least is None:
        return False
    found = [one.severity for one in reading.sink]
    found += [told.diagnostic.severity for told in answer.findings if answer.shows(told)]
    if answer.problems.deferred or answer.problems.failed:
        found.append(Severity.ERROR)
    return any(severity >= least for severity in found)


def _report(
    reading: Reading, request: Request, answer: Answer, why: Why | None
) -> Iterable[Line] | str:
    """Write the answer in the form that was asked for."""
    if request.form == "json":
        from dtovl.report.json import listing
        from dtovl.report.probe.json import probe_object
        from dtovl.report.probe.why import why_object

        content = probe_object(answer, reading.sink)
        if why is not None:
            content["why"] = why_object(why)
        return listing(content)
    if request.form == "dot":
        from dtovl.report.probe.dot import dot

        return dot(answer)
    if request.form == "html":
        from dtovl.report.probe.html import render

        return render(answer)
    return _text(request, answer, why)


def _text(request: Request, answer: Answer, why: Why | None) -> Iterable[Line]:
    from dtovl.report.probe import text
    from dtovl.report.probe.why import why_lines

    if request.order:
        return text.order_lines(answer.seen)
    if request.groups:
        return text.group_lines(answer.seen.groups)
    if why is not None:
        return why_lines(why)
    if request.quiet:
        return text.finding_lines(answer)
    timeline = request.verbose or not request.overlays
    return text.probe_lines(answer, timeline=timeline, verbose=request.verbose)
