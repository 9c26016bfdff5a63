"""Runs tasks on a Dask cluster, by the Executor interface of its client.

Lots of tasks travel with the files they need; a worker of the cluster keeps the overlays it has
read for as long as the run goes on. The scheduler gives what a dead worker had to another one, and
gives up what has killed several. Whatever has no result in the end, for that reason or because the
cluster is gone, is worked on here, in processes of its own: so a report is whole in any case, and
the same in any case.

Dask sends pickles, so workers and scheduler can do with this machine what they like, and whoever
reaches the scheduler can do it with them: its addresses belong into a network of trusted machines,
or behind TLS.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl._version import __version__
from dtovl.codes.engine import (
    CLUSTER_FELL_SHORT,
    CLUSTER_UNREACHABLE,
    DISTRIBUTED_MISSING,
    NO_WORKERS,
    UNKNOWN_ENGINE,
    WORKER_VERSION,
    WORKER_WITHOUT_DTOVL,
)
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.errors import InputError, UsageError
from dtovl.files import file_size, read_bytes, read_included
from dtovl.matrix.bundle import MAX_BUNDLE_BYTES, Bundle, pack
from dtovl.matrix.run import Gathered, apart, careful, prepared, station
from dtovl.matrix.shards import Lots, effort
from dtovl.matrix.work import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor, Future

    from dtovl.matrix.cache import Cache
    from dtovl.matrix.result import BaseResult
    from dtovl.matrix.run import Progress
    from dtovl.matrix.tasks import Settings, Task

_SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
_PORT = 8786  # of a scheduler that was not given another one
_CONNECT_SECONDS = 10
_PATIENCE = 30.0  # seconds for which a cluster may be without workers
_TICK = 1.0  # seconds between two looks at how the cluster is
_VERSION_OF = "dtovl._version:__version__"


class Parcel(NamedTuple):
    """Tasks on their way to a worker, with their files.

    run tells one call of run_on_cluster from others; worker is the class that works there.
    """

    run: str
    version: str
    worker: type[Worker]
    settings: Settings
    tasks: tuple[Task, ...]
    files: Bundle


class Answer(NamedTuple):
    """What a worker makes of a parcel: a result for each task, None where a file was missing.

    deps are, for each task, the paths of the files that its sources looked at.
    """

    version: str
    results: tuple[BaseResult | None, ...]
    deps: tuple[tuple[str, ...], ...]


def scheduler_address(engine: str) -> str:
    """Give the address of a Dask scheduler as Dask writes it, from `dask://HOST:PORT`.

    dask+tls:// is TLS. Without a port it is that of Dask.

    Raises UsageError (DT663).
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(engine)
        host, port, scheme = parts.hostname, parts.port, _SCHEMES.get(parts.scheme)
    except ValueError:
        host = port = scheme = None
    rest = engine.partition("://")[2]
    if not host or scheme is None or not rest.isprintable() or set(rest) & set("/@?#\\ "):
        raise UsageError(Diagnostic(UNKNOWN_ENGINE, engine=repr(engine)))
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{_PORT if port is None else port}"


def run_on_cluster(
    engine: str,
    tasks: Sequence[Task],
    settings: Settings,
    *,
    jobs: int = 1,
    cache_folder: str | None = None,
    progress: Progress | None = None,
    sink: Sink | None = None,
    patience: float = _PATIENCE,
    worker: type[Worker] = Worker,
) -> list[BaseResult]:
    """Work on all tasks on a Dask cluster; give what dtovl.matrix.run.run gives for them.

    engine is `dask://HOST:PORT`. Files are read, and results kept in the cache, on this machine,
    where jobs processes work on what the cluster gives no result for; that is said to sink (DT667).
    patience is for how many seconds the cluster may be without any worker. worker is the class that
    works on the tasks, known by name here and there.

    Raises UsageError (DT663), and InputError (DT661, DT662, DT664 to DT666) before any work.
    """
    address = scheduler_address(engine)
    cache = None if cache_folder is None else prepared(cache_folder, settings, sink)
    gathered = Gathered(tasks, progress)
    with _connected(address, engine, patience) as client:
        _check_workers(client, engine, address, patience)
        if cache is not None:
            _recall(cache, gathered)
        spread = _Spread(client, settings, worker, gathered, cache, patience)
        spread.run()
    left = gathered.missing
    if left:
        if sink is not None:
            count = "1 base was" if len(left) == 1 else f"{len(left)} bases were"
            sink.report(CLUSTER_FELL_SHORT, count=count, what=spread.reason)
        own = partial(station, settings, None if cache is None else cache_folder, worker)
        apart(left, settings, jobs, partial(careful, settings, own), gathered)
    if cache is not None:
        cache.trim()
    return gathered.results


