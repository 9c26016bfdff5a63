"""Stages of a predicted boot: levels, population, deferral, late, modules, timeout (8.2)."""

from __future__ import annotations

import pytest
from links.probing import CLK, MMU, PD, deferred, failed, log, paths, run, tries_of

from dtovl.errors import InputError

_WAITS = "deferred: clocks[0] of /clk not ready"


def test_step_1_levels_come_in_order_and_drivers_of_one_in_that_of_the_table() -> None:
    names = ["late", "device", "fs", "subsys", "arch", "postcore", "core"]
    board = " ".join(f'{name} {{ compatible = "{name}"; }};' for name in names)
    twins = ("match: fs, level: device", "match: core, level: device", "match: fs, level: core")
    found = run(board, *(f"match: {name}, level: {name}" for name in names), *twins)
    # What registers before the tree is populated tries at arch, in tree order; so does fs's twin.
    assert log(found) == [
        "arch /fs bound",
        "arch /arch bound",
        "arch /postcore bound",
        "arch /core bound",
        "subsys /subsys bound",
        "device /device bound",
        "late /late bound",
    ]
    two = 'a { compatible = "a"; }; b { compatible = "b"; };'
    assert log(run(two, "b", "a")) == ["device /b bound", "device /a bound"]


def test_step_1_the_tree_is_populated_depth_first_below_buses_alone() -> None:
    found = run(
        """firmware { scm { compatible = "d", "simple-bus"; deep { compatible = "d"; }; }; };
        a { compatible = "d"; child { compatible = "d"; }; };
        bus { compatible = "acme,bus", "simple-bus";
            c { compatible = "d"; };
            mfd { compatible = "simple-mfd"; d { compatible = "d"; }; };
            isa { compatible = "isa"; e { compatible = "d"; }; };
            amba { compatible = "arm,amba-bus"; f { compatible = "d"; }; };
            container { g { compatible = "d"; }; };
            g { compatible = "d"; };
        };
        off { compatible = "simple-bus"; status = "disabled"; h { compatible = "d"; }; };
        opp { compatible = "operating-points-v2"; };
        z { compatible = "d"; };""",
        "match: d, level: core",
    )
    assert paths(found.order) == [
        "/firmware/scm",
        "/a",
        "/bus/c",
        "/bus/mfd/d",
        "/bus/isa/e",
        "/bus/amba/f",
        "/bus/g",
        "/z",
    ]
    assert {one.stage for one in found.log} == {"arch"}
    assert paths(found.never_added) == ["/firmware/scm/deep", "/a/child", "/bus/container/g"]
    # A bus node is a device like others.
    assert paths(found.unmatched) == ["/bus", "/bus/mfd", "/bus/isa", "/bus/amba"]


def test_step_2_the_driver_that_registered_first_tries_whatever_comes_of_it() -> None:
    board = f'a {{ compatible = "special", "general"; clocks = <&clk>; }}; clk: clk {CLK}'
    first = "match: general, level: core", "match: special, level: postcore"
    found = run(board, *first, "match: clk, level: device", settings="fw_devlink: permissive")
    # Each driver tries the device when it registers; later it is the first one's turn.
    tries = [(one.stage, one.driver) for one in found.log if one.device.path == "/a"]
    assert tries == [("arch", "general"), ("late+", "general")]
    late = run(board, "match: special, level: fs", "match: general, level: core", "clk")
    tries = [(one.stage, one.driver, one.result) for one in late.log if one.device.path == "/a"]
    assert tries == [
        ("arch", "general", "deferred: wait for supplier /clk"),
        ("fs", "special", "deferred: supplier /clk not ready"),
        ("late+", "general", "bound"),
    ]


def test_step_2_a_driver_that_registers_tries_in_the_order_in_which_devices_were_added() -> None:
    board = """b { compatible = "two"; }; a { compatible = "one"; }; c { compatible = "two"; };
        d { compatible = "one", "two"; };"""
    assert paths(run(board, "name: d, match: [one, two, one]").order) == ["/b", "/a", "/c", "/d"]


def test_step_2_a_failed_device_is_not_tried_again() -> None:
    board = 'a { compatible = "a"; }; b { compatible = "b"; };'
    found = run(board, "match: a, fails: -5", "match: a, name: other", "match: b, level: late")
    assert tries_of(found, "/a") == ["device failed -5"]
    assert failed(found) == {"/a": -5}
    assert paths(found.unmatched) == []


