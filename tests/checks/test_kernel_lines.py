"""Lines of the kernel log: every one that dtovl can print has its explanation, with its facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.checks.kernel_kinds import KINDS
from dtovl.checks.kernel_lines import explain_line
from dtovl.codes import find_code
from dtovl.model.dialect import KERNELS

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDINGS = Path(__file__).parents[3] / "shared" / "kernel"
_DEBUG = 7

FACTS = [
    (
        "OF: overlay: WARNING: memory leak will occur if overlay removed, property: /soc/a@1/reg",
        {"node": "/soc/a@1", "property_name": "reg", "code": "DT209"},
    ),
    (
        "OF: overlay: WARNING: memory leak will occur if overlay removed, property: /model",
        {"node": "/", "property_name": "model"},
    ),
    (
        "OF: overlay: find target, node: /fragment@0, phandle 0x4444 not found",
        {"node": "/fragment@0", "code": "DT105"},
    ),
    (
        "OF: overlay: find target, node: /fragment@0, path '/a' not found",
        {"node": "/fragment@0", "code": "DT103"},
    ),
    (
        "OF: overlay: find target, node: /fragment@0, no target property",
        {"node": "/fragment@0", "code": "DT106"},
    ),
    (
        "OF: overlay: overlay changeset pre-remove notifier error -16, target: /soc",
        {"node": "/soc", "error": "-EBUSY"},
    ),
    (
        "OF: overlay: ERROR: changing value of #address-cells is not allowed in ",
        {"node": "/", "property_name": "#address-cells"},
    ),
    ("OF: overlay: remove: Could not find overlay #-1", {"number": -1, "node": None}),
    (
        "OF: overlay: node_overlaps_later_cs: #1 overlaps with #2 @/soc",
        {"number": 1, "node": "/soc"},
    ),
    ("OF: overlay: overlay #12 is not topmost", {"number": 12}),
    (
        "OF: ERROR: memory leak, expected refcount 1 instead of 3, of_node_get()/of_node_put() "
        "unbalanced - destroy cset entry: attach overlay node /soc/a",
        {"node": "/soc/a", "count": 3, "code": "DT206"},
    ),
    (
        "OF: changeset: apply failed: REMOVE_PROPERTY /soc/a@1,2:status",
        {"node": "/soc/a@1,2", "property_name": "status", "code": "DT217"},
    ),
    ("OF: Error reverting changeset (-19)", {"error": "-ENODEV"}),
    ("OF: fdt: Error -11 processing FDT", {"error": "-11", "code": "DT125"}),
    ("OF: /p/a@2: #x-cells = 1 found 0", {"node": "/p/a@2", "property_name": "#x-cells"}),
    ("dtovl-test: probe of bus:n1@5000 failed with error -5", {"error": "-EIO"}),
    (
        "dtovl-test bus:n1@5000: probe with driver dtovl-test failed with error -5",
        {"error": "-EIO"},
    ),
]


@pytest.mark.parametrize(("line", "wanted"), FACTS, ids=[line[:60] for line, _ in FACTS])
def test_the_facts_of_a_line_are_taken_out(line: str, wanted: dict[str, object]) -> None:
    found = explain_line(line)
    assert found is not None
    assert {name: getattr(found, name) for name in wanted} == wanted


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.name} {kind.start[-20:]}")
def test_every_kind_is_told_and_its_code_exists(kind: Any) -> None:
    assert kind.means
    assert not kind.means.endswith(".")
    if kind.code:
        assert find_code(kind.code) is not None


@pytest.mark.parametrize(
    "before",
    ["", "[   12.345678] ", "<3>", "<3>[ 1.0] ", "Jul  1 10:00:00 board kernel: [    1.2] "],
)
def test_what_a_log_writes_before_a_line_is_passed_over(before: str) -> None:
    found = explain_line(f"{before}OF: overlay: overlay #1 is not topmost\n")
    assert found is not None
    assert (found.text, found.number) == ("OF: overlay: overlay #1 is not topmost", 1)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "usb 1-1: new high-speed USB device",
        "OF: overlay: overlay #1 is not topmost at all",
        "OF: overlay: overlay #99999999999999999999 is not topmost",
        "OF: " + ": could not get " * 5000,
        "x" * (1 << 17),
    ],
    ids=["empty", "other", "tail", "number", "repeated", "long"],
)
def test_other_lines_have_no_explanation(line: str) -> None:
    assert explain_line(line) is None


def test_names_with_escapes_and_line_ends_stay_as_they_are() -> None:
    found = explain_line("OF: ERROR: Bad of_node_put() on /a\x1b[31m\nb")
    assert found is not None
    assert found.node == "/a\x1b[31m\nb"


@given(st.sampled_from(KINDS), st.text(max_size=30))
def test_whatever_follows_the_start_is_taken(kind: Any, rest: str) -> None:
    found = explain_line(kind.start + rest)
    if found is not None:
        assert found.text.startswith(found.kind.start)
        assert all(value in found.text for value in found.facts.values())
        for number in (found.number, found.count):
            assert number is None or str(abs(number)) in found.text


@pytest.mark.parametrize("dialect", KERNELS.values(), ids=KERNELS)
def test_every_template_of_a_dialect_is_explained(dialect: Any) -> None:
    facts = {
        **dict.fromkeys(("number", "code"), -22),
        **dict.fromkeys(("label", "path", "property", "node_path", "fragment_path"), "#size-cells"),
        "phandle": 7,
    }
    for templates in dialect.lines.values():
        for template in templates:
            assert explain_line(template.format(**facts)) is not None, template


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str) and value.get("level", _DEBUG) < _DEBUG:
            yield value["text"]
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        if len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str):
            yield value[1]
        for item in value:
            yield from _texts(item)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="needs ../shared/kernel beside the checkout")
def test_every_recorded_line_is_explained() -> None:
    texts: set[str] = set()
    for path in RECORDINGS.glob("cases/*/case.json"):
        texts.update(_texts(json.loads(path.read_bytes())))
    for path in [RECORDINGS / "real.jsonl", *RECORDINGS.glob("versions/*.jsonl")]:
        for line in path.read_bytes().splitlines():
            texts.update(_texts(json.loads(line)))
    assert len(texts) > 100
    assert sorted(text for text in texts if explain_line(text) is None) == []
