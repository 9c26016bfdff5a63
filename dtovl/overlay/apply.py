"""Applying an overlay to a live tree, as a dialect does it; a refusal leaves the tree as it was."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dtovl.changeset import Changeset
from dtovl.model.dialect import Problem
from dtovl.overlay.build import build, sysfs_names
from dtovl.overlay.merge import merge
from dtovl.overlay.notify import applied, pre_apply, refusal_line
from dtovl.overlay.outcome import Outcome, line_facts
from dtovl.resolve import Refused, resolve

if TYPE_CHECKING:
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.notify import Notifier


def apply_overlay(
    tree: Tree,
    overlay: Overlay,
    dialect: Dialect,
    number: int = 1,
    notifier: Notifier | None = None,
) -> Outcome:
    """Apply an overlay to a tree; the outcome says whether it is in force, and all about it.

    number is the overlay's place in its stack, from 1, kept in the origins; notifier hears of it
    where the dialect tells anybody. The overlay is not
    changed and may be applied to other trees. outcome.changeset.revert(tree) takes it out again.
    Source: libfdt fdt_overlay_apply; kernel of_overlay_fdt_apply.
    """
    outcome = Outcome(overlay, dialect, Changeset())
    try:
        resolved = resolve(overlay.plan(dialect), tree, dialect)
        if dialect.targets_first:
            announce = None if notifier is None else partial(pre_apply, tree, outcome, notifier)
            entries = build(tree, outcome, resolved, number, announce)
            outcome.lines.extend(sysfs_names(entries))
            outcome.changeset.apply(tree)
            applied(tree, outcome, notifier)
        else:
            merge(tree, outcome, resolved, number)
    except Refused as refused:
        outcome.changeset.revert(tree)
        if dialect.targets_first:
            outcome.recorded = len(outcome.changeset.entries)
        outcome.changeset.entries.clear()
        # Its traceback holds this frame, and so the outcome: a cycle that would stay for long.
        outcome.refused = refused.with_traceback(None)
        if refused.problem is Problem.NOTIFIER:
            outcome.lines.append(refusal_line(refused))
        elif not refused.facts.get("printed"):
            outcome.print(refused.problem, **line_facts(refused, dialect))
    return outcome
