"""Links as a drawing: boxes for devices, in them what they need, arrows to what supplies it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from dtovl.report.escape import xml
from dtovl.report.links.layered import Arrow, Layout, Size, lay_out
from dtovl.report.spans import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.report.links.layered import Point
    from dtovl.report.links.picture import Box, Picture

MOST_ARROWS = 400
"""With more, arrows tell nothing any more: boxes then name what they need in words."""

_MOST = Size(8000.0, 3000.0)
"""Nobody follows an arrow over more than that."""

_MARGIN = 24.0
_PAD = 9.0
_LINE = 15.0
_HEAD = 18.0
# Widths of letters in fixed-width fonts are 0.6 of their height; a little more leaves room.
_ROW_LETTER = 6.75
_HEAD_LETTER = 7.6
_TITLE_LETTER = 8.8
_SMALL_LETTER = 6.1
_MOST_LETTERS = 48
_LEAST_WIDTH = 110.0
_CARD_GAP = 16.0


def svg(picture: Picture) -> str:
    """Write a drawing as a file of its own, for light and for dark surroundings."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing(picture, rules=style())}'


def style() -> str:
    """Give the rules for a drawing, in an SVG file or in a page."""
    from importlib.resources import files

    return files(__package__).joinpath("drawing.css").read_text("utf-8")


def drawing(picture: Picture, *, rules: str = "") -> str:
    """Write the `svg` element; the rules of its style go into it, a page has them elsewhere.

    Source: SVG 1.1.
    """
    crowded = len(picture.arrows) > MOST_ARROWS
    if not crowded:
        body, size = _graph(picture)
        crowded = size.height > _MOST.height or size.width > _MOST.width
    if crowded:
        body, size = _cards(picture)
    notes = _notes(picture, crowded=crowded)
    head = _MARGIN + _LINE * (len(notes) + 1)
    wide = max(
        len(text) * (_TITLE_LETTER if name == "title" else _SMALL_LETTER) for name, text in notes
    )
    width = max(size.width, wide) + 2 * _MARGIN
    height = size.height + head + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="links" role="img" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<title>{xml(picture.title)}</title>",
        f"<style>{rules}</style>" if rules else "",
        f'<rect class="back" width="{width:.0f}" height="{height:.0f}"/>',
        *(
            _text(_MARGIN, _MARGIN + _LINE * number, name, text)
            for number, (name, text) in enumerate(notes)
        ),
        f'<g transform="translate({_MARGIN:.0f} {head:.0f})">',
        *body,
        "</g>",
        "</svg>",
    ]
    return "\n".join(filter(None, parts)) + "\n"


def _notes(picture: Picture, *, crowded: bool) -> list[tuple[str, str]]:
    """Say what the drawing shows and what its signs mean, each line with its style."""
    devices = amount(len(picture.boxes), "device")
    notes = [
        ("title", _shortened(picture.title, 110)),
        ("soft", f"{amount(picture.links, 'link')} among {devices}"),
    ]
    if crowded:
        told = (
            "too many for arrows: each box names what its device needs. PATH or --kind shows less"
        )
        notes.append(("soft", told))
    elif picture.arrows:
        notes.append(("soft", "an arrow leads from what needs something to what supplies it"))
    found = {entry.kind for box in picture.boxes for entry in box.entries}
    notes += [
        (f"soft {kind}", f"{sign} {kind}")
        for kind, sign in (("added", "+"), ("gone", "-"), ("changed", "~"))
        if kind in found
    ]
    if any(box.state for box in picture.boxes):
        notes.append(("soft", "dashed box: the device is not available"))
    return notes


# -- boxes -----------------------------------------------------------------------------------------


class _Shape:
    """A box with its lines of text, as high and wide as these want it."""

    __slots__ = ("_head", "_rows", "box", "size")

    def __init__(self, box: Box, rows: Sequence[str]) -> None:
        self.box = box
        rows = self._rows = [_shortened(text, _MOST_LETTERS + 24) for text in rows]
        label = f" &{box.labels[0]}" if box.labels else ""
        above = box.path.rpartition("/")[0]
        self._head = [("name", _shortened(box.name + label, _MOST_LETTERS), _HEAD_LETTER)]
        if above:
            self._head.append(("soft", _ending(above, _MOST_LETTERS), _SMALL_LETTER))
        if box.state:
            self._head.append(("state", _ending(box.state, _MOST_LETTERS), _SMALL_LETTER))
        wide = [len(text) * letter for _, text, letter in self._head]
        wide += [len(text) * _ROW_LETTER for text in rows]
        height = _PAD + _LINE * (len(self._head) + len(rows)) + (6.0 if rows else 2.0)
        self.size = Size(max(_LEAST_WIDTH, max(wide) + 2 * _PAD), height)

    def start(self, row: int) -> float:
        """Give the middle of a row, from the top of the box."""
        return _PAD + _LINE * (len(self._head) + row) + 6.0

    def draw(self, left: float, top: float) -> Iterator[str]:
        """Write the box at a place."""
        box = self.box
        marks = ["off"] * bool(box.state) + ["centre"] * box.centre + [box.kind] * bool(box.kind)
        width, height = self.size
        yield f'<g class="{" ".join(marks)}" transform="translate({left:.1f} {top:.1f})">'
        names = f" ({', '.join(box.labels)})" if box.labels else ""
        state = f": {box.state}" if box.state else ""
        yield f"<title>{xml(box.path + names + state)}</title>"
        yield f'<rect class="box" width="{width:.1f}" height="{height:.1f}" rx="5"/>'
        line = _PAD + 6.0
        for style, text, _ in self._head:
            yield _text(_PAD, line, style, text)
            line += _LINE
        if self._rows:
            edge = line - 10.0
            yield f'<path class="rule" d="M0 {edge:.1f}H{width:.1f}"/>'
        for entry, text in zip(box.entries, self._rows, strict=True):
            yield f"<g><title>{_lines(entry.told)}</title>"
            yield f"{_text(_PAD, line + 2, entry.kind, text)}</g>"
            line += _LINE
        yield "</g>"


