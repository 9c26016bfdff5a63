"""A predicted probe order as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.probe.answer import headline, kernel, mode
from dtovl.report.probe.seen import BOUND, FAILED, SYNC_STATE
from dtovl.report.probe.trees import nearest_to_cause, trees
from dtovl.report.spans import BLANK, TAB, Line, Span, amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtovl.report.probe.answer import Answer, Told
    from dtovl.report.probe.difference import Bound, Difference, Move
    from dtovl.report.probe.seen import Group, Seen, Try

_WIDEST_PATH = 32
"""A longer path pushes what stands behind it to the right, or to the next line."""

_WIDEST_DRIVER = 20

_DEEPEST = 12
"""Levels of waiting devices that are indented; those below stand as deep."""


def probe_lines(answer: Answer, *, timeline: bool, verbose: bool) -> Iterator[Line]:
    """Write what is predicted: the difference that overlays make, every try, what never binds.

    timeline: every try, in order. verbose: each finding, also where many have one cause.
    """
    yield Line((("heading", f"{answer.name}: "), ("heading", headline(answer))), hang=2)
    yield _fact("drivers", mode(answer.settings))
    yield _fact("kernel", kernel(answer.settings))
    if answer.difference is not None:
        yield from _difference_lines(answer, answer.difference)
    if timeline:
        yield BLANK
        yield from log_lines(answer.seen)
    yield from _sections(answer)
    yield from _finding_lines(answer, verbose=verbose)


def order_lines(seen: Seen) -> Iterator[Line]:
    """Write the paths of the devices that bind, in that order."""
    for path in seen.order:
        yield Line((("path", path),))


def log_lines(seen: Seen) -> Iterator[Line]:
    """Write every try: number, stage, device, driver, result."""
    return try_lines(tuple(enumerate(seen.log, 1)))


def try_lines(tries: Sequence[tuple[int, Try]], *, paths: bool = True) -> Iterator[Line]:
    """Write tries with their numbers; without paths where all are of one device."""
    digits = max((len(str(number)) for number, _ in tries), default=0)
    stages = max((len(one.stage) for _, one in tries), default=0)
    column = column_of(one.device for _, one in tries)
    drivers = min(max((len(one.driver) for _, one in tries), default=0), _WIDEST_DRIVER)
    for number, (stage, device, driver, result) in tries:
        head = f"  {number:>{digits}}  {stage:<{stages}}  "
        gap = " " * (max(column - len(device), 0) + 2)
        path: tuple[Span, ...] = (("path", device), ("", gap)) if paths else ()
        name = ("name", driver), ("", " " * (max(drivers - len(driver), 0) + 2))
        spans = (("dim", head), *path, *name, (_style(result), result))
        yield Line(spans, hang=len(head) + 2)


def _style(result: str) -> str:
    if result in (BOUND, SYNC_STATE):
        return "good" if result == BOUND else "dim"
    return "bad" if result.startswith(FAILED) else "change"


def column_of(paths: Iterable[str]) -> int:
    """Give the width of a column of paths, of which the longest may stand out."""
    return max((len(path) for path in paths if len(path) <= _WIDEST_PATH), default=0)


def _fact(label: str, text: str) -> Line:
    return Line((("label", f"  {label:<8}"), ("", text)), hang=10)


# -- the difference ------------------------------------------------------------------------------


class ChangeRow(NamedTuple):
    """One thing that overlays change: a mark, a style for it, the device, what becomes of it.

    reason is why; text leaves it out, which has it in a section of its own.
    """

    mark: str
    style: str
    path: str
    text: str
    reason: str = ""


def _difference_lines(answer: Answer, found: Difference) -> Iterator[Line]:
    yield BLANK
    what = "the overlay" if len(answer.overlays) == 1 else "the overlays"
    rows = list(change_rows(answer, found))
    if not rows:
        yield Line((("heading", f"Nothing binds otherwise with {what}."),))
        return
    yield Line((("heading", f"With {what}"),))
    column = column_of(row.path for row in rows)
    for mark, style, path, text, _ in rows:
        head = ("", "  "), (style, mark), ("", " "), ("path", path)
        gap = " " * (max(column - len(path), 0) + 2)
        yield Line((*head, ("", gap), ("", text)), hang=6, fixed=3)


def change_rows(answer: Answer, found: Difference) -> Iterator[ChangeRow]:
    """Give what overlays change: what binds, what no longer does, what moves; each thing once."""
    seen = answer.seen
    for path, how in found.bound.items():
        yield ChangeRow("+", "add", path, f"binds {_when(how)}")
    for path in found.unbound:
        if path in seen.deferred or path in seen.failed:
            yield ChangeRow("-", "remove", path, "no longer binds", _instead(seen, path))
        else:
            yield ChangeRow("-", "remove", path, f"no longer binds: {_instead(seen, path)}")
    for path in (*found.deferred, *found.failed):
        if path not in found.unbound:
            yield ChangeRow("!", "remove", path, "never binds", _instead(seen, path))
    for path, (before, now) in found.reworded.items():
        yield ChangeRow("~", "change", path, f"never binds: {now}; before: {before}")
    for path, words in found.released.items():
        if path not in found.bound:
            yield ChangeRow("-", "dim", path, f"is no more what it was: {words}")
    for path in (*found.unmatched, *found.never_added):
        if path not in found.unbound:
            yield ChangeRow("!", "change", path, _instead(seen, path))
    for move in found.moved:
        yield ChangeRow(">" if move.later else "<", "change", move.device, _moved(move))
    for path, consumers in found.sync_pending.items():
        yield ChangeRow("~", "change", path, f"sync_state waits for {', '.join(consumers)}")
    for path in found.freed:
        yield ChangeRow("~", "add", path, "sync_state is no longer held back")


def _instead(seen: Seen, path: str) -> str:
    """Tell what became of a device that used to bind."""
    if path in seen.deferred:
        return seen.deferred[path]
    if path in seen.failed:
        return f"fails with {seen.failed[path]}"
    if path in seen.unmatched:
        return "no driver tries it"
    return "no device is made of it"


def _when(how: Bound) -> str:
    tries = f", at try {how.tries}" if how.tries > 1 else ""
    return f"as number {how.place} in {how.stage}{tries}"


def _moved(move: Move) -> str:
    before, after = move.before, move.after
    parts = [f"binds {'later' if move.later else 'earlier'}: as number {after.place}"]
    if after.stage != before.stage:
        parts.append(f"{before.stage} -> {after.stage}")
    if after.tries != before.tries:
        parts.append(f"tries {before.tries} -> {after.tries}")
    text = ", ".join(parts)
    if move.later and after.waited and after.waited != before.waited:
        text += f": {after.waited}"
    return text


# -- what never binds ----------------------------------------------------------------------------


def _sections(answer: Answer) -> Iterator[Line]:
    shown = answer.problems
    if shown.deferred:
        yield from _heading("Deferred for good", "as devices_deferred of the kernel tells it")
        for path, reason in shown.deferred.items():
            yield Line((("path", path), TAB, ("", reason)))
        yield from _cause_lines(answer.seen, shown.deferred)
    if shown.failed:
        yield from _heading("Failed", "not tried again")
        for path, errno in shown.failed.items():
            yield Line((("path", path), TAB, ("bad", str(errno)), *_failed_by(answer.seen, path)))
    for title, why, paths in (
        ("No driver", "that matches", shown.unmatched),
        ("Never added", "no device is made of it: nobody populates its parent", shown.never_added),
    ):
        if paths:
            yield from _heading(title, why)
            yield from (Line((("path", path),)) for path in paths)
    if shown.sync_pending:
        yield from _heading("sync_state held back", "by consumers that never bind")
        for path, consumers in shown.sync_pending.items():
            yield Line((("path", path), TAB, ("", ", ".join(consumers))))
    if answer.hidden:
        yield BLANK
        verb = "binds" if answer.hidden == 1 else "bind"
        text = f"{amount(answer.hidden, 'device')} never {verb} on {answer.base} itself: --all"
        yield Line((("dim", text),), hang=2)


def _failed_by(seen: Seen, path: str) -> Iterator[Span]:
    """Say by what a probe fails, where that is not the driver alone."""
    cause = seen.causes.get(path)
    if cause is not None and cause.kind != "fails":
        where = "" if cause.node == path else f"{cause.node} "
        yield TAB
        yield "", f"{where}{cause.words}"


def _heading(title: str, why: str) -> Iterator[Line]:
    yield BLANK
    yield Line((("heading", title), ("dim", f"  ({why})")), hang=2)


def _cause_lines(seen: Seen, devices: Mapping[str, str]) -> Iterator[Line]:
    yield from _heading("First causes", "what waits for it stands below, and so on")
    for cause, branches in trees(seen, devices):
        yield Line((("path", cause.node), ("bad", f" {cause.words}")), hang=2)
        for depth, device, wait in branches:
            indent = "  " * min(depth, _DEEPEST)
            place = (("", "  "), ("name", wait.place)) if wait.named else ()
            yield Line((("", indent), ("path", device), *place), hang=len(indent) + 4)


# -- findings ------------------------------------------------------------------------------------


def _finding_lines(answer: Answer, *, verbose: bool) -> Iterator[Line]:
    from dtovl.codes.base import Severity
    from dtovl.report.text import counts, diagnostics_lines, shown

    told = [one for one in answer.findings if answer.shows(one)]
    kept = told if verbose else _one_for_each_cause(answer, told)
    least = Severity.INFO if verbose else Severity.WARNING
    found = shown((one.diagnostic for one in kept), least)
    if not found:
        return
    yield BLANK
    yield from diagnostics_lines(found)
    yield BLANK
    everything = shown((one.diagnostic for one in told), least)
    left_out = len(everything) - len(found)
    verb = "waits" if left_out == 1 else "wait"
    more = f"; {left_out:,} {verb} for a device told above: -v" if left_out else ""
    yield Line((("heading", counts(everything)), ("dim", more)), hang=2)


def _one_for_each_cause(answer: Answer, told: list[Told]) -> list[Told]:
    """Leave out devices that only wait for others which are told: those are to be mended."""
    waiting = answer.problems.deferred
    first = set(nearest_to_cause(answer.seen, waiting))
    return [one for one in told if one.device in first or one.device not in waiting]


def finding_lines(answer: Answer) -> Iterator[Line]:
    """Write the findings that are warnings or errors, and nothing else."""
    from dtovl.codes.base import Severity
    from dtovl.report.text import diagnostics_lines, shown

    found = (one.diagnostic for one in answer.findings if answer.shows(one))
    yield from diagnostics_lines(shown(found, Severity.WARNING))


# -- groups --------------------------------------------------------------------------------------


def group_lines(groups: tuple[Group, ...]) -> Iterator[Line]:
    """Write the groups behind IOMMUs: masters that share an id, late ones marked."""
    if not groups:
        yield Line((("", "No master is behind an IOMMU."),))
        return
    column = column_of(master.device for group in groups for master in group.masters)
    for number, group in enumerate(groups):
        if number:
            yield BLANK
        yield Line((("path", group.iommu), ("name", f"  id {identity(group.id)}")), hang=4)
        for master in group.masters:
            gap = " " * (max(column - len(master.device), 0) + 2)
            style = "change" if master.late or master.bypasses else ""
            path = ("", "  "), ("path", master.device), ("", gap)
            yield Line((*path, (style, master.words)), hang=6)


def identity(values: tuple[int, ...]) -> str:
    """Write the id of a master as source has it."""
    return " ".join(f"{value:#x}" for value in values) or "(none)"
