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
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance import hostile, pairs, texts  # noqa: E402
from conformance.report import Result, Tally  # noqa: E402
from conformance.unpacking import unpacked  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("pairs", "stacks", "bad inputs", "sources", "texts")
PROCESSES = 2


def main(folder: Path) -> int:
    tally = Tally()
    for result in _results(folder):
        tally.add(result)
    print("agree " + ", ".join(f"{tally.count(kind)} {kind}" for kind in KINDS))
    return tally.exit_code()


def _results(folder: Path) -> Iterator[Result]:
    corpus, bad = folder / "corpus.tar.xz", folder / "bad.tar.xz"
    sources, small = folder / "sources.tar.xz", folder / "dts"
    with get_context("fork").Pool(PROCESSES) as pool:
        if corpus.exists():
            with unpacked(corpus) as content:
                for results in pool.imap_unordered(pairs.run, pairs.groups(content)):
                    yield from results
        if sources.exists():
            with unpacked(sources) as content:
                yield from pool.imap_unordered(texts.run, texts.sources(content), chunksize=4)
        yield from pool.imap_unordered(texts.run, texts.texts(small))
    if bad.exists():
        with unpacked(bad) as content:
            yield from hostile.run(content, PROCESSES)


if __name__ == "__main__":
    default = HERE.parents[2].parent / "shared" / "corpus"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
