"""A small board and overlays for it, as blobs."""

from __future__ import annotations

from support.blob import blob
from support.overlays import at, overlay_content, to

BOARD = blob(
    {
        "compatible": "acme,board",
        "aliases": {"i2c0": "/soc/i2c@1000"},
        "soc": {
            "#address-cells": 1,
            "#size-cells": 1,
            "phandle": 1,
            "i2c@1000": {"reg": [0x1000, 0x10], "status": "disabled", "phandle": 2},
            "spi@2000": {"reg": [0x2000, 0x10], "status": "disabled"},
        },
        "__symbols__": {"soc": "/soc", "i2c0": "/soc/i2c@1000"},
    }
)

SENSOR = blob(overlay_content(to("i2c0", {"sensor@48": {"reg": [0x48], "phandle": 1}})))
"""Brings a node, and changes nothing of the base."""

ENABLE = blob(overlay_content(at("/soc/spi@2000", {"status": "okay", "acme,new": [1, 2]})))
"""Changes properties of the base."""

BUS = blob(overlay_content(at("/soc", {"dev@3000": {"reg": [0x3000, 0x10], "port": {}}})))
"""Brings a node with one below."""

EXPORTS = blob(
    overlay_content(
        at("/soc", {"codec@4000": {"reg": [0x4000, 0x10], "phandle": 1}}),
        symbols={"codec": "/fragment@0/__overlay__/codec@4000"},
    )
)
"""Brings a node with a label."""

USES = blob(
    overlay_content(
        at("/soc", {"sound": {"acme,codec": b"\xff\xff\xff\xff"}}),
        fixups={"codec": "/fragment@0/__overlay__/sound:acme,codec:0"},
    )
)
"""Refers to the label of EXPORTS, in a property whose name does not tell that it does."""

MISSING = blob(overlay_content(to("nothing", {"x": 1})))
"""Is refused, as the board lacks the label."""

STUCK = blob(
    overlay_content(at("/soc/spi@2000", {"status": "okay"}), at("/soc/spi@2000", {"status": "on"}))
)
"""Fails while it is built; Linux 6.1 crashes when it is removed."""
