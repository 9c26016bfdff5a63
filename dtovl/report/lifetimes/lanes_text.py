"""Lanes as text of 80 columns: a column with words for each of few actors, else narrow lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.escape import terminal
from dtovl.report.lifetimes.lanes import lay_lanes, narrowed
from dtovl.report.lifetimes.words import short, waitable
from dtovl.report.spans import Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.lifetimes.trace import Trace
    from dtovl.report.lifetimes.lanes import Lanes, Row
    from dtovl.report.spans import Span

WIDTH = 80

MOST_ROWS = 80
"""Rows of a diagram in text; of longer runs those that matter."""

_FEW = 3
_MOST_LANES = 12
_ID = 10
_NAME = 20


def lane_lines(trace: Trace) -> Iterator[Line]:
    """Write the diagram of a run."""
    lanes = lay_lanes(trace, MOST_ROWS)
    if not lanes.rows:
        return
    ids = min(max(3, *(len(row.moment.event.name) for row in lanes.rows)), _ID)
    if len(lanes.actors) <= _FEW:
        yield from _wide(lanes, trace, ids)
    else:
        yield from _narrow(lanes, trace, ids)
    if lanes.tail:
        yield _gap(lanes.tail)
    if trace.at_end:
        rules = " ".join(dict.fromkeys(one.rule for one in trace.at_end))
        yield _line([("label", f"  {'end':>{ids}}  "), ("error", f"! what is left [{rules}]")])
    yield from _never(trace)
    yield _legend(lanes, at_end=bool(trace.at_end))


# -- columns with words --------------------------------------------------------------------------


def _wide(lanes: Lanes, trace: Trace, ids: int) -> Iterator[Line]:
    column = (WIDTH - ids - 4) // len(lanes.actors)
    head: list[Span] = [("", " " * (ids + 4))]
    head += [("heading", _fitted(actor, column - 1).ljust(column)) for actor in lanes.actors]
    yield _line(head)
    for row in lanes.rows:
        if row.gap:
            yield _gap(row.gap)
        texts = _wrapped(_told(row, trace), column - 4)
        for number, text in enumerate(texts):
            first = number == 0
            spans = [_id(row, ids) if first else ("", " " * (ids + 4))]
            for actor in lanes.actors:
                if actor != row.moment.event.actor:
                    spans += (_glyph(row, actor), ("", " " * (column - 2)))
                else:
                    spans.append(_mark(row) if first else _glyph(row, actor))
                    spans.append((_style(row), text.ljust(column - 2)))
            yield _line(spans)


# -- narrow lanes, words beside them -------------------------------------------------------------


def _narrow(lanes: Lanes, trace: Trace, ids: int) -> Iterator[Line]:
    actors = narrowed(lanes, _MOST_LANES)
    numbers = {actor: str(number) for number, actor in enumerate(actors, 1)}
    for actor, number in numbers.items():
        yield _line([("label", f"  {number:>{ids}}  "), ("heading", _fitted(actor, 60))])
    left_out = len(lanes.actors) - len(actors)
    if left_out:
        yield _line([("dim", f"  {'':>{ids}}  {left_out} more actors have no lane of their own")])
    head = " " * (ids + 4) + "".join(f"{number:<3}" for number in numbers.values())
    yield _line([("heading", head)])
    room = WIDTH - len(head) - 1
    for row in lanes.rows:
        if row.gap:
            yield _gap(row.gap)
        told = f"{_fitted(row.moment.event.actor, _NAME)}: {_told(row, trace)}"
        for line, text in enumerate(_wrapped(told, room)):
            spans = [_id(row, ids) if line == 0 else ("", " " * (ids + 4))]
            for actor in actors:
                acts = actor == row.moment.event.actor and line == 0
                spans += (_mark(row) if acts else _glyph(row, actor)), ("", " ")
            spans.append((_style(row), text if line == 0 else f"  {text}"))
            yield _line(spans)


# -- parts -----------------------------------------------------------------------------------------


def _told(row: Row, trace: Trace) -> str:
    moment = row.moment
    rules = "".join(f" [{one.rule}]" for one in row.found)
    if moment.waits_for:
        return f"{short(moment)}: waits for {moment.waits_for}{rules}"
    return f"{short(moment)}{rules}"


def _mark(row: Row) -> Span:
    if row.found:
        worst = "error" if any(one.severity == "error" for one in row.found) else "warning"
        return worst, "! "
    return ("change", "? ") if row.moment.waits_for else ("heading", "* ")


def _style(row: Row) -> str:
    if row.found:
        return "error" if any(one.severity == "error" for one in row.found) else "warning"
    return "change" if row.moment.waits_for else ""


def _glyph(row: Row, actor: str) -> Span:
    if actor in row.waiting:
        return "change", "~ "
    return "dim", "||" if actor in row.holding else "| "


def _id(row: Row, ids: int) -> Span:
    return "label", f"  {_fitted(row.moment.event.name, ids):>{ids}}  "


def _gap(number: int) -> Line:
    return _line([("dim", f"  ... {amount(number, 'other event')} ...")])


def _never(trace: Trace) -> Iterator[Line]:
    """Say of blocked actors what they never come to."""
    for actor, stuck in list(trace.stuck.items())[:_MOST_LANES]:
        behind = [one.name for one in trace.behind.get(actor, ())]
        more = f" ... {behind[-1]}" if len(behind) > 6 else ""
        rest = f"; never comes to {' '.join(behind[:6])}{more}" if behind else ""
        told = f"{actor} still waits for {waitable(stuck.waits_for, trace.scenario)}{rest}"
        yield Line((("label", "  "), ("change", told)), hang=4)


def _legend(lanes: Lanes, *, at_end: bool) -> Line:
    parts = ["| goes on"]
    if any(row.holding for row in lanes.rows):
        parts.append("|| holds something")
    if any(row.waiting for row in lanes.rows):
        parts.append("~ waits")
    parts.append("* event")
    if any(row.moment.waits_for for row in lanes.rows):
        parts.append("? must wait")
    if any(row.found for row in lanes.rows) or at_end:
        parts.append("! breaks a rule")
    return Line((("label", "  "), ("dim", "  ".join(parts))), hang=2)


def _line(spans: Sequence[Span]) -> Line:
    """Make a line without blanks at its end."""
    kept = list(spans)
    while kept and not kept[-1][1].strip():
        kept.pop()
    if kept:
        kept[-1] = kept[-1][0], kept[-1][1].rstrip()
    return Line(tuple(kept))


def _fitted(text: str, room: int) -> str:
    """Leave out the middle of a text that is too long."""
    text = terminal(text)
    half = (room - 2) // 2
    return text if len(text) <= room else f"{text[:half]}..{text[-(room - 2 - half) :]}"


def _wrapped(text: str, room: int) -> list[str]:
    """Break a text between words, and long words anywhere; further lines are a little shorter."""
    lines: list[str] = []
    line = ""
    for word in terminal(text).split(" "):
        for start in range(0, max(len(word), 1), room - 2):
            piece = word[start : start + room - 2]
            if line and len(line) + 1 + len(piece) > (room if not lines else room - 2):
                lines.append(line)
                line = piece
            else:
                line = f"{line} {piece}" if line and not start else line + piece
    return [*lines, line]
