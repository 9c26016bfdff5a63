"""The state of a run: objects, holds, scopes, what actors hold; every change can be taken back.

An event that has to wait, however deep inside, must leave no trace. So changes go through a
journal: `undo` takes back what was done since `mark`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.lifetimes.scenario import Scenario

NONE, LIVE, FREED = "none", "live", "freed"
ACTOR, OBJECT, SCOPE = "actor", "object", "scope"


class Hold(NamedTuple):
    """Who has what: a reference that counts (`ref`), a bare pointer, or a link by name.

    number orders holds by when they were taken; holder is what `by` names, since an actor, an
    object and a scope may have one name.
    """

    name: str
    kind: str
    object: str
    by: str
    number: int
    holder: str = ACTOR


class Access(NamedTuple):
    """A read or write of a field, with the locks that its actor held."""

    actor: str
    locks: frozenset[str]
    write: bool


class Life:
    """Where an object is in its life."""

    __slots__ = ("allocator", "count", "freed", "initialised", "replaced", "state", "sysfs")

    def __init__(self, *, static: bool) -> None:
        self.state = LIVE if static else NONE
        self.count = 0
        self.initialised = False
        self.sysfs = False
        self.replaced = False
        self.freed = ""
        self.allocator = ""

    def fork(self) -> Life:
        """Give one like it that lives on its own."""
        new = Life.__new__(Life)
        new.state = self.state
        new.count = self.count
        new.initialised = self.initialised
        new.sysfs = self.sysfs
        new.replaced = self.replaced
        new.freed = self.freed
        new.allocator = self.allocator
        return new


class State:
    """Everything that events change."""

    def __init__(self, scenario: Scenario) -> None:
        self.lives = {one.name: Life(static=one.static) for one in scenario.objects.values()}
        self.holds: dict[str, Hold] = {}
        self.number = 0
        self.members: dict[str, list[tuple[str, ...]]] = {name: [] for name in scenario.scopes}
        self.closed: set[str] = set()
        self.owners: dict[str, str] = {}
        self.complete: set[str] = set()
        self.held: dict[str, list[str]] = {name: [] for name in scenario.actors}
        self.gates_closed: set[str] = set()
        self.queued: set[str] = set()
        self.running: set[str] = set()
        self.gone: set[str] = set()
        self.pins: dict[str, list[str]] = {name: [] for name in scenario.modules}
        self.phases: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.ended: set[str] = set()
        self.accesses: dict[tuple[str, str], list[Access]] = {}
        self._journal: list[tuple[Any, ...]] = []

    def fork(self) -> State:
        """Give one like it that changes on its own; what is in the journal is left behind."""
        new = State.__new__(State)
        new.lives = {name: life.fork() for name, life in self.lives.items()}
        new.holds = self.holds.copy()
        new.number = self.number
        new.members = {name: things[:] for name, things in self.members.items()}
        new.closed = self.closed.copy()
        new.owners = self.owners.copy()
        new.complete = self.complete.copy()
        new.held = {name: things[:] for name, things in self.held.items()}
        new.gates_closed = self.gates_closed.copy()
        new.queued = self.queued.copy()
        new.running = self.running.copy()
        new.gone = self.gone.copy()
        new.pins = {name: things[:] for name, things in self.pins.items()}
        new.phases = self.phases.copy()
        new.failed = self.failed.copy()
        new.ended = self.ended.copy()
        new.accesses = {name: things[:] for name, things in self.accesses.items()}
        new._journal = []
        return new

    # -- journal -------------------------------------------------------------------------------

    def mark(self) -> int:
        """Give a place in the journal to go back to; what was before stays for good."""
        self._journal.clear()
        return 0

    def undo(self) -> None:
        """Take back all changes since the mark, the latest first."""
        while self._journal:
            what, *rest = self._journal.pop()
            what(*rest)

    def journal(self) -> Iterator[tuple[Any, ...]]:
        """Give what would take back the changes since the mark, that of the earliest first."""
        return iter(self._journal)

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute."""
        self._journal.append((setattr, owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        """Set an entry of a table."""
        if key in table:
            self._journal.append((table.__setitem__, key, table[key]))
        else:
            self._journal.append((table.pop, key))
        table[key] = value

    def drop(self, table: dict[Any, Any], key: Any) -> None:
        """Take an entry out of a table."""
        self._journal.append((table.__setitem__, key, table.pop(key)))

    def include(self, things: set[str], one: str) -> None:
        """Add to a set."""
        if one not in things:
            things.add(one)
            self._journal.append((things.discard, one))

    def exclude(self, things: set[str], one: str) -> None:
        """Take out of a set."""
        if one in things:
            things.discard(one)
            self._journal.append((things.add, one))

    def append(self, things: list[Any], one: Any) -> None:
        """Append to a list."""
        things.append(one)
        self._journal.append((things.pop,))

    def remove(self, things: list[Any], one: Any) -> None:
        """Take the last that is equal out of a list."""
        place = len(things) - 1 - things[::-1].index(one)
        del things[place]
        self._journal.append((things.insert, place, one))

    # -- what there is -------------------------------------------------------------------------

    def holds_in_order(self) -> list[Hold]:
        """List the holds in the order in which they were taken."""
        return sorted(self.holds.values(), key=lambda hold: hold.number)

    def holds_on(self, name: str, *kinds: str) -> Iterator[Hold]:
        """Give the holds on an object, of some kinds, in the order taken."""
        found = (one for one in self.holds.values() if one.object == name and one.kind in kinds)
        return iter(sorted(found, key=lambda hold: hold.number))

    def readers(self, waitable: str) -> list[str]:
        """List the actors that hold a waitable: a section, an operation, their own work."""
        return [actor for actor, held in self.held.items() if waitable in held]
