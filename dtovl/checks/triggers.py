"""What the cells of an interrupt specifier say: which tell the line, and which the trigger.

Every binding of an interrupt controller has a form of its own. Most put the trigger last, numbered
as in include/dt-bindings/interrupt-controller/irq.h; the others are the rows of a table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from dtovl.model.cells import cell

NONE = -1
_LAST = -2
_LONGEST = 512


class Form(NamedTuple):
    """The form of a specifier.

    trigger is the index of the cell with the trigger (NONE: it has none); edges are the values of
    it that mean edges; tail: cells after it tell lines apart too; typed: of three cells or more the
    first is the kind of interrupt, as on GIC.
    """

    trigger: int
    edges: tuple[int, ...] = (1, 2, 3)
    tail: bool = False
    typed: bool = False

    def read(self, arguments: bytes) -> tuple[bytes, bool]:
        """Give the bytes that tell the line, and whether the trigger is said to be an edge."""
        at = len(arguments) - 4 if self.trigger == _LAST else 4 * self.trigger
        if not 0 < at < len(arguments):
            return arguments, False
        # Bits above are flags of the controller's own.
        edge = cell(arguments, at) & 15 in self.edges
        return arguments[:at] + (arguments[at + 4 :] if self.tail else b""), edge

    def needle(self, line: bytes) -> bytes:
        """Give what of a line's bytes stands in one piece in a value that names it."""
        return line[: 4 * self.trigger] if self.tail else line


_USUAL = Form(_LAST, typed=True)
_BARE = Form(NONE)
_GIC = Form(2, typed=True)
# Bits 0 and 1 are the sense: 0 rising, 1 low, 2 high, 3 falling.
_OPEN_PIC = Form(1, (0, 3), tail=True)

_FORMS: dict[str, Form] = {
    "brcm,bcm2835-armctrl-ic": _BARE,
    "brcm,bcm2836-armctrl-ic": _BARE,
    "samsung,exynos4210-combiner": _BARE,
    "cavium,octeon-3860-ciu": _BARE,
    "cavium,octeon-6880-ciu2": _BARE,
    "ti,pruss-intc": _BARE,
    "ti,icssg-intc": _BARE,
    # SID, peripheral, interrupt, trigger.
    "qcom,spmi-pmic-arb": Form(3),
    "open-pic": _OPEN_PIC,
    "chrp,open-pic": _OPEN_PIC,
    "fsl,mpic": _OPEN_PIC,
}
"""One of a controller's `compatible` strings -> the form of its specifiers.

Source: the bindings (Documentation/devicetree/bindings/interrupt-controller), and xlate of the
drivers in drivers/irqchip.
"""

# Families: beginning and end of a string. On AIC the third cell is a priority; on GIC a fourth is
# a partition of the CPUs.
_FAMILIES: tuple[tuple[str, str, Form], ...] = (
    ("atmel,", "-aic", Form(1)),
    ("microchip,", "-aic", Form(1)),
    ("arm,gic", "", _GIC),
)


def form_of(compatible: bytes) -> Form:
    """Give the form of the specifiers of a controller, by the value of its `compatible`."""
    return _form_of(compatible[:_LONGEST])


@lru_cache(maxsize=512)
def _form_of(compatible: bytes) -> Form:
    for kind in compatible.decode("latin-1").split("\0"):
        found = _FORMS.get(kind)
        if found is not None:
            return found
        for start, end, form in _FAMILIES:
            if kind.startswith(start) and kind.endswith(end):
                return form
    return _USUAL


_GIC_KINDS = ("SPI", "PPI", "ESPI", "EPPI")
# Controllers in front of a GIC take its specifiers.
_LIKE_GIC = ("gic", "pl390", "-gpc", "-wugen-mpu", "-ictlr", "-sysirq")


def line_words(line: bytes, compatible: bytes) -> str:
    """Name an interrupt line: `SPI 77` of a GIC, else the numbers."""
    numbers = [cell(line, at) for at in range(0, len(line) - 3, 4)]
    if len(numbers) == 2 and numbers[0] < len(_GIC_KINDS):
        kinds = compatible[:_LONGEST].decode("latin-1").split("\0")
        if any(kind.rstrip("0123456789").endswith(_LIKE_GIC) or "gic-" in kind for kind in kinds):
            return f"{_GIC_KINDS[numbers[0]]} {numbers[1]}"
    return " ".join(map(str, numbers))
