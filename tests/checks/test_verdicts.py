"""Verdicts of both appliers, severities, and that nothing is said twice."""

from __future__ import annotations

import pytest
from checks.board import BOARD, findings, only, run
from support.overlays import at, overlay_of, state, to
from support.trees import tree_of

from dtovl.checks.verdicts import apply_checked
from dtovl.codes.base import Severity
from dtovl.model.dialect import LIBFDT, LINUX, Dialect

BOTH = pytest.mark.parametrize("applier", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)

GOOD = overlay_of(to("mmc", {"status": "okay"}), name="good.dtbo")
# Linux wants the unit address, libfdt does not.
LOOSE = overlay_of(at("/soc/mmc", {"status": "okay"}), name="loose.dtbo")
# An option behind the path is known to Linux alone.
OPTION = overlay_of(at("/soc/mmc@3000:x", {"status": "okay"}), name="option.dtbo")
MISSING = overlay_of(to("gone", {}), name="missing.dtbo")


@BOTH
def test_the_chosen_applier_comes_first(applier: Dialect) -> None:
    verdicts = run(GOOD, applier=applier).verdicts
    assert verdicts[0].dialect is applier
    assert {verdict.dialect.name for verdict in verdicts} == {"libfdt", "linux"}
    assert all(verdict.applies and not verdict.error for verdict in verdicts)


@pytest.mark.parametrize(
    ("overlay", "applier", "require", "severity"),
    [
        (LOOSE, LIBFDT, [], Severity.INFO),
        (LOOSE, LIBFDT, [LINUX], Severity.ERROR),
        (LOOSE, LIBFDT, [LIBFDT], Severity.INFO),
        (LOOSE, LINUX, [], Severity.ERROR),
        (OPTION, LIBFDT, [], Severity.ERROR),
        (OPTION, LINUX, [], Severity.INFO),
        (OPTION, LINUX, [LIBFDT], Severity.ERROR),
    ],
    ids=[
        "other",
        "other-required",
        "own-required",
        "own",
        "own-libfdt",
        "other-libfdt",
        "other-libfdt-required",
    ],
)
def test_a_refusal_is_an_error_of_the_applier_and_of_whom_is_required(
    overlay: object, applier: Dialect, require: list[Dialect], severity: Severity
) -> None:
    done = run(overlay, applier=applier, require=require)  # type: ignore[arg-type]
    assert only(done.findings, "DT103").severity is severity


@BOTH
def test_a_refusal_by_both_is_told_once_with_both_errors(applier: Dialect) -> None:
    found = only(findings(MISSING, applier=applier), "DT104")
    assert found.severity is Severity.ERROR
    assert "FDT_ERR_NOTFOUND" in found.why
    assert "-EINVAL" in found.why
    assert len(found.kernel) == 1


@BOTH
def test_the_verdict_names_overlay_error_and_reason(applier: Dialect) -> None:
    done = run(GOOD, MISSING, GOOD, applier=applier)
    verdict = done.verdicts[0]
    assert not verdict.applies
    assert verdict.overlay == "missing.dtbo"
    assert verdict.error == {"libfdt": "FDT_ERR_NOTFOUND", "linux": "-EINVAL"}[applier.name]
    assert "label gone" in verdict.reason
    assert not verdict.hazard
    assert [outcome.overlay.name for outcome in done.stack.outcomes] == [
        "good.dtbo",
        "missing.dtbo",
    ]


def test_the_lines_of_the_kernel_log_are_kept_in_order() -> None:
    verdict = run(GOOD, MISSING, applier=LINUX).verdicts[0]
    assert [(line.level, line.text.partition(":")[0]) for line in verdict.lines] == [
        (3, "OF"),
        (3, "OF"),
    ]
    assert "memory leak" in verdict.lines[0].text
    assert "gone" in verdict.lines[1].text


@BOTH
def test_the_tree_keeps_what_the_applier_applied_and_gives_it_back(applier: Dialect) -> None:
    tree = tree_of(BOARD)
    before = state(tree)
    done = apply_checked(tree, [GOOD, LOOSE], applier, base="board.dtb")
    mmc = tree.find("/soc/mmc@3000")
    assert mmc is not None
    assert mmc.properties["status"] == b"okay\0"
    done.stack.revert(tree)
    assert state(tree) == before


@BOTH
def test_no_overlays_no_findings(applier: Dialect) -> None:
    done = run(applier=applier)
    assert done.findings == []
    assert all(verdict.applies for verdict in done.verdicts)


@BOTH
def test_the_worst_findings_come_first(applier: Dialect) -> None:
    odd = overlay_of(to("soc", {"dev@1": {"compatible": "a", "reg": 1}}), name="odd.dtbo")
    found = findings(odd, MISSING, applier=applier)
    severities = [one.severity for one in found]
    assert severities == sorted(severities, reverse=True)
    assert {one.who for one in found} == {"overlay 1 (odd.dtbo)", "overlay 2 (missing.dtbo)"}


def test_one_overlay_twice_is_told_for_each_place() -> None:
    odd = overlay_of(to("mmc", {"status": "disabled"}), name="odd.dtbo")
    found = [one.who for one in findings(odd, odd) if one.code.number == "DT131"]
    assert found == ["overlay 1 (odd.dtbo)", "overlay 2 (odd.dtbo)"]
