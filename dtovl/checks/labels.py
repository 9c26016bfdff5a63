"""Refusals over labels: missing, stale, without phandle; a base without symbols."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from dtovl.checks.subject import Subject, counted, report_refusal
from dtovl.checks.targets import suggest_nodes
from dtovl.codes import overlay as codes
from dtovl.diagnostics import Note
from dtovl.model.cells import text
from dtovl.model.dialect import Problem
from dtovl.model.lookup import nearest
from dtovl.model.values import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.overlay.fragments import Overlay
    from dtovl.resolve import Fixup, Refused

_MOST_NOTES = 5
_MOST_MISSING = 500
# Comparing a label with all of the base takes milliseconds; who lacks more has another board.
_MOST_SUGGESTED = 10


def no_symbols(subject: Subject, refused: Refused) -> None:
    """Explain a base built without labels."""
    dialect = subject.outcome.dialect
    fixups = subject.outcome.overlay.plan(dialect).fixups
    labels = [fixup.label for fixup in fixups]
    wanting = [len(overlay.plan(dialect).fixups) for overlay in subject.stack]
    overlays = sum(map(bool, wanting))
    of = subject.overlay if overlays < 2 else counted(overlays, "overlay")
    why = f"it was built without -@; {subject.overlay} wants " + _listed(labels)
    if not labels:
        why = "it was built without -@; Linux wants the node for any overlay that has __fixups__"
    report_refusal(
        subject,
        codes.BASE_WITHOUT_SYMBOLS,
        refused.problem,
        path="/__symbols__",
        why=why,
        notes=_uses(subject, fixups),
        count=counted(sum(wanting), "label"),
        overlays=of,
        stem=subject.stem(),
    )


def label_missing(subject: Subject, refused: Refused) -> None:
    """Report every label that the base lacks, not only the one that ended the attempt."""
    symbols = subject.tree.symbols
    known = list(symbols.properties) if symbols is not None else []
    fixups = subject.outcome.overlay.plan(subject.outcome.dialect).fixups
    there = frozenset(known)
    missing: dict[str, Fixup] = {}
    for fixup in fixups:
        if fixup.label not in there:
            missing.setdefault(fixup.label, fixup)
    for number, fixup in enumerate(islice(missing.values(), _MOST_MISSING)):
        site = fixup.sites[0] if fixup.sites else None
        report_refusal(
            subject,
            codes.LABEL_NOT_IN_BASE,
            refused.problem,
            node=site.node if site else None,
            key=site.key if site else None,
            why=_wanted_by(fixup),
            notes=[
                *_left_out(len(missing) - _MOST_MISSING if not number else 0),
                *_uses(subject, [fixup], first=1),
                *_suggest_labels(subject, fixup.label, known if number < _MOST_SUGGESTED else []),
            ],
            fix=_earlier(subject, fixup.label) or _other_board(subject),
            label=fixup.label,
        )


def _left_out(count: int) -> Iterable[Note]:
    if count > 0:
        yield Note(f"{counted(count, 'label')} more are missing than are listed")


def _other_board(subject: Subject) -> str | None:
    """Give the cure where the overlay is for another board: not to define its labels here."""
    boards = subject.boards()
    if boards is None:
        return None
    return f"this overlay is for {boards[0][0]}: take the one for {boards[1][0]}"


def _earlier(subject: Subject, label: str) -> str:
    """Give the cure where an overlay of the same stack brings the label."""
    bringer = _bringer(subject, label)
    return f"apply {bringer} before {subject.overlay}" if bringer else ""


def _bringer(subject: Subject, label: str) -> str:
    return next((one.name for one in subject.stack if _exports(one, label)), "")


def _suggest_labels(subject: Subject, label: str, known: list[str]) -> Iterable[Note]:
    symbols = subject.tree.symbols
    near = nearest(label, known)
    if near and symbols is not None:
        meant = [f"{name} ({text(symbols.properties[name]) or '?'})" for name in near]
        yield Note("did you mean " + " or ".join(meant) + "?")
    bringer = _bringer(subject, label)
    if bringer:
        yield Note(f"{bringer} exports this label: it must be applied before {subject.overlay}")
    elif len(subject.stack) > 1:
        yield Note("no other overlay of this stack exports it")


def _exports(overlay: Overlay, label: str) -> bool:
    return overlay.symbols is not None and label in overlay.symbols.properties


def _wanted_by(fixup: Fixup) -> str:
    if not fixup.sites:
        return "it is named by __fixups__"
    site = fixup.sites[0]
    return f"{site.key} of {site.node.path} refers to it"


def _uses(subject: Subject, fixups: list[Fixup], first: int = 0) -> list[Note]:
    """List where labels are used, leaving out the first uses that are shown elsewhere."""
    uses = [(fixup.label, site) for fixup in fixups for site in fixup.sites][first:]
    notes = [
        Note(f"{label} is used by {site.node.path}:{site.key}", subject.at(site.node, site.key))
        for label, site in uses[:_MOST_NOTES]
    ]
    if len(uses) > _MOST_NOTES:
        notes.append(Note(f"and {len(uses) - _MOST_NOTES} more"))
    return notes


def _listed(names: list[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def stale_symbol(subject: Subject, refused: Refused) -> None:
    """Explain a label that points nowhere."""
    label = str(refused.facts["label"])
    symbols = subject.tree.symbols
    value = b"" if symbols is None else symbols.properties.get(label, b"")
    what = {
        Problem.LABEL_EMPTY: "has no value",
        Problem.LABEL_UNTERMINATED: "is no string (no NUL at its end)",
        Problem.LABEL_FORM: "is no path",
    }.get(refused.problem, "is no node there")
    path = text(value)
    owner = subject.base if symbols is None else subject.owner(symbols, label)
    mend = None if owner == subject.base else f"mend it in {owner}, which has set it"
    report_refusal(
        subject,
        codes.STALE_SYMBOL,
        refused.problem,
        path="/__symbols__",
        why=f"{subject.overlay} refers to it",
        notes=suggest_nodes(subject, path) if path else (),
        fix=mend,
        label=label,
        value=render(value) or "empty",
        what=what,
    )


def label_without_phandle(subject: Subject, refused: Refused) -> None:
    """Explain a label whose node cannot be referred to."""
    report_refusal(
        subject,
        codes.LABEL_WITHOUT_PHANDLE,
        refused.problem,
        path=str(refused.facts["path"]),
        why=f"{subject.overlay} refers to it",
        label=refused.facts["label"],
    )
