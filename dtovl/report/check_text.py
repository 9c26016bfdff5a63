"""A checked matrix as a person reads it: causes first, then counts, the verdict last."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Code, Severity
from dtovl.codes.matrix import BASELINE_STALE
from dtovl.diagnostics import Diagnostic, Location, Note
from dtovl.matrix.group import blamed
from dtovl.report.escape import terminal
from dtovl.report.spans import BLANK, Line, amount
from dtovl.report.text import diagnostic_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dtovl.matrix.checked import Checked, Group, Place
    from dtovl.matrix.result import Case, Finding, Spot

_MOST_ERRORS = 50
_MOST_OTHERS = 20
_MOST_NAMES = 3
_MOST_ROWS = 20
_INDENT = 10
_WIDTH = 80
_LEAST_NAME = 20
_STATES = ("ok", "warned", "known", "expected", "failed")
_STYLES = {"ok": "good", "failed": "bad"}


def check_lines(checked: Checked, *, verbose: bool = False, quiet: bool = False) -> Iterator[Line]:
    """Write the causes of new findings, a table of what failed, and the verdict.

    verbose: also info, what is known or expected, and every place; quiet: new findings alone.
    """
    shown = [group for group in checked.groups if _shown(group, verbose=verbose)]
    errors = [group for group in shown if group.severity >= Severity.ERROR]
    others = [group for group in shown if group.severity < Severity.ERROR]
    whole = _Whole(len(checked.bases), len(checked.overlays), _fewest(checked))
    for groups, most in ((errors, _MOST_ERRORS), (others, _MOST_OTHERS)):
        bound = len(groups) if verbose else most
        for group in groups[:bound]:
            yield from _group_lines(group, whole, verbose=verbose)
        yield from _left_out(groups[bound:])
    if quiet:
        return
    if shown:
        yield BLANK
    yield from _table_lines(checked, verbose=verbose)
    yield from _remarks(checked, verbose=verbose)
    yield Line((("heading", verdict(checked)),), hang=2, fixed=0)


def verdict(checked: Checked) -> str:
    """Say in one line what the check came to."""
    states: Counter[str] = Counter(judged.state for judged in checked.cases)
    told = ", ".join(f"{states[state]:,} {state}" for state in _STATES if states[state])
    part = "" if checked.shard is None else "part {} of {}: ".format(*checked.shard)
    boards = len({judged.case.base for judged in checked.cases})
    head = f"{part}{amount(len(checked.cases), 'case')} on {amount(boards, 'board')}"
    text = f"{head}: {told}" if told else head
    if not checked.compared:
        return text
    text += f"; {amount(checked.compared, 'pair')} of overlays compared"
    pairs = _pairs(checked)
    return text + (f", {pairs:,} with findings" if pairs else "")


def _shown(group: Group, *, verbose: bool) -> bool:
    return verbose or (group.standing == "new" and group.severity >= Severity.WARNING)


# -- one cause -------------------------------------------------------------------------------------


class _Whole(NamedTuple):
    """What a cause is seen against: how many boards and overlays there are.

    fewest has, by base, overlays, stack and severity, the overlays that make a stack fail by
    themselves; the severity is the worst of its findings, so that mere warnings are not taken for
    why it fails.
    """

    boards: int
    overlays: int
    fewest: Mapping[tuple[str, tuple[str, ...], str, int], tuple[str, ...]]


def _fewest(checked: Checked) -> dict[tuple[str, tuple[str, ...], str, int], tuple[str, ...]]:
    found = {}
    for case in (judged.case for judged in checked.cases):
        if 0 < len(case.smallest) < len(case.overlays):
            worst = max((finding.severity for finding in case.findings), default=0)
            names = tuple(case.overlays[i] for i in case.smallest if i < len(case.overlays))
            found[case.base, case.overlays, case.name, worst] = names
    return found


def _group_lines(group: Group, whole: _Whole, *, verbose: bool) -> Iterator[Line]:
    """Write a cause as a finding is written, with its places where that has the overlay.

    Reason, remarks and cure are those of one place: a pair of base and overlay, if there is one.
    """
    shown = min(group.places, key=lambda place: len(place.overlays))
    lines = diagnostic_lines(_diagnostic(group, shown.finding))
    yield next(lines)
    if group.standing != "new":
        yield _labelled("stands", f"{group.standing}: it does not fail the run", style="dim")
    yield from _on_lines(group, shown, whole)
    if verbose and len(group.places) > 1:
        for place in group.places:
            path = f"  {place.finding.path}" if place.finding.path else ""
            spans = ("", " " * _INDENT), ("", _where(place)), ("dim", path)
            yield Line(spans, hang=_INDENT + 2)
    severity = shown.finding.severity
    fewest = whole.fewest.get((shown.base, shown.overlays, shown.stack, severity))
    if fewest:
        verb = "fails" if len(fewest) == 1 else "fail"
        yield _labelled("fewest", f"{', '.join(fewest)} {verb} without the others")
    yield from lines


def _diagnostic(group: Group, shown: Finding) -> Diagnostic:
    """Make one diagnostic of a group: paths, sources and log lines only if all places share it."""
    code = Code(
        group.code,
        group.name,
        Severity(group.severity),
        message="{text}",
        suggestion="",
        source="",
        explanation="",
    )
    paths = {place.finding.path for place in group.places}
    sources = {place.finding.at for place in group.places}
    kernel = {place.finding.kernel for place in group.places}
    return Diagnostic(
        code,
        path=shown.path if len(paths) == 1 else "",
        at=_location(shown.at) if len(sources) == 1 else None,
        why=shown.why,
        fix=shown.fix,
        notes=tuple(Note(note.text, _location(note.at)) for note in shown.notes),
        kernel=shown.kernel if len(kernel) == 1 else (),
        excerpt=shown.excerpt if len(sources) == 1 else "",
        text=group.message,
    )


def _location(spot: Spot) -> Location | None:
    return Location(*spot) if spot.file else None


def _on_lines(group: Group, shown: Place, whole: _Whole) -> Iterator[Line]:
    """Say where a cause shows: the place, or how many, with which overlays, and one of them."""
    places = group.places
    if len(places) == 1:
        text = _where(shown)
        if text:
            yield _labelled("on", text)
        return
    bases = {place.base for place in places if place.base}
    overlays = sorted({name for place in places for name in blamed(place)})
    parts: list[str] = []
    if len(bases) == 1:
        parts += bases
    elif bases:
        parts.append(f"{len(bases):,} of {amount(max(whole.boards, len(bases)), 'board')}")
    if overlays:
        parts.append(("with " if bases else "") + _names(overlays, whole.overlays))
    text = ", ".join(parts)
    if len(bases) > 1 or len(overlays) > _MOST_NAMES:
        text += f"; such as {_where(shown)}"
    if text:
        yield _labelled("on", text)


def _names(names: Sequence[str], total: int) -> str:
    """Name a few overlays, or say how many they are."""
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{len(names):,} of {amount(total, 'overlay')}"


def _where(place: Place) -> str:
    """Write one place: the base, and what is put on it."""
    names = ", ".join(place.overlays)
    if place.stack:
        names = f"stack {place.stack} ({names})"
    return " + ".join(part for part in (place.base, names) if part)


def _labelled(label: str, text: str, *, style: str = "") -> Line:
    return Line((("label", f"  {label}".ljust(_INDENT)), (style, text)), hang=_INDENT)


def _left_out(groups: Sequence[Group]) -> Iterator[Line]:
    """Say of how many causes nothing was shown."""
    if not groups:
        return
    codes = Counter(group.code for group in groups)
    listed = ", ".join(f"{code} {count:,}" for code, count in codes.most_common(8))
    rest = ", ..." if len(codes) > 8 else ""
    word = Severity(groups[0].severity).label
    text = f"and {amount(len(groups), 'more cause')} ({listed}{rest}): all are shown with -v"
    yield Line(((word, text),), hang=2, fixed=0)


# -- the table -------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A line of the table: a base, overlay or stack, and how many of its cases came to what."""

    name: str
    states: Counter[str]


