"""Every row of the conformance table of Linux has a test that is named after it.

A test names a row in the name of its function (`test_k081_...`), or in the id of a case: the first
argument of row() or Row(), or the id of pytest.param() (`K081-...`).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parents[1] / "shared" / "spec" / "kernel-semantics.md"

SECTIONS = {
    "data model, look-up, unflattening": range(1, 26),
    "resolver": range(26, 52),
    "fragments and building": range(52, 76),
    "applying, notifying": range(80, 91),
    "changesets": range(91, 101),
    "removal": range(110, 129),
    "symbols": range(130, 140),
    "devices": range(140, 148),
}
ROWS = {f"K{number:03}" for numbers in SECTIONS.values() for number in numbers} | {"K115a"}

_NAME = re.compile(r"k\d{3}a?(?=_)")
_ID = re.compile(r"K\d{3}a?(?![0-9a-z])")


def rows_in(source: str) -> Iterator[str]:
    """Give the rows that the tests of a module name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_k"):
            yield from (f"K{name[1:]}" for name in _NAME.findall(node.name))
        elif isinstance(node, ast.Call):
            found = _ID.match(_case_id(node))
            if found:
                yield found.group()


def _case_id(call: ast.Call) -> str:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in ("row", "Row") and call.args:
        return _text(call.args[0])
    if name == "param":
        return next((_text(word.value) for word in call.keywords if word.arg == "id"), "")
    return ""


def _text(value: ast.expr) -> str:
    if isinstance(value, ast.JoinedStr) and value.values:
        value = value.values[0]
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return value.value if is_text else ""  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def named() -> set[str]:
    modules = [path for path in TESTS.rglob("test_*.py") if path.name != "test_libfdt_rows.py"]
    return {row for path in modules for row in rows_in(path.read_text())}


@pytest.mark.parametrize("numbers", SECTIONS.values(), ids=SECTIONS)
def test_every_row_is_named(numbers: range, named: set[str]) -> None:
    assert {f"K{number:03}" for number in numbers} - named == set()


def test_no_other_row_is_named(named: set[str]) -> None:
    # Rows from K150 on are those of libfdt.
    assert {row for row in named if row < "K150"} == ROWS


def test_names_are_found_where_tests_have_them() -> None:
    source = """
def test_k001_k002_two(): row("K003", 1)
def helper_k004(): other("K005")
x = [Row(f"K006-{y}"), row("K0077"), pytest.param(1, id="K115a-b"), pytest.param("K008")]
"K009"
"""
    assert sorted(rows_in(source)) == ["K001", "K002", "K003", "K006", "K115a"]


@pytest.mark.skipif(not TABLE.exists(), reason=f"needs {TABLE.name} of the reference material")
def test_the_rows_are_those_of_the_table() -> None:
    table = TABLE.read_text().partition("## 10 ")[2].partition("### 10.9")[0]
    assert set(re.findall(r"^\| (K\d{3}a?) \|", table, re.MULTILINE)) == ROWS
