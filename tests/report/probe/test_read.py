"""What is written down of a simulation: `dtovl.report.probe.read`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.predictions import SETTINGS
from support.trees import tree_of

from dtovl.links.drivertable import Driver, DriverTable
from dtovl.report.probe.read import simulate

if TYPE_CHECKING:
    from support.trees import Content

BOARD: Content = {
    "rail": {"compatible": "a,rail", "phandle": 1},
    "osc": {"compatible": "fixed-clock", "#clock-cells": 0, "phandle": 2},
    "off": {"compatible": "a,off", "status": "disabled", "phandle": 3, "port": {"phandle": 4}},
    "bare": {"phandle": 5},
    "pmic": {
        "compatible": "a,pmic",
        "clocks": 2,
        "vin-supply": 1,
        "leds": [3, 4, 5],
        "memory-region": 1,
        "regulators": {
            "on": {"phandle": 6, "vin-supply": 1},
            "off": {"status": "disabled", "dog-supply": 1},
            "own": {"vin-supply": 6},
        },
    },
}


def test_suppliers_of_a_device_and_of_what_lies_in_it() -> None:
    seen = simulate(tree_of(BOARD), SETTINGS, None).seen
    found = [(one.place, one.supplier, one.device, one.state) for one in seen.needs["/pmic"]]
    assert found == [
        ("clocks", "/osc", "", "set up early, before there are drivers"),
        ("vin-supply", "/rail", "/rail", ""),
        ("leds", "/off", "", "disabled"),
        ("leds[1]", "/off/port", "", "below /off, which is disabled"),
        ("leds[2]", "/bare", "", "no device: it has no compatible"),
        ("vin-supply", "/rail", "/rail", ""),
    ]


def test_options_go_before_the_table() -> None:
    table = DriverTable(fw_devlink="off", drivers=(Driver("pmic", ("a,pmic",)),))
    strict = SETTINGS._replace(strict=True, modules=False)
    used = simulate(tree_of(BOARD), strict, table).prediction.table
    assert (used.fw_devlink, used.strict, used.modules) == ("on", True, False)


def test_paths_outlive_the_tree() -> None:
    tree = tree_of(BOARD)
    found = simulate(tree, SETTINGS, None)
    before = found.seen
    tree.root.children.pop("pmic").parent = None
    assert before == found.seen
    assert "/pmic" in before.deferred
    assert before.causes["/pmic"].node == "/bare"


def test_a_wrong_entry_is_told_with_the_failed_probe() -> None:
    tree = tree_of({"a": {"compatible": "a,a", "clocks": 9, "resets": 8}})
    found = simulate(tree, SETTINGS, None)
    assert found.seen.failed == {"/a": -22}
    assert [(one.rule, one.property) for one in found.findings] == [("L001", "clocks")]
