"""A row of a conformance table: an overlay on a small base, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from support.overlays import facts, lines, overlay_content
from support.trees import Content, tree_of

from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from dtovl.model.dialect import Dialect
    from dtovl.overlay.outcome import Outcome

BASE: Content = {
    "#address-cells": 1,
    "#size-cells": 1,
    "compatible": "acme,board",
    "aliases": {"bus": "/soc", "second": "bus", "gone": "/nowhere", "short": "/soc/u"},
    "soc": {
        "#address-cells": 1,
        "#size-cells": 0,
        "phandle": 5,
        "u@2": {"reg": 2, "phandle": 7},
        "bare": {"x": 1},
    },
    "__symbols__": {"soc": "/soc", "u": "/soc/u@2", "bare": "/soc/bare"},
}
"""The base of most rows. Its largest phandle is 7: libfdt adds 7, Linux 8."""


class Row(NamedTuple):
    """One case.

    error is the verdict, "" for success. added and removed are the facts (see facts()) by which the
    tree after differs from the tree before. log are the kernel's lines.
    """

    id: str
    overlay: Content
    error: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    base: Content = BASE


def row(
    id: str,
    *fragments: Content,
    error: str = "",
    added: tuple[str, ...] = (),
    removed: tuple[str, ...] = (),
    log: tuple[str, ...] = (),
    base: Content = BASE,
    **tables: Any,
) -> Row:
    """Make a row; fragments and tables are those of support.overlays.overlay_content."""
    return Row(id, overlay_content(*fragments, **tables), error, added, removed, log, base)


def check(case: Row, dialect: Dialect) -> Outcome:
    """Apply the overlay of a row, hold the outcome against it, and revert it."""
    made = tree_of(case.base)
    before, order = facts(made), lines(made)
    outcome = apply_overlay(made, Overlay(tree_of(case.overlay)), dialect)
    assert outcome.error == case.error, outcome.problem
    assert [line.text for line in outcome.lines] == list(case.log)
    after = facts(made)
    assert after - before == set(case.added)
    assert before - after == set(case.removed)
    outcome.changeset.revert(made)
    assert lines(made) == order
    return outcome
