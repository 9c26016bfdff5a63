"""Strategies for bases and overlays that get in each other's way.

Names, labels and phandles come from small sets, so that overlays merge with, miss and clash with
what is in the base; a small part of everything is malformed. All property values are bytes.

An example is made of bytes that hypothesis draws, one for each decision (see Dice): drawing every
decision from a strategy of its own takes fifty times as long. A zero byte is the simplest choice.
"""

from __future__ import annotations

from itertools import islice
from struct import pack
from typing import TYPE_CHECKING, TypeVar

from hypothesis import strategies as st

from dtovl.model.tree import PHANDLE_NAMES
from support.trees import Content, again, strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_T = TypeVar("_T")

NODE_NAMES = ("a", "b", "a@1", "a@2", "b@1", "A@1", "bus", "bus@0", "a,b@1,2")
PROPERTY_NAMES = ("p", "q", "r", "status", "reg", "#address-cells", "compatible", "name")
LABELS = ("la", "lb", "lc", "ld")
PLACEHOLDER = b"\xff\xff\xff\xff"


def _cells(*numbers: int) -> bytes:
    return pack(f">{len(numbers)}I", *numbers)


_VALUES = (
    _cells(1),
    _cells(2),
    _cells(1, 2),
    _cells(3, 1, 0),
    b"okay\0",
    b"disabled\0",
    b"a\0b\0",
    b"\0\0\1",
    b"",
)
_OVERLAY_PHANDLES = tuple(_cells(number) for number in (1, 2, 3))
_ODD_OVERLAY_PHANDLES = (
    *map(_cells, (0, 0xDEADBEEF, 0xFFFFFFFE, 0xFFFFFFFF)),
    b"",
    b"\0\0\1",
    _cells(1, 2),
)
_BASE_PHANDLES = tuple(_cells(number) for number in (1, 2, 3, 4, 5, 6, 7, 9))
_ODD_BASE_PHANDLES = (
    *map(_cells, (0, 0xDEADBEEF, 0xFFFFFFF0)),
    b"",
    b"\0\0\1",
    _cells(8, 2),
)
_WRONG_PATHS = (
    "/gone",
    "",
    "/a",
    "/bus/a",
    "/a@1/",
    "//a@1",
    "/a@1:opt",
    "al",
    "al/a@1",
    "relative",
)
_ODD_FORMS = ("{}:{}", "{}:{}:x{}", "{}::{}", "{}:{}:{} ", "{}:{}: {}", "{}:{}:+{}", "{}:x:{}")
_ODD_EXPORTS = (
    b"",
    b"\0",
    b"/\0",
    b"relative\0",
    b"/fragment@0\0",
    b"/gone/__overlay__/a\0",
    b"/fragment@0/__overlay__/x\0",
    b"/fragment@0/__overlay__/x",
)


class Dice:
    """Decisions, each made by the next of the bytes drawn; 0 when there are no more."""

    def __init__(self, drawn: bytes) -> None:
        self._drawn = iter(drawn)

    def number(self, count: int) -> int:
        """Give a number from 0 up to count, itself not included."""
        return next(self._drawn, 0) % count

    def flag(self) -> bool:
        return bool(self.number(2))

    def seldom(self) -> bool:
        """Say yes one time in thirty-two."""
        return self.number(32) == 13

    def choose(self, options: Sequence[_T]) -> _T:
        return options[self.number(len(options))]

    def some(self, options: Sequence[_T], least: int, most: int) -> list[_T]:
        """Choose between least and most different options, in their order of choice."""
        chosen = [self.choose(options) for _ in range(least + self.number(most - least + 1))]
        made = list(dict.fromkeys(chosen))
        spare = (one for one in options if one not in made)
        return made + list(islice(spare, max(least - len(made), 0)))

    def mostly(self, usual: Sequence[_T], odd: Sequence[_T]) -> _T:
        return self.choose(odd if self.seldom() else usual)


_MOST_BYTES = 400


@st.composite
def made_by(draw: st.DrawFn, make: Callable[[Dice], _T]) -> _T:
    """Give the strategy for what make decides with dice."""
    # Most examples take fewer bytes; with a lesser least length most would get far too few.
    return make(Dice(draw(st.binary(min_size=_MOST_BYTES, max_size=_MOST_BYTES))))


def nodes_of(content: Content, path: str = "") -> Iterator[tuple[str, Content]]:
    """Give (path, node) of all nodes; the root has the empty path."""
    yield path, content
    for key, entry in content.items():
        if isinstance(entry, dict):
            yield from nodes_of(entry, f"{path}/{key}")


def _content(
    dice: Dice, phandles: tuple[Sequence[bytes], Sequence[bytes]], depth: int = 3, least: int = 0
) -> Content:
    """Make the content of a node; now and then two properties of one name."""
    node: Content = {name: dice.choose(_VALUES) for name in dice.some(PROPERTY_NAMES, 0, 3)}
    if dice.flag():
        name = "linux,phandle" if dice.seldom() else "phandle"
        node[name] = dice.mostly(*phandles)
    if "p" in node and dice.seldom():
        node[again("p")] = dice.choose(_VALUES)
    for name in dice.some(NODE_NAMES, least, 3) if depth else ():
        node[name] = _content(dice, phandles, depth - 1)
    return node


