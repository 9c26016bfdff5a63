"""Lanes of actors as SVG: events as marks with labels, bars for what actors have, hatched waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.lifetimes import svg_parts as draw
from dtovl.report.lifetimes.grid import shortened
from dtovl.report.lifetimes.words import sentence, waitable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtovl.lifetimes.trace import Trace
    from dtovl.report.lifetimes.grid import Cell, Column, Grid

COLOURS = 6
"""Colours there are for locks and the like; more repeat them."""


class Span(NamedTuple):
    """What an actor has or waits for, from one height to another."""

    actor: str
    name: str
    top: float
    bottom: float


def actor_parts(grid: Grid, trace: Trace) -> Iterator[str]:
    """Draw all lanes."""
    lanes = {column.actor: column for column in grid.columns}
    for column in grid.columns:
        yield draw.line(column.lane, 0, column.lane, grid.end, "lane")
    yield from _bars(grid, lanes)
    for span in _waits(grid):
        if span.actor in lanes:
            left = lanes[span.actor].lane - 6
            told = f"{span.actor} waits for {waitable(span.name, trace.scenario)}"
            height = span.bottom - span.top
            yield draw.box(left, span.top, 12, height, "wait", round_by=3, told=told)
    for cell in grid.cells:
        yield from _cell(cell, grid, lanes, trace)
    if grid.tail:
        yield draw.text(grid.ids, grid.end - 18, "soft", f"… {grid.tail:,} more events …")


def head_parts(grid: Grid, trace: Trace, line: float) -> Iterator[str]:
    """Write the names of the actors, each with its kind."""
    for column in grid.columns:
        kind = trace.scenario.actors[column.actor].kind
        yield draw.text(column.lane - 6, line, "name", shortened(column.actor, 32))
        yield draw.text(column.lane - 6, line + 14, "soft", kind)


def waitables(grid: Grid) -> dict[str, int]:
    """Number the things that actors have in the rows shown, in the order in which they get them."""
    found: dict[str, int] = {}
    for cell in grid.cells:
        for held in cell.row.holding.values():
            for one in held:
                found.setdefault(one, len(found))
    return found


def _bars(grid: Grid, lanes: Mapping[str, Column]) -> Iterator[str]:
    numbers = waitables(grid)
    slots: dict[str, list[float]] = {}
    for span in _holdings(grid):
        if span.actor not in lanes:
            continue
        ends = slots.setdefault(span.actor, [])
        slot = next((n for n, end in enumerate(ends) if end <= span.top), len(ends))
        ends[slot : slot + 1] = [span.bottom]
        left = lanes[span.actor].lane - 13 - 6 * min(slot, 1)
        style = f"bar c{numbers[span.name] % COLOURS}"
        told = f"{span.actor} has {span.name}"
        yield draw.box(left, span.top, 5, span.bottom - span.top, style, round_by=2, told=told)


def _holdings(grid: Grid) -> list[Span]:
    """Give what actors have, from where to where."""
    found: list[Span] = []
    open_: dict[tuple[str, str], float] = {}
    for cell in grid.cells:
        now = {(actor, one) for actor, held in cell.row.holding.items() for one in held}
        for key in [key for key in open_ if key not in now]:
            found.append(Span(*key, open_.pop(key), cell.mark))
        for key in sorted(now):
            open_.setdefault(key, cell.mark)
    found += [Span(*key, top, grid.end) for key, top in open_.items()]
    return sorted(found, key=lambda span: (span.top, span.name))


def _waits(grid: Grid) -> list[Span]:
    """Give what actors wait for, from where to where."""
    found: list[Span] = []
    open_: dict[str, tuple[str, float]] = {}
    for cell in grid.cells:
        waiting = cell.row.waiting
        for actor in [one for one, (name, _) in open_.items() if waiting.get(one) != name]:
            name, top = open_.pop(actor)
            found.append(Span(actor, name, top, cell.mark))
        for actor, name in waiting.items():
            open_.setdefault(actor, (name, cell.mark))
    return [*found, *(Span(actor, name, top, grid.end) for actor, (name, top) in open_.items())]


def _cell(cell: Cell, grid: Grid, lanes: Mapping[str, Column], trace: Trace) -> Iterator[str]:
    row, moment = cell.row, cell.row.moment
    if row.gap:
        yield draw.text(grid.ids, cell.top - 6, "soft", f"… {row.gap:,} more events …")
    yield draw.text(0, cell.mark + 4, "id", shortened(moment.event.name, 12))
    column = lanes.get(moment.event.actor)
    if column is None:
        return
    if moment.waits_for:
        yield from _arrows(cell, column, [lanes[one] for one in moment.owners if one in lanes])
    worst = ""
    if row.found:
        worst = "error" if any(one.severity == "error" for one in row.found) else "warning"
    style = worst or ("waits" if moment.waits_for else "event")
    note = f"\n{moment.event.note}" if moment.event.note else ""
    told = f"{moment.event.name}, line {moment.event.line}: {moment.event.actor} "
    told += f"{sentence(moment, trace.scenario)}{note}"
    yield draw.dot(column.lane, cell.mark, 5.5 if worst else 4.5, f"mark {style}", told)
    if worst:
        yield _cross(column.lane, cell.mark)
    yield from _label(cell, column.lane + 13, worst)


def _label(cell: Cell, left: float, worst: str) -> Iterator[str]:
    """Write what is done; the line of what it waits for and that of the rules stand out."""
    lines = cell.lines
    for number, content in enumerate(lines):
        style = ""
        if worst and number == len(lines) - 1:
            style = worst
        elif cell.row.moment.waits_for and content.startswith("waits for "):
            style = "amber"
        yield draw.text(left, cell.mark + 4 + 14 * number, style, content)


def _cross(left: float, top: float) -> str:
    d = f"M{left - 2.4:.1f} {top - 2.4:.1f}l4.8 4.8m0 -4.8l-4.8 4.8"
    return f'<path class="cross" d="{d}"/>'


def _arrows(cell: Cell, column: Column, owners: Sequence[Column]) -> Iterator[str]:
    """Draw arrows, above the labels, to the lanes of those who have what is waited for."""
    above = cell.mark - 13
    for owner in owners:
        if owner.lane == column.lane:
            continue
        side = 1 if owner.lane > column.lane else -1
        end = owner.lane - side * 2
        yield (
            f'<path class="arrow" d="M{column.lane:.1f} {cell.mark - 5:.1f}V{above + 4:.1f}'
            f"Q{column.lane:.1f} {above:.1f} {column.lane + side * 4:.1f} {above:.1f}"
            f'H{end - side * 6:.1f}"/>'
        )
        yield f'<path class="head" d="M{end:.1f} {above:.1f}l{-7 * side} -3.5v7z"/>'