def _recall(cache: Cache, gathered: Gathered) -> None:
    for index, task in enumerate(gathered.tasks):
        result = cache.recall(task)
        if result is not None:
            gathered.take(index, result)


# -- the cluster -----------------------------------------------------------------------------------


@contextmanager
def _connected(address: str, engine: str, patience: float) -> Iterator[Any]:
    """Give a client of the scheduler at an address; it is closed in the end."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(Diagnostic(DISTRIBUTED_MISSING, engine=engine, what=str(error))) from error
    seconds = min(patience, _CONNECT_SECONDS)
    with _silence():
        try:
            client = _within(2 * seconds, Client, address, timeout=seconds, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise _unreachable(engine, error) from error
        try:
            yield client
        finally:
            client.close(timeout=2)


def _within(seconds: float, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Give what a function returns; raises TimeoutError when it takes longer than so many seconds.

    Dask waits for ever for an answer once it is connected, even to what is no scheduler.
    """
    done: list[tuple[bool, Any]] = []

    def carry_out() -> None:
        try:
            done.append((True, call(*args, **options)))
        except Exception as error:
            # It is raised again below, in the thread that waits.
            done.append((False, error))

    # A thread that nobody waits for at the end, unlike those of an executor.
    thread = threading.Thread(target=carry_out, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise TimeoutError("what listens there does not answer")
    good, value = done[0]
    if not good:
        raise value
    return value


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Dask from logging lost connections; what matters is said by findings."""
    import logging
    import warnings

    known = logging.root.manager.loggerDict
    names = [name for name in known if name.partition(".")[0] in ("distributed", "tornado")]
    # Each of them has a level of its own, so there is no one place to turn all of them down.
    talking = [log for log in map(logging.getLogger, names) if not log.disabled]
    for log in talking:
        log.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log in talking:
            log.disabled = False


def _check_workers(client: Any, engine: str, address: str, patience: float) -> None:
    """See that there are workers, and that all of them have this version.

    Raises InputError (DT664 to DT666).
    """
    from pkgutil import resolve_name

    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError as error:
        found = Diagnostic(NO_WORKERS, address=engine, scheduler=address)
        raise InputError(found) from error
    except OSError as error:
        raise _unreachable(engine, error) from error
    try:
        # Asked by a function that every Python has: there may be no dtovl to ask.
        ask = partial(client.run, resolve_name, _VERSION_OF, on_error="return")
        versions = _within(_CONNECT_SECONDS, ask)
    except OSError as error:
        raise _unreachable(engine, error) from error
    sink = Sink()
    for worker, theirs in sorted(versions.items()):
        if isinstance(theirs, Exception):
            what = _reason(theirs)
            sink.report(WORKER_WITHOUT_DTOVL, worker=worker, what=what, ours=__version__)
        elif theirs != __version__:
            sink.report(WORKER_VERSION, worker=worker, theirs=theirs, ours=__version__)
    if sink.diagnostics:
        raise InputError(*sink)


def _unreachable(engine: str, error: Exception) -> InputError:
    return InputError(Diagnostic(CLUSTER_UNREACHABLE, address=engine, what=_reason(error)))


def _reason(error: BaseException) -> str:
    """Say what an error is about; where Dask wraps one in others, the innermost that says it."""
    reason = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        text = getattr(cause, "strerror", None) or str(cause)
        reason = text.strip().partition("\n")[0] or reason
        cause = cause.__cause__ or cause.__context__
    return reason


class _Spread:
    """One run on a cluster: lots go out, few at a time, answers come in.

    reason says why the last task that has no result has none.
    """

    def __init__(
        self,
        client: Any,
        settings: Settings,
        worker: type[Worker],
        gathered: Gathered,
        cache: Cache | None,
        patience: float,
    ) -> None:
        from uuid import uuid4

        self.reason = ""
        self._client = client
        self._settings = settings
        self._worker = worker
        self._gathered = gathered
        self._cache = cache
        self._read = read_bytes if cache is None else cache.read
        self._patience = patience
        self._alone = 0.0
        self._run = uuid4().hex
        self._sent: dict[Future[Answer], tuple[list[int], Bundle]] = {}
        self._threads = _threads(client)
        efforts = [effort(task, file_size) for task in gathered.tasks]
        self._lots = Lots(efforts, gathered.missing, max(1, self._threads))

    def run(self) -> None:
        """Send and take until all is done, or nothing more is to be had from the cluster."""
        # Not pure: the same parcel means other files in another run.
        executor = self._client.get_executor(pure=False)
        try:
            while self._send(executor):
                done, _ = wait(self._sent, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    self._take(future, *self._sent.pop(future))
                if not done and not self._workers_left():
                    break
        finally:
            executor.shutdown(wait=False)

    def _send(self, executor: Executor) -> bool:
        """Keep two lots for each thread on their way; tell whether any are."""
        while self._lots and len(self._sent) < 2 * max(1, self._threads):
            if self._client.status != "running":
                self.reason = "the scheduler is gone"
                break
            lot, files = self._pack(self._lots.take())
            if lot:
                tasks = tuple(self._gathered.tasks[index] for index in lot)
                parcel = Parcel(self._run, __version__, self._worker, self._settings, tasks, files)
                self._sent[executor.submit(work_on, parcel)] = lot, files
        return bool(self._sent)

    def _pack(self, lot: list[int]) -> tuple[list[int], Bundle]:
        """Gather the files of a lot; what makes it too large to be sent goes into the next one."""
        files = Bundle({}, {})
        packed: list[int] = []
        size = 0
        for place, index in enumerate(lot):
            part = pack(self._gathered.tasks[index], self._read, read_included, files)
            size += part.size
            if size > MAX_BUNDLE_BYTES:
                if packed:
                    self._lots.put_back(lot[place:])
                    break
                self.reason = "it has more bytes than are sent in one go"
                size = 0
                continue
            files.plan.update(part.plan)
            files.included.update(part.included)
            packed.append(index)
        return packed, files

    def _take(self, future: Future[Answer], lot: list[int], files: Bundle) -> None:
        """Take the results of a lot. Why there are none is said; they are missed in the end."""
        try:
            answer = future.result()
        except CancelledError:
            self.reason = "the scheduler is gone"
            return
        except Exception as error:
            # Whatever a worker raises, be it while it unpacks the parcel, this machine may know.
            self.reason = _reason(error)
            return
        for index, result, deps in zip(lot, answer.results, answer.deps, strict=True):
            if result is None:
                late = f"a worker that came later has dtovl {answer.version}"
                macro = "a source includes a file by a name that a macro makes"
                self.reason = macro if answer.version == __version__ else late
                continue
            if self._cache is not None:
                looked_at = {path: _content(files, path) for path in deps}
                self._cache.keep(self._gathered.tasks[index], result, looked_at)
            self._gathered.take(index, result)

    def _workers_left(self) -> bool:
        """Look at how many workers there are; wait for the first one, but not for ever."""
        if self._client.status != "running":
            self.reason = "the scheduler is gone"
            return False
        try:
            self._threads = _threads(self._client)
        except OSError:
            self.reason = "the scheduler is gone"
            return False
        self._alone = 0.0 if self._threads else self._alone + _TICK
        if self._alone > self._patience:
            self.reason = "no worker is left"
            return False
        return True


def _content(files: Bundle, path: str) -> bytes | None:
    content = files.included.get(path)
    return content if isinstance(content, bytes) else None


def _threads(client: Any) -> int:
    """Count the threads of all workers; raises OSError, TimeoutError among them."""
    counts = client.sync(client.scheduler.ncores, callback_timeout=_CONNECT_SECONDS)
    return sum(counts.values())


# -- on a worker -----------------------------------------------------------------------------------


class _Desk:
    """What a thread of a worker has at hand during a run: the files at the moment, and a Worker."""

    def __init__(self, parcel: Parcel) -> None:
        self.run = parcel.run
        self.files = Bundle({}, {})
        self.missed = False
        self._settings = parcel.settings
        self._kind = parcel.worker
        self._clear()

    def _clear(self) -> None:
        self.worker = self._kind(self._settings, self._read, self._read_included)

    def _read(self, path: str) -> bytes:
        return self.files.read(path)

    def _read_included(self, path: str) -> bytes | None:
        if path not in self.files.included:
            self.missed = True
            return None
        return self.files.read_included(path)

    def work(self, task: Task) -> tuple[BaseResult | None, tuple[str, ...]]:
        """Work on a task; give no result when a file was asked for that is not there."""
        self.missed = False
        result = careful(self._settings, lambda: self.worker.run)(task)
        if not self.missed:
            return result, tuple(self.worker.deps)
        # It may have kept an overlay as what it is not.
        self._clear()
        return None, ()


_desks = threading.local()


def work_on(parcel: Parcel) -> Answer:
    """Work on a parcel, in any thread of any process."""
    if parcel.version != __version__:
        nothing = len(parcel.tasks)
        return Answer(__version__, (None,) * nothing, ((),) * nothing)
    desk = getattr(_desks, "desk", None)
    # A path may mean another file in another run.
    if desk is None or desk.run != parcel.run:
        desk = _desks.desk = _Desk(parcel)
    desk.files = parcel.files
    done = [desk.work(task) for task in parcel.tasks]
    desk.files = Bundle({}, {})
    return Answer(__version__, tuple(result for result, _ in done), tuple(deps for _, deps in done))
