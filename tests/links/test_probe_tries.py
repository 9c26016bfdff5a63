"""What one try asks for, in which order (8.2, step 3)."""

from __future__ import annotations

import pytest
from links.probing import CLK, MMU, PD, PINS, deferred, failed, log, paths, run, tries_of

_STRICT = "strict: true"


def first_try(board: str, *drivers: str, settings: str = "") -> str:
    """Give the result of the first try of /a."""
    return tries_of(run(board, *(drivers or ("a",)), settings=settings), "/a")[0].partition(" ")[2]


def a(properties: str) -> str:
    """Give the device that is tried."""
    return f'a {{ compatible = "a"; {properties} }};'


# -- 3a ----------------------------------------------------------------------------------------


def test_3a_suppliers_stand_in_order_of_properties_then_of_endpoints() -> None:
    board = f"""a {{ compatible = "a"; resets = <&reset>; clocks = <&c1 &c2>;
            port {{ here: endpoint {{ remote-endpoint = <&there>; }}; }}; }};
        b {{ compatible = "b"; port {{ there: endpoint {{ remote-endpoint = <&here>; }}; }}; }};
        c1: c1 {CLK} c2: c2 {CLK} reset: reset {{ compatible = "reset"; #reset-cells = <0>; }};"""
    assert first_try(board) == "deferred: supplier /reset not ready"
    assert first_try(board, "match: reset, level: core", "a") == "deferred: supplier /c1 not ready"
    one = board.replace('c1 { compatible = "clk"', 'c1 { compatible = "one"')
    known = "match: [reset, one], name: x, level: core", "a"
    assert first_try(one, *known) == "deferred: supplier /c2 not ready"
    # Both ends of a graph are in a cycle, so neither waits for the other.
    both = "match: [reset, clk], name: x, level: core", "a"
    assert first_try(board, *both) == "bound"


def test_3a_the_device_at_the_other_end_of_an_endpoint_is_waited_for() -> None:
    board = """a { compatible = "a"; x-supply = <&rail>;
            ports { port@0 { here: endpoint { remote-endpoint = <&there>; }; }; }; };
        rail: rail { compatible = "rail"; };
        b { compatible = "b"; port { there: endpoint { remote-endpoint = <&other>; }; }; };
        c { compatible = "c"; port { other: endpoint { remote-endpoint = <&there>; }; }; };"""
    assert first_try(board) == "deferred: supplier /rail not ready"
    assert first_try(board, "match: rail, level: core", "a") == "deferred: supplier /b not ready"
    assert first_try(board, "match: rail, level: core", "match: b, level: core", "a") == "bound"


def test_3a_links_of_children_that_are_no_devices_do_not_block() -> None:
    board = f'a {{ compatible = "a"; led {{ clocks = <&clk>; }}; }}; clk: clk {CLK}'
    assert first_try(board) == "bound"


@pytest.mark.parametrize(
    ("why", "properties", "rest"),
    [
        ("self", "#clock-cells = <0>; clocks = <&{/a}>;", ""),
        ("own descendants", "c-supply = <&below>; below: x { };", ""),
        ("a descendant that is a device", "c-supply = <&d>; d: x { compatible = 'x'; };", ""),
        ("disabled", "c-supply = <&d>;", 'd: d { compatible = "d"; status = "disabled"; };'),
        ("below disabled", "c-supply = <&d>;", 'x { status = "fail"; d: d { }; };'),
        ("early", "c-supply = <&d>;", 'd: d { compatible = "fixed-clock"; };'),
        ("below early", "c-supply = <&d>;", 'x { compatible = "early"; d: d { }; };'),
        ("strict alone", "dmas = <&d>;", 'd: d { compatible = "d"; #dma-cells = <0>; };'),
        ("newer", "msi-parent = <&d>;", 'd: d { compatible = "d"; };'),
        ("no", "memory-region = <&d>;", 'd: d { compatible = "d"; };'),
        ("behind a hole", "clocks = <0>, <&d>;", 'd: d { compatible = "d"; #clock-cells = <0>; };'),
        ("behind an unknown", "leds = <77 &d>;", 'd: d { compatible = "d"; };'),
    ],
)
def test_3a_is_not_asked(why: str, properties: str, rest: str) -> None:
    driver = "match: a, optional: [clocks, c-supply, dmas, leds]"
    board = a(properties.replace("'", '"')) + rest
    assert first_try(board, driver, settings="early: [early]") == "bound", why


def test_3a_links_within_a_cycle_are_not_asked() -> None:
    board = """a { compatible = "a"; x-supply = <&b>; };
        b: b { compatible = "b"; y-supply = <&c>; };
        c: c { compatible = "c"; z-supply = <&{/a}>; };"""
    found = run(board, "match: a, optional: [x-supply]", "b", "c")
    assert log(found) == [
        "device /a bound",
        "device /b deferred: y-supply[0] of /c not ready",
        "device /c bound",
        "late+ /b bound",
    ]


