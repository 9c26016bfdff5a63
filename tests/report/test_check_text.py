"""What a person reads of a checked matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from matrix.runs import (
    BROKEN,
    CONFIG,
    Run,
    again,
    applied,
    finished,
    idle,
    missing,
    plan_of,
    refused,
    results_of,
    runs,
)
from support.checked import hostile
from support.matrices import anything

from dtovl.cli.terminal import wrap
from dtovl.matrix.config import Expected, Rule
from dtovl.matrix.finish import finish
from dtovl.matrix.plan import Misfit
from dtovl.matrix.result import BaseResult, Between, Finding, Spot
from dtovl.matrix.tasks import Settings
from dtovl.report.check_text import check_lines, verdict

if TYPE_CHECKING:
    from dtovl.matrix.checked import Checked

BOARDS = [f"boards/b{number:02}.dtb" for number in range(41)]


def text(checked: Checked, *, width: int = 80, verbose: bool = False, quiet: bool = False) -> str:
    lines = check_lines(checked, verbose=verbose, quiet=quiet)
    return "".join(
        "".join(piece for _, piece in spans).rstrip(" ") + "\n"
        for line in lines
        for spans in wrap(line, width)
    )


def many() -> Checked:
    """Give 41 boards of which 38 lack a label that two overlays want."""
    cases = [
        refused(board, name, finding=missing(board, overlay=name))
        for board in BOARDS[:38]
        for name in ("overlays/uart.dtbo", "overlays/spi.dtbo")
    ]
    return finished(*cases, *(applied(board, "overlays/adc.dtbo") for board in BOARDS))


def test_boards_that_lack_a_label_are_one_finding() -> None:
    assert (
        text(many())
        == """\
error[DT104] /fragment@0: label uart6 is not in /__symbols__ of the base
  on      38 of 41 boards, with overlays/spi.dtbo, overlays/uart.dtbo; such as
          boards/b00.dtb + overlays/spi.dtbo
  why     target of /fragment@0 refers to it
  fix     use a label of this base, or define uart6 in its source

overlay             cases  ok  failed
overlays/spi.dtbo      38   0      38
overlays/uart.dtbo     38   0      38

117 cases on 41 boards: 41 ok, 76 failed
"""
    )


def test_verbose_lists_every_place() -> None:
    shown = text(many(), verbose=True)
    for board in BOARDS[:38]:
        assert f"          {board} + overlays/uart.dtbo  /fragment@0\n" in shown


def test_one_place_is_told_as_dtovl_apply_tells_it() -> None:
    found = missing("a.dtb", overlay="uart.dtbo", line=12)
    found = found._replace(kernel=("OF: resolver: one",), excerpt="target = <&uart6>;\n    ^")
    shown = text(finished(refused("a.dtb", "uart.dtbo", finding=found)))
    assert (
        shown
        == """\
error[DT104] /fragment@0: label uart6 is not in /__symbols__ of a.dtb
  on      a.dtb + uart.dtbo
  at      uart.dts:12:3
          target = <&uart6>;
              ^
  why     target of /fragment@0 refers to it
  fix     use a label of this base, or define uart6 in its source
  kernel  OF: resolver: one

board  cases  failed
a.dtb      1       1

1 case on 1 board: 1 failed
"""
    )


def test_places_that_differ_are_not_told_as_if_they_were_one() -> None:
    cases = [
        refused(base, "x.dtbo", finding=missing(base, line=line)._replace(path=f"/fragment@{line}"))
        for line, base in enumerate(("a.dtb", "b.dtb"), 1)
    ]
    shown = text(finished(*cases))
    assert "  at " not in shown
    assert "error[DT104] label uart6 is not in /__symbols__ of the base\n" in shown


def test_clashes_name_both_overlays_and_the_verdict_counts_pairs() -> None:
    clash = Finding("DT630", 2, "/soc/spi@0", "a.dtbo and b.dtbo set status")
    results = [
        BaseResult(
            board,
            (applied(board, "a.dtbo"), applied(board, "b.dtbo")),
            (Between(board, "a.dtbo", "b.dtbo", clash),),
            1,
        )
        for board in BOARDS
    ]
    shown = text(finish(CONFIG, plan_of(results), results, settings=Settings()))
    assert (
        shown
        == """\
