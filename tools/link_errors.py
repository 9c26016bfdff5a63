"""Count the errors about links on the boards of the reference corpus, for docs/links.md.

    tools/link_errors.py [CORPUS] [--check]

CORPUS (default: the reference corpus beside the checkout) holds `corpus.tar.xz`. Every base in it
is judged by all rules, as `dtovl links` does. The table on the page is written anew; with --check
it is compared, and the status is 1 where it differs.
"""

from __future__ import annotations

import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.fdt.read import unflatten
from dtovl.links.board import Board
from dtovl.links.fwspec import iommu_findings
from dtovl.links.judge import judge
from dtovl.links.lateregions import region_findings
from dtovl.links.words import as_diagnostic

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from dtovl.diagnostics import Diagnostic
    from dtovl.model.tree import Tree

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
ARCHIVE = "corpus.tar.xz"
PAGE = ROOT / "docs" / "links.md"
BEGIN, END = "<!-- errors: begin -->\n", "<!-- errors: end -->\n"
_BASES = "bases/"


class Errors(NamedTuple):
    """The errors of one board by rule; links counts the suppliers that are named."""

    by_rule: Mapping[str, int]
    links: int


def told_of(tree: Tree) -> tuple[list[Diagnostic], int]:
    """Judge a board; give what is said about it, and the number of its links."""
    board = Board(tree)
    judged, findings = judge(board)
    findings += iommu_findings(board, judged)
    findings += region_findings(board, judged)
    links = sum(len(one.links) for one in judged.values())
    return [as_diagnostic(one, tree) for one in findings], links


def errors_of(data: bytes, name: str) -> Errors:
    """Count the errors of a board."""
    tree = unflatten(data, name)
    told, links = told_of(tree)
    tree.dissolve()
    return Errors(Counter(one.code.number for one in told if one.severity is Severity.ERROR), links)


def bases_of(archive: Path, wanted: Container[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Give name and content of the bases in an archive, all of them or those that are wanted."""
    with tarfile.open(archive, "r|xz") as members:
        for member in members:
            _, inside, name = member.name.partition(_BASES)
            if not (inside and member.isfile()) or (wanted is not None and name not in wanted):
                continue
            content = members.extractfile(member)
            if content is not None:
                yield name, content.read()


def table(found: Mapping[str, Errors]) -> str:
    """Write what is found as the page has it."""
    rules: Counter[str] = Counter()
    rows = []
    for name, errors in sorted(found.items()):
        if errors.by_rule:
            rules.update(errors.by_rule)
            shown = ", ".join(f"{rule} {count}" for rule, count in sorted(errors.by_rule.items()))
            rows.append(f"| `{name}` | {sum(errors.by_rule.values())} | {shown} |")
    links = sum(errors.links for errors in found.values())
    total = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))
    return "\n".join(
        (
            "| board | errors | by rule |",
            "| --- | --- | --- |",
            *rows,
            f"| **{len(rows)} of {len(found):,} boards** | **{rules.total()}** of {links:,} links "
            f"| {total} |",
            "",
        )
    )


def on_page(text: str) -> str:
    """Give the table that a page has."""
    return text.partition(BEGIN)[2].partition(END)[0]


def main(arguments: list[str]) -> int:
    """Write or compare the table; 1 where it differs, or there is nothing to count."""
    check = "--check" in arguments
    folders = [Path(one) for one in arguments if one != "--check"]
    archive = (folders[0] if folders else CORPUS) / ARCHIVE
    if not archive.exists():
        sys.stderr.write(f"{archive} is not there: nothing to count\n")
        return 1
    made = table({name: errors_of(data, name) for name, data in bases_of(archive)})
    text = PAGE.read_text(encoding="utf-8")
    if not check:
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        PAGE.write_text(f"{before}{begin}{made}{end}{after}", encoding="utf-8")
    sys.stdout.write(made)
    return int(check and on_page(text) != made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
