"""Who holds on to the IOMMU of an overlay: masters outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.links.board import Board
    from dtovl.links.link import Finding
    from dtovl.model.node import Node


class Held(NamedTuple):
    master: Node
    property: str
    index: int
    provider: Node
    counted: bool
    overlay: str = ""


def masters_outside(board: Board, going: set[Node]) -> list[Held]:
    return []


def left_with_masters(held: Iterable[Held]) -> Iterator[Finding]:
    return iter(())
