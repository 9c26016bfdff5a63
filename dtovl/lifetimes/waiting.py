"""Waiting: what an event cannot do yet, and the order in which things were asked for."""

from __future__ import annotations

from typing import NamedTuple


class Blocked(Exception):  # no error: the event is tried again
    """An event has to wait for something."""

    def __init__(self, waitable: str) -> None:
        super().__init__(waitable)
        self.waitable = waitable


class Order(NamedTuple):
    """Somebody who had one thing asked for another: the first who did."""

    held: str
    wanted: str
    actor: str
    event: str


class Orders:
    """The graph of who asked for what while having what. Attempts count that had to wait."""

    __slots__ = ("edges",)

    def __init__(self) -> None:
        self.edges: dict[tuple[str, str], Order] = {}

    def note(self, held: str, wanted: str, actor: str, event: str) -> None:
        """Note one edge, if it is new."""
        if held != wanted:
            self.edges.setdefault((held, wanted), Order(held, wanted, actor, event))

    def fork(self) -> Orders:
        """Give one like it that grows on its own."""
        new = Orders()
        new.edges = self.edges.copy()
        return new
