"""Links of a board against reading it; a check with rules about links against one without.

    python benchmarks/bench_links.py [CORPUS]

CORPUS (default: the reference corpus beside the checkout) holds `corpus.tar.xz`. For some real
boards of 80 KB and more: finding all links of the whole board with all findings, finding who refers
to whom, judging what one overlay touches, foretelling the probe order, each in the time that
reading the board takes (a validated blob becomes a tree). They take turns in one process; the best
CPU time of each counts. Then `dtovl check` of all pairs of the corpus, whole processes, with the
rules about links and with `rules: {'L*': off, 'DT68*': off}` in turns.

Bounds: all links of a board at most 10 times as long as reading it; the check with these rules at
most twice as long as without.
"""

from __future__ import annotations

import compileall
import sys
import tempfile
from pathlib import Path

from bench_apply import best_times, real
from bench_matrix import (
    CORPUS,
    Taken,
    best,
    configured,
    count_of,
    pairs_of,
    uncached,
    unpack,
)

import dtovl
from dtovl.fdt.read import unflatten
from dtovl.links.after import judge_after
from dtovl.links.board import Board
from dtovl.links.consumers import Consumers
from dtovl.links.judge import judge
from dtovl.links.probe import predict
from dtovl.model.dialect import LIBFDT
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

ARCHIVE = "corpus.tar.xz"
LEAST_BYTES = 80_000
ROUNDS = 8
LINKS_WITHIN = 10.0
CHECK_WITHIN = 2.0
OFF = {"L*": "off", "DT68*": "off"}


def compare(name: str, base: bytes, change: bytes) -> float:
    """Print one line about a board with an overlay; give all links by reading."""
    tree = unflatten(base)
    judged, findings = judge(Board(tree))
    links = sum(len(one.links) for one in judged.values())
    consumers = Consumers(tree)
    outcome = apply_overlay(tree, Overlay(unflatten(change)), LIBFDT)
    entries = outcome.changeset.entries
    touched = len(judge_after(Board(tree), consumers, entries).judged)
    reading, whole, known, after, probing = best_times(
        [
            lambda: unflatten(base),
            lambda: judge(Board(tree)),
            lambda: Consumers(tree),
            lambda: judge_after(Board(tree), consumers, entries),
            lambda: predict(Board(tree), judged, None),
        ],
        rounds=ROUNDS,
    )
    print(
        f"{name[:52]:<52} {len(base) / 1000:4.0f} KB  {links:5} links {len(findings):4} findings  "
        f"read {reading / 1000:5.2f} ms  all links {whole / reading:4.1f} times as long, "
        f"consumers {known / reading:4.2f}, after an overlay ({touched} nodes) "
        f"{after / reading:5.3f}, probe order {probing / reading:4.1f}",
        flush=True,
    )
    return whole / reading


def with_and_without(folder: Path) -> tuple[Taken, Taken, int]:
    """Check all pairs with the rules about links and without them, in turns."""
    matrix = pairs_of(folder)
    rules = configured(folder, "links.yaml", matrix)
    bare = configured(folder, "bare.yaml", matrix, rules=OFF)
    first, second = best(lambda: uncached(folder, rules, 1), lambda: uncached(folder, bare, 1))
    return first, second, count_of(folder, rules)


def main(corpus: Path) -> int:
    """Print all figures; 0 if both bounds are kept, or there is nothing to compare."""
    archive = corpus / ARCHIVE
    if not archive.exists():
        print(f"{archive} is not there: no boards to look at")
        return 0
    compileall.compile_dir(Path(dtovl.__file__).parent, quiet=1)
    worst = max(compare(*one) for one in real(archive) if len(one[1]) >= LEAST_BYTES)
    print(f"all links at most {worst:.1f} times as long as reading, wanted {LINKS_WITHIN:g}")
    with tempfile.TemporaryDirectory(prefix="dtovl-bench-") as name:
        rules, bare, count = with_and_without(unpack(archive, Path(name)))
    ratio = rules.wall / bare.wall
    print(
        f"check of {count} pairs: {bare.wall / count * 1e3:.2f} ms a pair without links, "
        f"{rules.wall / count * 1e3:.2f} with them: ratio {ratio:.2f} "
        f"(CPU {rules.cpu / bare.cpu:.2f}), wanted at most {CHECK_WITHIN:g}",
        flush=True,
    )
    return 0 if worst <= LINKS_WITHIN and ratio <= CHECK_WITHIN else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS))
