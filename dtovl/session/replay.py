"""The state of a session, made anew: the base, then the operations in force, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes.session import REPLAY_DIFFERS
from dtovl.diagnostics import Diagnostic
from dtovl.errors import DtovlError, InputError
from dtovl.inputs import read_blob
from dtovl.model.dialect import KERNELS
from dtovl.script.machine import Machine
from dtovl.session.digest import tree_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.session.journal import Journal


class Replay:
    """A machine that stands after the first operations of a journal, position of them.

    name is what messages call the session; findings are those of each operation. What the machine
    is made to do is the whole state: it is thrown away when something goes wrong with it.
    """

    __slots__ = ("_name", "findings", "journal", "machine", "position")

    def __init__(self, journal: Journal, name: str) -> None:
        self._name = name
        self.journal = journal
        self.position = 0
        self.findings: list[tuple[Diagnostic, ...]] = []
        base = read_blob(journal.contents[journal.head.content], journal.base)
        self.machine = Machine(base, KERNELS[journal.head.kernel], self._blob)

    def _blob(self, name: str) -> bytes:
        return self.journal.blob(name)

    def step(self, step: Mapping[str, object]) -> dict[str, Any]:
        """Carry out one more operation; give the result without its findings."""
        result: dict[str, Any] = self.machine.step(step)
        self.findings.append(tuple(result.pop("findings", ())))
        self.position += 1
        return result

    def advance(self, position: int) -> None:
        """Carry out the operations of the journal up to a position; compare the tree at the end.

        One comparison is enough, as each tree follows from the one before; only when it fails the
        first operation that differs is looked for.

        Raises InputError (DT267).
        """
        steps = self.journal.steps
        for number in range(self.position, position):
            try:
                self.step(steps[number])
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
        replay.step(journal.steps[replay.position])
    return replay.position
