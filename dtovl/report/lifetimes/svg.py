"""A run as a drawing: lanes of actors, time downwards, beside them the lives of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.escape import terminal, xml
from dtovl.report.lifetimes import svg_actors, svg_objects
from dtovl.report.lifetimes import svg_parts as draw
from dtovl.report.lifetimes.grid import lay_grid, shortened
from dtovl.report.spans import amount
from dtovl.report.text import counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.report.lifetimes.answer import Answer
    from dtovl.report.lifetimes.grid import Grid
    from dtovl.report.lifetimes.svg_objects import Sight

_MARGIN = 24.0
_LINE = 15.0
_LETTER = 6.7
_LEAST = 560.0
_MOST_FINDINGS = 12
_HEAD = 44.0
_BETWEEN = 26.0


def svg(answer: Answer) -> str:
    """Write a drawing as a file of its own, for light and for dark surroundings.

    Source: SVG 1.1.
    """
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', *_parts(answer), ""))


def _parts(answer: Answer) -> Iterator[str]:
    trace = answer.trace
    grid = lay_grid(trace)
    objects = svg_objects.sights(grid, trace)
    inner = grid.width + _BETWEEN + sum(one.width for one in objects)
    inner = max(inner, _LEAST)
    notes = _notes(answer, grid, int(inner / _LETTER))
    top = _MARGIN + _LINE * len(notes) + 12 + _HEAD
    legend = _legend(grid, objects, answer, inner)
    width = inner + 2 * _MARGIN
    height = top + grid.height + _LINE * (len(legend) + 1) + _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="run" role="img" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">'
    )
    yield f"<title>{xml(answer.scenario.name)}</title>"
    yield f"<style>{_style()}</style>"
    yield _PATTERN
    yield f'<rect class="back" width="{width:.0f}" height="{height:.0f}"/>'
    for number, (style, content) in enumerate(notes):
        yield draw.text(_MARGIN, _MARGIN + 4 + _LINE * number, style, content)
    yield f'<g transform="translate({_MARGIN:.0f} {top:.1f})">'
    yield from _bands(grid, answer, inner)
    yield from svg_actors.head_parts(grid, trace, -26)
    yield from svg_actors.actor_parts(grid, trace)
    left = grid.width + _BETWEEN
    if objects:
        yield draw.line(left - 16, -40, left - 16, grid.end, "rule")
    for sight in objects:
        kind = trace.scenario.objects[sight.name].kind
        yield from svg_objects.head_parts(sight, left, -26, kind)
        yield from svg_objects.object_parts(sight, left, grid)
        left += sight.width
    yield draw.text(0, grid.end + 4, "id", "end")
    for number, row in enumerate(legend):
        yield from row(grid.height + 8 + _LINE * (number + 1))
    yield "</g>"
    yield "</svg>"


_PATTERN = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>'
)


def _style() -> str:
    """Give the rules for the drawing."""
    from importlib.resources import files

    return files(__package__).joinpath("lanes.css").read_text("utf-8")


# -- what stands above -----------------------------------------------------------------------------


def _notes(answer: Answer, grid: Grid, room: int) -> list[tuple[str, str]]:
    """Say what the drawing shows and what is found, each line with its style."""
    scenario = answer.scenario
    actors = amount(len(scenario.actors), "actor")
    verdict = counts(answer.diagnostics) or "clean"
    size = f"{amount(len(answer.trace.scenario.events), 'event')} of {actors}"
    notes = [("title", shortened(scenario.name, 80))]
    if answer.search is not None and answer.search.found.order is not None:
        size += ", the shortest order that breaks a rule"
    notes.append(("soft", f"{verdict}: {size}"))
    for found in answer.diagnostics[:_MOST_FINDINGS]:
        lines = _broken(f"{found.code.number}  {found.message}", room)
        notes += [(found.severity.label, one) for one in lines]
    left_out = len(answer.findings) - _MOST_FINDINGS
    if left_out > 0:
        notes.append(("soft", f"and {amount(left_out, 'more finding')}"))
    if grid.left_out:
        notes.append(("soft", f"{amount(grid.left_out, 'more actor')} without a lane"))
    return notes


def _broken(content: str, room: int) -> list[str]:
    lines = [""]
    for word in (shortened(word, room - 8) for word in terminal(content).split(" ")):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(f"      {word}")
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


# -- bands behind rows -----------------------------------------------------------------------------


def _bands(grid: Grid, answer: Answer, width: float) -> Iterator[str]:
    """Mark the rows at which rules are broken, and the end, if it is judged."""
    for cell in grid.cells:
        if cell.row.found:
            bad = any(one.severity == "error" for one in cell.row.found)
            style = "band error" if bad else "band warning"
            height = cell.bottom - cell.top - 2
            yield draw.box(-10, cell.top + 3, width + 20, height, style, round_by=5)
    ended = answer.trace.at_end
    if ended:
        bad = any(one.severity == "error" for one in ended)
        style = "error" if bad else "warning"
        yield draw.box(-10, grid.end - 10, width + 20, 20, f"band {style}", round_by=5)
        rules = " ".join(dict.fromkeys(one.rule for one in ended))
        yield draw.text(grid.ids + 37, grid.end + 4, style, rules)


# -- what stands below -----------------------------------------------------------------------------


class _Signs:
    """A line of signs, each with a word."""

    def __init__(self) -> None:
        self._parts: list[tuple[float, str, str]] = []
        self.width = 0.0

    def add(self, style: str, word: str) -> None:
        """Add a sign at the end of the line."""
        self._parts.append((self.width, style, word))
        self.width += 26 + 6.2 * len(word) + 18

    def __call__(self, line: float) -> Iterator[str]:
        """Draw the line at a height."""
        for left, style, word in self._parts:
            if style == "wait" or style.startswith(("bar", "life")):
                yield draw.box(left, line - 9, 16, 10, style, round_by=2)
            elif style.startswith(("mark", "touch")):
                yield draw.dot(left + 8, line - 4, 4.5, style)
            else:
                yield draw.line(left, line - 4, left + 18, line - 4, style)
            yield draw.text(left + 23, line, "soft", word)


def _legend(grid: Grid, objects: Sequence[Sight], answer: Answer, width: float) -> list[_Signs]:
    """Say what the signs mean that the drawing has."""
    trace = answer.trace
    signs = [("mark event", "event")]
    if any(cell.row.moment.waits_for for cell in grid.cells):
        signs += [("mark waits", "has to wait"), ("wait", "waits")]
    if answer.findings:
        signs.append(("mark error", "breaks a rule"))
    names = list(svg_actors.waitables(grid).items())
    signs += [
        (f"bar c{number % svg_actors.COLOURS}", shortened(name, 40)) for name, number in names[:12]
    ]
    if trace.scenario.objects:
        signs.append(("life", "life of an object, its count"))
    if any(one.touched for one in objects):
        signs.append(("touch", "used"))
    kinds = {one.hold.kind for moment in trace.moments for one in moment.changes if one.hold}
    for kind, word in (("ref", "reference"), ("borrow", "bare pointer"), ("link", "sysfs link")):
        if kind in kinds:
            signs.append((f"hold {kind}", word))
    return _in_lines(signs, width)


def _in_lines(signs: Sequence[tuple[str, str]], width: float) -> list[_Signs]:
    lines = [_Signs()]
    for style, word in signs:
        if lines[-1].width and lines[-1].width + 26 + 6.2 * len(word) > width:
            lines.append(_Signs())
        lines[-1].add(style, word)
    return lines
