"""Links as boxes and arrows: devices, and under each the entries by which it needs others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.links.changes import End, end_of
from dtovl.report.links.answer import specifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.report.links.answer import Answer, Row


class Entry(NamedTuple):
    """A line of a box: a property and which entries of it name one other device.

    target is the number of that box; kind what became of the links; told one line for each.
    """

    text: str
    target: int
    kind: str
    told: tuple[str, ...]


class Box(NamedTuple):
    """A device, or a node that belongs to none.

    kind is `added` or `gone` where an overlay brought it, or took it along; centre: it is the one
    that is asked about.
    """

    path: str
    name: str
    labels: tuple[str, ...]
    state: str
    kind: str
    centre: bool
    entries: tuple[Entry, ...]


class Picture(NamedTuple):
    """What is drawn; links counts those in it, own those of devices to themselves, left out."""

    title: str
    boxes: tuple[Box, ...]
    links: int
    own: int

    @property
    def arrows(self) -> list[tuple[int, int, Entry]]:
        """Give source, target and entry of every arrow."""
        return [
            (number, entry.target, entry)
            for number, box in enumerate(self.boxes)
            for entry in box.entries
        ]


_Entries = dict[tuple[str, str, str], list["Row"]]
"""Property, device that is needed, what became of it -> links."""


def picture_of(answer: Answer) -> Picture:
    """Gather the links asked for by device, in tree order of the consumers."""
    suppliers, consumers = answer.rows()
    rows = [*suppliers, *consumers]
    needs: dict[str, _Entries] = {}
    ends: dict[str, End] = {}
    own = 0
    for row in rows:
        seen = row.seen
        source, target = _device(seen.consumer), _device(seen.supplier)
        ends.update((end.path, end) for end in (seen.consumer, seen.supplier))
        if source == target:
            own += 1
        else:
            key = (_property(row), target, row.kind)
            needs.setdefault(source, {}).setdefault(key, []).append(row)
    drawn = dict.fromkeys(needs)
    for found in needs.values():
        drawn.update(dict.fromkeys(target for _, target, _ in found))
    centre = "" if answer.node is None else _device(answer.node)
    if centre:
        drawn.setdefault(centre)
    numbers = {path: number for number, path in enumerate(drawn)}
    boxes = [
        Box(
            path,
            path.rpartition("/")[2] or "/",
            *_about(answer, path, ends),
            path == centre,
            tuple(
                Entry(_indices(name, some), numbers[target], kind, tuple(map(_told, some)))
                for (name, target, kind), some in needs.get(path, {}).items()
            ),
        )
        for path in drawn
    ]
    return Picture(answer.short_title, tuple(boxes), len(rows) - own, own)


def _property(row: Row) -> str:
    """Name the property; of an endpoint also the port, as a device may have many of them."""
    seen = row.seen
    if seen.link.property != "remote-endpoint" or seen.node.path == seen.consumer.path:
        return seen.link.property
    port = seen.node.path.rpartition("/")[0].rpartition("/")[2]
    return f"{port} {seen.link.property}"


def _device(end: End) -> str:
    return end.device or end.path


class _About(NamedTuple):
    """What there is to say about a device besides its name."""

    labels: tuple[str, ...]
    state: str
    kind: str


def _about(answer: Answer, path: str, ends: dict[str, End]) -> _About:
    """Look at a device as it is now; one that went is as it was."""
    tree = answer.board.tree
    node = tree.find(path)
    if node is None:
        end = ends.get(path, End(path))
        return _About(end.labels, end.state, "gone")
    end = end_of(answer.board, node)
    brought = answer.changes is not None and tree.origin_of(node) is not None
    return _About(end.labels, end.state, "added" if brought else "")


def _indices(name: str, rows: Sequence[Row]) -> str:
    """Name entries of one property: `clocks[0-2,5]`."""
    numbers = sorted({row.seen.link.index for row in rows})
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    told = ",".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in parts)
    return f"{name}[{told}]"


def _told(row: Row) -> str:
    """Write a link in full, for whoever points at it."""
    seen = row.seen
    parts = [seen.entry, seen.name, "of", seen.node.path, "->", seen.supplier.path]
    parts += [specifier(seen.values), f"({row.kind})" if row.kind else ""]
    return " ".join(filter(None, parts))
