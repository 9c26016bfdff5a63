"""The journal of a session in memory: read from its file, and every seal compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.model.dialect import KERNELS
from dtovl.session.schema import Head, Row, digest, head_seal, row_seal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.diagnostics import Diagnostic
    from dtovl.session.store import Store


class Operation(NamedTuple):
    """One operation of a session.

    number counts from 1, 0 is one that was not kept (see refused); step is what was asked, as in a
    list of steps; result what the kernel answered: return value, log lines and events; findings is
    what dtovl has to say about it (empty for an operation that is undone). in_force is false when
    it was undone or not kept.
    """

    number: int
    step: Mapping[str, object]
    result: Mapping[str, Any]
    findings: tuple[Diagnostic, ...] = ()
    in_force: bool = True

    @property
    def refused(self) -> bool:
        """Tell whether the step was not carried out, since it would have crashed the kernel."""
        return not self.number

    @property
    def failed(self) -> bool:
        """Tell whether the kernel gave an error, or would have crashed or corrupted memory."""
        return isinstance(self.result.get("ret"), str) or bool(self.result.get("hazard"))


class Journal:
    """What a session file holds, but for the results.

    names maps what the steps call overlays to the digests of their blobs: of two that were given
    under one name the second is called NAME#2.
    """

    __slots__ = ("contents", "head", "names", "rows", "steps")

    def __init__(
        self, head: Head, rows: list[Row], contents: dict[bytes, bytes], steps: list[Any]
    ) -> None:
        self.head = head
        self.rows = rows
        self.contents = contents
        self.steps = steps
        self.names: dict[str, bytes] = {
            name: key
            for row, step in zip(rows, steps, strict=True)
            for name, key in brought(row, step)
        }

    def copy(self) -> Journal:
        """Give a journal that can be changed without changing this one."""
        return Journal(self.head, list(self.rows), dict(self.contents), list(self.steps))

    @property
    def base(self) -> str:
        """Give the name of the base."""
        return self.head.base.decode("utf-8", "surrogateescape")

    @property
    def seal(self) -> bytes:
        """Give the seal of an empty journal."""
        head = self.head
        return head_seal(head.base, head.origin, head.content, head.kernel, head.tree)

    def tree(self, position: int) -> bytes:
        """Give the digest of the tree after the first operations, position of them."""
        return self.rows[position - 1].tree if position else self.head.tree

    def seal_at(self, position: int) -> bytes:
        """Give the seal of the last of the first operations, position of them."""
        return self.rows[position - 1].seal if position else self.seal

    def blob(self, name: str) -> bytes:
        """Give the blob of the overlay that the steps call so."""
        return self.contents[self.names[name]]

    def cut(self) -> int:
        """Drop the operations that are not in force; give their number."""
        position = self.head.position
        dropped = len(self.rows) - position
        if dropped:
            # The names that only the dropped ones had are free again.
            kept = Journal(self.head, self.rows[:position], self.contents, self.steps[:position])
            self.rows, self.steps, self.names = kept.rows, kept.steps, kept.names
        return dropped

    def append(self, row: Row, step: Mapping[str, object]) -> None:
        """Add an operation; it is in force."""
        self.rows.append(row)
        self.steps.append(step)
        self.move(row.number)

    def move(self, position: int) -> None:
        """Let the first operations be in force, position of them."""
        seal = self.seal_at(position)
        self.head = self.head._replace(position=position, seal=seal)

    def add_blob(self, name: str, data: bytes) -> tuple[str, bytes]:
        """Add the blob of an overlay; give what steps call it, and its digest.

        That is its name, unless it stands for another blob already.
        """
        key = digest(data)
        free, number = name, 1
        while self.names.get(free, key) != key:
            number += 1
            free = f"{name}#{number}"
        self.contents.setdefault(key, data)
        self.names[free] = key
        return free, key


def brought(row: Row, step: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Give the overlays that an operation brought: what steps call them, digests of their blobs.

    One that brings several names the digests in its step, in hex.
    """
    if row.content is not None:
        return [(step["overlay"], row.content)]
    if step.get("op") != "replace":
        return []
    return [
        (name, bytes.fromhex(key)) for name, key in zip(step["new"], step["contents"], strict=True)
    ]


def read_journal(store: Store) -> Journal:
    """Read the journal inside a transaction of the store.

    Raises InputError (DT263) when anything does not fit its seal.
    """
    head, rows, contents = store.head(), store.rows(), store.contents()
    try:
        steps = _checked(head, rows, contents)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise store.damage("what should be text or bytes there is something else") from error
    if isinstance(steps, str):
        raise store.damage(steps)
    for row, step in zip(rows, steps, strict=True):
        if step.get("op") == "replace" and not _replaces(row, step, contents):
            raise store.damage(f"the overlays of operation {row.number} are missing")
    return Journal(head, rows, contents, steps)


def _checked(head: Head, rows: list[Row], contents: dict[bytes, bytes]) -> list[Any] | str:
    """Compare all seals; give the steps, or say what is wrong."""
    seal = head_seal(head.base, head.origin, head.content, head.kernel, head.tree)
    if head.kernel not in KERNELS or head.content not in contents:
        return "its head speaks of what is not there"
    at = seal if not head.position else None
    for number, row in enumerate(rows, 1):
        seal = row_seal(seal, row.step, row.content, row.tree, row.result)
        if row.number != number or row.seal != seal:
            return f"operation {number} does not fit its seal"
        if row.content is not None and row.content not in contents:
            return f"the overlay of operation {number} is missing"
        if number == head.position:
            at = seal
    if at != head.seal:
        return "its head does not fit the journal"
    return _steps(rows)


def _steps(rows: list[Row]) -> list[Any] | str:
    if not rows:
        return []
    # json is slow to import, and an empty journal needs none of it.
    import json

    steps = json.loads(f"[{','.join([row.step for row in rows])}]")
    for number, (row, step) in enumerate(zip(rows, steps, strict=True), 1):
        named = isinstance(step, dict) and isinstance(step.get("overlay", ""), str)
        if not named or (row.content is not None and "overlay" not in step):
            return f"operation {number} is no step"
    return steps  # type: ignore[no-any-return]


def _replaces(row: Row, step: Mapping[str, Any], contents: Mapping[bytes, bytes]) -> bool:
    """Tell whether an operation that replaces overlays names them, and the blobs are there."""
    old, names, new, keys = (step.get(key) for key in ("old", "overlays", "new", "contents"))
    if row.content is not None or not (isinstance(old, list) and isinstance(names, list)):
        return False
    if not (isinstance(new, list) and isinstance(keys, list)):
        return False
    texts = all(isinstance(one, str) for one in (*names, *new, *keys))
    numbers = all(isinstance(one, int) for one in old)
    if not (texts and numbers and len(old) == len(names) and len(new) == len(keys)):
        return False
    try:
        return all(bytes.fromhex(key) in contents for key in keys)
    except ValueError:
        return False
