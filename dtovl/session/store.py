"""The one door to SQLite: a session file is opened, read and written here, in whole transactions.

A transaction that was begun and not committed leaves no trace, also when the process is killed:
SQLite takes back from the journal file beside it what was half written, the next time somebody
opens the session. What SQLite reports becomes one of the codes DT260 to DT266.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dtovl.codes import session as codes
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.session import schema
from dtovl.session.schema import Head, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PATIENCE = 5.0
"""Seconds of waiting for another process after which it is said that one waits."""

LONGEST_WAIT = 60.0
"""Seconds after which waiting for another process is given up."""

_SLICE = 0.1
"""Seconds that SQLite itself waits: Ctrl-C is not heard meanwhile."""

_MAGIC = b"SQLite format 3\0"
_FULL = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM")


def new_file(head: Head, data: bytes) -> bytes:
    """Give the bytes of a session with an empty journal; data is the blob of its base."""
    import sqlite3

    made = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for table in schema.TABLES:
            made.execute(table)
        made.execute("INSERT INTO head VALUES (1, ?, ?, ?, ?, ?, ?, ?)", head)
        made.execute("INSERT INTO contents VALUES (?, ?)", (head.content, data))
        made.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        made.execute(f"PRAGMA user_version = {schema.VERSION}")
        whole: bytes = made.serialize()
        return whole
    finally:
        made.close()


class Store:
    """An open session file.

    name is what messages call it. waiting is called once when another process has kept the file
    for patience seconds; after longest_wait seconds it is given up.

    Raises InputError: DT260 to DT263, DT265, DT266.
    """

    def __init__(
        self,
        path: str,
        waiting: Callable[[], None] | None = None,
        *,
        patience: float = PATIENCE,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self.name = path
        self._waiting = waiting
        self._patience = patience
        self._longest_wait = longest_wait
        self._checked = False
        self._look_at(path)
        import sqlite3

        # As a URI, with every byte spelled out, a name has no special meaning, and nothing is made.
        spelled = "".join(f"%{byte:02x}" for byte in os.fsencode(os.path.abspath(path)))
        try:
            self._file = sqlite3.connect(
                f"file:{spelled}?mode=rw", uri=True, isolation_level=None, timeout=_SLICE
            )
        except sqlite3.Error as error:
            raise InputError(self._diagnosed(error, "opened")) from error
        try:
            self._check_kind()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file; what was not committed is dropped."""
        self._file.close()

    # -- transactions --------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep what is read inside from changing."""
        with self._transaction("BEGIN", "read"):
            # The lock is taken by the first read, not by BEGIN.
            self._patiently("SELECT count(*) FROM sqlite_schema", "read")
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make all changes inside one: they are there as a whole when it ends, or not at all."""
        with self._transaction("BEGIN IMMEDIATE", "written"):
            if not self._checked:
                self._check_pages()
                self._checked = True
            yield

    @contextmanager
    def _transaction(self, begin: str, done: str) -> Iterator[None]:
        import sqlite3

        try:
            self._patiently(begin, done)
            yield
            self._patiently("COMMIT", done)
        except BaseException as error:
            if self._file.in_transaction:
                self._file.rollback()
            # SQLite's own message may quote what is no text in a damaged file.
            if isinstance(error, sqlite3.Error | UnicodeDecodeError):
                raise InputError(self._diagnosed(error, done)) from error
            raise

    def _patiently(self, statement: str, done: str) -> None:
        """Run a statement; wait as long as another process keeps the file."""
        import sqlite3
        from time import monotonic

        start = monotonic()
        told = False
        while True:
            try:
                self._file.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if not _primary(error) == "SQLITE_BUSY":
                    raise
            else:
                return
            waited = monotonic() - start
            if waited >= self._longest_wait:
                seconds = f"{self._longest_wait:g}"
                raise InputError(self._busy(seconds))
            if waited >= self._patience and not told:
                told = True
                if self._waiting is not None:
                    self._waiting()

    # -- reading -------------------------------------------------------------------------------

    def change_mark(self) -> object:
        """Give what differs after another process has written to the file."""
        return self._file.execute("PRAGMA data_version").fetchone()[0]

    def head(self) -> Head:
        """Read the head."""
        rows = self._file.execute(
            "SELECT base, origin, content, kernel, tree, position, seal FROM head LIMIT 2"
        ).fetchall()
        if len(rows) != 1:
            raise self.damage("its head is missing")
        return Head(*rows[0])

    def rows(self) -> list[Row]:
        """Read the operations, in order."""
        found = self._file.execute(
            "SELECT number, step, content, tree, result, seal FROM operations ORDER BY number"
        )
        return list(map(Row._make, found))

    def contents(self) -> dict[bytes, bytes]:
        """Read the blobs, by digest; each is compared with it."""
        found: dict[bytes, bytes] = dict(self._file.execute("SELECT digest, data FROM contents"))
        for key, data in found.items():
            if not isinstance(data, bytes) or schema.digest(data) != key:
                raise self.damage("a blob in it does not fit its digest")
        return found

    def results(self) -> dict[int, str]:
        """Read the results of the operations, by number, in JSON."""
        return dict(self._file.execute("SELECT number, body FROM results"))

    # -- writing -------------------------------------------------------------------------------

    def append(self, row: Row, body: str) -> None:
        """Add an operation and its result."""
        self._file.execute("INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?)", row)
        self._file.execute("INSERT INTO results VALUES (?, ?)", (row.number, body))

    def keep(self, key: bytes, data: bytes) -> None:
        """Add a blob if it is not there yet."""
        self._file.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", (key, data))

    def cut(self, position: int, named: Iterable[bytes] = ()) -> None:
        """Drop the operations after a position, and the blobs that only they had.

        named are the digests of blobs that the steps before it name.
        """
        self._file.execute("DELETE FROM operations WHERE number > ?", (position,))
        self._file.execute("DELETE FROM results WHERE number > ?", (position,))
        unused = self._file.execute(
            "SELECT digest FROM contents WHERE digest NOT IN (SELECT content FROM operations"
            " WHERE content IS NOT NULL UNION SELECT content FROM head)"
        ).fetchall()
        gone = {key for (key,) in unused}.difference(named)
        self._file.executemany("DELETE FROM contents WHERE digest = ?", ((key,) for key in gone))

    def move(self, position: int, seal: bytes) -> None:
        """Put the journal at a position; seal is that of the operation there."""
        self._file.execute("UPDATE head SET position = ?, seal = ?", (position, seal))

    # -- what it is ----------------------------------------------------------------------------

    def _look_at(self, path: str) -> None:
        """Refuse what is no file that SQLite should open."""
        try:
            found = os.stat(path)
        except FileNotFoundError as error:
            from shlex import quote

            missing = Diagnostic(codes.SESSION_MISSING, name=path, session=quote(path))
            raise InputError(missing) from error
        except (OSError, ValueError) as error:
            raise self._unreadable(getattr(error, "strerror", None) or str(error)) from error
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device, pipe or socket"
            raise InputError(Diagnostic(codes.NOT_A_SESSION, name=path, what=f"it is {kind}"))
        if not found.st_size:
            raise InputError(Diagnostic(codes.NOT_A_SESSION, name=path, what="it is empty"))
        if found.st_size > schema.MAX_SESSION_BYTES:
            what = f"it has {found.st_size} bytes, the bound is {schema.MAX_SESSION_BYTES}"
            raise InputError(Diagnostic(codes.NOT_A_SESSION, name=path, what=what))

    def _check_kind(self) -> None:
        """Refuse foreign files, newer schemas, and tables that are not those of a session."""
        import sqlite3

        # Definitions in a hostile file get no functions to call.
        self._file.execute("PRAGMA trusted_schema = OFF")
        self._file.execute("PRAGMA cell_size_check = ON")
        try:
            with self.reading():
                (application,), (version,) = (
                    self._file.execute(f"PRAGMA {which}").fetchone()
                    for which in ("application_id", "user_version")
                )
                if application != schema.APPLICATION_ID:
                    raise InputError(self._foreign("it is an SQLite database of another program"))
                if version > schema.VERSION:
                    raise InputError(
                        Diagnostic(
                            codes.SESSION_NEWER,
                            name=self.name,
                            found=version,
                            known=schema.VERSION,
                        )
                    )
                tables = self._file.execute("SELECT sql FROM sqlite_schema").fetchall()
                if version != schema.VERSION or tables != [(text,) for text in schema.TABLES]:
                    raise self.damage("its tables are not those of a session")
                self._check_shape()
        except InputError as error:
            cause = error.__cause__
            if isinstance(cause, sqlite3.DatabaseError) and _primary(cause) == "SQLITE_NOTADB":
                raise InputError(self._unknown()) from cause
            raise

    def _check_shape(self) -> None:
        """Refuse a file that is shorter than it says, or that keeps its journal otherwise."""
        mode, pages, size = (
            self._file.execute(f"PRAGMA {which}").fetchone()[0]
            for which in ("journal_mode", "page_count", "page_size")
        )
        if mode != "delete":
            raise self.damage(f"something has switched its journal mode to {mode}")
        there = os.stat(self.name).st_size
        if there < pages * size:
            raise self.damage(f"it has {there} of its {pages * size} bytes")

    def _check_pages(self) -> None:
        """Let SQLite look at every page before the first write; the file may be damaged."""
        found = self._file.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise self.damage(f"SQLite says: {' '.join(str(found).split())}")

    # -- errors --------------------------------------------------------------------------------

    def damage(self, what: str) -> InputError:
        """Make the error that says that the file is damaged."""
        return InputError(Diagnostic(codes.SESSION_DAMAGED, name=self.name, what=what))

    def _foreign(self, what: str) -> Diagnostic:
        return Diagnostic(codes.NOT_A_SESSION, name=self.name, what=what)

    def _unknown(self) -> Diagnostic:
        """Say what a file is that SQLite does not take for a database."""
        from dtovl.files import read_bytes
        from dtovl.inputs import describe

        try:
            data = read_bytes(self.name)
        except InputError as error:
            # Too large to be read whole; what it is, its beginning told.
            looks = error.diagnostic.fields.get("looks")
            return self._foreign(f"it looks like {looks}" if looks else error.diagnostic.message)
        if data.startswith(_MAGIC):
            what = f"it has the first of its bytes, but only {len(data)} of them"
            return Diagnostic(codes.SESSION_DAMAGED, name=self.name, what=what)
        return self._foreign(f"it looks like {describe(data)}")

    def _unreadable(self, what: str) -> InputError:
        return InputError(
            Diagnostic(codes.SESSION_READ_ONLY, name=self.name, done="opened", what=what.lower())
        )

    def _busy(self, seconds: str) -> Diagnostic:
        from shlex import quote

        session = quote(self.name)
        return Diagnostic(codes.SESSION_BUSY, name=self.name, session=session, seconds=seconds)

    def _diagnosed(self, error: Exception, done: str) -> Diagnostic:
        """Say what an error of SQLite means for the session."""
        kind = _primary(error)
        if kind == "SQLITE_BUSY":
            return self._busy("0")
        what = ""
        if kind == "SQLITE_READONLY":
            what = "the file or its folder is read-only"
        elif kind in ("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"):
            what = "the system does not allow it"
        elif kind in _FULL:
            what = "the disk is full or fails" if kind != "SQLITE_NOMEM" else "there is no memory"
        if what:
            return Diagnostic(codes.SESSION_READ_ONLY, name=self.name, done=done, what=what)
        told = "what should be text is none" if isinstance(error, ValueError) else str(error)
        what = f"SQLite says: {told}"
        return Diagnostic(codes.SESSION_DAMAGED, name=self.name, what=what)


def _primary(error: Exception) -> str:
    """Give the name of SQLite's primary code of an error, such as SQLITE_BUSY."""
    name: Any = getattr(error, "sqlite_errorname", None)
    return "_".join(name.split("_")[:2]) if isinstance(name, str) else ""
