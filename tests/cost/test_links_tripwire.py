"""After an overlay only what it touches is judged again: nodes with other business stay unread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import wires
from support.overlays import at, lines, overlay_of, to
from support.trees import Content, tree_of

from dtovl.checks.linked import BaseLinks
from dtovl.links.after import judge_after
from dtovl.links.board import Board
from dtovl.links.consumers import Consumers
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

SIZES = (200, 2_000)
BOTH = pytest.mark.parametrize("dialect", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)
GIC, OSC, PINS = 0x10001, 0x10002, 0x10003


def board(size: int) -> Content:
    """Make a base of buses with devices that share clocks and interrupts, each with its bank."""
    soc: Content = {
        "compatible": "simple-bus",
        "gic": {
            "compatible": "acme,gic",
            "interrupt-controller": b"",
            "#interrupt-cells": 1,
            "phandle": GIC,
        },
        "osc": {"compatible": "fixed-clock", "#clock-cells": 1, "phandle": OSC},
        "pins": {"compatible": "acme,pins", "state": {"phandle": PINS}},
    }
    symbols: Content = {"osc": "/soc/osc", "gic": "/soc/gic"}
    number = 0
    for bus in range(size // 20):
        devices: Content = {"compatible": "simple-bus"}
        for unit in range(10):
            number += 2
            bank, device = number, number + 1
            devices[f"gpio{unit}"] = {
                "compatible": "acme,gpio",
                "#gpio-cells": 1,
                "gpio-controller": b"",
                "phandle": bank,
            }
            devices[f"dev{unit}"] = {
                "compatible": "acme,dev",
                "clocks": [OSC, number],
                "interrupts": number,
                "cs-gpios": [bank, 1],
                "pinctrl-0": PINS,
                "pinctrl-names": "default",
                "status": "disabled",
                "phandle": device,
            }
            symbols[f"dev{number}"] = f"/soc/bus{bus}/dev{unit}"
            symbols[f"gpio{number}"] = f"/soc/bus{bus}/gpio{unit}"
        soc[f"bus{bus}"] = devices
    return {"compatible": "a,b", "interrupt-parent": GIC, "soc": soc, "__symbols__": symbols}


# Enables the first device of the first bus, takes the bank of the second away from its device, and
# brings a device that is clocked by the third, which has no clock.
OVERLAY = overlay_of(
    to("dev2", {"status": "okay"}),
    to("gpio4", {"status": "disabled"}),
    to("dev4", {"status": "okay"}),
    at("/soc/bus1", {"new": {"compatible": "acme,new", "clocks": [0, 1], "interrupts": 9}}),
    fixups={"dev6": "/fragment@3/__overlay__/new:clocks:0"},
)
TOUCHED = ("/soc/bus0/dev0", "/soc/bus0/gpio1", "/soc/bus0/dev1", "/soc/bus1", "/soc/bus1/new")
LOOKED_AT = ("/soc/bus0/gpio0", "/soc/bus0/dev2", "/soc/osc", "/soc/gic", "/soc/pins/state")
FOUND = [
    ("L002", "/soc/bus1/new"),
    ("L006", "/soc/bus0/dev1"),
]


@pytest.fixture(scope="module", params=SIZES)
def base(request: pytest.FixtureRequest) -> Tree:
    return tree_of(board(request.param))


def arm(tree: Tree, *free: str) -> None:
    wires.arm(tree, (*TOUCHED, *free), LOOKED_AT)


@BOTH
def test_judging_after_an_overlay(base: Tree, dialect: Dialect) -> None:
    consumers = Consumers(base)
    before = lines(base)
    stack = apply_stack(base, [OVERLAY], dialect)
    arm(base)
    try:
        after = judge_after(Board(base), consumers, stack.outcomes[0].changeset.entries)
        found = sorted((one.rule, one.node.path) for one in after.findings)
    finally:
        wires.disarm(base)
        stack.revert(base)
    assert found == FOUND
    assert lines(base) == before


@BOTH
def test_what_a_check_does(base: Tree, dialect: Dialect) -> None:
    """All of it: judging, looking up what the base says of the same nodes, words."""
    links = BaseLinks(base)
    first = apply_stack(base, [overlay_of(at("/soc/osc", {"label": "x"}))], dialect)
    links.diagnostics(first.outcomes)  # reads who refers to whom, once for a base
    first.revert(base)
    stack = apply_stack(base, [OVERLAY], dialect)
    arm(base, "/__symbols__")  # what suppliers are called
    try:
        told = links.diagnostics(stack.outcomes)
    finally:
        wires.disarm(base)
        stack.revert(base)
    assert sorted((one.code.number, one.path) for one in told) == FOUND


def test_a_wire_fires(base: Tree) -> None:
    """One that reads of a node what is not its business ends on a wire."""
    consumers = Consumers(base)
    entries = []
    for overlay in (OVERLAY, overlay_of(to("dev18", {"status": "okay"}))):
        entries += apply_stack(base, [overlay], LIBFDT).outcomes[0].changeset.entries
    arm(base)
    try:
        with pytest.raises(wires.TouchedError):
            judge_after(Board(base), consumers, entries)
    finally:
        wires.disarm(base)
        for entry in reversed(entries):
            entry.revert(base)