def _table_lines(checked: Checked, *, verbose: bool) -> Iterator[Line]:
    """Write a table of the boards with failures, or of the overlays where these are fewer."""
    boards, overlays = _rows(checked, _board), _rows(checked, _overlay)
    kind, rows = ("overlay", overlays) if len(overlays) < len(boards) else ("board", boards)
    if not rows:
        return
    bound = len(rows) if verbose else _MOST_ROWS
    total: Counter[str] = Counter(judged.state for judged in checked.cases)
    states = [state for state in _STATES if total[state]]
    # No number is wider than that of all cases.
    columns = {"cases": max(len(f"{len(checked.cases):,}"), len("cases"))}
    columns |= {state: max(len(f"{total[state]:,}"), len(state)) for state in states}
    room = max(_WIDTH - sum(size + 2 for size in columns.values()), _LEAST_NAME)
    width = max(min(max(len(row.name) for row in rows[:bound]), room), len(kind))
    head = "".join(f"  {title.rjust(size)}" for title, size in columns.items())
    yield Line((("heading", kind.ljust(width) + head),))
    for row in rows[:bound]:
        yield _row_line(row, columns, width)
    if len(rows) > bound:
        text = f"and {amount(len(rows) - bound, f'more {kind}')} with failures: shown with -v"
        yield Line((("dim", text),), hang=2, fixed=0)
    yield BLANK


