"""Hold findings, probe orders and removals against the expected ones of a case folder.

    python tests/conformance/links.py [DIR]

DIR (default: ../shared/links beside the checkout) holds `cases/`, `probe/` and `removal/`; a part
that is absent is left out. Source is compiled by dtc, where that is installed. Of every case that
does not agree it is printed what is missing and what is extra. Where DIR holds `corpus-*.json` and
`corpus` lies beside it, the boards of the corpus are counted as well, on a line of their own. The
last line is `agree A of B`, over the three parts. Exits with 1 when something disagrees, or when
DIR holds nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance import links_counts, links_parts, links_removal  # noqa: E402
from conformance.links_sources import COMPILED_BY  # noqa: E402
from conformance.report import Tally  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.report import Result

PARTS = ("cases", "probe", "removal")


def main(folder: Path) -> int:
    print(COMPILED_BY)
    cases, boards = Tally(), Tally()
    for result in _results(folder):
        cases.add(result)
    for result in links_counts.corpus_results(folder):
        boards.add(result)
    print(", ".join(f"{part}: {cases.count(part)}" for part in PARTS))
    if boards.total:
        print(f"boards of the corpus: agree {boards.count(links_counts.KIND)}")
    print(f"agree {cases.agreed.total()} of {cases.total.total()}", flush=True)
    return cases.exit_code() or (boards.exit_code() if boards.total else 0)


def _results(folder: Path) -> Iterator[Result]:
    yield from links_parts.case_results(folder / "cases")
    yield from links_parts.probe_results(folder / "probe")
    yield from links_removal.results(folder / "removal")


if __name__ == "__main__":
    default = HERE.parents[2].parent / "shared" / "links"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
