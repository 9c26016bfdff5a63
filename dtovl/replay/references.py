"""References by phandle, kept by the number they point to: which of them no longer resolve.

Only what changed since a session began is looked at when it ends: numbers whose last node left,
and references that are new. A reference is told of once, so it is forgotten when it was told.
Source: the kernel's users of these properties (cacheinfo, irq core); LoPAR, platform facilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dtovl.model.node import Node

    Reference = tuple[Node, str]

POOL = "ibm,shared-interrupt-pool"
"""A reference that nobody in Linux follows."""

NAMES = frozenset((POOL, "l2-cache", "l3-cache", "next-level-cache", "interrupt-parent"))
"""Properties whose first cell is a phandle."""


def names_in(names: Iterable[str]) -> Iterator[str]:
    """Give those of the names that are references."""
    return (name for name in names if name in NAMES)


class References:
    """Who refers to which phandle, in the tree; and what changed since the session began.

    A number counts as changed when a node got or lost it; what is kept is whether it resolved when
    the session began. Of a changed reference the number that it had then is kept, 0 for none.
    """

    __slots__ = ("_by_number", "_changed", "_changed_numbers", "_numbers")

    def __init__(self) -> None:
        self._numbers: dict[Node, dict[str, int]] = {}
        self._by_number: dict[int, dict[Reference, None]] = {}
        self._changed: dict[Reference, int] = {}
        self._changed_numbers: dict[int, bool] = {}

    def begin(self) -> None:
        """Begin a session: from here on changes count."""
        self._changed.clear()
        self._changed_numbers.clear()

    def note(self, node: Node, name: str, value: bytes | None) -> None:
        """Note the value of a property of a node in the tree; None: no (known) value."""
        if name not in NAMES:
            return
        number = cell(value) if value is not None and len(value) >= 4 else 0
        before = self._numbers.get(node, {}).get(name, 0)
        if before == number:
            return
        self._changed.setdefault((node, name), before)
        if before:
            self._by_number[before].pop((node, name), None)
        self._numbers.setdefault(node, {})[name] = number
        if number:
            self._by_number.setdefault(number, {})[node, name] = None

    def drop(self, node: Node) -> None:
        """Forget the references of a node that left the tree."""
        for name, number in self._numbers.pop(node, {}).items():
            if number:
                self._by_number[number].pop((node, name), None)

    def touch(self, number: int, *, resolved: bool) -> None:
        """Note that a node gets or loses a phandle; resolved tells how it was just before."""
        if number:
            self._changed_numbers.setdefault(number, resolved)

    def broken(self, resolves: Callable[[int], bool]) -> list[tuple[Node, str, int]]:
        """List the references that this session broke, or brought, and that do not resolve."""
        found: dict[Reference, int] = {}
        for number, resolved in self._changed_numbers.items():
            if resolved and not resolves(number):
                found.update(dict.fromkeys(self._by_number.get(number, ()), number))
        for (node, name), before in self._changed.items():
            number = self._numbers.get(node, {}).get(name, 0)
            told = (node, name) not in self._by_number.get(number, ())
            if number not in (0, before) and not told and not resolves(number):
                found[node, name] = number
        for reference, number in found.items():
            del self._by_number[number][reference]
        return [(node, name, number) for (node, name), number in found.items()]