def test_step_4_children_are_made_right_after_their_parent_is_bound() -> None:
    board = """i2c { compatible = "i2c";
            rtc { compatible = "rtc"; };
            off { compatible = "rtc"; status = "disabled"; };
            group { none { compatible = "rtc"; }; };
            mux { compatible = "mux", "simple-bus"; eeprom { compatible = "rtc"; }; };
            hub { compatible = "i2c"; deep { compatible = "rtc"; }; };
        };
        z { compatible = "z"; };"""
    drivers = "match: rtc, level: core", "match: i2c, populates: true", "z"
    found = run(board, *drivers)
    assert log(found) == [
        "device /i2c bound",
        "device /i2c/rtc bound",
        "device /i2c/mux/eeprom bound",
        "device /i2c/hub bound",
        "device /i2c/hub/deep bound",
        "device /z bound",
    ]
    assert paths(found.unmatched) == ["/i2c/mux"]
    assert paths(found.never_added) == ["/i2c/group/none"]
    without = run(board, "match: rtc, level: core", "i2c", "z")
    assert paths(without.order) == ["/i2c", "/z"]
    assert len(without.never_added) == 6


def test_step_4_a_device_that_waits_keeps_its_place_in_pending() -> None:
    board = f"""a {{ compatible = "a", "both"; clocks = <&clk>; }};
        b {{ compatible = "b"; clocks = <&clk>; }}; clk: clk {CLK}"""
    found = run(board, "a", "b", "both", "match: clk, module: true")
    assert [line for line in log(found) if line.startswith("module")] == [
        "module /clk bound",
        "module+ /a bound",
        "module+ /b bound",
    ]


def test_step_4_a_device_in_active_stays_there_when_it_waits_and_leaves_when_it_binds() -> None:
    # The first device that a module binds moves the others to active, while it still registers.
    board = f"""first {{ compatible = "first"; }};
        a {{ compatible = "a", "all"; clocks = <&clk>; }};
        b {{ compatible = "b"; clocks = <&clk>; }};
        c {{ compatible = "c", "all"; power-domains = <&pd>; }};
        clk: clk {CLK} pd: pd {PD}"""
    module = "name: all, match: [first, all], module: true, optional: [power-domains]"
    found = run(board, "b", "a", "c", module, settings="fw_devlink: permissive")
    assert [line for line in log(found) if line.startswith("module")] == [
        "module /first bound",
        f"module /a {_WAITS}",
        "module /c bound",
        f"module+ /b {_WAITS}",
        f"module+ /a {_WAITS}",
    ]
    assert tries_of(found, "/c")[-1] == "module bound"


def test_step_5_nothing_is_tried_again_before_late() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    assert log(run(board, "match: a, level: core", "match: clk, level: fs")) == [
        "arch /a deferred: wait for supplier /clk",
        "fs /clk bound",
        "late+ /a bound",
    ]


def test_step_5_a_trigger_puts_what_waits_behind_what_is_still_to_be_tried() -> None:
    board = f"""a {{ compatible = "a"; clocks = <&b>; }};
        b: b {{ compatible = "b"; clocks = <&clk>; #clock-cells = <0>; }};
        c {{ compatible = "c"; clocks = <&clk>; }}; clk: clk {CLK}"""
    found = run(board, "a", "b", "c", "match: clk, module: true")
    assert [line for line in log(found) if line.startswith("module")] == [
        "module /clk bound",
        "module+ /a deferred: supplier /b not ready",
        "module+ /b bound",
        "module+ /c bound",
        "module+ /a bound",
    ]


def test_step_5_children_that_wait_are_tried_again_when_their_parent_is_through() -> None:
    board = """bus { compatible = "bus";
            a { compatible = "a"; clocks = <&clk>; };
            clk: clk { compatible = "clk"; #clock-cells = <0>; };
        };"""
    found = run(board, "a", "clk", "match: bus, module: true, populates: true")
    assert log(found) == [
        "module /bus bound",
        "module /bus/a deferred: clocks[0] of /bus/clk not ready",
        "module /bus/clk bound",
        "module+ /bus/a bound",
    ]


def test_step_6_at_late_all_that_wait_are_tried_twice() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    assert log(run(board, "a", "match: clk, level: late")) == [
        "device /a deferred: supplier /clk not ready",
        "late+ /a deferred: supplier /clk not ready",
        "late+ /a deferred: supplier /clk not ready",
        "late /clk bound",
        "late+ /a bound",
    ]


def test_step_6_without_modules_suppliers_that_no_driver_tried_hold_nobody_back() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    optional = "match: a, optional: [clocks]"
    assert log(run(board, optional, settings="modules: false")) == [
        "device /a deferred: supplier /clk not ready",
        "late+ /a deferred: supplier /clk not ready",
        "late+ /a bound",
    ]
    # The driver itself still waits, and a supplier that was tried holds back.
    assert deferred(run(board, "a", settings="modules: false")) == {"/a": f"a: {_WAITS[10:]}"}
    tried = run(board, optional, "match: clk, fails: -5", settings="modules: false")
    assert deferred(tried) == {"/a": "supplier /clk not ready"}


def test_step_6_without_modules_there_is_no_timeout() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    assert tries_of(run(board, "a", settings="modules: false"), "/a") == [
        "device deferred: supplier /clk not ready",
        "late+ deferred: supplier /clk not ready",
        f"late+ {_WAITS}",
    ]


