"""Known findings stay known however the file moves; new ones are new."""

from __future__ import annotations

import json
from collections import Counter
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
    states,
)

from dtovl.errors import InputError
from dtovl.matrix.baseline import Baseline, Entry, read, write
from dtovl.matrix.config import Rule
from dtovl.matrix.finish import finish
from dtovl.matrix.tasks import Settings
from dtovl.model import limits

if TYPE_CHECKING:
    from dtovl.matrix.checked import Checked
    from dtovl.matrix.result import Case


def new_ones(checked: Checked) -> list[str]:
    return [group.code for group in checked.groups if group.standing == "new"]


def test_what_is_in_the_baseline_does_not_fail_the_run_and_is_counted() -> None:
    cases = refused("a.dtb", "x.dtbo"), applied("a.dtb", "adc.dtbo", findings=[idle()])
    before = finished(*cases)
    assert before.fails
    after = finished(*cases, known=again(before))
    assert not after.fails
    assert states(after) == ["known", "known"]
    assert [group.standing for group in after.groups] == ["known", "known"]


@pytest.mark.parametrize(
    "changed",
    [
        missing("a.dtb", overlay="x.dtbo", line=90),
        missing("a.dtb", overlay="x.dtbo")._replace(path="/fragment@7"),
        missing("a.dtb", overlay="x.dtbo")._replace(why="", fix="", notes=(), kernel=("other",)),
    ],
    ids=["line", "fragment", "words besides the message"],
)
def test_what_moves_stays_known(changed: Any) -> None:
    known = again(finished(refused("a.dtb", "x.dtbo", finding=missing("a.dtb", overlay="x.dtbo"))))
    assert not finished(refused("a.dtb", "x.dtbo", finding=changed), known=known).fails


def test_other_boards_and_another_severity_leave_it_known() -> None:
    known = again(finished(refused("a.dtb", "x.dtbo")))
    more = refused("a.dtb", "x.dtbo"), applied("b.dtb", "x.dtbo"), applied("0.dtb", "y.dtbo")
    assert not finished(*more, known=known).fails
    mild = finished(refused("a.dtb", "x.dtbo"), known=known, rules=(Rule("DT104", 2),))
    assert [group.standing for group in mild.groups] == ["known"]


@pytest.mark.parametrize(
    "case",
    [
        refused("new.dtb", "x.dtbo"),
        refused("a.dtb", "new.dtbo"),
        refused("a.dtb", "x.dtbo", finding=missing("a.dtb", "other")),
        refused("a.dtb", "x.dtbo", "y.dtbo", stack="s"),
    ],
    ids=["board", "overlay", "label", "stack"],
)
def test_the_same_elsewhere_is_new(case: Case) -> None:
    known = again(finished(refused("a.dtb", "x.dtbo")))
    checked = finished(refused("a.dtb", "x.dtbo"), case, known=known)
    assert checked.fails
    assert sorted(states(checked)) == ["failed", "known"]


def test_a_known_cause_with_a_new_place_is_two_groups() -> None:
    known = again(finished(refused("a.dtb", "x.dtbo")))
    checked = finished(refused("a.dtb", "x.dtbo"), refused("b.dtb", "x.dtbo"), known=known)
    assert [(group.standing, len(group.places)) for group in checked.groups] == [
        ("known", 1),
        ("new", 1),
    ]


def test_one_more_of_a_kind_in_one_place_is_new() -> None:
    one = idle(path="/a/led@1"), idle(path="/b/led@1")
    known = again(finished(applied("a.dtb", "adc.dtbo", findings=one)))
    assert [*known.entries.values()] == [2]
    more = (*one, idle(path="/c/led@1"))
    checked = finished(applied("a.dtb", "adc.dtbo", findings=more), known=known)
    assert Counter({group.standing: len(group.places) for group in checked.groups}) == {
        "known": 2,
        "new": 1,
    }