warning[DT630] /soc/spi@0: a.dtbo and b.dtbo set status
  on      41 of 41 boards, with a.dtbo, b.dtbo; such as boards/b00.dtb + a.dtbo,
          b.dtbo

82 cases on 41 boards: 82 ok; 41 pairs of overlays compared, 41 with findings
"""
    )


def test_a_failing_stack_tells_the_fewest_overlays_that_fail() -> None:
    case = refused("a.dtb", "x.dtbo", "y.dtbo", "z.dtbo", stack="all")
    shown = text(finished(case._replace(smallest=(0, 2))))
    assert "  on      a.dtb + stack all (x.dtbo, y.dtbo, z.dtbo)\n" in shown
    assert "  fewest  x.dtbo, z.dtbo fail without the others\n" in shown
    assert "fewest" not in text(finished(case._replace(smallest=(0, 1, 2))))
    assert "x.dtbo fails without" in text(finished(case._replace(smallest=(0,))))


def test_what_a_failing_stack_is_warned_of_is_not_why_it_fails() -> None:
    case = refused("a.dtb", "x.dtbo", "y.dtbo", stack="all")._replace(smallest=(1,))
    warned = case._replace(findings=(*case.findings, Finding("DT130", 2, "/x", "made of status")))
    shown = text(finished(warned))
    assert "warning[DT130]" in shown
    assert shown.count("fewest") == 1


def test_the_table_is_of_boards_or_overlays_whichever_are_fewer() -> None:
    one_board = finished(*(refused("a.dtb", f"o{number}.dtbo") for number in range(5)))
    assert "\nboard  cases  failed\na.dtb      5       5\n\n" in text(one_board)
    one_overlay = finished(
        *(refused(board, "x.dtbo") for board in BOARDS[:5]),
        refused("a.dtb", "x.dtbo", "y.dtbo", stack="both"),
    )
    assert "\noverlay     cases  failed\nx.dtbo          5       5\n" in text(one_overlay)
    assert "\nstack both      1       1\n" in text(one_overlay)


def test_long_names_and_many_rows_are_cut() -> None:
    folder = "a/very/very/long/path/to/the/boards/of/some/vendor/or/other"
    names = [f"{folder}/{n:02}/board.dtb" for n in range(30)]
    cases = [refused(base, f"{number}.dtbo") for number, base in enumerate(names)]
    shown = text(finished(*cases))
    assert "and 10 more boards with failures: shown with -v\n" in shown
    rows = [line for line in shown.splitlines() if line.startswith("...")]
    assert {len(row) for row in rows} == {80}
    assert "/00/board.dtb " in rows[0]
    assert "more boards" not in text(finished(*cases), verbose=True)


def test_known_expected_and_info_are_counted_and_shown_with_v() -> None:
    cases = [
        refused("a.dtb", "known.dtbo", finding=missing("a.dtb", "one")),
        refused("a.dtb", "right.dtbo", finding=missing("a.dtb", "two")),
        applied("a.dtb", "info.dtbo", findings=[idle("info.dtbo")._replace(severity=1)]),
    ]
    entries = (Expected(("**",), ("right.dtbo",), "", "", "no such pin", 3),)
    known = again(finished(cases[0]))
    checked = finished(*cases, known=known, expected=entries)
    assert (
        text(checked)
        == """\
