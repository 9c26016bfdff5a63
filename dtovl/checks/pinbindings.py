"""Which single pins the nodes of a pin controller mux: one table, a row for each property.

A pin configuration node is recognised by the properties it has; what the cells or strings of one
mean, the row of the table says. Only muxing claims a pin: a node that sets drive strength or pull
alone may be shared by any number of devices.
Source: dt_node_to_map of the drivers in drivers/pinctrl, and include/dt-bindings/pinctrl.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.cells import cell, cells, strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Properties = Mapping[str, bytes]

MOST_PINS = 4096
"""Most pins that are read from one property; the largest real groups have some eighty."""


class Pin(NamedTuple):
    """What a property muxes: one pin, or a group that only the driver can take apart.

    number is how the binding counts or names it; name is what the kernel prints, "" where that is
    not known; group tells that it is the name of a group of pins.
    """

    number: int | str
    name: str = ""
    group: bool = False

    @property
    def text(self) -> str:
        """Give the number, and the kernel's name where it is another: `84 (PIN84)`, `PA3`."""
        alias = f" ({self.name})" if self.name and self.name != self.number else ""
        return f"{self.number}{alias}"


class Controller(NamedTuple):
    """What reading pins needs of the controller: its properties and its first `compatible`."""

    properties: Properties
    compatible: str

    def number(self, name: str, default: int) -> int:
        """Give the first cell of a property."""
        value = self.properties.get(name)
        return default if value is None or len(value) < 4 else cell(value)


_NO_CONTROLLER = Controller({}, "")


def pins_of(properties: Properties, controller: Controller = _NO_CONTROLLER) -> list[Pin] | None:
    """List the pins that a node with these properties muxes; None: no known binding.

    An empty list is a node that configures pins, and claims none.
    """
    found: list[Pin] | None = None
    for key in properties:
        reader = READERS.get(key)
        if reader is not None:
            pins = islice(reader(properties[key], properties, controller), MOST_PINS)
            found = [*pins] if found is None else [*found, *pins]
    return found


# -- lists of names --------------------------------------------------------------------------------


def _names(function: str, *, group: bool = False, printed: bool = False) -> Reader:
    """Read a list of names, which are muxed where the node has the function property as well.

    printed: the kernel calls the pins by these names.
    """

    def read(value: bytes, properties: Properties, controller: Controller) -> Iterator[Pin]:
        if function not in properties:
            return
        named = strings(value[: MOST_PINS * 32])
        if named is None or not all(map(str.isprintable, named)):
            for number in cells(value[: MOST_PINS * 4]):
                yield Pin(number, group=group)
            return
        for name in named:
            yield Pin(name, _printed(name, controller) if printed else "", group)

    return read


def _printed(name: str, controller: Controller) -> str:
    """Give the kernel's name of a pin that the source calls name."""
    compatible = controller.compatible
    if not compatible.startswith("qcom,"):
        return name if compatible.startswith(("allwinner,", "brcm,", "samsung,")) else ""
    top = compatible.endswith(("-tlmm", "-pinctrl")) and "lpi" not in compatible
    return name.upper().replace("GPIO", "GPIO_") if top and name.startswith("gpio") else name


# -- rows of cells ---------------------------------------------------------------------------------


def _rows(value: bytes, width: int) -> Iterator[tuple[int, ...]]:
    numbers = cells(value[: MOST_PINS * 4 * width])
    for start in range(0, len(numbers) - width + 1, width):
        yield numbers[start : start + width]


