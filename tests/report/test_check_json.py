"""The JSON report: what the documentation says it has, compact, and all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from matrix.runs import CONFIG, applied, finished, idle, plan_of, refused, results_of
from support.checked import sample
from support.matrices import anything

from dtovl.matrix.config import Expected
from dtovl.matrix.finish import finish
from dtovl.matrix.result import Between, Change, Finding, Verdict
from dtovl.matrix.tasks import Settings
from dtovl.report.check_json import render

if TYPE_CHECKING:
    from dtovl.matrix.checked import Checked

DOCS = Path(__file__).parents[2] / "docs" / "json.md"


def written() -> dict[str, Any]:
    """Give a report with a pair, a stack, a clash and an expected failure."""
    stack = refused("b.dtb", "x.dtbo", "y.dtbo", stack="all")
    stack = stack._replace(smallest=(0,), plan=(Change("fragment@0", "/a", "+node"),), more=3)
    results = results_of(
        applied("a.dtb", "x.dtbo", findings=[idle("x.dtbo")]), refused("a.dtb", "y.dtbo"), stack
    )
    clash = Finding("DT630", 2, "/soc/a", "both set status")
    results[0] = results[0]._replace(
        between=(Between("a.dtb", "x.dtbo", "y.dtbo", clash),), compared=1
    )
    entry = Expected(("**",), ("y.dtbo",), "", "", "no such pin", 3)
    config = CONFIG._replace(expected=(entry,))
    checked = finish(config, plan_of(results), results, settings=Settings(), shard=(1, 4))
    document: dict[str, Any] = json.loads(render(checked))
    return document


def test_the_head() -> None:
    document = written()
    assert document["schema"] == "dtovl-check/1"
    assert document["shard"] == {"number": 1, "of": 4}
    assert (document["fail_on"], document["fails"]) == ("error", True)
    assert document["counts"] == {
        "cases": 3,
        "ok": 0,
        "warned": 1,
        "failed": 1,
        "known": 0,
        "expected": 1,
        "compared": 1,
    }
    assert document["bases"] == ["a.dtb", "b.dtb"]
    assert document["overlays"] == ["x.dtbo", "y.dtbo"]
    assert re.fullmatch("[0-9a-f]{64}", document["plan"])


def test_a_case() -> None:
    case = written()["cases"][2]
    (finding,) = case.pop("findings")
    assert case == {
        "base": "b.dtb",
        "overlays": ["x.dtbo", "y.dtbo"],
        "stack": "all",
        "state": "failed",
        "reason": None,
        "verdicts": [{"applier": "libfdt", "error": "FDT_ERR_NOTFOUND", "failed_at": 0}],
        "smallest": [0],
        "plan": [
            {
                "fragment": "fragment@0",
                "path": "/a",
                "kind": "+node",
                "property": None,
                "old": None,
                "new": None,
            }
        ],
        "more": 3,
    }
    assert (finding["code"], finding["severity"], finding["standing"]) == ("DT104", "error", "new")


def test_a_case_that_is_expected_to_fail() -> None:
    case = written()["cases"][1]
    assert (case["state"], case["reason"]) == ("expected", "no such pin")
    assert [one["standing"] for one in case["findings"]] == ["expected"]


def test_groups_name_their_places() -> None:
    groups = written()["groups"]
    assert [(one["code"], one["name"], one["standing"]) for one in groups] == [
        ("DT104", "label-not-in-base", "expected"),
        ("DT104", "label-not-in-base", "new"),
        ("DT130", "no-effect", "new"),
        ("DT630", groups[3]["name"], "new"),
    ]
    assert groups[1]["places"] == [
        {"base": "b.dtb", "overlays": ["x.dtbo", "y.dtbo"], "stack": "all", "path": "/fragment@0"}
    ]


def test_what_belongs_to_no_case_is_a_finding() -> None:
    (clash,) = written()["findings"]
    assert (clash["base"], clash["overlays"], clash["stack"]) == (
        "a.dtb",
        ["x.dtbo", "y.dtbo"],
        None,
    )
    assert clash["message"] == "both set status"


def test_a_case_that_holds_is_one_short_line() -> None:
    checked = finished(*(applied("a.dtb", f"{number}.dtbo") for number in range(100)))
    lines = [line for line in render(checked).splitlines() if line.startswith('    {"base"')]
    assert len(lines) == 100
    assert max(map(len, lines)) < 250
    assert "null" in lines[0]


def test_two_appliers_have_a_verdict_each() -> None:
    verdicts = (Verdict("libfdt"), Verdict("linux", "-EINVAL", 0))
    case = refused("a.dtb", "x.dtbo")._replace(verdicts=verdicts)
    assert json.loads(render(finished(case)))["cases"][0]["verdicts"] == [
        {"applier": "libfdt", "error": None, "failed_at": None},
        {"applier": "linux", "error": "-EINVAL", "failed_at": 0},
    ]


def test_every_key_stands_in_the_documentation() -> None:
    section = DOCS.read_text("utf-8").partition("## dtovl-check/1")[2].partition("\n## ")[0]
    told = set(re.findall(r"`(?:[a-z]+\[\]\.)?([a-z_]+)`", section))
    document = written()

    def keys(value: Any) -> set[str]:
        if isinstance(value, list):
            return {key for one in value for key in keys(one)}
        if isinstance(value, dict):
            return {*value, *(key for one in value.values() for key in keys(one))}
        return set()

    common = {"path", "message", "location", "excerpt", "why", "who", "notes", "fix", "kernel"}
    inner = keys(document) - {"schema", "name", "text", "file", "line", "column", *common}
    assert inner <= told, inner - told


def test_the_sample_of_all_outcomes_is_written() -> None:
    checked = sample()
    document = json.loads(render(_consistent(checked)))
    assert len(document["groups"]) == len(checked.groups)
    assert {one["state"] for one in document["cases"]} == {judged.state for judged in checked.cases}


@given(anything)
@settings(max_examples=40)
def test_anything_at_all_is_written_as_ascii(checked: Checked) -> None:
    text = render(_consistent(checked))
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text)["schema"] == "dtovl-check/1"


def _consistent(checked: Checked) -> Checked:
    """Leave to the cases only what stands in the groups, as finish has it."""
    told = {place for group in checked.groups for place in group.places}
    cases = []
    for judged in checked.cases:
        case = judged.case
        kept = tuple(
            finding
            for finding in case.findings
            if (case.base, case.overlays, case.name, finding) in told
        )
        cases.append(judged._replace(case=case._replace(findings=kept)))
    return checked._replace(cases=tuple(cases))
