"""`dtovl check` of a whole matrix: against a shell loop over fdtoverlay, cold against warm.

    python benchmarks/bench_matrix.py [CORPUS]

CORPUS (default: the reference corpus beside the checkout) holds `corpus.tar.xz` and
`sources.tar.xz`. Every run is a process of its own, started as users start it, from reading the
configuration to writing the JSON report; the peer is what a Makefile would do: for one process a
shell loop over fdtoverlay, for two `xargs -P2`, on the same pairs. Peer and dtovl take turns; the
best wall time of each counts, CPU time is printed beside it. Bytecode is compiled before.

Bounds, all within one run:
- the whole corpus, all default rules on, 5 times as fast as the peer; verdicts only, 6 times;
- bases with 20 overlays or more, verdicts only, 10 times. The corpus has too few of them to
  outweigh the start of an interpreter, so each is there under ten names, made up from the corpus;
- a warm cache 3 times as fast as a cold one for blobs, 10 times for source, be the pairs listed or
  found by `compatible`; one check in two processes 1.5 times as fast as two at once in one each,
  which is 2 when nothing is done by one process alone, however busy the machine is;
- a process never has more than 300 MiB; the time of a pair is the same within 1.3 for a quarter,
  half, and all of the corpus.
"""

from __future__ import annotations

import compileall
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import dtovl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Matrix = Mapping[str, Sequence[str]]

HERE = Path(__file__).resolve()
CORPUS = HERE.parents[1].parent / "shared" / "corpus"
ROUNDS = 2
MANY = 20
COPIES = 10
BOARDS = 40
FITTING = 60
MOST_MIB = 300
LINEAR_WITHIN = 1.3
DTOVL = [sys.executable, "-m", "dtovl", "check"]
VERDICTS = "--verdicts-only"


class Taken(NamedTuple):
    """What a process and all that it started took: seconds, and MiB of the largest of them."""

    wall: float
    cpu: float
    peak: float


# -- running ---------------------------------------------------------------------------------------


def measured(command: Sequence[str], folder: Path) -> Taken:
    """Run a command; its exit code may say that overlays do not apply, no more."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as child:
        said = child.stderr.read() if child.stderr else b""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if child.returncode not in (0, 1, 123):
        raise SystemExit(f"{' '.join(command)} ends with {child.returncode}: {said[-2000:]!r}")
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def best(*steps: Callable[[], Taken], rounds: int = ROUNDS) -> list[Taken]:
    """Run steps in turns; give the best times and the highest peak of each."""
    runs = [[step() for step in steps] for _ in range(rounds)]
    return [
        Taken(min(one.wall for one in own), min(one.cpu for one in own), max(r.peak for r in own))
        for own in zip(*runs, strict=True)
    ]


def checked(folder: Path, config: str, jobs: int, *options: str) -> Taken:
    """Run `dtovl check` on a configuration; see that it has tried all of its pairs."""
    report = folder / "report.json"
    command = [*DTOVL, config, "-j", str(jobs), *options, "--report", f"json={report}"]
    taken = measured(command, folder)
    # Not read as JSON: a child's peak is never below what this process has when it starts it.
    found = report.read_bytes().count(b'"verdicts":')
    if found != count_of(folder, config):
        raise SystemExit(f"{config}: {found} cases in the report, not as many as pairs")
    report.unlink()
    return taken


def uncached(folder: Path, config: str, jobs: int, *options: str) -> Taken:
    return checked(folder, config, jobs, "--no-cache", *options)


def looped(folder: Path, config: str, jobs: int) -> Taken:
    """Run fdtoverlay on each pair, as a shell does it."""
    if jobs == 1:
        line = 'while read -r base overlay; do fdtoverlay -i "$base" -o out.dtb "$overlay"; done'
        return measured(["sh", "-c", f"{line} <{config}.pairs 2>/dev/null; true"], folder)
    line = f"xargs -P{jobs} -L1 -a {config}.args fdtoverlay"
    return measured(["sh", "-c", f"{line} 2>/dev/null; true"], folder)


# -- matrices --------------------------------------------------------------------------------------


def configured(folder: Path, name: str, matrix: Matrix, **more: object) -> str:
    """Write a configuration with these overlays for each base, and the pairs for the loops."""
    pairs = [{"bases": base, "overlays": overlays} for base, overlays in matrix.items()]
    # What JSON writes is YAML.
    (folder / name).write_text(json.dumps({"pairs": pairs, **more}, indent=1))
    each = [(base, overlay) for base, overlays in matrix.items() for overlay in overlays]
    (folder / f"{name}.pairs").write_text("".join(f"{b} {o}\n" for b, o in each))
    (folder / f"{name}.args").write_text("".join(f"-i {b} -o out.dtb {o}\n" for b, o in each))
    return name


def count_of(folder: Path, config: str) -> int:
    """Count the pairs of a configuration."""
    return len((folder / f"{config}.pairs").read_text().splitlines())


def pairs_of(folder: Path) -> dict[str, list[str]]:
    """Give the pairs of the corpus by base."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["type"] == "pair":
            found[entry["base"]].append(entry["overlays"][0])
    return dict(found)


