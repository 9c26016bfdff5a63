"""Messages are found behind whatever a log writes around them."""

from __future__ import annotations

import json
from io import BufferedReader, BytesIO

import pytest
from audit.auditing import audited, one
from hypothesis import given
from hypothesis import strategies as st

from dtovl.audit.lines import MAX_LINE_BYTES, Wanted, message, read_lines

TEXT = "OF: overlay: overlay #1 is not topmost"

LEADS = [
    b"",
    b"[    1.234567] ",
    b"[    1.2][  T123] ",
    b"[    1.2][    C0] ",
    b"<3>",
    b"<3>[    1.2] ",
    b"kern  :err   : [    1.2] ",
    b"kern  :err   : ",
    b"[Mon Jan  1 00:00:00 2024] ",
    b"[Jan 1 00:00] ",
    b"[  +0.000012] ",
    b"[<    0.000012>] ",
    b"[    1.2 <    0.000012>] ",
    b"2024-01-01T00:00:00,123456+00:00 ",
    b"Jan  1 00:00:00 host kernel: ",
    b"Jan  1 00:00:00 host kern.err kernel: [    1.2] ",
    b"2024-01-01T00:00:00.123456+00:00 host kernel: [    1.2] ",
    b"[    1.234567] host kernel: ",
    b"host kernel: ",
    b"kernel: ",
    b"3,1234,5678901,-;",
    b"3,1234,5678901,-,caller=T1;",
    b"2024-01-01T00:00:00.1234567Z [    1.2] ",
    b"[2024-01-01 12:00:00.123] [    1.2] ",
    b"12:00:00.123 [   1.0] ",
    b"dut1 | [   1.0] ",
    b"\x1b[32m[    1.2] \x1b[0m\x1b[31m",
    b"\x013",
    b"> > ",
    b"[T123] ",
    b"\0\0[    1.2] ",
]


@pytest.mark.parametrize("lead", LEADS, ids=repr)
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\x1b[0m\n"], ids=repr)
def test_a_message_is_found_behind_its_stamp(lead: bytes, end: bytes) -> None:
    assert message(lead + TEXT.encode() + end) == TEXT


def test_lines_of_journalctl_in_json() -> None:
    line = json.dumps({"MESSAGE": TEXT, "PRIORITY": "3"}).encode()
    assert message(line) == TEXT
    binary = json.dumps({"MESSAGE": list(b"OF: \xff")}).encode()
    assert message(binary) == "OF: \xff"
    assert message(b'{"MESSAGE": ' + b"[" * 5000) != ""
    assert message(b'{"MESSAGE": [7, "x"]}').startswith("{")


def test_carriage_returns_end_lines_and_do_not_count() -> None:
    found = one(f"first\r\r\nboot 50%\r{TEXT}\r\n".encode())
    assert (found.text, found.numbers) == (TEXT, [2])


def test_a_line_longer_than_the_kernel_writes_is_cut_and_counts_once() -> None:
    log = b"x" * (1 << 18) + TEXT.encode() + b"\n" + TEXT.encode()
    found = audited(log)
    assert found.lines == 2
    assert [finding.numbers for finding in found.findings] == [[2]]


def test_only_lines_with_a_hook_are_given_until_all_are_wanted() -> None:
    wanted = Wanted()
    file = BufferedReader(BytesIO(b"a\nhook\nb\nc\n"))
    given_lines = []
    for line in read_lines(file, (b"hook",), wanted):
        given_lines.append((line.number, line.text))
        wanted.all = True
    assert given_lines == [(2, "hook"), (3, "b"), (4, "c")]
    assert wanted.lines == 4


@given(
    st.lists(
        st.sampled_from([b"a", b"hook", b"", b"x" * 70_000, b"a\rhook", b"more"]), max_size=12
    ),
    st.booleans(),
    st.booleans(),
)
def test_lines_are_counted_as_an_editor_does(
    lines: list[bytes], ended: bool, toggled: bool
) -> None:
    log = b"\n".join(lines) + b"\n" * ended
    whole = log.split(b"\n")
    whole = whole[:-1] if whole[-1] == b"" else whole
    wanted = Wanted()
    found: set[int] = set()
    expected: set[int] = set()
    every = False
    for number, line in enumerate(whole, 1):
        if every or b"hook" in line:
            expected.add(number)
            every = every != (toggled and b"hook" in line)
    for line in read_lines(BufferedReader(BytesIO(log)), (b"hook",), wanted):
        found.add(line.number)
        if toggled and line.text == "hook":
            wanted.all = not wanted.all
    assert wanted.lines == len(whole)
    assert found == expected


def test_names_keep_their_bytes() -> None:
    assert message(b"[ 1.0] OF: ERROR: Bad of_node_put() on /a\xff").endswith("/a\xff")


@given(st.binary(max_size=200))
def test_any_line_gives_a_message_without_controls(raw: bytes) -> None:
    text = message(raw)
    assert not any(ord(one) < 32 and one != "\t" for one in text)


HOSTILE = [
    b"[ 1.2] ",
    b"a ",
    b"Jan  1 00:00:00 ",
    b"host ",
    b"<3>",
    b"> ",
    b"\x1b[",
    b"[1<<<<",
    b"12:",
    b"kernel: ",
    b"kern :err : ",
    b"3,1,1,-;",
]


@pytest.mark.parametrize("part", HOSTILE, ids=repr)
def test_repeated_stamps_do_not_hang(part: bytes) -> None:
    # Were a pattern to try anything twice, this would not end within the time limit of a test.
    line = (part * MAX_LINE_BYTES)[:MAX_LINE_BYTES]
    for _ in range(50):
        message(line)
