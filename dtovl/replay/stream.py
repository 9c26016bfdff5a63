"""The stream of a replay: what firmware, or user space, asked for, in order, with where it stands.

Readers of all formats give a Stream; policies work on nothing else. Numbers are those of the log:
phandles as 32-bit numbers, None where the log has none. Lines count from 1. Names and paths are
text: UTF-8, and surrogate escapes for bytes that are not. (Those of a Tree are latin-1.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

DELETE, UPDATE, ADD = "delete", "update", "add"
"""The kinds of operation, in the order of their classes (PAPR R1-15, R1-16)."""

SET, REMOVE, NAME_ONLY = "set", "delete", "name-only"
"""What an update does to a property."""


def text_of(name: str) -> str:
    """Give the text of a name of a Tree, whose characters are bytes."""
    return name if name.isascii() else name.encode("latin-1").decode("utf-8", "surrogateescape")


def name_of(text: str) -> str:
    """Give the name that a Tree has for a text: each byte a character."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


class Change(NamedTuple):
    """One property of an update. value is None where the log does not tell it (SET only).

    exclusive: an ofdt add_property, which leaves a property alone that is there.
    required: an ofdt remove_property, which fails when the property is not there.
    """

    name: str
    verb: str
    value: bytes | None = None
    exclusive: bool = False
    required: bool = False


class Content:
    """A node as an add brings it: name, properties in order, children, siblings of the top node.

    A value is None where it is not known. Never nested deeper than the readers' bound.
    """

    __slots__ = ("children", "name", "properties", "siblings")

    def __init__(self, name: str) -> None:
        self.name = name
        self.properties: list[tuple[str, bytes | None]] = []
        self.children: list[Content] = []
        self.siblings: list[Content] = []

    def walk(self) -> Iterator[Content]:
        """Run over the node and all below it, parents first; siblings are not part of it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


class Clock(NamedTuple):
    """When a line was written: seconds of a kind of clock (kernel, kmsg, journald, iso)."""

    kind: str
    seconds: float


class Operation:
    """One delete, update or add.

    phandle  delete, update: of the node; add: of the node added, where the log tells it
    path     full path of the node that the log names, None where it names none
    parent   add: phandle of the parent, None where unknown
    parent_path  add: path of the parent, None where unknown (it may follow from path)
    drc      add: drc-index, None where unknown
    content  add: the node, None where the log does not have it
    refused  add: the connector answered with an error code: everything is dropped
    changes  update: its properties, in order; None: nothing is known of them
    ofdt     written to /proc/ppc64/ofdt by user space: scopes, class order and the kernel's rule
             for platform facilities do not bind it
    scope    of the update-nodes call
    typed    add: the line proves that the node is of type ibm,platform-facilities
    """

    __slots__ = (
        "changes",
        "clock",
        "content",
        "drc",
        "kind",
        "line",
        "ofdt",
        "parent",
        "parent_path",
        "path",
        "phandle",
        "refused",
        "scope",
        "typed",
    )

    def __init__(
        self,
        kind: str,
        line: int | None,
        *,
        phandle: int | None = None,
        path: str | None = None,
        parent: int | None = None,
        parent_path: str | None = None,
        drc: int | None = None,
        content: Content | None = None,
        changes: list[Change] | None = None,
        ofdt: bool = False,
        scope: int = 1,
        clock: Clock | None = None,
        typed: bool = False,
        refused: bool = False,
    ) -> None:
        self.kind = kind
        self.line = line
        self.phandle = phandle
        self.path = path
        self.parent = parent
        self.parent_path = parent_path
        self.drc = drc
        self.content = content
        self.changes = changes
        self.ofdt = ofdt
        self.scope = scope
        self.clock = clock
        self.typed = typed
        self.refused = refused


class SessionEnd(NamedTuple):
    """A migration ends here, and another one may begin: at a session entry of a list, a separator
    of drmgr, an update-nodes block after a completed sequence. The rule of clocks is Session's."""

    line: int | None


class Gap(NamedTuple):
    """Something was cut out of the log here."""

    line: int


class Listing(NamedTuple):
    """A `tree -d` listing: names directly below a path; line is that of its prompt."""

    line: int
    path: str
    names: tuple[str, ...]


class LooseUpdate(NamedTuple):
    """A sequence of property updates that no operation named; applied last, in the open session."""

    line: int
    phandle: int
    path: str | None
    changes: list[Change]


Item = Operation | SessionEnd | Gap | Listing | LooseUpdate


class Note(NamedTuple):
    """A finding about the input itself (PS138, PS140 to PS148, PS154): code number, line, path."""

    code: str
    line: int | None
    path: str | None
    message: str


class Problem(NamedTuple):
    """Something in the input that cannot be read (PS201 to PS208); column 0: unknown."""

    code: str
    line: int | None
    message: str
    column: int = 0


class NamedHolder(NamedTuple):
    """Somebody who holds a node from the start: told by a list, or at a line by a broken link.

    The node of a list has to be in the base, that of a link need not.
    """

    path: str
    by: str
    line: int | None = None


class Stream:
    """All that was read: items in order, findings about the input, problems, named holders.

    ignored counts lines passed over; ignored_samples has some of them: (line, text).
    """

    __slots__ = ("holders", "ignored", "ignored_samples", "items", "notes", "problems")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.notes: list[Note] = []
        self.problems: list[Problem] = []
        self.holders: list[NamedHolder] = []
        self.ignored = 0
        self.ignored_samples: list[tuple[int, str]] = []


class Base(NamedTuple):
    """The tree a replay starts from: phandles of its nodes set, as the kernel takes them at boot.

    unknown: node -> keys of its properties whose bytes are not (all) known; what the tree holds
    under such a key says nothing.
    """

    tree: Tree
    unknown: Mapping[Node, Set[str]]
