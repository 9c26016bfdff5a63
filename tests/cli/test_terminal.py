from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.cli.terminal import inert, use_colour, width_of, wrap, write_lines, write_text
from dtovl.report.spans import Line

WORDS = st.lists(
    st.tuples(st.sampled_from(["", "error", "path"]), st.text("ab/@ ", max_size=12)), max_size=8
)


def texts(line: Line, width: int) -> list[str]:
    return ["".join(text for _, text in spans) for spans in wrap(line, width)]


@given(spans=WORDS, width=st.integers(1, 60), hang=st.integers(0, 10))
def test_wrapping_loses_no_word(spans: list[tuple[str, str]], width: int, hang: int) -> None:
    line = Line((("label", "head "), *spans), hang=hang)
    whole = "head " + "".join(text for _, text in spans)
    lines = texts(line, width)
    assert " ".join(lines).split() == whole.split()
    for text in lines[1:]:
        assert text.startswith(" " * hang)
        assert len(text) <= width or len(text.split()) == 1


@given(spans=WORDS)
def test_a_line_without_hang_stays_whole(spans: list[tuple[str, str]]) -> None:
    assert texts(Line(tuple(spans)), 1) == ["".join(text for _, text in spans)]


def test_a_word_may_run_over_spans() -> None:
    line = Line((("", "at "), ("", "one ("), ("path", "/soc/uart@1"), ("", "), two")), hang=2)
    assert texts(line, 12) == ["at one", "  (/soc/uart@1),", "  two"]


def test_styles_survive_wrapping() -> None:
    line = Line((("error", "e "), ("old", "long text"), ("new", " more")), hang=2)
    assert list(wrap(line, 8)) == [
        [("error", "e "), ("old", "long")],
        [("", "  "), ("old", "text")],
        [("", "  "), ("new", "more")],
    ]


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        (
            [("", "          "), ("excerpt", "::error file=a::forged")],
            r"          \x3a:error file=a",
        ),
        ([("", " "), ("path", ":"), ("", ":warning::forged")], r" \x3a:warning::forged"),
        ([("", "label ##[error]"), ("name", "##vso[x]")], r"label #\x23[error]#\x23vso[x]"),
        ([("", "#address-cells: a::b")], "#address-cells: a::b"),
        ([], ""),
    ],
)
def test_no_line_is_a_command_of_a_build(spans: list[tuple[str, str]], shown: str) -> None:
    assert "".join(text for _, text in inert(spans)).startswith(shown)


def test_a_wrapped_word_starts_no_command() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
    write_lines(stream, [Line((("", "why "), ("", "word " * 15 + "::error::forged")), hang=4)])
    stream.seek(0)
    assert r"    \x3a:error::forged" in stream.read().splitlines()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "expected"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colour_on_a_terminal(
    choice: str,
    environment: dict[str, str],
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert use_colour(choice, Terminal()) is expected
    assert use_colour(choice, io.StringIO()) is (choice == "always")


@pytest.mark.parametrize(
    ("columns", "width"), [("100", 100), ("10", 40), ("no", 80), ("0", 80), ("-5", 80)]
)
def test_width(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width_of(io.StringIO()) == width


def test_an_encoding_that_lacks_a_letter_gets_an_escape() -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="ascii")
    write_text(stream, "gerät Ω\n")
    assert data.getvalue() == b"ger\\xe4t \\u03a9\n"


def test_markup_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="utf-8")
    write_lines(stream, [Line((("path", "[red]:smile:[/]"), ("", " \x1b[2J")))], "always")
    assert data.getvalue() == b"\x1b[1m[red]:smile:[/]\x1b[0m \\x1b[2J\n"