def test_what_no_longer_occurs_is_told() -> None:
    known = again(finished(refused("a.dtb", "x.dtbo"), refused("b.dtb", "x.dtbo")))
    checked = finished(applied("a.dtb", "x.dtbo"), refused("b.dtb", "x.dtbo"), known=known)
    (stale,) = coded(checked, "DT625")
    assert stale.severity == 1
    assert stale.message == (
        "an entry of known.json no longer occurs: DT104 label uart6 is not in /__symbols__ of a.dtb"
    )
    assert stale.places[0][:2] == ("a.dtb", ("x.dtbo",))
    assert "DT625" not in write(checked)


def test_what_is_told_of_the_baseline_is_not_put_into_it() -> None:
    known = again(finished(refused("a.dtb", "x.dtbo"), fail_on=1))
    checked = finished(applied("a.dtb", "x.dtbo"), known=known, fail_on=1)
    assert checked.fails
    assert not again(checked).entries


def test_what_a_board_lacked_that_is_gone_is_told_too() -> None:
    known = again(finished(refused("a.dtb", "x.dtbo"), refused("b.dtb", "x.dtbo")))
    checked = finished(refused("b.dtb", "x.dtbo"), known=known)
    assert len(coded(checked, "DT625")) == 1


def test_paths_are_those_below_the_folder_of_the_configuration() -> None:
    def run(folder: str, known: Baseline | None = None) -> Checked:
        base, overlay = folder + "a.dtb", folder + "x.dtbo"
        results = results_of(refused(base, overlay), applied(base, folder + "b.dtbo"))
        config = CONFIG._replace(folder=folder)
        return finish(config, plan_of(results), results, settings=Settings(), known=known)

    text = write(run(""))
    assert write(run("repo/")) == write(run("../x/")) == text
    assert not run("repo/", read(text, "known.json", "repo/")).fails
    assert not coded(run("repo/", read(text, "known.json", "repo/")), "DT625")


def test_the_file_has_one_sorted_entry_a_line() -> None:
    checked = finished(
        refused("b.dtb", "x.dtbo"),
        refused("a.dtb", "y.dtbo"),
        refused("a.dtb", "x.dtbo"),
        applied("a.dtb", "adc.dtbo", findings=[idle(path="/a/l"), idle(path="/b/l")]),
    )
    text = write(checked)
    assert text.isascii()
    document = json.loads(text)
    assert document["schema"] == "dtovl-baseline/1"
    assert document["version"] == checked.version
    lines = [line for line in text.splitlines() if line.startswith("    {")]
    assert [json.loads(line.rstrip(",")) for line in lines] == document["entries"]
    assert [(one["base"], one["overlays"]) for one in document["entries"]] == [
        ("a.dtb", ["x.dtbo"]),
        ("a.dtb", ["y.dtbo"]),
        ("b.dtb", ["x.dtbo"]),
        ("a.dtb", ["adc.dtbo"]),
    ]
    assert document["entries"][-1]["count"] == 2


def test_entries_are_sorted_whatever_shows_most_often() -> None:
    cases = [
        refused(base, f"{label}{base}.dtbo", finding=missing(base, label))
        for base, label in (("a.dtb", "z"), ("b.dtb", "z"), ("a.dtb", "b"))
    ]
    entries = json.loads(write(finished(*cases)))["entries"]
    assert [one["cause"][:7] for one in entries] == ["label b", "label z", "label z"]


def test_infos_and_expected_failures_are_not_written() -> None:
    mild = idle()._replace(severity=1)
    assert json.loads(write(finished(applied("a.dtb", "x.dtbo", findings=[mild]))))["entries"] == []
    strict = finished(applied("a.dtb", "x.dtbo", findings=[mild]), fail_on=1)
    assert len(json.loads(write(strict))["entries"]) == 1


def test_an_entry_that_a_merge_has_left_twice_counts_once() -> None:
    text = write(finished(applied("a.dtb", "adc.dtbo", findings=[idle(path="/a/led@1")])))
    document = json.loads(text)
    document["entries"] *= 2
    known = read(json.dumps(document), "known.json")
    assert [*known.entries.values()] == [1]


