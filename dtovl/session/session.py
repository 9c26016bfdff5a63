"""A session: a board on the desk that keeps what was done to it, in one file.

The journal is the truth. The tree is made of the base and the operations in force when it is first
asked for, and compared with the digest that was kept with the last of them. Every change is one
transaction of the file, made under its lock and on the newest state: what another process did
meanwhile is read first. A change that fails leaves file and session as they were.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dtovl.codes import session as codes
from dtovl.codes.script import OP_UNKNOWN
from dtovl.codes.usage import BASE_IS_OVERLAY, PATH_NOT_FOUND
from dtovl.diagnostics import Diagnostic, Note
from dtovl.errors import InputError, UsageError
from dtovl.inputs import read_blob
from dtovl.model.dialect import KERNELS
from dtovl.model.specifiers import is_overlay
from dtovl.script.lookup import find_by_path
from dtovl.script.parameters import wrong
from dtovl.session import schema
from dtovl.session.content import read_content
from dtovl.session.digest import tree_digest
from dtovl.session.journal import Operation, read_journal
from dtovl.session.replacing import replace_step, try_replacement
from dtovl.session.replay import Replay
from dtovl.session.schema import Head, Row
from dtovl.session.store import Store, new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dtovl.diagnostics import Sink
    from dtovl.live.objects import Holder
    from dtovl.model.tree import Tree
    from dtovl.script.machine import Machine
    from dtovl.session.content import Source
    from dtovl.session.owners import Ownership
    from dtovl.session.status import Status

DEFAULT_KERNEL = "6.1"

_COMPACT: dict[str, Any] = {"separators": (",", ":")}


class Session:
    """An open session; close it, or use it in a `with` statement.

    Raises InputError (DT260 to DT267) from everything that reads or writes the file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._dropped = 0
        # None: the machine has to be built.
        self._replay: Replay | None = None
        with store.reading():
            self._mark = store.change_mark()
            self._journal = read_journal(store)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        base: Source,
        *,
        kernel: str = DEFAULT_KERNEL,
        name: str | None = None,
        sink: Sink | None = None,
        **options: Any,
    ) -> Session:
        """Make a session file of a base, and open it.

        base is what `dtovl.load` takes, or a Tree; name is what messages call it, options are those
        of `dtovl.load` for source. kernel is the Linux whose way is taken. Warnings go to sink. The
        file appears in one step, whole; one that is there is not touched.

        Raises InputError (DT264, DT266; DT001 to DT048 about the base), UsageError (DT063).
        """
        from dtovl.files import create_atomically

        if kernel not in KERNELS:
            from dtovl.codes.usage import UNKNOWN_APPLIER

            known = ", ".join(KERNELS)
            raise UsageError(Diagnostic(UNKNOWN_APPLIER, applier=repr(kernel), known=known))
        shown = os.fspath(path)
        if os.path.lexists(shown):
            raise InputError(Diagnostic(codes.SESSION_EXISTS, name=shown))
        given = read_content(base, name=name, sink=sink, **options)
        tree = read_blob(given.data, given.name, sink)
        if sink is not None and is_overlay(tree):
            sink.report(BASE_IS_OVERLAY, base=given.name)
        spelled = given.name.encode("utf-8", "surrogateescape")
        key = schema.digest(given.data)
        about = spelled, given.origin, key, kernel, tree_digest(tree)
        head = Head(*about, 0, schema.head_seal(*about))
        try:
            made = create_atomically(shown, new_file(head, given.data))
        except (OSError, ValueError) as error:
            what = (getattr(error, "strerror", None) or str(error)).lower()
            refusal = Diagnostic(codes.SESSION_READ_ONLY, name=shown, done="made", what=what)
            if isinstance(error, FileNotFoundError):
                refusal.fix = f"make the folder {os.path.dirname(shown)} first"
            raise InputError(refusal) from error
        if not made:
            raise InputError(Diagnostic(codes.SESSION_EXISTS, name=shown))
        return cls.open(shown)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, waiting: Callable[[], None] | None = None
    ) -> Session:
        """Open a session file.

        waiting is called once when another process has kept the file for 5 seconds.

        Raises InputError (DT260 to DT263, DT265, DT266).
        """
        store = Store(os.fspath(path), waiting)
        try:
            return cls(store)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Session:
        """Give the session; the file is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    # -- what it is ----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Give the path of the file as it was given."""
        return self._store.name

    @property
    def base(self) -> str:
        """Give the name of the base."""
        return self._journal.base

    @property
    def kernel(self) -> str:
        """Give the version of Linux whose way is taken."""
        return self._journal.head.kernel

    @property
    def position(self) -> int:
        """Give the number of operations in force."""
        return self._journal.head.position

    @property
    def undone(self) -> int:
        """Give the number of operations that were undone and can be done again."""
        return len(self._journal.rows) - self.position

    @property
    def tree(self) -> Tree:
        """Give the live tree, as the kernel would have it; what is done to it is not kept."""
        return self._replayed().machine.live.tree

    @property
    def machine(self) -> Machine:
        """Give the machine that stands after the operations in force.

        Raises InputError (DT267) when they do not give the tree that was kept.
        """
        return self._replayed().machine

    @property
    def dropped(self) -> int:
        """Give the number of undone operations that the last change has dropped for good."""
        return self._dropped

    # -- changes -------------------------------------------------------------------------------

    def apply(self, *overlays: Source, **options: Any) -> list[Operation]:
        """Apply overlays in order, up to the first that the kernel refuses; all in one transaction.

        An overlay is what `dtovl.load` takes, or a Tree; options are those of `dtovl.load` for
        source. A refused one is kept in the journal too, as the kernel keeps its id; one that
        would crash the kernel is not, and ends the list (see Operation.refused).

        Raises InputError (DT001 to DT048) for what can be no overlay; then nothing is kept.
        """
        given = [read_content(overlay, **options) for overlay in overlays]
        done: list[Operation] = []
        with self._change():
            self._cut()  # first, since it frees names
            for one in given:
                name, key = self._journal.add_blob(one.name, one.data)
                done.append(self._carry_out({"op": "apply", "overlay": name}, key))
                if done[-1].failed:
                    break
        return done

    def remove(self, number: int) -> Operation:
        """Remove an overlay by the id that the kernel gave it."""
        with self._change():
            found = self._replayed().machine.overlays.find(number)
            # The name is for those who read the journal; the id is what counts.
            named = {} if found is None else {"overlay": found.name}
            return self._carry_out({"op": "remove", "id": number, **named}, None)

    def replace(
        self,
        old: Sequence[int],
        new: Sequence[Source] = (),
        *,
        dry_run: bool = False,
        **options: Any,
    ) -> Operation:
        """Replace overlays, given by id, by new ones as one step: all of it, or nothing.

        New overlays are what `apply` takes; they come to the place of the lowest of the old ones.
        Nodes that both have stay. dry_run: tell what would come of it, and keep nothing.
        """
        given = [read_content(overlay, **options) for overlay in new]
        if not dry_run:
            with self._change():
                self._cut()  # first, since it frees names
                step, keys = replace_step(self._journal, self.machine, old, given)
                return self._carry_out(step, None, *keys)
        with self._store.reading():
            self._catch_up()
        return try_replacement(self._journal, self.name, old, given)

    def reverse_replacement(self) -> Operation:
        """Go back over a replacement whose old nodes are still held: they return."""
        return self.do({"op": "replace_reverse"})[0]

    def give_up_replaced(self) -> Operation:
        """End a replacement whose old nodes are still held: these are lost for good."""
        return self.do({"op": "replace_force"})[0]

    def remove_all(self) -> Operation:
        """Remove all overlays, newest first, as of_overlay_remove_all does."""
        return self.do({"op": "remove_all"})[0]

    def hold(self, path: str, holder: str) -> Operation:
        """Take a reference to a node in somebody's name, as a driver does; path is the full one.

        Raises UsageError (DT060) when there is no such node.
        """
        from shlex import quote

        with self._change():
            replay = self._replayed()
            if find_by_path(replay.machine.live, path)[0] is None:
                shown = f"--session {quote(self.name)}"
                raise UsageError(Diagnostic(PATH_NOT_FOUND, path=path, name=self.name, tree=shown))
            where = f"operation {replay.position + 1}"
            step = {"op": "hold", "path": path, "as": holder, "where": where}
            return self._carry_out(step, None)

    def release(self, path: str, holder: str) -> Operation:
        """Give back a reference that was taken by hold; the node may have left the tree.

        Raises UsageError (DT269) when that holder has none.
        """
        from shlex import quote

        with self._change():
            here = self.holders(path)
            if not any(one.name == holder for one in here):
                notes = tuple(Note(f"{one.name} holds it, since {one.where}") for one in here)
                raise UsageError(
                    Diagnostic(
                        codes.NOT_HELD,
                        path=path,
                        notes=notes,
                        session=quote(self.name),
                        holder=holder,
                    )
                )
            return self._carry_out({"op": "release", "path": path, "as": holder}, None)

    def do(self, *steps: Mapping[str, object]) -> list[Operation]:
        """Carry out steps of a list of steps, but `apply`, in one transaction.

        A step that would crash the kernel is not kept, and ends the list (see Operation.refused).

        Raises InputError or UsageError for a step that is wrong; then nothing is kept.
        """
        done: list[Operation] = []
        with self._change():
            for step in steps:
                if step.get("op") == "apply":
                    raise wrong(OP_UNKNOWN, op="apply", hint=" here: Session.apply takes overlays")
                done.append(self._carry_out(step, None))
                if done[-1].refused:
                    break
        return done

    def undo(self, count: int = 1) -> list[Operation]:
        """Go back over the last operations; give them, newest first.

        Raises UsageError (DT268) when there are not so many.
        """
        return list(reversed(self._move("undo", count, -1)))

    def redo(self, count: int = 1) -> list[Operation]:
        """Carry out again what was undone last; give the operations.

        Raises UsageError (DT268) when there are not so many.
        """
        return self._move("redo", count, 1)

    # -- looking -------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what other processes have done to the session meanwhile."""
        with self._store.reading():
            self._catch_up()

    def holders(self, path: str) -> list[Holder]:
        """Give who holds the node with this full path, in the tree or gone, oldest first."""
        held = self._replayed().machine.live.holders.items()
        return [one for node, holders in held if node.path == path for one in holders]

    def history(self) -> list[Operation]:
        """Give all operations, undone ones too, with the results as they were kept.

        Raises InputError (DT263, DT267).
        """
        with self._store.reading():
            self._catch_up()
            bodies = self._store.results()
        findings = self._replayed(whole=True).findings
        done = self._operations(bodies, 0, len(self._journal.rows))
        return [
            one._replace(findings=findings[one.number - 1]) if one.in_force else one for one in done
        ]

    def status(self) -> Status:
        """Give what is in force, who owns and holds what, what leaked and what dangles.

        Raises InputError (DT267).
        """
        from dtovl.session.status import status_of

        return status_of(self._replayed())

    def ownership(self) -> Ownership:
        """Tell who brought what is in the tree, what that hides, and what would come back.

        Raises InputError (DT267).
        """
        replay = self._replayed(traced=True)
        assert replay.trace is not None
        return replay.trace.owners(self.base, replay.read_base)

    def export(self) -> Tree:
        """Give a copy of the tree as a blob would hold it: without the names that Linux makes.

        Raises InputError (DT267).
        """
        from dtovl.session.export import plain_copy

        replay = self._replayed()
        return plain_copy(replay.machine.live.tree, replay.read_base)

    # -- inside --------------------------------------------------------------------------------

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Change the session as it is now: on disk and here, or neither."""
        before = self._journal
        try:
            with self._store.writing():
                self._catch_up()
                before = self._journal
                self._journal = before.copy()
                self._dropped = 0
                if self._replay is not None:
                    self._replay.journal = self._journal
                yield
        except BaseException:
            self._journal = before
            # A machine cannot be moved back.
            self._replay = None
            raise

    def _catch_up(self) -> None:
        """Read the file again if another process has written to it."""
        mark = self._store.change_mark()
        if mark != self._mark:
            self._journal = read_journal(self._store)
            self._replay = None
            self._mark = mark

    def _replayed(self, *, whole: bool = False, traced: bool = False) -> Replay:
        """Give the state; whole: with the findings of every operation in force; traced: owners."""
        had = self._replay
        if had is None or (whole and not had.whole) or (traced and had.trace is None):
            traced = traced or (had is not None and had.trace is not None)
            replay = Replay(self._journal, self.name, whole=whole, traced=traced)
            replay.advance(self.position)
            self._replay = had = replay
        return had

    def _carry_out(self, step: Mapping[str, object], key: bytes | None, *named: bytes) -> Operation:
        """Let the machine do one step, and add it to the journal.

        key is the digest of the one overlay that it brings, named are those that the step names.
        """
        from json import dumps

        self._cut()
        journal, replay = self._journal, self._replayed()
        result = replay.step(step)
        if replay.machine.gone:
            # Nothing more can be asked of this machine; the session is as before.
            self._replay = None
            return Operation(0, step, result, replay.findings[-1], in_force=False)
        body, text = dumps(result, **_COMPACT), dumps(step, **_COMPACT)
        number = len(journal.rows) + 1
        parts = text, key, replay.digest(), schema.digest(body.encode())
        row = Row(number, *parts, schema.row_seal(journal.seal_at(number - 1), *parts))
        journal.append(row, step)
        for one in named if key is None else (key,):
            self._store.keep(one, journal.contents[one])
        self._store.append(row, body)
        self._store.move(number, row.seal)
        return Operation(number, step, result, replay.findings[-1])

    def _move(self, verb: str, count: int, direction: int) -> list[Operation]:
        """Put the journal count operations back or forward; give them, in order."""
        from shlex import quote

        with self._change():
            position = self.position
            have = position if direction < 0 else self.undone
            if not 0 < count <= have:
                raise UsageError(
                    Diagnostic(
                        codes.NOTHING_TO_MOVE,
                        why=f"asked for: {count}",
                        name=self.name,
                        session=quote(self.name),
                        have="1 operation" if have == 1 else f"{have or 'no'} operations",
                        verb=verb,
                    )
                )
            target = position + count * direction
            replay = self._replayed() if direction > 0 else Replay(self._journal, self.name)
            self._journal.move(target)
            replay.advance(target)
            self._replay = replay
            self._store.move(target, self._journal.seal_at(target))
            bodies = self._store.results()
            return self._operations(bodies, *sorted((position, target)))

    def _operations(self, bodies: dict[int, str], start: int, end: int) -> list[Operation]:
        """Give operations with their results, each compared with its digest, without findings."""
        from json import loads

        journal = self._journal
        found = []
        for index in range(start, end):
            row, body = journal.rows[index], bodies.get(index + 1)
            if not isinstance(body, str) or schema.digest(body.encode()) != row.result:
                raise self._store.damage(f"the result of operation {index + 1} is not whole")
            try:
                result = loads(body)
            except (ValueError, RecursionError) as error:
                raise self._store.damage(f"operation {index + 1} has no result") from error
            in_force = index < journal.head.position
            found.append(Operation(index + 1, journal.steps[index], result, (), in_force))
        return found

    def _cut(self) -> None:
        """Drop what was undone: a new operation takes its place."""
        dropped = self._journal.cut()
        if dropped:
            self._store.cut(self.position, self._journal.names.values())
            self._dropped = dropped
