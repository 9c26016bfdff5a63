"""A Dask cluster: the same results, whatever becomes of its workers, and clear words before work.

A cluster here is real: a scheduler and workers, each a process that listens on a port.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.cluster import Cluster
from support.worked import SETTINGS, Deadly, boards

from dtovl._version import __version__
from dtovl.diagnostics import Sink
from dtovl.errors import InputError, UsageError
from dtovl.files import read_bytes, read_included
from dtovl.matrix.bundle import MAX_BUNDLE_BYTES, Bundle, pack
from dtovl.matrix.engine import Parcel, run_on_cluster, scheduler_address, work_on
from dtovl.matrix.run import run
from dtovl.matrix.tasks import Source, Task, Wanted
from dtovl.matrix.work import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("distributed", reason="the package distributed is not installed")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as started:
        yield started


# -- workers that go -------------------------------------------------------------------------------


def test_200_boards_on_a_scheduler_and_2_workers_of_which_1_is_killed_at_a_third_same_results(
    cluster: Cluster, tmp_path: Path
) -> None:
    tasks = [*boards(tmp_path, 197), *sources(tmp_path / "source")]
    alone = run(tasks, SETTINGS)
    victim, other = cluster.add_worker(), cluster.add_worker()
    done_when_killed: list[int] = []

    def progress(done: int, whole: int) -> None:
        if 3 * done >= whole and not done_when_killed:
            victim.kill()
            victim.wait()
            done_when_killed.append(done)

    sink = Sink()
    assert run_on_cluster(cluster.engine, tasks, SETTINGS, progress=progress, sink=sink) == alone
    assert done_when_killed
    assert other.poll() is None
    # A source includes a file by a name that a macro makes: only that one was not for the cluster.
    assert [one.message for one in sink] == [
        "1 base was checked on this machine, not on the cluster: "
        "a source includes a file by a name that a macro makes"
    ]


def test_what_kills_every_worker_is_a_finding_and_all_else_is_done_here(
    cluster: Cluster, tmp_path: Path
) -> None:
    tasks = boards(tmp_path, 30)
    alone = run(tasks, SETTINGS)
    for _ in range(2):
        cluster.add_worker()
    sink = Sink()
    found = run_on_cluster(
        cluster.engine, tasks, SETTINGS, sink=sink, worker=Deadly, patience=3, jobs=2
    )
    assert all(worker.poll() is not None for worker in cluster.workers)
    assert [found[:2], found[3:]] == [alone[:2], alone[3:]]
    ((_, finding),) = found[2].inputs
    assert finding.code == "DT660"
    assert [one.code.number for one in sink] == ["DT667"]


def test_without_its_scheduler_a_run_is_finished_here(cluster: Cluster, tmp_path: Path) -> None:
    tasks = boards(tmp_path, 60)
    alone = run(tasks, SETTINGS)
    cluster.add_worker()
    sink = Sink()
    cache = str(tmp_path / "cache")

    def progress(done: int, whole: int) -> None:
        if 3 * done >= whole:
            cluster.scheduler.kill()

    found = run_on_cluster(
        cluster.engine, tasks, SETTINGS, progress=progress, sink=sink, cache_folder=cache
    )
    assert found == alone
    assert [one.code.number for one in sink] == ["DT667"]
    assert "the scheduler is gone" in sink.diagnostics[0].message
    assert run(tasks, SETTINGS, cache_folder=cache) == alone


# -- clusters that will not do ---------------------------------------------------------------------


def test_workers_of_another_version_or_without_dtovl_are_refused(
    cluster: Cluster, tmp_path: Path
) -> None:
    tasks = boards(tmp_path, 2)
    with pytest.raises(InputError) as caught:
        run_on_cluster(cluster.engine, tasks, SETTINGS, patience=5)
    assert [one.code.number for one in caught.value.diagnostics] == ["DT666"]

    for name, lines in (("old", "__version__ = '0.0.1'"), ("none", None)):
        package = tmp_path / name / "dtovl"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        if lines is not None:
            (package / "_version.py").write_text(lines)
        cluster.add_worker(tmp_path / name)
    with pytest.raises(InputError) as caught:
        run_on_cluster(cluster.engine, tasks, SETTINGS)
    said = {one.code.number: one.message for one in caught.value.diagnostics}
    assert said.keys() == {"DT664", "DT665"}
    assert said["DT664"].endswith(f"has dtovl 0.0.1, here it is {__version__}")
    assert said["DT665"].endswith("has no dtovl: No module named 'dtovl._version'")


def test_a_scheduler_that_is_not_there_is_said(tmp_path: Path) -> None:
    # Nobody listens on this port, which only the system may give away.
    with pytest.raises(InputError) as caught:
        run_on_cluster("dask://127.0.0.1:1", boards(tmp_path, 1), SETTINGS, patience=0.5)
    assert [one.code.number for one in caught.value.diagnostics] == ["DT662"]
    # Why not is in the words of the cluster: refused, or, where the machine is busy, timed out.
    assert "no Dask scheduler answers at dask://127.0.0.1:1: " in caught.value.diagnostic.message


def test_without_distributed_it_is_said_how_to_install_it() -> None:
    script = (
        "import sys; sys.modules['distributed'] = None\n"
        "from dtovl.errors import InputError\n"
        "from dtovl.matrix.engine import run_on_cluster\n"
        "from dtovl.matrix.tasks import Settings\n"
        "try: run_on_cluster('dask://host', [], Settings())\n"
        "except InputError as error: print(error.diagnostic.code.number, error.diagnostic.fix)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "DT661 pip install 'dtovl[dask]'\n"


@pytest.mark.parametrize(
    ("engine", "address"),
    [
        ("dask://ci-head:8786", "tcp://ci-head:8786"),
        ("dask://ci-head", "tcp://ci-head:8786"),
        ("dask://10.0.0.7:1", "tcp://10.0.0.7:1"),
        ("dask://[fd00::7]:8786", "tcp://[fd00::7]:8786"),
        ("dask+tls://ci-head:8786", "tls://ci-head:8786"),
    ],
)
def test_an_engine_is_the_address_of_a_scheduler(engine: str, address: str) -> None:
    assert scheduler_address(engine) == address


@pytest.mark.parametrize(
    "engine",
    [
        *("", "dask", "dask://", "ci-head:8786", "tcp://ci-head:8786", "dask://h:99999"),
        *(
            "dask://h:x",
            "dask://[fd00::7",
            "dask://h/path",
            "dask://u@h",
            "dask://h\n",
            "dask:// h",
        ),
        *("inproc://1", "dask://h?a", "dask://h#a"),
    ],
)
def test_other_engines_are_refused(engine: str) -> None:
    with pytest.raises(UsageError) as caught:
        scheduler_address(engine)
    assert caught.value.diagnostic.code.number == "DT663"


# -- files on their way ----------------------------------------------------------------------------

BOARD = """/dts-v1/;
#include "common.h"
#include <limits.h>
/include/ "parts/uart.dtsi"
/ { compatible = "acme,board"; data = /incbin/("parts/data.bin"); width = <WIDTH>; };
"""
HIDDEN = '/dts-v1/;\n#define PART "hidden.h"\n#include PART\n/ { width = <WIDTH>; };\n'
ABSENT = '/dts-v1/;\n#include "none.h"\n/ { };\n'


def sources(folder: Path) -> list[Task]:
    """Write sources: one that includes, one that does so by a macro, one that misses a file."""
    files = {
        "board.dts": BOARD,
        "hidden.dts": HIDDEN,
        "absent.dts": ABSENT,
        "common.h": "#define WIDTH 4\n",
        "hidden.h": "#define WIDTH 4\n",
        "include/limits.h": '#include "deeper.h"\n',
        "include/deeper.h": "",
        "parts/uart.dtsi": "/ { uart: uart { }; };\n",
        "parts/data.bin": "\0\1",
        "o.dtso": "/dts-v1/; /plugin/; &uart { x; };\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    include = (str(folder / "include"),)
    overlay = Source(str(folder / "o.dtso"), include)
    return [
        Task(Source(str(folder / name), include), (overlay,), (Wanted((0,)),))
        for name in ("board.dts", "hidden.dts", "absent.dts")
    ]


def packed(task: Task) -> Bundle:
    return pack(task, read_bytes, read_included, Bundle({}, {}))


def answered(tasks: list[Task], files: Bundle, run: str = "1", version: str = __version__) -> list:
    parcel = Parcel(run, version, Worker, SETTINGS, tuple(tasks), files)
    answer = work_on(pickle.loads(pickle.dumps(parcel)))
    return list(pickle.loads(pickle.dumps(answer)).results)


def test_a_bundle_holds_what_sources_include(tmp_path: Path) -> None:
    tasks = sources(tmp_path)
    alone = run(tasks, SETTINGS)
    assert [case.error for one in alone for case in one.cases] == [
        "",
        "FDT_ERR_BADOFFSET",
        "unreadable",
    ]
    bundles = list(map(packed, tasks))
    (tmp_path / "common.h").unlink()
    (tmp_path / "board.dts").unlink()
    found = [answered([task], files)[0] for task, files in zip(tasks, bundles, strict=True)]
    assert found == [alone[0], None, alone[2]]


def test_what_one_bundle_holds_the_next_does_not_hold_again(tmp_path: Path) -> None:
    task = sources(tmp_path)[0]
    first = packed(task)
    assert pack(task, read_bytes, read_included, first) == Bundle({}, {})
    assert first.size == sum(
        path.stat().st_size
        for path in tmp_path.rglob("*.*")
        if path.is_file() and path.name not in ("hidden.dts", "hidden.h", "absent.dts")
    )


def test_files_that_cannot_be_read_are_reasons_in_a_bundle(tmp_path: Path) -> None:
    tasks = [
        *boards(tmp_path, 1),
        Task(Source(str(tmp_path / "gone.dtb")), (), (Wanted(()),)),
        *sources(tmp_path)[:1],
    ]
    (tmp_path / "include" / "deeper.h").unlink()
    (tmp_path / "include" / "deeper.h").mkdir()
    (tmp_path / "uart.dtbo").write_bytes(b"no blob")
    alone = run(tasks, SETTINGS)
    assert [answered([task], packed(task))[0] for task in tasks] == alone


def test_sources_cannot_have_files_sent_from_outside_their_folders(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    inner = tmp_path / "inner"
    inner.mkdir()
    text = f'/dts-v1/;\n#include "../secret"\n/include/ "{tmp_path}/secret"\n/ {{ }};\n'
    (inner / "a.dts").write_text(text)
    task = Task(Source(str(inner / "a.dts")), (), ())
    assert packed(task).included == {}


def test_gathering_stops_at_the_bound(tmp_path: Path) -> None:
    for number in range(4):
        with (tmp_path / f"{number}.h").open("wb") as file:
            file.truncate(MAX_BUNDLE_BYTES // 2)
    names = "".join(f'#include "{number}.h"\n' for number in range(4))
    (tmp_path / "a.dts").write_text(f"/dts-v1/;\n{names}/ {{ }};\n")
    bundle = packed(Task(Source(str(tmp_path / "a.dts")), (), ()))
    assert len(bundle.included) == 2


def test_a_path_may_mean_another_file_in_another_run(tmp_path: Path) -> None:
    task = boards(tmp_path, 1)[0]
    old = packed(task)
    (tmp_path / "uart.dtbo").write_bytes((tmp_path / "none.dtbo").read_bytes())
    new = packed(task)
    first, second = answered([task], old, "1"), answered([task], new, "2")
    assert [first[0].cases[0].error, second[0].cases[0].error] == ["", "FDT_ERR_NOTFOUND"]
    assert second == run([task], SETTINGS)


def test_a_worker_that_comes_later_with_another_version_does_nothing(tmp_path: Path) -> None:
    task = boards(tmp_path, 1)[0]
    assert answered([task], packed(task), version="0.0.1") == [None]
