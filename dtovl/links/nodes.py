"""Rules of single nodes: pinctrl states, assigned clocks, GPIO hogs, DMA ranges.

Source: kernel pinctrl_dt_to_map, of_clk_set_defaults, of_gpiochip_scan_gpios,
of_dma_configure_id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.lists import count_names
from dtovl.model.address import counts
from dtovl.model.cells import cells
from dtovl.model.entries import decode, read_count
from dtovl.model.supplierbindings import is_number

if TYPE_CHECKING:
    from dtovl.links.visit import Visit
    from dtovl.model.entries import Entry

_MOST_U64 = 0xFFFF_FFFF_FFFF_FFFF


def judge_states(visit: Visit) -> None:
    """Judge the numbers of pinctrl states, and their names."""
    properties = visit.node.properties
    numbers = sorted(
        int(name[8:]) for name in properties if name.startswith("pinctrl-") and is_number(name[8:])
    )
    gap = next((place for place, number in enumerate(numbers) if place != number), None)
    names = properties.get("pinctrl-names")
    if gap is not None:
        visit.warning("L025", f"pinctrl-{numbers[gap]}", gap=gap)
    if names is None:
        visit.warning("L025", "pinctrl-names", states=len(numbers), names=0)
        return
    named = count_names(names)
    if gap is None and named != len(numbers):
        say = visit.info if named < len(numbers) else visit.warning
        say("L025", "pinctrl-names", states=len(numbers), names=named)


def judge_assigned(visit: Visit) -> None:
    """Judge parents and rates of assigned clocks against the clocks there are."""
    properties = visit.node.properties
    clocks = _entries(visit, "assigned-clocks")
    if clocks is None:
        return
    parents = _entries(visit, "assigned-clock-parents")
    count = len(clocks)
    if parents:
        values = sum(1 for entry in parents if entry.number or entry.index < count)
        if values > count:
            visit.error("L029", "assigned-clock-parents", clocks=count, values=values)
    rates = cells(properties.get("assigned-clock-rates", b""))
    if len(rates) > count:
        visit.warning("L029", "assigned-clock-rates", clocks=count, values=len(rates))
    stuck = next((one.index for one in clocks if _is_stuck(one, rates)), None)
    if stuck is not None and any(rates[stuck + 1 :]):
        visit.warning("L029", "assigned-clock-rates", clocks=count, values=len(rates), stuck=stuck)
    wide = len(properties.get("assigned-clock-rates-u64", b"")) // 8
    if wide > count:
        visit.warning("L029", "assigned-clock-rates-u64", clocks=count, values=wide)


def _is_stuck(entry: Entry, rates: tuple[int, ...]) -> bool:
    """Tell whether the kernel stays at a hole: it does not count on, as there is a rate for it."""
    return not entry.number and entry.index < len(rates) and rates[entry.index] != 0


def _entries(visit: Visit, name: str) -> list[Entry] | None:
    """Decode a list of clocks; None when it does not decode. None there is empty."""
    value = visit.node.properties.get(name, b"")
    found = list(decode(value, visit.board.tree.by_phandle, "#clock-cells"))
    if any(one.problem not in ("", "hole") or one.wanted > 16 for one in found):
        return None
    return found


def judge_hog(visit: Visit) -> None:
    """Judge a GPIO hog by its parent: the value holds bare specifiers."""
    node = visit.node
    parent = node.parent
    if parent is None or "gpio-controller" not in parent.properties:
        visit.error("L030", "gpio-hog", reason="parent is no gpio-controller")
        return
    have = len(node.properties.get("gpios", b"")) // 4
    want = read_count(parent, "#gpio-cells") or 0
    if not have or not want or have % want:
        visit.error("L030", "gpios", reason="cells", want=want, have=have)
    said = sum(name in node.properties for name in ("input", "output-low", "output-high"))
    if said != 1:
        visit.error("L030", "gpio-hog", reason="direction")


def judge_dma_ranges(visit: Visit, value: bytes) -> None:
    """Judge the rows of `dma-ranges`: child address, parent address, size."""
    node = visit.node
    own, sizes = read_count(node, "#address-cells"), read_count(node, "#size-cells")
    if node.parent is None or not value or own is None or sizes is None:
        return
    width = own + counts(node.parent)[0] + sizes
    if not width:
        return
    if len(value) % (4 * width):
        visit.warning("L035", "dma-ranges", reason="length", want=4 * width, have=len(value))
        return
    numbers = cells(value)
    for row in range(len(numbers) // width):
        last = (row + 1) * width
        size = 0
        for number in numbers[last - sizes : last]:
            size = (size << 32 | number) & _MOST_U64
        if not size:
            visit.warning("L035", "dma-ranges", row=row, reason="size 0")
        elif size & 1:
            visit.warning("L035", "dma-ranges", row=row, reason="mask instead of size")
