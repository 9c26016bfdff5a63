"""Rules: which finding they are about, which of several counts, what need not be looked for."""

from __future__ import annotations

import pytest

from dtovl.codes import all_codes
from dtovl.matrix.config import Config, Rule
from dtovl.matrix.result import Finding
from dtovl.matrix.rules import Rules, settings_of
from dtovl.matrix.tasks import Settings

FOUND = Finding("DT130", 2, "/soc/uart@1000", "text")
FILES = ("boards/a.dtb", "overlays/cam.dtbo")


def severity(*rules: Rule, folder: str = "", finding: Finding = FOUND) -> int:
    """Give the severity that rules leave a finding, 0 when they switch it off."""
    files = [f"{folder}/{path}" if folder else path for path in FILES]
    found = Rules(rules, folder).apply(finding, files)
    assert found is None or found._replace(severity=0) == finding._replace(severity=0)
    return found.severity if found is not None else 0


def test_without_rules_nothing_changes() -> None:
    assert Rules(()).apply(FOUND, FILES) is FOUND
    assert Rules((Rule("DT131", 0),)).apply(FOUND, FILES) is FOUND


@pytest.mark.parametrize(
    "code",
    ["DT130", "dt130", "no-effect", "No-Effect", "DT13*", "DT*", "no-*", "*", "DT1[34]0", "DT130*"],
)
def test_a_rule_names_its_codes(code: str) -> None:
    assert severity(Rule(code, 0)) == 0
    assert severity(Rule(code, 3)) == 3


@pytest.mark.parametrize("code", ["DT131", "DT13", "no-effects", "no", "DT14*", "X*"])
def test_a_rule_for_others_does_nothing(code: str) -> None:
    assert severity(Rule(code, 0)) == 2


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (Rule("DT130", 0, ("boards/*",)), 0),
        (Rule("DT130", 0, ("x/*", "overlays/*.dtbo")), 0),
        (Rule("DT130", 0, ("boards/b.dtb",)), 2),
        (Rule("DT130", 0, ("a.dtb",)), 2),
        (Rule("DT130", 0, (), ("/soc/**",)), 0),
        (Rule("DT130", 0, (), ("/**/uart@*",)), 0),
        (Rule("DT130", 0, (), ("/soc",)), 2),
        (Rule("DT130", 0, ("boards/*",), ("/x",)), 2),
        (Rule("DT130", 0, ("x",), ("/soc/**",)), 2),
        (Rule("DT130", 1, ("boards/*",), ("/soc/**",)), 1),
        (Rule("DT130", None), 2),
    ],
)
@pytest.mark.parametrize("folder", ["", "some/repo"])
def test_files_and_nodes_narrow_a_rule(rule: Rule, left: int, folder: str) -> None:
    assert severity(rule, folder=folder) == left


def test_the_last_rule_that_fits_counts() -> None:
    assert severity(Rule("DT1*", 0), Rule("DT130", 3)) == 3
    assert severity(Rule("DT130", 3), Rule("DT1*", 0)) == 0
    assert severity(Rule("DT130", 0), Rule("no-effect", 3, ("boards/b.dtb",))) == 0
    assert severity(Rule("DT130", 0), Rule("no-effect", 3, ("boards/a.dtb",))) == 3
    assert severity(Rule("DT130", 0), Rule("DT130", None, ("boards/a.dtb",))) == 2
    assert (
        severity(Rule("DT130", 0, ("boards/a.dtb",)), Rule("DT130", 1), Rule("DT13?", 3, ("x",)))
        == 1
    )


def test_one_set_of_rules_serves_many_findings() -> None:
    rules = Rules((Rule("DT130", 0, (), ("/soc/**",)), Rule("DT131", 3, ("boards/a.dtb",))))
    other = FOUND._replace(path="/other")
    assert [rules.apply(one, FILES) for one in (FOUND, other, FOUND)] == [None, other, None]
    third = FOUND._replace(code="DT131")
    assert rules.apply(third, FILES) == third._replace(severity=3)
    assert rules.apply(third, ["boards/b.dtb"]) is third
    assert rules.apply(FOUND._replace(code="of another version"), FILES) is not None


def settings(*rules: Rule, removal: bool = True) -> Settings:
    config = Config("", "", (), (), appliers=("linux",), kernel="7.2", removal=removal, rules=rules)
    return settings_of(config)


ON = Settings(("linux",), "7.2", findings=True, removal=True, between=True, claims=True)
CLAIMS = any(code.number.startswith("DT64") for code in all_codes())


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ((), ON),
        ((Rule("DT1*", 0),), ON._replace(findings=False)),
        ((Rule("DT1*", 0, ("boards/a.dtb",)),), ON),
        ((Rule("DT1*", 0, (), ("/soc",)),), ON),
        ((Rule("DT1*", 1),), ON),
        ((Rule("DT1*", 0), Rule("no-effect", 1)), ON),
        ((Rule("DT1*", 0), Rule("no-effect", 1, ("boards/a.dtb",))), ON),
        ((Rule("no-effect", 1), Rule("DT1*", 0)), ON._replace(findings=False)),
        ((Rule("DT1*", 0), Rule("no-effect", None)), ON),
        ((Rule("DT1*", 0), Rule("no-effect", 0, ("x",))), ON._replace(findings=False)),
        ((Rule("DT2*", 0),), ON._replace(removal=False)),
        ((Rule("no-effect", 0),), ON),
    ],
)
def test_what_is_off_everywhere_is_not_looked_for(
    rules: tuple[Rule, ...], wanted: Settings
) -> None:
    assert settings(*rules) == wanted


@pytest.mark.skipif(not CLAIMS, reason="there are no codes of claims yet")
def test_overlays_are_compared_while_anything_of_it_can_be_seen() -> None:
    assert settings(Rule("DT64*", 0)) == ON._replace(claims=False)
    assert settings(Rule("DT63*", 0)) == ON
    assert settings(Rule("DT6[34]*", 0)) == ON._replace(claims=False, between=False)


def test_removal_and_plans_are_asked_for() -> None:
    assert not settings(removal=False).removal
    assert settings_of(Config("", "", (), ()), plans=True).plans
