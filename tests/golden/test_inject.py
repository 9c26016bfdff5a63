"""`dtovl simulate --inject`: the report in every form, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from dtovl.lifetimes.faultsites import SITES
from dtovl.live.overlays import Overlays

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    class Result(NamedTuple):
        out: str
        err: str
        code: int

    Run = Callable[..., Result]

GATEWAY = "dts/gateway.dts"
STATUS = "dts/uart1-okay.dtso"


@pytest.mark.parametrize(
    "arguments",
    [
        ["all"],
        ["a15", "-v"],
        ["R09", "--format", "json"],
        ["all", GATEWAY, STATUS],
        ["A01", GATEWAY, "dts/missing-path.dtso"],
        ["A51"],
        ["zzz"],
        ["A01", GATEWAY],
        ["A01", "--explore"],
        ["A01", "--format", "svg"],
    ],
    ids=" ".join,
)
def test_report(arguments: list[str], dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("simulate", "--inject", *arguments)) == snapshot


def test_an_overlay_goes_with_inject_alone(dtovl: Run) -> None:
    done = dtovl("simulate", "scenarios/open-file.yaml", STATUS)
    assert done.code == 2
    assert "unexpected extra argument" in done.err


def test_what_does_not_hold_is_told(
    dtovl: Run, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Overlays._unlist

    def unlist(self: Overlays, record: object) -> None:
        real(self, record)  # type: ignore[arg-type]
        self.reserved[record.number] = "lost"  # type: ignore[attr-defined]

    monkeypatch.setattr(Overlays, "_unlist", unlist)
    assert str(dtovl("simulate", "--inject", "R12")) == snapshot
    assert dtovl("simulate", "--inject", "R12", "-q").code == 1
    assert dtovl("simulate", "--inject", "R12", "--fail-on", "never").code == 0


def test_a_report_is_written(dtovl: Run) -> None:
    done = dtovl("simulate", "--inject", "all", "-o", "out.json")
    assert (done.code, done.out) == (0, "wrote out.json\n")
    report = json.loads(Path("out.json").read_text())
    assert report["schema"] == "dtovl-simulate-inject/1"
    assert [one["id"] for one in report["sites"]] == [site.id for site in SITES]
    before = Path(GATEWAY).read_bytes()
    refused = dtovl("simulate", "--inject", "A01", GATEWAY, STATUS, "-o", GATEWAY)
    assert refused.code == 2
    assert Path(GATEWAY).read_bytes() == before
