"""YAML as strangers write it: read safely, or refused with the line."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dtovl.errors import InputError
from dtovl.model.limits import MAX_YAML_BYTES, MAX_YAML_DEPTH, MAX_YAML_VALUES
from dtovl.yamlfile import Bounds, Items, Map, Number, Plain, read_yaml


def refusal(text: str) -> tuple[str, int]:
    with pytest.raises(InputError) as caught:
        read_yaml(text, "steps.yaml")
    found = caught.value.diagnostic
    assert found.code.number == "DT287"
    assert found.where is not None
    assert found.where.file == "steps.yaml"
    return str(found.fields["what"]), found.where.line


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: [1, -2, 0x1f, 007, x, ~, true, FALSE]", [1, -2, 31, 7, "x", None, True, False]),
        ("a: ['1', \"true\", '']", ["1", "true", ""]),
        (
            "a: [6.1, yes, on, 1_000, 12:30:00, 1e3]",
            ["6.1", "yes", "on", "1_000", "12:30:00", "1e3"],
        ),
        ("a: >\n  folded\n  text\n", "folded text\n"),
        ("a: 999999999999999999999999999999", "9" * 30),
        ("{a: {b: [c]}}", {"b": ["c"]}),
        ("x: &x [1]\na: [*x, *x]", [[1], [1]]),
        ("\ufeffa: 1", 1),
    ],
)
def test_what_is_read(text: str, value: object) -> None:
    found = read_yaml(text, "steps.yaml")
    assert (found if found is None else found["a"]) == value


def test_numbers_remember_how_they_were_written() -> None:
    found = read_yaml("[00000010, 0x0A, -7]", "steps.yaml")
    assert [type(one) for one in found] == [Number] * 3
    assert [str(one) for one in found] == ["00000010", "0x0A", "-7"]
    assert list(found) == [10, 10, -7]


def test_words_without_quotes_are_told_apart() -> None:
    found = read_yaml("[on, 'on', \"on\", 12]", "steps.yaml")
    assert [type(one) for one in found] == [Plain, str, str, Number]
    assert [type(key) for key in read_yaml("{a: 1, 'b': 2}", "steps.yaml")] == [Plain, str]


def test_mappings_and_lists_know_their_places() -> None:
    found = read_yaml("a:\n  - b\n  -   c: {d: 1}\n  - [e,\n f]\n", "x")["a"]
    assert isinstance(found, Items)
    assert found.places == [(2, 5), (3, 7), (4, 5)]
    assert found[2].places == [(4, 6), (5, 2)]
    assert (found[1].column, found[1]["c"].column) == (7, 10)


def test_bounds_are_told() -> None:
    for bounds, text in (
        (Bounds(characters=3), "abcd"),
        (Bounds(depth=2), "[[[1]]]"),
        (Bounds(values=2), "[1, 2]"),
        (Bounds(anchors=False), "&a 1"),
        (Bounds(anchors=False), "[*a]"),
    ):
        with pytest.raises(InputError):
            read_yaml(text, "x", bounds)
    assert read_yaml("[[1]]", "x", Bounds(depth=3)) == [[1]]


def test_mappings_know_their_lines() -> None:
    found = read_yaml("# first\nbase: b\nsteps:\n- op: apply\n  overlay: o\n- {op: dump}\n", "x")
    assert isinstance(found, Map)
    assert found.lines == {"base": 2, "steps": 3}
    first, second = found["steps"]
    assert (first.line, first.lines, second.line) == (4, {"op": 4, "overlay": 5}, 6)


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("a: 1\nb: 2\na: 3", "stands twice", 3),
        ("a: !!python/object/apply:os.system [id]", "tags such as", 1),
        ("a: !local x", "tags such as", 1),
        ("a: 1\n---\nb: 1", "more than one document", 2),
        ("a:\n- *nothing", "there is no &nothing", 2),
        ("a: &a\n- *a", "holds itself", 2),
        ("? [a]\n: 1", "only text can be one", 1),
        ("a: &k [x]\n*k : 1", "a key must be text", 2),
        ("a: [1,\n", "", 2),
        ("a: b: c", "mapping values are not allowed", 1),
        ("a: \x1b[31m", "control characters", 0),
        ("a: \x00", "control characters", 0),
        ("- a: 1\n b: 2", "", 2),
    ],
)
def test_what_is_refused(text: str, what: str, line: int) -> None:
    found = refusal(text)
    assert what in found[0]
    assert found[1] == line


def test_bombs_are_refused() -> None:
    laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert f"more than {MAX_YAML_VALUES} values" in refusal("\n".join(laughs))[0]
    assert "more than" in refusal("x: &x [" + "1," * 1000 + "1]\ny: [" + "*x," * 1000 + "]")[0]
    chain = ["- &b0 []", *(f"- &b{n} [*b{n - 1}]" for n in range(1, 2000))]
    assert "deeper" in refusal("\n".join(chain))[0]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening: str) -> None:
    what, _ = refusal(opening * 5000)
    assert f"deeper than {MAX_YAML_DEPTH}" in what


def test_size_is_bounded() -> None:
    assert "the bound is" in refusal("a" * (MAX_YAML_BYTES + 1))[0]


@given(st.text(alphabet="ab:-[]{},&*!|>'\"#?%@ \n\t\x00é0x1", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        read_yaml(text, "steps.yaml")


PLAIN = st.text(alphabet="abc xyz", min_size=1, max_size=5).map(lambda text: f"s{text}s")


@given(
    st.recursive(
        PLAIN | st.integers(0, 1 << 32) | st.none() | st.booleans(),
        lambda below: st.lists(below, max_size=4) | st.dictionaries(PLAIN, below, max_size=4),
        max_leaves=20,
    )
)
def test_what_yaml_writes_is_read_again(value: Any) -> None:
    assert read_yaml(yaml.safe_dump(value, sort_keys=False), "x") == value
