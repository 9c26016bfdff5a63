"""Any log, and any line near one that the kernel writes, ends in a report."""

from __future__ import annotations

from audit.auditing import audited, board
from audit.messages import EXAMPLES, kasan
from hypothesis import given
from hypothesis import strategies as st

from dtovl.report.audit import audit_lines
from dtovl.report.audit_json import audit_document

LINES = [line for lines in EXAMPLES.values() for line in lines]
REPORT = kasan("use-after-free", "a b c", "d e", "f g").splitlines()
BOARD = board()

_SEEDS = st.sampled_from([*LINES, *REPORT]).map(lambda line: line.encode("latin-1"))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Give a real line with bytes put in, taken out and changed."""
    line = bytearray(draw(_SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(line)))
        line[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(line)


@given(st.lists(damaged() | st.binary(max_size=60), max_size=12), st.booleans(), st.booleans())
def test_any_log_ends_in_a_report(lines: list[bytes], tied: bool, verbose: bool) -> None:
    found = audited(b"\n".join(lines), BOARD if tied else None)
    shown = list(audit_lines(found, "log", verbose=verbose))
    assert shown or not found.findings
    assert audit_document(found, "log", []).startswith("{")
    assert found.known >= len(found.findings)
    assert found.lines <= sum(line.count(b"\n") + 1 for line in lines)