def test_3a_with_strict_optional_classes_are_waited_for() -> None:
    supplier = 'd: d { compatible = "d"; #dma-cells = <0>; };'
    driver = "match: a, optional: [dmas]"
    assert first_try(a("dmas = <&d>;") + supplier, driver, settings=_STRICT) == (
        "deferred: supplier /d not ready"
    )
    mapped = a("iommu-map = <0 &mmu 0 1>;") + f"mmu: mmu {MMU}"
    assert first_try(mapped, settings=_STRICT) == "deferred: supplier /mmu not ready"
    assert first_try(mapped) == "bound"


def test_3a_first_suppliers_that_are_no_devices_then_those_that_are() -> None:
    board = a("clocks = <&clk>; x-supply = <&rail>;") + f"clk: clk {CLK} rail: rail {{ }};"
    assert first_try(board) == "deferred: wait for supplier /rail"


def test_3a_the_bound_device_above_stands_in_for_a_supplier_that_is_none() -> None:
    pmic = 'pmic { compatible = "pmic"; regulators { rail: rail { }; }; };'
    board = a("x-supply = <&rail>;") + pmic
    assert first_try(board) == "deferred: wait for supplier /pmic/regulators/rail"
    assert first_try(board, "match: pmic, level: core", "a") == "bound"
    # A failed device above does not.
    found = run(board, "match: pmic, fails: -5", "a")
    assert deferred(found) == {"/a": "wait for supplier /pmic/regulators/rail"}


def test_3a_interrupts_and_their_parent_are_suppliers() -> None:
    intc = """intc: intc { compatible = "intc"; interrupt-controller; #interrupt-cells = <1>;
        interrupts-extended = <&gic 1>; };
        gic: gic { compatible = "gic"; interrupt-controller; #interrupt-cells = <1>; };"""
    waits = "deferred: supplier /intc not ready"
    assert first_try(a("interrupt-parent = <&intc>;") + intc) == waits
    assert first_try(a("interrupts-extended = <&intc 1>;") + intc) == waits
    inherited = f"interrupt-parent = <&intc>; {a('interrupts = <1>;')}"
    board = f'bus {{ compatible = "simple-bus"; {inherited} }};'
    found = run(board + intc, "a")
    assert tries_of(found, "/bus/a")[0] == "device deferred: supplier /intc not ready"


# -- 3b ----------------------------------------------------------------------------------------


def test_3b_pins_are_set_before_the_driver_asks_for_anything() -> None:
    board = a('clocks = <&clk>; pinctrl-0 = <&state>; pinctrl-names = "default";')
    board += f"clk: clk {CLK} pins {PINS}"
    core = "match: pins, level: core", "match: clk, level: core"
    off = 'fw_devlink: "off"'
    assert first_try(board, settings=off) == "deferred: pinctrl of /pins/state not there"
    assert first_try(board, core[0], "a", settings=off) == "deferred: clocks[0] of /clk not ready"
    assert first_try(board, *core, "a", settings=off) == "bound"


def test_3b_only_the_first_state_counts_and_optional_does_not_help() -> None:
    board = a('pinctrl-0 = <>; pinctrl-1 = <&state>; pinctrl-names = "x", "y";') + f"pins {PINS}"
    assert first_try(board, settings="fw_devlink: permissive") == "bound"
    board = a('pinctrl-0 = <0 &state>; pinctrl-names = "x";') + f"pins {PINS}"
    driver = "match: a, optional: [pinctrl-0]"
    assert first_try(board, driver) == "deferred: pinctrl of /pins/state not there"


def test_3b_a_pin_controller_does_not_wait_for_itself() -> None:
    board = a('pinctrl-0 = <&own>; pinctrl-names = "x"; groups { own: own { }; };')
    assert first_try(board) == "bound"


def test_3b_a_controller_that_is_disabled_or_no_device_is_not_there() -> None:
    for status in ('status = "disabled";', ""):
        board = a('pinctrl-0 = <&s>; pinctrl-names = "x";')
        board += f'bus {{ compatible = "b"; p {{ compatible = "p"; {status} s: s {{ }}; }}; }};'
        found = run(board, "a", "match: b, level: core")
        assert deferred(found) == {"/a": "a: pinctrl of /bus/p/s not there"}


# -- 3c ----------------------------------------------------------------------------------------


