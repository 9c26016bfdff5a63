"""`dtovl apply`: overlays on a base: what changes, who accepts it, and why not."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.options import (
    applier_option,
    colour_option,
    fail_on_option,
    force_option,
    format_option,
    input_argument,
    kernel_option,
    out_format_option,
    pad_option,
    quiet_option,
    source_options,
)
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.cli.session import apply_to_session, session_option
from dtovl.model.dialect import DIALECTS, KERNELS
from dtovl.model.limits import MAX_OVERLAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.api import Format
    from dtovl.checks.verdicts import Applied
    from dtovl.cli.inputs import Reading
    from dtovl.codes.base import Severity
    from dtovl.diagnostics import Diagnostic
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.report.plan import Plan
    from dtovl.report.spans import Line


def _split_appliers(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> list[Dialect]:
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in DIALECTS:
            known = ", ".join(DIALECTS)
            raise click.BadParameter(f"{name!r} is no applier; there are {known}.", ctx, param)
    return [DIALECTS[name] for name in names]


@click.command("apply", short_help="Apply overlays: what changes, who would refuse it.")
@input_argument("base")
@input_argument("overlays", nargs=-1, metavar="OVERLAY...")
@session_option(required=False)
@click.option(
    "-o",
    "--output",
    "out",
    metavar="OUT",
    help="Write the result there if every overlay applied; - is stdout.",
)
@out_format_option
@applier_option
@kernel_option()
@click.option(
    "--require",
    multiple=True,
    metavar="APPLIERS",
    callback=_split_appliers,
    help="Make the refusal of these an error, too: libfdt,linux.",
)
@click.option("--no-symbols", is_flag=True, help="Leave /__symbols__ out of OUT.")
@click.option(
    "--symbols-from",
    metavar="DTS",
    help="Take labels from the source of BASE, which was built without -@.",
)
@click.option("--forecast", is_flag=True, help="Tell what removing each overlay would do.")
@pad_option
@force_option
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Show findings of severity info as well.")
@quiet_option
@source_options
@colour_option
def command(
    base: str,
    overlays: tuple[str, ...],
    session: str | None,
    out: str | None,
    out_format: Format | None,
    applier: Dialect,
    kernel: str,
    require: list[Dialect],
    no_symbols: bool,
    symbols_from: str | None,
    forecast: bool,
    pad: int | None,
    force: bool,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Apply overlays to BASE, in order; show what changes and who would refuse it.

    With --session there is no BASE: the overlays are applied to the session, as the running kernel
    does it, and stay there.
    """
    if session is not None:
        return apply_to_session(
            click.get_current_context(),
            session,
            (base, *overlays),
            fail_on=fail_on,
            form=form,
            verbose=verbose,
            quiet=quiet,
            source={"include_dirs": include_dirs, "defines": defines, "cpp": cpp},
        )
    if not overlays:
        raise click.MissingParameter(
            ctx=click.get_current_context(), param_type="argument", param_hint="'OVERLAY...'"
        )
    if len(overlays) > MAX_OVERLAYS:
        raise click.UsageError(f"At most {MAX_OVERLAYS} overlays can be applied at once.")
    from dtovl.cli.inputs import Reading

    choice = _Choice(applier, KERNELS[kernel], require, symbols_from, forecast)
    writing = _Writing(out, out_format, no_symbols, pad, force)
    done = _apply_to_base(Reading(include_dirs, defines, cpp), base, overlays, choice, writing)
    exit_code = FINDINGS if _fails(done.findings, fail_on) else OK
    report = (
        _document(done.plan, done.findings)
        if form == "json"
        else _lines(done.plan, done.findings, wanted=done.foreseen, verbose=verbose, quiet=quiet)
    )
    # With OUT on standard output the report goes to the other stream.
    return (
        Outcome(exit_code, report) if done.data is None else Outcome(exit_code, done.data, report)
    )


class _Choice(NamedTuple):
    """How to apply, and what to look at besides."""

    applier: Dialect
    linux: Dialect
    require: list[Dialect]
    symbols_from: str | None
    forecast: bool


class _Writing(NamedTuple):
    """What to write of the result, and where; out is None for nothing."""

    out: str | None
    form: Format | None
    no_symbols: bool
    padding: int | None
    force: bool


class _Done(NamedTuple):
    """What came of it; foreseen are those of the findings that --forecast asked for.

    data is what goes to standard output, None when nothing does.
    """

    plan: Plan
    findings: list[Diagnostic]
    foreseen: list[Diagnostic]
    data: bytes | None


