"""The work of `dtovl compat`: the boards of then, the comparison, verdict, reports."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.matrix_config import (
    Changes,
    configuration,
    read_baseline,
    text_of,
    write_baseline,
)
from dtovl.cli.matrix_reports import Writing, known_from_now_on, write_reports
from dtovl.cli.outcome import OK, Outcome
from dtovl.cli.targets import refuse_targets
from dtovl.files import is_directory, write_atomically

if TYPE_CHECKING:
    from dtovl.matrix.compat import Compared
    from dtovl.matrix.config import Config
    from dtovl.matrix.recorded import Recorded
    from dtovl.report.spans import Line


class Request(NamedTuple):
    """The options of the command, by name."""

    paths: tuple[str, ...]
    against: str | None
    needs: tuple[str, ...]
    record: str | None
    form: str
    reports: tuple[tuple[str, str], ...]
    prefix: str
    baseline: str | None
    write_baseline: str | None
    appliers: tuple[str, ...]
    kernel: str | None
    fail_on: str | None
    include_dirs: tuple[str, ...]
    verbose: bool
    quiet: bool


def carry_out(request: Request) -> Outcome:
    """Do what was asked for.

    Raises click.UsageError, InputError.
    """
    _refuse_what_does_not_fit(request)
    config = configuration(
        request.paths,
        Changes(request.appliers, request.kernel, request.fail_on, request.include_dirs),
    )
    outcome = Outcome(OK)
    if request.against is not None or request.needs:
        outcome = _compare(request, config)
    if request.record is None:
        return outcome
    written = _record(request.record, config)
    if request.against is None and not request.needs:
        return outcome._replace(report=() if request.quiet else (written,))
    return outcome


def _compare(request: Request, config: Config) -> Outcome:
    from dtovl.matrix.finish import finish
    from dtovl.matrix.rules import settings_of

    # What is declared to fail, and is known, is so for `dtovl check`.
    config = config._replace(expected=(), baseline="", reports=())
    recorded = _recorded(request)
    _refuse_targets(request, config)
    known = None
    if request.baseline is not None:
        known = read_baseline(request.baseline, config.folder)
    compared = _compared(request, config, recorded)
    settings = settings_of(config)
    checked = finish(config, compared.plan, compared.results, settings=settings, known=known)
    inputs = [*filter(None, (config.path,)), *checked.bases, *checked.overlays, *request.needs]
    writing = Writing(request.form, request.reports, request.prefix, request.verbose, request.quiet)
    outcome = write_reports(checked, writing, inputs)
    if not (request.quiet or isinstance(outcome.report, str)):
        said = _said(compared, request.against)
        outcome = outcome._replace(report=chain(outcome.report, (said,)))  # type: ignore[arg-type]
    if request.write_baseline is not None:
        write_baseline(checked, request.write_baseline, inputs)
        outcome = known_from_now_on(outcome, request.write_baseline, quiet=request.quiet)
    return outcome


def _refuse_targets(request: Request, config: Config) -> None:
    """Refuse files to write, before the work is done. Raises click.UsageError, InputError."""
    names = [name for _, name in request.reports]
    if request.record is not None:
        names.append(request.record)
    read = [*filter(None, (config.path,)), *request.needs]
    refuse_targets(names, [*read, *filter(None, (request.baseline,))])
    if request.write_baseline is not None:
        # It may take the place of the baseline that was read.
        refuse_targets([*names, request.write_baseline], read)


def _compared(request: Request, config: Config, recorded: dict[str, list[Recorded]]) -> Compared:
    from dtovl.cli.progress import Progress
    from dtovl.matrix.compat import compare, compare_recorded

    with Progress("comparing") as progress:
        if request.against is None:
            return compare_recorded(config, recorded, progress)
        if is_directory(request.against):
            from dtovl.matrix.earlier import of_folder

            return compare(config, of_folder(request.against, config.folder), recorded, progress)
        from dtovl.matrix.earlier import of_commit
        from dtovl.matrix.gitobjects import GitTree

        with GitTree(request.against, config.folder) as tree:
            return compare(config, of_commit(tree), recorded, progress)


def _recorded(request: Request) -> dict[str, list[Recorded]]:
    found: dict[str, list[Recorded]] = {}
    if request.needs:
        from dtovl.matrix.recorded import read_needs

        for name in request.needs:
            for base, needs in read_needs(text_of(name), name).items():
                found.setdefault(base, []).extend(needs)
    return found


def _record(name: str, config: Config) -> Line:
    from dtovl.cli.progress import Progress
    from dtovl.matrix.recorded import record
    from dtovl.report.spans import Line

    with Progress("recording") as progress:
        text = record(config, progress)
    write_atomically(name, text.encode())
    return Line((("", "wrote "), ("path", name)))


def _said(compared: Compared, against: str | None) -> Line:
    """Say what was compared: boards that are the same were not looked into."""
    from dtovl.report.spans import Line, amount

    if against is None:
        text = f"{amount(compared.changed, 'board')} held against what was recorded"
    else:
        count = amount(compared.changed, "board") if compared.changed else "no board"
        text = f"{count} {'differ' if compared.changed > 1 else 'differs'} from {against}"
        if compared.same:
            text += f", {compared.same:,} {'is' if compared.same == 1 else 'are'} the same"
    return Line((("", text),), hang=2, fixed=0)


def _refuse_what_does_not_fit(request: Request) -> None:
    """Refuse options that do not go together. Raises click.UsageError."""
    if len(request.paths) > 1:
        raise click.UsageError(f"Give one folder or configuration, not {len(request.paths)}.")
    if request.against is None and not request.needs and request.record is None:
        raise click.UsageError(
            "Say what the boards were: --against COMMIT or FOLDER, or --needs FILE; or record what "
            "overlays need of them with --record FILE."
        )
