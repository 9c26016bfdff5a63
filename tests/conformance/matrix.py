"""Check the reference corpus as a matrix: every way to run it must find what libfdt found.

    python tests/conformance/matrix.py [DIR] [--sample PAIRS] [--dask]

DIR (default: ../shared/corpus beside the checkout) holds `corpus.tar.xz`. All of it is run with two
processes, and verdict and failing overlay of every pair and stack are held against the manifest.
Then about PAIRS pairs and stacks (default 300, 0 for all) are run in every other way: one process,
three shards put together, the cache cold, warm, damaged, and with half of the cases; with --dask
also on a cluster of two workers. Each must give what the first way gave, findings included. Every
disagreement is printed; the last line is `agree A of B pairs, C of D stacks`. Exits with 1 when
something disagrees, or when DIR holds nothing.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections import defaultdict
from contextlib import chdir, contextmanager
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance.report import Result, Tally  # noqa: E402
from conformance.unpacking import unpacked  # noqa: E402

from dtovl.files import file_size  # noqa: E402
from dtovl.matrix.result import UNREADABLE  # noqa: E402
from dtovl.matrix.run import run  # noqa: E402
from dtovl.matrix.shards import shard  # noqa: E402
from dtovl.matrix.tasks import Settings, Source, Task, Wanted  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dtovl.matrix.result import BaseResult, Case

    Way = Callable[[Sequence[Task]], list[BaseResult]]

Entry = dict[str, Any]

SETTINGS = Settings()
SAMPLE = 300
SHARDS = 3


# -- the corpus as tasks ---------------------------------------------------------------------------


class Group(NamedTuple):
    """A base's entries of the manifest, and the task with a case for each, in their order."""

    entries: list[Entry]
    task: Task


def groups(manifest: Path) -> list[Group]:
    by_base: dict[str, list[Entry]] = defaultdict(list)
    for line in manifest.read_text().splitlines():
        entry = json.loads(line)
        if entry["type"] in ("pair", "stack"):
            by_base[entry["base"]].append(entry)
    return [Group(entries, _task(base, entries)) for base, entries in sorted(by_base.items())]


def _task(base: str, entries: list[Entry]) -> Task:
    places: dict[str, int] = {}
    cases = []
    for number, entry in enumerate(entries):
        overlays = tuple(places.setdefault(name, len(places)) for name in entry["overlays"])
        cases.append(Wanted(overlays, f"stack {number}" if entry["type"] == "stack" else ""))
    return Task(Source(base), tuple(map(Source, places)), tuple(cases))


