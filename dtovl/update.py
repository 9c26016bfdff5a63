"""A subtree taken away and brought back: nodes that stay, and what changes of them in place.

Whoever deletes a node and adds it again means one node. A node that is wanted again at its place
is the same Node object as before: its holders, its count and its phandle stay, and only the
properties that differ are changed. What is wanted may be anything that has nodes below it: the
answer of firmware in a migration, a node of another tree where overlays are replaced.

A wanted node is kept, if the tree has a node that is the same, else attached; what the tree has
and nobody wants leaves it, which is for the one who asked to do. A node below one that is attached
is looked for too: of two wanted nodes with one name the second is the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dtovl.model.node import Node

_W = TypeVar("_W")
_V = TypeVar("_V")


class Difference(NamedTuple):
    """A property that differs: absent (None) on one side, or with another value."""

    name: str
    old: Any
    new: Any


class Update(Protocol[_W]):
    """Says which nodes are the same, and makes the changes. W is what wanted nodes are."""

    def below(self, wanted: _W) -> Sequence[_W]:
        """List what is wanted below a wanted node."""

    def same(self, above: Node, wanted: _W) -> Node | None:
        """Find the node of the tree that stays for a wanted one; None: it is a new one."""

    def keep(self, node: Node, wanted: _W) -> None:
        """Keep a node, and change what is wanted otherwise."""

    def attach(self, above: Node, wanted: _W) -> Node:
        """Bring a new node."""


def bring_about(update: Update[_W], above: Node, top: _W) -> None:
    """Let the tree have a wanted node, with all that is wanted below it, under the node above.

    Parents come first, siblings in order; nothing recurses along the depth.
    """
    stack = [(above, top)]
    while stack:
        parent, wanted = stack.pop()
        node = update.same(parent, wanted)
        if node is None:
            node = update.attach(parent, wanted)
        else:
            update.keep(node, wanted)
        stack.extend((node, one) for one in reversed(update.below(wanted)))


def differences(
    wanted: Mapping[str, _V],
    value: Callable[[str], _V | None],
    have: Iterable[tuple[str, _V]],
    *,
    same: Callable[[_V, _V], bool],
    implied: Callable[[str, _V | None, _V | None], bool] = lambda *_: False,
) -> list[Difference]:
    """List the properties that a node has otherwise than wanted: set ones first, then missing ones.

    value gives what the node has under a name, have all that it has. same compares two values;
    implied tells of a name, with its old and new value, of which one is None, that it means no
    difference that one side has it alone.
    """
    found = []
    for name, new in wanted.items():
        old = value(name)
        if old is None:
            if not implied(name, None, new):
                found.append(Difference(name, None, new))
        elif not same(old, new):
            found.append(Difference(name, old, new))
    for name, held in have:
        if name not in wanted and not implied(name, held, None):
            found.append(Difference(name, held, None))
    return found
