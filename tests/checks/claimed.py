"""A board, overlays that claim what others have, and what raises each code of claims (DT64x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.overlays import at, inside, overlay_of, to
from support.trees import Content, tree_of

from dtovl.checks.claims import check_claims
from dtovl.model.dialect import LIBFDT
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dtovl.diagnostics import Sink
    from dtovl.overlay.fragments import Overlay


def device(kind: str, address: int, phandle: int, **more: object) -> Content:
    content: Content = {"compatible": f"acme,{kind}", "reg": [address, 16], "phandle": phandle}
    content.update(more)  # type: ignore[arg-type]
    return content


DEFAULT: dict[str, object] = {"pinctrl-names": "default", "pinctrl-0": 3}
OFF: dict[str, object] = {"status": "disabled"}
BASE: Content = {
    "compatible": "acme,board",
    "#address-cells": 1,
    "#size-cells": 1,
    "interrupt-parent": 20,
    "aliases": {"i2c1": "/soc/i2c@4000"},
    "keys": {"compatible": "gpio-keys", "phandle": 30},
    "soc": {
        "compatible": "simple-bus",
        "ranges": b"",
        "#address-cells": 1,
        "#size-cells": 1,
        "phandle": 1,
        "pinmux@800": {
            "compatible": "pinctrl-single",
            "reg": [0x800, 0x200],
            "#pinctrl-cells": 1,
            "phandle": 2,
            "uart2_pins": {"pinctrl-single,pins": [0x150, 1], "phandle": 3},
            "hog_pins": {"pinctrl-single,pins": [0x40, 1], "phandle": 4},
        },
        "gic@f000": {
            **device("gic", 0xF000, 20),
            "interrupt-controller": b"",
            "#interrupt-cells": 3,
        },
        "gpio@a000": {
            **device("gpio", 0xA000, 21),
            "gpio-controller": b"",
            "#gpio-cells": 2,
            "interrupt-controller": b"",
            "#interrupt-cells": 2,
        },
        "dma@b000": {**device("dma", 0xB000, 22), "#dma-cells": 2},
        "serial@1000": device("uart", 0x1000, 10, interrupts=[0, 7, 4], dmas=[22, 5, 0], **DEFAULT),
        "serial@2000": device(
            "uart", 0x2000, 11, interrupts=[0, 7, 4], dmas=[22, 5, 0], **DEFAULT, **OFF
        ),
        "spi@3000": {
            **device("spi", 0x3000, 12, **OFF),
            "#address-cells": 1,
            "#size-cells": 0,
        },
        "i2c@4000": {
            **device("i2c", 0x4000, 13),
            "#address-cells": 1,
            "#size-cells": 0,
            "temp@48": {"compatible": "acme,temp", "reg": 0x48, "phandle": 14},
        },
    },
    "__symbols__": {
        "soc": "/soc",
        "pinmux": "/soc/pinmux@800",
        "uart2_pins": "/soc/pinmux@800/uart2_pins",
        "gpio1": "/soc/gpio@a000",
        "dma": "/soc/dma@b000",
        "uart1": "/soc/serial@1000",
        "uart2": "/soc/serial@2000",
        "spi0": "/soc/spi@3000",
        "i2c1": "/soc/i2c@4000",
        "temp": "/soc/i2c@4000/temp@48",
        "keys": "/keys",
    },
}


def muxed(target: str, offset: int, name: str, **more: object) -> Overlay:
    """Make an overlay that enables a device with a pin group of its own."""
    content: Content = {"status": "okay", "pinctrl-names": "default", "pinctrl-0": 1}
    content.update(more)  # type: ignore[arg-type]
    return overlay_of(
        to("pinmux", {f"{target}_grp": {"pinctrl-single,pins": [offset, 1], "phandle": 1}}),
        to(target, content),
        local={"fragment@1": {"__overlay__": {"pinctrl-0": 0}}},
        symbols={f"{target}_grp": f"/fragment@0/__overlay__/{target}_grp"},
        name=name,
    )


def chip(name: str, address: int, **more: object) -> Content:
    content: Content = {"compatible": f"acme,{name}", "reg": address}
    content.update(more)  # type: ignore[arg-type]
    return {f"{name}@{address:x}": content}


def on_i2c(name: str, address: int, file: str, **more: object) -> Overlay:
    return overlay_of(to("i2c1", chip(name, address, **more)), name=file)


def with_gpio(name: str, address: int, file: str, key: str = "irq-gpios", line: int = 9) -> Overlay:
    """Make an overlay with a chip that uses a GPIO line."""
    return overlay_of(
        to("i2c1", chip(name, address, **{key: [0xFFFFFFFF, line, 1]})),
        fixups={"gpio1": f"/fragment@0/__overlay__/{name}@{address:x}:{key}:0"},
        name=file,
    )


def interrupting(name: str, address: int, trigger: int) -> Overlay:
    return overlay_of(
        to(
            "i2c1",
            chip(name, address, **{"interrupt-parent": 0xFFFFFFFF, "interrupts": [5, trigger]}),
        ),
        fixups={"gpio1": f"/fragment@0/__overlay__/{name}@{address:x}:interrupt-parent:0"},
    )


UART = muxed("uart2", 0x160, "BB-UART2.dtbo")
SPI = muxed("spi0", 0x160, "BB-SPIDEV1.dtbo")
CODEC = on_i2c("codec", 0x1A, "a.dtbo")
MIC = on_i2c("mic", 0x1A, "b.dtbo")


def _unknown_group() -> Overlay:
    dev: Content = {"compatible": "a,b", "pinctrl-0": 1}
    pins: Content = {"compatible": "acme,pins", "g": {"acme,mux": 1, "phandle": 1}}
    return overlay_of(
        at("/", {"pins": pins, "one": dev, "two": dev}),
        local=inside({"one": {"pinctrl-0": 0}, "two": {"pinctrl-0": 0}}),
    )


def _dma() -> Overlay:
    return overlay_of(
        to("soc", {"dev@6000": {"compatible": "a,b", "dmas": [0xFFFFFFFF, 5, 0]}}),
        fixups={"dma": "/fragment@0/__overlay__/dev@6000:dmas:0"},
    )


def _many() -> Overlay:
    many: Content = {f"c{number}@1a": {"compatible": "a,b", "reg": 0x1A} for number in range(200)}
    return overlay_of(to("i2c1", many))


def clashing(*overlays: Overlay) -> Callable[[Sink, Path], None]:
    """Check overlays that are in force together on the board."""

    def raise_it(sink: Sink, _: Path) -> None:
        tree = tree_of(BASE)
        stack = apply_stack(tree, overlays, LIBFDT)
        check_claims(tree, stack.outcomes, "board.dtb", sink)

    return raise_it


CLAIMS = {
    "DT640": clashing(UART, SPI),
    "DT641": clashing(_unknown_group()),
    "DT642": clashing(with_gpio("cam", 0x10, "a.dtbo"), with_gpio("imu", 0x20, "b.dtbo")),
    "DT643": clashing(interrupting("cam", 0x10, 2), interrupting("imu", 0x20, 2)),
    "DT644": clashing(_dma()),
    "DT645": clashing(CODEC, MIC),
    "DT649": clashing(_many()),
}
