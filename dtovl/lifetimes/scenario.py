"""A scenario: actors, objects, scopes, and the events that they live through. Plain data."""

from __future__ import annotations

from typing import NamedTuple

WORKS = ("work", "timer", "irq", "commit")
"""Kinds of actors that are queued and run."""

COUNTED = ("kref", "kobject")
"""Kinds of objects whose references count."""


class Actor(NamedTuple):
    """Who acts: kind, the objects that a work uses, the module with its code."""

    name: str
    kind: str = "thread"
    uses: tuple[str, ...] = ()
    code: str = ""


class Release(NamedTuple):
    """What happens when the last reference goes, in this order."""

    locks: tuple[str, ...] = ()
    puts: tuple[str, ...] = ()
    completes: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    frees: tuple[str, ...] = ()


class Object(NamedTuple):
    """What is allocated and freed.

    static: its storage belongs to something else; code: module with its functions; needs: objects
    that must be freed later; window: the overlay in whose notifier window it may not be freed;
    policy: kept for good by design; survives: meant to be alive at the end.
    """

    name: str
    kind: str = "memory"
    static: bool = False
    code: str = ""
    needs: tuple[str, ...] = ()
    release: Release = Release()
    window: str = ""
    policy: bool = False
    survives: bool = False

    @property
    def counted(self) -> bool:
        """Tell whether references to it count."""
        return self.kind in COUNTED


class Scope(NamedTuple):
    """A bag whose members go when it closes, the newest first; of says what it belongs to."""

    name: str
    kind: str = "devm"
    of: str = ""


class Event(NamedTuple):
    """One step of one actor; fields are those of its verb that are given.

    line is where it stands in the file; after are events that come before it by design.
    """

    name: str
    actor: str
    verb: str
    fields: dict[str, str | bool]
    note: str = ""
    line: int = 0
    after: tuple[str, ...] = ()

    def get(self, field: str) -> str:
        """Give a field, "" without it."""
        value = self.fields.get(field, "")
        return value if isinstance(value, str) else ""


class Scenario(NamedTuple):
    """A scenario, its ids in the order of the file."""

    name: str
    about: str
    actors: dict[str, Actor]
    objects: dict[str, Object]
    scopes: dict[str, Scope]
    locks: tuple[str, ...]
    completions: tuple[str, ...]
    gates: tuple[str, ...]
    modules: tuple[str, ...]
    events: tuple[Event, ...]
    file: str = ""
