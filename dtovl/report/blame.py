"""Whose every node and property is, what it hides, and what would come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.node import plain_name
from dtovl.model.values import printable, render
from dtovl.overlay.owners import BASE, CHANGESET, EDIT, OVERLAY
from dtovl.report.json import place
from dtovl.report.spans import BLANK, Line
from dtovl.report.values import LayerReferences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.owners import Layer, Owner, Owners, Placed
    from dtovl.report.spans import Span

_LIMIT = 120
_MOST_GUTTER = 24
_MOST_COLUMN = 40
_ABSENT = "(not there)"


class Subject(NamedTuple):
    """What blame is about: a node, or one of its properties, of a tree with its owners."""

    owners: Owners
    references: LayerReferences
    node: Node
    key: str | None

    @property
    def layers(self) -> list[Layer]:
        """Give the layers, newest first."""
        return self.owners.layers(self.node, self.key)

    @property
    def path(self) -> str:
        """Write the path as `dtovl blame` takes it."""
        return self.node.path if self.key is None else f"{self.node.path}:{plain_name(self.key)}"

    def properties(self) -> list[Subject]:
        """Give the properties of a node in tree order, then those that were taken away."""
        here = [key for key, _ in self.owners.tree.properties_of(self.node)]
        gone = self.owners.removed_properties(self.node)
        return [self._replace(key=key) for key in (*here, *gone)]

    def text(self, layer: Layer, limit: int | None = _LIMIT) -> str:
        """Write the value of a layer of a property as source."""
        if layer.value is None or self.key is None:
            return _ABSENT
        names = self.references.names(self.node, self.key, layer)
        return render(layer.value, name=self.key, references=names, limit=limit) or "(empty)"


def who(owner: Owner) -> str:
    """Name an owner with its number, as the kernel's log writes it, and its fragment."""
    if owner.kind == BASE:
        return owner.name
    if owner.kind != OVERLAY:
        return f"{_called(owner)} (operation {owner.number})"
    fragment = f" {owner.fragment}" if owner.fragment else ""
    return f"#{owner.number} {owner.name}{fragment}"


def _called(owner: Owner) -> str:
    """Name an owner without number."""
    if owner.kind == CHANGESET:
        return f"changeset {owner.name}"
    return "direct edit" if owner.kind == EDIT else owner.name


# -- one path --------------------------------------------------------------------------------------


def blame_lines(subject: Subject) -> Iterator[Line]:
    """Write what owners made of a property or node, oldest first, and what would come back."""
    labels = subject.owners.tree.labels_of(subject.node) if subject.key is None else ()
    shown = f"  ({', '.join(labels)})" if labels else ""
    yield Line((("path", subject.path), ("label", shown)))
    yield from _rows(_row(subject, layer) for layer in reversed(subject.layers))
    yield from _back_line(subject)
    if subject.key is not None:
        return
    properties = subject.properties()
    if properties:
        yield BLANK
    yield from _rows(
        _row(one, layer, named=True) for one in properties for layer in reversed(one.layers)
    )
    yield from _child_lines(subject)


class _Row(NamedTuple):
    """A line of a table: value, owner, place in source, mark."""

    value: str
    owner: str
    place: str
    mark: str


def _row(subject: Subject, layer: Layer, *, named: bool = False) -> _Row:
    value = "" if subject.key is None else subject.text(layer)
    if named:
        value = f"{printable(plain_name(subject.key or ''))} = {value}"
    at = f"({layer.position})" if layer.position is not None else ""
    layers = subject.layers
    mark = "<-" if named else "<- in force"
    shown = mark if len(layers) > 1 and layer is layers[0] else ""
    return _Row(value, who(layer.owner), at, shown)


def _rows(rows: Iterator[_Row]) -> Iterator[Line]:
    """Write rows in columns, as far as their texts are short enough."""
    table = list(rows)
    values, owners, places = (
        max((len(text) for text in column if len(text) <= _MOST_COLUMN), default=0)
        for column in list(zip(*table, strict=True))[:3] or ((), (), ())
    )
    for row in table:
        cells = [
            ("value", row.value.ljust(values), bool(values)),
            ("label", row.owner.ljust(owners), True),
            ("place", row.place.ljust(places), bool(places)),
            ("good", row.mark, True),
        ]
        while not cells[-1][1].strip():
            cells.pop()
        spans: list[Span] = []
        for style, text, wanted in cells:
            if wanted:
                spans += [("", "  "), (style, text)]
        spans[-1] = (spans[-1][0], spans[-1][1].rstrip(" "))
        yield Line(tuple(spans), hang=6)


