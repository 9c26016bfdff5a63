"""Our applier `libfdt` against fdt_overlay_apply itself, which runs in a child process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conformance.test_libfdt_rows import DANGEROUS, FIXUPS, MERGING, PHANDLES, SYMBOLS
from hypothesis import given
from support.blob import blob
from support.canonical import blob_lines
from support.generated import made_by, make_pair, make_stack
from support.oracle import CRASH, Oracle

from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.dialect import LIBFDT
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.rows import Row
    from support.trees import Content


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as started:
        yield started


def hold_against(oracle: Oracle, base: bytes, *overlays: bytes) -> None:
    """Apply overlays both ways; verdicts and documents must be the same.

    Where libfdt corrupts memory we refuse, and what libfdt says then means nothing.
    """
    tree = unflatten(base)
    expected = base
    for number, overlay in enumerate(overlays, 1):
        error, result = oracle.apply(expected, overlay)
        outcome = apply_overlay(tree, Overlay(unflatten(overlay)), LIBFDT, number)
        if outcome.hazard:
            return
        assert error != CRASH
        assert outcome.error == error, outcome.problem
        if error:
            # A base that libfdt failed on is spoilt; ours is as before.
            assert blob_lines(flatten(tree)) == blob_lines(expected)
            return
        expected = result
        assert blob_lines(flatten(tree)) == blob_lines(expected)


@pytest.mark.parametrize(
    "row", [*PHANDLES, *FIXUPS, *MERGING, *SYMBOLS, *DANGEROUS], ids=lambda row: row.id
)
def test_rows_of_the_table(oracle: Oracle, row: Row) -> None:
    hold_against(oracle, blob(row.base), blob(row.overlay))


@given(pair=made_by(make_pair))
def test_generated(oracle: Oracle, pair: tuple[Content, Content]) -> None:
    base, overlay = pair
    hold_against(oracle, blob(base), blob(overlay))


@given(stack=made_by(make_stack))
def test_generated_stacks(oracle: Oracle, stack: tuple[Content, list[Content]]) -> None:
    base, overlays = stack
    hold_against(oracle, blob(base), *map(blob, overlays))


def test_a_judge_that_dies_is_replaced(oracle: Oracle) -> None:
    killer = next(row for row in DANGEROUS if row.id == "K167-0x7fffffff")
    assert oracle.apply(blob(killer.base), blob(killer.overlay)).error == CRASH
    assert oracle.apply(blob(killer.base), blob({})).error == ""
