"""Every row of the tables has an example, which it and no row before it fits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from audit.messages import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

from dtovl.audit.culprits import CULPRITS
from dtovl.audit.lines import MAX_LINE_BYTES
from dtovl.audit.patterns import HOOKS, PATTERNS, REPORTS, find_kind
from dtovl.codes import find_code
from dtovl.codes.base import Severity

LINES = [(name, line) for name, lines in EXAMPLES.items() for line in lines]


def test_every_kind_has_an_example() -> None:
    assert set(EXAMPLES) == {kind.name for kind in PATTERNS}


@pytest.mark.parametrize(("name", "line"), LINES, ids=[line[:60] for _, line in LINES])
def test_an_example_is_of_its_kind(name: str, line: str) -> None:
    found = find_kind(line)
    assert found is not None
    assert found.kind.name == name
    assert any(hook in line.encode() for hook in HOOKS)


@pytest.mark.parametrize("kind", PATTERNS, ids=lambda kind: f"{kind.name} {kind.start[-20:]}")
def test_every_row_is_whole(kind: Any) -> None:
    assert kind.means
    assert kind.function
    assert Severity[kind.severity.upper()]
    assert bool(kind.start) or kind.hook or kind.name == "crash"
    if kind.code:
        assert find_code(kind.code) is not None
    else:
        assert kind.follows or kind.name in REPORTS


@pytest.mark.parametrize("row", CULPRITS, ids=lambda row: f"{row.code} {row.means[:40]}")
def test_every_culprit_is_whole(row: Any) -> None:
    assert find_code(row.code) is not None
    assert row.means
    assert row.fix
    assert row.kinds <= REPORTS


@pytest.mark.parametrize(
    "line",
    [
        "usb 1-1: new high-speed USB device",
        "OF: overlay: overlay #1 is not topmost at all",
        "OF: overlay: overlay #99999999999999999999 is not topmost",
        "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "WARNING: you are running as root",
        "kobject: 'a' (ffff): kobject_cleanup, parent 0",
        "name\tvalue",
        "platform soc: Adding to iommu group 3",
        "",
    ],
)
def test_other_lines_are_of_no_kind(line: str) -> None:
    assert find_kind(line) is None


@pytest.mark.parametrize("kind", PATTERNS, ids=lambda kind: f"{kind.name} {kind.start[-20:]}")
def test_no_line_takes_long(kind: Any) -> None:
    # Words of the pattern repeated are what makes one that tries things twice slow.
    words = [*re.findall(r"[A-Za-z0-9_#,'() ]{2,}", kind.rest), "'", " ", ":", "/", "a"]
    for word in words:
        line = (kind.start + kind.hook + word * MAX_LINE_BYTES)[:MAX_LINE_BYTES]
        for _ in range(3):
            find_kind(line)


@given(st.sampled_from(PATTERNS), st.text(st.characters(max_codepoint=255), max_size=40))
def test_facts_are_parts_of_the_line(kind: Any, rest: str) -> None:
    found = find_kind(kind.start + rest)
    if found is not None:
        for name, value in found.facts.items():
            assert value in found.text or (name == "node" and value == "/")
