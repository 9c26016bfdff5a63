"""Parts put together are the run; what is no part, or not of this run, is refused."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix.runs import (
    CONFIG,
    Run,
    again,
    applied,
    coded,
    finished,
    idle,
    missing,
    plan_of,
    refused,
    results_of,
    runs,
)

from dtovl._version import __version__
from dtovl.errors import InputError
from dtovl.matrix.config import Rule
from dtovl.matrix.finish import finish
from dtovl.matrix.merge import merge, read_part
from dtovl.matrix.result import BaseResult, Change, Finding, Remark, Spot
from dtovl.matrix.tasks import Settings
from dtovl.report.check_json import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.matrix.checked import Checked


def in_parts(run: Run, numbers: Sequence[int], whole: int) -> list[Checked]:
    """Finish a run in parts; numbers has the part of each base, from 0."""
    parts = []
    for number in range(whole):
        pairs = zip(run.results, numbers, strict=True)
        results = [result for result, part in pairs if part == number]
        parts.append(run.finish(results, (number + 1, whole)))
    return parts


@given(runs(), st.data())
@settings(max_examples=100)
def test_any_split_gives_the_whole_again(run: Run, data: st.DataObject) -> None:
    whole = run.finish()
    count = data.draw(st.integers(1, 4))
    numbers = data.draw(st.lists(st.integers(0, count - 1), min_size=4, max_size=4))
    parts = in_parts(run, numbers[: len(run.results)], count)
    read = [read_part(render(part), "part") for part in data.draw(st.permutations(parts))]
    merged = merge(read)
    assert merged == whole
    assert render(merged) == render(whole)


@given(runs())
@settings(max_examples=60)
def test_what_is_written_is_read_as_it_was(run: Run) -> None:
    checked = run.finish()
    assert read_part(render(checked), "all.json") == checked
    assert merge([checked]) == checked


def test_everything_of_a_case_and_a_finding_is_kept() -> None:
    found = Finding(
        "DT104",
        3,
        "/a",
        "label",
        Spot("a.dts", 3, 4),
        "why",
        "who",
        "fix",
        (Remark("one", Spot("b.dts", 7)), Remark("two")),
        ("OF: one", "OF: two"),
        "  <&a>\n   ^",
    )
    case = refused("a.dtb", "x.dtbo", "y.dtbo", stack="s", finding=found)
    plan = Change("fragment@0", "/a", "~", "status", "okay", "disabled"), Change("f", "/b", "+node")
    case = case._replace(smallest=(1,), plan=plan, more=9)
    checked = finished(case, folder="repo")._replace(compared=5, fits_nothing=("z.dtbo",))
    assert read_part(render(checked), "x") == checked
    assert checked.cases[0].case == case


def three() -> list[Checked]:
    """Give a run in three parts of which the second has nothing to do."""
    results = results_of(refused("a.dtb", "x.dtbo"), applied("b.dtb", "x.dtbo", findings=[idle()]))
    return in_parts(Run(CONFIG, plan_of(results), results, None), (0, 2), 3)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ([0, 2], "2/3 is missing"),
        ([2], "1/3, 2/3 are missing"),
        ([0, 1, 1, 2], "2/3 is there twice"),
        ([1, 1, 0, 0], "3/3 is missing; 1/3, 2/3 are there twice"),
    ],
)
def test_parts_that_are_missing_or_there_twice_are_named(chosen: list[int], told: str) -> None:
    parts = three()
    with pytest.raises(InputError) as caught:
        merge([parts[index] for index in chosen])
    assert caught.value.diagnostic.code.number == "DT629"
    assert caught.value.diagnostic.message == f"the parts do not make the whole: {told}"


def test_many_missing_parts_are_counted() -> None:
    part = three()[0]._replace(shard=(1, 100_000))
    with pytest.raises(InputError, match=r"9/100000 and 99991 more are missing"):
        merge([part])


def test_no_parts_are_no_whole() -> None:
    with pytest.raises(InputError, match="there is none"):
        merge([])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shard": None}, "one of the 3 reports is that of a whole run"),
        ({"shard": (2, 2)}, "they were cut in different ways, as by --shard 1/2, 1/3"),
        ({"version": "0.0.1"}, "part 1 and part 2 have another version of dtovl"),
        ({"plan": "x"}, "part 1 and part 2 have another plan"),
        ({"folder": "x"}, "part 1 and part 2 have another folder of the configuration"),
        ({"fail_on": 1}, "part 1 and part 2 have another `--fail-on`"),
        ({"appliers": ("linux",)}, "part 1 and part 2 have another appliers"),
        ({"bases": ()}, "part 1 and part 2 have another bases"),
        ({"overlays": ()}, "part 1 and part 2 have another overlays"),
        ({"fits_nothing": ("z",)}, "part 1 and part 2 have another overlays that go with no base"),
    ],
)
def test_parts_of_different_runs_are_refused(changes: dict[str, Any], told: str) -> None:
    first, second, third = three()
    with pytest.raises(InputError) as caught:
        merge([first, second._replace(**changes), third])
    assert caught.value.diagnostic.code.number == "DT628"
    assert caught.value.diagnostic.message == f"these are no parts of one run: {told}"


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": (Rule("DT104", 2),)},
        {"kernel": "7.2"},
        {"removal": True},
        {"known": True},
        {"settings": Settings(plans=True)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_part_of_a_run_with_other_settings_is_refused(changes: dict[str, Any]) -> None:
    results = results_of(refused("a.dtb", "x.dtbo"), refused("b.dtb", "x.dtbo"))
    plan = plan_of(results)
    known = again(finish(CONFIG, plan, results, settings=Settings()))
    one = finish(CONFIG, plan, results[:1], settings=Settings(), shard=(1, 2))
    other = finish(
        CONFIG._replace(**{key: changes[key] for key in changes if key in CONFIG._fields}),
        plan,
        results[1:],
        settings=changes.get("settings", Settings()),
        known=known if "known" in changes else None,
        shard=(2, 2),
    )
    with pytest.raises(InputError, match="another plan"):
        merge([one, other])


def test_a_case_in_two_parts_is_refused() -> None:
    first, second, third = three()
    with pytest.raises(InputError, match=r"x\.dtbo on a\.dtb is in more than one of them"):
        merge([first, second._replace(cases=first.cases), third])


def test_an_entry_about_an_overlay_is_stale_where_no_part_has_it() -> None:
    broken = Finding("DT001", 3, "", "x.dtbo is cut off")
    old = results_of(applied("a.dtb", "x.dtbo"), applied("b.dtb", "y.dtbo"))
    old[0] = old[0]._replace(inputs=(("x.dtbo", broken),))
    plan = plan_of(old)
    known = again(finish(CONFIG, plan, old, settings=Settings()))
    for inputs, count in ((old[0].inputs, 0), ((), 1)):
        results = [old[0]._replace(inputs=inputs), old[1]]
        run = Run(CONFIG, plan, results, known)
        merged = merge(in_parts(run, (0, 1), 2))
        assert merged == run.finish()
        assert len(coded(merged, "DT625")) == count


# -- what others have written ----------------------------------------------------------------------


def report() -> Any:
    """Give a report with everything in it, as JSON."""
    found = missing("a.dtb", overlay="x.dtbo", line=9)._replace(notes=(Remark("n", Spot("f", 1)),))
    case = refused("a.dtb", "x.dtbo", "y.dtbo", stack="s", finding=found)
    case = case._replace(smallest=(0,), plan=(Change("f", "/a", "~", "p", "1", "2"),))
    result = BaseResult("a.dtb", (case,), inputs=(("x.dtbo", idle()),), compared=1)
    checked = finish(CONFIG, plan_of([result]), [result], settings=Settings(), shard=(1, 2))
    return json.loads(render(checked))


def refusal(document: object) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(InputError) as caught:
        read_part(text, "part.json")
    assert caught.value.diagnostic.code.number == "DT627"
    begin = "part.json is no report that can be merged: "
    assert caught.value.diagnostic.message.startswith(begin)
    return caught.value.diagnostic.message.removeprefix(begin)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is no JSON: expecting value"),
        ("<testsuites/>", "it is no JSON"),
        ('{"schema": ', "it is no JSON"),
        ("[" * 100_000, "it is nested too deep"),
        ('{"a":' * 100_000, "it is nested too deep"),
        ("9" * 10_000, "a number in it has too many digits"),
        ("[]", "it has no schema dtovl-check/1"),
        ("null", "it has no schema dtovl-check/1"),
        ('{"schema": "dtovl-apply/1"}', "it has no schema dtovl-check/1"),
        ('{"schema": "dtovl-check/1"}', "`cases` is no list"),
    ],
)
def test_what_is_no_report_is_refused(text: str, told: str) -> None:
    assert told in refusal(text)


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (["cases", 0, "base"], None, "in entry 1 of `cases`: it has no base, or no overlays"),
        (["cases", 0, "overlays"], [], "in entry 1 of `cases`: it has no base, or no overlays"),
        (["cases", 0, "overlays"], ["x", 1], "`overlays` is no list of texts"),
        (["cases", 0], [], "entry 1 of `cases` is no mapping"),
        (["cases", 0, "state"], "fine", "`state` is 'fine', which means nothing"),
        (["cases", 0, "smallest"], [2], "`smallest` has what is no index of an overlay"),
        (["cases", 0, "smallest"], [True], "`smallest` has what is no index of an overlay"),
        (["cases", 0, "more"], -1, "`more` is no number from 0 to"),
        (["cases", 0, "more"], 1.0, "`more` is no number from 0 to"),
        (["cases", 0, "verdicts", 0, "failed_at"], 2, "entry 1 of `verdicts`: `failed_at` is no"),
        (["cases", 0, "verdicts", 0, "applier"], None, "`applier` is no text"),
        (["cases", 0, "plan", 0, "kind"], 3, "in entry 1 of `plan`: `kind` is no text"),
        (["cases", 0, "findings", 0, "code"], "DT998", "there is no code DT998"),
        (["cases", 0, "findings", 0, "code"], "no-effect", "there is no code no-effec"),
        (["cases", 0, "findings", 0, "severity"], "fatal", "`severity` is 'fatal'"),
        (["cases", 0, "findings", 0, "severity"], ["error"], "`severity` is no text"),
        (["cases", 0, "findings", 0, "standing"], "old", "`standing` is 'old'"),
        (["cases", 0, "findings", 0, "location"], "a.dts:3", "`location` is no mapping"),
        (["cases", 0, "findings", 0, "location", "line"], -3, "`line` is no number"),
        (["cases", 0, "findings", 0, "location", "line"], 10**30, "`line` is no number"),
        (["cases", 0, "findings", 0, "notes", 0, "text"], {}, "in entry 1 of `notes`"),
        (["cases", 0, "findings", 0, "kernel"], [[]], "`kernel` is no list of texts"),
        (["findings", 0, "message"], None, "in entry 1 of `findings`: `message` is no text"),
        (["counts"], None, "`counts` is no mapping"),
        (["counts", "compared"], "many", "`compared` is no number"),
        (["shard"], "1/2", "`shard` is no mapping"),
        (["shard", "number"], 3, "`number` is no number from 1 to 2"),
        (["shard", "of"], 0, "`of` is no number from 1 to"),
        (["fail_on"], "always", "`fail_on` is 'always'"),
        (["version"], 1, "`version` is no text"),
        (["bases"], "a.dtb", "`bases` is no list"),
    ],
)
def test_what_is_not_as_it_has_to_be_is_named(where: list[Any], value: object, told: str) -> None:
    assert told in refusal(put(report(), where, value))


def put(document: Any, where: list[Any], value: object) -> Any:
    *above, last = where
    inner = document
    for key in above:
        inner = inner[key]
    inner[last] = value
    return document


def test_another_version_is_refused_by_name() -> None:
    document = report()
    document["version"] = "99.0"
    with pytest.raises(InputError) as caught:
        read_part(json.dumps(document), "part.json")
    assert caught.value.diagnostic.code.number == "DT628"
    told = f"these are no parts of one run: part.json is of dtovl 99.0, this is {__version__}"
    assert caught.value.diagnostic.message == told


def test_groups_and_counts_cannot_lie() -> None:
    document = report()
    honest = read_part(json.dumps(document), "x")
    document["groups"] = "none"
    document["fails"] = False
    document["counts"]["failed"] = 0
    assert read_part(json.dumps(document), "x") == honest


def test_reports_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtovl.matrix.partform.MAX_REPORT_BYTES", 100)
    assert "it is too large, the bound is 100 characters" in refusal(json.dumps(report()))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_REPORT = report()


def _places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [where] if where else []
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, inner in inside:
        found += _places(inner, (*where, key))
    return found


@given(st.sampled_from(_places(_REPORT)), _VALUES)
@settings(max_examples=300)
def test_any_value_anywhere_is_taken_or_refused(where: tuple[Any, ...], value: object) -> None:
    text = json.dumps(put(deepcopy(_REPORT), [*where], value))
    try:
        checked = read_part(text, "part.json")
    except InputError:
        return
    again = render(checked)
    assert read_part(again, "part.json") == checked
