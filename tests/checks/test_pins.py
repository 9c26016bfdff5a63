"""Which pins the nodes of pin controllers mux, and which states of a device count."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import Content, cells, node_of, strings, tree_of

from dtovl.checks.pinbindings import MOST_PINS, PINMUX, READERS, Controller, pin_words, pins_of
from dtovl.checks.pins import Groups, pin_claims, states_at_probe


def words(compatible: str, group: Content, controller: Content | None = None) -> list[str]:
    """Give the pins of a group as people read them; with the kernel's name where it differs."""
    tops = node_of("pinmux", {"compatible": compatible, **(controller or {})})
    owner = Controller(tops.properties, compatible)
    read = pins_of(node_of("g", group).properties, owner)
    assert read is not None
    shown = []
    for pin in read:
        number, name = pin_words(pin, owner)
        shown.append(f"{number} ({name})" if name and name != number else number)
    return shown


GROUPS: list[tuple[str, Content, list[str]]] = [
    (
        "pinctrl-single",
        {"pinctrl-single,pins": [0x150, 1, 0x158, 2]},
        ["0x150 (PIN84)", "0x158 (PIN86)"],
    ),
    ("fsl,imx8mp-iomuxc", {"fsl,pins": [0x14, 0x274, 0, 0, 0, 0x19]}, ["5"]),
    ("fsl,imx6q-iomuxc", {"fsl,pins": [0, 0x3B0, 0, 0, 0, 1]}, ["236"]),
    ("fsl,imx93-iomuxc", {"fsl,pins": [0, 0x1B0, 0, 0, 0, 1]}, ["0"]),
    ("fsl,vf610-iomuxc", {"fsl,pins": [0x10, 0, 1, 0, 2, 0x20, 0, 1, 0, 2]}, ["4", "8"]),
    ("fsl,imx8qm-iomuxc", {"fsl,pins": [64, 0, 0x20, 65, 0, 0x20]}, ["64", "65"]),
    ("fsl,imx28-pinctrl", {"fsl,pinmux-ids": [0x3002, 0x3012]}, ["3.0", "3.1"]),
    (
        "rockchip,rk3399-pinctrl",
        {"rockchip,pins": [0, 12, 1, 9, 4, 3, 2, 9]},
        ["gpio0-12", "gpio4-3"],
    ),
    ("brcm,bcm2835-gpio", {"brcm,pins": [14, 15], "brcm,function": 4}, ["gpio14", "gpio15"]),
    ("brcm,bcm2711-gpio", {"pins": "gpio14", "function": "alt0"}, ["gpio14"]),
    ("atmel,at91sam9x5-pinctrl", {"atmel,pins": [1, 17, 1, 0]}, ["pioB17"]),
    ("samsung,s5pv210-pinctrl", {"samsung,pins": "gpa0-0", "samsung,pin-function": 2}, ["gpa0-0"]),
    ("allwinner,sun8i-h3-pinctrl", {"pins": "PA4", "function": "uart0"}, ["PA4"]),
    ("allwinner,sun4i-a10-pinctrl", {"allwinner,pins": "PB0", "allwinner,function": "x"}, ["PB0"]),
    ("marvell,88f6281-pinctrl", {"marvell,pins": "mpp4", "marvell,function": "gpio"}, ["mpp4"]),
    (
        "nvidia,tegra30-pinmux",
        {"nvidia,pins": "clk1_out_pw4", "nvidia,function": "x"},
        ["clk1_out_pw4"],
    ),
    (
        "qcom,sm8550-tlmm",
        {"pins": strings("gpio4", "gpio5"), "function": "qup"},
        ["gpio4 (GPIO_4)", "gpio5 (GPIO_5)"],
    ),
    ("qcom,pm8550-gpio", {"pins": "gpio4", "function": "normal"}, ["gpio4"]),
    ("xlnx,zynqmp-pinctrl", {"groups": "i2c1_4_grp", "function": "i2c1"}, ["i2c1_4_grp"]),
    ("mediatek,mt8183-pinctrl", {"pinmux": [155 << 8 | 1]}, ["155"]),
    ("st,stm32mp157-pinctrl", {"pinmux": [13 << 8 | 3, 17 << 8]}, ["PA13", "PB1"]),
    ("atmel,sama5d2-pinctrl", {"pinmux": [0x1_0021]}, ["PB1"]),
    ("renesas,r9a07g044-pinctrl", {"pinmux": [0x2_0015]}, ["21"]),
    ("spacemit,k1-pinctrl", {"pinmux": [7 << 16 | 2]}, ["7"]),
    ("acme,pins", {"pinmux": [0x12]}, ["pinmux 0x12"]),
    ("acme,pins", {"pins": [3, 4], "function": "x"}, ["3", "4"]),
    ("acme,pins", {"function": "x", "groups": ""}, [""]),
]


@pytest.mark.parametrize(("compatible", "group", "expected"), GROUPS, ids=lambda one: str(one)[:40])
def test_pins_of_a_binding(compatible: str, group: Content, expected: list[str]) -> None:
    assert words(compatible, group) == expected