@given(runs())
@settings(max_examples=60)
def test_a_run_against_its_own_baseline_has_nothing_new(run: Run) -> None:
    first = run._replace(known=None).finish()
    known = again(first)
    assert read(write(first), "known.json").entries == known.entries
    second = run._replace(known=known).finish()
    least = min(run.config.fail_on or 2, 2)
    assert not [
        group
        for group in second.groups
        if group.standing == "new" and group.severity >= least and group.code != "DT625"
    ]
    assert not coded(second, "DT625")
    assert write(second) == write(first)
    assert {"failed", "warned"}.isdisjoint(states(second))


# -- what others have written ----------------------------------------------------------------------

GOOD = {"code": "DT104", "cause": "c", "node": "", "base": "a", "overlays": ["x"]}


def document(*entries: object) -> str:
    return json.dumps({"schema": "dtovl-baseline/1", "entries": list(entries)})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expecting value"),
        ("<<<<<<< HEAD\n{}", "expecting value"),
        ("[" * 100_000, "it is nested too deep"),
        ("9" * 10_000, "too many digits"),
        ("[]", "it has no schema"),
        ("{}", "it has no schema"),
        ('{"schema": "dtovl-baseline/2"}', "it has no schema dtovl-baseline/1"),
        ('{"schema": ["dtovl-baseline/1"]}', "it has no schema"),
        ('{"schema": "dtovl-baseline/1"}', "no list `entries`"),
        ('{"schema": "dtovl-baseline/1", "entries": {}}', "no list `entries`"),
        (document(GOOD, 7), "entry 2 is no mapping"),
        (document({**GOOD, "code": None}), "`code` of entry 1 is no text"),
        (document({**GOOD, "cause": 1}), "`cause` of entry 1"),
        (document({**GOOD, "node": []}), "`node` of entry 1"),
        (document({**GOOD, "base": {}}), "`base` of entry 1"),
        (document({**GOOD, "overlays": "x"}), "`overlays` of entry 1"),
        (document({**GOOD, "overlays": [["x"]]}), "`overlays` of entry 1"),
        (document({**GOOD, "count": True}), "`count` of entry 1"),
        (document({**GOOD, "count": 0}), "`count` of entry 1"),
        (document({**GOOD, "count": 1e9}), "`count` of entry 1"),
        (document({**GOOD, "count": 10**100}), "`count` of entry 1"),
    ],
)
def test_what_is_no_baseline_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text, "known.json")
    found = caught.value.diagnostic
    assert found.code.number == "DT626"
    assert told in found.message
    assert found.message.startswith("known.json is no baseline: ")


def test_the_place_of_what_is_no_json_is_told() -> None:
    with pytest.raises(InputError) as caught:
        read('{\n  "schema": <<<\n}', "known.json")
    assert str(caught.value.diagnostic.where) == "known.json:2:13"


def test_a_baseline_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtovl.matrix.foreign.MAX_REPORT_VALUES", 10)
    with pytest.raises(InputError, match="too large"):
        read(document(*[GOOD] * 3), "known.json")
    assert limits.MAX_REPORT_VALUES > 1_000_000


def test_a_code_of_a_later_version_is_kept() -> None:
    known = read(document({**GOOD, "code": "DT999"}), "known.json")
    assert known.entries == {Entry("DT999", "c", "", "a", ("x",)): 1}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from([*GOOD, "count", "more"]), _VALUES)
def test_any_value_anywhere_is_taken_or_refused(key: str, value: object) -> None:
    for text in (
        document({**GOOD, key: value}),
        document(GOOD, value),
        json.dumps({"schema": "dtovl-baseline/1", "entries": value}),
        json.dumps(value),
    ):
        try:
            counts = [*read(text, "known.json").entries.values()]
        except InputError:
            continue
        assert all(count >= 1 for count in counts)
