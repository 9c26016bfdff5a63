"""Run the whole reference corpus and count what agrees.

    python tests/conformance/corpus.py [DIR]

DIR (default: ../shared/corpus beside the checkout) holds `corpus.tar.xz`, `bad.tar.xz`,
`sources.tar.xz` and `dts/`; a part that is absent is left out. Every disagreement is printed with
the first line that differs. The last line is
`agree A of B pairs, C of D stacks, E of F bad inputs, G of H sources, I of J texts`.
Exits with 1 when something disagrees that is not in known.py, or when DIR holds nothing.
"""

from __future__ import annotations

import sys
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance import hostile, pairs  # noqa: E402
from conformance.known import KNOWN  # noqa: E402
from conformance.unpacking import unpacked  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.report import Result

KINDS = ("pairs", "stacks", "bad inputs", "sources", "texts")
PROCESSES = 2


def main(folder: Path) -> int:
    total: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    unknown = 0
    for result in _results(folder):
        total[result.kind] += 1
        if not result.problem:
            agreed[result.kind] += 1
            continue
        reason = KNOWN.get(result.name)
        unknown += reason is None
        print(f"{result.kind}: {result.name}: {result.problem}", flush=True)
        if reason is not None:
            print(f"  known: {reason}")
    print("agree " + ", ".join(f"{agreed[kind]} of {total[kind]} {kind}" for kind in KINDS))
    return 1 if unknown or not total else 0


def _results(folder: Path) -> Iterator[Result]:
    corpus, bad = folder / "corpus.tar.xz", folder / "bad.tar.xz"
    if corpus.exists():
        with unpacked(corpus) as content, get_context("fork").Pool(PROCESSES) as pool:
            for results in pool.imap_unordered(pairs.run, pairs.groups(content)):
                yield from results
    if bad.exists():
        with unpacked(bad) as content:
            yield from hostile.run(content, PROCESSES)


if __name__ == "__main__":
    default = HERE.parents[2].parent / "shared" / "corpus"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
