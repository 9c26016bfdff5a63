"""The runner of scenarios: it agrees with what it should, and each comparison can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conformance import lifetimes
from conformance.lifetimes_compare import errors_difference, result_difference
from lifetimes.told import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).resolve().parents[3] / "shared" / "lifetimes"

Json = dict[str, Any]

EVENTS = """a alloc object=o
    a unplug gate=g
    a enter gate=g
    a free object=o
    b use object=o
    b put hold=h"""
TEXT = text_of(EVENTS, objects="{o: }", gates="[g]")
FREED: Json = {
    "rule": "T001",
    "severity": "error",
    "event": "e5",
    "object": "o",
    "actor": "b",
    "freed": "e4",
    "message": "not compared",
}
PUT: Json = {"rule": "T003", "severity": "error", "event": "e6", "hold": "h", "actor": "b"}
RESULT: Json = {
    "verdict": "findings",
    "findings": [FREED, PUT],
    "refused": [{"event": "e3", "why": "gate closed: g"}],
}
ERRORS: list[Json] = [
    {"line": 1, "column": 2, "message": "a"},
    {"line": 1, "column": 3, "message": "b"},
]


@pytest.mark.corpus
@pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")
def test_every_case_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    code = lifetimes.main(CASES)
    said = capsys.readouterr().out
    assert code == 0, said
    agreed, _, total = said.splitlines()[-1].removeprefix("agree ").partition(" of ")
    assert agreed == total


# -- a folder of one's own -------------------------------------------------------------------------


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")


def cases(folder: Path) -> None:
    """Write a folder with a case of each kind."""
    write(folder / "scenarios" / "x" / "expected.json", {"mended": RESULT})
    write(folder / "scenarios" / "x" / "mended.yaml", TEXT)
    write(folder / "bad" / "expected.json", {"b.yaml": {"line": 1, "message": "not valid YAML"}})
    write(folder / "bad" / "b.yaml", "[")
    mutation = {"scenario": "x", "drop": "e4", "what": "free", "rules": ["T002", "T003"]}
    write(folder / "mutations.json", [mutation])


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = lifetimes.main(folder)
    return code, capsys.readouterr().out.splitlines()


def test_cases_that_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases(tmp_path)
    code, lines = said(tmp_path, capsys)
    assert code == 0
    assert lines == ["forms: 1 of 1, bad files: 1 of 1, mutations: 1 of 1", "agree 3 of 3"]


def test_an_empty_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(tmp_path, capsys)
    assert code == 1
    assert lines[-1] == "agree 0 of 0"


def test_each_part_can_disagree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases(tmp_path)
    write(tmp_path / "scenarios" / "x" / "expected.json", {"mended": RESULT, "broken": RESULT})
    write(tmp_path / "bad" / "b.yaml", TEXT)
    mutation = {"scenario": "x", "drop": "e9", "what": "free", "rules": ["T003"]}
    write(tmp_path / "mutations.json", [mutation, {**mutation, "drop": "e4"}])
    code, lines = said(tmp_path, capsys)
    assert code == 1
    assert lines[0].startswith("forms: x/broken: exit status 2: ")
    rest = lines[lines.index("bad files: b.yaml: is taken for a scenario, exit status 1") :]
    assert rest[1:] == [
        "mutations: x without e9: there is no event e9",
        "mutations: x without e4: T002 T003, expected T003",
        "forms: 1 of 2, bad files: 0 of 1, mutations: 0 of 2",
        "agree 1 of 5",
    ]


# -- comparing -------------------------------------------------------------------------------------


def changed(change: Callable[[Json], Any]) -> Json:
    copy: Json = json.loads(json.dumps(RESULT))
    change(copy)
    return copy


CHANGES: list[tuple[Callable[[Json], Any], str]] = [
    (lambda got: got.update(verdict="clean"), "verdict clean, expected findings"),
    (lambda got: got["refused"].clear(), "refused [], expected"),
    (lambda got: got["findings"].pop(), "findings T001, expected T001 T003"),
    (lambda got: got["findings"].append(PUT), "findings T001 T003 T003, expected T001 T003"),
    (lambda got: got["findings"].reverse(), "finding 1 (T001 at e5): rule is 'T003'"),
    (lambda got: got["findings"][0].pop("freed"), "finding 1 (T001 at e5): no freed"),
    (lambda got: got["findings"][0].update(freed=None), "finding 1 (T001 at e5): freed is None"),
    (lambda got: got["findings"][1].update(object=None), "finding 2 (T003 at e6): object is None"),
    (lambda got: got["findings"][0].update(severity="warning"), "finding 1 (T001 at e5): severity"),
    (lambda got: got["findings"][0].update(message="x", fix="y", line=3), ""),
    (lambda got: got["refused"][0].update(line=3), ""),
]


@pytest.mark.parametrize(("change", "difference"), CHANGES)
def test_differences_of_results(change: Callable[[Json], Any], difference: str) -> None:
    told = result_difference(RESULT, changed(change))
    assert told.startswith(difference)
    assert bool(told) == bool(difference)


def test_differences_of_errors() -> None:
    first, second = ERRORS
    assert errors_difference(ERRORS, ERRORS[::-1]) == ""
    assert errors_difference(first, [first]) == ""
    assert errors_difference({"line": 1, "message": "a"}, [first]) == ""
    assert errors_difference(first, []) == "no 1:2: a; got no errors"
    assert errors_difference(first, ERRORS) == "1:3: b is not expected"
    assert errors_difference(ERRORS, [first, {**second, "column": 4}]).startswith("no 1:3: b; got")
    assert errors_difference([first, first], [first]) == "no 1:2: a; got 1:2: a"
