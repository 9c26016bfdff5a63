"""What overlays do with nodes and properties, as an audit tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic

BRINGS, CHANGES, TARGETS, SETS = "brings", "changes", "targets", "sets"
"""What an overlay does: with a node that was not there, with one that was, with a property."""


class Given(NamedTuple):
    """An overlay: its place among those given, from 1; the id it gets, 0 for none; its name.

    error is what applying it gives, "" when it is in force; refusal is what dtovl finds wrong with
    it then; crashes tells that applying it would crash the kernel.
    """

    place: int
    number: int
    name: str
    error: str = ""
    refusal: Diagnostic | None = None
    crashes: bool = False


class Mark(NamedTuple):
    """What one overlay does with a node or property, and in which fragment of it.

    place is that of the overlay among those given.
    """

    place: int
    fragment: str
    verb: str
