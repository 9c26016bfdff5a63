"""sync_state: when all consumers of a supplier are bound (8.2, steps 6 and 10)."""

from __future__ import annotations

from links.probing import CLK, PD, held, log, run

_SUPPLIER = "match: clk, level: core, sync_state: true"


def test_step_10_not_before_late_and_in_order_of_binding() -> None:
    board = f"""c1 {CLK} pd: pd {PD.replace("};", "power-domains = <&c2>; };")}
        c2: c2 {{ compatible = "clk"; #power-domain-cells = <0>; }};
        a {{ compatible = "a"; power-domains = <&pd>; }};"""
    found = run(board, _SUPPLIER, "match: pd, level: core, sync_state: true", "a")
    assert log(found) == [
        "arch /c1 bound",
        "arch /pd deferred: wait for supplier /c2",
        "arch /c2 bound",
        "device /a deferred: supplier /pd not ready",
        # Nobody uses c1; pd uses c2, and is bound no sooner than late.
        "late /c1 sync_state",
        "late+ /pd bound",
        "late+ /c2 sync_state",
        "late+ /a bound",
        "late+ /pd sync_state",
    ]
    assert held(found) == {}


def test_step_10_several_that_one_device_lets_go_come_in_order_of_binding() -> None:
    board = f"""a {{ compatible = "a"; clocks = <&c2>, <&c1>; }}; c1: c1 {CLK} c2: c2 {CLK}"""
    found = run(board, _SUPPLIER, "match: a, module: true, sync_state: true")
    assert log(found)[2:] == [
        "module /a bound",
        "module /c1 sync_state",
        "module /c2 sync_state",
        "module /a sync_state",
    ]


def test_step_10_consumers_that_never_bind_hold_it_back_for_good() -> None:
    board = f"""clk: clk {CLK}
        z {{ compatible = "none"; clocks = <&clk>; }};
        a {{ compatible = "none"; clocks = <&clk>; }};
        b {{ compatible = "b"; clocks = <&clk>; }};"""
    found = run(board, _SUPPLIER, "b")
    assert held(found) == {"/clk": ["/a", "/z"]}
    assert not [one for one in found.log if one.result == "sync_state"]


def test_step_10_consumers_count_whether_added_or_not_but_not_early_ones() -> None:
    board = f"""clk: clk {CLK}
        cpus {{ cpu {{ compatible = "cpu"; clocks = <&clk>; }}; }};
        timer {{ compatible = "arm,armv8-timer"; clocks = <&clk>; }};
        off {{ compatible = "off"; clocks = <&clk>; status = "disabled"; }};"""
    assert held(run(board, _SUPPLIER)) == {"/clk": ["/cpus/cpu"]}


def test_step_10_links_of_children_that_are_no_devices_count_for_the_device_above() -> None:
    board = f"""clk: clk {CLK} a {{ compatible = "a"; led {{ clocks = <&clk>; }}; }};"""
    assert held(run(board, _SUPPLIER)) == {"/clk": ["/a"]}


def test_step_10_links_behind_a_hole_and_of_other_classes_do_not_count() -> None:
    board = f"""clk: clk {CLK} a {{ compatible = "a"; clocks = <0>, <&clk>; }};
        b {{ compatible = "b"; dmas = <&clk>; memory-region = <&clk>; }};"""
    assert log(run(board.replace("#clock", "#dma-cells = <0>; #clock"), _SUPPLIER)) == [
        "arch /clk bound",
        "late /clk sync_state",
    ]


def test_step_10_consumers_of_what_is_early_below_a_device_do_not_count() -> None:
    board = """p { compatible = "clk";
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; }; };
        a { compatible = "a"; clocks = <&osc>; };"""
    assert held(run(board, _SUPPLIER)) == {}


def test_step_10_a_supplier_below_its_consumer_does_not_wait_for_it() -> None:
    board = """bus { compatible = "simple-bus"; interrupt-parent = <&intc>;
        intc: intc { compatible = "clk"; interrupt-controller; #interrupt-cells = <1>;
            interrupts-extended = <&root 1>; };
        };
        root: root { interrupt-controller; #interrupt-cells = <1>; };"""
    assert log(run(board, _SUPPLIER))[-1] == "late /bus/intc sync_state"


def test_step_10_links_of_a_cycle_count() -> None:
    board = """a: a { compatible = "clk"; x-supply = <&b>; };
        b: b { compatible = "none"; x-supply = <&a>; };"""
    driver = f"{_SUPPLIER}, optional: [x-supply]"
    assert held(run(board, driver)) == {"/a": ["/b"]}


def test_step_10_the_nearest_device_answers_for_a_supplier_that_is_none() -> None:
    board = """p { compatible = "clk"; regs { r: r { compatible = "r"; }; s: s { }; };
            t: t { compatible = "t"; }; };
        a { compatible = "a"; x-supply = <&r>; };
        b { compatible = "b"; x-supply = <&s>; };
        c { compatible = "c"; x-supply = <&t>; };"""
    assert held(run(board, _SUPPLIER)) == {"/p": ["/a", "/b", "/c"]}
    # It is let go by a child that takes its consumers over.
    alone = """p { compatible = "clk"; t: t { compatible = "t"; }; };
        c { compatible = "c"; x-supply = <&t>; };"""
    let_go = run(alone, "match: t, level: core", f"{_SUPPLIER}, populates: true")
    assert log(let_go)[-1] == "late /p sync_state"
    # A child that becomes a device answers for itself from then on.
    found = run(board, f"{_SUPPLIER}, populates: true", "match: t, sync_state: true")
    assert held(found) == {"/p": ["/a", "/b"], "/p/t": ["/c"]}


def test_step_9_with_off_nobody_waits_and_with_permissive_all_do() -> None:
    board = f'clk: clk {CLK} a {{ compatible = "none"; clocks = <&clk>; }};'
    off = run(board, _SUPPLIER, settings="fw_devlink: off")
    assert log(off)[-1] == "late /clk sync_state"
    assert held(off) == {}
    permissive = run(board, _SUPPLIER, settings="fw_devlink: permissive")
    assert held(permissive) == {"/clk": ["/a"]}


def test_step_10_a_device_that_binds_without_consumers_gets_it_at_once() -> None:
    found = run(f"clk {CLK}", "match: clk, module: true, sync_state: true")
    assert log(found) == ["module /clk bound", "module /clk sync_state"]