def test_3c_an_iommu_that_is_not_registered_defers_after_pins() -> None:
    board = a('iommus = <&mmu 1>; pinctrl-0 = <&state>; pinctrl-names = "x"; clocks = <&clk>;')
    board += f"mmu: mmu {MMU} pins {PINS} clk: clk {CLK}"
    setting = "fw_devlink: permissive"
    pins, mmu = "match: pins, level: core", "match: mmu, level: core"
    assert first_try(board, settings=setting) == "deferred: pinctrl of /pins/state not there"
    assert first_try(board, pins, "a", settings=setting) == "deferred: iommu /mmu not registered"
    assert first_try(board, pins, mmu, "a", settings=setting) == (
        "deferred: clocks[0] of /clk not ready"
    )


def test_3c_a_disabled_iommu_means_bypass_whatever_comes_behind_it() -> None:
    board = a("iommus = <&off 1>, <&mmu 1>;") + f"mmu: mmu {MMU}"
    board += 'off: off { compatible = "mmu"; #iommu-cells = <1>; status = "disabled"; };'
    found = run(board, "a")
    assert log(found) == ["device /a bound"]
    assert paths(found.bypassed) == ["/a"]
    # What comes before it is asked first.
    other = board.replace("<&off 1>, <&mmu 1>", "<&mmu 1>, <&off 1>")
    assert first_try(other) == "deferred: iommu /mmu not registered"


def test_3c_a_hole_ends_the_list_and_what_is_there_is_not_bypassed() -> None:
    board = a("iommus = <0>, <&mmu 1>;") + f"mmu: mmu {MMU}"
    assert log(run(board, "a")) == ["device /a bound"]
    board = a("iommus = <&mmu 1>;") + f"mmu: mmu {MMU}"
    found = run(board, "match: mmu, level: core", "a")
    assert paths(found.order) == ["/mmu", "/a"]
    assert found.bypassed == []


# -- 3d ----------------------------------------------------------------------------------------


def test_3d_properties_are_asked_in_their_order_and_in_each_the_first_that_is_missing() -> None:
    board = a("resets = <&reset>; clocks = <&c1 &c2>;") + f"c1: c1 {CLK} c2: c2 {CLK}"
    board += 'reset: reset { compatible = "reset"; #reset-cells = <0>; };'
    setting = "fw_devlink: permissive"
    assert first_try(board, settings=setting) == "deferred: resets[0] of /reset not ready"
    one = board.replace('c1 { compatible = "clk"', 'c1 { compatible = "reset"')
    known = "match: reset, level: core", "a"
    assert first_try(one, *known, settings=setting) == "deferred: clocks[1] of /c2 not ready"


@pytest.mark.parametrize(
    ("name", "supplier"),
    [
        ("interrupt-parent", "compatible = 's';"),
        ("pinctrl-1", "compatible = 's';"),
        ("iommu-map", ""),
        ("msi-parent", "compatible = 's';"),
        ("memory-region", "compatible = 's';"),
    ],
)
def test_3d_these_are_not_asked(name: str, supplier: str) -> None:
    value = "<0 &s 0 1>" if name == "iommu-map" else "<&s>"
    board = a(f"{name} = {value};") + f"s: s {{ {supplier} }};".replace("'", '"')
    assert first_try(board, settings="fw_devlink: permissive") == "bound"


def test_3d_remote_endpoint_is_not_asked() -> None:
    board = """a { compatible = "a"; port { here: endpoint { remote-endpoint = <&there>; }; }; };
        b { compatible = "b"; port { there: endpoint { remote-endpoint = <&here>; }; }; };"""
    assert first_try(board, settings="fw_devlink: permissive") == "bound"


def test_3d_dmas_are_asked_without_strict_as_well() -> None:
    board = a("dmas = <&d 1>;") + 'd: d { compatible = "d"; #dma-cells = <1>; };'
    assert first_try(board) == "deferred: dmas[0] of /d not ready"


def test_3d_what_the_driver_calls_optional_is_not_asked_even_if_it_does_not_decode() -> None:
    board = a("x-supply = <&d>; resets = <99>;") + 'd: d { status = "disabled"; };'
    assert first_try(board, "match: a, optional: [x-supply, resets]") == "bound"
    assert first_try(board, "match: a, optional: [resets]") == (
        "deferred: x-supply[0] of /d not ready"
    )


def test_3d_a_disabled_supplier_is_never_ready() -> None:
    early = 'd: d { compatible = "fixed-clock"; #clock-cells = <0>; status = "disabled"; };'
    assert first_try(a("clocks = <&d>;") + early) == "deferred: clocks[0] of /d not ready"
    own = a('c-supply = <&d>; d: x { status = "disabled"; };')
    assert first_try(own) == "deferred: c-supply[0] of /a/x not ready"


