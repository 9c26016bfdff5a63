"""The work of `dtovl check`: configuration, plan, run, verdict, reports."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.matrix_config import (
    FAIL_ON,
    Changes,
    below,
    configuration,
    read_baseline,
    reports_of,
    text_of,
    write_baseline,
)
from dtovl.cli.matrix_reports import Writing, known_from_now_on, write_reports
from dtovl.cli.targets import refuse_targets
from dtovl.files import file_size, is_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.cli.outcome import Outcome
    from dtovl.diagnostics import Sink
    from dtovl.matrix.baseline import Baseline
    from dtovl.matrix.checked import Checked
    from dtovl.matrix.config import Config
    from dtovl.matrix.plan import Plan
    from dtovl.matrix.result import BaseResult
    from dtovl.matrix.tasks import Settings, Task

_CACHE = ".dtovl-cache"


class Request(NamedTuple):
    """The options of the command, by name."""

    paths: tuple[str, ...]
    jobs: int | None
    form: str
    reports: tuple[tuple[str, str], ...]
    prefix: str
    baseline: str | None
    write_baseline: str | None
    appliers: tuple[str, ...]
    kernel: str | None
    removal: bool
    verdicts_only: bool
    plans: bool
    shard: tuple[int, int] | None
    merge: bool
    engine: str | None
    cache: str | None
    no_cache: bool
    fail_on: str | None
    include_dirs: tuple[str, ...]
    verbose: bool
    quiet: bool


def carry_out(request: Request) -> Outcome:
    """Do what was asked for.

    Raises click.UsageError, InputError.
    """
    _refuse_what_does_not_fit(request)
    try:
        return _carry_out(request)
    finally:
        gc.unfreeze()


def _carry_out(request: Request) -> Outcome:
    from dtovl.diagnostics import Sink

    sink = Sink()
    if request.merge:
        inputs = list(request.paths)
        reports = request.reports
        _refuse_targets(request, reports, inputs)
        checked = _merged(request)
    else:
        config = _configuration(request)
        reports = request.reports or reports_of(config)
        plan = _plan(request, config)
        inputs = [*filter(None, (config.path,)), *plan.bases, *plan.overlays]
        baseline = _baseline_of(request, config)
        _refuse_targets(request, reports, inputs, baseline)
        known = None if baseline is None else read_baseline(baseline, config.folder)
        checked = _run(request, config, plan, known, sink)
    writing = Writing(request.form, reports, request.prefix, request.verbose, request.quiet)
    outcome = write_reports(checked, writing, inputs)
    if request.write_baseline is not None:
        write_baseline(checked, request.write_baseline, inputs)
        outcome = known_from_now_on(outcome, request.write_baseline, quiet=request.quiet)
    if not len(sink):
        return outcome
    from dtovl.report.text import diagnostics_lines

    return outcome._replace(remarks=[*outcome.remarks, *diagnostics_lines(sink)])


def _refuse_targets(
    request: Request,
    reports: Sequence[tuple[str, str]],
    inputs: Sequence[str],
    baseline: str | None = None,
) -> None:
    """Refuse files to write, before the work is done. Raises click.UsageError, InputError."""
    names = [name for _, name in reports]
    refuse_targets(names, [*inputs, *filter(None, (baseline,))])
    if request.write_baseline is not None:
        # It may take the place of the baseline that was read.
        refuse_targets([*names, request.write_baseline], inputs)


def _configuration(request: Request) -> Config:
    return configuration(
        request.paths,
        Changes(
            request.appliers,
            request.kernel,
            request.fail_on,
            request.include_dirs,
            request.removal,
        ),
    )


def _plan(request: Request, config: Config) -> Plan:
    from dtovl.cli.progress import Progress
    from dtovl.matrix.plan import make_plan, with_cases
    from dtovl.matrix.surveys import Surveys

    with Progress("reading") as progress:
        surveys = Surveys(_jobs(request), _cache(request, config), progress)
        return with_cases(make_plan(config, surveyor=surveys))


def _run(
    request: Request, config: Config, plan: Plan, known: Baseline | None, sink: Sink
) -> Checked:
    """Work, and judge."""
    from dtovl.matrix.finish import finish
    from dtovl.matrix.rules import settings_of

    settings = settings_of(config, plans=_wants_plans(request, config))
    if request.verdicts_only:
        settings = settings._replace(
            findings=False, between=False, claims=False, removal=False, links=False
        )
    tasks: Sequence[Task] = plan.tasks
    if request.shard is not None:
        from dtovl.matrix.shards import shard

        tasks = shard(tasks, *request.shard, file_size)
    results = _results(request, config, tasks, settings, sink)
    # They stay to the end: for the collector to go through them again and again while they are
    # judged takes as long as judging.
    gc.freeze()
    return finish(config, plan, results, settings=settings, known=known, shard=request.shard)


def _results(
    request: Request, config: Config, tasks: Sequence[Task], settings: Settings, sink: Sink
) -> list[BaseResult]:
    from dtovl.cli.progress import Progress

    cache = _cache(request, config)
    jobs = _jobs(request)
    with Progress("checking") as progress:
        if request.engine is not None:
            from dtovl.matrix.engine import run_on_cluster

            return run_on_cluster(
                request.engine,
                tasks,
                settings,
                jobs=jobs,
                cache_folder=cache,
                progress=progress,
                sink=sink,
            )
        from dtovl.matrix.run import run

        return run(tasks, settings, jobs=jobs, cache_folder=cache, progress=progress, sink=sink)


def _cache(request: Request, config: Config) -> str | None:
    """Name the folder of the cache, None when nothing is to be kept."""
    if request.no_cache:
        return None
    return request.cache or str(Path(config.folder, _CACHE))


def _jobs(request: Request) -> int:
    """Count the processes to work with: those asked for, or the CPUs that this one may use."""
    if request.jobs:
        return request.jobs
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


def _wants_plans(request: Request, config: Config) -> bool:
    kinds = {kind for kind, _ in request.reports or config.reports} | {request.form}
    return request.plans or "html" in kinds


def _baseline_of(request: Request, config: Config) -> str | None:
    """Name the baseline to read; the one of the configuration need not be there to be written."""
    if request.baseline is not None or not config.baseline:
        return request.baseline
    name = below(config, config.baseline)
    return None if request.write_baseline is not None and not is_file(name) else name


def _merged(request: Request) -> Checked:
    from dtovl.matrix.merge import merge, read_part

    checked = merge([read_part(text_of(path), path) for path in request.paths])
    if request.fail_on is not None:
        checked = checked._replace(fail_on=FAIL_ON[request.fail_on])
    return checked


def _refuse_what_does_not_fit(request: Request) -> None:
    """Refuse options that do not go together. Raises click.UsageError."""
    if request.merge and not request.paths:
        raise click.UsageError("--merge wants the JSON reports of all parts.")
    if not request.merge and len(request.paths) > 1:
        raise click.UsageError(
            f"Give one folder or configuration, not {len(request.paths)}; what belongs to it "
            "stands in dtovl.yaml (`dtovl init-config` writes one)."
        )
    if request.shard is not None and request.write_baseline is not None:
        raise click.UsageError(
            "--write-baseline does not go with --shard: a part does not know the whole; write it "
            "where the parts are joined, with --merge."
        )
    if request.cache is not None and request.no_cache:
        raise click.UsageError("--cache does not go with --no-cache.")
    if request.merge:
        for option, given in (
            ("--shard", request.shard),
            ("--engine", request.engine),
            ("--baseline", request.baseline),
            ("--applier", request.appliers),
            ("--kernel", request.kernel),
            ("--removal", request.removal),
            ("--plans", request.plans),
            ("--verdicts-only", request.verdicts_only),
            ("--cache", request.cache),
            ("-j", request.jobs),
            ("-I", request.include_dirs),
        ):
            if given:
                raise click.UsageError(f"--merge does not go with {option}: the parts are done.")