3 causes are info, known or expected: shown with -v
3 cases on 1 board: 1 ok, 1 known, 1 expected
"""
    )
    shown = text(checked, verbose=True)
    assert "  stands  known: it does not fail the run\n" in shown
    assert "  stands  expected: it does not fail the run\n" in shown
    assert "info[DT130]" in shown
    assert "shown with -v" not in shown


def test_quiet_shows_new_findings_alone() -> None:
    shown = text(many(), quiet=True)
    assert shown.startswith("error[DT104]")
    assert shown.endswith("in its source\n")


def test_causes_beyond_a_screenful_are_counted() -> None:
    cases = [
        refused(
            "a.dtb", "x.dtbo", "y.dtbo", stack=str(number), finding=missing("a.dtb", f"l{number}")
        )
        for number in range(60)
    ]
    warned = [
        applied("a.dtb", f"w{number}.dtbo", findings=[idle(f"w{number}.dtbo")])
        for number in range(21)
    ]
    shown = text(finished(*cases, *warned))
    assert shown.count("error[DT104]") == 50
    assert shown.count("warning[DT130]") == 20
    assert "and 10 more causes (DT104 10): all are shown with -v\n" in shown
    assert "and 1 more cause (DT130 1): all are shown with -v\n" in shown
    assert text(finished(*cases), verbose=True).count("error[DT104]") == 60


def test_a_file_and_the_configuration_are_places() -> None:
    results = [BaseResult("a.dtb", (applied("a.dtb", "x.dtbo"),), inputs=(("x.dtbo", BROKEN),))]
    note = Finding("DT601", 2, "", "this and that", Spot("dtovl.yaml", 3))
    plan = plan_of(
        results, findings=(note,), fits_nothing=(Misfit("lost.dtbo", "", "no base has gpio9"),)
    )
    shown = text(finish(CONFIG, plan, results, settings=Settings()))
    assert "looks like text\n  on      x.dtbo\n" in shown
    assert "warning[DT601] this and that\n  at      dtovl.yaml:3\n" in shown
    assert "warning[DT622] lost.dtbo goes with no base: it is validated by nobody\n" in shown
    assert "  why     no base has gpio9\n" in shown


def test_remarks() -> None:
    results = results_of(applied("a.dtb", "x.dtbo"))
    plan = plan_of(results)._replace(bases=("a.dtb", "b.dtb", "c.dtb", "d.dtb", "e.dtb"))
    known = again(finished(refused("a.dtb", "x.dtbo"), refused("b.dtb", "x.dtbo")))
    checked = finish(CONFIG, plan, results, settings=Settings(), known=known)
    assert (
        text(checked)
        == """\
2 entries of the baseline no longer occur: write it anew with --write-baseline
4 boards go with no overlay: b.dtb, c.dtb, d.dtb and 1 more
1 cause is info, known or expected: shown with -v
1 case on 1 board: 1 ok
"""
    )
    mild = finished(refused("a.dtb", "x.dtbo"), rules=(Rule("DT104", 2),))
    assert "1 case failed for reasons that a rule has made harmless\n" in text(mild)
    never = finished(refused("a.dtb", "x.dtbo"), fail_on=0)
    assert "made harmless" not in text(never)


def test_a_clash_that_is_mended_is_none() -> None:
    clash = Finding("DT630", 2, "/soc/spi@0", "a.dtbo and b.dtbo set status")
    results = results_of(applied("a.dtb", "a.dtbo"), applied("a.dtb", "b.dtbo"))
    before = [results[0]._replace(between=(Between("a.dtb", "a.dtbo", "b.dtbo", clash),))]
    plan = plan_of(results)
    known = again(finish(CONFIG, plan, before, settings=Settings()))
    after = [results[0]._replace(compared=1)]
    checked = finish(CONFIG, plan, after, settings=Settings(), known=known)
    assert verdict(checked) == "2 cases on 1 board: 2 ok; 1 pair of overlays compared"


def test_the_verdict_of_a_part_says_so() -> None:
    results = results_of(applied("a.dtb", "x.dtbo"))
    part = finish(CONFIG, plan_of(results), results, settings=Settings(), shard=(2, 4))
    assert verdict(part) == "part 2 of 4: 1 case on 1 board: 1 ok"
    assert verdict(part._replace(cases=(), compared=1)) == (
        "part 2 of 4: 0 cases on 0 boards; 1 pair of overlays compared"
    )


@pytest.mark.parametrize("verbose", [False, True])
def test_hostile_text_is_shown_harmlessly(verbose: bool) -> None:
    shown = text(
        hostile("\x1b[31mred", "a\u202egnp", "line\nerror[DT1] x", "\ud800"), verbose=verbose
    )
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\nerror[DT1]" not in shown
    assert "\ud800" not in shown


@given(runs())
@settings(max_examples=40)
def test_any_run_is_told_in_full(run: Run) -> None:
    checked = run.finish()
    shown = text(checked, verbose=True)
    heads = [f"{word}[{group.code}]" for group in checked.groups for word in _word(group.severity)]
    assert [line.split(" ")[0] for line in shown.splitlines() if "[DT" in line[:12]] == heads


def _word(severity: int) -> tuple[str]:
    return ({1: "info", 2: "warning", 3: "error"}[severity],)


@given(anything)
@settings(max_examples=40)
def test_anything_at_all_is_told(checked: Checked) -> None:
    whole = [group for group in checked.groups if group.places]
    for verbose in (False, True):
        assert text(checked._replace(groups=tuple(whole)), verbose=verbose)
