"""Strategies for bases and overlays that get in each other's way.

Names, labels and phandles come from small sets, so that overlays merge with, miss and clash with
what is in the base; a small part of everything is malformed. All property values are bytes.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, TypeVar

from hypothesis import strategies as st

from support.trees import Content, again, strings

if TYPE_CHECKING:
    from collections.abc import Iterator

_T = TypeVar("_T")

NODE_NAMES = ("a", "b", "a@1", "a@2", "b@1", "A@1", "bus", "bus@0", "a,b@1,2")
PROPERTY_NAMES = ("p", "q", "r", "status", "reg", "#address-cells", "compatible", "name")
LABELS = ("la", "lb", "lc", "ld")
PLACEHOLDER = b"\xff\xff\xff\xff"


def rarely(usual: st.SearchStrategy[_T], odd: st.SearchStrategy[_T]) -> st.SearchStrategy[_T]:
    """Draw from odd one time in twenty or so."""
    return _chances.flatmap(lambda chance: odd if chance == _ODD else usual)


# A number in the middle: the ends of a range are drawn more often than others.
_ODD = 13
_chances = st.integers(0, 23)


def _now_and_then(draw: st.DrawFn) -> bool:
    return draw(_chances) == _ODD


def _cells(*numbers: int) -> bytes:
    return pack(f">{len(numbers)}I", *numbers)


values = st.sampled_from(
    [
        _cells(1),
        _cells(2),
        _cells(1, 2),
        _cells(3, 1, 0),
        b"okay\0",
        b"disabled\0",
        b"a\0b\0",
        b"\0\0\1",
        b"",
    ]
)
overlay_phandles = rarely(
    st.sampled_from([_cells(number) for number in (1, 2, 3)]),
    st.sampled_from(
        [*map(_cells, (0, 0xDEADBEEF, 0xFFFFFFFE, 0xFFFFFFFF)), b"", b"\0\0\1", _cells(1, 2)]
    ),
)
base_phandles = rarely(
    st.sampled_from([_cells(number) for number in (1, 2, 3, 4, 5, 6, 7, 9)]),
    st.sampled_from([*map(_cells, (0, 0xDEADBEEF, 0xFFFFFFF0)), b"", b"\0\0\1", _cells(8, 2)]),
)


@st.composite
def contents(
    draw: st.DrawFn, phandles: st.SearchStrategy[bytes], depth: int = 3, least: int = 0
) -> Content:
    """Draw the content of a node; now and then two properties of one name."""
    node: Content = {**draw(st.dictionaries(st.sampled_from(PROPERTY_NAMES), values, max_size=3))}
    if draw(st.booleans()):
        node[draw(rarely(st.just("phandle"), st.just("linux,phandle")))] = draw(phandles)
    if "p" in node and _now_and_then(draw):
        node[again("p")] = draw(values)
    if depth:
        names = st.lists(st.sampled_from(NODE_NAMES), unique=True, min_size=least, max_size=3)
        for name in draw(names):
            node[name] = draw(contents(phandles, depth - 1))
    return node


def nodes_of(content: Content, path: str = "") -> Iterator[tuple[str, Content]]:
    """Give (path, node) of all nodes; the root has the empty path."""
    yield path, content
    for key, entry in content.items():
        if isinstance(entry, dict):
            yield from nodes_of(entry, f"{path}/{key}")


_WRONG_PATHS = (
    "/gone",
    "",
    "/a",
    "relative",
    "al",
    "/a@1/",
    "//a@1",
    "/a@1:opt",
    "al/a@1",
    "/bus/a",
)


@st.composite
def bases(draw: st.DrawFn) -> Content:
    """Draw a base with symbols and aliases, mostly right ones, of nodes with phandles."""
    base = draw(contents(base_phandles, least=2))
    nodes = dict(nodes_of(base))
    symbols: Content = {}
    for label in draw(st.lists(st.sampled_from(LABELS), unique=True, min_size=1)):
        path = draw(rarely(st.sampled_from(list(nodes)), st.sampled_from(_WRONG_PATHS)))
        symbols[label] = draw(
            rarely(st.just(strings(path or "/")), st.sampled_from([b"", b"/a", b"/\0/\0"]))
        )
        if path in nodes and not _now_and_then(draw):
            nodes[path].setdefault("phandle", _cells(16 + len(symbols)))
    if draw(st.booleans()):
        path = draw(rarely(st.sampled_from(list(nodes)), st.sampled_from(_WRONG_PATHS)))
        base["aliases"] = {"al": strings(path or "/"), "am": draw(values)}
    if not _now_and_then(draw):
        base["__symbols__"] = symbols
    return base


@st.composite
def overlays(draw: st.DrawFn, base: Content) -> Content:
    """Draw an overlay for a base."""
    labels = [*base.get("__symbols__", {"la": b""})]  # type: ignore[misc]  # a node
    paths = [path or "/" for path, _ in nodes_of(base)]
    overlay: Content = {}
    fixups: dict[str, bytes] = {}
    for number in range(draw(rarely(st.integers(1, 3), st.just(0)))):
        name = f"fragment@{number}"
        overlay[name] = draw(_fragment(name, paths, labels, fixups))
    _add_patches(draw, overlay, labels, fixups)
    if draw(st.booleans()):
        overlay["__symbols__"] = draw(_exports(overlay))
    if fixups or _now_and_then(draw):
        overlay["__fixups__"] = {**fixups}
    return overlay


@st.composite
def _fragment(
    draw: st.DrawFn, name: str, paths: list[str], labels: list[str], fixups: dict[str, bytes]
) -> Content:
    fragment: Content = {}
    if draw(st.booleans()):
        label = draw(rarely(st.sampled_from(labels), st.sampled_from(LABELS)))
        fixups[label] = fixups.get(label, b"") + strings(f"/{name}:target:0")
        fragment["target"] = PLACEHOLDER
    elif _now_and_then(draw):
        fragment["target"] = draw(base_phandles)
    else:
        path = draw(rarely(st.sampled_from(paths), st.sampled_from(_WRONG_PATHS)))
        fragment["target-path"] = draw(
            rarely(st.just(strings(path)), st.sampled_from([b"", path.encode()]))
        )
    if not _now_and_then(draw):
        fragment["__overlay__"] = draw(contents(overlay_phandles))
    return fragment


_ODD_FORMS = ("{}:{}", "{}:{}:x{}", "{}::{}", "{}:{}:{} ", "{}:{}: {}", "{}:{}:+{}", "{}:x:{}")


def _add_patches(
    draw: st.DrawFn, overlay: Content, labels: list[str], fixups: dict[str, bytes]
) -> None:
    """Add fixups and local fixups for some of the overlay's properties."""
    places = [
        (path or "/", key, len(entry))
        for path, node in nodes_of(overlay)
        for key, entry in node.items()
        if isinstance(entry, bytes) and len(entry) >= 4 and "\0" not in key
    ]
    local: Content = {}
    for path, key, length in draw(st.lists(st.sampled_from(places), max_size=3)) if places else ():
        aligned = range(0, length - 3, 4)
        offset = draw(rarely(st.sampled_from(aligned), st.sampled_from([1, 2, length])))
        if draw(st.booleans()):
            label = draw(rarely(st.sampled_from(labels), st.sampled_from(LABELS)))
            where = draw(rarely(st.just(path), st.sampled_from(["/gone", "x", ""])))
            forms = [
                "{}:{}",
                "{}:{}:x{}",
                "{}::{}",
                "{}:{}:{} ",
                "{}:{}: {}",
                "{}:{}:+{}",
                "{}:x:{}",
            ]
            form = draw(rarely(st.just("{}:{}:{}"), st.sampled_from(forms)))
            fixups[label] = fixups.get(label, b"") + strings(form.format(where, key, offset))
        else:
            listed = draw(rarely(st.just(_cells(offset)), st.sampled_from([b"", b"\0"])))
            name = draw(rarely(st.just(key), st.just("gone")))
            _add_local(local, path, name, listed)
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


@st.composite
def _exports(draw: st.DrawFn, overlay: Content) -> Content:
    inside = [path for path, _ in nodes_of(overlay) if "__overlay__" in path] or ["/"]
    odd = ["", "/", "relative", "/fragment@0", "/gone/__overlay__/a", "/fragment@0/__overlay__/x"]
    path = rarely(st.sampled_from(inside), st.sampled_from(odd))
    value = rarely(path.map(strings), st.sampled_from([b"", b"/fragment@0/__overlay__/x"]))
    labels = rarely(st.sampled_from(["le", "lf"]), st.sampled_from(LABELS))
    return {**draw(st.dictionaries(labels, value, max_size=2))}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Content, Content]:
    """Draw a base and an overlay for it."""
    base = draw(bases())
    return base, draw(overlays(base))