def make_base(dice: Dice) -> Content:
    """Make a base with symbols and aliases, mostly right ones, of nodes with phandles."""
    base = _content(dice, (_BASE_PHANDLES, _ODD_BASE_PHANDLES), least=2)
    nodes = dict(nodes_of(base))
    paths = list(nodes)
    symbols: Content = {}
    for label in dice.some(LABELS, 1, 4):
        path = dice.mostly(paths, _WRONG_PATHS)
        symbols[label] = dice.mostly([strings(path or "/")], [b"", b"/a", b"/\0/\0"])
        if path in nodes and not dice.seldom():
            nodes[path].setdefault("phandle", _cells(16 + len(symbols)))
    if dice.flag():
        path = dice.mostly(paths, _WRONG_PATHS)
        base["aliases"] = {"al": strings(path or "/"), "am": dice.choose(_VALUES)}
    if not dice.seldom():
        base["__symbols__"] = symbols
    return base


def make_overlay(dice: Dice, base: Content) -> Content:
    """Make an overlay for a base."""
    symbols = base.get("__symbols__")
    labels = list(symbols) if isinstance(symbols, dict) else list(LABELS)
    paths = [path or "/" for path, _ in nodes_of(base)]
    overlay: Content = {}
    fixups: dict[str, bytes] = {}
    for number in range(0 if dice.seldom() else 1 + dice.number(3)):
        name = f"fragment@{number}"
        overlay[name] = _fragment(dice, name, paths, labels, fixups)
    _add_patches(dice, overlay, labels, fixups)
    if dice.flag():
        overlay["__symbols__"] = _exports(dice, overlay)
    if fixups or dice.seldom():
        overlay["__fixups__"] = {**fixups}
    return overlay


def _fragment(
    dice: Dice, name: str, paths: list[str], labels: list[str], fixups: dict[str, bytes]
) -> Content:
    fragment: Content = {}
    if dice.flag():
        label = dice.mostly(labels, LABELS)
        fixups[label] = fixups.get(label, b"") + strings(f"/{name}:target:0")
        fragment["target"] = PLACEHOLDER
    elif dice.seldom():
        fragment["target"] = dice.mostly(_BASE_PHANDLES, _ODD_BASE_PHANDLES)
    else:
        path = dice.mostly(paths, _WRONG_PATHS)
        fragment["target-path"] = dice.mostly([strings(path)], [b"", path.encode()])
    if not dice.seldom():
        fragment["__overlay__"] = _content(dice, (_OVERLAY_PHANDLES, _ODD_OVERLAY_PHANDLES))
    return fragment


def _add_patches(dice: Dice, overlay: Content, labels: list[str], fixups: dict[str, bytes]) -> None:
    """Add fixups and local fixups for some of the overlay's properties."""
    places = [
        (path or "/", key, len(entry))
        for path, node in nodes_of(overlay)
        for key, entry in node.items()
        if isinstance(entry, bytes) and len(entry) >= 4 and "\0" not in key
    ]
    if not dice.seldom():
        places = [place for place in places if place[1] not in PHANDLE_NAMES]
    local: Content = {}
    for _ in range(dice.number(4) if places else 0):
        path, key, length = dice.choose(places)
        offset = dice.mostly(range(0, length - 3, 4), (1, 2, length))
        if dice.flag():
            label = dice.mostly(labels, LABELS)
            where = dice.mostly([path], ["/gone", "x", ""])
            form = dice.mostly(["{}:{}:{}"], _ODD_FORMS)
            fixups[label] = fixups.get(label, b"") + strings(form.format(where, key, offset))
        else:
            listed = dice.mostly([_cells(offset)], [b"", b"\0"])
            _add_local(local, path, dice.mostly([key], ["gone"]), listed)
    if local:
        overlay["__local_fixups__"] = local


def _add_local(local: Content, path: str, key: str, offsets: bytes) -> None:
    node = local
    for name in filter(None, path.split("/")):
        below = node.setdefault(name, {})
        assert isinstance(below, dict)
        node = below
    before = node.get(key, b"")
    assert isinstance(before, bytes)
    node[key] = before + offsets


def _exports(dice: Dice, overlay: Content) -> Content:
    inside = [strings(path) for path, _ in nodes_of(overlay) if "__overlay__" in path]
    return {
        dice.mostly(["le", "lf"], LABELS): dice.mostly(inside or _ODD_EXPORTS, _ODD_EXPORTS)
        for _ in range(dice.number(3))
    }


def make_pair(dice: Dice) -> tuple[Content, Content]:
    """Make a base and an overlay for it."""
    base = make_base(dice)
    return base, make_overlay(dice, base)


def make_stack(dice: Dice) -> tuple[Content, list[Content]]:
    """Make a base and several overlays for it."""
    base = make_base(dice)
    return base, [make_overlay(dice, base) for _ in range(2 + dice.number(2))]
