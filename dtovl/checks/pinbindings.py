"""Which single pins the nodes of a pin controller mux: one table, a row for each property.

A pin configuration node is recognised by the properties it has; what the cells or strings of one
mean, the row of the table says. Only muxing claims a pin: a node that sets drive strength or pull
alone may be shared by any number of devices.
Source: dt_node_to_map of the drivers in drivers/pinctrl, and include/dt-bindings/pinctrl.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import repeat
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.cells import cell, cells, strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Properties = Mapping[str, bytes]

MOST_PINS = 4096
"""Most pins that are read from one property; the largest real groups have some eighty."""

Pin = tuple[str, "int | str | tuple[int, ...]"]
"""A pin of a controller, or a group that only the driver can take apart: how it is counted (a key
of NAMES), and its number or name."""


class Controller(NamedTuple):
    """What reading pins needs of the controller: its properties and its first `compatible`."""

    properties: Properties
    compatible: str

    def number(self, name: str, default: int) -> int:
        """Give the first cell of a property."""
        value = self.properties.get(name)
        return default if value is None or len(value) < 4 else cell(value)


def pins_of(properties: Properties, controller: Controller) -> list[Pin] | None:
    """List the pins that a node with these properties muxes; None: no known binding.

    An empty list is a node that configures pins, and claims none.
    """
    found: list[Pin] | None = None
    for key in properties:
        row = READERS.get(key)
        if row is None:
            continue
        reader, counted = row
        pins = zip(repeat(counted), reader(properties[key], properties, controller), strict=False)
        found = [*pins] if found is None else [*found, *pins]
    return found


# -- lists of names --------------------------------------------------------------------------------


def _names(function: str) -> Reader:
    """Read a list of names, which are muxed where the node has the function property as well."""

    def read(value: bytes, properties: Properties, _: Controller) -> Sequence[int | str]:
        if function not in properties:
            return ()
        named = strings(value[: MOST_PINS * 32])
        if named is None or not all(map(str.isprintable, named)):
            return cells(value[: MOST_PINS * 4])
        return named[:MOST_PINS]

    return read


# -- rows of cells ---------------------------------------------------------------------------------


@cache
def _row(width: int, count: int) -> Struct:
    """Make the form of a row of width cells of which the first count are wanted."""
    return Struct(f">{count}I{4 * (width - count)}x")


def _columns(value: bytes, width: int, count: int) -> Iterable[tuple[int, ...]]:
    """Give the first cells of each full row."""
    form = _row(width, count)
    return form.iter_unpack(value[: min(len(value) // form.size, MOST_PINS) * form.size])


def _single(value: bytes, _: Properties, controller: Controller) -> Iterable[int]:
    """Read offset and #pinctrl-cells numbers: the pin is the register's number.

    Source: pcs_parse_one_pinctrl_entry (drivers/pinctrl/pinctrl-single.c).
    """
    row = 1 + min(controller.number("#pinctrl-cells", 1), 8)
    width = _register(controller)
    return [offset // width for (offset,) in _columns(value, row, 1)]


def _register(controller: Controller) -> int:
    """Give the bytes of one register of pinctrl-single."""
    return controller.number("pinctrl-single,register-width", 32) // 8 or 4


def _single_bits(value: bytes, _: Properties, controller: Controller) -> Iterable[int]:
    """Read offset, bits, mask: several pins share a register.

    Source: pcs_parse_bits_in_pinctrl_entry (drivers/pinctrl/pinctrl-single.c).
    """
    width = controller.number("pinctrl-single,register-width", 32)
    each = controller.number("pinctrl-single,function-mask", 0).bit_length() or 32
    count = max(width // each, 1)
    return [
        offset // (width // 8 or 4) * count + place
        for offset, _bits, mask in _columns(value, 3, 3)
        for place in range(min(count, 32))
        if mask >> place * each & (1 << each) - 1
    ]


# Where 0 is the offset of a mux register; elsewhere it says that the pad has none.
_ZERO_IS_VALID = ("lpsr", "imx9", "imx8ulp", "snvs", "scmi")
_SHARED_REGISTER = ("vf610", "imx7ulp", "imx8ulp")
_PIN_FIRST = ("imx8q", "imx8dx", "imx1-", "imx21-", "imx27-")


@lru_cache(maxsize=256)
def _imx_form(compatible: str) -> tuple[int, bool]:
    """Give the cells of a row, and whether an offset of 0 is one."""
    if any(part in compatible for part in _PIN_FIRST):
        return 3, True
    shared = any(part in compatible for part in _SHARED_REGISTER)
    return (5 if shared else 6), shared or any(part in compatible for part in _ZERO_IS_VALID)


def _imx(value: bytes, _: Properties, controller: Controller) -> Iterable[int]:
    """Read the rows of i.MX: the offset of the mux register comes first, or the pin.

    Source: imx_pinctrl_parse_pin_mmio, imx_pinctrl_parse_pin_scu (drivers/pinctrl/freescale).
    """
    width, zero = _imx_form(controller.compatible)
    if width == 3:
        return [pin for (pin,) in _columns(value, 3, 1)]
    return [(mux if mux or zero else conf) >> 2 for mux, conf in _columns(value, width, 2)]


def _mxs(value: bytes, _: Properties, __: Controller) -> Iterable[tuple[int, ...]]:
    numbers = cells(value[: MOST_PINS * 4])
    return [(number >> 12 & 15, number >> 4 & 0xFF) for number in numbers]


def _bank_rows(value: bytes, _: Properties, __: Controller) -> Iterable[tuple[int, ...]]:
    """Read rows of four cells that begin with bank and pin."""
    return _columns(value, 4, 2)


def _broadcom(value: bytes, properties: Properties, _: Controller) -> Iterable[str]:
    if "brcm,function" not in properties:
        return ()
    return [f"gpio{number}" for number in cells(value[: MOST_PINS * 4])]


# -- one cell of pin and function ------------------------------------------------------------------

# Beginning of the controller's `compatible` -> how its `pinmux` cells hold the pin: shifted right,
# then masked.
PINMUX: dict[str, tuple[int, int]] = {
    "mediatek,": (8, 0xFFFFFF),
    "st,stm32": (8, 0xFFFFFF),
    "atmel,": (0, 0xFFFF),
    "microchip,": (0, 0xFFFF),
    "renesas,r9a06g032": (0, 0xFF),
    "renesas,rzn1": (0, 0xFF),
    "renesas,": (0, 0xFFFF),
    "apple,": (0, 0xFFFF),
    "sophgo,": (0, 0xFFFF),
    "starfive,jh7100": (0, 0x3F),
    "starfive,": (0, 0xFF),
    "canaan,k210": (16, 0xFFFF),
    "canaan,": (8, 0xFFFFFF),
    "spacemit,": (16, 0xFFFF),
    "nxp,s32": (4, 0xFFFFFFF),
}


def _pinmux(value: bytes, _: Properties, controller: Controller) -> Iterable[int | str]:
    numbers = cells(value[: MOST_PINS * 4])
    for start, (shift, mask) in PINMUX.items():
        if controller.compatible.startswith(start):
            return [number >> shift & mask for number in numbers]
    return [f"pinmux {number:#x}" for number in numbers]


def _configured(value: bytes, _: Properties, __: Controller) -> Iterable[int]:
    """Read what sets delays or the like, and muxes nothing."""
    return ()


if TYPE_CHECKING:
    Reader = Callable[[bytes, Properties, Controller], Iterable[int | str | tuple[int, ...]]]

READERS: dict[str, tuple[Reader, str]] = {
    "pins": (_names("function"), "name"),
    "groups": (_names("function"), "group"),
    "pinmux": (_pinmux, "packed"),
    "pinctrl-single,pins": (_single, "single"),
    "pinctrl-single,bits": (_single_bits, "single"),
    "fsl,pins": (_imx, "number"),
    "fsl,pinmux-ids": (_mxs, "bank"),
    "rockchip,pins": (_bank_rows, "rockchip"),
    "brcm,pins": (_broadcom, "name"),
    "atmel,pins": (_bank_rows, "atmel"),
    "samsung,pins": (_names("samsung,pin-function"), "name"),
    "allwinner,pins": (_names("allwinner,function"), "name"),
    "marvell,pins": (_names("marvell,function"), "name"),
    "nvidia,pins": (_names("nvidia,function"), "group"),
    "qcom,pins": (_names("qcom,function"), "name"),
    "st,pins": (_names("st,function"), "group"),
    "sirf,pins": (_names("sirf,function"), "group"),
    "lantiq,pins": (_names("lantiq,function"), "name"),
    "lantiq,groups": (_names("lantiq,function"), "group"),
    "ralink,group": (_names("ralink,function"), "group"),
    "renesas,groups": (_names("renesas,function"), "group"),
    "pinctrl-pin-array": (_configured, "number"),
}
"""Property of a pin configuration node -> who reads it, and how its pins are counted."""


# -- words -----------------------------------------------------------------------------------------


def pin_words(pin: Pin, controller: Controller) -> tuple[str, str]:
    """Give the number of a pin as people write it, and what the kernel prints; "" if not known.

    What people write of pinctrl-single is the offset of a register, where each has one pin.
    """
    counted, number = pin
    compatible = controller.compatible
    match counted, number:
        case "single", int():
            name = f"PIN{number}"
            if "pinctrl-single,bit-per-mux" in controller.properties:
                return name, name
            return f"{number * _register(controller):#x}", name
        case "rockchip", (bank, line):
            name = f"gpio{bank}-{line}"
            return name, name
        case "atmel", (bank, line):
            name = f"pio{_letter(bank)}{line}"
            return name, name
        case "packed", int():
            ports = _PORTS.get(compatible.partition(",")[0])
            name = f"P{_letter(number // ports)}{number % ports}" if ports else ""
            return name or str(number), name
        case "name", str():
            return number, _printed(number, compatible)
        case _, tuple():
            return ".".join(map(str, number)), ""
    return str(number), ""


# Lines of a port, where pins are called by port and line: `PA3`.
_PORTS = {"st": 16, "atmel": 32, "microchip": 32}


def _letter(bank: int) -> str:
    return chr(ord("A") + bank) if bank < 26 else f"bank{bank}-"


def _printed(name: str, compatible: str) -> str:
    """Give the kernel's name of a pin that the source calls name."""
    if not compatible.startswith("qcom,"):
        return name if compatible.startswith(("allwinner,", "brcm,", "samsung,")) else ""
    top = compatible.endswith(("-tlmm", "-pinctrl")) and "lpi" not in compatible
    return name.upper().replace("GPIO", "GPIO_") if top and name.startswith("gpio") else name