def _single(value: bytes, __: Properties, controller: Controller) -> Iterator[Pin]:
    """Read offset and #pinctrl-cells numbers: the pin is the register's number.

    Source: pcs_parse_one_pinctrl_entry (drivers/pinctrl/pinctrl-single.c).
    """
    arguments = min(controller.number("#pinctrl-cells", 1), 8)
    width = controller.number("pinctrl-single,register-width", 32) // 8 or 4
    for row in _rows(value, 1 + arguments):
        yield Pin(row[0] // width, f"PIN{row[0] // width}")


def _single_bits(value: bytes, __: Properties, controller: Controller) -> Iterator[Pin]:
    """Read offset, bits, mask: several pins share a register.

    Source: pcs_parse_bits_in_pinctrl_entry (drivers/pinctrl/pinctrl-single.c).
    """
    width = controller.number("pinctrl-single,register-width", 32)
    each = controller.number("pinctrl-single,function-mask", 0).bit_length() or 32
    count = max(width // each, 1)
    for offset, _, mask in _rows(value, 3):
        for place in range(min(count, 32)):
            if mask >> place * each & (1 << each) - 1:
                number = offset // (width // 8 or 4) * count + place
                yield Pin(number, f"PIN{number}")


# Where 0 is the offset of a mux register; elsewhere it says that the pad has none.
_ZERO_IS_VALID = ("lpsr", "imx9", "imx8ulp", "snvs", "scmi")


def _imx(value: bytes, __: Properties, controller: Controller) -> Iterator[Pin]:
    """Read the rows of i.MX: the offset of the mux register comes first, or the pin.

    Source: imx_pinctrl_parse_pin_mmio, imx_pinctrl_parse_pin_scu (drivers/pinctrl/freescale).
    """
    compatible = controller.compatible
    if any(part in compatible for part in ("imx8q", "imx8dx", "imx1-", "imx21-", "imx27-")):
        for row in _rows(value, 3):
            yield Pin(row[0])
        return
    shared = any(part in compatible for part in ("vf610", "imx7ulp", "imx8ulp"))
    zero = any(part in compatible for part in _ZERO_IS_VALID)
    for mux, conf, *_ in _rows(value, 5 if shared else 6):
        yield Pin((mux if mux or zero or shared else conf) // 4)


def _mxs(value: bytes, _: Properties, __: Controller) -> Iterator[Pin]:
    for number in cells(value[: MOST_PINS * 4]):
        bank, pin = number >> 12 & 15, number >> 4 & 0xFF
        yield Pin(f"{bank}.{pin}")


def _rockchip(value: bytes, _: Properties, __: Controller) -> Iterator[Pin]:
    for bank, pin, *_rest in _rows(value, 4):
        name = f"gpio{bank}-{pin}"
        yield Pin(name, name)


def _atmel(value: bytes, _: Properties, __: Controller) -> Iterator[Pin]:
    for bank, pin, *_rest in _rows(value, 4):
        name = f"pio{_letter(bank)}{pin}"
        yield Pin(name, name)


def _broadcom(value: bytes, properties: Properties, _: Controller) -> Iterator[Pin]:
    if "brcm,function" in properties:
        for number in cells(value[: MOST_PINS * 4]):
            yield Pin(f"gpio{number}", f"gpio{number}")


def _letter(bank: int) -> str:
    return chr(ord("A") + bank) if bank < 26 else f"bank{bank}-"


# -- one cell of pin and function ------------------------------------------------------------------


def _port(ports: int) -> Callable[[int], Pin]:
    """Name pins by port and line: `PA3`."""

    def named(number: int) -> Pin:
        name = f"P{_letter(number // ports)}{number % ports}"
        return Pin(name, name)

    return named


def _plain(number: int) -> Pin:
    return Pin(number)


class _Packed(NamedTuple):
    """How a cell holds the pin: shifted right, then masked."""

    shift: int
    mask: int
    pin: Callable[[int], Pin] = _plain


# Beginning of the controller's `compatible` -> how its `pinmux` cells hold the pin.
PINMUX: dict[str, _Packed] = {
    "mediatek,": _Packed(8, 0xFFFFFF),
    "st,stm32": _Packed(8, 0xFFFFFF, _port(16)),
    "atmel,": _Packed(0, 0xFFFF, _port(32)),
    "microchip,": _Packed(0, 0xFFFF, _port(32)),
    "renesas,rza1": _Packed(0, 0xFFFF),
    "renesas,r9a06g032": _Packed(0, 0xFF),
    "renesas,rzn1": _Packed(0, 0xFF),
    "renesas,": _Packed(0, 0xFFFF),
    "apple,": _Packed(0, 0xFFFF),
    "sophgo,": _Packed(0, 0xFFFF),
    "starfive,jh7100": _Packed(0, 0x3F),
    "starfive,": _Packed(0, 0xFF),
    "canaan,k210": _Packed(16, 0xFFFF),
    "canaan,": _Packed(8, 0xFFFFFF),
    "spacemit,": _Packed(16, 0xFFFF),
    "nxp,s32": _Packed(4, 0xFFFFFFF),
}


def _pinmux(value: bytes, _: Properties, controller: Controller) -> Iterator[Pin]:
    packed = _packing(controller.compatible)
    for number in cells(value[: MOST_PINS * 4]):
        if packed is None:
            yield Pin(f"pinmux {number:#x}", group=True)
        else:
            yield packed.pin(number >> packed.shift & packed.mask)


def _packing(compatible: str) -> _Packed | None:
    return next((how for start, how in PINMUX.items() if compatible.startswith(start)), None)


def _configured(value: bytes, _: Properties, __: Controller) -> Iterable[Pin]:
    """Read what sets delays or the like, and muxes nothing."""
    return ()


if TYPE_CHECKING:
    Reader = Callable[[bytes, Properties, Controller], Iterable[Pin]]

READERS: dict[str, Reader] = {
    "pins": _names("function", printed=True),
    "groups": _names("function", group=True),
    "pinmux": _pinmux,
    "pinctrl-single,pins": _single,
    "pinctrl-single,bits": _single_bits,
    "fsl,pins": _imx,
    "fsl,pinmux-ids": _mxs,
    "rockchip,pins": _rockchip,
    "brcm,pins": _broadcom,
    "atmel,pins": _atmel,
    "samsung,pins": _names("samsung,pin-function", printed=True),
    "allwinner,pins": _names("allwinner,function", printed=True),
    "marvell,pins": _names("marvell,function"),
    "nvidia,pins": _names("nvidia,function", group=True),
    "qcom,pins": _names("qcom,function", printed=True),
    "st,pins": _names("st,function", group=True),
    "sirf,pins": _names("sirf,function", group=True),
    "lantiq,pins": _names("lantiq,function"),
    "lantiq,groups": _names("lantiq,function", group=True),
    "ralink,group": _names("ralink,function", group=True),
    "renesas,groups": _names("renesas,function", group=True),
    "pinctrl-pin-array": _configured,
}
"""Property of a pin configuration node -> who reads it."""
