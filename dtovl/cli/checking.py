"""The work of `dtovl check`: configuration, plan, run, verdict, reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.matrix_reports import Writing, write_reports
from dtovl.files import file_size, is_directory, is_file, read_bytes, write_atomically

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
_FAIL_ON = {"never": 0, "info": 1, "warning": 2, "error": 3}


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
        folder, inputs = "", list(request.paths)
        reports: tuple[tuple[str, str], ...] = ()
        checked = _merged(request)
    else:
        config = configuration(request)
        folder, reports = config.folder, config.reports
        plan, checked = _run(request, config, sink)
        inputs = [*filter(None, (config.path,)), *plan.bases, *plan.overlays]
    if request.write_baseline is not None:
        from dtovl.matrix.baseline import write

        data = write(checked).encode()
        write_atomically(request.write_baseline, data, inputs=inputs)
    writing = Writing(
        request.form, request.reports or reports, request.prefix, request.verbose, request.quiet
    )
    outcome = write_reports(checked, writing, inputs)
    if not len(sink):
        return outcome
    from dtovl.report.text import diagnostics_lines

    return outcome._replace(remarks=diagnostics_lines(sink))


def configuration(request: Request) -> Config:
    """Read the configuration, or find out what there is; options go before what it says.

    Raises InputError (DT600 to DT606).
    """
    path = request.paths[0] if request.paths else os.curdir
    config = _configuration(path)
    changes: dict[str, object] = {}
    if request.appliers:
        changes["appliers"] = request.appliers
    if request.kernel is not None:
        changes["kernel"] = request.kernel
    if request.removal:
        changes["removal"] = True
    if request.fail_on is not None:
        changes["fail_on"] = _FAIL_ON[request.fail_on]
    if request.include_dirs:
        for kind in ("bases", "overlays"):
            files = getattr(config, kind)
            changes[kind] = tuple(
                one._replace(include_dirs=(*one.include_dirs, *request.include_dirs))
                for one in files
            )
    return config._replace(**changes)  # type: ignore[arg-type]


def _configuration(path: str) -> Config:
    from dtovl.matrix.reading import FILE_NAME, read_config

    named = Path(path)
    if is_directory(path):
        named /= FILE_NAME
        if not is_file(named):
            from dtovl.matrix.discover import discover

            return discover(path)
    folder = str(named.parent)
    return read_config(_text(str(named)), str(named), "" if folder == os.curdir else folder)


def _text(path: str) -> str:
    return read_bytes(path).decode("utf-8", "replace")


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
    if name is None:
        return None
    from dtovl.matrix.baseline import read

    return read(_text(name), name, config.folder)


def _merged(request: Request) -> Checked:
    from dtovl.matrix.merge import merge, read_part

    checked = merge([read_part(_text(path), path) for path in request.paths])
    if request.fail_on is not None:
        checked = checked._replace(fail_on=_FAIL_ON[request.fail_on])
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
