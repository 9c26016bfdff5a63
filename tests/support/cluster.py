"""A Dask cluster on this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

_TESTS = Path(__file__).parents[1]


class Cluster:
    """A scheduler, and workers of one thread; a context, at whose end all of them are gone."""

    def __init__(self) -> None:
        self.workers: list[subprocess.Popen[str]] = []
        self._processes: list[subprocess.Popen[str]] = []
        started = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        self.address = _until(started, r"Scheduler at: +(tcp://\S+)")
        self.scheduler = started

    @property
    def engine(self) -> str:
        return self.address.replace("tcp://", "dask://")

    def add_worker(self, path: Path = _TESTS) -> subprocess.Popen[str]:
        """Start a worker and wait until the scheduler knows it; path goes before its modules."""
        options = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--memory-limit", "0")
        worker = self._start("dask_worker", self.address, *options, path=path)
        _until(worker, "(Registered) to")
        self.workers.append(worker)
        return worker

    def _start(self, module: str, *arguments: str, path: Path = _TESTS) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # Python looks for modules in the current folder before all others.
            cwd=path,
            env={**os.environ, "PYTHONPATH": str(path)},
        )
        self._processes.append(process)
        return process

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


def _until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read the log of a process up to a line; the rest is read by a thread, and thrown away."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        found = re.search(pattern, line)
        if found is not None:
            Thread(target=process.stderr.read, daemon=True).start()
            return found[1]
        seen.append(line)
    raise AssertionError(f"it ended before {pattern}:\n{''.join(seen)}")
