"""An overlay blob handed to the running kernel: its header checks, then the overlay itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import Changeset
from dtovl.fdt.kernel import Broken, read_header, unflatten
from dtovl.model.dialect import LINUX, Dialect, Problem
from dtovl.model.node import Node
from dtovl.model.tree import Tree
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.outcome import LogLine, Outcome, line_facts
from dtovl.resolve import Refused

if TYPE_CHECKING:
    from dtovl.overlay.notify import Notifier


def apply_blob(
    tree: Tree,
    data: bytes,
    dialect: Dialect = LINUX,
    number: int = 1,
    size: int | None = None,
    name: str = "overlay",
    notifier: Notifier | None = None,
) -> Outcome:
    """Apply a blob, however damaged, as the kernel would; size is what the caller says it has.

    Source: kernel of_overlay_fdt_apply, of_fdt_unflatten_tree.
    """
    blob = read_header(data[:size])
    if blob is None:
        return _unread(Refused(Problem.HEADER), dialect, name)
    if blob.totalsize > (len(data) if size is None else size):
        return _unread(
            Refused(Problem.SHORT, size=len(data), totalsize=blob.totalsize), dialect, name
        )
    try:
        overlay, warnings = unflatten(blob)
    except Broken as broken:
        problem = Problem.STRUCTURE if broken.code else Problem.STRUCTURE_EMPTY
        return _unread(Refused(problem, code=broken.code), dialect, name)
    outcome = apply_overlay(tree, Overlay(overlay, name), dialect, number, notifier)
    outcome.lines[:0] = [LogLine(4, (line,)) for line in warnings]
    return outcome


def _unread(refused: Refused, dialect: Dialect, name: str) -> Outcome:
    outcome = Outcome(Overlay(Tree(Node("")), name), dialect, Changeset())
    outcome.refused = refused
    outcome.print(refused.problem, **line_facts(refused, dialect))
    return outcome
