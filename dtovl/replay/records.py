"""What a replay notes about nodes and operations while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.stream import Operation

UNKNOWN: Literal["?"] = "?"
"""Stands for a value that nothing tells, where None stands for a property that is not there."""

Value = bytes | Literal["?"] | None

ATTACHED, LEFT, LEAKED = "attached", "left", "leaked"
"""Where a node is: in the tree; out of it; allocated by the connector and never attached."""


class Event(NamedTuple):
    """What happened to a node: when (a running number), at which line, what (a predicate)."""

    number: int
    line: int | None
    text: str


class Record:
    """One instance of a node, as a result lists it.

    came      from an add of this replay (else from the base, or the skeleton)
    number    order in which records were made
    named     an operation names it, or takes it with the node it names
    lost      removed through ofdt, which never drops the last reference
    retained  deleted by firmware without a counterpart and kept, once
    before    property -> value before the replay (or its add) first changed it
    """

    __slots__ = (
        "assumed",
        "before",
        "came",
        "events",
        "lost",
        "named",
        "node",
        "number",
        "retained",
        "state",
    )

    def __init__(self, node: Node, number: int, *, came: bool, state: str = ATTACHED) -> None:
        self.node = node
        self.number = number
        self.came = came
        self.state = state
        self.named = False
        self.assumed = False
        self.lost = False
        self.retained = False
        self.before: dict[str, Value] = {}
        self.events: list[Event] = []


class OpEntry:
    """An operation and what became of it; path and phandle are those of the node it found.

    n and session count from 1; phandle 0 is none.
    """

    __slots__ = ("line", "n", "operation", "path", "phandle", "result", "session")

    def __init__(self, n: int, session: int, operation: Operation) -> None:
        self.n = n
        self.session = session
        self.operation = operation
        self.line = operation.line
        self.path: str | None = None
        self.phandle: int = 0
        self.result = ""


class Step(NamedTuple):
    """A change of the tree, as a notifier would hear of it: one entry of a changeset.

    action is attach-node, detach-node, add-property, update-property or remove-property. Of a
    property old and new are told, None where absent, "?" where the log does not tell; of a node
    that is attached the properties it brings, those of which the values are known.
    """

    line: int | None
    action: str
    node: Node
    name: str = ""
    old: Value = None
    new: Value = None
    brings: tuple[tuple[str, bytes], ...] = ()
