"""What a check of an applied or refused overlay has before it, and the words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.model.dialect import LIBFDT, LINUX, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dtovl.codes.base import Code, Severity
    from dtovl.diagnostics import Location, Note, Sink
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome


class Subject(NamedTuple):
    """One outcome, the tree it came of, and where findings go.

    base is the display name of the base; severity replaces that of the codes for a refusal (info
    when nobody asked for this dialect); brings maps labels to the overlays of the same stack that
    export them; number counts the overlays of the stack from 1.
    """

    outcome: Outcome
    tree: Tree
    sink: Sink
    base: str
    severity: Severity | None
    brings: Mapping[str, str]
    number: int
    of: int

    @property
    def overlay(self) -> str:
        """Give the display name of the overlay."""
        return self.outcome.overlay.name

    @property
    def who(self) -> str:
        """Name the overlay and its place in the stack."""
        return f"overlay {self.number} ({self.overlay})" if self.of > 1 else self.overlay

    @property
    def kernel(self) -> tuple[str, ...]:
        """Give the lines of the kernel log that a refusal leaves."""
        return tuple(
            line.text for line in self.outcome.lines if "memory leak will" not in line.text
        )

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

    def stem(self) -> str:
        """Give the name of the base without folder and ending, for commands in suggestions."""
        return self.base.rpartition("/")[2].partition(".")[0] or "board"


def both_errors(problem: Problem) -> str:
    """Say what each dialect makes of a problem, for people who search for the error's name."""
    parts = []
    for dialect in (LIBFDT, LINUX):
        error = dialect.errors.get(problem)
        parts.append(f"{dialect.name}: {error or 'no error'}")
    return ", ".join(parts)


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
    reason = f"{why}; {both_errors(problem)}" if why else both_errors(problem)
    subject.sink.report(
        code,
        path=place,
        at=subject.at(node, key),
        why=reason,
        who=subject.who,
        notes=tuple(notes),
        kernel=subject.kernel,
        severity=subject.severity,
        base=subject.base,
        overlay=subject.overlay,
        **fields,
    )


def counted(number: int, word: str, plural: str = "") -> str:
    """Write a number with its noun: `1 node`, `3 nodes`."""
    return f"{number} {word}" if number == 1 else f"{number} {plural or word + 's'}"