def test_single_counts_by_width_and_cells() -> None:
    group: Content = {"pinctrl-single,pins": [4, 1, 2, 6, 1, 2]}
    controller: Content = {"#pinctrl-cells": 2, "pinctrl-single,register-width": 16}
    assert words("pinctrl-single", group, controller) == ["0x4 (PIN2)", "0x6 (PIN3)"]


def test_several_pins_in_a_register() -> None:
    group: Content = {"pinctrl-single,bits": [4, 0x30, 0xF0]}
    controller: Content = {
        "pinctrl-single,register-width": 32,
        "pinctrl-single,function-mask": 15,
        "pinctrl-single,bit-per-mux": b"",
    }
    assert words("pinctrl-single", group, controller) == ["PIN9"]


@pytest.mark.parametrize(
    "group",
    [
        {"pins": "gpio4", "bias-pull-up": b""},
        {"brcm,pins": [4], "brcm,pull": 2},
        {"nvidia,pins": "x", "nvidia,tristate": 0},
        {"pinctrl-pin-array": [1, 2, 3]},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_only_configures_claims_nothing(group: Content) -> None:
    assert words("qcom,sm8550-tlmm", group) == []


def test_other_properties_are_no_binding() -> None:
    group = node_of("g", {"acme,mux": [1, 2]})
    assert pins_of(group.properties, Controller({}, "acme,pins")) is None


def test_a_huge_list_is_cut() -> None:
    value = bytes(range(256)) * 4096
    for key in READERS:
        properties = {key: value, "function": b"x\0", "brcm,function": b"", "fsl,function": b""}
        read = pins_of(properties, Controller({}, "acme,pins"))
        assert read is not None
        assert len(read) <= MOST_PINS


NAMES = st.sampled_from([*READERS, "function", "brcm,function", "samsung,pin-function", "x"])
VALUES = st.one_of(
    st.binary(max_size=48),
    st.lists(st.sampled_from([0, 1, 4, 0xFFFFFFFF]), max_size=12).map(lambda row: cells(*row)),
)


@given(
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.sampled_from([*PINMUX, "pinctrl-single", "fsl,imx8qm", "fsl,vf610", "qcom,a-tlmm", ""]),
    st.dictionaries(
        st.sampled_from(
            ["#pinctrl-cells", "pinctrl-single,register-width", "pinctrl-single,function-mask"]
        ),
        VALUES,
    ),
)
def test_any_bytes_are_read(group: Any, compatible: str, controller: Any) -> None:
    for pin in pins_of(group, Controller(controller, compatible)) or ():
        hash(pin)
        number, name = pin_words(pin, Controller(controller, compatible))
        assert isinstance(number, str)
        assert isinstance(name, str)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (None, ("pinctrl-0",)),
        (strings("default"), ("pinctrl-0",)),
        (strings("sleep", "default"), ("pinctrl-1",)),
        (strings("init", "default", "sleep"), ("pinctrl-0", "pinctrl-1")),
        (strings("idle"), ()),
        (b"default", ()),
        (b"", ()),
    ],
)
def test_states_that_are_in_force_at_probe(names: bytes | None, expected: tuple[str, ...]) -> None:
    node = node_of("dev", {} if names is None else {"pinctrl-names": names})
    assert states_at_probe(node) == expected


def claimed(groups: Content, value: list[int]) -> list[tuple[str, object]]:
    tree = tree_of(
        {
            "pinmux": {"compatible": "pinctrl-single", "phandle": 1, **groups},
            "dev": {"compatible": "acme,dev", "pinctrl-0": value},
        }
    )
    found = pin_claims(tree, tree.root.children["dev"], Groups())
    return [(claim.provider.name, claim.unit) for claim in found]


def test_nested_groups_and_several_phandles() -> None:
    groups: Content = {
        "a": {"phandle": 2, "mux": {"pinctrl-single,pins": [4, 1]}, "conf": {"pins": "x"}},
        "deep": {"b": {"phandle": 3, "pinctrl-single,pins": [8, 1, 12, 1]}},
    }
    single = [("pinmux", ("single", number)) for number in (1, 2, 3)]
    assert claimed(groups, [2, 3, 3, 99]) == single


def test_a_group_of_no_known_binding_is_claimed_as_a_whole() -> None:
    ((provider, unit),) = claimed({"a": {"phandle": 2, "acme,mux": [1]}}, [2])
    assert (provider, getattr(unit, "name", "")) == ("pinmux", "a")
    assert claimed({"a": {"phandle": 2}}, [2]) == []


def test_banks_of_st() -> None:
    groups: Content = {"a": {"phandle": 2, "st,pins": {"tx": [7, 3, 1, 0]}}}
    assert claimed(groups, [2]) == [("pinmux", ("bank", (7, 3)))]


def test_a_value_that_is_cut_short() -> None:
    assert claimed({"a": {"phandle": 2, "pinctrl-single,pins": pack(">IIH", 4, 1, 0)}}, [2]) == [
        ("pinmux", ("single", 1))
    ]