def _back_line(subject: Subject) -> Iterator[Line]:
    """Say what removing the owner in force would bring back."""
    top = subject.layers[0].owner
    if top.kind == BASE:
        return
    if top.identity in subject.owners.lasting:
        why = ": it is destroyed" if top.kind == CHANGESET else ""
        text = f"  nothing takes back what {_the(top)} did{why}"
        yield Line((("dim", text),), hang=4, fixed=0)
        return
    back = subject.owners.comes_back(subject.node, subject.key)
    if subject.key is None:
        what = "takes it away" if back is None else "brings it back"
    elif back is None:
        what = "leaves no such property"
    else:
        what = f"brings back {subject.text(back)} of {_the(back.owner)}"
    verb = "reverting" if top.kind == CHANGESET else "removing"
    yield Line((("dim", f"  {verb} {_called(top)} {what}"),), hang=4, fixed=0)


def _the(owner: Owner) -> str:
    return f"the {_called(owner)}" if owner.kind in (CHANGESET, EDIT) else owner.name


def _child_lines(subject: Subject) -> Iterator[Line]:
    """Name the nodes below that somebody else brought."""
    owners = subject.owners
    own = owners.owner_of(subject.node).identity
    children = owners.tree.children_of(subject.node)
    found = [(child, owners.owner_of(child)) for child in children]
    others = [(child, owner) for child, owner in found if owner.identity != own]
    if others:
        yield BLANK
    for child, owner in others:
        yield Line((("path", f"  {child.name}"), ("label", f"  {who(owner)}")), hang=6)


# -- for machines ----------------------------------------------------------------------------------


def blame_object(subject: Subject) -> dict[str, object]:
    """Give what blame_lines writes, for machines."""
    owners, key = subject.owners, subject.key
    content: dict[str, object] = {
        "path": subject.node.path,
        "property": None if key is None else plain_name(key),
        **_layers_object(subject),
        "properties": [],
        "children": [],
    }
    if key is None:
        content["properties"] = [
            {"name": plain_name(one.key or ""), **_layers_object(one)}
            for one in subject.properties()
        ]
        content["children"] = [
            {"path": child.path, "owner": owner_object(owners.owner_of(child))}
            for child in owners.tree.children_of(subject.node)
        ]
    return content


def owner_object(owner: Owner) -> dict[str, object]:
    """Give an owner for machines."""
    return {**owner._asdict(), "fragment": owner.fragment or None}


def _layers_object(subject: Subject) -> dict[str, object]:
    back = subject.owners.comes_back(subject.node, subject.key)
    return {
        "layers": [_layer_object(subject, layer) for layer in subject.layers],
        "comes_back": None if back is None else _layer_object(subject, back),
    }


def _layer_object(subject: Subject, layer: Layer) -> dict[str, object]:
    valued = subject.key is not None and layer.value is not None
    return {
        "owner": owner_object(layer.owner),
        "there": layer.value is not None,
        "value": layer.value.hex() if valued and layer.value is not None else None,
        "text": subject.text(layer, None) if valued and layer.value else "" if valued else None,
        "location": place(layer.position),
    }


# -- beside a tree ---------------------------------------------------------------------------------


class Gutter:
    """The column beside a tree that tells owners, and what stands behind a property.

    What is the base's has an empty gutter, so that what is not stands out.
    """

    __slots__ = ("_owners", "_references", "_width")

    def __init__(self, tree: Tree, owners: Owners, overlays: Sequence[Placed]) -> None:
        """Make a column as wide as the names of the owners ask for."""
        self._owners = owners
        self._references = LayerReferences(tree, overlays)
        widths = [
            len(f"#{number} {fragment.name}")
            for number, overlay, _ in overlays
            for fragment in overlay.fragments
        ]
        widths += [len(_short(owner)) for owner in owners.in_force() if owner.kind != OVERLAY]
        self._width = min(max(widths, default=0), _MOST_GUTTER)

    @property
    def width(self) -> int:
        """Give the columns it takes."""
        return self._width + 2

    def beside(self, node: Node, key: str | None = None) -> Span:
        """Give the text beside a node, or beside one of its properties."""
        owner = self._owners.owner_of(node, key)
        text = _short(owner)
        if len(text) > self._width:
            text = text[: self._width - 1] + "~"
        return "label", text.ljust(self._width) + "  "

    def names(self, node: Node, key: str) -> dict[int, str]:
        """Give byte offset -> label or path for the value in force."""
        return self._references.names(node, key, self._owners.layers(node, key)[0])

    def behind(self, node: Node, key: str) -> Span:
        """Say what a property hides."""
        layers = self._owners.layers(node, key)
        if len(layers) < 2:
            return "", ""
        hidden = layers[1]
        if hidden.value == layers[0].value:
            return "dim", f"  as in {_the(hidden.owner)}"
        text = Subject(self._owners, self._references, node, key).text(hidden)
        return "dim", f"  hides {text} of {_the(hidden.owner)}"


def _short(owner: Owner) -> str:
    """Name an owner in the gutter; nothing for the base."""
    if owner.kind == BASE:
        return ""
    if owner.kind == OVERLAY:
        return f"#{owner.number} {owner.fragment or owner.name}"
    return _called(owner)
