"""Addresses: `reg` through `ranges`, bus by bus."""

from __future__ import annotations

from typing import Any

import pytest
from support.asking import RECORDED, ask, lines, live_of
from support.trees import Content, cells

from dtovl.live.objects import Oops
from dtovl.live.state import Live
from dtovl.model.dialect import LINUX_7_2
from dtovl.model.node import Node


def address(live: Live, node: str, index: int = 0) -> Any:
    found = ask(live, "address", node=node, index=index)
    return found["ret"] or (int(found["start"], 16), int(found["end"], 16))


def bus_of(ranges: Any, reg: Any, *, inner: Content | None = None, name: str = "bus") -> Live:
    bus: Content = {"#address-cells": 1, "#size-cells": 1, "ranges": ranges, **(inner or {})}
    return live_of({"#address-cells": 2, "#size-cells": 1, name: {**bus, "dev": {"reg": reg}}})


def test_address_goes_through_ranges() -> None:
    live = bus_of([0, 1, 0x8000_0000, 0x1000, 0x4000, 2, 0, 0x1000], [0x10, 4, 0x4FFF, 1, 9, 9])
    assert address(live, "/bus/dev") == (0x1_8000_0010, 0x1_8000_0013)
    assert address(live, "/bus/dev", 1) == (0x2_0000_0FFF, 0x2_0000_0FFF)
    assert address(live, "/bus/dev", 3) == "-EINVAL"
    assert address(live, "/bus/dev", -1) == "-EINVAL"
    assert address(live, "/", 0) == "-EINVAL"


def test_address_outside_of_ranges_and_without() -> None:
    assert address(bus_of([0, 0, 0, 0x10], [0x10, 4]), "/bus/dev") == "-EINVAL"
    assert address(bus_of(None, [0x10, 4]), "/bus/dev") == (0x10, 0x13)
    live = bus_of(None, [0x10, 4])
    del live.tree.root.children["bus"].properties["ranges"]
    assert address(live, "/bus/dev") == "-EINVAL"


def test_sum_of_addresses_keeps_64_bits() -> None:
    live = bus_of([0, 0xFFFFFFFF, 0xFFFFFF00, 0xFFFFFFFF], [0x200, 4])
    assert address(live, "/bus/dev") == (0x100, 0x103)
    high = bus_of([0, 0xFFFFFFFF, 0xFFFFFFF0, 0x10], [8, 0x10])
    assert address(high, "/bus/dev") == (0xFFFF_FFFF_FFFF_FFF8, 7)
    assert address(Live(high.tree, LINUX_7_2), "/bus/dev") == "-EOVERFLOW"


def test_sizes_of_cells_come_from_above() -> None:
    live = live_of({"bus": {"ranges": None, "dev": {"reg": [0x20, 2]}}})
    assert address(live, "/bus/dev") == (0x20, 0x21)
    assert address(Live(live.tree, LINUX_7_2), "/bus/dev") == "-EINVAL"


@pytest.mark.parametrize(
    ("inner", "reg"),
    [
        ({"#size-cells": 0}, [0x10]),
        ({"#address-cells": 0}, [0x10]),
        ({"#address-cells": 5}, [1, 2, 3, 4, 5, 6]),
        ({"#size-cells": 0x7FFFFFFF}, [0x10, 4]),
        ({"#size-cells": 0x80000000}, [0x10, 4]),
    ],
)
def test_numbers_of_cells_that_make_no_address(inner: Content, reg: list[int]) -> None:
    live = bus_of(None, reg, inner=inner)
    assert address(live, "/bus/dev") == "-EINVAL"
    assert lines(live) == []


def test_negative_size_cells_are_read_without_end() -> None:
    with pytest.raises(Oops, match="without end"):
        address(bus_of(None, [0x10, 4], inner={"#size-cells": 0xFFFFFFFF}), "/bus/dev")


def test_bad_cells_above_are_said() -> None:
    live = live_of({"#address-cells": 1, "#size-cells": 0, "bus": {"#size-cells": 1}})
    live.tree.root.children["bus"].add_child(Node("dev"))
    live.tree.root.children["bus"].children["dev"].properties["reg"] = cells(1, 1)
    assert address(live, "/bus/dev") == "-EINVAL"
    assert lines(live) == ["OF: Bad cell count for /bus"]


def test_flags_must_be_the_same_on_a_plain_bus_with_flags() -> None:
    three: Content = {"#address-cells": 3, "#size-cells": 1}
    ranges = [0x200, 0, 0x100, 0, 0x9000, 0x100]
    assert address(bus_of(ranges, [0x200, 0, 0x110, 4], inner=three), "/bus/dev") == (
        0x9010,
        0x9013,
    )
    assert address(bus_of(ranges, [0x201, 0, 0x110, 4], inner=three), "/bus/dev") == "-EINVAL"
    assert address(bus_of(ranges, [0x100, 0, 0x110, 4], inner=three), "/bus/dev") == "-EINVAL"


def test_isa_bus_tells_memory_from_ports() -> None:
    ranges = [0, 0x1000, 0, 0x9000, 0x100, 1, 0, 0, 0xA000, 0x100]
    isa = bus_of(ranges, [0, 0x1008, 4, 1, 0x60, 4, 0, 0x60, 4], name="isa@0")
    assert address(isa, "/isa@0/dev") == (0x9008, 0x900B)
    assert address(isa, "/isa@0/dev", 1) == "-EINVAL"  # ports need a host bridge
    assert address(isa, "/isa@0/dev", 2) == "-EINVAL"  # the range is one of ports


def test_pci_bus_compares_kinds_only() -> None:
    three: Content = {"#address-cells": 3, "#size-cells": 2, "device_type": "pci"}
    ranges = [0x02000000, 0, 0, 0, 0x9000, 0, 0x100]
    reg = [0x42000010, 0, 0x10, 0, 4]
    live = bus_of(ranges, [0, 0, 0, 0, 0], inner=three)
    assert address(live, "/bus/dev") == "-EINVAL"
    dev = live.tree.root.children["bus"].children["dev"]
    dev.properties["assigned-addresses"] = cells(*reg)
    assert address(live, "/bus/dev") == (0x9010, 0x9013)
    assert address(Live(live.tree, RECORDED), "/bus/dev") == "-EINVAL"
