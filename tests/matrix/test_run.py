"""Running tasks: the same results in any number of processes, whatever becomes of them."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.worked import SETTINGS, boards, fates, plain, told

from dtovl.diagnostics import Sink
from dtovl.matrix.result import UNREADABLE
from dtovl.matrix.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.matrix.result import BaseResult
    from dtovl.matrix.tasks import Task


def ways(tasks: list[Task], jobs: int) -> list[BaseResult]:
    return run(tasks, SETTINGS, jobs=jobs, make=fates)


# -- the same for any number of processes ----------------------------------------------------------


def test_results_are_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    tasks = boards(tmp_path, 24)
    alone = run(tasks, SETTINGS)
    assert [one.base for one in alone] == [task.base.path for task in tasks]
    assert {case.error for one in alone for case in one.cases} == {"", "FDT_ERR_NOTFOUND"}
    assert any(one.between for one in alone)
    for jobs in (2, 3, 40):
        assert run(tasks, SETTINGS, jobs=jobs) == alone


def test_the_cache_changes_nothing_in_any_number_of_processes(tmp_path: Path) -> None:
    tasks = boards(tmp_path, 8)
    alone = run(tasks, SETTINGS)
    folder = str(tmp_path / "cache")
    for jobs in (2, 1, 2):
        assert run(tasks, SETTINGS, jobs=jobs, cache_folder=folder) == alone
    assert any(Path(folder).iterdir())


def test_a_cache_that_cannot_be_is_said_once_and_not_missed(tmp_path: Path) -> None:
    tasks = boards(tmp_path, 4)
    (tmp_path / "file").write_text("in the way")
    sink = Sink()
    found = run(tasks, SETTINGS, jobs=2, cache_folder=str(tmp_path / "file"), sink=sink)
    assert found == run(tasks, SETTINGS)
    assert len(sink) == 1


def test_beside_other_threads_processes_are_not_forked(tmp_path: Path) -> None:
    tasks = boards(tmp_path, 4)
    alone = run(tasks, SETTINGS)
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait)
    thread.start()
    try:
        assert run(tasks, SETTINGS, jobs=2) == alone
    finally:
        wait.set()
        thread.join()


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_counts_cases_up_to_the_last(tmp_path: Path, jobs: int) -> None:
    tasks = boards(tmp_path, 5)
    seen: list[tuple[int, int]] = []
    run(tasks, SETTINGS, jobs=jobs, progress=lambda done, whole: seen.append((done, whole)))
    assert {whole for _, whole in seen} == {35}
    assert [done for done, _ in seen] == [7, 14, 21, 28, 35]


@pytest.mark.parametrize("jobs", [1, 4])
def test_nothing_to_do_is_done(jobs: int) -> None:
    assert run([], SETTINGS, jobs=jobs) == []


def test_the_collector_is_left_as_it_was(tmp_path: Path) -> None:
    before, odd = gc.get_threshold(), (701, 11, 12)
    gc.set_threshold(*odd)
    try:
        run(boards(tmp_path, 2), SETTINGS)
        assert gc.get_threshold() == odd
        with pytest.raises(KeyboardInterrupt):
            run(plain("a"), SETTINGS, make=fates, progress=interrupt)
        assert gc.get_threshold() == odd
    finally:
        gc.set_threshold(*before)


def interrupt(done: int, whole: int) -> None:
    raise KeyboardInterrupt


def test_steps_of_progress_are_never_less() -> None:
    seen: list[int] = []
    tasks = plain("killed-1", *map(str, range(30)))
    run(tasks, SETTINGS, jobs=3, make=fates, progress=lambda done, _: seen.append(done))
    assert seen[-1] == len(tasks)
    assert all(one < other for one, other in pairwise(seen))


# -- processes that die ----------------------------------------------------------------------------

ENDINGS = {
    "killed": "ended by SIGKILL",
    "crashes": "ended by SIGSEGV",
    "exits": "exit status 3",
    "memory": "ran out of memory",
}


@pytest.mark.parametrize("deed", ENDINGS)
@pytest.mark.parametrize("jobs", [2, 3])
def test_a_task_that_kills_its_process_is_lost_and_no_other(deed: str, jobs: int) -> None:
    tasks = plain(*(f"a{number}" for number in range(20)), f"{deed}-1", "b1", "b2", "b3")
    found = ways(tasks, jobs)
    assert [one.base for one in found] == [task.base.path for task in tasks]
    assert found[:20] == list(map(told, tasks[:20]))
    assert found[21:] == list(map(told, tasks[21:]))
    lost = found[20]
    assert [case.error for case in lost.cases] == [UNREADABLE]
    ((file, finding),) = lost.inputs
    assert (file, finding.code) == (f"{deed}-1", "DT660")
    assert ENDINGS[deed] in finding.why
    assert f"{deed}-1 with 1 overlay died" in finding.message


def test_many_deaths_cost_nobody_else_a_result() -> None:
    tasks = plain(*(f"{'killed' if number % 3 == 0 else 'ok'}-{number}" for number in range(15)))
    found = ways(tasks, 2)
    assert [bool(one.inputs) for one in found] == [number % 3 == 0 for number in range(15)]


def test_a_process_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    tasks = plain("a", str(tmp_path / "once-1"), "b", "c", str(tmp_path / "once-2"))
    assert ways(tasks, 2) == list(map(told, tasks))
    assert {path.name for path in tmp_path.iterdir()} == {"once-1.tried", "once-2.tried"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_defect_that_shows_on_one_base_is_a_finding_of_that_base(jobs: int) -> None:
    tasks = plain("a", "raises-1", "b", "c")
    found = ways(tasks, jobs)
    assert [found[0], *found[2:]] == list(map(told, [tasks[0], *tasks[2:]]))
    ((_, finding),) = found[1].inputs
    assert finding.code == "DT901"
    assert finding.message == "dtovl failed: ValueError: what nobody foresaw"
    assert "in fate of" in finding.why
    assert found == ways(tasks, 3 - jobs)


# -- Ctrl-C ----------------------------------------------------------------------------------------

INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # be it ignored where the tests run
from support.worked import SETTINGS, plain
from dtovl.matrix.run import run

def work(task):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    for _ in range(2):
        os.write(1, f"{os.getpid()}\\n".encode())
        signal.sigwait({signal.SIGUSR1})

try:
    run(plain("a", "b"), SETTINGS, jobs=2, make=lambda: work)
except KeyboardInterrupt:
    sys.exit(130)
"""

