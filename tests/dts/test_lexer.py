from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dtovl.dts.includes import Files
from dtovl.dts.lexer import BYTES, END, NAMES, VALUES, Lexer
from dtovl.dts.places import Places
from dtovl.errors import InputError

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping


def lexer(text: str, files: Mapping[str, str] | None = None) -> tuple[Lexer, Places]:
    known = {name: content.encode("latin-1") for name, content in (files or {}).items()}
    places = Places(None)
    return Lexer(text, "main.dts", places, Files(known.get, "main.dts")), places


def words(text: str, context: re.Pattern[str], files: Mapping[str, str] | None = None) -> list[str]:
    source, _ = lexer(text, files)
    found = []
    while (token := source.next(context)).kind != END:
        found.append(f"{token.kind}:{token.text}" if token.kind != token.text else token.text)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a-b,c_1@2f {", ["name:a-b,c_1@2f", "{"]),
        ("#address-cells = 1", ["name:#address-cells", "=", "name:1"]),
        ("l1: l2: n", ["label:l1", "label:l2", "name:n"]),
        ("l-1: n", ["name:l-1", ":", "name:n"]),
        ("9x: n", ["name:9x", ":", "name:n"]),
        (r"\l: x", ["name:\\l", ":", "name:x"]),
        ("/ { /delete-node/ &a;", ["/", "{", "/delete-node/", "ref:&a", ";"]),
        ("/no-such-word/ x", ["/no-such-word/", "name:x"]),
        ("&{/a@1/b} &{l/b} &x", ["ref:&{/a@1/b}", "ref:&{l/b}", "ref:&x"]),
        ("&{}", ["&", "{", "}"]),
    ],
)
def test_words_where_a_name_may_come(text: str, expected: list[str]) -> None:
    assert words(text, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<0x1F 010 7ULL 3u>", ["<", "number:0x1F", "number:010", "number:7ULL", "number:3",
                               "u", ">"]),
        ("10U20", ["number:10U", "number:20"]),
        ("0xZZ", ["number:0", "x", "Z", "Z"]),
        ("1<<2>>3<=4>=5", ["number:1", "<<", "number:2", ">>", "number:3", "<=", "number:4", ">=",
                           "number:5"]),
        ("==!=&&||?:", ["==", "!=", "&&", "||", "?", ":"]),
        (r"""'a' '\'' '\\' '\x41'""", ["char:'a'", r"char:'\''", r"char:'\\'", r"char:'\x41'"]),
        (r'"a\"b" "c"', [r'string:"a\"b"', 'string:"c"']),
        ("l: 1 &l 2", ["label:l", "number:1", "ref:&l", "number:2"]),
        ("/bits/ 8", ["/bits/", "number:8"]),
        ("(8 /2/ 1)", ["(", "number:8", "/", "number:2", "/", "number:1", ")"]),
    ],
)  # fmt: skip
def test_words_of_values(text: str, expected: list[str]) -> None:
    assert words(text, VALUES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00 fF]", ["byte:00", "byte:fF", "]"]),
        ("abcd]", ["byte:ab", "byte:cd", "]"]),
        ("ab: cd", ["label:ab", "byte:cd"]),
        ("abc", ["byte:ab", "c"]),
    ],
)
def test_words_of_byte_strings(text: str, expected: list[str]) -> None:
    assert words(text, BYTES) == expected


@pytest.mark.parametrize(
    "between",
    [" ", "\t\r\n\f\v", "/* c */", "/* * / ** */", "// c\n", '\n# 3 "f" 1 2\n', '\n#line 4 "f"\n',
     "\n# 5\n", "/**//**/ // x\n/* y\n */"],
)  # fmt: skip
def test_what_stands_between_words_is_passed_over(between: str) -> None:
    assert words(f"a{between}b", NAMES) == ["name:a", "name:b"]


def test_a_line_comment_may_end_the_text() -> None:
    assert words("a // b", NAMES) == ["name:a"]


def test_included_text_stands_in_place_of_the_directive() -> None:
    files = {"x.dtsi": 'b /include/ "y.dtsi" c', "y.dtsi": "in-y"}
    found = words('a /include/ "x.dtsi" d', NAMES, files)
    assert found == ["name:a", "name:b", "name:in-y", "name:c", "name:d"]


def test_words_do_not_join_over_the_end_of_a_file() -> None:
    assert words('ab/include/"x.dtsi"ef', NAMES, {"x.dtsi": "cd"}) == [
        "name:ab",
        "name:cd",
        "name:ef",
    ]


def test_places_know_file_line_and_column() -> None:
    text = 'a\n  b\n# 20 "other.h" 1\nc\n\td\n# 3 "main.dts" 2\n/include/ "x.dtsi" f\n#line 9\ng'
    source, places = lexer(text, {"x.dtsi": "\n e"})
    found = {}
    while (token := source.next(NAMES)).kind != END:
        found[token.text] = str(places.locate(token.place))
    assert found == {
        "a": "main.dts:1:1",
        "b": "main.dts:2:3",
        "c": "other.h:20:1",
        "d": "other.h:21:2",
        "e": "x.dtsi:2:2",
        "f": "main.dts:3:20",
        "g": "main.dts:9:1",
    }


def test_names_in_markers_are_unescaped_and_utf8() -> None:
    source, places = lexer('# 1 "a \\"b\\" \xc3\xa4.dts"\nx')
    assert places.locate(source.next(NAMES).place).file == 'a "b" ä.dts'


def test_a_wrong_escape_in_a_marker_stays() -> None:
    source, places = lexer('# 1 "a\\xg"\nx')
    assert places.locate(source.next(NAMES).place).file == "a\\xg"


def test_an_excerpt_has_the_line_and_a_caret_below_the_word() -> None:
    source, places = lexer("a;\n\tb c;\r\n")
    for _ in range(3):
        source.next(NAMES)
    token = source.next(NAMES)
    assert places.source_of(token.place).excerpt(token.place) == "\tb c;\n\t  ^"


def test_of_a_long_line_the_part_around_the_caret_is_shown() -> None:
    text = "x" * 500 + " here " + "y" * 500
    _, places = lexer(text)
    line, caret = places.sources[0].excerpt(501).split("\n")
    assert len(line) <= 200
    assert line[caret.index("^") :].startswith("here")


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('a\n "b\nc', "main.dts:2:2", "string"),
        ("a\n /* b\nc", "main.dts:2:2", "comment"),
        ("a\n 'b\nc", "main.dts:2:2", "character"),
    ],
)
def test_what_is_never_closed_is_reported_where_it_begins(text: str, place: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        words(text, VALUES)
    found = caught.value.diagnostic
    assert (found.code.number, str(found.where)) == ("DT022", place)
    assert f"the {what} that begins here" in found.message


def test_files_that_include_themselves_end() -> None:
    with pytest.raises(InputError) as caught:
        words('/include/ "x.dtsi"', NAMES, {"x.dtsi": '\n/include/ "x.dtsi"'})
    found = caught.value.diagnostic
    assert (found.code.number, str(found.where)) == ("DT027", "x.dtsi:2:1")


def test_many_inclusions_end() -> None:
    with pytest.raises(InputError, match="DT027"):
        words('/include/ "x.dtsi"\n' * 20_000, NAMES, {"x.dtsi": ""})
