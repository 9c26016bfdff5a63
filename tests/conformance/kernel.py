"""Hold dtovl against recordings of the kernel's overlay code, all steps of all cases.

    python tests/conformance/kernel.py [DIR] [--kernel 6.1|7.2] [--case NAME]... [-v]

DIR (default: ../shared/kernel beside the checkout) holds `cases/NAME/case.json`, `real.jsonl`
(blobs in DIR/../corpus), and `versions`, what other kernels do differently. Each step is compared
in five parts: what it answers with the lines of the kernel's log, the tree, the reference counts
and flags, the events and devices, and, where leaks were searched, the leaks by kind.

One line is printed for each case that disagrees, with its first difference; -v shows all steps with
whole differences. NAME is the name of a case or `real-N`, line N of real.jsonl; `*` stands for any
text. The last line is `agree A of B cases (...)`. Exits with 1 when something disagrees that is not
in kernel_known.py.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance.kernel_real import Line, run_line  # noqa: E402
from conformance.kernel_real import lay_over as lay_over_line  # noqa: E402
from conformance.kernel_recorded import Case, read_case, read_json  # noqa: E402
from conformance.kernel_run import Outcome, guarded, run_case  # noqa: E402
from conformance.kernel_show import Summary  # noqa: E402
from conformance.kernel_versions import lay_over  # noqa: E402
from conformance.unpacking import unpacked  # noqa: E402

from dtovl.fdt.read import unflatten  # noqa: E402
from dtovl.model.dialect import KERNELS as DIALECTS  # noqa: E402
from dtovl.script.machine import Machine as OurMachine  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from conformance.kernel_run import Compared, Machine

_T = TypeVar("_T")

KERNELS = ("6.1", "7.2")
# The kernel whose recordings are whole; of the others only differences are stored.
_FIRST = "6.1"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kernel.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--kernel", choices=KERNELS, default=_FIRST)
    parser.add_argument("--case", action="append", default=[], dest="cases", metavar="NAME")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args(arguments)
    folder = given.folder or HERE.parents[2].parent / "shared" / "kernel"
    if not (folder / "cases").is_dir() and not (folder / "real.jsonl").exists():
        parser.error(f"{folder} holds no recordings: neither cases/NAME/case.json nor real.jsonl")
    summary = Summary(given.kernel, given.verbose)
    for outcome in outcomes(folder, given.kernel, given.cases, machine_maker(given.kernel)):
        summary.add(outcome)
    print(summary.last_line())
    return summary.exit_code()


def machine_maker(kernel: str) -> Callable[[Case], Machine]:
    """Give what starts the machine of dtovl for a case, as the given kernel."""
    # The recorded kernels were built without interrupt domains and without PCI.
    dialect = DIALECTS[kernel]._replace(irq_domains=False, pci_bus=False)

    def start(case: Case) -> Machine:
        tree = unflatten((case.folder / case.base).read_bytes(), case.base)
        return OurMachine(
            tree,
            dialect,
            lambda name: (case.folder / name).read_bytes(),
            fw_devlink="fw_devlink=off" not in case.cmdline,
        )

    return start


def outcomes(
    folder: Path, kernel: str, wanted: list[str], start: Callable[[Case], Machine]
) -> Iterator[Outcome]:
    """Run the cases of a folder, one after the other; wanted names some, or is empty."""
    differences = _differences(folder / "versions" / f"{kernel}.jsonl")
    for path in sorted(folder.glob("cases/*/case.json")):
        if _is_wanted(wanted, path.parent.name):
            case = _whole(path.parent.name, read_case, path)
            if isinstance(case, Outcome):
                yield case
            elif kernel == _FIRST:
                yield run_case(case, start)
            elif case.name in differences:
                same = differences[case.name]
                newer = _whole(case.name, lay_over, case, same)
                yield newer if isinstance(newer, Outcome) else run_case(newer, start)
            else:
                print(f"{case.name} is not recorded for {kernel}: not run")
    for path in sorted(folder.glob(f"versions/extra/*/case-{kernel}.json")):
        if _is_wanted(wanted, path.parent.name):
            case = _whole(path.parent.name, read_case, path)
            yield case if isinstance(case, Outcome) else run_case(case, start)
    yield from _real_outcomes(folder, kernel, wanted, start)


def _real_outcomes(
    folder: Path, kernel: str, wanted: list[str], start: Callable[[Case], Machine]
) -> Iterator[Outcome]:
    path = folder / "real.jsonl"
    if not path.exists():
        return
    chosen = []
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        line = _whole(f"real-{number}", _line, number, text)
        if isinstance(line, Outcome):
            if _is_wanted(wanted, line.name):
                yield line
        elif _is_wanted(wanted, line.short, line.name):
            chosen.append(line)
    if not chosen:
        return
    differences = _differences(folder / "versions" / f"{kernel}-real.jsonl")
    with _corpus(folder.parent / "corpus") as corpus:
        for line in chosen:
            if kernel == _FIRST:
                yield run_line(line, corpus, start)
            elif line.name in differences:
                record = lay_over_line(line.record, differences[line.name])
                yield run_line(line._replace(record=record), corpus, start)
            else:
                print(f"{line.short} is not recorded for {kernel}: not run")


def _line(number: int, text: bytes) -> Line:
    line = Line(number, read_json(text))
    missing = [key for key in ("boot", "steps", "base", "overlays") if key not in line.record]
    if missing:
        raise ValueError(f"the line lacks {', '.join(missing)}")
    return line


def _whole(name: str, read: Callable[..., _T], *given: object) -> _T | Outcome:
    """Read a recording; one that is broken is a case that disagrees, and says why."""
    problem: list[Compared] = []
    with guarded("the recording", problem):
        return read(*given)
    return Outcome(name, problem)


def _corpus(folder: Path) -> AbstractContextManager[Path]:
    """Give the folder of the blobs: unpacked beside the recordings, or in an archive there."""
    archive = folder / "corpus.tar.xz"
    return unpacked(archive) if archive.exists() else nullcontext(folder)


def _is_wanted(wanted: list[str], *names: str) -> bool:
    return not wanted or any(fnmatchcase(name, one) for one in wanted for name in names)


def _differences(path: Path) -> dict[str, bool | list[dict[str, Any]]]:
    if not path.exists():
        return {}
    found = {}
    for text in path.read_bytes().splitlines():
        record = read_json(text)
        name = record["name"] if "name" in record else Line(0, record).name
        found[name] = record["same"]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
