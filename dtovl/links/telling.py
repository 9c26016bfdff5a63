"""What the words of all rules share: a finding at hand, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.diagnostics import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.codes.base import Severity
    from dtovl.diagnostics import Location
    from dtovl.links.link import Finding
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Bindings
    from dtovl.model.tree import Origin, Tree

_MOST_LISTED = 6
_MOST_TEXT = 120
_MOST_BYTES = 512


class Blame(NamedTuple):
    """Something that has a part in a finding besides its property, and what it did."""

    node: Node
    key: str
    words: str


class Words(NamedTuple):
    """What is said about a finding.

    fix is None where the code's own suggestion fits; more has what the message needs besides the
    details of the finding; blamed is who else may have brought it about, who names him where the
    tree does not tell.
    """

    why: str
    fix: str | None = None
    kernel: tuple[str, ...] = ()
    more: dict[str, object] = {}  # noqa: RUF012  # never written to
    blamed: tuple[Blame, ...] = ()
    notes: tuple[Note, ...] = ()
    who: str = ""


class Telling:
    """A finding of a tree, while it is put into words."""

    __slots__ = ("bindings", "details", "name", "node", "severity", "tree")

    def __init__(self, finding: Finding, tree: Tree, bindings: Bindings) -> None:
        self.tree = tree
        self.bindings = bindings
        self.node: Node = finding.node
        self.name: str = finding.property
        self.severity: Severity = finding.severity
        self.details: dict[str, Any] = finding.details

    def found(self, key: str) -> Node | None:
        """Give the node whose path is among the details; None where it is gone."""
        return self.tree.find(self.details[key])

    def called(self, node: Node | None, path: str) -> str:
        """Name a node as source refers to it: by a label, else by its path."""
        labels = self.tree.labels_of(node) if node is not None else ()
        return f"&{labels[0]}" if labels else path

    def reference(self, key: str) -> str:
        """Name the node whose path is among the details as source refers to it."""
        return self.called(self.found(key), self.details[key])

    def cells_name(self) -> str:
        """Give the `#...-cells` property that counts arguments here, "" for none."""
        binding = self.bindings.find(self.name)
        return "" if binding is None else binding.cells

    def is_list(self) -> bool:
        """Tell whether the property may have several entries."""
        binding = self.bindings.find(self.name)
        return binding is None or binding.form != "one"

    def kernel(self, text: str) -> tuple[str, ...]:
        """Give a line that the kernel prints about the node."""
        return (f"OF: {self.node.kernel_path}: {text}",)

    def place(self, node: Node, key: str) -> Location | None:
        """Give the place in source of a property; where it has none, of its node.

        A property that an overlay has put into a node of the base is not where the node is.
        """
        positions = self.tree.positions
        if not positions:
            return None
        found = positions.get((node, key))
        if found is None and (node, key) not in self.tree.origins:
            found = positions.get(node)
        return found

    def status_of(self, key: str) -> tuple[str, tuple[Blame, ...], tuple[Note, ...]]:
        """Tell about the status of a disabled node: in words, who set it, and where."""
        node = self.found(key)
        value = None if node is None else node.properties.get("status")
        if node is None or value is None:
            return f"{self.details[key]} is disabled", (), ()
        at = self.tree.positions.get((node, "status"))
        notes = () if at is None else (Note(f"{node.path} gets its status here", at),)
        status = shortened(value[:_MOST_BYTES].partition(b"\0")[0].decode("latin-1"))
        blamed = (Blame(node, "status", f"{node.path} is disabled by"),)
        return f'{node.path} has status "{status}"', blamed, notes


def counted(number: int, word: str, plural: str = "") -> str:
    """Write a number with its noun: `1 cell`, `3 cells`."""
    return f"{number} {word}" if number == 1 else f"{number} {plural or word + 's'}"


def listed(names: Sequence[str]) -> str:
    """Write names one after the other; of many the first alone."""
    shown = ", ".join(map(shortened, names[:_MOST_LISTED]))
    left = len(names) - _MOST_LISTED
    return f"{shown} and {left} more" if left > 0 else shown


def in_cells(numbers: Iterable[int]) -> str:
    """Write numbers as source has them: `<0x1 0x20>`."""
    return f"<{' '.join(f'{number:#x}' for number in numbers)}>"


def shortened(text: str, most: int = _MOST_TEXT) -> str:
    """Cut a text of strangers that is longer than anybody wants to read."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def signed(number: int) -> int:
    """Give a cell as the kernel prints it by %d."""
    return number - 0x1_0000_0000 if number & 0x8000_0000 else number


def origin_words(origin: Origin) -> str:
    """Name an overlay by its place in the stack, its name, and the fragment."""
    return f"overlay {origin.number} ({origin.overlay}) {origin.fragment}".rstrip()
