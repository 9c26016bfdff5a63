"""Session files that are none, damaged, newer, locked, or not to be written."""

from __future__ import annotations

import multiprocessing
import os
import shlex
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.blob import blob

from dtovl import Session
from dtovl.errors import DtovlError, InputError
from dtovl.session import schema
from dtovl.session.journal import Journal, read_journal
from dtovl.session.schema import Head, Row
from dtovl.session.store import Store, new_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.diagnostics import Diagnostic

BASE = blob({"soc": {"dev@1000": {"status": "okay"}}})
TREE = schema.digest(b"tree")
NOBODY = 65534


def empty_file() -> bytes:
    key = schema.digest(BASE)
    seal = schema.head_seal(b"board.dtb", "blob", key, "6.1", TREE)
    return new_file(Head(b"board.dtb", "blob", key, "6.1", TREE, 0, seal), BASE)


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "s.dtovl"
    file.write_bytes(empty_file())
    add(str(file), 5)
    return str(file)


def add(path: str, count: int) -> None:
    """Add operations, each in a transaction of its own, as a session does."""
    store = Store(path)
    for _ in range(count):
        with store.writing():
            journal = read_journal(store)
            number = len(journal.rows) + 1
            data = b"overlay %d" % (number % 3)
            key = schema.digest(data)
            parts = f'{{"op":"apply","overlay":"{number % 3}"}}', key, TREE, schema.digest(b"{}")
            row = Row(number, *parts, schema.row_seal(journal.seal_at(number - 1), *parts))
            store.keep(key, data)
            store.append(row, "{}")
            store.move(number, row.seal)
    store.close()


def read(path: str) -> Journal:
    store = Store(path)
    try:
        with store.reading():
            return read_journal(store)
    finally:
        store.close()


def refused(path: str, use: Callable[[str], object] = read) -> Diagnostic:
    """Give why a file is refused; it must be as before then, and nothing beside it."""
    file = Path(path)
    before = file.read_bytes() if file.is_file() else None
    beside = sorted(file.parent.iterdir())
    with pytest.raises(InputError) as caught:
        use(path)
    assert (file.read_bytes() if file.is_file() else None) == before
    assert sorted(file.parent.iterdir()) == beside
    return caught.value.diagnostic


def sql(path: str, *statements: str) -> None:
    file = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        file.execute(statement)
    file.close()


def test_what_was_added_is_there(path: str) -> None:
    journal = read(path)
    assert [row.number for row in journal.rows] == [1, 2, 3, 4, 5]
    assert journal.head.position == 5
    assert journal.names == {str(n): schema.digest(b"overlay %d" % n) for n in range(3)}
    assert len(journal.contents) == 4
    assert list(Path(path).parent.iterdir()) == [Path(path)]


def test_blobs_of_dropped_operations_go_with_them(path: str) -> None:
    store = Store(path)
    with store.writing():
        journal = read_journal(store)
        journal.move(1)
        store.move(1, journal.seal_at(1))
        store.cut(1)
    store.close()
    journal = read(path)
    assert len(journal.rows) == 1
    assert set(journal.contents) == {schema.digest(BASE), schema.digest(b"overlay 1")}


# -- what is no session ----------------------------------------------------------------------------


