"""From results to what a check comes to: rules, expected failures, states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from matrix.runs import (
    BROKEN,
    CONFIG,
    Run,
    again,
    applied,
    coded,
    finished,
    idle,
    judged_of,
    missing,
    only,
    plan_of,
    refused,
    results_of,
    runs,
    states,
)

from dtovl.matrix.checked import Place
from dtovl.matrix.config import Expected, Rule
from dtovl.matrix.finish import finish
from dtovl.matrix.plan import Misfit
from dtovl.matrix.result import UNREADABLE, BaseResult, Between, Case, Finding, Spot, Verdict
from dtovl.matrix.tasks import Settings

if TYPE_CHECKING:
    from dtovl.matrix.checked import Checked

ANY = ("**",)


def expected(*overlays: str, error: str = "", stack: str = "", bases: Any = ANY) -> Expected:
    return Expected(bases, overlays, stack, error, "no such pin", 7)


# -- states ----------------------------------------------------------------------------------------


def test_states() -> None:
    info = idle()._replace(severity=1)
    checked = finished(
        applied("a.dtb", "fine.dtbo"),
        applied("a.dtb", "info.dtbo", findings=[info]),
        applied("a.dtb", "warn.dtbo", findings=[idle("warn.dtbo")]),
        applied("a.dtb", "wrong.dtbo", findings=[idle("wrong.dtbo")._replace(severity=3)]),
        refused("a.dtb", "x.dtbo"),
    )
    assert states(checked) == ["ok", "ok", "warned", "failed", "failed"]
    assert checked.fails


def test_a_new_warning_beside_a_known_one_is_a_warning() -> None:
    known = again(finished(applied("a.dtb", "x.dtbo", findings=[idle("x.dtbo", "/a")])))
    both = [idle("x.dtbo", "/a"), idle("x.dtbo", "/b")]
    assert states(finished(applied("a.dtb", "x.dtbo", findings=both), known=known)) == ["warned"]


def test_a_known_failure_with_a_new_warning_is_known() -> None:
    case = refused("a.dtb", "x.dtbo")
    known = again(finished(case))
    more = case._replace(findings=(*case.findings, idle()))
    checked = finished(more, known=known)
    assert states(checked) == ["known"]
    assert not checked.fails


@pytest.mark.parametrize(
    ("fail_on", "state", "fails"),
    [(3, "warned", False), (2, "failed", True), (1, "failed", True), (0, "warned", False)],
)
def test_what_fails_a_run_fails_its_case(fail_on: int, state: str, fails: bool) -> None:
    checked = finished(applied("a.dtb", "x.dtbo", findings=[idle()]), fail_on=fail_on)
    assert (states(checked), checked.fails, checked.fail_on) == ([state], fails, fail_on)


def test_order_is_that_of_the_plan_whatever_the_order_of_results() -> None:
    results = results_of(*(refused(base, "x.dtbo") for base in ("c", "a", "b")))
    plan = plan_of(results)
    one = finish(CONFIG, plan, results, settings=Settings())
    other = finish(CONFIG, plan, results[::-1], settings=Settings())
    assert one == other
    assert [judged.case.base for judged in one.cases] == ["a", "b", "c"]


def test_a_finding_that_is_there_twice_is_told_once() -> None:
    checked = finished(applied("a.dtb", "x.dtbo", findings=[idle(), idle()]))
    assert checked.cases[0].case.findings == (idle(),)
    assert len(only(checked, "DT130").places) == 1


# -- rules -----------------------------------------------------------------------------------------


def test_rules_change_what_a_case_holds() -> None:
    checked = finished(
        applied("a.dtb", "adc.dtbo", findings=[idle()]),
        applied("b.dtb", "adc.dtbo", findings=[idle()]),
        rules=(Rule("DT130", 3), Rule("no-effect", 0, ("b.dtb",))),
    )
    assert [one.case.findings for one in checked.cases] == [(idle()._replace(severity=3),), ()]
    assert states(checked) == ["failed", "ok"]


def test_a_refusal_that_is_made_a_warning_fails_its_case_and_not_the_run() -> None:
    checked = finished(refused("a.dtb", "x.dtbo"), rules=(Rule("DT104", 2),))
    assert states(checked) == ["failed"]
    assert not checked.fails
    assert [group.code for group in checked.groups] == ["DT104"]


def test_a_refusal_whose_reason_is_switched_off_is_told_by_its_error() -> None:
    case = refused("a.dtb", "x.dtbo")
    case = case._replace(findings=(*case.findings, idle()))
    checked = finished(case, rules=(Rule("DT104", 0),))
    assert states(checked) == ["failed"]
    found = only(checked, "DT623")
    assert found.message == "x.dtbo is refused on a.dtb: libfdt: FDT_ERR_NOTFOUND"
    assert found.places[0].finding.fix == "`dtovl apply a.dtb x.dtbo` says why"
    off = finished(case, rules=(Rule("DT104", 0), Rule("DT623", 0)))
    assert states(off) == ["failed"]
    assert not off.fails


def test_verdicts_alone_fail_the_run() -> None:
    verdicts = (Verdict("libfdt"), Verdict("linux", "-EINVAL", 1))
    cases = [Case(base, ("x.dtbo", "y.dtbo"), "s", verdicts) for base in ("a.dtb", "b.dtb")]
    checked = finished(*cases)
    assert states(checked) == ["failed", "failed"]
    found = only(checked, "DT623")
    assert found.message == "y.dtbo is refused on the base: linux: -EINVAL"
    assert found.places[0].finding.who == "overlay 2 (y.dtbo)"
    assert checked.cases[0].case.findings == (found.places[0].finding,)


def test_verdicts_alone_can_be_known_or_expected() -> None:
    case = Case("a.dtb", ("x.dtbo",), "", (Verdict("libfdt", "FDT_ERR_NOTFOUND", 0),))
    assert states(finished(case, known=again(finished(case)))) == ["known"]
    assert states(finished(case, expected=(expected("x.dtbo"),))) == ["expected"]


# -- expected failures -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", ["", "FDT_ERR_NOTFOUND", "DT104", "dt104", "label-not-in-base", "dt10?"]
)
def test_a_failure_that_is_expected_fails_nothing(error: str) -> None:
    case = refused("a.dtb", "x.dtbo")
    case = case._replace(findings=(*case.findings, idle()))
    checked = finished(case, expected=(expected("*.dtbo", error=error),))
    assert [tuple(one[1:]) for one in checked.cases] == [("expected", "no such pin")]
    assert {group.code: group.standing for group in checked.groups} == {
        "DT104": "expected",
        "DT130": "new",
    }
    assert not checked.fails


@pytest.mark.parametrize("error", ["FDT_ERR_BADVALUE", "DT101", "no-effect"])
def test_a_failure_for_another_reason_is_new(error: str) -> None:
    case = refused("a.dtb", "x.dtbo")
    case = case._replace(findings=(*case.findings, idle()))
    checked = finished(case, expected=(expected("x.dtbo", error=error),))
    assert states(checked) == ["failed"]
    assert only(checked, "DT104").standing == "new"
    assert only(checked, "DT624").message == (
        f"it is declared to fail with {error} (no such pin), and fails otherwise: x.dtbo on a.dtb"
    )


def test_one_of_several_entries_suffices() -> None:
    entries = expected("x.dtbo", error="-EINVAL"), expected("x.dtbo", error="DT104")
    checked = finished(refused("a.dtb", "x.dtbo"), expected=entries)
    assert states(checked) == ["expected"]
    assert not coded(checked, "DT624")


def test_an_expected_failure_that_passes_is_an_error_at_its_line() -> None:
    checked = finished(applied("a.dtb", "x.dtbo"), expected=(expected("x.dtbo"),))
    found = only(checked, "DT620")
    assert (found.severity, found.standing) == (3, "new")
    assert found.message == (
        "it is declared to fail (no such pin), and nothing is wrong: x.dtbo on a.dtb"
    )
    assert found.places[0].finding.at == Spot("dtovl.yaml", 7)
    assert states(checked) == ["failed"]
    assert checked.fails


def test_a_case_that_applies_and_is_wrong_can_be_expected() -> None:
    wrong = Finding("DT136", 3, "/soc/a@1", "/soc/a@1 and /soc/b@1 have the same unit address")
    case = applied("a.dtb", "x.dtbo", findings=[wrong])
    assert states(finished(case, expected=(expected("x.dtbo", error="DT136"),))) == ["expected"]


def test_a_warning_alone_is_no_failure_that_could_be_expected() -> None:
    case = applied("adc.dtb", "adc.dtbo", findings=[idle()])
    checked = finished(case, expected=(expected("adc.dtbo", error="DT130"),))
    assert [group.code for group in checked.groups] == ["DT620", "DT130"]
    strict = finished(case, expected=(expected("adc.dtbo", error="DT130"),), fail_on=2)
    assert states(strict) == ["expected"]


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        (expected("x.dtbo"), [("a", "x.dtbo"), ("b", "x.dtbo")]),
        (expected("x.dtbo", bases=("b",)), [("b", "x.dtbo")]),
        (expected("[xy].dtbo", bases=("a",)), [("a", "x.dtbo"), ("a", "y.dtbo")]),
        (expected(stack="s"), [("a", "x.dtbo", "y.dtbo")]),
        (expected(stack="s", bases=("b",)), []),
    ],
)
def test_what_an_entry_means(entry: Expected, meant: list[tuple[str, ...]]) -> None:
    cases = [
        refused("a", "x.dtbo"),
        refused("a", "y.dtbo"),
        refused("b", "x.dtbo"),
        refused("a", "x.dtbo", "y.dtbo", stack="s"),
        refused("a", "x.dtbo", "y.dtbo", stack="t"),
    ]
    checked = finished(*cases, expected=(entry,))
    cases_met = [one.case for one in checked.cases if one.state == "expected"]
    assert [(case.base, *case.overlays) for case in cases_met] == meant
    assert bool(coded(checked, "DT621")) is not bool(meant)


def test_an_entry_that_means_no_case_is_told_at_its_line() -> None:
    checked = finished(applied("a.dtb", "x.dtbo"), expected=(expected("y.dtbo"),))
    found = only(checked, "DT621")
    assert found.severity == 2
    assert found.places[0] == Place("", (), "", found.places[0].finding)
    assert found.places[0].finding.at == Spot("dtovl.yaml", 7)
    assert not checked.fails


def test_globs_are_below_the_folder_of_the_configuration() -> None:
    case = refused("repo/boards/a.dtb", "repo/x.dtbo")
    entry = expected("x.dtbo", bases=("boards/*",))
    assert states(finished(case, expected=(entry,), folder="repo")) == ["expected"]
    assert states(finished(case, expected=(entry,), folder="")) == ["failed"]


# -- files, plan, pairs ----------------------------------------------------------------------------


def unreadable(*, entries: tuple[Expected, ...] = (), **changes: Any) -> Checked:
    """Finish a run with an overlay that cannot be read, on two bases."""
    verdicts = (Verdict("libfdt", UNREADABLE, 0),)
    results = [
        BaseResult(base, (Case(base, ("bad.dtbo",), "", verdicts),), inputs=(("bad.dtbo", BROKEN),))
        for base in ("a.dtb", "b.dtb")
    ]
    config = CONFIG._replace(expected=entries, **changes)
    return finish(config, plan_of(results), results, settings=Settings())


def test_a_file_that_cannot_be_read_is_told_once() -> None:
    checked = unreadable()
    assert [group.places for group in checked.groups] == [(Place("", ("bad.dtbo",), "", BROKEN),)]
    assert states(checked) == ["failed", "failed"]
    assert checked.fails


def test_a_file_that_cannot_be_read_can_be_known() -> None:
    first = unreadable()
    results = [
        BaseResult(one.case.base, (one.case,), inputs=(("bad.dtbo", BROKEN),))
        for one in first.cases
    ]
    plan = plan_of(results)
    after = finish(CONFIG, plan, results, settings=Settings(), known=again(first))
    assert states(after) == ["known", "known"]
    assert not after.fails


@pytest.mark.parametrize("error", ["", UNREADABLE, "DT001"])
def test_a_file_that_cannot_be_read_can_be_expected_for_all_its_cases(error: str) -> None:
    checked = unreadable(entries=(expected("bad.dtbo", error=error),))
    assert states(checked) == ["expected", "expected"]
    assert not checked.fails
    half = unreadable(entries=(expected("bad.dtbo", error=error, bases=("a.dtb",)),))
    assert half.fails


def test_a_file_whose_finding_is_switched_off_still_fails_its_cases() -> None:
    checked = unreadable(rules=(Rule("DT001", 0),))
    assert states(checked) == ["failed", "failed"]
    assert only(checked, "DT623").message == "bad.dtbo is refused on the base: libfdt: unreadable"


def test_what_is_wrong_with_a_base_is_about_the_base() -> None:
    result = BaseResult(
        "a.dtb",
        (Case("a.dtb", ("x.dtbo",), "", (Verdict("libfdt", UNREADABLE),)),),
        inputs=(("a.dtb", BROKEN),),
    )
    checked = finish(CONFIG, plan_of([result]), [result], settings=Settings())
    assert [group.places for group in checked.groups] == [(Place("a.dtb", (), "", BROKEN),)]


def test_an_overlay_that_goes_with_nothing_is_validated_by_nobody() -> None:
    results = results_of(applied("a.dtb", "x.dtbo"))
    why = "a.dtb comes nearest, it lacks label uart9"
    plan = plan_of(results, fits_nothing=(Misfit("lost.dtbo", "a.dtb", why),))
    checked = finish(CONFIG, plan, results, settings=Settings())
    assert checked.fits_nothing == ("lost.dtbo",)
    found = only(checked, "DT622")
    assert found.message == "lost.dtbo goes with no base: it is validated by nobody"
    assert found.places[0].finding.why == why
    assert found.places[0].overlays == ("lost.dtbo",)


def test_what_the_plan_and_pairs_of_overlays_say_is_taken() -> None:
    results = results_of(applied("a.dtb", "x.dtbo"), applied("a.dtb", "y.dtbo"))
    clash = Finding("DT630", 2, "/soc/a", "both set status")
    results[0] = results[0]._replace(
        between=(Between("a.dtb", "x.dtbo", "y.dtbo", clash),), compared=1
    )
    note = Finding("DT601", 2, "", "this and that", Spot("dtovl.yaml", 3))
    plan = plan_of(results, findings=(note,))
    checked = finish(CONFIG, plan, results, settings=Settings())
    assert states(checked) == ["ok", "ok"]
    assert checked.compared == 1
    assert {place for group in checked.groups for place in group.places} == {
        Place("a.dtb", ("x.dtbo", "y.dtbo"), "", clash),
        Place("", (), "", note),
    }


@given(runs())
@settings(max_examples=60)
def test_states_say_what_the_groups_say(run: Run) -> None:
    checked = run.finish()
    bar = checked.fail_on or 3
    new = {
        place[:3]
        for group in checked.groups
        if group.standing == "new" and group.severity >= bar and group.code != "DT625"
        for place in group.places
    }
    for judged in checked.cases:
        case = judged.case
        if (case.base, case.overlays, case.name) in new:
            assert judged.state == "failed" or (case.overlays[1:2] and not case.name)
        if judged.state in ("ok", "warned"):
            assert not case.error
        assert (judged.state == "expected") or not judged.reason
    told = {place.finding for group in checked.groups for place in group.places}
    assert {finding for one in checked.cases for finding in one.case.findings} <= told


def test_the_digest_tells_plans_apart() -> None:
    cases = refused("a.dtb", "x.dtbo"), applied("a.dtb", "y.dtbo")
    one = finished(*cases)
    assert one.plan == finished(*cases, reports=(("html", "x.html"),)).plan
    others = [
        finished(cases[0]),
        finished(*cases, rules=(Rule("DT104", 2),)),
        finished(*cases, known=again(one)),
        finished(*cases, removal=True),
    ]
    assert len({one.plan, *(other.plan for other in others)}) == 5
    assert judged_of(one, "a.dtb", "x.dtbo").case.findings == (missing("a.dtb", overlay="x.dtbo"),)
