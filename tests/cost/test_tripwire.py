"""Cost follows the overlay, not the base: nodes that an overlay has no business with stay unread.

Nodes above a target, and the symbols, may be asked for one name (support.wires).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import wires
from support.overlays import at, lines, overlay_of, to
from support.trees import Content, tree_of
from support.wires import TouchedError, disarm

from dtovl.checks.forecast import foresee
from dtovl.checks.verdicts import apply_checked
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.owners import OVERLAY as OVERLAY_KIND
from dtovl.overlay.owners import Owner, apply_owned

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

SIZES = (100, 1_000, 10_000)
BOTH = pytest.mark.parametrize("dialect", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)


def big(size: int) -> Content:
    """Make a base of some size nodes: a bus with buses, devices in them, all with labels."""
    symbols: Content = {}
    soc: Content = {
        "compatible": "simple-bus",
        "#address-cells": 1,
        "#size-cells": 1,
        "ranges": b"",
    }
    number = 0
    for bus in range(max(size // 50, 2)):
        devices: Content = {"compatible": "acme,bus", "#address-cells": 1, "#size-cells": 0}
        for unit in range(24):
            number += 1
            devices[f"dev@{unit:x}"] = {
                "compatible": "acme,dev",
                "reg": unit,
                "phandle": number,
                "status": "disabled",
                "port": {"endpoint": {}},
            }
            symbols[f"dev_{number}"] = f"/soc/bus{bus}/dev@{unit:x}"
        soc[f"bus{bus}"] = devices
    return {
        "#address-cells": 1,
        "#size-cells": 1,
        "compatible": "acme,board",
        "aliases": {"first": "/soc/bus0"},
        "soc": soc,
        "__symbols__": symbols,
    }


OVERLAY = overlay_of(
    to("dev_3", {"status": "okay", "sub@1": {"reg": 1, "link": [0, 1]}, "port": {"p": 1}}),
    at("/soc/bus1/dev@2", {"new": {"phandle": 1, "compatible": "acme,new"}, "supply": 0xFFFFFFFF}),
    at("first", {"cam@77": {"reg": 0x77, "compatible": "acme,cam", "rotation": 90}}),
    fixups={"dev_40": "/fragment@1/__overlay__:supply:0"},
    local={"fragment@0": {"__overlay__": {"sub@1": {"link": 4}}}},
    symbols={"new": "/fragment@1/__overlay__/new", "cam": "/fragment@2/__overlay__/cam@77"},
)
TARGETS = ("/soc/bus0/dev@2", "/soc/bus1/dev@2", "/soc/bus0")
MERGED = ("/soc/bus0/dev@2/port",)
RESOLVED = ("/soc/bus1/dev@f",)


def arm(tree: Tree) -> None:
    """Put wires into all nodes but those that the overlay names."""
    wires.arm(tree, TARGETS + MERGED, (*RESOLVED, "/__symbols__", "/aliases"))


@pytest.fixture(scope="module", params=SIZES)
def base(request: pytest.FixtureRequest) -> Tree:
    tree = tree_of(big(request.param))
    # Found once for a node of many children, at the first look-up by a name without unit address.
    for fold in (False, True):
        tree.first_children(tree.root.children["soc"], fold=fold)
    return tree


@BOTH
def test_apply_and_revert(base: Tree, dialect: Dialect) -> None:
    before = lines(base)
    arm(base)
    try:
        outcome = apply_overlay(base, OVERLAY, dialect)
        assert outcome.applies, outcome.refused
        outcome.changeset.revert(base)
    finally:
        disarm(base)
    assert lines(base) == before


@BOTH
def test_all_verdicts_and_findings(base: Tree, dialect: Dialect) -> None:
    before = lines(base)
    arm(base)
    try:
        applied = apply_checked(base, [OVERLAY], dialect, base="big.dtb")
        assert [verdict.error for verdict in applied.verdicts] == ["", ""]
        applied.stack.revert(base)
    finally:
        disarm(base)
    assert lines(base) == before


# Uses a label, and changes a node, of the first.
SECOND = overlay_of(
    to("new", {"more": 1}),
    to("dev_3", {"sound-dai": 0xFFFFFFFF}),
    fixups={"new": ("/fragment@0:target:0", "/fragment@1/__overlay__:sound-dai:0")},
    name="second.dtbo",
)


@BOTH
def test_a_forecast(base: Tree, dialect: Dialect) -> None:
    before = lines(base)
    arm(base)
    try:
        applied = apply_checked(base, [OVERLAY, SECOND], dialect, base="big.dtb", foresee=foresee)
        assert [verdict.error for verdict in applied.verdicts] == ["", ""]
        applied.stack.revert(base)
    finally:
        disarm(base)
    assert lines(base) == before
    assert applied.forecast is not None
    first, second = applied.forecast.removals
    assert first.blocked is not None
    assert [found.property for found in first.dangling] == ["sound-dai"]
    assert len(second.leaks) == 1


@BOTH
def test_owners(base: Tree, dialect: Dialect) -> None:
    arm(base)
    try:
        stack, owners = apply_owned(base, [OVERLAY, SECOND], dialect)
        device = base.find("/soc/bus0/dev@2")
        assert device is not None
        assert [layer.owner.number for layer in owners.layers(device, "status")] == [1, 0]
        for number in (2, 1):
            stack.outcomes[number - 1].changeset.revert(base)
            owners.withdraw(Owner(OVERLAY_KIND, number, ""))
        assert owners.owner_of(device, "status").number == 0
    finally:
        disarm(base)


@BOTH
@pytest.mark.parametrize(
    "last", [at("/soc/gone", {}), {"target": 0x9999999, "__overlay__": {}}], ids=["path", "phandle"]
)
def test_a_refusal(base: Tree, dialect: Dialect, last: Content) -> None:
    before = lines(base)
    overlay = overlay_of(to("dev_3", {"status": "okay"}), last)
    arm(base)
    try:
        assert not apply_overlay(base, overlay, dialect).applies
    finally:
        disarm(base)
    assert lines(base) == before


def test_a_wire_fires() -> None:
    tree = tree_of(big(100))
    arm(tree)
    with pytest.raises(TouchedError):
        list(tree.walk())
    other = tree.by_phandle[7]
    with pytest.raises(TouchedError):
        other.properties.get("reg")
    with pytest.raises(TouchedError):
        apply_overlay(tree, overlay_of(at("/soc/bus0/dev@3", {"p": 1})), LIBFDT)
    with pytest.raises(TouchedError):
        apply_overlay(tree, overlay_of(at("/soc/bus0/dev@3", {"p": 1})), LINUX)
