"""Drivers, probing, deferral and links between devices of the platform bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.boards import Board, lines_of
from support.overlays import at

from dtovl.live.devices import LinkState
from dtovl.live.drivers import DEFER, SIMPLE_BUS, TEST_DRIVER, Driver
from dtovl.live.objects import DeviceEvent, Flag, Holder, Maker, Oops, Property
from dtovl.live.platform import PlatformBus
from dtovl.model.dialect import LINUX, LINUX_7_2
from dtovl.overlay.outcome import LogLine
from dtovl.script import direct

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.live.devices import Device
    from dtovl.model.dialect import Dialect

DEVICE = "dtovl,test-device"
SUPPLIER = 0x51


def dev(address: int | None = None, kind: str | bytes = DEVICE, **more: Content) -> Content:
    """Make a node of a device; `-` in names of properties is written `_`, `#` is `n_`.

    What begins with `dtovl_` is a property of the recorder's driver.
    """
    made: Content = {"compatible": kind}
    if address is not None:
        made["reg"] = [address, 1]
    for name, value in more.items():
        spelt = name.replace("dtovl_", "dtovl,").replace("n_", "#", int(name.startswith("n_")))
        made[spelt.replace("_", "-")] = value
    return made


def bus(**children: Content) -> Content:
    """Make a simple bus; `n_5000` is the child `n@5000`."""
    made: Content = {
        "compatible": "simple-bus",
        "#address-cells": 1,
        "#size-cells": 1,
        "ranges": None,
    }
    made.update({name.replace("_", "@"): children[name] for name in children})
    return made


def board(content: Content, dialect: Dialect = LINUX, *, links: bool = True) -> Board:
    base: Content = {"#address-cells": 1, "#size-cells": 1, **content}
    made = Board(base, dialect)
    made.live.platform = PlatformBus(made.live, fw_devlink=links)
    return made


def platform(made: Board) -> PlatformBus:
    assert made.live.platform is not None
    return made.live.platform


def bound(made: Board) -> dict[str, str | None]:
    return {one.name: one.driver_name for one in platform(made).devices}


def story(made: Board) -> list[str]:
    """Take the log, and give what happened to devices as `action name`."""
    found = []
    for entry in made.live.log:
        if isinstance(entry, DeviceEvent):
            found.append(f"{entry.action} {entry.device}")
    made.live.log.clear()
    return found


class Deferring(Driver):
    """Takes a device only once it was told to."""

    ready = False

    def probe(self, core: object, device: Device) -> str:
        return "" if self.ready else DEFER


# -- boot ------------------------------------------------------------------------------------------


def test_boot_makes_devices_in_tree_order_with_drivers() -> None:
    made = board(
        {
            "b": bus(x_10=dev(0x10), y_20=dev(0x20, status="disabled"), z_30=dev(0x30, "acme,z")),
            "opp": {"compatible": "operating-points-v2"},
            "amba": {"compatible": ["arm,primecell"][0]},
            "plain": {"inner": dev()},
            "top": dev(),
        }
    )
    assert bound(made) == {
        "b": "simple-pm-bus",
        "10.x": "dtovl-test",
        "30.z": None,
        "top": "dtovl-test",
    }
    assert made.live.log == []


def test_boot_knows_what_is_treated_by_itself() -> None:
    made = board(
        {
            "top": dev(),
            "reserved-memory": {
                "ranges": None,
                "log@9": {"compatible": "ramoops", "reg": [9, 1]},
            },
            "firmware": {"compatible": "acme,never", "scm": dev(kind="acme,scm")},
            "chosen": {"fb": {"compatible": "simple-framebuffer"}, "other": dev()},
        }
    )
    names = list(bound(made))
    assert [name.rpartition(":")[2] for name in names] == ["9.log", "scm", "fb", "top"]
    assert made.live.flags(made.node("/firmware")) == Flag.POPULATED_BUS


@pytest.mark.parametrize(
    "content",
    [
        {"b": bus(x_10=dev(0x10, "a"), y_20=bus(z_30=dev(0x30, "a"))), "t": dev(kind="a")},
        {"b": bus(x_10=dev(0x10)), "t": dev(dtovl_hold=None)},
        {"b": bus(x_10=dev(0x10, dtovl_populate=None, c=dev())), "p": {"c": dev()}},
        {"reserved-memory": {"a": {"b": {"compatible": "ramoops"}}}},
        {"firmware": {"a": dev(), "b": bus(c_1=dev(1))}},
        {"p": {"compatible": "simple-pm-bus", "c": dev(kind="a"), "d": {"e": dev()}}},
        {"b": bus(x_10=dev(0x10, status="disabled", c=dev()))},
    ],
)
def test_flags_and_counts_are_the_same_before_and_after_devices_are_made(content: Content) -> None:
    made = board(content)
    before = made.flags(), made.counts()
    again = board(content)
    assert platform(again).devices is not None
    assert before == (again.flags(), again.counts())


def test_devices_of_boot_are_those_of_the_tree_of_boot() -> None:
    made = board({"b": bus(x_10=dev(0x10, "acme,x"), y_20=dev(0x20, "acme,y")), "t": dev(kind="a")})
    made.applied(at("/b/x@10", {"reg": [0x77, 1], "compatible": "operating-points-v2"}))
    made.applied(at("/t", {"new": dev()}))
    assert platform(made)._core is None
    assert list(bound(made)) == ["b", "10.x", "20.y", "t"]


def test_a_node_of_boot_that_is_detached_had_a_device() -> None:
    made = board({"b": bus(x_10=dev(0x10, "acme,x")), "t": dev(kind="a")})
    direct.detach_node(made.live, made.node("/b/x@10"))
    assert story(made) == ["del 10.x", "removed 10.x"]
    assert list(bound(made)) == ["b", "t"]


def test_a_bus_driver_makes_devices_of_children() -> None:
    content = {"p": {"compatible": "simple-pm-bus", "c": dev(kind="a"), "d": {}}}
    made = board(content)
    assert bound(made) == {"p": "simple-pm-bus", "p:c": None}
    isc = {"s": {"compatible": b"fsl,lx2160a-isc\0syscon\0", "c": dev(kind="a")}}
    assert list(bound(board(isc))) == ["s"]
    assert list(bound(board(isc, LINUX_7_2))) == ["s", "s:c"]


def test_devices_that_share_a_register_are_told_apart_by_their_bit() -> None:
    content = bus(led_8=dev(8, "a", mask=4), other_8=dev(8, "a", mask=0))
    assert list(bound(board({"b": content}))) == ["b", "8.2.led", "8.ffffffff.other"]


def test_what_a_driver_keeps_at_boot_counts() -> None:
    made = board({"t": dev(dtovl_hold=None), "plain": {}})
    assert made.count("/t") == made.count("/plain") + 2
    assert made.live.holders[made.node("/t")] == [Holder("driver dtovl-test", "probe of t")]


def test_nothing_is_made_before_somebody_needs_it() -> None:
    made = board({"b": bus(x_10=dev(0x10)), "plain": {}}, links=True)
    made.apply(at("/plain", {"n": {"compatible": "a", "status": "okay"}, "p": 1}))
    assert made.remove(1) == ("", 0)
    assert platform(made)._core is None
    made.apply(at("/b", {"n": {}}))
    assert platform(made)._core is not None


def test_a_device_holds_its_node() -> None:
    made = board({"b": bus(x_10=dev(0x10)), "plain": {}})
    assert made.count("/b/x@10") == made.count("/plain") + 1
    made.applied(at("/b", {"n": {}}))
    node = made.node("/b/n")
    assert made.live.holders[node] == [Holder("device b:n", "platform bus")]
    made.applied(at("/b/x@10", {"status": "disabled"}))
    made.remove(2)
    made.remove(1)
    assert made.count("/b/x@10") == made.count("/plain") + 1
    assert node not in made.live.holders


# -- drivers ---------------------------------------------------------------------------------------


def test_the_order_of_what_happens_to_a_device() -> None:
    made = board({"b": bus()})
    made.apply(at("/b", {"n@5": dev(5)}))
    assert story(made) == ["add 5.n", "bind 5.n", "probe 5.n", "bound 5.n"]
    made.remove(1)
    assert story(made) == ["del 5.n", "unbind 5.n", "remove 5.n", "unbound 5.n", "removed 5.n"]


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        (LINUX, (4, "dtovl-test: probe of 5.n failed with error -5")),
        (LINUX_7_2, (3, "dtovl-test 5.n: probe with driver dtovl-test failed with error -5")),
    ],
)
def test_a_probe_that_fails(dialect: Dialect, line: tuple[int, str]) -> None:
    made = board({"b": bus()}, dialect)
    assert made.apply(at("/b", {"n@5": dev(5, dtovl_probe_error=5)})).error == ""
    found = [(one.level, one.text) for one in made.live.log if isinstance(one, LogLine)]
    assert found == [line]
    assert story(made) == ["add 5.n", "bind 5.n", "probe 5.n", "not-bound 5.n"]
    assert bound(made)["5.n"] is None


def test_what_is_only_second_of_all_a_bus_is_not_bound() -> None:
    made = board({"b": bus()})
    made.apply(at("/b", {"n@5": dev(5, b"acme,syscon\0simple-mfd\0")}))
    assert not [entry for entry in made.live.log if isinstance(entry, LogLine)]
    assert story(made) == ["add 5.n", "bind 5.n", "not-bound 5.n"]


def test_compatibles_match_whatever_their_case_and_a_name_does_too() -> None:
    made = board({"A": dev(kind="DTOVL,Test-Device"), "dtovl-test": dev(kind="acme,x")})
    assert bound(made) == {"A": "dtovl-test", "dtovl-test": "dtovl-test"}


def test_a_driver_makes_devices_of_children_and_takes_them_with_it() -> None:
    made = board({"b": bus()})
    made.applied(at("/b", {"m@5": dev(5, dtovl_populate=None, c=dev(), d=dev(kind="x"), e={})}))
    # The node without compatible comes last: its own notification finds a populated bus.
    assert list(bound(made)) == ["b", "5.m", "5.m:d", "5.m:c", "5.m:e"]
    assert made.live.flags(made.node("/b/m@5")) & Flag.POPULATED_BUS
    bus_ = platform(made)
    assert bus_.unbind(bus_.core.devices["5.m"]) == ""
    told = story(made)
    gone = [one for one in told if one.startswith("del")]
    assert gone == ["del 5.m:e", "del 5.m:c", "del 5.m:d"]
    assert told[:2] == ["unbind 5.m", "remove 5.m"]
    assert told[-1] == "unbound 5.m"
    assert not made.live.flags(made.node("/b/m@5")) & Flag.POPULATED_BUS
    assert bus_.unbind(bus_.core.devices["5.m"]) == "-ENODEV"
    assert bus_.bind(bus_.core.devices["5.m"]) == ""
    assert list(bound(made)) == ["b", "5.m", "5.m:d", "5.m:c"]


def test_a_driver_may_keep_the_node() -> None:
    made = board({"b": bus()})
    made.applied(at("/b", {"n@5": dev(5, dtovl_hold=None)}))
    made.remove(1)
    assert "instead of 2" in "".join(made.lines())
    holders = [found.fields["holders"] for found in made.live.take_findings()]
    assert holders == ["driver dtovl-test (probe of 5.n)"]


def test_drivers_come_and_go() -> None:
    made = board({"b": bus(x_10=dev(0x10, "acme,x"), y_20=dev(0x20, "acme,x"))})
    bus_ = platform(made)
    driver = Driver("acme", ("acme,x",))
    bus_.register(driver)
    assert story(made) == ["bind 10.x", "bound 10.x", "bind 20.y", "bound 20.y"]
    assert bound(made)["20.y"] == "acme"
    device = bus_.core.devices["10.x"]
    assert bus_.bind(device, driver) == "-EBUSY"
    bus_.unbind(device)
    assert bus_.bind(device, TEST_DRIVER) == "-ENODEV"
    bus_.unregister(driver)
    assert story(made)[-2:] == ["unbind 20.y", "unbound 20.y"]
    bus_.register(Driver("broken", ("acme,x",), "-EIO"))
    assert bus_.bind(device, bus_.drivers[-1]) == "-EIO"


def test_a_driver_that_waits_is_asked_again_later() -> None:
    waiting = Deferring("waiting", ("acme,w",))
    made = board({"b": bus(off_9=dev(9, "acme,w", status="disabled"))})
    made.live.platform = PlatformBus(made.live, drivers=(SIMPLE_BUS, TEST_DRIVER, waiting))
    made.apply(at("/b", {"w@1": dev(1, "acme,w"), "n@5": dev(5)}))
    assert not [entry for entry in made.live.log if isinstance(entry, LogLine)]
    assert "not-bound 1.w" in story(made)
    waiting.ready = True
    platform(made).retry()
    assert story(made) == ["bind 1.w", "bound 1.w"]
    waiting.ready = False
    made.remove(1)
    made.applied(at("/b/off@9", {"status": "okay"}), at("/b", {"n@5": dev(5)}))
    made.remove(1)
    made.forget()
    platform(made).retry()
    assert story(made) == []


# -- links -----------------------------------------------------------------------------------------


def linked(kind: str = DEVICE, **more: Content) -> Content:
    return {"b": bus(sup_10=dev(0x10, kind, n_clock_cells=0, phandle=SUPPLIER, **more))}


def consumer(**more: Content) -> Content:
    return {"con@5": dev(5, clocks=SUPPLIER, **more)}


@pytest.mark.parametrize(
    ("kind", "more", "links", "takes"),
    [
        pytest.param(DEVICE, {}, True, True, id="bound"),
        pytest.param("acme,x", {}, True, False, id="no-driver"),
        pytest.param("acme,x", {}, False, True, id="off"),
        pytest.param(DEVICE, {"dtovl_probe_error": 5}, True, False, id="failed"),
        pytest.param("acme,x", {"status": "disabled"}, True, True, id="disabled"),
    ],
)
def test_a_consumer_waits_for_its_supplier(
    kind: str, more: Content, links: bool, takes: bool
) -> None:
    made = board(linked(kind, **more), links=links)
    made.apply(at("/b", consumer()))
    assert bound(made)["5.con"] == ("dtovl-test" if takes else None)
    assert ("bind 5.con" in story(made)) is takes


@pytest.mark.parametrize(
    ("name", "value", "waits"),
    [
        ("clocks", [SUPPLIER], True),
        ("clocks", [0, SUPPLIER], False),
        ("clocks", [SUPPLIER, 1], True),
        ("assigned-clocks", [SUPPLIER], False),
        ("vdd-supply", [SUPPLIER, 7], True),
        ("-supply", [SUPPLIER], False),
        ("reset-gpios", [SUPPLIER], True),
        ("acme,nr-gpios", [SUPPLIER], False),
        ("pinctrl-8", [SUPPLIER], True),
        ("pinctrl-9", [SUPPLIER], False),
        ("interrupt-parent", [SUPPLIER], True),
        ("dmas", [SUPPLIER], False),
        ("iommus", [SUPPLIER], False),
        ("gpios", [SUPPLIER], True),
    ],
)
def test_properties_that_name_suppliers(name: str, value: list[int], waits: bool) -> None:
    made = board(linked("acme,x", n_gpio_cells=0))
    made.apply(at("/b", {"con@5": {**dev(5), name: value}}))
    assert (bound(made)["5.con"] is None) is waits


def test_what_is_wrong_in_a_list_is_said_once() -> None:
    made = board(linked("acme,x", n_pwm_cells=3))
    content = dev(5, clocks=0x77, pwms=SUPPLIER, resets=SUPPLIER)
    made.apply(at("/b", {"con@5": content}))
    assert made.lines() == [
        "OF: /b/con@5: could not find phandle 119",
        "OF: /b/con@5: #pwm-cells = 3 found 0",
        "OF: /b/con@5: could not get #reset-cells for /b/sup@10",
    ]


def test_a_hog_names_no_supplier() -> None:
    made = board(linked("acme,x", n_gpio_cells=0))
    made.apply(at("/b", {"hog@5": dev(5, gpio_hog=None, gpios=SUPPLIER)}))
    assert bound(made)["5.hog"] == "dtovl-test"


def test_the_console_is_tried_without_its_suppliers() -> None:
    base = linked("acme,x")
    base["b"] = {**bus(), **base["b"], "con@5": dev(5, clocks=SUPPLIER, status="disabled")}
    base["chosen"] = {"stdout-path": "/b/con@5:115200"}
    made = board(base)
    made.apply(at("/b/con@5", {"status": "okay"}))
    assert bound(made)["5.con"] == "dtovl-test"


def test_who_is_there_at_boot_waits_only_for_what_a_driver_claims() -> None:
    base = linked("acme,x")
    base["b"] = {**base["b"], "a@1": dev(1, clocks=SUPPLIER), "w@2": dev(2, clocks=0x52)}
    base["b"]["late@3"] = dev(3, n_clock_cells=0, phandle=0x52, dtovl_probe_error=5)
    assert bound(board(base)) == {
        "b": "simple-pm-bus",
        "10.sup": None,
        "1.a": "dtovl-test",
        "2.w": None,
        "3.late": None,
    }


def test_a_supplier_takes_its_consumers_with_it_and_they_stay_unbound() -> None:
    made = board(linked())
    made.applied(at("/b", consumer(n_clock_cells=0, phandle=1)))
    made.applied(at("/b", {"last@6": dev(6, clocks=made.node("/b/con@5").phandle)}))
    made.applied(at("/b/sup@10", {"status": "disabled"}))
    assert bound(made) == {"b": "simple-pm-bus", "5.con": None, "6.last": None}


def test_consumers_are_unbound_before_their_supplier() -> None:
    made = board(linked())
    made.applied(at("/b", consumer()))
    made.apply(at("/b/sup@10", {"status": "disabled"}))
    assert story(made) == [
        "del 10.sup",
        "unbind 5.con",
        "remove 5.con",
        "unbound 5.con",
        "unbind 10.sup",
        "remove 10.sup",
        "unbound 10.sup",
        "removed 10.sup",
    ]


def both() -> Content:
    """Make consumer and supplier of one overlay, the consumer first."""
    supplier = dev(6, n_clock_cells=0, phandle=SUPPLIER)
    return at("/b", {"con@5": dev(5, clocks=SUPPLIER), "sup@6": supplier})


def local() -> Content:
    return {"fragment@0": {"__overlay__": {"con@5": {"clocks": 0}}}}


def test_in_one_overlay_the_consumer_does_not_wait() -> None:
    made = board({"b": bus()})
    made.apply(both(), local=local())
    probes = [one for one in story(made) if one.startswith("probe")]
    assert probes == ["probe 5.con", "probe 6.sup"]


def test_in_one_overlay_the_consumer_waits_since_7_2() -> None:
    made = board({"b": bus()}, LINUX_7_2)
    made.apply(both(), local=local())
    assert [one for one in story(made) if one.startswith("probe")] == ["probe 6.sup"]
    platform(made).retry()
    assert story(made) == ["bind 5.con", "probe 5.con", "bound 5.con"]


def test_a_cycle_holds_nobody_up() -> None:
    one = dev(1, "acme,x", clocks=0x52, n_clock_cells=0, phandle=SUPPLIER, status="disabled")
    two = dev(2, clocks=SUPPLIER, n_clock_cells=0, phandle=0x52, status="disabled")
    made = board({"b": bus(one_1=one, two_2=two)})
    fragments = at("/b/one@1", {"status": "okay"}), at("/b/two@2", {"status": "okay"})
    made.apply(*fragments)
    # The first finds the second on; the second was read only when the first stood there.
    assert lines_of(made.log())[-1] == "/b/two@2: Fixed dependency cycle(s) with /b/one@1"
    assert bound(made)["2.two"] == "dtovl-test"


def test_a_supplier_that_is_bound_again_wakes_its_consumers() -> None:
    made = board(linked())
    made.applied(at("/b", consumer()))
    bus_ = platform(made)
    supplier = bus_.core.devices["10.sup"]
    bus_.unbind(supplier)
    bus_.retry()
    assert bound(made)["5.con"] is None
    bus_.bind(supplier)
    bus_.retry()
    assert bound(made)["5.con"] == "dtovl-test"


def test_a_bound_device_stands_in_for_what_is_below_it() -> None:
    made = board({"b": bus(m_1=dev(1, c={"phandle": SUPPLIER, "#clock-cells": 0}))})
    made.applied(at("/b", consumer()))
    assert bound(made)["5.con"] == "dtovl-test"
    bus_ = platform(made)
    bus_.unbind(bus_.core.devices["1.m"])
    assert bound(made)["5.con"] is None


def test_a_new_supplier_that_nobody_claims_is_not_waited_for_in_7_2() -> None:
    supplier = dev(6, "acme,x", n_clock_cells=0, phandle=SUPPLIER)
    made = board({"b": bus()}, LINUX_7_2)
    content = {"con@5": dev(5, clocks=SUPPLIER), "sup@6": supplier, "n@7": dev(7)}
    made.apply(at("/b", content), local=local())
    assert bound(made)["5.con"] is None
    platform(made).retry()
    assert bound(made)["5.con"] == "dtovl-test"


def test_a_bound_device_takes_over_what_comes_in_below_it_in_7_2() -> None:
    made = board({"b": bus(m_1=dev(1))}, LINUX_7_2)
    made.apply(
        at("/b", {"con@5": dev(5, clocks=SUPPLIER)}),
        at("/b/m@1", {"c": {"phandle": SUPPLIER, "#clock-cells": 0}}),
        local=local(),
    )
    assert bound(made)["5.con"] is None
    platform(made).retry()
    assert bound(made)["5.con"] == "dtovl-test"


def test_nobody_waits_for_a_node_that_is_gone() -> None:
    made = board({"b": bus(), "plain": {}})
    made.applied(at("/plain", {"c": {"phandle": 1, "#clock-cells": 0}}))
    made.applied(at("/b", {"con@5": dev(5, clocks=made.node("/plain/c").phandle)}))
    platform(made).retry()
    assert bound(made)["5.con"] is None
    assert made.remove(1) == ("", 0)
    made.applied(at("/b", {"n@7": dev(7)}))
    platform(made).retry()
    assert bound(made)["5.con"] == "dtovl-test"


@pytest.mark.parametrize(
    ("dialect", "rest"), [(LINUX, "with s"), (LINUX_7_2, "with supplier s for /t/q")]
)
def test_a_link_that_cannot_be_made_is_said(dialect: Dialect, rest: str) -> None:
    made = board(
        {
            "t": dev(q={"clocks": SUPPLIER}),
            "s": {"phandle": SUPPLIER, "#clock-cells": 0, "status": "okay"},
        },
        dialect,
    )
    made.applied(at("/s", {"status": "disabled"}))
    made.remove(1)
    assert made.lines() == [f"dtovl-test t: Failed to create device link (0x180) {rest}"]


@pytest.mark.parametrize("dialect", [LINUX, LINUX_7_2])
def test_the_other_end_of_a_port_is_a_supplier(dialect: Dialect) -> None:
    made = board(
        {"b": bus(sup_10=dev(0x10, "acme,x", ports={"port": {"ep": {"phandle": SUPPLIER}}}))},
        dialect,
    )
    made.apply(at("/b", {"con@5": dev(5, port={"ep": {"remote-endpoint": SUPPLIER}})}))
    assert bound(made)["5.con"] is None


def test_a_device_and_what_is_below_it_close_a_cycle() -> None:
    made = board({"b": bus()})
    content = dev(5, "acme,x", clocks=SUPPLIER, c={"phandle": SUPPLIER, "#clock-cells": 0})
    made.apply(
        at("/b", {"n@5": content}), local={"fragment@0": {"__overlay__": {"n@5": {"clocks": 0}}}}
    )
    assert made.lines() == ["/b/n@5: Fixed dependency cycle(s) with /b/n@5/c"]


def test_a_long_chain_of_consumers_is_unbound() -> None:
    count = 1500
    chain = bus()
    for place in range(count):
        node = dev(place + 1, n_clock_cells=0, phandle=0x1000 + place)
        if place:
            node["clocks"] = 0x1000 + place - 1
        chain[f"d@{place + 1:x}"] = node
    made = board({"b": chain})
    assert None not in bound(made).values()
    made.apply(at("/b/d@1", {"status": "disabled"}))
    assert story(made)[1] == f"unbind {count:x}.d"


# -- what is refused, what is dangerous ------------------------------------------------------------


def test_a_name_taken_on_another_bus_is_refused_by_the_bus() -> None:
    made = board({"b": bus(x_10=dev(0x10)), "c": bus()})
    assert made.apply(at("/c", {"x@10": dev(0x10)})).error == "-EINVAL"
    assert lines_of(made.log())[0] == (
        "sysfs: cannot create duplicate filename '/bus/platform/devices/10.x'"
    )
    assert not made.live.flags(made.node("/c/x@10")) & Flag.POPULATED
    assert made.remove(1) == ("", 0)
    assert made.lines() == []


def test_a_name_taken_below_the_same_device() -> None:
    made = board({"b": bus(x_10=dev(0x10))})
    assert made.apply(at("/b", {"x@10,0": dev(0x10)})).error == "-EINVAL"
    assert lines_of(made.log())[:2] == [
        "sysfs: cannot create duplicate filename '/devices/platform/b/10.x'",
        "kobject_add_internal failed for 10.x with -EEXIST, don't try to register things with the "
        "same name in the same directory.",
    ]


def test_a_device_that_comes_and_goes_in_one_changeset_cannot_be_made() -> None:
    made = board({"b": bus(x_10=dev(0x10, status="disabled"))})
    fragments = at("/b/x@10", {"status": "okay"}), at("/b", {"y": {}})
    made.applied(*fragments)
    assert "10.x" in bound(made)


@pytest.mark.parametrize(("dialect", "found"), [(LINUX, {"read-beyond-end"}), (LINUX_7_2, set())])
@pytest.mark.parametrize("parent", ["/b", "/plain"])
def test_compatible_without_end_matters_where_a_device_is_made(
    dialect: Dialect, found: set[str], parent: str
) -> None:
    made = board({"b": bus(), "plain": {}}, dialect)
    made.apply(at(parent, {"n@5": dev(5, DEVICE.encode())}))
    assert made.codes() & {"read-beyond-end"} == (found if parent == "/b" else set())
    assert "dtovl-test" not in [one.driver_name for one in platform(made).devices]


@pytest.mark.parametrize(
    ("dialect", "value", "made_one", "found"),
    [
        (LINUX, b"okay", True, {"read-beyond-end"}),
        (LINUX, b"oka", False, {"read-beyond-end"}),
        (LINUX, b"disabled", False, set()),
        (LINUX, b"okay\0more", True, set()),
        (LINUX_7_2, b"okay", False, set()),
        (LINUX_7_2, b"okay\0more", True, set()),
        (LINUX_7_2, b"", False, set()),
    ],
)
def test_status_without_end(
    dialect: Dialect, value: bytes, made_one: bool, found: set[str]
) -> None:
    made = board({"b": bus()}, dialect)
    made.apply(at("/b", {"n@5": dev(5, status=value)}))
    assert ("5.n" in bound(made)) is made_one
    assert made.codes() & {"read-beyond-end"} == found


def test_a_status_without_value_stops_the_kernel_where_it_is_compared() -> None:
    made = board({"b": bus(x_10=dev(0x10))})
    node = made.node("/b/x@10")
    prop = Property("status", b"", Maker.OVERLAY)
    node.properties["status"] = b""
    made.live.objects[node, "status"] = prop
    with pytest.raises(Oops, match="status"):
        platform(made).reconfig("add-property", node, "status", b"", None)


# -- whatever happens ------------------------------------------------------------------------------

_PHANDLES = st.integers(0x51, 0x56)
_NODES = st.fixed_dictionaries(
    {"compatible": st.sampled_from([DEVICE, "acme,x", "simple-bus", "simple-mfd"])},
    optional={
        "status": st.sampled_from(["okay", "disabled"]),
        "phandle": _PHANDLES,
        "clocks": _PHANDLES,
        "vdd-supply": _PHANDLES,
        "#clock-cells": st.just(0),
        "dtovl,populate": st.none(),
        "dtovl,probe-error": st.sampled_from([5, 517]),
    },
)
_TREES = st.recursive(
    _NODES,
    lambda below: st.builds(
        lambda node, more: {**node, **more},
        _NODES,
        st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from("abcd"), _TREES, max_size=4),
    st.lists(st.tuples(st.sampled_from("efg"), _TREES), max_size=3, unique_by=lambda one: one[0]),
    st.sampled_from([LINUX, LINUX_7_2]),
    st.booleans(),
)
def test_whatever_comes_and_goes_leaves_nothing_behind(
    base: dict[str, Content],
    overlays: list[tuple[str, Content]],
    dialect: Dialect,
    early: bool,
) -> None:
    fresh = board({**base}, dialect)
    before = bound(fresh), fresh.counts(), fresh.flags()
    made = board({**base}, dialect)
    if early:
        assert bound(made) == before[0]
    numbers = []
    for name, subtree in overlays:
        done = made.apply(at("/", {name: subtree}))
        assert done.error == ""
        numbers.append(done.number)
        platform(made).retry()
        check_consistent(platform(made))
    for number in reversed(numbers):
        assert made.remove(number) == ("", 0)
        platform(made).retry()
        check_consistent(platform(made))
    assert (made.counts(), made.flags()) == before[1:]
    # Who waited for nobody else may have found a supplier meanwhile, so drivers may differ.
    assert list(bound(made)) == list(before[0])


def check_consistent(bus_: PlatformBus) -> None:
    core = bus_.core
    assert {one.node for one in core.devices.values()} == set(core.by_node)
    assert set(core.by_node) == core.populated
    for device in core.devices.values():
        for link in [*device.consumers.values(), *device.suppliers.values()]:
            assert link.consumer.suppliers[link.supplier] is link
            assert link.supplier.consumers[link.consumer] is link
            assert link.consumer.name in core.devices
            assert link.supplier.name in core.devices
            if link.state is LinkState.ACTIVE:
                assert link.consumer.driver is not None
                assert link.supplier.driver is not None
        if device.parent is not None:
            assert device in device.parent.children


def test_a_root_that_becomes_okay_is_fatal() -> None:
    board = Board(devices=True)
    root = board.live.tree.root
    direct.update_property(board.live, root, board.prop("status", "disabled"))
    with pytest.raises(Oops) as caught:
        direct.update_property(board.live, root, board.prop("status", "okay"))
    assert caught.value.node is root


def test_an_endpoint_below_nothing_compatible_that_names_a_supplier_is_a_fault() -> None:
    made = board({"b": bus(), "sup": dev(port={"endpoint": {"phandle": SUPPLIER}})})
    port: Content = {"endpoint": {"remote-endpoint": SUPPLIER}}
    made.apply(at("/b", {"quiet@10": {"reg": [0x10, 1], "compatible": DEVICE, "port": port}}))
    platform(made)
    bare = board({"sup": dev(port={"endpoint": {"phandle": SUPPLIER}})})
    with pytest.raises(Oops, match="endpoint"):
        bare.apply(at("/", {"n": {"port": port}}))


def test_boot_flags_of_a_node_called_as_a_driver() -> None:
    called = dev(kind="acme,x", dtovl_populate=None, inner=dev())
    made = board({"dtovl-test": called})
    node = made.live.tree.root.children["dtovl-test"]
    assert platform(made).flags(node) == Flag.POPULATED | Flag.POPULATED_BUS
    assert bound(made) == {"dtovl-test": "dtovl-test", "dtovl-test:inner": "dtovl-test"}


def paired() -> Board:
    sup = dev(0x10, n_clock_cells=0, phandle=SUPPLIER)
    return board({"b": bus(sup_10=sup, con_20=dev(0x20, clocks=SUPPLIER), z_30=dev(0x30))})


def test_a_dropped_link_keeps_its_devices_until_somebody_waits() -> None:
    made = paired()
    nodes = [made.node(path) for path in ("/b/con@20", "/b/z@30")]
    bound(made)
    before = [made.live.count(node) for node in nodes]
    update = [at(path, {"status": "disabled"}) for path in ("/b/con@20", "/b/z@30")]
    made.apply(*update)
    # Entry and fragment hold their node; the device of z is gone, that of con is not.
    assert [made.live.count(node) for node in nodes] == [before[0] + 2, before[1] + 1]
    made.changeset().destroy(made.live)
    assert [made.live.count(node) for node in nodes] == [before[0] + 1, before[1] + 1]


def test_waiting_for_links_lets_devices_be_tried_again() -> None:
    made = paired()
    assert bound(made)["20.con"] == "dtovl-test"
    late = Deferring("late", ("acme,late",))
    platform(made).register(late)
    made.apply(at("/b", {"w@40": dev(0x40, "acme,late")}), name="w.dtbo")
    late.ready = True
    made.apply(at("/b/con@20", {"status": "disabled"}), name="off.dtbo")
    made.apply(at("/b", {"v@50": dev(0x50)}), name="v.dtbo")
    assert bound(made)["40.w"] is None
    made.changeset().destroy(made.live)
    assert bound(made)["40.w"] == "late"
