"""`dtovl migrate --replay` on a long kernel log, against a bare loop over its lines.

    python benchmarks/bench_replay.py [LINES]

A log of 1,000,000 lines is made up, 1 in 20 of them an operation: migrations in which caches are
deleted and added back. Measured is a whole run, from reading to the finished JSON, and in turns
with it `for line in file` in the same interpreter, each by its best CPU time; and `grep -c` on the
same file. Then the peak of memory, also for a log of the same operations with nothing between
them: memory has to follow the operations, not the lines. The status is 1 when a bound is missed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINES = 1_000_000
EVERY = 20  # one line in so many is an operation
CACHES = 500  # deleted, then added, in each migration
ROUNDS = 3
WANTED = 50.0
WANTED_MEMORY = 1.25
ARGUMENTS = ("migrate", "--policy", "preserve", "--format", "json", "--replay")
ROOT = Path(__file__).parents[1]

NOISE = (
    "eth0: Link is Up - 10Gbps/Full - flow control rx/tx",
    "systemd[1]: Started Session 4711 of User root.",
    'audit: type=1400 audit(1634567890.123:42): apparmor="STATUS" operation="profile_load"',
    "rtas_ibm_suspend_me: waiting for cpu 12 to join",
    "nfs: server 192.0.2.17 not responding, still trying",
    "ibmvscsi 30000003: partner initialization complete",
    "device-mapper: multipath: 253:3: Failing path 8:48.",
)


def lines(count: int, *, noise: bool = True) -> Iterator[str]:
    """Make up a kernel log of count lines; without noise only its operations."""
    operations = 0
    seconds = 100.0
    for number in range(count):
        seconds += 0.001
        if number % EVERY:
            if noise:
                yield f"[{seconds:12.6f}] {NOISE[number % len(NOISE)]}\n"
            continue
        place = operations % (2 * CACHES)
        if not place:
            seconds += 3600  # another migration
        verb = "removing" if place < CACHES else "added"
        cache = place % CACHES
        path = f"/cpus/l2-cache@{0x2000 + cache:x}:{0x2000 + cache}"
        yield f"[{seconds:12.6f}] mobility: {verb} node {path}\n"
        operations += 1


def bare_loop(path: Path) -> None:
    """Read the lines and do nothing with them."""
    with path.open(encoding="utf-8") as file:
        for _ in file:
            pass


def replayed(path: Path) -> None:
    """Run the command in this process, its output thrown away."""
    from dtovl.cli import run

    kept, sys.stdout = sys.stdout, Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    try:
        code = run([*ARGUMENTS, str(path)])
    finally:
        sys.stdout.close()
        sys.stdout = kept
    if code not in (0, 1):
        raise SystemExit(f"the replay ended with {code}")


def best(*steps: Callable[[], object]) -> list[float]:
    """Run the steps in turns; give the best CPU time of each in seconds."""
    times = [float("inf")] * len(steps)
    for _ in range(ROUNDS):
        for place, step in enumerate(steps):
            start = time.process_time()
            step()
            times[place] = min(times[place], time.process_time() - start)
    return times


def grep_seconds(path: Path) -> float | None:
    """Time `grep -c`, None where there is no grep."""
    if shutil.which("grep") is None:
        return None
    start = time.perf_counter()
    # Into a pipe: grep stops at the first match when nobody is to see the number.
    subprocess.run(["grep", "-c", "mobility: ", str(path)], stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - start


def peak_memory(path: Path) -> float:
    """Run the command as a process; give the peak of its memory in MiB."""
    script = (
        "import resource, sys; from dtovl.cli import run; run(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *ARGUMENTS, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(done.stderr.split()[-1]) / 1024


def main(count: int) -> int:
    """Measure; 0 if both bounds are kept."""
    with tempfile.TemporaryDirectory() as folder:
        whole, short = Path(folder, "whole.log"), Path(folder, "operations.log")
        for path, noise in ((whole, True), (short, False)):
            with path.open("w", encoding="ascii") as file:
                file.writelines(lines(count, noise=noise))
        bare, own = best(lambda: bare_loop(whole), lambda: replayed(whole))
        grep = grep_seconds(whole)
        memory, least = peak_memory(whole), peak_memory(short)
    ratio, growth = own / bare, memory / least
    print(f"{count:,} lines, {(count + EVERY - 1) // EVERY:,} operations")
    print(f"bare loop        {bare:8.3f} s")
    print(f"dtovl migrate    {own:8.3f} s  {count / own:12,.0f} lines/s")
    if grep is not None:
        print(f"grep -c          {grep:8.3f} s")
    print(f"ratio to the bare loop {ratio:.1f}, wanted at most {WANTED:.0f}")
    print(
        f"peak memory {memory:.0f} MiB, {least:.0f} MiB for the operations alone: "
        f"ratio {growth:.2f}, wanted at most {WANTED_MEMORY}"
    )
    return 0 if ratio <= WANTED and growth <= WANTED_MEMORY else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES))
