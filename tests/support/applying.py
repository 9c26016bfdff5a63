"""An overlay blob, however damaged, on the bare applier: read as the kernel does, then applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import Changeset
from dtovl.fdt.write import flatten
from dtovl.live.blob import parse_blob
from dtovl.live.state import own_name
from dtovl.model.dialect import LINUX
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.outcome import LogLine, Outcome, line_facts

if TYPE_CHECKING:
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
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
    """Apply a blob; size is what the caller says it has."""
    parsed = parse_blob(data, name, size)
    overlay = parsed.overlay
    if parsed.refused is not None:
        outcome = Outcome(overlay, dialect, Changeset())
        outcome.refused = parsed.refused
        outcome.print(parsed.refused.problem, **line_facts(parsed.refused, dialect))
        return outcome
    # The bare applier implies the names that unflattening makes.
    for node in overlay.tree.walk():
        if node.properties.get("name") == own_name(node):
            del node.properties["name"]
    outcome = apply_overlay(tree, overlay, dialect, number, notifier)
    outcome.lines[:0] = [LogLine(4, (line,)) for line in parsed.warnings]
    return outcome


def unflattened(overlay: Overlay) -> Overlay:
    """Give an overlay as the kernel unflattens its blob: with a `name` in each node."""
    return parse_blob(flatten(overlay.tree), overlay.name).overlay