def _rows(checked: Checked, name_of: Callable[[Case], str]) -> list[_Row]:
    """Give a row for each name that has a failure, those with most first."""
    rows: dict[str, Counter[str]] = {}
    for judged in checked.cases:
        rows.setdefault(name_of(judged.case), Counter())[judged.state] += 1
    failed = [_Row(name, states) for name, states in rows.items() if states["failed"]]
    return sorted(failed, key=lambda row: (-row.states["failed"], row.name))


def _board(case: Case) -> str:
    return case.base


def _overlay(case: Case) -> str:
    return f"stack {case.name}" if case.name else ", ".join(case.overlays)


def _row_line(row: _Row, columns: Mapping[str, int], width: int) -> Line:
    name = terminal(row.name)
    if len(name) > width:
        name = "..." + name[3 - width :]
    spans = [("path", name.ljust(width))]
    for title, size in columns.items():
        count = sum(row.states.values()) if title == "cases" else row.states[title]
        style = _STYLES.get(title, "") if count else "dim"
        spans.append((style, f"  {count:{size},}"))
    return Line(tuple(spans))


# -- the end ---------------------------------------------------------------------------------------


def _remarks(checked: Checked, *, verbose: bool) -> Iterator[Line]:
    """Say what is worth knowing and fails nothing."""
    stale = sum(
        len(group.places) for group in checked.groups if group.code == BASELINE_STALE.number
    )
    texts = []
    if stale:
        verb = "occurs" if stale == 1 else "occur"
        texts.append(
            f"{amount(stale, 'entry', 'entries')} of the baseline no longer {verb}: "
            "write it anew with --write-baseline"
        )
    if checked.shard is None:
        used = {judged.case.base for judged in checked.cases}
        idle = [base for base in checked.bases if base not in used]
        if idle:
            verb = "goes" if len(idle) == 1 else "go"
            texts.append(f"{amount(len(idle), 'board')} {verb} with no overlay: {_some(idle)}")
    failed = sum(judged.state == "failed" for judged in checked.cases)
    if failed and checked.fail_on and not checked.fails:
        texts.append(f"{amount(failed, 'case')} failed for reasons that a rule has made harmless")
    if not verbose:
        hidden = [group for group in checked.groups if not _shown(group, verbose=False)]
        if hidden:
            count = amount(len(hidden), "cause is", "causes are")
            texts.append(f"{count} info, known or expected: shown with -v")
    for text in texts:
        yield Line((("dim", text),), hang=2, fixed=0)


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")


def _pairs(checked: Checked) -> int:
    """Count the pairs of overlays that cannot be used together, or in one order only."""
    clashes = {
        (place.base, place.overlays)
        for group in checked.groups
        if group.code != BASELINE_STALE.number
        for place in group.places
        if place.base and len(place.overlays) == 2 and not place.stack
    }
    return len(clashes)
