"""The links of a tree as they stood at one moment, and what became of them later.

Trees are changed in place, and a node that went has no path any more; so what is to be compared
is written down first: paths, labels, addresses, who is disabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.model.address import bus_address
from dtovl.model.cells import strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dtovl.links.board import Board
    from dtovl.links.link import Finding, Judged, Link
    from dtovl.model.node import Node

Kind = Literal["added", "gone", "changed"]

# Interrupts have a walk of their own and so no line in the table of bindings.
_INTERRUPT_NAMES = "interrupt-names"
_STATE = "pinctrl-"


class End(NamedTuple):
    """A node at one end of a link.

    off      the node that makes it unavailable: itself or one above it; "": it is available
    device   path of the device it belongs to, its own where it is one, "" where there is none
    address  what a CPU sees of the first entry of `reg`, None where there is none
    """

    path: str
    labels: tuple[str, ...] = ()
    off: str = ""
    device: str = ""
    address: int | None = None

    @property
    def state(self) -> str:
        """Say why the node is not available; "" when it is."""
        if not self.off:
            return ""
        return "disabled" if self.off == self.path else f"below disabled {self.off}"


class Seen(NamedTuple):
    """A link as it stood; node carries the property, name is what the consumer calls the entry."""

    link: Link
    node: End
    consumer: End
    supplier: End
    name: str = ""

    @property
    def values(self) -> tuple[int, ...]:
        """Give the specifier."""
        return self.link.values

    @property
    def entry(self) -> str:
        """Name the entry: `clocks[1]`."""
        return f"{self.link.property}[{self.link.index}]"

    @property
    def strength(self) -> str:
        """Tell how the driver core takes it: it waits, it waits if strict, it does not look."""
        if self.link.mandatory:
            return "mandatory"
        return "optional" if self.link.optional else "plain"


class Graph(NamedTuple):
    """All links of a tree in tree order, and its findings."""

    seen: tuple[Seen, ...]
    findings: tuple[Finding, ...]

    def end(self, path: str) -> End | None:
        """Give a node by its path, None when no link begins or ends there."""
        for one in self.seen:
            for end in (one.node, one.consumer, one.supplier):
                if end.path == path:
                    return end
        return None


class Change(NamedTuple):
    """What became of one link; what says which of `specifier`, `supplier`, `consumer`, `hidden`.

    supplier and consumer stand for whether these are available.
    """

    kind: Kind
    before: Seen | None
    after: Seen | None
    what: tuple[str, ...] = ()

    @property
    def seen(self) -> Seen:
        """Give the link as it is now, or was last."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change of nothing")
        return found


def look(board: Board, judged: Mapping[Node, Judged], findings: Iterable[Finding] = ()) -> Graph:
    """Write down the links of a judged tree, in tree order."""
    ends: dict[Node, End] = {}
    seen = []
    for node, found in judged.items():
        for link in found.links:
            seen.append(
                Seen(
                    link,
                    _end(board, node, ends),
                    _end(board, link.consumer, ends),
                    _end(board, link.supplier, ends),
                    _name(board, node, link),
                )
            )
    return Graph(tuple(seen), tuple(findings))


def end_of(board: Board, node: Node) -> End:
    """Write down one node."""
    off = board.disabled_at(node)
    device = board.device_of(node)
    return End(
        node.path,
        board.tree.labels_of(node),
        "" if off is None else off.path,
        "" if device is None else device.path,
        bus_address(node),
    )


def _end(board: Board, node: Node, known: dict[Node, End]) -> End:
    found = known.get(node)
    if found is None:
        found = known[node] = end_of(board, node)
    return found


def _name(board: Board, node: Node, link: Link) -> str:
    """Give what the consumer calls an entry, "" where it has no name."""
    index = link.index
    if link.property == "interrupts":
        names = _INTERRUPT_NAMES
    else:
        binding = board.bindings.find(link.property)
        names = binding.names if binding is not None else ""
        if link.property.startswith(_STATE):
            names, index = "pinctrl-names", int(link.property[len(_STATE) :][:4])
        elif link.property == "interconnects":
            index //= 2  # one name for source and destination
    known = strings(node.properties.get(names, b"")) if names else None
    return known[index] if known is not None and index < len(known) else ""


def difference(before: Graph, after: Graph) -> list[Change]:
    """Tell what became of the links of a tree, in the order of the later tree.

    A link is the same as long as consumer, property, index and supplier are. What went stands
    behind what is left of its consumer, or where the consumer stood.
    """
    old = _keyed(before.seen)
    new = _keyed(after.seen)
    by_node: dict[str, list[Change]] = {}
    order = _order(before.seen, after.seen)
    for key, now in new.items():
        was = old.get(key)
        if was is None:
            by_node.setdefault(now.node.path, []).append(Change("added", None, now))
        elif what := _what(was, now):
            by_node.setdefault(now.node.path, []).append(Change("changed", was, now, what))
    for key, was in old.items():
        if key not in new:
            by_node.setdefault(was.node.path, []).append(Change("gone", was, None))
    return [change for path in order for change in by_node.get(path, ())]


def _keyed(seen: Sequence[Seen]) -> dict[tuple[object, ...], Seen]:
    """Give links by what tells them apart; equal ones are counted, as a map may repeat a row."""
    found: dict[tuple[object, ...], Seen] = {}
    for one in seen:
        key: tuple[object, ...] = (
            one.node.path,
            one.link.property,
            one.link.index,
            one.consumer.path,
            one.supplier.path,
        )
        count = 0
        while (*key, count) in found:
            count += 1
        found[(*key, count)] = one
    return found


def _order(before: Sequence[Seen], after: Sequence[Seen]) -> list[str]:
    """Merge the nodes of both, those that went behind the one they followed."""
    order = dict.fromkeys(one.node.path for one in after)
    gone: dict[str, list[str]] = {}
    last = ""
    for path in dict.fromkeys(one.node.path for one in before):
        if path in order:
            last = path
        else:
            gone.setdefault(last, []).append(path)
    merged = gone.get("", [])[:]
    for path in order:
        merged += [path, *gone.get(path, ())]
    return merged


def _what(was: Seen, now: Seen) -> tuple[str, ...]:
    compared = {
        "specifier": was.values != now.values,
        "supplier": bool(was.supplier.off) != bool(now.supplier.off),
        "consumer": bool(was.consumer.off) != bool(now.consumer.off),
        "hidden": was.link.hidden != now.link.hidden,
    }
    return tuple(name for name, differs in compared.items() if differs)
