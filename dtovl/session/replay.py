"""The state of a session, made anew: the base, then the operations in force, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes.session import REPLAY_DIFFERS
from dtovl.diagnostics import Diagnostic
from dtovl.errors import DtovlError, InputError
from dtovl.inputs import read_blob
from dtovl.live.changeset import Action
from dtovl.model.dialect import KERNELS
from dtovl.overlay.outcome import LogLine
from dtovl.script.machine import Machine
from dtovl.script.replacing import REPLACING
from dtovl.session.digest import tree_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dtovl.live.changeset import Entry
    from dtovl.live.objects import Property
    from dtovl.live.overlays import LiveOverlay
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.session.journal import Journal
    from dtovl.session.owners import Trace


_LEAK = "OF: ERROR: memory leak"


class Removal(NamedTuple):
    """How a node went: which operation removed it, with which overlay."""

    operation: int
    overlay: str


def nodes_of(overlay: LiveOverlay) -> list[Node]:
    """List the nodes that an overlay brings, parents first."""
    return [entry.node for entry in overlay.changeset.entries if entry.action is Action.ATTACH]


class Replay:
    """A machine that stands after the first operations of a journal, position of them.

    name is what messages call the session. findings are those of each operation, if whole says that
    they are wanted of those of the journal, too; applied maps the
    ids of listed overlays to the operations that applied them, gone the nodes that overlays brought
    to how they went, setters the properties that overlays brought and which have gone to their
    names, told the paths of nodes to what the kernel has printed about their leak. trace, if traced
    asks for it, knows who brought what.
    """

    __slots__ = (
        "_name",
        "applied",
        "findings",
        "gone",
        "journal",
        "machine",
        "position",
        "setters",
        "told",
        "trace",
        "whole",
    )

    def __init__(
        self, journal: Journal, name: str, *, whole: bool = False, traced: bool = False
    ) -> None:
        self._name = name
        self.whole = whole
        self.journal = journal
        self.position = 0
        self.findings: list[tuple[Diagnostic, ...]] = []
        self.applied: dict[int, int] = {}
        self.gone: dict[Node, Removal] = {}
        self.setters: dict[Property, str] = {}
        self.told: dict[str, list[str]] = {}
        self.machine = Machine(
            self.read_base(), KERNELS[journal.head.kernel], self._blob, journal.base
        )
        self.trace: Trace | None = None
        if traced:
            from dtovl.session.owners import Trace

            self.trace = Trace(self.machine)

    def read_base(self) -> Tree:
        """Read the base anew."""
        journal = self.journal
        return read_blob(journal.contents[journal.head.content], journal.base)

    def _blob(self, name: str) -> bytes:
        return self.journal.blob(name)

    def step(self, step: Mapping[str, object], *, brief: bool = False) -> dict[str, Any]:
        """Carry out one more operation; give the result without its findings.

        brief: leave out findings and log, which take as long as the operation itself.
        """
        before = self._entries_of_removed(step)
        result = self.machine.step(step, brief=brief)
        self.findings.append(tuple(result.pop("findings", ())))
        self.position += 1
        self._note_leaks()
        if self.trace is not None:
            self.trace.follow(step, result, self.position)
        if step.get("op") in REPLACING:
            self._note_replacement(before, again=step["op"] != "replace")
        elif before:
            for one, entries in before.items():
                if self.machine.overlays.find(one.number) is not one:
                    self._note_removal(one.name, entries)
        elif result.get("id"):
            self.applied[result["id"]] = self.position
        return result

    def _note_leaks(self) -> None:
        for line in self.machine.live.log:
            if isinstance(line, LogLine) and line.parts[0].startswith(_LEAK):
                self.told.setdefault(line.parts[-1], []).append(line.text)

    def _entries_of_removed(self, step: Mapping[str, object]) -> dict[LiveOverlay, list[Entry]]:
        """Give the entries of the overlays that a step may remove: with the overlay they go."""
        overlays, op, number = self.machine.overlays, step.get("op"), step.get("id")
        if op in REPLACING:
            return {one: list(one.changeset.entries) for one in overlays.listed if one.in_force}
        if op == "remove_all" or (op == "remove" and not isinstance(number, int)):
            return {one: list(one.changeset.entries) for one in overlays.listed}
        found = overlays.find(number) if op == "remove" and isinstance(number, int) else None
        return {} if found is None else {found: list(found.changeset.entries)}

    def _note_removal(self, name: str, entries: Iterable[Entry]) -> None:
        removal = Removal(self.position, name)
        for entry in entries:
            if entry.prop is not None:
                self.setters[entry.prop] = name
            else:
                self.gone[entry.node] = removal

    def _note_replacement(
        self, before: Mapping[LiveOverlay, Iterable[Entry]], *, again: bool
    ) -> None:
        """Note what came and went; again: what came was in force before."""
        listed = self.machine.overlays.listed
        for one in listed:
            if one.in_force and one not in before and not again:
                self.applied[one.number] = self.position
            for node in nodes_of(one):
                self.gone.pop(node, None)
        kept = {entry.node for one in listed for entry in one.brought()}
        used = {entry.prop for one in listed for entry in one.changeset.entries}
        for one, entries in before.items():
            for entry in entries:
                if entry.prop is not None and entry.prop not in used:
                    self.setters[entry.prop] = one.name
                elif entry.prop is None and entry.node not in kept:
                    self.gone[entry.node] = Removal(self.position, one.name)

    def advance(self, position: int) -> None:
        """Carry out the operations of the journal up to a position; compare the tree at the end.

        One comparison is enough, as each tree follows from the one before; only when it fails the
        first operation that differs is looked for.

        Raises InputError (DT267).
        """
        steps = self.journal.steps
        for number in range(self.position, position):
            try:
                self.step(steps[number], brief=not self.whole)
            except DtovlError as error:
                what = f"an error: {error.diagnostic.message}"
                raise self._differs(number + 1, what) from error
        if not self.agrees():
            raise self._differs(_first_difference(self.journal, self._name), "another tree")

    def agrees(self) -> bool:
        """Tell whether the tree is the one that was kept with the last operation."""
        return self.digest() == self.journal.tree(self.position)

    def digest(self) -> bytes:
        """Give the digest of the tree."""
        return tree_digest(self.machine.live.tree)

    def _differs(self, number: int, what: str) -> InputError:
        operation = "the base"
        if number:
            step = self.journal.steps[number - 1]
            words = (str(step.get(key, "")) for key in ("op", "overlay", "id", "path"))
            operation = f"operation {number} ({' '.join(filter(None, words))})"
        return InputError(
            Diagnostic(REPLAY_DIFFERS, name=self._name, operation=operation, what=what)
        )


def _first_difference(journal: Journal, name: str) -> int:
    """Find the first operation after which the tree is another one; 0 is the base."""
    replay = Replay(journal, name)
    while replay.agrees():
        replay.step(journal.steps[replay.position], brief=True)
    return replay.position
