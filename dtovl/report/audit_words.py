"""A finding of an audit in words: the same for text and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.audit.tie import words
from dtovl.diagnostics import Diagnostic, Location, Note
from dtovl.model.errnos import ERRNO

if TYPE_CHECKING:
    from dtovl.audit.board import Board
    from dtovl.audit.result import Finding

FEW_FUNCTIONS = 6
"""Functions of a call trace that are told where not all are asked for."""

_SECTIONS = {"access": "in", "allocated": "allocated in", "freed": "freed in"}


def as_diagnostic(
    found: Finding, log: str, board: Board | None, functions: int = FEW_FUNCTIONS
) -> Diagnostic:
    """Put a finding into the shape that all findings have; its code keeps number and name.

    functions is how many of each call trace are told.
    """
    device = found.facts.get("device", "")
    says = found.means if found.tie.path or not device else f"{device}: {found.means}"
    return Diagnostic(
        found.registered._replace(message="{says}"),
        path=found.tie.path,
        at=Location(log, found.numbers[0]),
        why=_why(found),
        who="; ".join(words(one) for one in found.tie.overlays),
        fix=found.fix,
        notes=tuple(_notes(found, log, board, functions)),
        kernel=(found.text,),
        severity=found.severity,
        says=says,
    )


def _why(found: Finding) -> str:
    """Give what the line says besides, in words: the error by its name, counts, reasons."""
    facts = found.facts
    parts = []
    number = facts.get("error")
    if number is not None and int(number):
        name = next((one for one, value in ERRNO.items() if value == -int(number)), "")
        parts.append(f"error {number} is -{name}" if name else f"error {number}")
    if found.kind.name == "count-left":
        parts.append(f"the count is {facts['count']}, and would be 1 if nobody held it")
    if facts.get("reason"):
        parts.append(facts["reason"].strip())
    return "; ".join(parts)


def _notes(found: Finding, log: str, board: Board | None, functions: int) -> list[Note]:
    notes = []
    if found.count > 1:
        notes.append(Note(f"{found.count:,} times, last in line {found.last}"))
    for node in found.tie.nodes:
        if node.known is False and board is not None:
            notes.append(Note(f"{node.path} is no node of {board.base}, with or without overlays"))
        elif node.path != found.tie.path:
            notes.append(Note(f"{node.role} {node.path}"))
        if node.labels:
            notes.append(Note(f"{node.path} has label {', '.join(node.labels)}"))
    if found.after is not None:
        line, path = found.after
        notes.append(
            Note(f"the line before that names a node is about {path}", Location(log, line))
        )
    for trace in found.traces:
        shown = trace.functions[:functions]
        more = " <- ..." if len(trace.functions) > len(shown) else ""
        notes.append(Note(f"{_SECTIONS[trace.section]} {' <- '.join(shown)}{more}"))
    notes += _refusals(found, board)
    return notes


def _refusals(found: Finding, board: Board | None) -> list[Note]:
    """Say what dtovl finds wrong with an overlay that the kernel refused."""
    notes = []
    for one in found.tie.overlays if board is not None else ():
        refusal = board.given[one.place - 1].refusal if board is not None else None
        if refusal is not None and one.why == "refused" and not found.kind.follows:
            where = f"{refusal.path}: " if refusal.path else ""
            text = f"dtovl refuses {one.name} too: {where}{refusal.message} ({refusal.code.number})"
            notes.append(Note(text))
    return notes