def _apply_to_base(
    reading: Reading, base: str, overlays: tuple[str, ...], choice: _Choice, writing: _Writing
) -> _Done:
    """Read base and overlays, apply them, and write the result if all are in force."""
    from dtovl.checks.forecast import foresee
    from dtovl.checks.verdicts import apply_checked
    from dtovl.fdt.write import size_of
    from dtovl.overlay.fragments import Overlay
    from dtovl.report.plan import Plan

    tree = reading.load(base)
    # Before labels are adopted: the blob of the base has none of them.
    size = size_of(tree)
    _check_base(reading, tree, base)
    if choice.symbols_from is not None:
        _adopt_labels(reading, tree, base, choice.symbols_from)
    linux = choice.linux
    stack = [Overlay(reading.load(name), name) for name in overlays]
    applied = apply_checked(
        tree,
        stack,
        linux if choice.applier.kernel else choice.applier,
        require=[linux if one.kernel else one for one in choice.require],
        linux=linux,
        base=base,
        foresee=partial(foresee, base=base, whole=True),
    )
    total, data = 0, None
    if applied.stack.failed is None:
        with _written_symbols(tree, drop=writing.no_symbols):
            total = size_of(tree)
            if writing.out is not None:
                data = _write(reading, tree, writing.out, writing)
    foreseen = _foreseen(applied, tree) if choice.forecast else []
    plan = Plan(tree, base, overlays, applied, size, total, writing.out, choice.forecast)
    return _Done(plan, [*reading.sink, *applied.findings, *foreseen], foreseen, data)


def _check_base(reading: Reading, tree: Tree, base: str) -> None:
    """Report a base that is an overlay; arguments in the wrong order are easily not noticed."""
    from dtovl.model.specifiers import is_overlay

    if is_overlay(tree):
        from dtovl.codes.usage import BASE_IS_OVERLAY

        reading.sink.report(BASE_IS_OVERLAY, base=base)


def _adopt_labels(reading: Reading, tree: Tree, base: str, source: str) -> None:
    from dtovl.overlay.symbols import adopt_labels

    adopt_labels(tree, reading.load(source), reading.sink, base=base, name=source)


@contextmanager
def _written_symbols(tree: Tree, *, drop: bool) -> Iterator[None]:
    """Take the labels out of a tree while it is written; the report still wants them."""
    from dtovl.changeset import Changeset, DetachNode

    symbols = tree.symbols if drop else None
    without = Changeset([] if symbols is None else [DetachNode(symbols)])
    without.apply(tree)
    try:
        yield
    finally:
        without.revert(tree)


def _write(reading: Reading, tree: Tree, out: str, writing: _Writing) -> bytes | None:
    """Write the merged tree; give the bytes for standard output, None when they are in a file."""
    from dtovl.api import dump
    from dtovl.cli.inputs import format_of

    return dump(
        tree,
        None if out == "-" else out,
        form=writing.form or format_of(out) or "dtb",
        padding=writing.padding,
        force=writing.force,
        inputs=reading.files,
        sink=reading.sink,
    )


def _fails(findings: Iterable[Diagnostic], fail_on: Severity | None) -> bool:
    return fail_on is not None and any(found.severity >= fail_on for found in findings)


def _foreseen(applied: Applied, tree: Tree) -> list[Diagnostic]:
    from dtovl.checks.removal import removal_findings

    return [] if applied.forecast is None else removal_findings(applied.forecast, tree)


def _document(plan: Plan, findings: list[Diagnostic]) -> str:
    from dtovl.report.json import diagnostics, document
    from dtovl.report.plan import plan_object

    return document("apply", {**plan_object(plan), "diagnostics": diagnostics(findings)})


def _lines(
    plan: Plan,
    findings: list[Diagnostic],
    *,
    wanted: list[Diagnostic],
    verbose: bool,
    quiet: bool,
) -> Iterator[Line]:
    """Write plan and findings; wanted are those that are shown even if they are info."""
    from dtovl.codes.base import Severity
    from dtovl.report.plan import plan_lines
    from dtovl.report.spans import BLANK, Line, amount
    from dtovl.report.text import counts, diagnostics_lines, shown

    least = Severity.INFO if verbose else Severity.WARNING
    asked = [] if quiet else wanted
    told = shown([one for one in findings if one.severity >= least or one in asked], Severity.INFO)
    if not quiet:
        yield from plan_lines(plan)
        if told:
            yield BLANK
    yield from diagnostics_lines(told)
    hidden = len(shown(findings, Severity.INFO)) - len(told)
    if not quiet and (told or hidden):
        more = f"{amount(hidden, 'info finding')} shown with -v" if hidden else ""
        yield BLANK
        yield Line((("heading", "; ".join(filter(None, (counts(told), more)))),))
