"""The rules of links, one by one and where they meet: the rows of `rules/*.txt`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.linked import Row, check, rows

FILES = sorted((Path(__file__).parent / "rules").glob("*.txt"))


def params() -> list[Any]:
    """Give every row, named for its file and its title."""
    found = []
    for path in FILES:
        for row in rows(path.read_text(encoding="utf-8")):
            name = re.sub(r"[^\w#*]+", "-", row.title).strip("-")
            found.append(pytest.param(row, id=f"{path.stem}-{name}"))
    return found


@pytest.mark.parametrize("row", params())
def test_rule(row: Row) -> None:
    check(row)


def test_every_rule_is_raised_in_a_row() -> None:
    """L033, L034 and L036 have their own tests; L031 is reserved."""
    raised = {line[:4] for param in params() for line in param.values[0].findings}
    expected = {f"L{number:03}" for number in range(1, 38)} - {"L031", "L033", "L034", "L036"}
    assert raised == expected
