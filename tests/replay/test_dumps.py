"""Hex dumps: every form, what each bound of them is (row P040), and headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workareas import STYLES, dump

from dtovl.replay.dumps import Block, Collector, Header, is_dump_line, parse_header
from dtovl.replay.stream import Problem

ZEROS = "0000 0000 0000 0000 0000 0000 0000 0000"


def collect(*lines: str, header: str = "rtas ibm,update-nodes rc=0") -> bytes | str:
    """Read a dump below a header: its bytes, or what is wrong with it."""
    parsed = parse_header(header, 1)
    assert isinstance(parsed, Header)
    collector = Collector(parsed)
    for number, line in enumerate(lines, 2):
        collector.take(line, number)
    found = collector.finish()
    if isinstance(found, Block):
        assert found.data is not None
        return found.data
    assert (found.code, found.line) == ("PS205", 1)
    return found.message


class TestHeaders:
    def test_fields(self) -> None:
        found = parse_header("rtas ibm,configure-connector  drc=0x2f000001 rc=-9003 scope=-2", 7)
        assert found == Header(7, "configure-connector", -9003, drc=0x2F000001, scope=-2)
        assert parse_header("rtas ibm,update-properties rc=1 phandle=4096", 7) == Header(
            7, "update-properties", 1, phandle=4096
        )

    @pytest.mark.parametrize(
        "text",
        [
            "rtas ibm,get-sensor-state rc=0",
            "rtas help: see the manual",
            "rtas ibm,update-nodesrc=0",
            "xrtas ibm,update-nodes rc=0",
        ],
    )
    def test_other_lines(self, text: str) -> None:
        assert parse_header(text, 7) is None

    @pytest.mark.parametrize(
        "fields",
        [
            *(
                "",
                "scope=1",
                "rc=",
                "rc=x",
                "rc=0 rc=0",
                "rc=0 when=now",
                "rc=0 1",
                "rc=0x",
                "rc=+1",
            ),
            *("rc=4294967296", "rc=0 phandle=-1", "rc=0 drc=0x100000000", "rc=0 drc=0o7"),
            "rc=0 phandle=" + "9" * 5000,
        ],
    )
    def test_p006_wrong_headers(self, fields: str) -> None:
        found = parse_header(f"rtas ibm,update-nodes {fields}".strip(), 7)
        assert isinstance(found, Problem)
        assert (found.code, found.line) == ("PS205", 7)


class TestForms:
    @pytest.mark.parametrize("style", STYLES)
    @given(
        data=st.binary(min_size=1, max_size=200)
        | st.binary(max_size=20).map(lambda b: b * 40 + b"x")
    )
    def test_p040_every_form_is_read(self, style: str, data: bytes) -> None:
        lines = dump(data, style)
        assert all(map(is_dump_line, lines))
        assert collect(*lines) == data

    def test_xxd_text_that_looks_like_groups(self) -> None:
        assert collect("00000000: 6162 6364                                ab cd") == b"abcd"
        assert (
            collect("00000000: 2020 2020 2020 2020 2020 2020 2020 2020                  ")
            == b" " * 16
        )

    def test_groups_are_bytes_in_the_order_printed(self) -> None:
        assert collect("00000000: 01020304 0506 07") == bytes(range(1, 8))
        assert collect("0000: 0102 030405") == bytes(range(1, 6))
        assert collect("000000 41 42  >AB<") == b"AB"

    def test_a_first_word_of_hex_digits_is_the_offset(self) -> None:
        assert "0xdead" in str(collect("dead: 00000000: 01"))
        assert collect("deadline: 00000000: 01", "deadline: 00000001: 02") == b"\1\2"

    def test_lines_of_another_dump_may_stand_between(self) -> None:
        for other in ("eth: 00000007: 02", "00000007: 02", "000007 02"):
            assert collect("wa: 0000: 01", other, "wa: 0001: 02") == b"\1\2"
        assert collect("00000000: 01", "2021 was a year", "00000001: 02") == b"\1\2"

    @pytest.mark.parametrize(
        "text",
        ["", "added node /a:5", "dead: node", "wa: rc", "mobility: added node /a:5", "**", "0"],
    )
    def test_other_lines_may_stand_between(self, text: str) -> None:
        if text != "dead: node":
            assert not is_dump_line(text)
            assert collect("0000: 01", text, "0001: 02") == b"\1\2"


class TestBounds:
    def test_stars_repeat_the_line_before(self) -> None:
        row = f"00000000: {ZEROS[:-2]}01"
        assert collect(row, "*", "00000040: 02") == (bytes(15) + b"\1") * 4 + b"\2"
        assert collect(row, "*", "00000040") == (bytes(15) + b"\1") * 4
        assert collect(row, "*", "*", "00000010: 02") == bytes(15) + b"\1\2"

    def test_a_star_may_stand_last_when_it_repeats_zeros(self) -> None:
        assert collect(f"00000000: {ZEROS}", "*") == bytes(16)
        assert "how far" in str(collect("00000000: 01", "*"))

    @pytest.mark.parametrize(
        ("lines", "why"),
        [
            (["00000010: 00"], "expected"),
            (["00000000: 00", "00000002: 00"], "expected"),
            (["00000000: 0000", "00000001: 00"], "expected"),
            (["00000000: 00", "00000000: 00"], "expected"),
            (["00000000: 00", "00000005"], "expected"),
            (["*"], "no line before"),
            (["00000000: 01", "*", "00000000: 01"], "cannot reach"),
            (["00000000: 0102", "*", "00000005: 01"], "cannot reach"),
            (["00000000: 01", "*", "ffffffff: 01"], "outside"),
            (["00000000: 01", "*", "00001001"], "outside"),
            (["00000000: 0g"], "group"),
            (["00000000: 012"], "group"),
            (["00000000: 0102030405060708"], "group"),
            (["00000000: 010203 04"], "group"),
            (["000000 01 zz"], "group"),
            (["00000000: " + " ".join(["00"] * 17)], "17 bytes"),
            (["00000000:"], "no bytes"),
            (["00000000  |AB|"], "0 bytes"),
            ([f"00000000: {ZEROS}", "*", "00001000: 01"], "after byte"),
            ([f"00000000: {ZEROS}", "*", "00000ff8: 00"], "cannot reach"),
            ([], "no dump lines"),
        ],
    )
    def test_malformed(self, lines: list[str], why: str) -> None:
        assert why in str(collect(*lines))

    def test_a_whole_area(self) -> None:
        assert collect(f"00000000: {ZEROS}", "*", "00000ff0: " + ZEROS) == bytes(4096)
        assert collect(f"00000000: {ZEROS}", "*", "00001000") == bytes(4096)

    def test_nothing_follows_an_offset_alone(self) -> None:
        header = parse_header("rtas ibm,update-nodes rc=0", 1)
        assert isinstance(header, Header)
        collector = Collector(header)
        assert collector.take("000000 01", 2)
        assert collector.take("*", 2)
        assert not collector.take("a kernel message", 2)
        assert not collector.done
        assert collector.take("000001", 3)
        assert collector.done
        assert not collector.take("000001 01", 4)
        assert collector.finish() == Block(header, b"\1")

    @pytest.mark.parametrize(
        "header",
        [
            "rtas ibm,update-nodes rc=-1",
            "rtas ibm,update-properties rc=-3 phandle=1",
            "rtas ibm,configure-connector rc=0 drc=1",
            "rtas ibm,configure-connector rc=9901 drc=1",
        ],
    )
    def test_an_area_that_is_not_looked_at_may_be_missing(self, header: str) -> None:
        assert collect(header=header) == b""

    def test_an_area_that_tells_the_number_may_not(self) -> None:
        assert "no dump" in str(collect(header="rtas ibm,configure-connector rc=0"))
        assert "no dump" in str(collect(header="rtas ibm,update-properties rc=1 phandle=1"))

    @given(st.lists(st.text("0123456789abcdef:* \tz|>", max_size=60), max_size=8))
    def test_any_lines(self, lines: list[str]) -> None:
        found = collect(*[line.strip() for line in lines])
        assert isinstance(found, str) or len(found) <= 4096
