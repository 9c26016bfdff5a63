"""Which cells of an interrupt specifier tell the line, and which the trigger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.overlays import at, overlay_of
from support.trees import Content, cells, strings, tree_of

from dtovl.checks.claims import check_claims
from dtovl.checks.triggers import form_of, line_words
from dtovl.diagnostics import Sink
from dtovl.model.dialect import LIBFDT
from dtovl.overlay.apply import apply_overlay

CASES: list[tuple[str, list[int], list[int], bool]] = [
    ("acme,gpio", [5, 2], [5], True),
    ("acme,gpio", [5, 8], [5], False),
    ("acme,intc", [5], [5], False),
    ("arm,gic-400", [0, 77, 4], [0, 77], False),
    ("arm,gic-400", [0, 77, 0xF01], [0, 77], True),
    ("arm,gic-v3", [0, 77, 1, 9], [0, 77], True),
    ("acme,four", [0, 77, 9, 4], [0, 77, 9], False),
    ("brcm,bcm2836-armctrl-ic", [1, 2], [1, 2], False),
    ("brcm,bcm2836-l1-intc", [1, 2], [1], True),
    ("samsung,exynos4210-combiner", [1, 2], [1, 2], False),
    ("cavium,octeon-3860-ciu", [1, 2], [1, 2], False),
    ("cavium,octeon-3860-gpio", [1, 2], [1], True),
    ("ti,icssg-intc", [1, 2, 3], [1, 2, 3], False),
    ("qcom,spmi-pmic-arb", [0, 8, 1, 3], [0, 8, 1], True),
    ("atmel,sama5d2-aic", [39, 4, 7], [39], False),
    ("microchip,sam9x60-aic", [39, 3, 7], [39], True),
    ("fsl,mpic", [16, 2, 1, 3], [16, 1, 3], False),
    ("chrp,open-pic", [16, 3], [16], True),
    ("open-pic", [16, 0], [16], True),
]


@pytest.mark.parametrize(("kind", "arguments", "line", "edge"), CASES)
def test_forms(kind: str, arguments: list[int], line: list[int], *, edge: bool) -> None:
    assert form_of(strings("acme,own", kind)).read(cells(*arguments)) == (cells(*line), edge)


@given(st.binary(max_size=64), st.binary(max_size=40))
def test_any_bytes_have_a_form(compatible: bytes, arguments: bytes) -> None:
    line, _ = form_of(compatible).read(arguments)
    assert len(line) <= len(arguments)
    assert isinstance(line_words(line, compatible), str)


@pytest.mark.parametrize(
    ("kind", "line", "words"),
    [
        ("arm,gic-v3", [0, 77], "SPI 77"),
        ("arm,cortex-a15-gic", [1, 9], "PPI 9"),
        ("qcom,msm-qgic2", [0, 3], "SPI 3"),
        ("fsl,imx6q-gpc", [0, 3], "SPI 3"),
        ("arm,gic-400", [9, 77], "9 77"),
        ("amlogic,meson-gpio-intc", [0, 77], "0 77"),
        ("acme,intc", [0, 77], "0 77"),
        ("arm,gic-400", [77], "77"),
    ],
)
def test_words(kind: str, line: list[int], words: str) -> None:
    assert line_words(cells(*line), strings("acme,own", kind)) == words


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("fsl,mpic", [16, 2, 1, 3], [16, 1, 1, 3], True),
        ("fsl,mpic", [16, 2, 1, 3], [16, 2, 1, 4], False),
        ("qcom,spmi-pmic-arb", [0, 8, 0, 3], [0, 8, 1, 3], False),
        ("qcom,spmi-pmic-arb", [0, 8, 1, 3], [0, 8, 1, 2], True),
        ("atmel,at91rm9200-aic", [1, 4, 7], [1, 4, 5], True),
        ("arm,gic-400", [1, 4, 7], [1, 4, 7], False),
    ],
)
def test_a_line_of_the_base_is_found(
    kind: str, one: list[int], other: list[int], *, same: bool
) -> None:
    intc: Content = {"compatible": kind, "phandle": 1, "#interrupt-cells": len(one)}
    old: Content = {"compatible": "a,b", "interrupts": one}
    tree = tree_of({"compatible": "a,b", "interrupt-parent": 1, "intc": intc, "old": old})
    overlay = overlay_of(at("/", {"new": {"compatible": "a,b", "interrupts": other}}))
    sink = Sink()
    check_claims(tree, [apply_overlay(tree, overlay, LIBFDT)], "board.dtb", sink)
    assert bool(len(sink)) is same
