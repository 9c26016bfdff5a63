"""Generated trees of suppliers and consumers, mostly right, with every kind of mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from support.trees import Content, cells

if TYPE_CHECKING:
    from collections.abc import Sequence

SUPPLIERS = 4
# Phandles of endpoints begin here; those of suppliers are 1, 2, ...
ENDPOINTS = 16

LISTS = {
    "clocks": "#clock-cells",
    "resets": "#reset-cells",
    "dmas": "#dma-cells",
    "iommus": "#iommu-cells",
    "msi-parent": "#msi-cells",
    "reset-gpios": "#gpio-cells",
    "gpio": "#gpio-cells",
    "interrupts-extended": "#interrupt-cells",
    "phys": "#phy-cells",
    "power-domains": "#power-domain-cells",
    "sound-dai": "#sound-dai-cells",
    "assigned-clocks": "#clock-cells",
    "extcon": "",
    "vcc-supply": "",
    "pinctrl-0": "",
}
_COUNTS = sorted({name for name in LISTS.values() if name})
_STATUS = st.sampled_from([None, None, None, "okay", "disabled"])
_ODD = st.sampled_from([0, 0xFFFFFFFF, 0x99, 7])


@st.composite
def supply_trees(draw: st.DrawFn) -> Content:
    """Draw a tree: some suppliers, some consumers below a bus, and perhaps endpoints."""
    content: Content = {"#address-cells": 1, "#size-cells": 1}
    suppliers = [_supplier(draw, number) for number in range(1, SUPPLIERS + 1)]
    if draw(st.booleans()):
        content["interrupt-parent"] = draw(_phandle())
    bus: Content = {"compatible": "simple-bus"}
    if draw(st.integers(0, 3)) == 0:
        bus.update(_interrupt_part(draw))
    for number, supplier in enumerate(suppliers, 1):
        (bus if draw(st.integers(0, 3)) == 0 else content)[f"s{number}"] = supplier
    for number in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from([content, bus, suppliers[0]]))
        place[f"c{number}"] = _consumer(draw, suppliers)
    content["bus"] = bus
    if draw(st.booleans()):
        content.update(_graph(draw))
    if draw(st.booleans()):
        content["__symbols__"] = {"gpio": "/s1", "clocks": "/s2"}
    return content


def _supplier(draw: st.DrawFn, number: int) -> Content:
    supplier: Content = {"compatible": f"acme,s{draw(st.integers(1, 2))}", "phandle": number}
    for name in draw(st.sets(st.sampled_from(_COUNTS), max_size=5)):
        supplier[name] = draw(st.integers(0, 3))
    supplier.update(_interrupt_part(draw))
    status = draw(_STATUS)
    if status:
        supplier["status"] = status
    return supplier


def _interrupt_part(draw: st.DrawFn) -> Content:
    part: Content = {}
    kind = draw(st.integers(0, 4))
    if kind:
        part["#interrupt-cells"] = draw(st.integers(0, 3))
    if kind > 1:
        part["interrupt-controller"] = None
    if draw(st.integers(0, 4)) == 0:
        part["interrupt-parent"] = draw(_phandle())
    return part


def _phandle() -> st.SearchStrategy[int]:
    return st.one_of(st.integers(1, SUPPLIERS), st.integers(1, SUPPLIERS), _ODD)


def _consumer(draw: st.DrawFn, suppliers: Sequence[Content]) -> Content:
    consumer: Content = {"compatible": "acme,c"}
    for name in draw(st.sets(st.sampled_from(sorted(LISTS)), min_size=1, max_size=3)):
        consumer[name] = _list(draw, suppliers, LISTS[name])
    if draw(st.booleans()):
        consumer["interrupts"] = cells(*draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)))
        if draw(st.booleans()):
            consumer["interrupt-parent"] = draw(_phandle())
    if draw(st.integers(0, 9)) == 0:
        consumer["gpio-hog"] = None
    status = draw(_STATUS)
    if status:
        consumer["status"] = status
    return consumer


def _list(draw: st.DrawFn, suppliers: Sequence[Content], counted: str) -> bytes:
    """Draw entries that are as long as their suppliers want, and now and then something else."""
    numbers: list[int] = []
    for _ in range(draw(st.integers(0, 3))):
        number = draw(_phandle())
        numbers.append(number)
        wanted = suppliers[number - 1].get(counted, 0) if 1 <= number <= SUPPLIERS else 0
        assert isinstance(wanted, int)
        numbers += draw(st.lists(st.integers(0, 3), min_size=wanted, max_size=wanted))
    value = cells(*numbers)
    if draw(st.integers(0, 5)) == 0:
        value = value[: -draw(st.sampled_from([1, 2, 4, 4, 8]))]
    return value


def _graph(draw: st.DrawFn) -> Content:
    """Draw devices whose endpoints may, or may not, point at each other."""
    count = draw(st.integers(2, 3))
    devices: Content = {}
    for number in range(count):
        endpoint: Content = {"phandle": ENDPOINTS + number}
        if draw(st.integers(0, 4)):
            other = st.integers(ENDPOINTS, ENDPOINTS + count - 1)
            endpoint["remote-endpoint"] = draw(st.one_of(other, other, _ODD))
        devices[f"g{number}"] = {"compatible": "acme,g", "port": {"endpoint": endpoint}}
    return devices
