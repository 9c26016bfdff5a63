"""The simulation without a table of drivers (8.1)."""

from __future__ import annotations

from links.probing import CLK, deferred, failed, log, paths, run_lenient

_OFF = (
    'off: off { compatible = "off"; #clock-cells = <0>; #phy-cells = <0>; status = "disabled"; };'
)


def test_there_is_a_driver_per_first_compatible_in_order_of_appearance() -> None:
    found = run_lenient(
        'b { compatible = "y", "x"; }; a { compatible = "x"; }; c { compatible = "y"; };'
    )
    assert [(one.stage, one.device.path, one.driver) for one in found.log] == [
        ("device", "/b", "y"),
        ("device", "/c", "y"),
        ("device", "/a", "x"),
    ]
    assert found.lenient
    assert [driver.name for driver in found.table.drivers] == ["y", "x"]


def test_a_device_is_tried_by_the_driver_of_its_first_compatible_alone() -> None:
    found = run_lenient(
        """a { compatible = "a", "old"; x-supply = <&b>; };
        c { compatible = "old", "other"; }; b: b { compatible = "b"; };"""
    )
    assert [one.driver for one in found.log] == ["a", "old", "b", "a"]
    assert [driver.name for driver in found.table.drivers] == ["a", "old", "b"]


def test_every_driver_makes_devices_of_children_and_of_those_in_containers() -> None:
    found = run_lenient(
        """pmic { compatible = "pmic"; regulators { deep { reg { compatible = "reg"; }; }; };
            rtc { compatible = "rtc"; }; };"""
    )
    assert paths(found.order) == ["/pmic", "/pmic/regulators/deep/reg", "/pmic/rtc"]


def test_suppliers_in_a_cycle_are_taken_as_not_needed() -> None:
    found = run_lenient(
        """a: a { compatible = "a"; x-supply = <&b>; };
        b: b { compatible = "b"; x-supply = <&a>; pinctrl-0 = <&s>; };
        c { compatible = "c"; x-supply = <&b>; s: s { }; };"""
    )
    assert paths(found.order) == ["/a", "/b", "/c"]
    pins = run_lenient(
        """pmic { compatible = "pmic"; pinctrl-0 = <&s>; rail: rail { }; };
        p { compatible = "p"; x-supply = <&rail>; s: s { }; };"""
    )
    assert paths(pins.order) == ["/pmic", "/p"]


def test_suppliers_below_the_consumer_and_dmas_are_taken_as_not_needed() -> None:
    board = """usb { compatible = "usb"; phys = <&phy>;
        phy: phy { compatible = "phy"; #phy-cells = <0>; }; };"""
    assert paths(run_lenient(board).order) == ["/usb", "/usb/phy"]
    for dmas in ("<&off>", "<99>"):
        board = f'a {{ compatible = "a"; dmas = {dmas}; }};' + _OFF.replace("#phy", "#dma")
        assert paths(run_lenient(board).order) == ["/a"]


def test_interrupt_controllers_of_cpus_that_are_off_are_taken_as_not_needed() -> None:
    hart = """cpu@{number} {{ compatible = "riscv"; status = "{status}";
        intc{number}: intc {{ compatible = "riscv,cpu-intc"; interrupt-controller;
            #interrupt-cells = <1>; }}; }};"""
    harts = hart.format(number=0, status="disabled") + hart.format(number=1, status="okay")
    plic = 'plic { compatible = "plic"; interrupts-extended = <&intc0 11>, <&intc1 11>; };'
    assert "/plic" in paths(run_lenient(f"cpus {{ {harts} }}; {plic}").order)
    assert "/plic" in paths(run_lenient(f"harts {{ {harts} }}; {plic}").deferred)


def test_a_provider_is_taken_to_work_without_a_parent_of_its_own_kind() -> None:
    for own in ("#clock-cells = <0>; clocks = <&off>;", "#phy-cells = <0>; phys = <&off>;"):
        board = f'a {{ compatible = "a"; {own} }}; {_OFF}'
        assert paths(run_lenient(board).order) == ["/a"]
    gone = (
        'a { compatible = "a"; #clock-cells = <0>; clocks = <&c>; }; c: c { #clock-cells = <0>; };'
    )
    assert paths(run_lenient(gone).order) == ["/a"]
    unknown = 'a { compatible = "a"; #clock-cells = <0>; clocks = <99>; };'
    assert paths(run_lenient(unknown).order) == ["/a"]
    wrong = 'a { compatible = "a"; #clock-cells = <0>; clocks = <&c>; }; c: c { };'
    assert failed(run_lenient(wrong)) == {"/a": -22}
    other = f'a {{ compatible = "a"; #phy-cells = <0>; clocks = <&off>; }}; {_OFF}'
    assert deferred(run_lenient(other)) == {"/a": "a: clocks[0] of /off not ready"}


def test_what_lies_in_a_container_that_nobody_looks_into_is_early() -> None:
    board = f"""clocks {{ c: c {CLK} deep {{ d: d {CLK} }}; }};
        soc {{ compatible = "simple-bus"; clocks {{ e: e {CLK} }}; }};
        a {{ compatible = "a"; clocks = <&c>, <&d>, <&e>; }};
        firmware {{ f {{ compatible = "f"; }}; }};
        gic {{ compatible = "gic"; interrupt-controller; its {{ compatible = "its"; }}; }};"""
    found = run_lenient(board)
    assert log(found) == ["device /soc bound", "device /a bound", "device /firmware/f bound"]
    assert found.never_added == []


def test_what_cannot_bind_whatever_the_drivers_are_like_is_found() -> None:
    board = f"""a {{ compatible = "a"; clocks = <&off>; }}; {_OFF}
        b {{ compatible = "b"; x-supply = <&dummy>; }}; dummy: dummy {{ }};
        c {{ compatible = "c"; resets = <99>; }};"""
    found = run_lenient(board)
    assert deferred(found) == {
        "/a": "a: clocks[0] of /off not ready",
        "/b": "wait for supplier /dummy",
    }
    assert failed(found) == {"/c": -22}


def test_the_kernel_setting_can_be_chosen() -> None:
    board = 'b { compatible = "b"; x-supply = <&dummy>; }; dummy: dummy { };'
    for setting in ("permissive", "off"):
        assert deferred(run_lenient(board, fw_devlink=setting)) == {
            "/b": "b: x-supply[0] of /dummy not ready"
        }
    stages = {one.stage for one in run_lenient(board, modules=False).log}
    assert stages == {"device", "late+"}
    mapped = 'b { compatible = "b"; iommu-map = <0 &dummy 0 1>; }; dummy: dummy { };'
    assert paths(run_lenient(mapped).order) == ["/b"]
    assert deferred(run_lenient(mapped, strict=True)) == {"/b": "wait for supplier /dummy"}
