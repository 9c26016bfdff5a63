"""The work of `dtovl check`: configuration, plan, run, verdict, reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.matrix_config import (
    FAIL_ON,
    Changes,
    configuration,
    read_baseline,
    text_of,
    write_baseline,
)
from dtovl.cli.matrix_reports import Writing, write_reports
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
    from dtovl.diagnostics import Sink

    sink = Sink()
    if request.merge:
        inputs = list(request.paths)
        reports: tuple[tuple[str, str], ...] = ()
        checked = _merged(request)
    else:
        config = _configuration(request)
        reports = config.reports
        plan, checked = _run(request, config, sink)
        inputs = [*filter(None, (config.path,)), *plan.bases, *plan.overlays]
    if request.write_baseline is not None:
        write_baseline(checked, request.write_baseline, inputs)
    writing = Writing(
        request.form, request.reports or reports, request.prefix, request.verbose, request.quiet
    )
    outcome = write_reports(checked, writing, inputs)
    if not len(sink):
        return outcome
    from dtovl.report.text import diagnostics_lines

    return outcome._replace(remarks=diagnostics_lines(sink))


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


def _run(request: Request, config: Config, sink: Sink) -> tuple[Plan, Checked]:
    """Plan, work, judge."""
    from dtovl.matrix.finish import finish
    from dtovl.matrix.plan import make_plan
    from dtovl.matrix.rules import settings_of

    plan = make_plan(config)
    settings = settings_of(config, plans=_wants_plans(request, config))
    if request.verdicts_only:
        settings = settings._replace(findings=False, between=False, claims=False, removal=False)
    tasks: Sequence[Task] = plan.tasks
    if request.shard is not None:
        from dtovl.matrix.shards import shard

        tasks = shard(tasks, *request.shard, file_size)
    results = _results(request, config, tasks, settings, sink)
    known = _known(request, config)
    return plan, finish(config, plan, results, settings=settings, known=known, shard=request.shard)


def _results(
    request: Request, config: Config, tasks: Sequence[Task], settings: Settings, sink: Sink
) -> list[BaseResult]:
    from dtovl.cli.progress import Progress

    with Progress("checking") as progress:
        if request.engine is not None:
            from dtovl.matrix.engine import run_on_cluster

            return run_on_cluster(request.engine, tasks, settings, progress=progress)
        from dtovl.matrix.run import run

        cache = None
        if not request.no_cache:
            cache = request.cache or str(Path(config.folder, _CACHE))
        jobs = request.jobs or _cpus()
        return run(tasks, settings, jobs=jobs, cache_folder=cache, progress=progress, sink=sink)


def _cpus() -> int:
    """Count the CPUs that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


def _wants_plans(request: Request, config: Config) -> bool:
    kinds = {kind for kind, _ in request.reports or config.reports} | {request.form}
    return request.plans or "html" in kinds


def _known(request: Request, config: Config) -> Baseline | None:
    """Read the baseline, if one is named and there."""
    name = request.baseline
    if name is None and config.baseline:
        name = str(Path(config.folder, config.baseline))
        if request.write_baseline is not None and not is_file(name):
            return None
    return None if name is None else read_baseline(name, config.folder)


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
    if request.cache is not None and request.no_cache:
        raise click.UsageError("--cache does not go with --no-cache.")
    if request.engine is not None and (request.jobs is not None or request.cache is not None):
        other = "--jobs" if request.jobs is not None else "--cache"
        raise click.UsageError(f"--engine does not go with {other}: the cluster does the work.")
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
