"""A board for the tests of the checks, and the findings about overlays on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.trees import Content, tree_of

from dtovl.checks.verdicts import Applied, apply_checked
from dtovl.model.dialect import LIBFDT, Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.overlay.fragments import Overlay

BOARD: Content = {
    "compatible": "acme,board",
    "#address-cells": 1,
    "#size-cells": 1,
    "aliases": {"serial0": "/soc/serial@1000", "mmc0": "/soc/mmc@3000"},
    "soc": {
        "compatible": "simple-bus",
        "ranges": b"",
        "#address-cells": 1,
        "#size-cells": 1,
        "phandle": 1,
        "serial@1000": {"compatible": "acme,uart", "reg": [0x1000, 16], "phandle": 2},
        "serial@2000": {"compatible": "acme,uart", "reg": [0x2000, 16], "phandle": 3},
        "mmc@3000": {
            "compatible": "acme,mmc",
            "reg": [0x3000, 16],
            "phandle": 4,
            "status": "disabled",
        },
        "i2c@4000": {
            "compatible": "acme,i2c",
            "reg": [0x4000, 16],
            "#address-cells": 1,
            "#size-cells": 0,
            "phandle": 5,
            "temp@48": {"compatible": "acme,temp", "reg": 0x48},
        },
    },
    "__symbols__": {
        "soc": "/soc",
        "uart1": "/soc/serial@1000",
        "uart2": "/soc/serial@2000",
        "mmc": "/soc/mmc@3000",
        "i2c1": "/soc/i2c@4000",
    },
}


def run(
    *overlays: Overlay,
    applier: Dialect = LIBFDT,
    base: Content = BOARD,
    require: Sequence[Dialect] = (),
) -> Applied:
    return apply_checked(tree_of(base), overlays, applier, require=require, base="board.dtb")


def findings(
    *overlays: Overlay, applier: Dialect = LIBFDT, base: Content = BOARD
) -> list[Diagnostic]:
    return run(*overlays, applier=applier, base=base).findings


def only(found: Sequence[Diagnostic], number: str) -> Diagnostic:
    """Give the one finding with a code."""
    chosen = [one for one in found if one.code.number == number]
    assert len(chosen) == 1, [repr(one) for one in found]
    return chosen[0]


def all_text(found: Diagnostic) -> str:
    """Join all that a finding says."""
    return "\n".join([found.message, found.why, found.fix, *(note.text for note in found.notes)])
