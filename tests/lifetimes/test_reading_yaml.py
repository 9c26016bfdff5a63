"""Scenario files: what of YAML is read, and how; whatever is in a file, there is an answer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lifetimes.told import HEAD, diagnostics, errors
from support.lines import numbered

from dtovl.errors import InputError
from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.reading import read_scenario
from dtovl.model.limits import MAX_SCENARIO_DEPTH
from dtovl.yamlfile import NotYaml, Scanned, reads_alike, scan_yaml, word_type

ACTORS = HEAD + "actors: {a: }\nevents: []\n"

REFUSED: dict[str | bytes, list[str]] = {
    b"name: \xff\n": ["1:1: not UTF-8"],
    "name: x\n".encode("utf-16"): ["1:1: not UTF-8"],
    ACTORS + "#" * (1 << 20): ["1:1: file is larger than 1 MiB"],
    "name: [x\nactors: {}\n": ["2:7: not valid YAML"],
    "a: b: c\n": ["1:5: not valid YAML"],
    "a:\tb\n": ["1:3: not valid YAML"],
    "a: b\x07\n": ["1:5: not valid YAML"],
    "a:\r\n- \x00\n": ["2:3: not valid YAML"],
    "a: *x\n": ["1:4: not valid YAML"],
    "a: &x b\nc: &x d\n": ["2:4: not valid YAML"],
    "a: b\n---\na: b\n": ["2:1: not valid YAML"],
    "%YAML 2.0\n---\na: b\n": ["1:1: not valid YAML"],
    "? [a]\n: b\n": ["1:3: not valid YAML"],
    "a: {{b: c}: d}\n": ["1:5: not valid YAML"],
    "a: &x [b]\n*x : c\n": ["1:4: not valid YAML"],
    "a: =\n": ["1:4: not valid YAML"],
    "a: <<\n": ["1:4: not valid YAML"],
    "? [a]\n: b: [\n": ["3:1: not valid YAML"],
    "[" * (MAX_SCENARIO_DEPTH + 1): [f"1:{MAX_SCENARIO_DEPTH + 1}: not valid YAML"],
    "a: !!str b\n!x c: !y {}\n": [
        "1:4: tags are not allowed",
        "2:1: tags are not allowed",
        "2:7: tags are not allowed",
    ],
    "a: ! b\n": ["1:4: tags are not allowed"],
    "a: &x {b: c}\nd: {<<: *x, <<: *x}\n": [
        "2:5: merge keys are not allowed",
        "2:13: merge keys are not allowed",
    ],
    "a: b\n'a': c\nd: !e {f: , f: }\nf: {<<: }\na: \n": [
        "2:1: duplicate key 'a' (first at line 1)",
        "3:4: tags are not allowed",
        "3:13: duplicate key 'f' (first at line 3)",
        "4:5: merge keys are not allowed",
        "5:1: duplicate key 'a' (first at line 1)",
    ],
    "on: \nyes: \n1: \n0x1: \n~: \nnull: \n'1': \n": [
        "2:1: duplicate key 'yes' (first at line 1)",
        "4:1: duplicate key '0x1' (first at line 3)",
        "6:1: duplicate key 'null' (first at line 5)",
    ],
    "a: &x b\nc: [" + "*x, " * 102 + "]\n": ["2:405: more than 100 aliases"],
}


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: numbered(str(data)))
def test_what_is_no_yaml_of_scenarios(data: str | bytes) -> None:
    assert errors(data) == REFUSED[data]


def test_what_the_parser_says_is_handed_on() -> None:
    told = "while parsing a flow sequence expected ',' or ']', but got ':'"
    assert [one.why for one in diagnostics("name: [x\nactors: {}\n")] == [told]
    assert [one.why for one in diagnostics(b"a\xff")] == ["byte 2: invalid start byte"]


def test_a_mark_of_byte_order_is_no_column() -> None:
    assert errors("\ufeffname: x\n")[0].startswith("1:1: missing key")
    assert errors("\ufeff" + ACTORS) == []


def test_100_aliases_are_allowed() -> None:
    aliases = "".join("- *x\n" for _ in range(100))
    text = HEAD + "actors: {a: }\nevents:\n- &x {actor: a, do: exit}\n" + aliases
    assert errors(text) == []


def test_an_error_that_aliases_repeat_is_told_once() -> None:
    text = HEAD + "actors: {a: &x {some: 1}, b: *x}\nevents: []\n"
    assert errors(text) == ["3:17: unknown key 'some'"]


def test_what_holds_itself_is_no_danger() -> None:
    text = HEAD + "actors: {a: }\nobjects: {o: &x {release: *x, needs: &y [*y]}}\nevents: []\n"
    assert errors(text) == [
        "4:18: unknown key 'release'",
        "4:31: unknown key 'needs'",
        "4:38: 'needs' must be a string, not a list",
    ]


WORDS = [
    "on",
    "~",
    "",
    "12:30",
    "1_0",
    "0b1",
    "0o7",
    "012",
    "08",
    "1.",
    ".5",
    ".inf",
    "-",
    "=",
    "<<",
]
TYPES = {bool: "bool", int: "int", float: "float", str: "str", type(None): "null"}


@pytest.mark.parametrize("word", [*WORDS, "2024-05-01", "2024-05-01 10:00:00", "null", "y", "N"])
def test_words_are_what_the_safe_loader_makes_of_them(word: str) -> None:
    try:
        value = yaml.safe_load(f"[{word} ]")[0] if word else None
    except yaml.YAMLError:
        assert word_type(word) in ("value", "merge") or word == "-"
        return
    assert word_type(word) == TYPES.get(type(value), "timestamp")


# -- whatever is in a file -------------------------------------------------------------------------

YAMLISH = st.text(alphabet="ab:-?,[]{}&*!|>'\"#%@`~<=0 \n", max_size=40)


def scanned(text: str, *, fast: bool) -> list[Scanned] | str:
    try:
        return list(scan_yaml(text, fast=fast))
    except NotYaml:
        return "no YAML"


@pytest.mark.skipif(not reads_alike("\n"), reason="PyYAML has no libyaml here")
@given(YAMLISH)
def test_the_fast_scanner_sees_what_the_other_one_sees(text: str) -> None:
    """Where the fast one sees no error: else it is not asked."""
    if reads_alike(text + "\n"):
        fast = scanned(text + "\n", fast=True)
        assert fast in ("no YAML", scanned(text + "\n", fast=False))


def answer(data: bytes) -> Any:
    """Read a file: the scenario, or None and errors that say where."""
    try:
        return read_scenario(data, "x.yaml")
    except InputError as error:
        told = error.diagnostics
    places = [one.where for one in told]
    assert 1 <= len(told) <= 20
    assert all(place is not None and place.line and place.column for place in places)
    return None


@given(st.binary(max_size=60) | YAMLISH.map(str.encode))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert answer(data) is None


SOURCE = (
    HEAD
    + """actors: {a: {kind: work, uses: [o]}, b: {code: m}}
objects: {o: {kind: kobject, release: {puts: [h], closes: [s]}}, p: &p {needs: [o]}}
scopes: {s: *p}
locks: [l]
modules: [m]
events:
- {actor: a, do: alloc, object: o, scope: s}
- {actor: b, do: get, object: o, as: h, after: [e1]}
- {actor: a, do: lock, lock: l, id: x}
- {actor: b, do: put, hold: h}
"""
)


@given(
    st.integers(0, len(SOURCE)),
    st.integers(0, 12),
    st.text(alphabet="abox:-,[]{}&*!~ \n", max_size=8),
)
def test_any_change_of_a_scenario_has_an_answer(place: int, length: int, put: str) -> None:
    text = SOURCE.replace("*p", "{kind: call}")
    data = (text[:place] + put + text[place + length :]).encode()
    read = answer(data)
    if read is not None:
        Machine(read).run()