def spread(found: list[Group], pairs: int) -> list[Group]:
    """Choose bases all over the corpus, with about so many pairs and stacks; all for 0."""
    total = sum(len(group.entries) for group in found)
    return found[:: max(total // pairs, 1)] if pairs else found


# -- ways to run it --------------------------------------------------------------------------------


def one_process(tasks: Sequence[Task]) -> list[BaseResult]:
    return run(tasks, SETTINGS, jobs=1)


def two_processes(tasks: Sequence[Task]) -> list[BaseResult]:
    return run(tasks, SETTINGS, jobs=2)


def shards(tasks: Sequence[Task]) -> list[BaseResult]:
    """Run every shard for itself, then put the results back into the order of the plan."""
    found: dict[str, BaseResult] = {}
    for number in range(1, SHARDS + 1):
        part = run(shard(tasks, number, SHARDS, file_size), SETTINGS, jobs=1)
        if not found.keys().isdisjoint(result.base for result in part):
            raise SystemExit("a base is in two shards")
        found.update((result.base, result) for result in part)
    return [found[task.base.path] for task in tasks]


class Cached:
    """The cache, cold, warm, with entries damaged and gone, and with other cases than wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _run(self, tasks: Sequence[Task], jobs: int) -> list[BaseResult]:
        return run(tasks, SETTINGS, jobs=jobs, cache_folder=os.fspath(self._folder))

    def cold(self, tasks: Sequence[Task]) -> list[BaseResult]:
        return self._run(tasks, 2)

    def warm(self, tasks: Sequence[Task]) -> list[BaseResult]:
        if not self._entries():
            raise SystemExit("cache, warm: nothing was kept")
        return self._run(tasks, 1)

    def damaged(self, tasks: Sequence[Task]) -> list[BaseResult]:
        for number, path in enumerate(self._entries()):
            if number % 3 == 0:
                path.unlink()
            elif number % 3 == 1:
                content = bytearray(path.read_bytes())
                content[number % len(content)] ^= 1 << number % 8
                path.write_bytes(content)
        return self._run(tasks, 2)

    def changed(self, tasks: Sequence[Task]) -> list[BaseResult]:
        """Keep every other case of each base, then run all: half of them are known."""
        self._run([task._replace(cases=task.cases[::2]) for task in tasks], 2)
        return self._run(tasks, 1)

    def _entries(self) -> list[Path]:
        return sorted(self._folder.glob("??/*.json"))


def on_cluster(tasks: Sequence[Task]) -> list[BaseResult]:
    """Run on a Dask scheduler and two workers, processes of this machine."""
    from dtovl.matrix.engine import run_on_cluster

    with _cluster() as address:
        return run_on_cluster(f"dask://{address}", tasks, SETTINGS)


@contextmanager
def _cluster() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    dask = [sys.executable, "-m", "dask"]
    worker = [*dask, "worker", f"tcp://{address}", "--nthreads", "1", "--no-dashboard"]
    scheduler = [*dask, "scheduler", "--host", f"tcp://{address}", "--no-dashboard"]
    # Its own search path leads the workers to this checkout as well.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with TemporaryDirectory() as kept:
        started = [
            subprocess.Popen(command, cwd=kept, env=environment, stdout=DEVNULL, stderr=DEVNULL)
            for command in (scheduler, worker, worker)
        ]
        try:
            yield address
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()


# -- what they must find ---------------------------------------------------------------------------


def held(group: Group, result: BaseResult) -> list[Result]:
    """Hold the cases of a base against the manifest."""
    results = []
    for entry, case in zip(group.entries, result.cases, strict=True):
        name = f"{entry['base']} + {' + '.join(entry['overlays'])}"
        results.append(Result(entry["type"] + "s", name, _problem(entry, case, result)))
    return results


def _problem(entry: Entry, case: Case, result: BaseResult) -> str:
    if (case.base, list(case.overlays)) != (entry["base"], entry["overlays"]):
        return f"is found as {case.base} + {' + '.join(case.overlays)}"
    verdict = case.verdicts[0]
    found = verdict.error or "0"
    if found != entry["verdict"]:
        about = (f": {finding.message}" for _, finding in result.inputs if found == UNREADABLE)
        return f"{found}, expected {entry['verdict']}{next(about, '')}"
    place = entry.get("failed_at", 0) if verdict.error else -1
    at = verdict.failed_at
    return "" if at == place else f"overlay {at} fails, expected {place}"


def count(name: str, chosen: list[Group], results: list[BaseResult]) -> tuple[str, int]:
    """Give the line that says what agrees, and 1 when something does not."""
    tally = Tally()
    for group, result in zip(chosen, results, strict=True):
        for one in held(group, result):
            tally.add(one)
    line = f"agree {tally.count('pairs')} pairs, {tally.count('stacks')} stacks"
    print(f"{name:<14} {line}", flush=True)
    return line, tally.exit_code()


def differing(name: str, first: list[BaseResult], second: list[BaseResult]) -> int:
    """Print which bases have another result than in the first way; give 1 when one has."""
    unequal = [one.base for one, other in zip(first, second, strict=True) if one != other]
    for base in unequal:
        print(f"{name}: {base}: not what one run with two processes finds")
    return int(bool(unequal))


def main(folder: Path, sample: int, *, dask: bool) -> int:
    archive = folder / "corpus.tar.xz"
    if not archive.exists():
        print("agree 0 of 0 pairs, 0 of 0 stacks")
        return 1
    with unpacked(archive) as content, chdir(content), TemporaryDirectory() as kept:
        every = groups(Path("manifest.jsonl"))
        whole = two_processes([group.task for group in every])
        line, failed = count("-j2, all", every, whole)
        chosen = spread(every, sample)
        by_base = {result.base: result for result in whole}
        expected = [by_base[group.task.base.path] for group in chosen]
        for name, way in _ways(Cached(Path(kept)), dask=dask):
            results = way([group.task for group in chosen])
            failed |= count(name, chosen, results)[1] | differing(name, expected, results)
    print(line)
    return failed


def _ways(cached: Cached, *, dask: bool) -> list[tuple[str, Way]]:
    ways: list[tuple[str, Way]] = [
        ("-j1", one_process),
        (f"{SHARDS} shards", shards),
        ("cache, cold", cached.cold),
        ("cache, warm", cached.warm),
        ("cache, damaged", cached.damaged),
        ("cache, changed", cached.changed),
    ]
    return [*ways, ("Dask", on_cluster)] if dask else ways


if __name__ == "__main__":
    parser = ArgumentParser(description="Check the reference corpus as a matrix.")
    default = HERE.parents[2].parent / "shared" / "corpus"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--sample", type=int, default=SAMPLE, metavar="PAIRS")
    parser.add_argument("--dask", action="store_true", help="also on a cluster of two workers")
    given = parser.parse_args()
    sys.exit(main(given.folder, given.sample, dask=given.dask))
