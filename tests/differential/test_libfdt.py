"""Our applier `libfdt` against fdt_overlay_apply itself, which runs in a child process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conformance.test_libfdt_rows import DANGEROUS, FIXUPS, MERGING, PHANDLES, SYMBOLS
from hypothesis import given
from support.blob import blob
from support.canonical import blob_lines
from support.generated import made_by, make_pair
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


def hold_against(oracle: Oracle, base: bytes, overlay: bytes) -> None:
    """Apply an overlay both ways; the verdict and the document must be the same.

    Where libfdt corrupts memory we refuse, and what libfdt says then means nothing.
    """
    judgement = oracle.apply(base, overlay)
    tree = unflatten(base)
    outcome = apply_overlay(tree, Overlay(unflatten(overlay)), LIBFDT)
    if outcome.hazard:
        return
    assert judgement.error != CRASH
    assert outcome.error == judgement.error, outcome.problem
    if not judgement.error:
        assert blob_lines(flatten(tree)) == blob_lines(judgement.blob)


@pytest.mark.parametrize(
    "row", [*PHANDLES, *FIXUPS, *MERGING, *SYMBOLS, *DANGEROUS], ids=lambda row: row.id
)
def test_rows_of_the_table(oracle: Oracle, row: Row) -> None:
    hold_against(oracle, blob(row.base), blob(row.overlay))


@given(pair=made_by(make_pair))
def test_generated(oracle: Oracle, pair: tuple[Content, Content]) -> None:
    base, overlay = pair
    hold_against(oracle, blob(base), blob(overlay))


def test_a_judge_that_dies_is_replaced(oracle: Oracle) -> None:
    killer = next(row for row in DANGEROUS if row.id == "K167-0x7fffffff")
    assert oracle.apply(blob(killer.base), blob(killer.overlay)).error == CRASH
    assert oracle.apply(blob(killer.base), blob({})).error == ""
