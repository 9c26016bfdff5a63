"""Auditing small logs, with or without a small board."""

from __future__ import annotations

from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING

from support.blob import blob
from support.overlays import at, overlay_content
from support.trees import Content, tree_of

from dtovl.audit.board import make_board
from dtovl.audit.reading import audit
from dtovl.model.dialect import LINUX

if TYPE_CHECKING:
    from dtovl.audit.board import Board
    from dtovl.audit.result import Audit, Finding

BASE: Content = {
    "compatible": "acme,board",
    "#address-cells": 1,
    "#size-cells": 1,
    "soc": {
        "compatible": "simple-bus",
        "#address-cells": 1,
        "#size-cells": 1,
        "ranges": b"",
        "phandle": 1,
        "serial@1000": {"compatible": "acme,serial", "reg": [0x1000, 0x10]},
        "i2c@2000": {"compatible": "acme,i2c", "reg": [0x2000, 0x10]},
    },
    "__symbols__": {"soc": "/soc", "uart": "/soc/serial@1000"},
}
SENSOR = {"sensor@48": {"compatible": "acme,sensor", "reg": 0x48}}
OVERLAYS = {
    "sensor.dtbo": overlay_content(at("/soc/i2c@2000", {"status": "okay", **SENSOR})),
    "uart.dtbo": overlay_content(
        at("/soc", {"bridge": {"compatible": "acme,bridge"}}),
        at("/soc/serial@1000", {"status": "okay"}),
    ),
}


def board(**more: Content) -> Board:
    overlays = {**OVERLAYS, **{f"{name}.dtbo": content for name, content in more.items()}}
    blobs = [(name, blob(content)) for name, content in overlays.items()]
    return make_board(tree_of(BASE), "board.dtb", blobs, LINUX)


def audited(log: str | bytes, on: Board | None = None) -> Audit:
    data = log if isinstance(log, bytes) else log.encode("latin-1")
    return audit(BufferedReader(BytesIO(data)), on)


def one(log: str | bytes, on: Board | None = None) -> Finding:
    found = audited(log, on).findings
    assert len(found) == 1, [(finding.code, finding.text) for finding in found]
    return found[0]


def overlays(found: Finding) -> list[tuple[str, str, str]]:
    return [(tied.name, tied.fragment, tied.why) for tied in found.tie.overlays]


def paths(found: Finding) -> list[str]:
    return [tied.path for tied in found.tie.nodes]
