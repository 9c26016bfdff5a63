"""docs/links.md: its tables are those of the product, and errors on boards are counted right."""

from __future__ import annotations

from random import Random

import link_errors
import pytest
from link_errors import ARCHIVE, CORPUS, PAGE, bases_of, errors_of, on_page, table

from dtovl.codes import all_codes
from dtovl.model.supplierbindings import TABLE

TEXT = PAGE.read_text(encoding="utf-8")
SAMPLE = 40


def test_every_rule_stands_on_the_page_with_its_weight() -> None:
    rules = [code for code in all_codes() if code.number.startswith("L")]
    rows = [line.split(" | ")[:2] for line in TEXT.splitlines() if line.startswith("| L")]
    assert rows == [[f"| {code.number}", code.severity.label] for code in rules]


def test_the_table_of_bindings_is_the_one_that_is_used() -> None:
    assert f"```text\n{TABLE.strip()}\n```\n" in TEXT, "copy it from dtovl.model.supplierbindings"


def test_the_table_of_errors_adds_up() -> None:
    rows = [line.split("|")[1:4] for line in on_page(TEXT).splitlines()[2:]]
    *boards, total = rows
    assert total[1].strip().startswith(f"**{sum(int(row[1]) for row in boards)}**")
    assert total[0].strip().startswith(f"**{len(boards)} of ")


@pytest.mark.corpus
@pytest.mark.skipif(
    not (CORPUS / ARCHIVE).exists(), reason="no reference corpus beside the checkout"
)
def test_the_errors_on_boards_are_those_on_the_page() -> None:
    """All boards that the page lists, and a sample of those without errors."""
    rows = [line.split("|")[1:4] for line in on_page(TEXT).splitlines()[2:-1]]
    listed = {row[0].strip(" `"): row[2].strip() for row in rows}
    names = [name for name, _ in bases_of(CORPUS / ARCHIVE)]
    assert on_page(TEXT).count(f" of {len(names):,} boards**") == 1
    wanted = {*listed, *Random(7).sample(names, SAMPLE)}
    for name, data in bases_of(CORPUS / ARCHIVE, wanted):
        by_rule = errors_of(data, name).by_rule
        shown = ", ".join(f"{rule} {count}" for rule, count in sorted(by_rule.items()))
        assert shown == listed.get(name, ""), f"{name}: run tools/link_errors.py"


def test_a_table_counts_boards_errors_and_links() -> None:
    found = {
        "b.dtb": link_errors.Errors({"L002": 1, "L001": 2}, 1000),
        "a.dtb": link_errors.Errors({}, 234),
    }
    assert table(found).splitlines()[2:] == [
        "| `b.dtb` | 3 | L001 2, L002 1 |",
        "| **1 of 2 boards** | **3** of 1,234 links | L001 2, L002 1 |",
    ]