def test_3d_a_supplier_within_the_consumer_itself_is_no_matter() -> None:
    assert first_try(a("c-supply = <&d>; regulators { d: x { }; };")) == "bound"
    device = a('c-supply = <&d>; d: x { compatible = "x"; };')
    assert first_try(device) == "deferred: c-supply[0] of /a/x not ready"


@pytest.mark.parametrize(
    ("rule", "value", "supplier"),
    [
        ("L001", "<99>", ""),
        ("L002", "<&d>", ""),
        ("L003", "<&d 1>", "#clock-cells = <2>;"),
        ("L028", "<&d 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17>", "#clock-cells = <17>;"),
        ("-1", "<0xffffffff>", ""),
        ("behind good ones and holes", "<&ok>, <0>, <99>, <&off>", ""),
    ],
)
def test_3d_an_entry_that_does_not_decode_fails(rule: str, value: str, supplier: str) -> None:
    board = a(f"clocks = {value};") + f'd: d {{ compatible = "d"; {supplier} }};'
    board += 'ok: ok { compatible = "fixed-clock"; #clock-cells = <0>; };'
    board += 'off: off { #clock-cells = <0>; status = "disabled"; };'
    found = run(board, "a")
    assert failed(found) == {"/a": -22}, rule
    assert found.log[0].result == "failed -22"


def test_3d_the_first_entry_that_is_not_in_order_counts() -> None:
    board = a("clocks = <&off>, <99>;") + 'off: off { #clock-cells = <0>; status = "disabled"; };'
    assert first_try(board) == "deferred: clocks[0] of /off not ready"


@pytest.mark.parametrize("value", ["leds = <99>;", "x-supply = <99>;", "x-supply = <0xffffffff>;"])
def test_3d_an_unknown_phandle_in_a_list_without_cells_costs_nothing(value: str) -> None:
    assert first_try(a(value)) == "bound"


def test_3d_a_hole_is_passed_over_and_entries_behind_it_are_asked() -> None:
    board = a("clocks = <0>, <&clk>;") + f"clk: clk {CLK}"
    assert first_try(board) == "deferred: clocks[1] of /clk not ready"


def test_3d_power_domains_are_waited_for_until_the_timeout() -> None:
    off = a("power-domains = <&pd>;") + 'pd: pd { #power-domain-cells = <0>; status = "fail"; };'
    found = run(off, "a")
    assert tries_of(found, "/a") == [
        "device deferred: power-domains[0] of /pd not ready",
        "late+ deferred: power-domains[0] of /pd not ready",
        "late+ deferred: power-domains[0] of /pd not ready",
        "timeout+ failed -110",
    ]
    # A driver of the domain that fails holds the consumer back through the driver core.
    board = a("power-domains = <&pd>;") + f"pd: pd {PD}"
    assert deferred(run(board, "a", "match: pd, fails: -5")) == {"/a": "supplier /pd not ready"}


def test_ready_goes_up_from_the_supplier() -> None:
    setting = "fw_devlink: permissive"
    nested = 'p { compatible = "p"; x { s: s { #clock-cells = <0>; }; }; };'
    board = a("clocks = <&s>;") + nested
    assert first_try(board, settings=setting) == "deferred: clocks[0] of /p/x/s not ready"
    assert first_try(board, "match: p, level: core", "a", settings=setting) == "bound"
    # A node with `compatible` that is no device, and the root, are not ready.
    made = board.replace("x {", 'x { compatible = "x";')
    assert deferred(run(made, "match: p, level: core", "a", settings=setting)) == {
        "/a": "a: clocks[0] of /p/x/s not ready"
    }
    root = a("clocks = <&s>;") + "s: s { #clock-cells = <0>; };"
    assert first_try(root, settings=setting) == "deferred: clocks[0] of /s not ready"
    early = board.replace('compatible = "p"', 'compatible = "arm,armv8-timer"')
    assert first_try(early, settings=setting) == "bound"


def test_ready_above_the_layout_that_an_nvmem_cell_stands_in() -> None:
    board = (
        a("nvmem-cells = <&cell>;")
        + """rom { compatible = "rom";
        nvmem-layout { compatible = "fixed-layout"; cell: cell { }; }; };"""
    )
    setting = "fw_devlink: permissive"
    waits = "deferred: nvmem-cells[0] of /rom/nvmem-layout/cell not ready"
    assert first_try(board, settings=setting) == waits
    assert first_try(board, "match: rom, level: core", "a", settings=setting) == "bound"


# -- 3e ----------------------------------------------------------------------------------------


def test_3e_a_driver_that_fails_does_so_last() -> None:
    board = a("clocks = <&clk>;") + f"clk: clk {CLK}"
    found = run(board, "match: a, fails: -12", "match: clk, level: late")
    assert tries_of(found, "/a")[-1] == "late+ failed -12"
    assert len(tries_of(found, "/a")) == 4