def _lines(told: Iterable[str]) -> str:
    """Escape texts, each of which has a line of a title."""
    return "\n".join(map(xml, told))


def _text(left: float, line: float, style: str, text: str) -> str:
    named = f' class="{style}"' if style else ""
    return f'<text x="{left:.1f}" y="{line:.1f}"{named}>{xml(text)}</text>'


def _shortened(text: str, most: int) -> str:
    """Leave out the middle of a long text."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def _ending(text: str, most: int) -> str:
    """Leave out the beginning of a long path."""
    return text if len(text) <= most else f"…{text[-most + 1 :]}"


# -- arrows ----------------------------------------------------------------------------------------


def _graph(picture: Picture) -> tuple[list[str], Size]:
    """Draw boxes and arrows."""
    marks = {"added": "+ ", "gone": "- ", "changed": "~ "}
    shapes = [
        _Shape(box, [marks.get(one.kind, "") + one.text for one in box.entries])
        for box in picture.boxes
    ]
    arrows = [
        Arrow(number, entry.target, shape.start(row))
        for number, shape in enumerate(shapes)
        for row, entry in enumerate(shape.box.entries)
    ]
    layout = lay_out([shape.size for shape in shapes], arrows)
    parts = list(_arrows(picture, layout))
    for shape, (left, top) in zip(shapes, layout.boxes, strict=True):
        parts += shape.draw(left, top)
    return parts, layout.size


def _arrows(picture: Picture, layout: Layout) -> Iterator[str]:
    """Draw the arrows, those of changed links last, upon the others."""
    drawn = list(zip(picture.arrows, layout.arrows, strict=True))
    for (source, target, entry), points in sorted(drawn, key=lambda one: bool(one[0][2].kind)):
        ends = f"{picture.boxes[source].path} -> {picture.boxes[target].path}"
        told = _lines((ends, *entry.told))
        kind = f" {entry.kind}" if entry.kind else ""
        yield f'<g class="link"><title>{told}</title>'
        yield f'<path class="arrow{kind}" d="{_curve(points)}"/>'
        yield f'<path class="head{kind}" d="{_head(points)}"/></g>'


def _curve(points: Sequence[Point]) -> str:
    """Join points by curves that leave and reach each of them level."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (left, top), (x, y) in pairwise(points):
        middle = (left + x) / 2
        if top == y:
            parts.append(f"H{x:.1f}")
        else:
            parts.append(f"C{middle:.1f} {top:.1f} {middle:.1f} {y:.1f} {x:.1f} {y:.1f}")
    return "".join(parts)


def _head(points: Sequence[Point]) -> str:
    (before, _), (x, y) = points[-2:]
    back = -7.0 if before < x else 7.0
    return f"M{x:.1f} {y:.1f}l{back:.1f} -3.5v7z"


# -- cards -----------------------------------------------------------------------------------------


def _cards(picture: Picture) -> tuple[list[str], Size]:
    """Write what every device needs into its box, and the boxes into columns of like height."""
    shapes = [
        _Shape(box, [f"{one.text} → {_called(picture.boxes[one.target])}" for one in box.entries])
        for box in picture.boxes
        if box.entries
    ]
    total = sum(shape.size.height + _CARD_GAP for shape in shapes)
    width = sum(shape.size.width + _CARD_GAP for shape in shapes) / len(shapes)
    most = max(total / max(1, round((total * 1.6 / width) ** 0.5)), 1.0)
    columns: list[list[_Shape]] = [[]]
    top = 0.0
    for shape in shapes:
        if top and top + shape.size.height / 2 > most:
            columns.append([])
            top = 0.0
        columns[-1].append(shape)
        top += shape.size.height + _CARD_GAP
    parts: list[str] = []
    left = height = 0.0
    for column in columns:
        top = 0.0
        for shape in column:
            parts += shape.draw(left, top)
            top += shape.size.height + _CARD_GAP
        left += max(shape.size.width for shape in column) + _CARD_GAP
        height = max(height, top)
    return parts, Size(left, height)


def _called(box: Box) -> str:
    """Name a device shortly: by label, else by name."""
    return _shortened(f"&{box.labels[0]}" if box.labels else box.name, _MOST_LETTERS)