def copied(folder: Path, matrix: Matrix) -> dict[str, list[str]]:
    """Give the bases with many overlays, each under ten names."""
    made = {}
    for base, overlays in matrix.items():
        if len(overlays) < MANY:
            continue
        for number in range(COPIES):
            name = f"{base.removesuffix('.dtb')}-{number}.dtb"
            shutil.copyfile(folder / base, folder / name)
            made[name] = list(overlays)
    return made


def configured_sources(folder: Path) -> str:
    """Pair bases and overlays in source, some to be preprocessed; whether they fit is no matter."""
    matrix: dict[str, list[str]] = {}
    entries: dict[str, list[object]] = {"base": [], "overlay": []}
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in (folder / "sources" / "expected.jsonl").read_text().splitlines():
        one = json.loads(line)
        files["", one["kind"]].append(f"sources/{one['file']}")
    for line in (folder / "raw" / "expected.jsonl").read_text().splitlines():
        one = json.loads(line)
        top = f"raw/{one['tree']}"
        path = f"{top}/{one['file']}"
        include = [f"{top}/{below}" for below in one["include"]]
        files[top, one["kind"]].append(path)
        entries[one["kind"]].append({"files": path, "include": include, "define": one["defines"]})
    for (top, kind), bases in files.items():
        overlays = files.get((top, "overlay"), [])
        if kind == "base" and overlays:
            shared = {base: overlays[at :: len(bases)] for at, base in enumerate(bases)}
            matrix.update({base: some or overlays[:1] for base, some in shared.items()})
    more = {"bases": entries["base"], "overlays": entries["overlay"]}
    return configured(folder, "texts.yaml", matrix, **more)


def configured_by_compatible(folder: Path) -> str:
    """Write boards and overlays that find each other by `compatible`, with what they include."""
    for below in ("found", "found/soc"):
        (folder / below).mkdir()
    (folder / "found" / "soc" / "common.h").write_text('#define OKAY "okay"\n')
    listed = (folder / "sources" / "expected.jsonl").read_text().splitlines()
    files = [one["file"] for one in map(json.loads, listed) if one["kind"] == "base"][:BOARDS]
    for number, file in enumerate(files):
        shutil.copyfile(folder / "sources" / file, folder / "found" / "soc" / f"{number}.dtsi")
        (folder / "found" / f"{number}.dts").write_text(
            f'#include "soc/{number}.dtsi"\n/ {{ compatible = "bench,{number}"; }};\n'
        )
    matrix: dict[str, list[str]] = defaultdict(list)
    for number in range(FITTING):
        which = number % len(files)
        (folder / "found" / f"{number}.dtso").write_text(
            '/dts-v1/;\n/plugin/;\n#include "common.h"\n'
            f'/ {{ compatible = "bench,{which}"; }};\n'
            f"&{{/}} {{ bench-{number} {{ status = OKAY; }}; }};\n"
        )
        matrix[f"found/{which}.dts"].append(f"found/{number}.dtso")
    kinds = {
        kind: {"files": f"found/*.{ending}", "include": ["found/soc"]}
        for kind, ending in (("bases", "dts"), ("overlays", "dtso"))
    }
    return configured(folder, "found.yaml", matrix, **kinds, pairs="compatible")


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as content:
        # The argument came with Python 3.11.4.
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        content.extractall(folder, **safe)
    return folder


# -- figures ---------------------------------------------------------------------------------------


def compare(title: str, peer: Taken, own: Taken, pairs: int, bound: float) -> bool:
    """Print a line about two runs; tell whether the second is as much faster as it has to be."""
    ratio = peer.wall / own.wall
    print(
        f"{title:<44} {peer.wall / pairs * 1e3:6.2f} ms a pair, dtovl {own.wall / pairs * 1e3:5.2f}"
        f" (CPU {peer.cpu / pairs * 1e3:5.2f}, {own.cpu / pairs * 1e3:5.2f}), {own.peak:4.0f} MiB, "
        f"ratio {ratio:5.1f} (CPU {peer.cpu / own.cpu:5.1f}), wanted {bound:g}",
        flush=True,
    )
    return ratio >= bound