LEFT_ALONE = """
import os, signal
from support.worked import SETTINGS, plain, told
from dtovl.matrix.run import run

def progress(done, whole):
    os.write(1, b"one is done\\n")
    signal.pause()

run(plain(*map(str, range(40))), SETTINGS, jobs=2, make=lambda: told, progress=progress)
"""


@contextmanager
def started(script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script with a session of its own, in which nothing is left in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        try:
            yield parent
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def test_ctrl_c_ends_every_process() -> None:
    with started(INTERRUPTED) as parent:
        assert parent.stdout is not None
        children = {int(parent.stdout.readline()) for _ in range(2)}
        assert len(children - {parent.pid}) == 2
        for child in children:
            # It is no business of theirs, and they go on with their work.
            os.kill(child, signal.SIGINT)
            os.kill(child, signal.SIGUSR1)
            assert int(parent.stdout.readline()) == child
        # A terminal sends it to all processes in the foreground, as here.
        os.killpg(parent.pid, signal.SIGINT)
        # The children have this pipe open, too: that it ends shows that they have.
        assert parent.communicate(timeout=60) == ("", "")
        assert parent.returncode == 130
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_processes_end_with_a_parent_that_is_killed() -> None:
    with started(LEFT_ALONE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "one is done\n"
        parent.kill()
        assert parent.communicate(timeout=60) == ("", "")
