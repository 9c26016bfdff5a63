"""Overlays made to be slow: work and findings must grow with the input, not with its square.

A run that compares everything with everything takes minutes here; the limit only ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.overlays import at, inside, overlay_of, state, to
from support.trees import Content, again, tree_of

from dtovl.checks.verdicts import apply_checked
from dtovl.model.dialect import LIBFDT, LINUX, Dialect

if TYPE_CHECKING:
    from dtovl.overlay.fragments import Overlay

COUNT = 4_000
NUMBERS = range(COUNT)

ONE_UNIT: Content = {f"x{number}@1": {"reg": 1} for number in NUMBERS}
DEVICES: Content = {f"x@{number:x}": {"compatible": "a", "reg": number} for number in NUMBERS}
LATER: Content = {f"x@{COUNT + number:x}": {"reg": COUNT + number} for number in NUMBERS}

CASES: dict[str, tuple[Content, Overlay]] = {
    "names-without-unit-address": (
        {"s": {f"x{number}@1": {} for number in NUMBERS}},
        overlay_of(at("/s", {f"x{number}": {"p": 1} for number in NUMBERS})),
    ),
    "names-in-capitals": (
        {"s": {f"X{number}": {} for number in NUMBERS}},
        overlay_of(at("/s", {f"X{number}": {"p": 1} for number in NUMBERS})),
    ),
    "new-names-in-capitals": (
        {"s": {f"x{number}": {} for number in NUMBERS}},
        overlay_of(at("/s", {f"Y{number}": {"p": 1} for number in NUMBERS})),
    ),
    "children-of-a-new-node": (
        {"s": {}},
        overlay_of(
            at(
                "/s",
                {
                    "n": {f"x{number}@1": {} for number in NUMBERS}
                    | {f"x{number}": {} for number in NUMBERS}
                },
            )
        ),
    ),
    "one-unit-address": (
        {"s": {"#address-cells": 1, "#size-cells": 0, **ONE_UNIT}},
        overlay_of(at("/s", {f"y{number}@1": {"reg": 1} for number in NUMBERS})),
    ),
    "devices-of-one-name": (
        {"#address-cells": 1, "#size-cells": 0, **DEVICES},
        overlay_of(at("/", LATER)),
    ),
    "fragments": (
        {"s": {}},
        overlay_of(*(at("/s", {f"n{number}": {}}) for number in NUMBERS)),
    ),
    "labels-that-are-missing": (
        {"s": {}, "__symbols__": {f"label{number}": "/s" for number in NUMBERS}},
        overlay_of(*(to(f"lable{number}", {}) for number in NUMBERS)),
    ),
    "one-property-again-and-again": (
        {"s": {}},
        overlay_of(at("/s", {again("p", number) if number else "p": 1 for number in NUMBERS})),
    ),
    "one-node-in-every-fragment": (
        {"s": {}},
        overlay_of(*(at("/s", {"n": {}}) for _ in NUMBERS)),
    ),
    "phandles-of-both": (
        {"s": {f"x{number}": {"phandle": number + 1} for number in NUMBERS}},
        overlay_of(at("/s", {f"x{number}": {"phandle": number + 1} for number in NUMBERS})),
    ),
    "references-to-phandles-of-both": (
        {"s": {f"x{number}": {"phandle": number + 1} for number in NUMBERS}},
        overlay_of(
            at("/s", {f"x{n}": {"phandle": n + 1, "r": n + 1} for n in NUMBERS}),
            local=inside({f"x{number}": {"r": [0]} for number in NUMBERS}),
        ),
    ),
    "devices-of-many-names": (
        {"#address-cells": 1, "#size-cells": 0, **DEVICES, **ONE_UNIT},
        overlay_of(at("/", {f"y{number}@1": {"reg": 1} for number in NUMBERS})),
    ),
    "symbols-of-many-fragments": (
        {"s": {}, "__symbols__": {}},
        overlay_of(
            *(at("/s", {}) for _ in NUMBERS),
            symbols={f"l{number}": f"/fragment@{number}/__overlay__" for number in NUMBERS},
        ),
    ),
    "one-phandle-for-all": (
        {"s": {f"x{number}": {"phandle": 1} for number in NUMBERS}},
        overlay_of(
            at("/s", {f"y{number}": {"phandle": 0} for number in NUMBERS} | {"r": [1] * COUNT}),
            local=inside({"r": [4 * number for number in NUMBERS]}),
        ),
    ),
    "labels-of-one-node": (
        {"s": {}, "__symbols__": {}},
        overlay_of(
            at("/s", {}), symbols={f"l{number}": "/fragment@0/__overlay__" for number in NUMBERS}
        ),
    ),
    "sites-of-one-label": (
        {"s": {"phandle": 1}, "__symbols__": {"l": "/s"}},
        overlay_of(
            at("/s", {"r": [1] * COUNT}),
            fixups={"l": tuple(f"/fragment@0/__overlay__:r:{4 * number}" for number in NUMBERS)},
        ),
    ),
    "values-as-they-are": (
        {"s": {f"p{number}": 1 for number in NUMBERS}},
        overlay_of(at("/s", {f"p{number}": 1 for number in NUMBERS})),
    ),
    "nodes-without-effect": (
        {"s": {f"a{number}": {} for number in NUMBERS}},
        overlay_of(at("/s", {f"b{number}": {"status": "okay"} for number in NUMBERS})),
    ),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("applier", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("case", CASES)
def test_work_and_findings_grow_with_the_input(case: str, applier: Dialect) -> None:
    base, overlay = CASES[case]
    tree = tree_of(base)
    before = state(tree)
    applied = apply_checked(tree, [overlay], applier)
    applied.stack.revert(tree)
    assert len(applied.findings) <= 4 * COUNT
    assert sum(len(found.notes) for found in applied.findings) <= 4 * COUNT
    assert state(tree) == before
