"""Interrupts: parents, extended ones, maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.asking import RECORDED, ask, lines, live_of

from dtovl.live.objects import Oops
from dtovl.live.state import Live
from dtovl.model.dialect import LINUX_7_2

if TYPE_CHECKING:
    from support.trees import Content


def controllers(**more: Any) -> Live:
    return live_of(
        {
            "#address-cells": 1,
            "#size-cells": 1,
            "interrupt-parent": 1,
            "gic": {"phandle": 1, "#interrupt-cells": 2, "interrupt-controller": None},
            "pic": {"phandle": 2, "#interrupt-cells": 1, "interrupt-controller": None},
            "soc": {"dev": {"interrupts": [5, 1, 6, 2], "reg": [0x10, 4]}},
            **more,
        }
    )


def irq(live: Live, node: str = "/soc/dev", index: int = 0) -> dict[str, Any]:
    return ask(live, "irq", node=node, index=index)


def test_interrupt_parent_is_inherited() -> None:
    live = controllers(own={"interrupt-parent": 2, "interrupts": [9]}, bare={})
    assert irq(live) == {"ret": 0, "node": "/gic", "args": [5, 1]}
    assert irq(live, index=1) == {"ret": 0, "node": "/gic", "args": [6, 2]}
    assert irq(live, index=2) == {"ret": "-EOVERFLOW"}
    assert irq(live, "/own") == {"ret": 0, "node": "/pic", "args": [9]}
    assert irq(live, "/bare") == {"ret": "-EINVAL"}


def test_number_of_an_interrupt_wraps() -> None:
    live = controllers(own={"interrupt-parent": 2, "interrupts": [9]})
    assert irq(live, index=-1) == {"ret": "-EOVERFLOW"}
    for index in (-1, (1 << 30) - 1):
        with pytest.raises(Oops, match="far beyond"):
            irq(live, "/own", index)


def test_extended_interrupts_come_first() -> None:
    live = controllers(n={"interrupts-extended": [2, 3, 1, 4, 5], "interrupts": [7, 7]})
    assert irq(live, "/n") == {"ret": 0, "node": "/pic", "args": [3]}
    assert irq(live, "/n", 1) == {"ret": 0, "node": "/gic", "args": [4, 5]}
    assert irq(live, "/n", 2) == {"ret": "-EOVERFLOW"}
    broken = controllers(n={"interrupts-extended": [99], "interrupts": [7, 7]})
    assert irq(broken, "/n") == {"ret": 0, "node": "/gic", "args": [7, 7]}
    assert lines(broken) == ["OF: /n: could not find phandle 99"]


def test_kernel_without_interrupt_domains_knows_no_interrupts() -> None:
    live = Live(controllers().tree, RECORDED)
    assert irq(live) == {"ret": "-EINVAL"}


PCI_LIKE: Content = {
    "#address-cells": 3,
    "#size-cells": 2,
    "#interrupt-cells": 1,
    "interrupt-map-mask": [0xF800, 0, 0, 7],
    "interrupt-map": [0x800, 0, 0, 1, 2, 33, 0x800, 0, 0, 2, 1, 44, 4],
    "dev@1,0": {"reg": [0x10800, 1, 2, 0, 0], "interrupts": [2]},
    "dev@2,0": {"reg": [0x11000, 0, 0, 0, 0], "interrupts": [1]},
}


def test_interrupt_map_is_followed() -> None:
    live = controllers(bus=PCI_LIKE)
    assert irq(live, "/bus/dev@1,0") == {"ret": 0, "node": "/gic", "args": [44, 4]}
    assert irq(live, "/bus/dev@2,0") == {"ret": "-EINVAL"}


def test_interrupt_map_passes_over_what_is_not_available() -> None:
    live = controllers(bus={**PCI_LIKE, "interrupt-map-mask": [0, 0, 0, 0]})
    assert irq(live, "/bus/dev@1,0")["node"] == "/pic"
    live.tree.root.children["pic"].properties["status"] = b"disabled\0"
    assert irq(live, "/bus/dev@1,0") == {"ret": 0, "node": "/gic", "args": [44, 4]}


def test_interrupt_map_of_a_controller_counts_but_for_some() -> None:
    bus: Content = {**PCI_LIKE, "phandle": 9, "interrupt-controller": None}
    assert irq(controllers(bus=bus), "/bus/dev@1,0")["node"] == "/gic"
    bus["compatible"] = "FSL,ls1043a-extirq"
    found = irq(controllers(bus=bus), "/bus/dev@1,0")
    assert found == {"ret": 0, "node": "/bus", "args": [2]}


def test_interrupt_map_to_itself_ends_there() -> None:
    bus: Content = {**PCI_LIKE, "phandle": 9, "interrupt-map-mask": [0, 0, 0, 0]}
    bus["interrupt-map"] = [0, 0, 0, 0, 9, 0, 0, 0, 77]
    found = irq(controllers(bus=bus), "/bus/dev@1,0")
    assert found == {"ret": 0, "node": "/bus", "args": [77]}


def test_interrupt_climbs_where_there_is_no_map() -> None:
    nodes: Content = {"#interrupt-cells": 2, "interrupt-parent": 1, "n": {"interrupts": [3, 4]}}
    live = controllers(mid=nodes)
    assert irq(live, "/mid/n") == {"ret": 0, "node": "/mid", "args": [3, 4]}
    newer = Live(live.tree, LINUX_7_2)
    assert irq(newer, "/mid/n") == {"ret": 0, "node": "/gic", "args": [3, 4]}


@pytest.mark.parametrize(
    ("nodes", "what"),
    [
        ({"n": {"phandle": 9, "interrupt-parent": 9}}, "interrupt-parent"),
        (
            {
                "a": {"phandle": 8, "#interrupt-cells": 1, "interrupt-parent": 9},
                "b": {"phandle": 9, "#interrupt-cells": 1, "interrupt-parent": 8},
                "n": {"interrupt-parent": 8, "interrupts": [1]},
            },
            "circle",
        ),
        (
            {
                "a": {"phandle": 9, "#interrupt-cells": 17},
                "n": {"interrupt-parent": 9, "interrupts": [*range(17)]},
            },
            "stack",
        ),
        (
            {
                "a": {"phandle": 9, "#interrupt-cells": 1, "#address-cells": 0xFFFFFFFF},
                "n": {"interrupt-parent": 9, "interrupts": [1]},
            },
            "run over",
        ),
    ],
)
def test_interrupt_that_the_kernel_would_not_survive(nodes: Any, what: str) -> None:
    with pytest.raises(Oops, match=what):
        irq(controllers(**nodes), "/n")


def test_interrupt_with_too_many_cells_to_match() -> None:
    nodes: Content = {"phandle": 9, "#interrupt-cells": 1, "#address-cells": 16}
    live = controllers(a=nodes, n={"interrupt-parent": 9, "interrupts": [1]})
    assert irq(live, "/n") == {"ret": "-EFAULT"}
