"""`dtovl identify`: which overlays are in force in a live tree, and what none of them explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    PATH,
    colour_option,
    fail_on_option,
    format_option,
    input_argument,
    quiet_option,
    source_options,
)
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.model.limits import MAX_OVERLAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.cli.inputs import Reading
    from dtovl.codes.base import Severity
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import UsageError
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.report.identify import Answer
    from dtovl.report.spans import Line

_ENDINGS = (".dtbo", ".dtso")
_NO_OVERLAY = "no overlay, as it has no fragments"


@click.command(
    "identify",
    short_help="Which overlays are in force on a board.",
    options_metavar="--base BASE --live DIR|DTB [OPTIONS]",
)
@click.option(
    "--base",
    required=True,
    metavar="BASE",
    type=PATH,
    help="The devicetree of the board without overlays.",
)
@click.option(
    "--live",
    required=True,
    metavar="DIR|DTB",
    type=PATH,
    help="What the board runs with: /proc/device-tree, or a copy or blob of it.",
)
@input_argument("overlays", nargs=-1, required=True, metavar="OVERLAY...")
@fail_on_option
@format_option("text", "json")
@click.option("-v", "--verbose", is_flag=True, help="Leave nothing out; show info findings too.")
@quiet_option
@source_options
@colour_option
def command(
    base: str,
    live: str,
    overlays: tuple[str, ...],
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Find which OVERLAYs a board has applied, in which order, and what none of them explains.

    OVERLAY is a file, or a folder for all .dtbo and .dtso files in it; where it has both of one
    name, the .dtbo is taken.
    """
    from dtovl.checks.identify import identify
    from dtovl.cli.inputs import Reading
    from dtovl.report.identify import Answer

    reading = Reading(include_dirs, defines, cpp)
    tree = _load_tree(reading, base, "--base")
    running = _load_tree(reading, live, "--live")
    given = list(load_overlays(reading, overlays))
    found = identify(tree, running, given, base_name=base, live_name=live)
    findings = [*reading.sink, *found.findings]
    failing = fail_on is not None and any(one.severity >= fail_on for one in findings)
    exit_code = FINDINGS if failing else OK
    answer = Answer(found, tree, running, base, live)
    if form == "json":
        return Outcome(exit_code, _document(answer, findings))
    return Outcome(exit_code, _lines(answer, findings, verbose=verbose, quiet=quiet))


def _load_tree(reading: Reading, path: str, option: str) -> Tree:
    """Read base or live tree. Raises UsageError (DT296) for an overlay."""
    from dtovl.model.specifiers import is_overlay

    tree = reading.load(path)
    if is_overlay(tree):
        what = "the devicetree of the board without overlays"
        if option == "--live":
            what = "/proc/device-tree of the board, or a copy of it,"
        raise _wrong_role(path, "an overlay", option, f"give {what} as {option}")
    return tree


def _wrong_role(path: str, what: str, role: str, cure: str) -> UsageError:
    from dtovl.codes.identify import WRONG_ROLE
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import UsageError

    return UsageError(Diagnostic(WRONG_ROLE, name=path, what=what, role=role, cure=cure))


def load_overlays(reading: Reading, paths: Iterable[str]) -> Iterator[Overlay]:
    """Read the overlays that files and folders name; what of a folder is none is passed over.

    Raises InputError, UsageError (DT296, DT297), click.UsageError.
    """
    from dtovl.files import is_directory

    count = 0
    for path in paths:
        whole = is_directory(path)
        for name in _files_of(path) if whole else [path]:
            count += 1
            if count > MAX_OVERLAYS:
                raise click.UsageError(
                    f"At most {MAX_OVERLAYS} overlays can be looked for at once."
                )
            overlay = _load_listed(reading, name) if whole else _load_overlay(reading, name)
            if overlay is not None:
                yield overlay


def _load_overlay(reading: Reading, path: str) -> Overlay:
    """Read an overlay. Raises InputError, UsageError (DT296) for what has no fragments."""
    from dtovl.overlay.fragments import Overlay

    overlay = Overlay(reading.load(path), path)
    if overlay.fragments:
        return overlay
    cure = "give overlays; the devicetree of the board goes to --base"
    raise _wrong_role(path, _NO_OVERLAY, "OVERLAY", cure)


def _load_listed(reading: Reading, path: str) -> Overlay | None:
    """Read an overlay of a folder; report one that cannot be read, and give None."""
    from dtovl.codes.identify import PASSED_OVER
    from dtovl.errors import DtovlError

    before = len(reading.sink)
    try:
        return _load_overlay(reading, path)
    except DtovlError as error:
        del reading.sink.diagnostics[before:]
        first = error.diagnostic
        at = first.where
        what = str(first.fields.get("what", "")) == _NO_OVERLAY
        reason = "it has no fragments" if what else first.message.removeprefix(f"{path} ")
        reading.sink.report(PASSED_OVER, at=at, who=path, name=path, reason=reason)
        return None


def _files_of(folder: str) -> list[str]:
    """List the overlays in a folder, by name. Raises UsageError (DT297) when there is none."""
    from pathlib import Path

    from dtovl.files import list_directory

    names = [name for name in list_directory(folder) if name.endswith(_ENDINGS)]
    compiled = {name for name in names if name.endswith(_ENDINGS[0])}
    # What was compiled is what a board applies; the source beside it would only be counted twice.
    kept = [
        name
        for name in names
        if name in compiled or name.removesuffix(_ENDINGS[1]) + _ENDINGS[0] not in compiled
    ]
    if not kept:
        from dtovl.codes.identify import NO_OVERLAYS
        from dtovl.diagnostics import Diagnostic
        from dtovl.errors import UsageError

        raise UsageError(Diagnostic(NO_OVERLAYS, name=folder))
    return [str(Path(folder, name)) for name in kept]


def _document(answer: Answer, findings: list[Diagnostic]) -> str:
    from dtovl.report.identify import identify_object
    from dtovl.report.json import diagnostics, document

    content = {**identify_object(answer), "diagnostics": diagnostics(findings)}
    return document("identify", content)


def _lines(
    answer: Answer, findings: list[Diagnostic], *, verbose: bool, quiet: bool
) -> Iterator[Line]:
    from dtovl.codes.base import Severity
    from dtovl.report.identify import identify_lines
    from dtovl.report.spans import BLANK, Line
    from dtovl.report.text import counts, diagnostics_lines, shown

    told = shown(findings, Severity.INFO if verbose else Severity.WARNING)
    if not quiet:
        yield from identify_lines(answer, verbose=verbose)
        if told:
            yield BLANK
    yield from diagnostics_lines(told)
    if told and not quiet:
        yield BLANK
        yield Line((("heading", counts(told)),))
