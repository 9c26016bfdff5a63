"""Resources that two enabled devices claim: within a case, and between overlays of one base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from checks.board import all_text
from checks.claimed import (
    BASE,
    CODEC,
    MIC,
    SPI,
    UART,
    interrupting,
    muxed,
    on_i2c,
    with_gpio,
)
from hypothesis import given
from hypothesis import strategies as st
from support.overlays import at, inside, overlay_of, state, to
from support.trees import Content, strings, tree_of

from dtovl.checks.claims import MOST_CLASHES, BaseClaims, ClaimIndex, check_claims
from dtovl.codes.base import Severity
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay

_DEFAULT: Content = {"pinctrl-names": "default", "pinctrl-0": 3}
BOTH = pytest.mark.parametrize("applier", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)


def found(
    *overlays: Overlay,
    base: Content = BASE,
    applier: Dialect = LIBFDT,
    tree: Tree | None = None,
    known: BaseClaims | None = None,
) -> list[Diagnostic]:
    tree = tree_of(base) if tree is None else tree
    stack = apply_stack(tree, overlays, applier)
    assert stack.failed is None
    before = state(tree)
    sink = Sink()
    check_claims(tree, stack.outcomes, "board.dtb", sink, known)
    assert state(tree) == before
    stack.revert(tree)
    return sink.diagnostics


def brief(findings: list[Diagnostic]) -> list[tuple[str, str, str]]:
    return [(one.code.number, one.severity.label, one.message) for one in findings]


def between(
    *overlays: Overlay,
    apart: tuple[tuple[int, int], ...] = (),
    applier: Dialect = LIBFDT,
    base: Content = BASE,
) -> list[tuple[int, int, Diagnostic]]:
    tree = tree_of(base)
    before = state(tree)
    index = ClaimIndex(tree, "board.dtb")
    for number, overlay in enumerate(overlays):
        outcome = apply_overlay(tree, overlay, applier)
        index.add(number, outcome)
        outcome.changeset.revert(tree)
    answer = list(index.findings(apart))
    assert state(tree) == before
    return answer


# -- pins ------------------------------------------------------------------------------------------


@BOTH
def test_two_users_of_one_pin(applier: Dialect) -> None:
    (one,) = found(UART, SPI, applier=applier)
    assert one.code.number == "DT640"
    assert one.severity is Severity.ERROR
    assert one.message == (
        "pin 0x160 (PIN88) of pinmux@800 is claimed by two enabled devices: "
        "serial@2000 and spi@3000"
    )
    assert one.path == "/soc/spi@3000"
    assert one.who == "BB-UART2.dtbo and BB-SPIDEV1.dtbo"
    notes = [note.text for note in one.notes]
    assert notes == [
        "/soc/serial@2000: pinctrl-0 -> &uart2_grp, from BB-UART2.dtbo fragment@1",
        "/soc/spi@3000: pinctrl-0 -> &spi0_grp, from BB-SPIDEV1.dtbo fragment@1",
    ]
    assert one.kernel == ("pin PIN88 already requested by 2000.serial; cannot claim for 3000.spi",)


@BOTH
def test_a_device_of_the_base_that_is_enabled_takes_a_group_in_use(applier: Dialect) -> None:
    overlay = overlay_of(to("uart2", {"status": "okay"}), name="on.dtbo")
    (one,) = found(overlay, applier=applier)
    assert "pin 0x150 (PIN84)" in one.message
    assert "serial@1000 and serial@2000" in one.message
    assert one.severity is Severity.ERROR
    assert "from the base, enabled by on.dtbo" in all_text(one)


def test_an_overlay_that_disables_the_other_user_resolves_the_clash() -> None:
    off = overlay_of(to("uart1", {"status": "disabled"}), name="off.dtbo")
    on = overlay_of(to("uart2", {"status": "okay"}), name="on.dtbo")
    assert found(off, on) == []
    assert found(on, off) == []
    both = overlay_of(to("uart1", {"status": "fail"}), to("uart2", {"status": "okay"}))
    assert found(both) == []
    assert brief(found(on))


def test_a_bus_that_is_off_has_no_devices() -> None:
    off = overlay_of(to("soc", {"status": "disabled"}))
    assert found(UART, SPI, off) == []


def test_a_bus_that_is_enabled_brings_its_devices() -> None:
    inner: Content = {"compatible": "acme,x", "pinctrl-0": 3}
    base: Content = {**BASE, "bus": {"status": "disabled", "phandle": 40, "dev": inner}}
    (one,) = found(overlay_of(at("/bus", {"status": "okay"})), base=base)
    assert "serial@1000 and /bus/dev" in one.message
    assert "enabled by" in all_text(one)


@pytest.mark.parametrize("word", [b"okay", b"", b"OKAY\0", b"okay\0\0", b"\xff"])
def test_odd_status_is_not_enabled(word: bytes) -> None:
    assert found(muxed("uart2", 0x160, "a.dtbo", status=word), SPI) == []


def test_states_that_are_selected_later_do_not_count() -> None:
    names = strings("sleep")
    assert found(muxed("uart2", 0x160, "a.dtbo", **{"pinctrl-names": names}), SPI) == []


def test_a_group_that_gets_other_pins_changes_its_users() -> None:
    overlay = overlay_of(to("uart2_pins", {"pinctrl-single,pins": [0x160, 1]}), name="move.dtbo")
    assert found(overlay) == []
    (one,) = found(SPI, overlay)
    assert "serial@1000" in one.message
    assert "pins from move.dtbo fragment@0" in all_text(one)


def test_a_group_that_gets_more_pins_changes_its_users() -> None:
    more: Content = {"more": {"pinctrl-single,pins": [0x160, 1]}}
    overlay = overlay_of(to("uart2_pins", more), name="more.dtbo")
    (one,) = found(SPI, overlay)
    assert "serial@1000 and spi@3000" in one.message
    assert "from the base, pins from more.dtbo fragment@0" in all_text(one)


def test_hogs_of_the_controller_hold_their_pins() -> None:
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    pinmux = soc["pinmux@800"]
    assert isinstance(pinmux, dict)
    hog: Content = {**pinmux, "pinctrl-names": "default", "pinctrl-0": 4}
    base: Content = {**BASE, "soc": {**soc, "pinmux@800": hog}}
    (one,) = found(muxed("spi0", 0x40, "a.dtbo"), base=base)
    assert "a hog of the controller" in all_text(one)
    assert one.kernel == ("pin PIN16 already requested by 800.pinmux; cannot claim for 3000.spi",)


def test_a_hog_is_the_first_owner_even_where_it_came_last() -> None:
    hog = overlay_of(to("pinmux", {"pinctrl-names": "default", "pinctrl-0": 3}))
    (one,) = found(hog, UART, muxed("spi0", 0x150, "a.dtbo"), base=BASE)[:1]
    assert one.kernel[0].startswith("pin PIN84 already requested by 800.pinmux;")
    dev: Content = {"compatible": "acme,x", "pinctrl-names": "default", "pinctrl-0": 3}
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    base: Content = {**BASE, "soc": {**soc, "dev@6000": {**dev, "reg": [0x6000, 4]}}}
    assert {one.kernel[0].partition(";")[0] for one in found(hog, base=base)} == {
        "pin PIN84 already requested by 800.pinmux"
    }


def test_clashes_of_the_base_alone_are_not_reported() -> None:
    base: Content = {**BASE, "dev": {"compatible": "acme,x", "pinctrl-0": 3}}
    assert found(on_i2c("cam", 0x10, "a.dtbo"), base=base) == []


def test_a_clash_that_the_base_ships_with_is_none_of_the_overlay() -> None:
    same = overlay_of(to("uart2_pins", {"pinctrl-single,pins": [0x150, 9]}), name="same.dtbo")
    other = overlay_of(to("uart2_pins", {"pinctrl-single,pins": [0x154, 1]}), name="other.dtbo")
    more = overlay_of(to("uart2_pins", {"pinctrl-single,pins": [0x150, 1, 0x154, 1]}))
    base: Content = {**BASE, "dev": {"compatible": "acme,x", **_DEFAULT}}
    assert found(same, base=base) == []
    for overlay in (other, more):
        (one,) = found(overlay, base=base)
        assert {"serial@1000", "dev"} <= set(one.message.split())
    for overlay in (UART, SPI):
        assert found(overlay, same, base=base) == []
    off = overlay_of(to("uart1", {"status": "disabled"}), name="off.dtbo")
    on = overlay_of(to("uart1", {"status": "okay"}), name="on.dtbo")
    assert found(off, on, base=base) == []
    alias = overlay_of(to("uart1", {"pinctrl-0": 3}), name="uart1.dtbo")
    assert between(same, alias, base=base) == []


def test_overlays_that_write_again_what_clashes_in_the_base_go_together() -> None:
    def rewrite(group: str, *pins: int) -> Overlay:
        cells = [number for pin in pins for number in (pin, 9)]
        return overlay_of(at(f"/soc/pinmux@800/{group}", {"pinctrl-single,pins": cells}))

    dev: Content = {"compatible": "acme,x", "pinctrl-names": "default", "pinctrl-0": 4}
    base: Content = {**BASE, "dev": dev}
    first = found(rewrite("hog_pins", 0x150), base=base)
    assert [one.code.number for one in first] == ["DT640"]
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    pinmux = soc["pinmux@800"]
    assert isinstance(pinmux, dict)
    both: Content = {**pinmux, "hog_pins": {"pinctrl-single,pins": [0x150, 1], "phandle": 4}}
    clashing: Content = {**base, "soc": {**soc, "pinmux@800": both}}
    one, other = rewrite("hog_pins", 0x150), rewrite("uart2_pins", 0x150)
    assert between(one, other, base=clashing) == []
    more = [rewrite(group, 0x150, 0x170) for group in ("hog_pins", "uart2_pins")]
    assert len(between(*more, base=clashing)) == 1


def test_a_device_and_one_inside_it_are_two_owners_of_a_pin() -> None:
    modem: Content = {"compatible": "acme,modem", **_DEFAULT}
    (one,) = found(overlay_of(to("uart1", {"modem": modem})))
    assert "serial@1000 and /soc/serial@1000/modem" in one.message
    assert one.severity is Severity.ERROR
    # A serial port is no bus that Linux makes platform devices on.
    assert one.kernel == ()


def test_a_device_without_names_of_states_gets_no_pins() -> None:
    (one,) = found(overlay_of(to("soc", {"dev": {"compatible": "acme,x", "pinctrl-0": 3}})))
    assert one.severity is Severity.WARNING
    assert 'lacks pinctrl-names = "default"' in all_text(one)
    assert one.kernel == ()


@pytest.mark.parametrize(
    ("parent", "name", "content", "claims"),
    [
        ({}, "dev", {"compatible": "acme,x"}, True),
        ({}, "mdio", {}, False),
        ({"compatible": "gpio-keys"}, "key", {}, False),
        ({"compatible": "gpio-leds"}, "led", {}, True),
        ({"device_type": "pci"}, "wifi@0", {"reg": 0}, True),
        ({"device_type": "pciex"}, "wifi@0", {}, True),
    ],
)
def test_nodes_that_become_devices(
    parent: Content, name: str, content: Content, *, claims: bool
) -> None:
    below: Content = {name: {**content, **_DEFAULT}}
    assert bool(found(overlay_of(to("soc", {"top": {**parent, **below}})))) is claims


def test_chips_on_an_mdio_bus_are_devices() -> None:
    for phy, claims in (({"reg": 1}, True), ({}, False)):
        bus: Content = {"mdio": {"phy": {**phy, **_DEFAULT}}}
        assert bool(found(overlay_of(to("soc", bus)))) is claims


def test_plain_buses_got_pins_late() -> None:
    for kinds, severity in (
        (strings("simple-bus"), Severity.WARNING),
        (strings("simple-mfd"), Severity.WARNING),
        (strings("acme,pcie", "simple-bus"), Severity.ERROR),
    ):
        (one,) = found(overlay_of(to("soc", {"bus": {"compatible": kinds, **_DEFAULT}})))
        assert one.severity is severity
        assert bool(one.kernel) is (severity is Severity.ERROR)


def test_lines_of_qualcomm_that_are_muxed_as_gpio() -> None:
    def severities(first: str, second: str) -> list[Severity]:
        groups: Content = {
            f"g{number}": {"p": {"pins": "gpio4", "function": function}, "phandle": 60 + number}
            for number, function in enumerate((first, second))
        }
        tlmm: Content = {"compatible": "qcom,sm8550-tlmm", **groups}
        names: Content = {"compatible": "acme,x", "pinctrl-names": "default"}
        base: Content = {**BASE, "tlmm": tlmm, "one": {**names, "pinctrl-0": 60}}
        two: Content = {**names, "pinctrl-0": 61}
        return [one.severity for one in found(overlay_of(at("/", {"two": two})), base=base)]

    assert severities("gpio", "qup") == severities("qup", "gpio") == [Severity.WARNING]
    assert severities("qup", "qup") == [Severity.ERROR]


def test_a_group_of_no_known_binding() -> None:
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    base: Content = {
        **BASE,
        "soc": {**soc, "pins": {"compatible": "acme,pins", "g": {"acme,mux": 1, "phandle": 41}}},
        "one": {"compatible": "acme,x", "pinctrl-0": 41},
        "two": {"compatible": "acme,x", "pinctrl-0": 41, "status": "disabled"},
    }
    (one,) = found(overlay_of(at("/two", {"status": "okay"})), base=base)
    assert brief([one]) == [
        (
            "DT641",
            "warning",
            "pin configuration g of /soc/pins is used by two enabled devices: one and two",
        )
    ]


# -- addresses -------------------------------------------------------------------------------------


@BOTH
def test_one_address_twice_on_a_bus(applier: Dialect) -> None:
    (one,) = found(CODEC, MIC, applier=applier)
    assert brief([one]) == [
        (
            "DT645",
            "error",
            "i2c@4000 address 0x1a: codec@1a (a.dtbo) and mic@1a (b.dtbo) are both enabled",
        )
    ]
    assert one.kernel == ("Failed to register i2c client mic at 0x1a (-16)",)


def test_addresses_are_those_of_reg() -> None:
    moved = overlay_of(to("temp", {"reg": 0x1A}), name="move.dtbo")
    known = BaseClaims(tree := tree_of(BASE))
    (one,) = found(moved, CODEC, tree=tree, known=known)
    assert "temp@48 (move.dtbo) and codec@1a (a.dtbo)" in one.message
    twin = on_i2c("other", 0x48, "c.dtbo")
    assert found(moved, twin, tree=tree, known=known) == []
    assert len(found(twin, tree=tree, known=known)) == 1


def test_registers_at_one_address_are_a_warning() -> None:
    overlay = overlay_of(to("soc", {"wdt@1000": {"compatible": "acme,wdt", "reg": [0x1000, 4]}}))
    assert [one[:2] for one in brief(found(overlay))] == [("DT645", "warning")]


@pytest.mark.parametrize(
    ("bus", "own", "labels"),
    [
        ({"compatible": "acme,regs"}, "a,b", ["warning"]),
        ({"compatible": strings("acme,regs", "syscon")}, "a,b", []),
        ({"compatible": "acme,regs"}, strings("a,b", "syscon"), []),
        ({"compatible": "acme,syscon"}, "a,b", ["warning"]),
        ({}, "a,b", []),
    ],
)
def test_what_hands_out_addresses(bus: Content, own: object, labels: list[str]) -> None:
    places: Content = {"#address-cells": 1, "#size-cells": 1, "phandle": 80}
    base: Content = {**BASE, "bus": {**bus, **places, "old@8": {"compatible": own, "reg": [8, 4]}}}  # type: ignore[dict-item]
    new = overlay_of(at("/bus", {"new@8": {"compatible": "a,c", "reg": [8, 4]}}))
    assert [label for _, label, _ in brief(found(new, base=base))] == labels
    other = overlay_of(at("/bus", {"other@8": {"compatible": "a,c", "reg": [8, 4]}}))
    if own == "a,b":
        assert bool(between(new, other, base=base)) is bool(labels)


@pytest.mark.parametrize("name", ["dsi@5000", "mipi-dsi@5000", "i2c@0", "mdio"])
def test_buses_of_chips_without_compatible(name: str) -> None:
    bus: Content = {"#address-cells": 1, "#size-cells": 0, "phandle": 80}
    base: Content = {**BASE, name: {**bus, "old@0": {"compatible": "a,b", "reg": 0}}}
    new = overlay_of(at(f"/{name}", {"new@0": {"compatible": "a,c", "reg": 0}}))
    (one,) = found(new, base=base)
    assert one.severity is Severity.ERROR


def test_the_words_say_who_brought_a_device_and_who_enabled_it() -> None:
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    spi = soc["spi@3000"]
    assert isinstance(spi, dict)
    can: Content = {"compatible": "acme,can", "reg": 0, "status": "disabled", "phandle": 81}
    symbols = BASE["__symbols__"]
    assert isinstance(symbols, dict)
    base: Content = {
        **BASE,
        "soc": {**soc, "spi@3000": {**spi, "status": "okay", "can@0": can}},
        "__symbols__": {**symbols, "can0": "/soc/spi@3000/can@0"},
    }
    on = overlay_of(to("can0", {"status": "okay"}), name="can.dtso")
    dev = overlay_of(
        to("spi0", {"spidev@0": {"compatible": "acme,dev", "reg": 0}}), name="spidev.dtso"
    )
    for overlays in ((on, dev), (dev, on)):
        (one,) = found(*overlays, base=base)
        assert "can@0 (the base, enabled by can.dtso)" in one.message
        assert "spidev@0 (spidev.dtso)" in one.message
        assert one.fix == (
            'disable the one of the base: `&can0 { status = "disabled"; };`; or give the other '
            "another address"
        )
    (apart,) = between(on, dev, base=base)
    assert apart[2].message == found(on, dev, base=base)[0].message


def test_nodes_are_named_so_that_they_can_be_found() -> None:
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    symbols = BASE["__symbols__"]
    assert isinstance(symbols, dict)
    gpio: Content = {"gpio-controller": b"", "#gpio-cells": 2, "compatible": "acme,gpio"}
    base: Content = {
        **BASE,
        "soc": {**soc, "bank": {"gpio@0": {**gpio, "phandle": 91}, "gpio@1": gpio}},
        "__symbols__": {**symbols, "gpio5": "/soc/bank/gpio@0"},
    }
    lights = overlay_of(
        at(
            "/",
            {
                "leds": {"compatible": "gpio-leds", "led-0": {"gpios": [0xFFFFFFFF, 9, 0]}},
                "cam": {"compatible": "a,b", "gpios": [0xFFFFFFFF, 9, 0]},
            },
        ),
        fixups={
            "gpio5": (
                "/fragment@0/__overlay__/leds/led-0:gpios:0",
                "/fragment@0/__overlay__/cam:gpios:0",
            )
        },
    )
    (one,) = found(lights, base=base)
    assert one.message == (
        "line 9 of &gpio5 (gpio@0) is claimed by two enabled devices: /leds/led-0 and cam"
    )


def test_what_is_said_of_unit_addresses_is_not_said_twice() -> None:
    from dtovl.checks.verdicts import try_stack

    tree = tree_of(BASE)
    stack, _, sink = try_stack(tree, [CODEC, MIC], LIBFDT, "board.dtb", main=True, asked=True)
    assert "DT136" in [one.code.number for one in sink]
    check_claims(tree, stack.outcomes, "board.dtb", sink)
    assert [one.code.number for one in sink] == ["DT645"]


# -- GPIO, interrupts, DMA -------------------------------------------------------------------------


@BOTH
def test_one_gpio_line_twice(applier: Dialect) -> None:
    (one,) = found(
        with_gpio("cam", 0x10, "a.dtbo"), with_gpio("imu", 0x20, "b.dtbo", "gpios"), applier=applier
    )
    assert brief([one]) == [
        (
            "DT642",
            "error",
            "line 9 of gpio@a000 is claimed by two enabled devices: cam@10 and imu@20",
        )
    ]
    other = with_gpio("imu", 0x20, "b.dtbo", line=8)
    assert found(with_gpio("cam", 0x10, "a.dtbo"), other) == []


def test_a_hog_holds_its_line() -> None:
    hog = overlay_of(to("gpio1", {"led-hog": {"gpio-hog": b"", "gpios": [8, 0, 9, 0]}}))
    (one,) = found(hog, with_gpio("cam", 0x10, "a.dtbo"))
    assert "/soc/gpio@a000/led-hog and cam@10" in one.message
    assert one.severity is Severity.ERROR


def test_two_hogs_of_one_line() -> None:
    def hogs(first: Content, second: Content) -> list[Overlay]:
        return [
            overlay_of(to("gpio1", {name: {"gpio-hog": b"", "gpios": [8, 0], **more}}))
            for name, more in (("a-hog", first), ("b-hog", second))
        ]

    (one,) = found(*hogs({"output-high": b""}, {"output-low": b""}))
    assert one.severity is Severity.WARNING
    assert "Linux 6.9" in all_text(one)
    assert "different things: output-high and output-low" in all_text(one)
    (same,) = found(*hogs({"input": b""}, {"input": b""}))
    assert "different" not in all_text(same)
    assert len(between(*hogs({"input": b""}, {"input": b""}))) == 1


def _powered(name: str, kind: str, key: str) -> Overlay:
    return overlay_of(
        at("/", {name: {"compatible": kind, key: [0xFFFFFFFF, 9, 0]}}),
        fixups={"gpio1": f"/fragment@0/__overlay__/{name}:{key}:0"},
    )


def test_lines_that_drivers_open_for_others_too() -> None:
    hog = overlay_of(to("gpio1", {"hog": {"gpio-hog": b"", "gpios": [9, 0]}}))
    rail = _powered("rail", "regulator-fixed", "gpio")
    states = [_powered(name, "regulator-gpio", "gpios") for name in ("r1", "r2")]
    enables = [_powered(name, "regulator-gpio", "enable-gpios") for name in ("e1", "e2")]
    for pair, clash in (
        ([hog, rail], False),
        ([rail, hog], False),
        (enables, False),
        ([hog, states[0]], True),
        (states, True),
        ([rail, with_gpio("cam", 0x10, "a.dtbo")], True),
        ([_powered(name, "a,phy", "load-save-gpios") for name in ("p1", "p2")], False),
        ([_powered("p1", "a,phy", "load-save-gpios"), with_gpio("cam", 0x10, "a")], True),
    ):
        assert [one.severity for one in found(*pair)] == [Severity.ERROR] * clash
        assert len(between(*pair)) == clash


def test_chips_on_an_mdio_bus_want_a_reset_line_each() -> None:
    bus: Content = {"#address-cells": 1, "#size-cells": 0, "phandle": 70}
    base: Content = {**BASE, "mac": {"compatible": "acme,mac", "mdio": bus}}
    phys = [
        overlay_of(
            at("/mac/mdio", {name: {"reg": number, "reset-gpios": [0xFFFFFFFF, 9, 1]}}),
            fixups={"gpio1": f"/fragment@0/__overlay__/{name}:reset-gpios:0"},
        )
        for number, name in enumerate(("phy@0", "phy@1"))
    ]
    (one,) = found(*phys, base=base)
    assert one.severity is Severity.WARNING
    assert "/mac/mdio/phy@0 and /mac/mdio/phy@1" in one.message
    assert [found.message for *_, found in between(*phys, base=base)] == [one.message]


def test_a_hog_of_the_base_holds_its_line() -> None:
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    gpio = soc["gpio@a000"]
    assert isinstance(gpio, dict)
    hog: Content = {"gpio-hog": b"", "gpios": [9, 0]}
    base: Content = {**BASE, "soc": {**soc, "gpio@a000": {**gpio, "hog": hog}}}
    (one,) = found(with_gpio("cam", 0x10, "a.dtbo"), base=base)
    assert "/soc/gpio@a000/hog and cam@10" in one.message


def test_lines_that_are_shared_on_purpose() -> None:
    one = with_gpio("cam", 0x10, "a.dtbo", "reset-gpios")
    other = with_gpio("imu", 0x20, "b.dtbo", "reset-gpios")
    assert [label for _, label, _ in brief(found(one, other))] == ["info"]
    mixed = with_gpio("imu", 0x20, "b.dtbo", "enable-gpios")
    assert [label for _, label, _ in brief(found(one, mixed))] == ["error"]
    rails = [
        overlay_of(
            at("/", {name: {"compatible": "regulator-fixed", "gpio": [0xFFFFFFFF, 3, 0]}}),
            fixups={"gpio1": f"/fragment@0/__overlay__/{name}:gpio:0"},
        )
        for name in ("rail-a", "rail-b")
    ]
    assert found(*rails) == []


@pytest.mark.parametrize(
    ("triggers", "label"), [((2, 2), "warning"), ((8, 8), "info"), ((8, 2), "warning")]
)
def test_one_interrupt_line_twice(triggers: tuple[int, int], label: str) -> None:
    overlays = [interrupting("cam", 0x10, triggers[0]), interrupting("imu", 0x20, triggers[1])]
    assert brief(found(*overlays)) == [
        (
            "DT643",
            label,
            "interrupt 5 of gpio@a000 is used by two enabled devices: cam@10 and imu@20",
        )
    ]


def test_interrupt_parents_are_found_up_the_tree_and_in_extended_lists() -> None:
    one = overlay_of(to("soc", {"new@5000": {"compatible": "a,b", "interrupts": [0, 7, 1]}}))
    assert "interrupt SPI 7 of gic@f000" in found(one)[0].message
    other = overlay_of(
        at("/", {"new": {"compatible": "a,b", "interrupts-extended": [0xFFFFFFFF, 5, 2]}}),
        fixups={"gpio1": "/fragment@0/__overlay__/new:interrupts-extended:0"},
    )
    (both,) = found(other, interrupting("cam", 0x10, 2))
    assert "new and cam@10" in both.message


def test_an_interrupt_parent_that_changes_nothing() -> None:
    edge: Content = {"compatible": "a,b", "interrupts": [0, 9, 1]}
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    base: Content = {**BASE, "soc": {**soc, "one": edge, "two": edge}}
    assert found(overlay_of(to("soc", {"interrupt-parent": 20})), base=base) == []
    gpio: Content = {**base, "interrupt-parent": 21}
    answer = found(overlay_of(to("soc", {"interrupt-parent": 20})), base=gpio)
    assert [one.code.number for one in answer] == ["DT643"]


def test_interrupts_of_each_cpu_are_no_clash() -> None:
    new: Content = {"compatible": "a,b", "interrupts": [1, 7, 4]}
    assert found(overlay_of(at("/", {"pmu": new, "timer": new}))) == []


def test_what_a_chip_shares_inside_is_not_told_of_devices_that_are_only_enabled() -> None:
    overlay = overlay_of(to("uart2", {"status": "okay", "pinctrl-0": b""}))
    assert found(overlay) == []


def test_one_dma_channel_twice() -> None:
    overlay = overlay_of(
        to("soc", {"dev@6000": {"compatible": "a,b", "dmas": [0xFFFFFFFF, 5, 0]}}),
        fixups={"dma": "/fragment@0/__overlay__/dev@6000:dmas:0"},
    )
    assert brief(found(overlay)) == [
        (
            "DT644",
            "warning",
            "channel 5 0 of dma@b000 is claimed by two enabled devices: serial@1000 and dev@6000",
        )
    ]


# -- the index of a base ---------------------------------------------------------------------------

POOL = [
    UART,
    SPI,
    CODEC,
    MIC,
    with_gpio("cam", 0x10, "c.dtbo"),
    with_gpio("imu", 0x20, "d.dtbo", "gpios"),
    interrupting("tof", 0x30, 2),
    overlay_of(to("uart1", {"status": "disabled"}), name="off.dtbo"),
    overlay_of(to("uart2", {"status": "okay"}), name="on.dtbo"),
    overlay_of(to("temp", {"reg": 0x1A}), name="move.dtbo"),
    overlay_of(to("uart2_pins", {"pinctrl-single,pins": [0x160, 1]}), name="pins.dtbo"),
    overlay_of(at("/", {"interrupt-parent": 20}), name="same.dtbo"),
]


@given(
    st.lists(
        st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=3, unique=True), max_size=6
    ),
    st.sampled_from([LIBFDT, LINUX]),
)
def test_what_is_kept_of_a_base_stays_right(cases: list[list[int]], applier: Dialect) -> None:
    tree = tree_of(BASE)
    known = BaseClaims(tree)
    for case in cases:
        overlays = [POOL[number] for number in case]
        kept = found(*overlays, tree=tree, known=known, applier=applier)
        anew = found(*overlays, applier=applier)
        assert [all_text(one) for one in kept] == [all_text(one) for one in anew]


# -- between overlays ------------------------------------------------------------------------------


@BOTH
def test_overlays_that_cannot_be_used_together(applier: Dialect) -> None:
    answer = between(UART, CODEC, SPI, MIC, applier=applier)
    assert [(one, other, found.code.number) for one, other, found in answer] == [
        (0, 2, "DT640"),
        (1, 3, "DT645"),
    ]
    assert {found.severity for *_, found in answer} == {Severity.WARNING}
    pins, address = (found for *_, found in answer)
    assert pins.who == "BB-UART2.dtbo and BB-SPIDEV1.dtbo"
    assert pins.kernel == ("pin PIN88 already requested by 2000.serial; cannot claim for 3000.spi",)
    assert "codec@1a (a.dtbo) and mic@1a (b.dtbo)" in address.message
    assert address.kernel == ("Failed to register i2c client mic at 0x1a (-16)",)


def test_pairs_that_are_never_used_together_are_left_out() -> None:
    assert between(UART, SPI, apart=((0, 1),)) == []


def test_one_device_is_no_clash_with_itself() -> None:
    assert between(UART, muxed("uart2", 0x160, "again.dtbo")) == []
    assert between(CODEC, on_i2c("codec", 0x1A, "again.dtbo")) == []


def test_an_overlay_that_turns_the_others_device_off() -> None:
    taking = overlay_of(
        to("pinmux", {"g": {"pinctrl-single,pins": [0x160, 1], "phandle": 1}}),
        to("spi0", {"status": "okay", "pinctrl-0": 1}),
        to("uart2", {"status": "disabled"}),
        local={"fragment@1": {"__overlay__": {"pinctrl-0": 0}}},
    )
    assert between(UART, taking) == []
    assert between(taking, UART) == []


def test_what_may_well_be_shared_is_not_told_of_two_overlays() -> None:
    resets = [
        with_gpio("cam", 0x10, "a.dtbo", "reset-gpios"),
        with_gpio("imu", 0x20, "b", "reset-gpios"),
    ]
    assert between(*resets) == []
    rails = [
        overlay_of(
            at("/", {name: {"compatible": "regulator-fixed", "gpio": [0xFFFFFFFF, 3, 0]}}),
            fixups={"gpio1": f"/fragment@0/__overlay__/{name}:gpio:0"},
        )
        for name in ("rail-a", "rail-b")
    ]
    for applier in (LIBFDT, LINUX):
        assert between(*rails, applier=applier) == []


def test_a_refused_overlay_claims_nothing() -> None:
    tree = tree_of(BASE)
    index = ClaimIndex(tree, "board.dtb")
    index.add(0, apply_overlay(tree, overlay_of(to("nothing", {"x": 1})), LIBFDT))
    assert list(index.findings()) == []


# -- hostile input ---------------------------------------------------------------------------------


def test_many_clashes_are_bounded_and_counted() -> None:
    many: Content = {f"c{number}@1a": {"compatible": "a,b", "reg": 0x1A} for number in range(300)}
    answer = found(overlay_of(to("i2c1", many)))
    assert len(answer) == MOST_CLASHES + 1
    assert brief(answer)[-1] == (
        "DT649",
        "info",
        f"{299 - MOST_CLASHES} more claims are not shown, or not looked at",
    )


@pytest.mark.parametrize("count", [0, 17, 0xFFFFFFFF])
def test_counts_of_cells_that_nobody_can_mean(count: int) -> None:
    soc = BASE["soc"]
    assert isinstance(soc, dict)
    wild: Content = {
        "compatible": "a,b",
        "phandle": 21,
        "#gpio-cells": count,
        "#interrupt-cells": count,
        "#dma-cells": count,
        "#address-cells": count,
        "#pinctrl-cells": count,
    }
    base: Content = {**BASE, "soc": {**soc, "gpio@a000": wild}}
    row = [21, 1, 2, 21, 3, 4]
    new: Content = {
        "compatible": "a,b",
        "reg": row,
        "gpios": row,
        "dmas": row,
        "interrupts-extended": row,
    }
    below: Content = {"compatible": "a,b", "reg": row, "interrupts": row, "interrupt-parent": 21}
    found(overlay_of(at("/", {"a": new, "b": new}), at("/soc/gpio@a000", {"c": below})), base=base)


def test_loops_of_phandles_end() -> None:
    loop: Content = {
        "a": {"phandle": 50, "interrupt-parent": 51, "compatible": "a,b"},
        "b": {"phandle": 51, "interrupt-parent": 50, "compatible": "a,b"},
    }
    new: Content = {
        "compatible": "a,b",
        "interrupt-parent": 50,
        "interrupts": 1,
        "phandle": 5,
        "pinctrl-0": [50, 51],
        "gpios": [50, 51],
    }
    assert found(overlay_of(at("/", {"new": new})), base={**BASE, **loop}) == []


VALUES = st.one_of(
    st.binary(max_size=24),
    st.lists(st.sampled_from([0, 1, 2, 3, 5, 9, 20, 21, 22, 0xFFFFFFFF]), max_size=8).map(
        lambda row: b"".join(number.to_bytes(4, "big") for number in row)
    ),
)
KEYS = st.sampled_from(
    [
        "compatible", "reg", "status", "pinctrl-0", "pinctrl-1", "pinctrl-names", "gpios",
        "x-gpios", "gpio-hog", "interrupts", "interrupts-extended", "interrupt-parent", "dmas",
        "phandle", "#gpio-cells", "#interrupt-cells", "#address-cells", "#size-cells",
        "pinctrl-single,pins",
    ]
)  # fmt: skip
WILD = st.dictionaries(KEYS, VALUES, max_size=5)


@given(
    st.lists(
        st.tuples(st.sampled_from(["/", "/soc", "/soc/i2c@4000", "/keys"]), WILD, WILD), max_size=4
    )
)
def test_any_overlay_is_looked_at(fragments: list[tuple[str, Content, Content]]) -> None:
    overlay = overlay_of(*(at(path, {**own, "new@1": below}) for path, own, below in fragments))
    tree = tree_of(BASE)
    outcome = apply_overlay(tree, overlay, LIBFDT)
    sink = Sink()
    known = BaseClaims(tree)
    check_claims(tree, [outcome], "board.dtb", sink, known)
    index = ClaimIndex(tree, "board.dtb", known)
    index.add(0, outcome)
    outcome.changeset.revert(tree)
    assert len(sink) <= MOST_CLASHES + 1
    assert list(index.findings()) == []


def test_a_deep_tree_costs_no_recursion() -> None:
    content: Content = {"status": "okay", "compatible": "a,b", "interrupts": 1}
    for _ in range(900):
        content = {"n": content}
    overlay = overlay_of(at("/keys", content), local=inside({}))
    assert found(overlay) == []
