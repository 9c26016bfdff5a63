"""Overlays that get in each other's way on a small board: one case a code of DT63x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.orders import met
from support.overlays import at, overlay_content, to
from support.trees import Content, tree_of

from dtovl.checks import together
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

    from dtovl.diagnostics import Diagnostic, Sink

BOARD: Content = {
    "soc": {
        "phandle": 1,
        "spi@0": {"phandle": 2, "status": "disabled"},
        "i2c@1": {"phandle": 3, "eeprom@50": {"port": {}}},
        "dev": {"port": {}},
    },
    "gpio@2": {"phandle": 4},
    "aliases": {"spi0": "/soc/spi@0"},
    "__symbols__": {"soc": "/soc", "spi0": "/soc/spi@0", "i2c1": "/soc/i2c@1", "gpio": "/gpio@2"},
}


def wants(label: str, **content: int) -> Content:
    return overlay_content(to(label, {**content}))


def brings(label: str, *more: Content, name: str = "bus@9") -> Content:
    """Make an overlay that makes a node of /soc with a label, and has more fragments."""
    made = at("/soc", {name: {"phandle": 1}})
    return overlay_content(made, *more, symbols={label: f"/fragment@0/__overlay__/{name}"})


def meet(
    *overlays: Content,
    board: Content = BOARD,
    dialect: Dialect = LIBFDT,
    apart: Container[tuple[int, int]] = (),
) -> list[Diagnostic]:
    """Let overlays meet, called A.dtbo, B.dtbo, ...; give what is found."""
    tree = tree_of(board)
    parts = [Overlay(tree_of(one), f"{chr(65 + place)}.dtbo") for place, one in enumerate(overlays)]
    return [found for _, _, found in met(tree, parts, dialect).findings(apart)]


ENABLE = overlay_content(to("spi0", {"status": "okay"}))
DISABLE = overlay_content(to("spi0", {"status": "disabled"}))
CODEC = overlay_content(to("i2c1", {"codec@1a": {"compatible": "acme,codec"}}))
EEPROM = overlay_content(to("i2c1", {"eeprom@51": {}}))

CASES: dict[str, Callable[[], list[Diagnostic]]] = {
    "DT630": lambda: meet(ENABLE, DISABLE),
    "DT631": lambda: meet(brings("mikrobus"), wants("mikrobus")),
    "DT632": lambda: meet(EEPROM, overlay_content(at("/soc/i2c@1/eeprom", {"x": 1}))),
    "DT633": lambda: meet(EEPROM, overlay_content(at("/soc/i2c@1/eeprom/port", {"x": 1}))),
    "DT634": lambda: meet(brings("l"), brings("l"), dialect=LINUX),
    "DT635": lambda: meet(CODEC, CODEC),
    "DT636": lambda: meet(
        brings("la"),
        brings("lb", name="bus@8"),
        overlay_content(to("la", {"x": 1}), to("lb", {"x": 1})),
    ),
    "DT637": lambda: meet(
        brings("la", to("lb", {"x": 1})), brings("lb", to("la", {"x": 1}), name="bus@8")
    ),
}


def raised(number: str) -> Callable[[Sink, Path], None]:
    def raise_it(sink: Sink, _: Path) -> None:
        sink.diagnostics.extend(CASES[number]())

    return raise_it


def _bounded(name: str, bound: int, case: Callable[[], list[Diagnostic]]) -> list[Diagnostic]:
    """Look at a case with another bound than the usual one, which takes thousands of overlays."""
    usual = getattr(together, name)
    setattr(together, name, bound)
    try:
        return case()
    finally:
        setattr(together, name, usual)


CASES["DT638"] = lambda: _bounded("MOST_LISTED", 1, lambda: meet(ENABLE, DISABLE, ENABLE))
CASES["DT639"] = lambda: _bounded("MOST_TRIED", 0, CASES["DT632"])

MEETINGS = {number: raised(number) for number in CASES}
