from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import cells, strings

from dtovl.model.values import guess, pieces, printable, render


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"", "empty"),
        (b"okay\0", "string"),
        (b"a\0b\0", "string"),
        (b"\0", "bytes"),  # more NULs than characters
        (b"a\0\0", "bytes"),
        (b"ab\0\0", "string"),  # as dtc: an empty string behind it
        (b"\0\0\0\1", "cells"),
        (b"abcd", "cells"),
        (b"abc", "bytes"),
        (b"caf\xe9\0", "bytes"),
        (b"a\x1b[0m\0\0\0\0", "bytes"),
        (b"tab\tand\nline\0", "string"),
    ],
)
def test_guess_is_that_of_dtc(value: bytes, kind: str) -> None:
    assert guess(value) == kind


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ranges", b"", ""),
        ("status", strings("okay"), '"okay"'),
        ("compatible", strings("acme,one", "acme,two"), '"acme,one", "acme,two"'),
        ("label", strings('say "hi"\\\n'), '"say \\"hi\\"\\\\\\n"'),
        ("mac", bytes.fromhex("dead01"), "[de ad 01]"),
        ("#address-cells", cells(2), "<2>"),
        ("#size-cells", cells(0x61620000), "<1633812480>"),  # not the string "ab"
        ("reg", cells(0x48024000, 4096), "<0x48024000 0x1000>"),
        ("reg", cells(0x41420000), "<0x41420000>"),
        ("size", strings("/soc/x"), '"/soc/x"'),  # a label or alias called so
        ("gpio", strings("/soc/gp"), '"/soc/gp"'),
        ("acme,word", cells(0x41420000), '"AB", ""'),
        ("interrupts", cells(0, 148, 4), "<0 148 4>"),
        ("clock-frequency", cells(0x1C200), "<115200>"),
        ("acme,thing", cells(48000000, 0x40000000, 1023, 1024), "<48000000 0x40000000 1023 0x400>"),
        ("phandle", cells(26), "<0x1a>"),
        ("pinctrl-single,pins", cells(376, 40), "<0x178 0x28>"),
        ("opp-hz", cells(0, 600000000), "/bits/ 64 <600000000>"),
        ("opp-hz", cells(600000000), "<600000000>"),
        ("x", b"\x80\0\0\0\1", "[80 00 00 00 01]"),
    ],
)
def test_a_value_reads_as_a_person_writes_it(name: str, value: bytes, text: str) -> None:
    assert render(value, name=name) == text


def test_references_are_written_in_their_cells() -> None:
    value = cells(5, 17, 8, 9, 3)
    assert (
        render(value, name="gpios", references={0: "gpio", 12: "/soc/gpio@1"})
        == "<&gpio 17 8>, <&{/soc/gpio@1} 3>"
    )
    assert render(value, name="iommu-map", references={4: "smmu"}) == "<0x5 &smmu 0x8 0x9 0x3>"
    assert render(value, name="pinctrl-0", references={0: "a", 4: "b"}) == "<&a &b 8 9 3>"
    assert render(value + b"\1\2", references={0: "a"}) == "<&a 17 8 9 3>, [01 02]"
    assert render(value, name="acme,x", references={4: "a", 8: "b"}) == "<5 &a &b 9 3>"
    assert render(cells(0, 1), name="opp-hz", references={4: "a"}) == "<0 &a>"
    # Text that is a reference in truth.
    assert render(b"abc\0", references={0: "a"}) == "<&a>"
    # What is no cell of the value is left out.
    assert render(value, name="x", references={2: "a", 20: "b", -4: "c"}) == "<5 17 8 9 3>"


@pytest.mark.parametrize(
    ("value", "name", "limit", "text"),
    [
        (cells(*range(1000, 1100)), "", 40, "<1000 1001 1002 1003 ...> (400 bytes)"),
        (strings(*["abc"] * 50), "", 40, '"abc", "abc", "abc", ... (200 bytes)'),
        (strings("x" * 99), "", 40, '"xxxxxxxxxxxxxxxxxxxxxxx..." (100 bytes)'),
        (b"\xff" * 99, "", 40, "[ff ff ff ff ff ff ff ff ...] (99 bytes)"),
        (cells(0, 10**9) * 40, "opp-hz", 40, "/bits/ 64 <1000000000 ...> (320 bytes)"),
        (cells(1, 2, 3), "", 40, "<1 2 3>"),
        (b"", "", 40, ""),
    ],
)
def test_long_values_are_shortened(value: bytes, name: str, limit: int, text: str) -> None:
    assert render(value, name=name, limit=limit) == text


def test_a_text_is_not_cut_within_an_escape() -> None:
    for length in range(40, 60):
        text = render(strings("x" * length + "\\" * 99), limit=60)
        inside = text[1 : text.index("...")]
        assert inside.replace("\\\\", "").count("\\") == 0


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (46, "<&clk 2 3 4>, <&clk 2 3 4>, ... (480 bytes)"),
        (50, "<&clk 2 3 4>, <&clk 2 3 4>, <&clk ...> (480 bytes)"),
    ],
)
def test_groups_are_closed_where_a_text_is_cut(limit: int, text: str) -> None:
    value = cells(1, 2, 3, 4) * 30
    clocks = dict.fromkeys(range(0, 480, 16), "clk")
    assert render(value, name="clocks", references=clocks, limit=limit) == text


@given(
    st.binary(max_size=200) | st.text('ab\\"\n\0', max_size=200).map(str.encode),
    st.sampled_from(["", "reg", "clocks", "opp-hz", "#x-cells", "a-gpios", "interrupt-map"]),
    st.dictionaries(st.integers(-8, 220), st.text(max_size=9), max_size=4),
    st.none() | st.integers(40, 200),
)
def test_every_text_is_printable_and_within_its_limit(
    value: bytes, name: str, references: dict[int, str], limit: int | None
) -> None:
    text = render(value, name=name, references=references, limit=limit)
    assert text.isascii()
    assert text.isprintable() or not text
    assert bool(text) == bool(value)
    if limit is None:
        assert text == " ".join(pieces(value, name=name, references=references))
    else:
        assert len(text) <= limit


def test_printable_escapes_what_is_not() -> None:
    assert printable("serial@1000") == "serial@1000"
    assert printable("a\x1b[2J\xff\\") == "a\\x1b[2J\\xff\\x5c"
