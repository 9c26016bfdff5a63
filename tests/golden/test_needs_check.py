"""What users of many boards and overlays suffer from, and what `dtovl check` tells them."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]


@pytest.fixture
def check(dtovl: Run, compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that checks a copy of the fixture repository by another configuration."""
    folder = tmp_path / "copy"
    copytree(compiled / "repo", folder)
    monkeypatch.chdir(folder)

    def call(configuration: str, *arguments: str) -> object:
        Path("dtovl.yaml").write_text(configuration, encoding="utf-8")
        return dtovl("check", "--no-cache", "-j1", *arguments)

    return call


def test_two_users_of_one_pin(check: Run, snapshot: SnapshotAssertion) -> None:
    stack = "{bases: boards/beacon-s.dts, overlays: [overlays/uart2.dtso, overlays/spidev.dtso]}"
    assert str(check(f"pairs: []\nstacks: [{stack}]\n")) == snapshot


def test_a_pin_that_the_board_itself_uses(check: Run, snapshot: SnapshotAssertion) -> None:
    configuration = "bases: boards/*.dts\noverlays: overlays/spidev.dtso\n"
    assert str(check(configuration)) == snapshot


ORDER = """\
bases: boards/beacon-s.dts
overlays: [overlays/fan-*.dtso, overlays/carrier.dtso, overlays/click.dtso, overlays/second.dtso]
rules: {same-value: off}
expected:
  - {overlay: [overlays/click.dtso, overlays/second.dtso], reason: click boards need the carrier}
"""
SECOND = """\
/dts-v1/;
/plugin/;

&mikrobus {
	thermometer {
		compatible = "acme,thermometer";
	};
};
"""


def test_the_result_depends_on_the_order(check: Run, snapshot: SnapshotAssertion) -> None:
    """Both results of two writes; what must come after what; and an order that works."""
    board = '/ { compatible = "acme,beacon"; };'
    Path("overlays/second.dtso").write_text(f"{SECOND}\n{board}\n", encoding="utf-8")
    assert str(check(ORDER, "-v")) == snapshot


def test_a_stack_in_the_wrong_order(check: Run, snapshot: SnapshotAssertion) -> None:
    overlays = ", ".join(f"overlays/{name}.dtso" for name in ("fan-quiet", "click", "carrier"))
    stack = f"{{name: kit, bases: boards/beacon-m.dts, overlays: [{overlays}]}}"
    assert str(check(f"pairs: []\nstacks: [{stack}]\n")) == snapshot


def test_a_length_of_reg_judged_on_the_merged_tree(check: Run, snapshot: SnapshotAssertion) -> None:
    configuration = "bases: boards/*.dts\noverlays: [overlays/timer.dtso, overlays/spidev.dtso]\n"
    assert str(check(configuration + "rules: {pin-conflict: off}\n")) == snapshot


def test_the_same_address_twice(check: Run, snapshot: SnapshotAssertion) -> None:
    configuration = "bases: boards/*.dts\noverlays: [overlays/codec.dtso, overlays/mic.dtso]\n"
    assert str(check(configuration)) == snapshot
    overlays = "[overlays/codec.dtso, overlays/mic.dtso]"
    stack = f"{{name: audio, bases: boards/beacon-m.dts, overlays: {overlays}}}"
    assert str(check(f"pairs: []\nstacks: [{stack}]\n", "--format", "github")) == snapshot


def test_ci_fails_for_what_is_new(check: Run, snapshot: SnapshotAssertion) -> None:
    """The matrix with a baseline: quiet while nothing is new, and GitHub's lines for what is."""
    configuration = Path("dtovl.yaml").read_text(encoding="utf-8")
    assert str(check(configuration, "-q", "--write-baseline", "known.json")).endswith("--- exit 0")
    assert str(check(configuration, "--baseline", "known.json")) == snapshot
    changed = Path("overlays/rtc.dtso")
    text = changed.read_text(encoding="utf-8").replace("&{/soc/rtc@44e3e000}", "&rtc1")
    changed.write_text(text, encoding="utf-8")
    assert str(check(configuration, "--baseline", "known.json", "--format", "github")) == snapshot


def test_overlays_that_fit_no_board(check: Run, snapshot: SnapshotAssertion) -> None:
    Path("overlays/second.dtso").write_text(SECOND, encoding="utf-8")
    names = "[overlays/lantern.dtso, overlays/second.dtso, overlays/rtc.dtso]"
    assert str(check(f"bases: boards/*.dts\noverlays: {names}\n")) == snapshot
