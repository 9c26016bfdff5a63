"""The base and the overlays that a log is held against: who brings what, and who has which id.

The overlays are applied in order to a model of the running kernel, which gives out ids as Linux
does: one that is refused keeps its id, one whose header is wrong has none. What an overlay would
have done is known even where it was refused, as far as its targets are there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.audit.lines import MAX_LINE_BYTES
from dtovl.audit.marks import BRINGS, CHANGES, SETS, TARGETS, Given, Mark
from dtovl.checks.refusal import explain
from dtovl.checks.subject import Subject
from dtovl.diagnostics import Sink
from dtovl.live.blob import apply_parsed, parse_blob
from dtovl.live.changeset import Action
from dtovl.live.objects import Oops
from dtovl.live.overlays import Overlays
from dtovl.live.platform import PlatformBus
from dtovl.live.state import Live
from dtovl.model.cells import text
from dtovl.overlay.outcome import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.diagnostics import Diagnostic
    from dtovl.live.changeset import Entry
    from dtovl.live.overlays import Applied
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome

_ON_BUS = re.compile(r"[0-9]{1,3}-(?P<i2c>[0-9a-f]{4})|spi[0-9]{1,4}\.(?P<spi>[0-9a-f]{1,2})")


class Board:
    """A base and overlays, indexed by what a kernel log names.

    nodes and properties have marks by path, and by path and name; texts the places of the overlays
    for which the kernel logs a line; labels those that want a label; inside those that have a
    node below their root; devices the path of the node of a device.
    """

    __slots__ = (
        "_names",
        "base",
        "crash",
        "devices",
        "given",
        "inside",
        "labels",
        "nodes",
        "properties",
        "texts",
        "tree",
    )

    def __init__(self, tree: Tree, base: str) -> None:
        self.tree = tree
        self.base = base
        self.crash = ""
        self.given: list[Given] = []
        self.nodes: dict[str, list[Mark]] = {}
        self.properties: dict[tuple[str, str], list[Mark]] = {}
        self.texts: dict[str, list[int]] = {}
        self.labels: dict[str, list[int]] = {}
        self.inside: dict[str, list[int]] = {}
        self.devices: dict[str, str] = {}
        self._names: dict[str, list[str]] | None = None

    def by_number(self, number: int) -> list[Given]:
        """List the overlays that have an id; 0 is the answer to all that have none."""
        return [one for one in self.given if one.number == number]

    def mark(self, path: str, name: str | None, mark: Mark) -> None:
        """Note what an overlay does with a node, or with a property of it."""
        if len(path) > MAX_LINE_BYTES:
            # No line of a log could name it.
            return
        if name is None:
            marks = self.nodes.setdefault(path, [])
        else:
            marks = self.properties.setdefault((path, name), [])
        if mark not in marks:
            marks.append(mark)

    def marks(self, path: str) -> list[Mark]:
        """Give what overlays do with a node, those first that bring it.

        A node below one that an overlay brings comes with it.
        """
        found = self.nodes.get(path, [])
        return sorted(found, key=lambda mark: mark.verb != BRINGS)

    def knows(self, path: str) -> bool:
        """Tell whether the tree has a node, or an overlay brings it."""
        return path in self.nodes or self.tree.find(path) is not None

    def labels_of(self, path: str) -> tuple[str, ...]:
        """Give the labels of a node of the tree."""
        node = self.tree.find(path)
        return () if node is None else self.tree.labels_of(node)

    def node_of_device(self, device: str) -> str:
        """Give the path of the node that a device was made of, "" where that cannot be told.

        Names of devices that the platform bus does not make are read: `5000.serial`, `soc:leds`;
        `1-0048` of an I2C bus and `spi0.1` where one node alone fits.
        """
        if device.startswith("/"):
            return device if self.knows(device) else ""
        known = self.devices.get(device)
        if known is not None:
            return known
        on_bus = _ON_BUS.fullmatch(device)
        if on_bus is not None:
            return self._on_bus("i2c" if on_bus["i2c"] else "spi", on_bus["i2c"] or on_bus["spi"])
        last = device.rpartition(":")[2]
        address, dot, name = last.partition(".")
        guesses = (f"{name}@{address}", f"{name}@{address.lstrip('0')}") if dot else ()
        for guess in (*guesses, last):
            paths = self.named(guess)
            if len(paths) == 1:
                return paths[0]
        return ""

    def _on_bus(self, bus: str, address: str) -> str:
        """Give the path of the one node with a unit address on a bus of a kind, "" for several."""
        self.named("")
        found = [
            path
            for name, paths in (self._names or {}).items()
            if name.endswith(f"@{address.lstrip('0') or '0'}")
            for path in paths
            if path.rpartition("/")[0].rpartition("/")[2].startswith(bus)
        ]
        return found[0] if len(found) == 1 else ""

    def named(self, name: str) -> list[str]:
        """List the paths of all nodes of a name, those of refused overlays included."""
        if self._names is None:
            self._names = {}
            for node in self.tree.walk():
                path = node.path
                if len(path) <= MAX_LINE_BYTES:
                    self._names.setdefault(node.name, []).append(path)
            for path in self.nodes:
                paths = self._names.setdefault(path.rpartition("/")[2], [])
                if path not in paths:
                    paths.append(path)
        return self._names.get(name, [])


def make_board(
    tree: Tree, base: str, overlays: Iterable[tuple[str, bytes]], dialect: Dialect
) -> Board:
    """Apply overlays, (name, blob) each, to the tree as a running kernel would, and index them.

    The tree is changed. Damaged blobs are welcome: a board refuses them, and its log tells.
    """
    board = Board(tree, base)
    live = Live(tree, dialect)
    live.platform = PlatformBus(live)
    running = Overlays(live)
    for place, (name, data) in enumerate(overlays, 1):
        _apply(board, running, place, name, data)
    if not board.crash:
        try:
            _note_devices(board, live.platform)
        except Oops as oops:
            board.crash = oops.what
    return board


def _apply(board: Board, running: Overlays, place: int, name: str, data: bytes) -> None:
    live = running.live
    parsed = parse_blob(data, name)
    overlay = parsed.overlay
    for label in _labels(overlay):
        board.labels.setdefault(label, []).append(place)
    for node in overlay.tree.root.children.values():
        board.inside.setdefault(node.path, []).append(place)
    if board.crash:
        board.given.append(Given(place, 0, name))
        _would_do(board, place, overlay, [])
        return
    live.log.clear()
    try:
        applied = apply_parsed(running, parsed)
    except Oops as oops:
        board.crash = oops.what
        number = _next_number(board)
        board.given.append(Given(place, number, name, oops.what, crashes=True))
        _would_do(board, place, overlay, [])
        return
    finally:
        live.drop_findings()
        for entry in live.log:
            if isinstance(entry, LogLine):
                places = board.texts.setdefault(entry.text, [])
                if place not in places:
                    places.append(place)
    refusal = _refusal(board, running, applied.outcome) if applied.error else None
    board.given.append(Given(place, applied.number, name, applied.error, refusal))
    _note_effects(board, running, place, applied)


def _refusal(board: Board, running: Overlays, outcome: Outcome | None) -> Diagnostic | None:
    """Find out why an overlay is refused, as `dtovl apply` does; None when nothing is found."""
    if outcome is None or outcome.refused is None:
        return None
    sink = Sink()
    listed = [
        (one.number, one.outcome.overlay)
        for one in running.listed
        if one.in_force and one.outcome is not None
    ]
    subject = Subject(outcome, board.tree, sink, board.base, None, [outcome.overlay], 1, listed)
    explain(subject)
    return next(iter(sink), None)


def _next_number(board: Board) -> int:
    taken = {one.number for one in board.given}
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def _note_effects(board: Board, running: Overlays, place: int, applied: Applied) -> None:
    """Mark what the overlay has recorded; where it was refused, also what it would do."""
    record = running.find(applied.number) if applied.number else None
    if record is None:
        return
    _note_entries(board, place, record.changeset.entries)
    fragments = {
        part.content: part.name
        for part in (record.outcome.overlay.fragments if record.outcome else ())
    }
    pairs = [
        (target.path, content, fragments.get(content, content.name))
        for target, content in record.pairs
    ]
    for path, _, fragment in pairs:
        board.mark(path, None, Mark(place, fragment, TARGETS))
    if not record.in_force and record.outcome is not None:
        _would_do(board, place, record.outcome.overlay, pairs)


def _note_entries(board: Board, place: int, entries: Iterable[Entry]) -> None:
    fragments: dict[Node, str] = {}
    for entry in entries:
        path = entry.node.path
        if entry.action == Action.ATTACH:
            fragment = fragments[entry.node] = entry.origin.fragment if entry.origin else ""
            board.mark(path, None, Mark(place, fragment, BRINGS))
            continue
        if entry.origin is not None:
            fragment = entry.origin.fragment
            board.mark(path, None, Mark(place, fragment, CHANGES))
        else:
            fragment = fragments.get(entry.node, "")
        name = entry.prop.name if entry.prop is not None else ""
        board.mark(path, name, Mark(place, fragment, SETS))


def _would_do(
    board: Board, place: int, overlay: Overlay, pairs: list[tuple[str, Node, str]]
) -> None:
    """Mark what the contents of fragments would bring and change, whose targets can be told."""
    for path, content, fragment in pairs or _guessed_pairs(board, overlay):
        stack = [(content, path)]
        while stack:
            node, at = stack.pop()
            if len(at) > MAX_LINE_BYTES:
                continue
            there = board.tree.find(at) is not None
            board.mark(at, None, Mark(place, fragment, CHANGES if there else BRINGS))
            for name in node.properties:
                board.mark(at, name, Mark(place, fragment, SETS))
            above = "" if at == "/" else at
            stack.extend((child, f"{above}/{child.name}") for child in node.children.values())


def _guessed_pairs(board: Board, overlay: Overlay) -> Iterator[tuple[str, Node, str]]:
    """Give (path, content, fragment) by target-path, or by the label that the target names."""
    labels = dict(_target_labels(overlay))
    symbols = board.tree.symbols
    for part in overlay.fragments:
        path = text(part.node.properties.get("target-path", b""))
        label = labels.get(part.node)
        if label is not None and symbols is not None:
            path = text(symbols.properties.get(label, b""))
        if path:
            yield path, part.content, part.name


def _labels(overlay: Overlay) -> list[str]:
    """List the labels of the base that an overlay wants."""
    fixups = overlay.tree.find("/__fixups__")
    return [] if fixups is None else list(fixups.properties)


def _target_labels(overlay: Overlay) -> Iterator[tuple[Node, str]]:
    """Give (fragment node, label) for each target that is a label."""
    fixups = overlay.tree.find("/__fixups__")
    for label, value in fixups.properties.items() if fixups is not None else ():
        for entry in value.split(b"\0"):
            path, _, rest = entry.decode("latin-1").partition(":")
            node = overlay.tree.find(path) if rest.startswith("target:") else None
            if node is not None:
                yield node, label


def _note_devices(board: Board, platform: PlatformBus) -> None:
    for device in platform.devices:
        board.devices.setdefault(device.name, device.node.path)
