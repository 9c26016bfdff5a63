"""A base with overlays on it, for commands that look at what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.cli.inputs import Reading
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.overlay.owners import Owners

_MOST_NAMES = 3


class Merged(NamedTuple):
    """A base with overlays in force, and whose everything in it is."""

    tree: Tree
    owners: Owners
    base: str
    outcomes: list[Outcome]

    @property
    def name(self) -> str:
        """Name the base and the overlays; very many are counted."""
        names = [outcome.overlay.name for outcome in self.outcomes]
        if len(names) > _MOST_NAMES:
            return f"{self.base} with {len(names)} overlays"
        return f"{self.base} with {', '.join(names)}" if names else self.base


def merge(reading: Reading, files: Sequence[str], dialect: Dialect) -> Merged:
    """Read a base and overlays, and apply them in order.

    Raises InputError when one cannot be read, or is refused.
    """
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.owners import apply_owned

    base = files[0]
    tree = reading.load(base)
    overlays = [Overlay(reading.load(name), name) for name in files[1:]]
    stack, owners = apply_owned(tree, overlays, dialect, base)
    if stack.failed is not None:
        _refuse(stack.failed, tree, base, overlays, len(stack.outcomes))
    return Merged(tree, owners, base, stack.outcomes)


def _refuse(
    outcome: Outcome, tree: Tree, base: str, overlays: Sequence[Overlay], number: int
) -> None:
    from dtovl.checks.refusal import explain
    from dtovl.checks.subject import Subject
    from dtovl.diagnostics import Sink

    sink = Sink()
    explain(Subject(outcome, tree, sink, base, None, overlays, number))
    raise InputError(*sink)


def find_subject(merged: Merged, wanted: str) -> tuple[Node, str | None]:
    """Find the node, or the node and key of the property, that a path as typed means.

    A property is written `PATH/property` or `PATH:property`; a node comes first.

    Raises UsageError (DT060, DT061, DT244).
    """
    from dtovl.cli.show import find_node
    from dtovl.model.lookup import find_lenient

    tree = merged.tree
    exact = tree.find(wanted)
    if exact is not None:
        return exact, None
    for mark in (":", "/"):
        head, found, name = wanted.rpartition(mark)
        nodes = find_lenient(tree, head or "/") if found and name else []
        if len(nodes) != 1:
            continue
        keys = [*nodes[0].properties, *merged.owners.removed_properties(nodes[0])]
        if name in keys:
            return nodes[0], name
        if mark == ":" or not find_lenient(tree, wanted):
            _refuse_property(merged, nodes[0], name, keys, sure=mark == ":")
    return find_node(tree, wanted, merged.base), None


def _refuse_property(merged: Merged, node: Node, name: str, keys: list[str], *, sure: bool) -> None:
    """Say that a node has no such property; if not sure, only when one of its own is like it."""
    from dtovl.codes.ownership import NO_SUCH_PROPERTY
    from dtovl.diagnostics import Diagnostic, Note
    from dtovl.model.lookup import nearest
    from dtovl.model.node import plain_name

    near = nearest(name, (plain_name(key) for key in keys))
    if not near and not sure:
        return
    notes = tuple(Note(f"did you mean {node.path}:{one}?") for one in near)
    raise UsageError(
        Diagnostic(NO_SUCH_PROPERTY, notes=notes, node=node.path, name=merged.base, property=name)
    )
