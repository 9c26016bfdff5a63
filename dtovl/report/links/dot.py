"""Links as a graph for Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.escape import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.report.links.picture import Box, Entry, Picture

_COLOURS = {"added": "#1b7a50", "gone": "#bf3227", "changed": "#a66a00"}


def dot(picture: Picture) -> str:
    """Write devices as nodes, and an edge for each property by which one needs another.

    Source: Graphviz, the DOT language (quoted strings; escapes in labels).
    """
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"digraph {_quoted(picture.title)} {{"
    yield "  rankdir=LR;"
    yield '  node [shape=box, style=rounded, fontname="monospace", fontsize=10];'
    yield '  edge [fontname="monospace", fontsize=9];'
    for number, box in enumerate(picture.boxes):
        yield f"  n{number} [{', '.join(_node(box))}];"
    for source, target, entry in picture.arrows:
        yield f"  n{source} -> n{target} [{', '.join(_edge(entry))}];"
    yield "}"


def _node(box: Box) -> Iterator[str]:
    label = [box.name + (f" (&{box.labels[0]})" if box.labels else "")]
    above = box.path.rpartition("/")[0]
    label += [text for text in (above, box.state) if text]
    yield f"label={_label(label)}"
    yield f"tooltip={_label([box.path])}"
    if box.state:
        yield 'style="rounded,dashed"'
    if box.centre:
        yield "penwidth=2"
    if box.kind:
        yield f'color="{_COLOURS[box.kind]}"'


def _edge(entry: Entry) -> Iterator[str]:
    yield f"label={_label([entry.text])}"
    yield f"tooltip={_label(entry.told)}"
    colour = _COLOURS.get(entry.kind)
    if colour is not None:
        yield f'color="{colour}", fontcolor="{colour}"'
    if entry.kind == "gone":
        yield "style=dashed"


def _label(lines: Sequence[str]) -> str:
    r"""Quote lines of a label: in these a backslash begins an escape, `\n` the next line."""
    inside = (terminal(one).replace("\\", "\\\\").replace('"', '\\"') for one in lines)
    return '"' + "\\n".join(inside) + '"'


def _quoted(text: str) -> str:
    """Quote an identifier: a quotation mark is all that wants a backslash there."""
    # A backslash at the end would take the closing mark away.
    return '"' + terminal(text).replace("\\", "/").replace('"', '\\"') + '"'
