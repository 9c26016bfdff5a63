"""Findings about links in a check: rules and settings, stacks, shards, baseline, every report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dtovl.cli import run
from dtovl.codes import all_codes
from dtovl.matrix.checked import Place
from dtovl.matrix.config import Config, Rule
from dtovl.matrix.group import blamed
from dtovl.matrix.result import Finding
from dtovl.matrix.rules import CYCLE as CYCLE_RULE
from dtovl.matrix.rules import settings_of
from dtovl.model.supplierbindings import Binding

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.matrix.tasks import Settings

BOARD = """\
/dts-v1/;
/ {
	compatible = "acme,board";
	pll: pll {
		compatible = "acme,pll";
		#clock-cells = <1>;
		status = "disabled";
	};
	bank: gpio {
		compatible = "acme,gpio";
		gpio-controller;
		#gpio-cells = <2>;
	};
	shipped {
		compatible = "acme,shipped";
		clocks = <99>;
	};
	key: key {
		compatible = "acme,key";
		line-gpios = <&bank 1 0>;
	};
};
"""
CAMERA = """\
/dts-v1/;
/plugin/;
&{/} {
	camera {
		compatible = "acme,camera";
		clocks = <&pll 3>;
		enable-gpios = <&bank 7>;
		acme,lanes = <&bank 1>;
	};
};
"""
OFF = '/dts-v1/;\n/plugin/;\n&bank { status = "disabled"; };\n'
CONFIG = "bases: board.dts\noverlays: ['*.dtso']\npairs: [{bases: board.dts, overlays: '*.dtso'}]\n"

Found = dict[tuple[str, str, str], str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("board.dts", BOARD), ("camera.dtso", CAMERA), ("off.dtso", OFF)):
        Path(name).write_text(text)
    return tmp_path


def read(name: str = "out.json") -> Found:
    """Give code, path and message of findings about links -> severity."""
    groups = json.loads(Path(name).read_text())["groups"]
    return {
        (group["code"], place["path"], group["message"]): group["severity"]
        for group in groups
        for place in group["places"]
        if group["code"].startswith(("L", "DT68"))
    }


@pytest.fixture
def check(folder: Path) -> Callable[..., Found]:
    """Check a board and two overlays, with more in the configuration."""

    def checked(more: str = "", *options: str) -> Found:
        Path("dtovl.yaml").write_text(CONFIG + more)
        cache = () if "--cache" in options else ("--no-cache",)
        run(["check", "-j1", *cache, "--report", "json=out.json", *options])
        return read()

    return checked


FOUND = {
    ("L006", "/camera", "clocks[0]: /pll is disabled"): "warning",
    ("L003", "/camera", "enable-gpios[0]: /gpio wants 2 cells, 1 left"): "error",
    ("L006", "/key", "line-gpios[0]: /gpio is disabled"): "warning",
}
LANES = 'bindings: [{property: "acme,lanes", cells: "#acme,lane-cells"}]\n'
LANE = {("L002", "/camera", "acme,lanes[0]: /gpio has no #acme,lane-cells"): "error"}


def test_what_overlays_do_and_not_what_the_board_ships_with(check: Callable[..., Found]) -> None:
    assert check() == FOUND


def test_bindings_of_ones_own_also_from_the_cache(check: Callable[..., Found]) -> None:
    assert check("", "--cache", "kept") == FOUND
    assert check(LANES, "--cache", "kept") == FOUND | LANE
    assert check("", "--cache", "kept") == FOUND


def test_rules_weigh_them(check: Callable[..., Found]) -> None:
    rules = "rules: {supplier-disabled: {severity: off, nodes: /key}, L003: info, L00*: default}\n"
    assert check("rules: {L006: off}\n") == {k: v for k, v in FOUND.items() if k[0] != "L006"}
    assert check("rules: {'L*': info}\n") == dict.fromkeys(FOUND, "info")
    assert check(rules) == FOUND
    rules = "rules: {supplier-disabled: {severity: error, nodes: /key}}\n"
    assert check(rules)["L006", "/key", "line-gpios[0]: /gpio is disabled"] == "error"


def test_verdicts_only_have_none(check: Callable[..., Found]) -> None:
    assert check("", "--verdicts-only") == {}


def test_a_baseline_knows_them(check: Callable[..., Found]) -> None:
    check("", "--write-baseline", "known.json")
    command = ["check", "--no-cache", "-j1", "--baseline", "known.json"]
    assert run(command) == 0
    Path("camera.dtso").write_text(CAMERA.replace("&bank 7", "&bank"))
    assert run(command) == 1


def test_parts_make_the_whole(check: Callable[..., Found]) -> None:
    Path("other.dts").write_text(BOARD.replace("acme,board", "acme,other"))
    more = "stacks: [{name: both, bases: other.dts, overlays: [camera.dtso, off.dtso]}]\n"
    check(more)
    parts = []
    for number in (1, 2):
        parts.append(f"part{number}.json")
        report = f"json={parts[-1]}"
        run(["check", "-j1", "--no-cache", "--shard", f"{number}/2", "--report", report, "-q"])
    run(["check", "--merge", *parts, "--report", "json=merged.json", "-q"])
    assert read("merged.json") == read()
    assert Path("merged.json").read_text() == Path("out.json").read_text()


@pytest.mark.parametrize("kind", ["text", "sarif", "junit", "github", "markdown", "html"])
def test_every_report_has_them(check: Callable[..., Found], kind: str) -> None:
    check("", "--report", f"{kind}=out.txt")
    report = Path("out.txt").read_text()
    assert "L003" in report
    assert "wants 2 cells, 1 left" in report
    assert "camera.dtso" in report


def test_a_finding_of_a_stack_is_that_of_the_overlay_that_did_it(
    check: Callable[..., Found],
) -> None:
    """Be it the supplier that it disabled: then it is named behind what it did."""
    check("stacks: [{name: both, bases: board.dts, overlays: [camera.dtso, off.dtso]}]\n")
    groups = json.loads(Path("out.json").read_text())["groups"]
    (group,) = (one for one in groups if one["message"] == KEY.message)
    assert [place["stack"] for place in group["places"]] == ["both", None]
    place = Place("board.dts", ("camera.dtso", "off.dtso"), "both", KEY)
    assert blamed(place) == ("off.dtso",)


def test_cycles_are_looked_for_when_a_rule_weighs_them(check: Callable[..., Found]) -> None:
    Path("camera.dtso").write_text(CYCLE)
    cycle = ("L009", "/one", "cycle of 2 devices: /one, /two")
    assert cycle not in check()
    assert check("rules: {L009: warning}\n")[cycle] == "warning"
    assert check("rules: {dependency-cycle: {severity: error, nodes: /one}}\n")[cycle] == "error"


CYCLE = """\
/dts-v1/;
/plugin/;
&{/} {
	one: one { compatible = "a,one"; #clock-cells = <0>; clocks = <&two>; };
	two: two { compatible = "a,two"; #clock-cells = <0>; clocks = <&one>; };
};
"""
KEY = Finding(
    "L006",
    2,
    "/key",
    "line-gpios[0]: /gpio is disabled",
    who="/gpio is disabled by overlay 2 (off.dtso) fragment@0",
)


# -- what is looked for ----------------------------------------------------------------------------


def settings(*rules: Rule, **more: object) -> Settings:
    return settings_of(Config("", "", (), (), rules=rules, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "links", "cycles"),
    [
        ((), True, False),
        ((Rule("L*", 0),), True, False),
        ((Rule("DT68*", 0),), True, False),
        ((Rule("L*", 0), Rule("DT68*", 0)), False, False),
        ((Rule("L*", 0), Rule("DT68*", 0), Rule("L006", 2)), True, False),
        ((Rule("L*", 0, ("a.dtb",)), Rule("DT68*", 0)), True, False),
        ((Rule("L009", 1),), True, True),
        ((Rule("L009", 0),), True, False),
        ((Rule("L009", None),), True, False),
        ((Rule("dependency-*", 3, (), ("/soc",)),), True, True),
    ],
)
def test_what_is_off_everywhere_is_not_looked_for(
    rules: tuple[Rule, ...], links: bool, cycles: bool
) -> None:
    found = settings(*rules)
    assert (found.links, found.cycles) == (links, cycles)


def test_bindings_are_settings() -> None:
    lanes = Binding("acme,lanes", "list")
    assert settings(bindings=(lanes,)).bindings == (lanes,)


def test_the_rule_of_cycles_exists() -> None:
    assert CYCLE_RULE in {code.number for code in all_codes()}