def test_steps_6_and_8_who_waits_for_a_supplier_that_is_no_device_is_not_let_off() -> None:
    board = 'a { compatible = "a"; x-supply = <&rail>; }; rail: rail { };'
    for settings in ("modules: false", "modules: true"):
        found = run(board, "match: a, optional: [x-supply]", settings=settings)
        assert deferred(found) == {"/a": "wait for supplier /rail"}


def test_step_7_modules_come_in_the_order_of_the_table() -> None:
    board = 'a { compatible = "a"; }; b { compatible = "b"; };'
    found = run(board, "match: b, module: true, level: core", "match: a, module: true")
    assert log(found) == ["module /b bound", "module /a bound"]


def test_step_8_after_the_timeout_suppliers_without_driver_hold_nobody_back() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    found = run(board, "match: a, optional: [clocks]")
    assert tries_of(found, "/a")[-2:] == [
        "late+ deferred: supplier /clk not ready",
        "timeout+ bound",
    ]
    assert deferred(run(board, "a")) == {"/a": f"a: {_WAITS[10:]}"}


def test_step_8_what_waits_then_is_deferred_for_good() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    found = run(board, "a", "match: clk, fails: -5")
    assert tries_of(found, "/a")[-1] == "timeout+ deferred: supplier /clk not ready"
    assert deferred(found) == {"/a": "supplier /clk not ready"}
    assert failed(found) == {"/clk": -5}


@pytest.mark.parametrize("setting", ["permissive", '"off"', "off"])
def test_step_9_the_driver_core_waits_for_nobody(setting: str) -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    found = run(board, "match: a, level: core", "clk", settings=f"fw_devlink: {setting}")
    assert log(found) == [f"arch /a {_WAITS}", "device /clk bound", "late+ /a bound"]
    optional = run(board, "match: a, optional: [clocks]", settings=f"fw_devlink: {setting}")
    assert log(optional) == ["device /a bound"]


@pytest.mark.parametrize("setting", ["rpm", "on", '"on"'])
def test_step_9_with_rpm_as_with_on_it_waits(setting: str) -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    found = run(board, "a", "match: clk, level: late", settings=f"fw_devlink: {setting}")
    assert log(found)[0] == "device /a deferred: supplier /clk not ready"


def test_power_domains_fail_after_the_timeout_and_iommus_are_bypassed() -> None:
    board = f"""a {{ compatible = "a"; power-domains = <&pd>; }}; pd: pd {PD}
        b {{ compatible = "b"; iommus = <&mmu 1>; }}; mmu: mmu {MMU}"""
    found = run(board, "a", "b")
    assert failed(found) == {"/a": -110}
    assert tries_of(found, "/a")[-1] == "timeout+ failed -110"
    assert tries_of(found, "/b")[-2:] == [
        "late+ deferred: iommu /mmu not registered",
        "timeout+ bound",
    ]
    assert paths(found.bypassed) == ["/b"]
    built_in = run(board, "a", "b", settings="modules: false")
    assert failed(built_in) == {"/a": -19}
    assert tries_of(built_in, "/b")[-1] == "late+ bound"


def test_every_result_of_8_3_is_a_list_of_its_own() -> None:
    board = f"""bound {{ compatible = "bound"; child {{ compatible = "bound"; }}; }};
        waits {{ compatible = "waits"; x-supply = <&rail>; }}; rail: rail {{ }};
        fails {{ compatible = "fails"; }}; lonely {{ compatible = "lonely"; }};
        cpus {{ cpu {{ compatible = "cpu"; }}; }};
        early: osc {{ compatible = "fixed-clock"; }}; clk {CLK}
        opps {{ compatible = "operating-points-v2"; }};"""
    found = run(board, "bound", "waits", "match: fails, fails: -12")
    assert paths(found.order) == ["/bound"]
    assert deferred(found) == {"/waits": "wait for supplier /rail"}
    assert failed(found) == {"/fails": -12}
    assert paths(found.unmatched) == ["/lonely", "/clk"]
    assert paths(found.never_added) == ["/bound/child", "/cpus/cpu"]


def test_many_devices_that_wait_for_each_other_end_at_a_bound() -> None:
    """DT694: each device waits for the next one, so that every round brings one."""
    count = 1_100
    board = " ".join(
        f'n{i}: n{i} {{ compatible = "d"; #clock-cells = <0>; clocks = <&n{i + 1}>; }};'
        for i in range(count)
    )
    with pytest.raises(InputError) as refused:
        run(f'{board} n{count}: n{count} {{ compatible = "d"; #clock-cells = <0>; }};', "d")
    assert refused.value.diagnostic.code.number == "DT694"


def test_a_tree_that_is_as_deep_as_may_be_is_no_trouble() -> None:
    depth = 1000
    board = "".join(f'n{i} {{ compatible = "simple-bus"; ' for i in range(depth)) + "}; " * depth
    assert len(run(board, "match: simple-bus, populates: true").order) == depth
