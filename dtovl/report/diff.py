"""What differs between two trees, one line a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.specifiers import References
from dtovl.model.values import printable, render
from dtovl.report.spans import BLANK, Line, Span, amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.compare import Difference, Differences
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_LIMIT = 200
_MARKS = {"added": ("add", "+"), "removed": ("remove", "-")}
_CHANGE = ("change", "~")


class Sides:
    """The two trees of a comparison, with their references read once."""

    __slots__ = ("a", "b")

    def __init__(self, a: Tree, b: Tree) -> None:
        self.a = References(a)
        self.b = References(b)

    def old(self, found: Difference, limit: int | None = _LIMIT) -> str:
        """Write the value in the first tree."""
        return _value(self.a, found.node_a, found, found.old, limit)

    def new(self, found: Difference, limit: int | None = _LIMIT) -> str:
        """Write the value in the second tree."""
        return _value(self.b, found.node_b, found, found.new, limit)


def diff_lines(differences: Differences, sides: Sides) -> Iterator[Line]:
    """Write the differences, then how many there are; renumbered phandles are only counted."""
    for found in differences:
        yield difference_line(found, sides)
    if differences:
        yield BLANK
    yield Line((("heading", _summary(differences)),), hang=2, fixed=0)


def difference_line(found: Difference, sides: Sides, *, indent: int = 0, remark: str = "") -> Line:
    """Write one difference, indented by so many columns, with a remark behind it."""
    style, mark = _MARKS.get(found.kind.rpartition("-")[2], _CHANGE)
    subject = found.path + (f":{printable(found.name)}" if found.name else "")
    head = (style, f"{' ' * indent}{mark} "), ("path", subject or "header")
    tail = (("dim", remark),) if remark else ()
    return Line((*head, *_content(found, sides), *tail), hang=indent + 4, fixed=2)


def difference_object(found: Difference, sides: Sides) -> dict[str, object]:
    """Give one difference for machines."""
    has_value = bool(found.name) and found.kind.startswith("property")
    return {
        "kind": found.kind,
        "path": found.path or None,
        "name": found.name or None,
        "old": found.old.hex() if has_value and found.old is not None else None,
        "new": found.new.hex() if has_value and found.new is not None else None,
        "old_text": sides.old(found, None) if found.old is not None else None,
        "new_text": sides.new(found, None) if found.new is not None else None,
    }


def _content(found: Difference, sides: Sides) -> Iterator[Span]:
    node = found.node_b or found.node_a
    if found.kind in ("node-added", "node-removed") and node is not None:
        yield "dim", f"  ({_size(node)})"
    elif found.kind == "property-added":
        yield "new", _spaced(sides.new(found))
    elif found.kind == "property-removed":
        yield "old", _spaced(sides.old(found))
    else:
        what = " order" if found.kind.endswith("reordered") else ""
        yield "dim", what
        yield "old", "  " + (sides.old(found) or "(empty)")
        yield "", " -> "
        yield "new", sides.new(found) or "(empty)"


def _spaced(text: str) -> str:
    return "  " + text if text else ""


def _size(node: Node) -> str:
    below = sum(1 for _ in node.walk()) - 1
    size = amount(len(node.properties), "property", "properties")
    return size + (f", {amount(below, 'node')} below" if below else "")


def _value(
    references: References,
    node: Node | None,
    found: Difference,
    value: bytes | None,
    limit: int | None,
) -> str:
    if value is None:
        return ""
    if node is None or not found.kind.startswith("property") or not found.name:
        return value.decode("latin-1")
    names = references.names(node, found.name, value)
    return render(value, name=found.name, references=names, limit=limit)


def _summary(differences: Differences) -> str:
    number: dict[str, int] = {}
    for found in differences:
        number[found.kind] = number.get(found.kind, 0) + 1
    parts = []
    for subject, kinds in _SUMMARY:
        verbs = [f"{number[kind]} {verb}" for kind, verb in kinds if kind in number]
        if verbs:
            parts.append(f"{subject}: {', '.join(verbs)}")
    text = "; ".join(parts) or "no difference"
    if differences.renumbered:
        text += f"; {amount(differences.renumbered, 'renumbered phandle')} hidden"
    return text


_SUMMARY = (
    (
        "nodes",
        (
            ("node-added", "added"),
            ("node-removed", "removed"),
            ("nodes-reordered", "with children in another order"),
        ),
    ),
    (
        "properties",
        (
            ("property-added", "added"),
            ("property-changed", "changed"),
            ("property-removed", "removed"),
            ("properties-reordered", "in another order"),
        ),
    ),
    ("header", (("header-changed", "changed"),)),
)
