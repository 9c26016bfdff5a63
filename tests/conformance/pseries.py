"""Hold `dtovl migrate --replay` against the expected results of a case folder.

    python tests/conformance/pseries.py [DIR]

DIR (default: ../shared/pseries beside the checkout) holds `scenarios.json`, `vectors/` and
`recordings/`; a part that is absent is left out. Compared are the result of every scenario under
every policy, one of them in a process of its own; the same with the base in each other form that
stands beside it; every vector; and what a kernel answered to writes to ofdt, with its tree
afterwards. Every disagreement is printed. The last line is `agree A of B`. Exits with 1 when
something disagrees, or when DIR holds nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance import pseries_recorded, pseries_scenarios, pseries_vectors  # noqa: E402
from conformance.report import Tally  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.report import Result

KINDS = ("scenarios", "forms of bases", "vectors", "recordings")


def main(folder: Path) -> int:
    tally = Tally()
    for result in _results(folder):
        tally.add(result)
    print(", ".join(f"{kind}: {tally.count(kind)}" for kind in KINDS))
    print(f"agree {tally.agreed.total()} of {tally.total.total()}")
    return tally.exit_code()


def _results(folder: Path) -> Iterator[Result]:
    yield from pseries_scenarios.results(folder)
    yield from pseries_vectors.results(folder / "vectors")
    yield from pseries_recorded.results(folder)


if __name__ == "__main__":
    default = HERE.parents[2].parent / "shared" / "pseries"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
