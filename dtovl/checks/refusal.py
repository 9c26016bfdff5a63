"""Why an overlay cannot be applied: the problem in full, where, what is there instead, the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks import contents, fixups, labels, targets
from dtovl.codes import overlay as codes
from dtovl.diagnostics import Note
from dtovl.model.dialect import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.checks.subject import Subject
    from dtovl.resolve import Refused


def explain(subject: Subject) -> None:
    """Report why the overlay of the subject was refused; nothing when it applies.

    The tree must be as it was when the overlay was tried.
    """
    refused = subject.outcome.refused
    if refused is not None:
        _EXPLAINERS[refused.problem](subject, refused)
        _tell_recorded(subject)
        if any(found.code in _BROUGHT_TWICE for found in subject.sink):
            _tell_twin(subject)


_BROUGHT_TWICE = (codes.PHANDLE_CLASH, codes.SYMBOL_EXISTS)


def _tell_twin(subject: Subject) -> None:
    """Say that the overlay clashes with itself, where it was applied before: nothing is to mend."""
    from dtovl.model.compare import same

    own = subject.outcome.overlay
    earlier = subject.stack[: subject.number - 1]
    before = [(f"overlay {number}", one) for number, one in enumerate(earlier, 1)]
    before += [(f"#{number}", one) for number, one in subject.listed]
    twins = (one for one in before if one[1] is own or same(one[1].tree, own.tree))
    called, twin = next(twins, ("", own))
    if not called:
        return
    known = "" if twin.name == own.name else f", called {twin.name}"
    for found in subject.sink:
        if found.code in _BROUGHT_TWICE:
            text = f"{own.name} is in force already as {called}{known}"
            found.notes = (*found.notes, Note(text))
            found.fix = f"leave it out, or remove {called} before it is applied again"


def _tell_recorded(subject: Subject) -> None:
    """Add to the finding what an overlay that failed while it was built leaves in the kernel.

    Source: kernel of_overlay_fdt_apply, __of_changeset_revert_entries, overlay_removal_is_ok.
    """
    count = subject.outcome.recorded
    if not count or not len(subject.sink) or subject.outcome.hazard:
        return
    found = subject.sink.diagnostics[-1]
    text = (
        f"the failed overlay stays in {subject.outcome.dialect.title} with its id and the "
        f"{count} {'entry' if count == 1 else 'entries'} recorded so far: it can never be removed, "
        "and overlays below it on the same nodes cannot either"
    )
    found.notes = (*found.notes, Note(text))


_EXPLAINERS: dict[Problem, Callable[[Subject, Refused], None]] = {
    Problem.NOTIFIER: contents.listener_refused,
    Problem.HEADER: contents.blob_refused,
    Problem.SHORT: contents.blob_refused,
    Problem.STRUCTURE: contents.blob_refused,
    Problem.STRUCTURE_EMPTY: contents.blob_refused,
    Problem.PHANDLE_LENGTH: fixups.phandle_length,
    Problem.PHANDLE_OVERFLOW: fixups.phandle_overflow,
    Problem.LOCAL_LENGTH: fixups.local_malformed,
    Problem.LOCAL_EMPTY: fixups.local_malformed,
    Problem.LOCAL_PROPERTY: fixups.local_malformed,
    Problem.LOCAL_NODE: fixups.local_malformed,
    Problem.LOCAL_PHANDLE: fixups.local_malformed,
    Problem.LOCAL_RANGE: fixups.fixup_outside,
    Problem.LOCAL_WRAP: fixups.fixup_outside,
    Problem.NO_SYMBOLS: labels.no_symbols,
    Problem.LABEL_MISSING: labels.label_missing,
    Problem.LABEL_EMPTY: labels.stale_symbol,
    Problem.LABEL_UNTERMINATED: labels.stale_symbol,
    Problem.LABEL_FORM: labels.stale_symbol,
    Problem.LABEL_NODE: labels.stale_symbol,
    Problem.LABEL_PHANDLE: labels.label_without_phandle,
    Problem.FIXUP_NONE: fixups.fixup_malformed,
    Problem.FIXUP_UNTERMINATED: fixups.fixup_malformed,
    Problem.FIXUP_SYNTAX: fixups.fixup_malformed,
    Problem.FIXUP_NUMBER: fixups.fixup_malformed,
    Problem.FIXUP_PATH: fixups.fixup_malformed,
    Problem.FIXUP_NODE: fixups.fixup_malformed,
    Problem.FIXUP_PROPERTY: fixups.fixup_malformed,
    Problem.FIXUP_RANGE: fixups.fixup_outside,
    Problem.FIXUP_WRAP: fixups.fixup_outside,
    Problem.TARGET_FORM: targets.target_unusable,
    Problem.TARGET_PHANDLE: targets.target_phandle,
    Problem.TARGET_PATH: targets.target_path,
    Problem.TARGET_PATH_FORM: targets.target_unusable,
    Problem.TARGET_NONE: targets.target_unusable,
    Problem.NO_FRAGMENTS: contents.no_fragments,
    Problem.SYMBOLS_NO_BASE: contents.symbols_no_base,
    Problem.CELLS_CHANGED: contents.cells_changed,
    Problem.PHANDLE_CLASH: fixups.phandle_clash,
    Problem.SYMBOL_EXISTS: contents.symbol_exists,
    Problem.SYMBOL_VALUE: contents.symbol_unusable,
    Problem.SYMBOL_FRAGMENT: contents.symbol_unusable,
    Problem.DUPLICATE_NODE: contents.changed_twice,
    Problem.DUPLICATE_PROPERTY: contents.changed_twice,
    Problem.STATUS_EMPTY: contents.status_empty,
}
