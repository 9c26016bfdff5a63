"""What a check of an applied or refused overlay has before it, and the words for it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.model.cells import cell, strings
from dtovl.model.values import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.codes.base import Code, Severity
    from dtovl.diagnostics import Location, Note, Sink
    from dtovl.model.dialect import Problem
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome


_MOST_LINES = 8

# Overlays, and boards of one family, set many properties to the same: texts are kept of so many
# values of up to so many bytes.
_MOST_TEXTS = 4096
_MOST_BYTES = 256


class Subject(NamedTuple):
    """One outcome, the tree it came of, and where findings go.

    base is the display name of the base; severity replaces that of the codes for a refusal (info
    when nobody asked for this dialect); stack has all overlays given, number is the place of this
    one among them, from 1. listed are the overlays in force in a kernel, with their ids.
    """

    outcome: Outcome
    tree: Tree
    sink: Sink
    base: str
    severity: Severity | None
    stack: Sequence[Overlay]
    number: int
    listed: Sequence[tuple[int, Overlay]] = ()

    @property
    def overlay(self) -> str:
        """Give the display name of the overlay."""
        return self.outcome.overlay.name

    @property
    def who(self) -> str:
        """Name the overlay and its place in the stack."""
        return f"overlay {self.number} ({self.overlay})" if len(self.stack) > 1 else self.overlay

    @property
    def kernel(self) -> tuple[str, ...]:
        """Give the lines of the kernel log that a refusal leaves."""
        lines = [line for line in self.outcome.lines if "memory leak will" not in line.parts[0]]
        told = [line.text for line in lines[:_MOST_LINES]]
        if len(lines) > _MOST_LINES:
            told.append(f"and {len(lines) - _MOST_LINES} more lines")
        return tuple(told)

    def at(self, node: Node | None, key: str | None = None) -> Location | None:
        """Give the place in source of a property of the overlay, or else of its node, or above."""
        positions = self.outcome.overlay.tree.positions
        if not positions or node is None:
            return None
        if key is not None and (node, key) in positions:
            return positions[node, key]
        above: Node | None = node
        while above is not None and above not in positions:
            above = above.parent
        return None if above is None else positions[above]

    def tree_place(self, node: Node, key: str | None) -> Location | None:
        """Give the place in source of a node of the live tree, or of its property."""
        positions = self.tree.positions
        if key is not None and (node, key) in positions:
            return positions[node, key]
        return positions.get(node)

    def owner(self, node: Node, key: str | None = None) -> str:
        """Name who has brought a node of the tree, or its property: an overlay, or the base."""
        origin = self.tree.origin_of(node, key)
        return self.base if origin is None else origin.overlay

    def boards(self) -> tuple[list[str], list[str]] | None:
        """Give `compatible` of the overlay's root and of the base, when no string is shared."""
        own = self.outcome.overlay.tree.root.properties
        if "compatible" not in own:
            return None
        wanted = strings(own["compatible"])
        found = strings(self.tree.root.properties.get("compatible", b""))
        if not wanted or not found or not set(wanted).isdisjoint(found):
            return None
        return wanted, found

    def stem(self) -> str:
        """Give the name of the base without folder and ending, for commands in suggestions."""
        return self.base.rpartition("/")[2].partition(".")[0] or "board"


def report_refusal(
    subject: Subject,
    code: Code,
    problem: Problem,
    *,
    node: Node | None = None,
    key: str | None = None,
    path: str | None = None,
    why: str = "",
    notes: Iterable[Note] = (),
    **fields: Any,
) -> None:
    """Report what the overlay was refused for, at a node of the overlay or a path."""
    place = node.path if path is None and node is not None else path or ""
    dialect = subject.outcome.dialect
    subject.sink.report(
        code,
        path=place,
        at=subject.at(node, key),
        why=why,
        who=subject.who,
        notes=tuple(notes),
        kernel=subject.kernel,
        severity=subject.severity,
        base=subject.base,
        overlay=subject.overlay,
        errors={dialect.name: dialect.errors[problem]},
        **fields,
    )


def references_inside(subject: Subject) -> dict[int, int]:
    """Count the references inside the overlay, by the phandle in the overlay they hold."""
    counts: dict[int, int] = {}
    for recipe in subject.outcome.overlay.plan(subject.outcome.dialect).recipes:
        for offset in recipe.local:
            number = cell(recipe.value, offset)
            counts[number] = counts.get(number, 0) + 1
    return counts


def shown(value: bytes, name: str, limit: int) -> str:
    """Write the value of a property called name in at most so many characters, "" if empty."""
    if len(value) > _MOST_BYTES:
        return render(value, name=name, limit=limit)
    return _shown(value, name, limit)


@lru_cache(maxsize=_MOST_TEXTS)
def _shown(value: bytes, name: str, limit: int) -> str:
    return render(value, name=name, limit=limit)


def counted(number: int, word: str, plural: str = "") -> str:
    """Write a number with its noun: `1 node`, `3 nodes`."""
    return f"{number} {word}" if number == 1 else f"{number} {plural or word + 's'}"
