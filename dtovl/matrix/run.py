"""Runs the tasks of a plan, in this process or in several; the results are the same."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from dtovl.codes.engine import WORKER_DIED
from dtovl.codes.internal import INTERNAL_ERROR
from dtovl.diagnostics import Diagnostic
from dtovl.files import file_size
from dtovl.matrix.cache import Cache
from dtovl.matrix.result import UNREADABLE, BaseResult, Case, Verdict, as_finding
from dtovl.matrix.shards import effort
from dtovl.matrix.work import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dtovl.diagnostics import Sink
    from dtovl.matrix.tasks import Settings, Task

    Work = Callable[[Task], BaseResult]
    Make = Callable[[], Work]
    Progress = Callable[[int, int], None]

Worked = TypeVar("Worked")

GARBAGE = 100_000
"""How many objects may wait for the collector of cycles while tasks are worked on.

A base is some ten thousand objects, and goes without the collector's help (Tree.dissolve). What is
left are the small cycles of changes, 40 objects for a case. Python's own 700 let it pass over every
tree more than once while it is read, which takes a quarter of the time of reading. So many as here
take some 10 MB, and what a huge base leaves behind is still found while it is worked on.
"""


def run(
    tasks: Sequence[Task],
    settings: Settings,
    *,
    jobs: int = 1,
    cache_folder: str | None = None,
    progress: Progress | None = None,
    sink: Sink | None = None,
    make: Make | None = None,
) -> list[BaseResult]:
    """Work on all tasks; give the results in their order, the same for any number of jobs.

    jobs is the number of processes; with one, or one task, all is done in this process. In several,
    a task that kills its process is tried again by itself, and becomes a finding (DT660) when it
    does so twice; no other is lost. cache_folder is where results are kept, None for nowhere; why
    they cannot be kept there goes to sink. progress is called with the cases done and all cases.
    make gives, in the process that calls it, the function that works on a task: a Worker with the
    cache, if not given. It has to be known by name where processes are not forked.

    Ctrl-C (KeyboardInterrupt) leaves no process behind.
    """
    cache = None if cache_folder is None else prepared(cache_folder, settings, sink)
    own = make or partial(station, settings, None if cache is None else cache_folder)
    gathered = Gathered(tasks, progress)
    complete(range(len(tasks)), settings, jobs, partial(careful, settings, own), gathered)
    if cache is not None:
        cache.trim()
    return gathered.results


def complete(
    indices: Sequence[int], settings: Settings, jobs: int, make: Make, gathered: Gathered
) -> None:
    """Work on the tasks of these indices on this machine."""
    jobs = min(jobs, len(indices))
    if jobs > 1:
        apart(indices, settings, jobs, make, gathered)
        return
    work = make()
    with patient_collector():
        for index in indices:
            gathered.take(index, work(gathered.tasks[index]))


def apart(
    indices: Sequence[int], settings: Settings, jobs: int, make: Make, gathered: Gathered
) -> None:
    """Work on the tasks of these indices in processes of their own, be it one."""
    from dtovl.matrix.pool import Pool

    tasks = gathered.tasks
    efforts = [effort(task, file_size) for task in tasks]
    with Pool(tasks, partial(tuned, make), gathered.take) as pool:
        for index, ending in pool.run(efforts, indices, jobs).items():
            gathered.take(index, died(tasks[index], settings, ending))


class Gathered:
    """The results so far, in the order of the tasks; tells of each that comes."""

    def __init__(self, tasks: Sequence[Task], progress: Progress | None) -> None:
        self.tasks = tasks
        self._found: dict[int, BaseResult] = {}
        self._progress = progress
        self._done = 0
        self._all = sum(len(task.cases) for task in tasks)

    def take(self, index: int, result: BaseResult) -> None:
        """Take the result of a task."""
        self._found[index] = result
        self._done += len(self.tasks[index].cases)
        if self._progress is not None:
            self._progress(self._done, self._all)

    @property
    def results(self) -> list[BaseResult]:
        """Give the results, of which none may be missing."""
        return [self._found[index] for index in range(len(self.tasks))]

    @property
    def missing(self) -> list[int]:
        """Give the tasks without a result."""
        return [index for index in range(len(self.tasks)) if index not in self._found]


# -- what a process does ---------------------------------------------------------------------------


def station(settings: Settings, cache_folder: str | None, kind: type[Worker] = Worker) -> Work:
    """Give a worker on the files of this machine, with the cache in a folder, None for none."""
    if cache_folder is None:
        return kind(settings).run
    cache = Cache(cache_folder, settings)
    worker = kind(settings, cache.read)

    def work(task: Task) -> BaseResult:
        result = cache.recall(task)
        if result is None:
            result = worker.run(task, cache.known(task))
            cache.keep(task, result, worker.deps)
        return result

    return work


def prepared(folder: str, settings: Settings, sink: Sink | None) -> Cache | None:
    """Make the folder of the cache; None, and a word to sink, when nothing can be kept there."""
    cache = Cache(folder, settings)
    problem = cache.prepare()
    if problem is None:
        return cache
    if sink is not None:
        sink.diagnostics.append(problem)
    return None


def careful(settings: Settings, make: Make) -> Work:
    """Give a work function that makes a finding of what should not happen.

    A defect that shows on one base must not take the verdicts of all the others with it.
    """
    work = make()

    def attempt(task: Task) -> BaseResult:
        try:
            return work(task)
        except MemoryError:
            raise
        except Exception as error:
            return failed(task, settings, error)

    return attempt


def tuned(make: Callable[[], Worked]) -> Worked:
    """Set up the collector of this process, which does nothing but tasks; give its function."""
    work = make()
    # Modules, and what the parent had when it forked: to look at them is to copy them.
    gc.freeze()
    gc.set_threshold(GARBAGE)
    return work


@contextmanager
def patient_collector() -> Iterator[None]:
    """Let objects wait for the collector of cycles while tasks are worked on."""
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


# -- results without work --------------------------------------------------------------------------


def died(task: Task, settings: Settings, ending: str) -> BaseResult:
    """Give the result of a task that killed its process twice."""
    overlays = len(task.overlays)
    with_them = f"{overlays} overlays" if overlays != 1 else "1 overlay"
    found = Diagnostic(WORKER_DIED, what=f"{task.base.path} with {with_them}", why=ending)
    return without_verdict(task, settings.appliers, found)


def failed(task: Task, settings: Settings, error: Exception) -> BaseResult:
    """Give the result of a task at which dtovl itself failed."""
    found = defect(error, f"{task.base.path} and the overlays that meet it")
    return without_verdict(task, settings.appliers, found)


def defect(error: Exception, files: str) -> Diagnostic:
    """Say what failed in dtovl, and which files to report it with."""
    from traceback import extract_tb

    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = extract_tb(error.__traceback__)
    module = frames[-1].filename.rpartition("dtovl/")[2]
    why = f"in {frames[-1].name} of dtovl/{module}, line {frames[-1].lineno}"
    return Diagnostic(INTERNAL_ERROR, what=what, why=why, fix=f"report it with {files}")


def without_verdict(task: Task, appliers: Iterable[str], found: Diagnostic) -> BaseResult:
    """Give a result in which no case has been tried, and why."""
    verdicts = tuple(Verdict(name, UNREADABLE) for name in appliers)
    base = task.base.path
    names = [source.path for source in task.overlays]
    cases = tuple(
        Case(base, tuple(names[index] for index in wanted.overlays), wanted.name, verdicts)
        for wanted in task.cases
    )
    return BaseResult(base, cases, inputs=((base, as_finding(found)),))
