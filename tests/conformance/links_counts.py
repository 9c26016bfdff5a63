"""Hold the findings and links of shipping boards against the counts of a case folder.

    python tests/conformance/links_counts.py [DIR] [--packages FOLDER...] [-o FILE]

DIR (default: ../shared/links beside the checkout) holds `corpus-*.json`, counts per board of four
Debian kernel packages. Compared are the boards of the corpus (DIR/../corpus) that come from these;
with --packages all boards in folders of unpacked packages instead. Every disagreement is printed:
board, what was counted, expected and found; -o writes them to a file as well. The last line is
`boards: agree A of B`. Exits with 1 when something disagrees.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance.attempts import attempt  # noqa: E402
from conformance.links_compare import NOT_COMPARED  # noqa: E402
from conformance.report import Result, Tally  # noqa: E402
from conformance.unpacking import unpacked  # noqa: E402

from dtovl.fdt.read import unflatten  # noqa: E402
from dtovl.links.board import Board  # noqa: E402
from dtovl.links.judge import judge  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from dtovl.model.tree import Tree

KIND = "boards"
PROCESSES = 2

# The counts of a package by its folder in the corpus; and what the keys of its boards begin with,
# where all of them lie in one folder.
_PACKAGES = {
    "deb-6.1.0-50-arm64": ("arm64-6.1", ""),
    "deb-6.1.0-50-armmp": ("armhf-6.1", "linux-image-6.1.0-50-armmp"),
    "deb-6.12.95-arm64": ("arm64-6.12", ""),
    "deb-6.12.95-armmp": ("armhf-6.12", "linux-image-6.12.95+deb12-armmp"),
}
# The folder of the boards in a package, as Debian names it.
_FOLDERS = {
    "linux-image-6.1.0-50-arm64": "arm64-6.1",
    "linux-image-6.1.0-50-armmp": "armhf-6.1",
    "linux-image-6.12.95+deb12-arm64": "arm64-6.12",
    "linux-image-6.12.95+deb12-armmp": "armhf-6.12",
}

Counts = dict[str, int]


class Shipped(NamedTuple):
    """One board: what it is called here, its blob, and what is to be counted in it."""

    name: str
    path: Path
    expected: Counts


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="links_counts.py", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="with corpus-*.json")
    parser.add_argument("--packages", nargs="+", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("-o", "--output", type=Path, help="file for what disagrees")
    given = parser.parse_args(arguments)
    folder = given.folder or HERE.parents[2].parent / "shared" / "links"
    tally = Tally()
    found = package_results(folder, given.packages) if given.packages else corpus_results(folder)
    problems = []
    for result in found:
        tally.add(result)
        if result.problem:
            problems.append(f"{result.name}:{result.problem}\n")
    if given.output:
        given.output.write_text("".join(problems), encoding="utf-8")
    print(f"boards: agree {tally.count(KIND)}")
    return tally.exit_code()


def corpus_results(folder: Path) -> Iterator[Result]:
    """Count in the boards of the corpus beside a folder; nothing where one of both is not there."""
    expected = _expected(folder)
    corpus = folder.resolve().parent / "corpus"
    if not expected or not corpus.is_dir():
        return
    with _corpus(corpus) as content:
        yield from _results(_of_corpus(content, expected))


def package_results(folder: Path, packages: Iterable[Path]) -> Iterator[Result]:
    """Count in every board of unpacked packages; says which are not there."""
    expected = _expected(folder)
    for package in packages:
        boards = list(_of_package(package, expected))
        if not boards:
            print(f"{package}: no boards of a package whose counts are known, left out")
        yield from _results(boards)


def _expected(folder: Path) -> dict[str, dict[str, Counts]]:
    """Read the counts of a folder: by package, by board."""
    return {
        path.stem.removeprefix("corpus-"): json.loads(path.read_text(encoding="utf-8"))["boards"]
        for path in sorted(folder.glob("corpus-*.json"))
    }


def _corpus(folder: Path) -> AbstractContextManager[Path]:
    archive = folder / "corpus.tar.xz"
    return unpacked(archive) if archive.exists() else nullcontext(folder)


def _of_corpus(content: Path, expected: dict[str, dict[str, Counts]]) -> Iterator[Shipped]:
    with (content / "manifest.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["type"] == "base":
                file = record["file"]
                # Boards with the same content are stored once, and named without their ending.
                names = [file.removeprefix("bases/"), *(f"{name}.dtb" for name in record["also"])]
                for name in names:
                    package, _, rest = name.partition("/")
                    counts, prefix = _PACKAGES.get(package, ("", ""))
                    board = expected.get(counts, {}).get(_key(rest, prefix))
                    if board is not None:
                        yield Shipped(name, content / file, board)


def _of_package(package: Path, expected: dict[str, dict[str, Counts]]) -> Iterator[Shipped]:
    for path in sorted(package.rglob("*.dtb")):
        for place, part in enumerate(path.parts):
            if part in _FOLDERS:
                counts = _FOLDERS[part]
                board = expected.get(counts, {}).get("/".join(path.parts[-2:]))
                if board is not None:
                    yield Shipped("/".join((counts, *path.parts[place + 1 :])), path, board)


def _key(rest: str, prefix: str) -> str:
    """Give the key of a board: the last two parts of its path in the package."""
    return "/".join((f"{prefix}/{rest}" if prefix else rest).split("/")[-2:])


def _results(boards: Iterable[Shipped]) -> Iterator[Result]:
    with get_context("fork").Pool(PROCESSES) as pool:
        yield from pool.imap(_compare, boards, chunksize=4)


def _compare(board: Shipped) -> Result:
    return Result(KIND, board.name, attempt(_problem, board))


def _problem(board: Shipped) -> str:
    found = count(unflatten(board.path.read_bytes(), board.name))
    differing = sorted(
        key for key in {*found, *board.expected} if found.get(key) != board.expected.get(key)
    )
    return "".join(
        f" {key}: {found.get(key, 0)}, expected {board.expected.get(key, 0)};" for key in differing
    )


def count(tree: Tree) -> Counts:
    """Count the findings of a tree by rule and severity, and the links with both ends available."""
    judged, findings = judge(Board(tree))
    counted = Counter(
        f"{one.rule}:{one.severity.label}" for one in findings if one.rule not in NOT_COMPARED
    )
    counted["links"] = sum(link.usable for one in judged.values() for link in one.links)
    return dict(counted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
