from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.report import escape

HOSTILE = "\x1b[31mred\x9b0m\x07\nnext\r\u202eevil\u2066\u200b\ud800 ok"


def test_terminal_shows_what_would_act() -> None:
    assert escape.terminal(HOSTILE) == (
        r"\x1b[31mred\x9b0m\x07\nnext\r\u202eevil\u2066\u200b\ud800 ok"
    )


def test_terminal_leaves_letters_alone() -> None:
    assert escape.terminal("gerät@0,1_+.?#-Ω [red] {x}") == "gerät@0,1_+.?#-Ω [red] {x}"


@given(st.text())
def test_terminal_output_never_acts(text: str) -> None:
    shown = escape.terminal(text)
    shown.encode()
    assert "\x1b" not in shown
    assert len(shown.splitlines()) <= 1


def test_html_has_no_tags_left() -> None:
    assert escape.html("<b a=\"1\" c='2'>&") == "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;"


@given(st.text())
def test_xml_can_be_read_back(text: str) -> None:
    document = f'<a b="{escape.xml(text)}">{escape.xml(text)}</a>'
    read = ElementTree.fromstring(document)
    assert read.text == (escape.terminal(text) or None) or "\ufffe" in text or "\uffff" in text
    assert read.get("b") == (read.text or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("boards/a-b.dtb", "boards/a-b.dtb"),
        ("@name #12", "&#64;name &#35;12"),
        ("a|b `c` <d>", "a&#124;b &#96;c&#96; &#60;d&#62;"),
        ("https://x WWW.x", "https&#58;//x WWW&#46;x"),
        ("a\nb", "a&#92;nb"),
    ],
)
def test_markdown_holds_references_where_it_could_mean_something(text: str, expected: str) -> None:
    assert escape.markdown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\nb", r"a\nb"), ("100%", "100%25"), ("::error::x", "::error::x")],
)
def test_workflow_data_stays_on_its_line(text: str, expected: str) -> None:
    assert escape.workflow_data(text) == expected


def test_workflow_property_cannot_end_early() -> None:
    assert escape.workflow_property("a,line=1::x%") == "a%2Cline=1%3A%3Ax%25"
