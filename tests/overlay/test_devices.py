"""Platform devices that cannot be made, as another has their name."""

from __future__ import annotations

from support.trees import Content, cells, tree_of

from dtovl.model.dialect import LINUX
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.devices import device_name
from dtovl.overlay.fragments import Overlay

BASE: Content = {
    "#address-cells": 1,
    "#size-cells": 1,
    "uart@1000": {"compatible": "acme,uart", "reg": cells(0x1000, 1)},
    "uart@1000,1": {"compatible": "acme,uart", "reg": cells(0x1000, 1), "status": "disabled"},
    "spi@1000": {"compatible": "acme,spi", "reg": cells(0x1000, 1)},
}


def error(content: Content, *, target: str = "/") -> tuple[bool, str, list[str]]:
    base = tree_of(BASE)
    overlay = tree_of({"fragment@0": {"target-path": target, "__overlay__": content}})
    outcome = apply_overlay(base, Overlay(overlay), LINUX)
    return outcome.applies, outcome.error, [line.text for line in outcome.lines]


def test_a_new_node_with_the_name_of_a_device() -> None:
    applies, answer, lines = error({"uart@1000,2": {"reg": cells(0x1000, 1)}})
    assert (applies, answer) == (True, "-EINVAL")
    assert "OF: of_platform_notify: failed to create for '/uart@1000,2'" in lines


def test_a_node_that_is_enabled() -> None:
    applies, answer, lines = error({"status": "okay"}, target="/uart@1000,1")
    assert (applies, answer) == (True, "-EINVAL")
    assert "OF: of_platform_notify: failed to create for '/uart@1000,1'" in lines


def test_another_name_or_address_is_no_clash() -> None:
    assert error({"i2c@1000": {"reg": cells(0x1000, 1)}})[1] == ""
    assert error({"uart@2000": {"reg": cells(0x2000, 1)}})[1] == ""
    assert error({"uart@1000,2": {"reg": cells(0x1000, 1), "status": "disabled"}})[1] == ""


def test_enabling_what_was_enabled_makes_no_device() -> None:
    assert error({"status": "ok"}, target="/uart@1000")[1] == ""


def test_names_of_devices() -> None:
    tree = tree_of(BASE)
    node = tree.find("/uart@1000,1")
    assert node is not None
    assert device_name(node) == "1000.uart"
