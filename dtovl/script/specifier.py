"""Phandles with arguments: taken out of a list, counted, and translated by maps.

Source: kernel of_phandle_iterator_next, __of_parse_phandle_with_args,
of_parse_phandle_with_args_map, of_count_phandle_with_args (drivers/of/base.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.live.objects import Oops
from dtovl.model.cells import cell, cells
from dtovl.script.lookup import find_phandle
from dtovl.script.reading import ALL_BITS, is_available, read_cells, read_u32

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.live.state import Live
    from dtovl.model.node import Node

MOST_ARGUMENTS = 16
"""Most arguments of one phandle (kernel MAX_PHANDLE_ARGS)."""

_MOST_ROWS = 200_000


class Given(NamedTuple):
    """A provider and its arguments; node is None where the phandle is nobody's."""

    node: Node | None
    arguments: tuple[int, ...]


class _Entry(NamedTuple):
    """One entry of a list: phandle (0: a hole), its node, byte offset and number of arguments."""

    number: int
    node: Node | None
    place: int
    width: int


class Rows:
    """Counts the rows of maps that one look-up reads; bounds it where the kernel would not."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MOST_ROWS

    def take(self, node: Node) -> None:
        """Count one row. Raises Oops when there are too many."""
        self._left -= 1
        if self._left < 0:
            raise Oops(f"the maps are followed over more than {_MOST_ROWS} rows", node)


def parse(
    live: Live, node: Node, name: str, cells_name: str | None, count: int, index: int
) -> Given | str:
    """Give the entry at index of a list, or an error.

    cells_name is the property of providers that counts arguments; without it there are count.
    """
    if index < 0:
        return "-EINVAL"
    for position, entry in enumerate(_entries(live, node, name, cells_name, count)):
        if isinstance(entry, str):
            return entry
        if position == index:
            if not entry.number:
                return "-ENOENT"
            value = live.property(node, name) or b""
            last = entry.place + 4 * min(entry.width, MOST_ARGUMENTS)
            return Given(entry.node, cells(value[entry.place : last]))
    return "-ENOENT"


def count_entries(live: Live, node: Node, name: str, cells_name: str | None) -> int | str:
    """Count the entries of a list, holes as well; without cells_name its cells."""
    value = live.property(node, name)
    if value is None:
        return "-ENOENT"
    if cells_name is None:
        return len(value) // 4
    number = 0
    for entry in _entries(live, node, name, cells_name, -1):
        if entry == "-EINVAL":
            return "-EINVAL"
        number += not isinstance(entry, str)
    return number


def _entries(
    live: Live, node: Node, name: str, cells_name: str | None, count: int
) -> Iterator[_Entry | str]:
    """Give the entries of a list one by one, and the error that ends it last."""
    value = live.property(node, name)
    if value is None or (cells_name is None and count < 0):
        yield "-ENOENT"
        return
    size = len(value) // 4 * 4
    place = 0
    while place < size:
        number = cell(value, place)
        place += 4
        owner, width = None, 0
        if number:
            owner = find_phandle(live, number)
            found = _width(live, node, number, owner, cells_name, count)
            if found is None:
                yield "-EINVAL"
                return
            width = found
            if place + 4 * width > size:
                _print_short(live, node, owner, cells_name, width, (size - place) // 4)
                yield "-EINVAL"
                return
        yield _Entry(number, owner, place, width)
        place += 4 * width
    yield "-ENOENT"


def _width(
    live: Live, node: Node, number: int, owner: Node | None, cells_name: str | None, count: int
) -> int | None:
    """Tell how many arguments a provider takes; None, and a line in the log: nobody knows."""
    if cells_name is None:
        return count
    where = node.kernel_path
    if owner is None:
        live.print(3, f"OF: {where}: could not find phandle {_signed(number)}")
        return None
    width = read_u32(live, owner, cells_name)
    if isinstance(width, str):
        live.print(3, f"OF: {where}: could not get {cells_name} for {owner.kernel_path}")
        return None
    return width


def _print_short(
    live: Live, node: Node, owner: Node | None, cells_name: str | None, width: int, left: int
) -> None:
    where = node.kernel_path
    if cells_name is not None:
        live.print(3, f"OF: {where}: {cells_name} = {_signed(width)} found {left}")
        return
    name = "<no-node>" if owner is None else owner.name
    live.print(3, f"OF: {where}: phandle {name} needs {_signed(width)}, found {left}")


def _signed(number: int) -> int:
    """Give a cell as `%d` prints it."""
    return (number + 0x8000_0000 & ALL_BITS) - 0x8000_0000


def parse_mapped(live: Live, node: Node, name: str, stem: str, index: int) -> Given | str:
    """Give the entry at index, followed through the maps of the providers it leads to.

    Raises Oops when the maps lead in a circle.
    """
    cells_name = f"#{stem}-cells"
    found = parse(live, node, name, cells_name, -1, index)
    if isinstance(found, str):
        return found
    current, arguments = found
    assert current is not None
    if read_u32(live, current, cells_name) != len(arguments):
        raise Oops(f"more than {MOST_ARGUMENTS} arguments are laid over a map", current)
    rows = Rows()
    seen: set[Given] = set()
    while live.property(current, f"{stem}-map") is not None:
        state = Given(current, arguments)
        if state in seen:
            raise Oops(f"the {stem}-map leads back to itself: the look-up never ends", current)
        seen.add(state)
        row = _matching_row(live, current, stem, arguments, rows)
        if isinstance(row, str):
            return row
        arguments = _pass_through(live, current, stem, arguments, row[1])
        current = row[0]
    return Given(current, arguments)


def _matching_row(
    live: Live, node: Node, stem: str, arguments: tuple[int, ...], rows: Rows
) -> tuple[Node, tuple[int, ...]] | str:
    """Find the row of a map that arguments fit: the provider it names and its arguments."""
    table = cells(live.property(node, f"{stem}-map") or b"")
    width = len(arguments)
    mask = read_cells(live, node, f"{stem}-map-mask", width, ALL_BITS)
    place = 0
    while len(table) - place > width + 1:
        rows.take(node)
        fits = matches(arguments, table, place, mask)
        place += width
        provider = find_phandle(live, table[place])
        place += 1
        if provider is None:
            return "-EINVAL"
        count = read_u32(live, provider, f"#{stem}-cells")
        if isinstance(count, str):
            return count
        if count > MOST_ARGUMENTS or len(table) - place < count:
            return "-EINVAL"
        place += count
        if fits and is_available(live, provider):
            return provider, table[place - count : place]
    return "-ENOENT"


def matches(
    wanted: tuple[int, ...], table: tuple[int, ...], place: int, mask: tuple[int, ...]
) -> bool:
    """Tell whether a row of a map, from place on, fits where the mask has bits."""
    row = table[place : place + len(wanted)]
    return not any((one ^ other) & bits for one, other, bits in zip(wanted, row, mask, strict=True))


def _pass_through(
    live: Live, node: Node, stem: str, old: tuple[int, ...], new: tuple[int, ...]
) -> tuple[int, ...]:
    """Take the bits of the old arguments that the map lets through."""
    shared = min(len(old), len(new))
    bits = read_cells(live, node, f"{stem}-map-pass-thru", shared, 0)
    mixed = (
        fresh & ~kept | given & kept
        for fresh, given, kept in zip(new[:shared], old[:shared], bits, strict=True)
    )
    return (*mixed, *new[shared:])