def test_missing(tmp_path: Path) -> None:
    assert refused(str(tmp_path / "none")).code.number == "DT260"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (BASE, "devicetree blob"),
        (b"/dts-v1/; / { };", "devicetree source"),
        (b"hello\n", "plain text"),
        (b"\0" * 5000, "zero bytes"),
        (b"SQLite format 2\0" + bytes(5000), "binary data"),
    ],
)
def test_foreign_files(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    found = refused(str(file))
    assert found.code.number == "DT261"
    assert word in found.message


def test_a_folder_and_a_pipe(tmp_path: Path) -> None:
    assert refused(str(tmp_path)).code.number == "DT261"
    os.mkfifo(tmp_path / "pipe")
    assert refused(str(tmp_path / "pipe")).code.number == "DT261"


def test_names_have_no_meaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (":memory:", "file:x?mode=memory", "a?b#c%20", "-", os.fsdecode(b"\xff\xfe")):
        assert refused(f"./{name}").code.number == "DT260"
        Path(name).write_bytes(empty_file())
        assert read(name).head.base == b"board.dtb"


def test_the_database_of_another_program(tmp_path: Path) -> None:
    path = str(tmp_path / "other.db")
    sql(path, "CREATE TABLE head (x)")
    assert "another program" in refused(path).message


def test_a_newer_schema(path: str) -> None:
    sql(path, "PRAGMA user_version = 2")
    found = refused(path)
    assert found.code.number == "DT262"
    assert "its schema is 2, this one reads 1" in found.message


# -- damage ----------------------------------------------------------------------------------------

ENDLESS = (
    "CREATE VIEW operations AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT i AS number, '{}' AS step, NULL AS content, x'' AS tree, x'' AS result, x'' AS seal"
    " FROM n"
)


@pytest.mark.parametrize(
    "statements",
    [
        ["PRAGMA user_version = 0"],
        ["DROP TABLE results"],
        ["DROP TABLE operations", ENDLESS],
        ["CREATE TRIGGER t AFTER INSERT ON operations BEGIN DELETE FROM operations; END"],
        ["DELETE FROM head"],
        ["DELETE FROM operations WHERE number = 5"],
        ["DELETE FROM operations WHERE number = 2"],
        ["UPDATE operations SET number = 9 WHERE number = 2"],
        ["UPDATE operations SET step = '{}' WHERE number = 2"],
        ["UPDATE operations SET content = NULL WHERE number = 2"],
        ["UPDATE operations SET content = 'text' WHERE number = 2"],
        ["UPDATE operations SET tree = x'00' WHERE number = 2"],
        ["UPDATE operations SET seal = zeroblob(32) WHERE number = 5"],
        ["UPDATE head SET position = 4"],
        ["UPDATE head SET position = 6"],
        ["UPDATE head SET position = -1"],
        ["UPDATE head SET position = 'x'"],
        ["UPDATE head SET position = 0"],
        ["UPDATE head SET base = x'00'"],
        ["UPDATE head SET base = 'text'"],
        ["UPDATE head SET kernel = '7.2'"],
        ["UPDATE head SET kernel = 7"],
        ["UPDATE head SET seal = 'text'"],
        ["UPDATE contents SET data = x'00'"],
        ["UPDATE contents SET data = 'text'"],
        ["DELETE FROM contents"],
        ["DELETE FROM contents WHERE length(data) = 9"],
        ["UPDATE operations SET step = CAST(x'ff' AS TEXT) WHERE number = 2"],
    ],
    ids=lambda statements: statements[-1][:60],
)
def test_changed_behind_its_back(path: str, statements: list[str]) -> None:
    sql(path, *statements)
    found = refused(path)
    assert found.code.number == "DT263", found.message


@pytest.mark.parametrize("step", ["[1]", '{"op":1,"overlay":2}', "[" * 100_000, "{", "null"])
def test_a_step_that_is_none_with_a_seal_that_fits(path: str, step: str) -> None:
    journal = read(path)
    parts = step, None, TREE, schema.digest(b"{}")
    row = Row(6, *parts, schema.row_seal(journal.seal_at(5), *parts))
    store = Store(path)
    with store.writing():
        store.append(row, "{}")
    store.close()
    assert refused(path).code.number == "DT263"


def test_the_write_ahead_log_is_not_used(path: str) -> None:
    sql(path, "PRAGMA journal_mode = WAL")
    assert "switched its journal mode to wal" in refused(path).message


def test_cut_off(path: str) -> None:
    whole = Path(path).read_bytes()
    for size in (1, 15, 16, 50, 99, 100, 500, 4095, 4096, 8192, len(whole) - 4096, len(whole) - 1):
        Path(path).write_bytes(whole[:size])
        assert refused(path).code.number in ("DT261", "DT263"), size
        assert refused(path, lambda path: add(path, 1)).code.number in ("DT261", "DT263"), size


def test_damaged_pages_that_nobody_reads_are_found_before_writing(path: str) -> None:
    whole = bytearray(Path(path).read_bytes())
    sql(path, "PRAGMA wal_checkpoint")
    results = next(at for at in range(0, len(whole), 4096) if _is_results(whole, at, path))
    whole[results + 3 : results + 8] = b"\xff" * 5
    Path(path).write_bytes(whole)
    assert read(path).head.position == 5

    def write(path: str) -> None:
        store = Store(path)
        with store.writing():
            pass

    assert "SQLite says" in refused(path, write).message
    assert refused(path, lambda path: add(path, 1)).code.number == "DT263"


def _is_results(whole: bytes, at: int, path: str) -> bool:
    file = sqlite3.connect(path)
    page = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'results'").fetchone()[0]
    file.close()
    return at == (page - 1) * 4096


# -- rights ----------------------------------------------------------------------------------------


def _as_nobody(work: Callable[[], object]) -> str:
    """Run work as a user without special rights; give the code of the error, "" for none."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = "crash"
        try:
            if not os.geteuid():
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            work()
            code = ""
        except InputError as error:
            code = error.diagnostic.code.number
        finally:
            os.write(writing, code.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def test_a_file_that_may_only_be_read(path: str) -> None:
    folder = Path(path).parent
    for above in (folder, *folder.parents):
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    Path(path).chmod(0o444)
    assert _as_nobody(lambda: read(path)) == ""
    assert _as_nobody(lambda: add(path, 1)) == "DT266"
    Path(path).chmod(0o000)
    assert _as_nobody(lambda: read(path)) == "DT266"
    Path(path).chmod(0o666)
    folder.chmod(0o555)
    assert _as_nobody(lambda: read(path)) == ""
    assert _as_nobody(lambda: add(path, 1)) == "DT266"
    folder.chmod(0o755)
    assert len(read(path).rows) == 5


# -- several processes -----------------------------------------------------------------------------


def test_one_waits_for_the_other_and_says_so(path: str) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    told: list[str] = []

    def waiting() -> None:
        told.append("waiting")
        other.execute("COMMIT")

    store = Store(path, waiting, patience=0.0)
    with store.writing():
        pass
    assert told == ["waiting"]
    with store.writing():
        pass
    assert told == ["waiting"]
    store.close()
    other.close()


def test_waiting_ends(path: str) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert refused_within(path).code.number == "DT265"
    other.close()


def test_commands_that_are_suggested_are_quoted_for_a_shell(tmp_path: Path) -> None:
    path = str(tmp_path / "it's; a bench.dtovl")
    quoted = shlex.quote(path)

    def fix(work: Callable[[], object]) -> str:
        with pytest.raises(DtovlError) as caught:
            work()
        return caught.value.diagnostic.fix

    assert f"`dtovl init {quoted} BASE`" in fix(lambda: Session.open(path))
    with Session.create(path, BASE) as session:
        assert f"`dtovl log --session {quoted}`" in fix(session.undo)
        held = fix(lambda: session.release("/soc", "me"))
        assert f"`dtovl status --session {quoted}`" in held
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert f"`fuser {quoted}`" in fix(lambda: Store(path, longest_wait=0.0))
    other.close()


def test_waiting_is_said_once(path: str) -> None:
    store = Store(path, lambda: told.append("waiting"), patience=0.0, longest_wait=0.3)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    told: list[str] = []

    def write() -> None:
        with store.writing():
            pass

    with pytest.raises(InputError):
        write()
    assert told == ["waiting"]
    store.close()
    other.close()


def refused_within(path: str) -> Diagnostic:
    with pytest.raises(InputError) as caught:
        Store(path, longest_wait=0.0)
    return caught.value.diagnostic


def test_reading_goes_on_while_another_writes(path: str) -> None:
    store = Store(path)
    with store.writing():
        store.keep(b"key", b"data")
        assert len(read(path).rows) == 5
    store.close()


def test_what_an_exception_ends_is_not_kept(path: str) -> None:
    store = Store(path)

    def interrupted() -> None:
        with store.writing():
            store.cut(0)
            store.move(0, b"")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    store.close()
    assert len(read(path).rows) == 5


def test_processes_at_once_lose_nothing(path: str) -> None:
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=add, args=(path, 10)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    assert len(read(path).rows) == 45


def test_a_copy_is_whole(path: str, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy")
    shutil.copyfile(path, copy)
    add(copy, 1)
    assert len(read(copy).rows) == 6
    assert len(read(path).rows) == 5
