"""Step files: friendly values, positions, and every mistake told by name."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import tree_of

from dtovl.errors import InputError
from dtovl.model.limits import MAX_STEPS
from dtovl.script.forms import ALWAYS, FORMS, all_parameters
from dtovl.script.machine import Machine, ops
from dtovl.script.recorded import Recording
from dtovl.script.stepfile import StepFile, file_name, read_steps

RECORDINGS = Path(__file__).parents[3] / "shared" / "kernel" / "cases"


def steps_of(text: str) -> StepFile:
    return read_steps(text.encode(), "steps.yaml")


def refusal(text: str | bytes, name: str = "steps.yaml") -> tuple[str, str, str]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InputError) as caught:
        read_steps(data, name)
    found = caught.value.diagnostic
    return found.code.number, found.message, str(found.where)


def value_of(written: str) -> Any:
    head = "{op: update_property, node: /a, name: b, "
    return steps_of(f"steps:\n- {head}{written}}}").steps[0].values.get("value")


def test_a_whole_file() -> None:
    found = steps_of(
        "base: b.dtb\nkernel: 7.2\ncmdline: [fw_devlink=off]\nsteps:\n"
        "- op: apply\n  overlay: o.dtbo\n  note: first\n  result: {ret: 0}\n- op: leak_scan\n"
    )
    assert (found.base, found.kernel, found.cmdline) == ("b.dtb", "7.2", ("fw_devlink=off",))
    first, second = found.steps
    assert (first.number, first.values, first.note) == (
        1,
        {"op": "apply", "overlay": "o.dtbo"},
        "first",
    )
    assert (first.result, first.reached, str(first.place)) == ({"ret": 0}, True, "steps.yaml:5")
    assert (second.op, second.result, second.reached) == ("leak_scan", None, True)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("value: 6f6b617900", "6f6b617900"),
        ("value: 00000010", "00000010"),
        ("value: '0a 0b'", "0a 0b"),
        ("string: okay", "6f6b617900"),
        ("string: 12", "313200"),
        ("strings: [a, bc]", "6100626300"),
        ("strings: []", ""),
        ("cells: [1, 0x10, -1, 0xffffffff]", "0000000100000010ffffffffffffffff"),
        ("cells: 7", "00000007"),
        ("note: none", None),
    ],
)
def test_values_become_hex_digits(written: str, value: str | None) -> None:
    assert value_of(written) == value


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("string: [a]", "a text"),
        ("strings: a", "a list of texts"),
        ("strings: [[a]]", "a list of texts"),
        ("cells: [x]", "numbers of 32 bits"),
        ("cells: [true]", "numbers of 32 bits"),
        ("cells: [0x100000000]", "numbers of 32 bits"),
        ("cells: [-0x80000001]", "numbers of 32 bits"),
        ("string: a, cells: [1]", "one of them"),
    ],
)
def test_values_that_are_none(written: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        value_of(written)
    assert what in caught.value.diagnostic.message
    assert str(caught.value.diagnostic.where) == "steps.yaml:2"


@pytest.mark.parametrize(
    ("text", "code", "what", "place"),
    [
        ("- a", "DT286", "not a list", "steps.yaml:1"),
        ("", "DT286", "not empty", "steps.yaml:1"),
        ("base: b", "DT286", "`steps` is missing", "steps.yaml:1"),
        ("base: b\nsteps: no", "DT286", "no list", "steps.yaml:2"),
        ("base: [b]\nsteps: []", "DT286", "`base` is a list", "steps.yaml:1"),
        ("steps: []\nkernel: 5.10", "DT286", "there are 6.1, 7.2", "steps.yaml:2"),
        ("steps: []\ncmdline: x", "DT286", "no list of texts", "steps.yaml:2"),
        ("setps: []", "DT289", "did you mean steps?", "steps.yaml:1"),
        ("steps:\n- apply", "DT280", "step 1 is text", "steps.yaml"),
        ("steps:\n- {overlay: a}", "DT280", "step 1 has overlay", "steps.yaml:2"),
        ("steps:\n- {op: 5}", "DT280", "op of step 1 is no text", "steps.yaml:2"),
        ("steps:\n- {op: aply, overlay: a}", "DT281", "did you mean apply?", "steps.yaml:2"),
        ("steps:\n- op: apply\n  overly: a", "DT289", "did you mean overlay?", "steps.yaml:3"),
        ("steps:\n- op: apply", "DT282", "apply needs overlay", "steps.yaml:2"),
        ("steps:\n- op: dump\n  result: 5", "DT286", "no mapping", "steps.yaml:3"),
        (b"base: \xff", "DT286", "not text", "steps.yaml:1"),
        ("a: [", "DT287", "cannot be read", "steps.yaml:2"),
        ('steps:\n- {op: find, path: "\\ud800"}', "DT28", "", "steps.yaml"),
    ],
)
def test_mistakes(text: str | bytes, code: str, what: str, place: str) -> None:
    found = refusal(text)
    assert found[0].startswith(code)
    assert what in found[1]
    assert found[2].startswith(place)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"steps": [}', "no JSON"),
        ('{"steps": [], "steps": []}', "'steps' stands twice"),
        ('{"steps": ' + "[" * 5000 + "]" * 5000 + "}", "deep"),
        ('{"steps": ' + "[" * 200_000, "deep"),
        ('{"steps": [' + "9" * 5000 + "]}", "no JSON"),
        ('{"steps": [], "a": ' + '{"b": ' * 40 + "1" + "}" * 41, "deeper than"),
    ],
    ids=["syntax", "twice", "deep", "open", "digits", "levels"],
)
def test_json_that_is_none(text: str, what: str) -> None:
    code, message, place = refusal(text, "case.json")
    assert code == "DT286"
    assert what in message
    assert place.startswith("case.json")


def test_braces_may_be_yaml() -> None:
    assert steps_of("{base: b.dtb, steps: [{op: dump}]}").steps[0].op == "dump"


def test_steps_are_bounded() -> None:
    many = json.dumps({"steps": [{"op": "dump"}] * (MAX_STEPS + 1)})
    assert "the bound is" in refusal(many, "case.json")[1]


def test_text_is_latin_1_and_file_names_are_not() -> None:
    found = steps_of("base: bäse.dtb\nsteps:\n- {op: apply, overlay: ä.dtbo}\n")
    name = found.steps[0].values["overlay"]
    assert name == "ä.dtbo".encode().decode("latin-1")
    assert file_name(name) == "ä.dtbo"


def test_a_step_the_kernel_did_not_live_to_see() -> None:
    data = json.dumps({"steps": [{"op": "dump", "result": None}, {"op": "dump"}]}).encode()
    assert [step.reached for step in read_steps(data, "case.json").steps] == [False, True]


def test_every_operation_has_a_form() -> None:
    assert set(FORMS) == set(ops())


def test_forms_name_each_parameter_once() -> None:
    for op in FORMS:
        names = [*ALWAYS, *all_parameters(op)]
        assert len(names) == len(set(names)), op


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="needs ../shared/kernel beside the checkout")
def test_all_recordings_are_read() -> None:
    for path in RECORDINGS.glob("*/case.json"):
        recorded = json.loads(path.read_bytes())
        found = read_steps(path.read_bytes(), str(path))
        assert found.base == recorded["base"]
        assert [step.op for step in found.steps] == [step["op"] for step in recorded["steps"]]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["op", "node", "base", "ret", "log"]), below, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["base", "kernel", "steps", "cmdline", "boot", "name"]),
        VALUES
        | st.lists(
            st.dictionaries(
                st.sampled_from(["op", "node", "name", "value", "cells", "string", "result", "cs"]),
                VALUES | st.sampled_from(list(FORMS)),
                max_size=5,
            ),
            max_size=3,
        ),
    )
)
def test_any_content_is_read_or_refused(content: dict[str, Any]) -> None:
    with suppress(InputError):
        found = read_steps(json.dumps(content).encode(), "case.json")
        machine = Machine(tree_of({"soc": {"a": 1}}), read=lambda _: b"")
        recording = Recording(found.boot)
        recording.boot(machine)
        for step in found.steps:
            recording.compare(step, machine.step(step.values), machine)
