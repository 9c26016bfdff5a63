"""The template of virtual PCI hosts: the device comes and goes at the status, and nowhere else.

Specification 7.1: order of entries is order of notifications; the device is made at the one of
`status`, when all entries are in the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from write_docs import ROOT

from dtovl import load
from dtovl.fdt.write import flatten
from dtovl.model.dialect import KERNELS
from dtovl.script.machine import Machine
from dtovl.script.stepfile import read_steps

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = ROOT / "fixtures" / "steps" / "template.yaml"
HOST = "/soc/pci@70000"


def started(kernel: str) -> tuple[Machine, list[dict[str, Any]]]:
    script = read_steps(STEPS.read_bytes(), "template.yaml")

    def overlay(name: str) -> bytes:
        return flatten(load(STEPS.parent / name))

    base = load(STEPS.parent / script.base)
    machine = Machine(base, KERNELS[kernel], overlay)
    return machine, [step.values for step in script.steps]


def brief(log: list[dict[str, Any]]) -> list[str]:
    return [
        f"{entry['action']} {entry.get('property', entry.get('device', ''))}".strip()
        for entry in log
        if entry.get("event") in ("reconfig", "device")
    ]


def device_of(machine: Machine) -> list[str]:
    return [one["device"] for one in machine.state()["devices"] if one["node"] == HOST]


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_device_comes_with_the_status_and_goes_with_it(kernel: str) -> None:
    machine, steps = started(kernel)
    events: dict[str, list[str]] = {}
    for step in steps:
        answer = machine.step(step)
        assert answer["findings"] == []
        assert answer["hazard"] is None
        events[step["op"]] = brief(answer["log"])
        expected = step["op"] in ("cs_apply", "address", "irq") or step.get("node") == HOST
        recording = step["op"] in ("cs_update", "cs_add", "cs_revert")
        assert device_of(machine) == (["70000.pci"] if expected and not recording else [])
    assert events["cs_apply"] == [
        "update-property reg",
        "add-property interrupts",
        "update-property status",
        "add 70000.pci",
    ]
    assert events["cs_revert"] == [
        "update-property status",
        "del 70000.pci",
        "removed 70000.pci",
        "remove-property interrupts",
        "update-property reg",
    ]
    assert not [one for one in events["apply"] if "70000.pci" in one]


class Watch:
    """Looks at the node whenever it is told of a change."""

    def __init__(self, look: Callable[[], tuple[object, ...]]) -> None:
        self._look = look
        self.seen: list[tuple[object, ...]] = []

    def reconfig(self, place: str, action: str, node: object) -> str:
        if place == "reconfig-first":
            self.seen.append(self._look())
        return ""

    def overlay(self, action: str, target: object, content: object) -> str:
        return ""


def test_all_values_are_in_the_tree_before_anybody_is_told() -> None:
    machine, steps = started("6.1")
    names = [step["op"] for step in steps]
    for step in steps[: names.index("cs_apply")]:
        machine.step(step)
    node = machine.live.tree.find(HOST)
    assert node is not None

    def look() -> tuple[object, ...]:
        live = machine.live
        return tuple(live.property(node, name) for name in ("reg", "interrupts", "status"))

    watch = Watch(look)
    machine.live.listeners.append(watch)
    machine.step({"op": "cs_apply", "cs": "runtime"})
    reg, interrupts = bytes.fromhex("0007000000001000"), bytes.fromhex("0000001500000004")
    assert watch.seen == [(reg, interrupts, b"okay\0")] * 3


def test_everything_is_undone() -> None:
    machine, steps = started("6.1")
    before = machine.state()
    for step in steps:
        machine.step(step)
    assert machine.state() == before
    assert machine.step({"op": "leak_scan"})["leaks"] == []
    assert machine.step({"op": "dump"})["nodes"] == []


def test_the_overlay_cannot_go_while_the_changeset_is_in_force() -> None:
    machine, steps = started("6.1")
    names = [step["op"] for step in steps]
    for step in steps[: names.index("cs_apply") + 1]:
        machine.step(step)
    answer = machine.step({"op": "remove", "overlay": "host"})
    assert answer["ret"] == "-ENODEV"
    assert [one["text"] for one in answer["log"] if "text" in one] == [
        f"OF: changeset: apply failed: REMOVE_PROPERTY {HOST}:status",
        "OF: Error reverting changeset (-19)",
    ]
    assert device_of(machine) == ["70000.pci"]
