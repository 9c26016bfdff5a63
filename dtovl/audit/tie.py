"""Tying a line of a log to nodes and overlays: by path, id, label, device, and the kernel's words.

What names an overlay for certain comes first: its id, or a line that the kernel logs for it alone.
Then who brings the node, or sets the property; then who changes the node or targets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.audit.marks import BRINGS, SETS, TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.audit.board import Board
    from dtovl.audit.marks import Given, Mark
    from dtovl.audit.patterns import Found

MOST_TIES = 20
"""Most nodes and overlays that are told of one line."""

_NODES = ("node", "device", "other", "supplier", "path", "parent", "name")
"""Facts that may name nodes, the most telling first."""


class NodeTie(NamedTuple):
    """A node that a line names: what it is there, its path, its labels, and whether it is known.

    known is None when no tree was given.
    """

    role: str
    path: str
    labels: tuple[str, ...] = ()
    known: bool | None = None


class OverlayTie(NamedTuple):
    """An overlay that a line is about, and how: its place among those given, id, name, fragment.

    why is what it does: `brings`, `changes`, `targets`, `sets`, `has-id`, `later`, `refused`,
    `wants`, `follows`, `alone`, `crashes`.
    """

    place: int
    number: int
    name: str
    fragment: str
    why: str


class Tie(NamedTuple):
    """What a line is about."""

    nodes: tuple[NodeTie, ...] = ()
    overlays: tuple[OverlayTie, ...] = ()

    @property
    def path(self) -> str:
        """Give the path of the node that the line is about, "" for none."""
        return next((one.path for one in self.nodes), "")


NOTHING = Tie()


def tie(found: Found, board: Board | None) -> Tie:
    """Tell what nodes and overlays a line is about, as far as the board knows them."""
    if board is None:
        return Tie(tuple(_bare_nodes(found)))
    nodes = () if found.kind.inside else tuple(_nodes(found, board))[:MOST_TIES]
    ties: dict[tuple[int, str], OverlayTie] = {}
    for one in _overlays(found, board, nodes):
        ties.setdefault((one.place, one.fragment), one)
    return Tie(nodes, tuple(ties.values())[:MOST_TIES])


def tie_name(name: str, board: Board | None) -> Tie:
    """Tie a bare name of a node, as leaked memory holds it, to the nodes that have it."""
    paths = [] if board is None else board.named(name)[:MOST_TIES]
    if board is None or not paths:
        return NOTHING
    nodes = tuple(_node("node", path, board) for path in paths)
    overlays = (one for path in paths for one in _of_marks(board, board.marks(path)))
    return Tie(nodes, tuple(dict.fromkeys(overlays))[:MOST_TIES])


def _bare_nodes(found: Found) -> Iterator[NodeTie]:
    if not found.kind.inside:
        for role in ("node", "other", "supplier"):
            path = found.facts.get(role, "")
            if path.startswith("/"):
                yield NodeTie(role, path)


def _nodes(found: Found, board: Board) -> Iterator[NodeTie]:
    """Give the nodes that the facts of a line name, each once."""
    seen: set[str] = set()
    for role in _NODES:
        value = found.facts.get(role, "")
        for path in _paths(role, value, board) if value else ():
            if path not in seen:
                seen.add(path)
                yield _node(role, path, board)


def _paths(role: str, value: str, board: Board) -> list[str]:
    """List the paths that a fact may mean; more than one only for a bare name."""
    if role in ("node", "other"):
        return [value if value.startswith("/") else board.node_of_device(value) or value]
    if role in ("device", "supplier"):
        found = board.node_of_device(value)
        return [found] if found else []
    if role == "path":
        # Of sysfs: the last part is the name of the device.
        found = board.node_of_device(value.rpartition("/")[2])
        return [found] if found and value.startswith("/devices/") else []
    if role == "parent":
        return board.named(value)
    found = board.node_of_device(value)
    return [found] if found else board.named(value)


def _node(role: str, path: str, board: Board) -> NodeTie:
    return NodeTie(role, path, board.labels_of(path), board.knows(path))


def _overlays(found: Found, board: Board, nodes: Iterable[NodeTie]) -> Iterator[OverlayTie]:
    facts = found.facts
    by_number = [*_of_number(facts.get("number"), "has-id", board)]
    by_number += _of_number(facts.get("later"), "later", board)
    if by_number or "number" in facts:
        yield from by_number
        return
    refused = [board.given[place - 1] for place in board.texts.get(found.text, ())]
    marks = [*_marks(found, board, nodes)]
    told = {one.place for one in refused}
    # One that is refused now may have been in force when the line was logged.
    certain = [
        mark
        for mark in marks
        if not told or mark.place in told or board.given[mark.place - 1].error
    ]
    yield from _of_marks(board, certain)
    for one in refused:
        if one.place not in {mark.place for mark in certain}:
            yield whole(one, "refused", _fragment(found))
    if not refused and not marks:
        yield from _of_own_tree(found, board)


def _of_number(number: str | None, why: str, board: Board) -> Iterator[OverlayTie]:
    if number is not None:
        for one in board.by_number(int(number)):
            yield whole(one, why)


def _of_own_tree(found: Found, board: Board) -> Iterator[OverlayTie]:
    """Give the overlays that want the label, or have the fragment, that a line names."""
    label = found.facts.get("label")
    for place in board.labels.get(label, ()) if label else ():
        yield whole(board.given[place - 1], "wants")
    if found.kind.inside:
        path = found.facts.get("node", "")
        for place in board.inside.get(path, ()):
            yield whole(board.given[place - 1], "refused", _fragment(found))


def _marks(found: Found, board: Board, nodes: Iterable[NodeTie]) -> list[Mark]:
    """Give the marks of the property, or of the first node that any overlay has to do with."""
    name = found.facts.get("property")
    for one in nodes:
        if name is not None and one.role == "node":
            marks = board.properties.get((one.path, name), [])
            if marks:
                return marks
        marks = board.marks(one.path)
        if marks:
            first = marks[0].verb
            brings = [mark for mark in marks if mark.verb == BRINGS]
            return brings if first == BRINGS else _strongest(marks)
    return []


def _strongest(marks: list[Mark]) -> list[Mark]:
    """Leave out that a node is a target where it is said that it is changed."""
    changing = {(mark.place, mark.fragment) for mark in marks if mark.verb != TARGETS}
    return [
        mark
        for mark in marks
        if mark.verb != TARGETS or (mark.place, mark.fragment) not in changing
    ]


def _of_marks(board: Board, marks: Iterable[Mark]) -> Iterator[OverlayTie]:
    for mark in marks:
        one = board.given[mark.place - 1]
        yield OverlayTie(one.place, one.number, one.name, mark.fragment, mark.verb)


def _fragment(found: Found) -> str:
    """Name the fragment that a line about an overlay's own tree is in."""
    return found.facts.get("node", "").strip("/").partition("/")[0] if found.kind.inside else ""


def whole(one: Given, why: str, fragment: str = "") -> OverlayTie:
    """Tie a line to an overlay as a whole, or to a fragment of it that it names itself."""
    return OverlayTie(one.place, one.number, one.name, fragment, why)


def words(one: OverlayTie) -> str:
    """Say in words what an overlay has to do with a line."""
    who = f"overlay #{one.number} ({one.name})" if one.number else f"overlay {one.name}"
    where = f", in {one.fragment}" if one.fragment else ""
    return f"{who} {_SAYS[one.why]}{where}"


_SAYS = {
    BRINGS: "brings the node",
    "changes": "changes the node",
    TARGETS: "targets the node",
    SETS: "sets the property",
    "has-id": "has this id",
    "later": "came later",
    "refused": "makes the kernel say this",
    "wants": "wants the label",
    "follows": "is what the line before is about",
    "alone": "is the only one given",
    "crashes": "crashes the kernel when it is applied",
}