def against_loops(folder: Path, matrix: Matrix) -> tuple[bool, float]:
    """Compare with the loops; give whether all bounds are kept, and the highest peak."""
    whole = configured(folder, "whole.yaml", matrix)
    many = configured(folder, "many.yaml", copied(folder, matrix))
    good, peak = True, 0.0
    for jobs in (1, 2):
        peer, own, bare = best(
            lambda jobs=jobs: looped(folder, whole, jobs),
            lambda jobs=jobs: uncached(folder, whole, jobs),
            lambda jobs=jobs: uncached(folder, whole, jobs, VERDICTS),
        )
        count = sum(map(len, matrix.values()))
        good &= compare(f"{count} pairs, all rules, -j{jobs}", peer, own, count, 5)
        good &= compare(f"{count} pairs, verdicts only, -j{jobs}", peer, bare, count, 6)
        peak = max(peak, own.peak, bare.peak)
        count = count_of(folder, many)
        peer, bare = best(
            lambda jobs=jobs: looped(folder, many, jobs),
            lambda jobs=jobs: uncached(folder, many, jobs, VERDICTS),
        )
        title = f"{MANY} overlays and more ({count}, made up), -j{jobs}"
        good &= compare(title, peer, bare, count, 10)
    return good, peak


def cold_and_warm(title: str, folder: Path, config: str, bound: float) -> bool:
    """Compare a run that finds no cache with one that finds all of it."""
    kept = folder / "kept"

    def cold() -> Taken:
        shutil.rmtree(kept, ignore_errors=True)
        return checked(folder, config, 1, "--cache", str(kept))

    def warm() -> Taken:
        return checked(folder, config, 1, "--cache", str(kept))

    first, second = best(cold, warm)
    return compare(title, first, second, count_of(folder, config), bound)


def shared_out(title: str, folder: Path, config: str, bound: float) -> bool:
    """Compare two checks at once, each in one process, with one check in two."""
    alone = shlex.join([*DTOVL, config, "-j", "1", "--no-cache", "--format", "json"])
    both, shared = best(
        lambda: measured(["sh", "-c", f"{alone} & {alone} & wait"], folder),
        lambda: uncached(folder, config, 2),
    )
    return compare(title, both, shared, count_of(folder, config), bound)


def linear(folder: Path, matrix: Matrix) -> bool:
    """Print what a pair takes in a quarter, in half, and in all of the corpus."""
    names = []
    for part in (4, 2, 1):
        some = dict(list(matrix.items())[::part])
        names.append((configured(folder, f"part-{part}.yaml", some), sum(map(len, some.values()))))
    taken = best(*(lambda name=name: uncached(folder, name, 1) for name, _ in names))
    each = [one.cpu / count * 1e3 for one, (_, count) in zip(taken, names, strict=True)]
    shown = ", ".join(
        f"{count} pairs {one:.3f} ms" for one, (_, count) in zip(each, names, strict=True)
    )
    steep = max(each) / min(each)
    print(f"CPU time of a pair: {shown}; within {steep:.2f}, wanted {LINEAR_WITHIN}", flush=True)
    return steep <= LINEAR_WITHIN


def main(corpus: Path) -> int:
    """Print all figures; 0 if every bound is kept, or nothing can be compared."""
    if not shutil.which("fdtoverlay"):
        print("fdtoverlay is not installed (Debian: device-tree-compiler): nothing to compare with")
        return 0
    if not (corpus / "corpus.tar.xz").exists():
        print(f"{corpus / 'corpus.tar.xz'} is not there: no matrix to check")
        return 0
    compileall.compile_dir(Path(dtovl.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory(prefix="dtovl-bench-") as name:
        folder = unpack(corpus / "corpus.tar.xz", Path(name, "blobs"))
        matrix = pairs_of(folder)
        good, peak = against_loops(folder, matrix)
        print(f"highest peak of a process {peak:.0f} MiB, wanted {MOST_MIB}", flush=True)
        good &= peak < MOST_MIB
        good &= cold_and_warm("cache cold and warm, blobs", folder, "whole.yaml", 3)
        good &= linear(folder, matrix)
        if (corpus / "sources.tar.xz").exists():
            texts = unpack(corpus / "sources.tar.xz", Path(name, "texts"))
            config = configured_sources(texts)
            good &= cold_and_warm("cache cold and warm, source", texts, config, 10)
            config = configured_by_compatible(texts)
            good &= cold_and_warm("the same, pairs by compatible", texts, config, 10)
            good &= shared_out("cold, pairs by compatible, 2 x -j1 and -j2", texts, config, 1.5)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS))
