"""What a session file is: an SQLite database with four tables, and the seals over its content.

    head        one row: the base, the kernel whose way is taken, and where the journal stands
    contents    blobs by their SHA-256: the base, and every overlay once
    operations  the journal: what was asked, of which content, and what the tree was after it
    results     what the kernel answered to each operation

A seal is the SHA-256 over an operation and the seal before it; the first is over the head. So a
changed byte anywhere breaks the chain, and the seal of the operation where the journal stands,
kept in the head, tells that nothing is missing. Seals find damage; they are no signatures.

The rollback journal of SQLite is used, not its write-ahead log: at rest a session is one file that
holds everything, so that a copy of it is whole, also after a kill, and it can be read where nothing
may be written. The log would keep the last operations in a second file until it is folded in.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

APPLICATION_ID = 0x64_74_6F_76
"""`dtov`, in the header of the file at byte 68."""

VERSION = 1
"""Number of the schema, in the header of the file at byte 60."""

MAX_SESSION_BYTES = 1 << 30
"""Largest session file that is read, in bytes."""

TABLES = (
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), base BLOB NOT NULL,"
    " origin TEXT NOT NULL, content BLOB NOT NULL, kernel TEXT NOT NULL, tree BLOB NOT NULL,"
    " position INTEGER NOT NULL, seal BLOB NOT NULL)",
    "CREATE TABLE contents (digest BLOB PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE operations (number INTEGER PRIMARY KEY, step TEXT NOT NULL, content BLOB,"
    " tree BLOB NOT NULL, result BLOB NOT NULL, seal BLOB NOT NULL)",
    "CREATE TABLE results (number INTEGER PRIMARY KEY, body TEXT NOT NULL)",
)


class Head(NamedTuple):
    """What a session is about, and where its journal stands.

    base is the name of the base as bytes (a file name need not be text), origin how it was read
    (`blob`, `source`, `directory`), content the digest of its blob, kernel a key of KERNELS, tree
    the digest of the tree of the base. position is the number of operations in force; seal that of
    the last one, or of the head.
    """

    base: bytes
    origin: str
    content: bytes
    kernel: str
    tree: bytes
    position: int
    seal: bytes


class Row(NamedTuple):
    """One operation as it is kept: step in JSON, digests of its blob, of the tree after it, of
    its result, and its seal.
    """

    number: int
    step: str
    content: bytes | None
    tree: bytes
    result: bytes
    seal: bytes


def digest(data: bytes) -> bytes:
    """Give the SHA-256 of bytes."""
    return sha256(data).digest()


def head_seal(base: bytes, origin: str, content: bytes, kernel: str, tree: bytes) -> bytes:
    """Give the seal of an empty journal: over what the head says of the base."""
    return _sealed(b"head", base, origin.encode(), content, kernel.encode(), tree)


def row_seal(before: bytes, step: str, content: bytes | None, tree: bytes, result: bytes) -> bytes:
    """Give the seal of an operation; before is that of the one before it."""
    return _sealed(before, step.encode(), content or b"", tree, result)


def _sealed(*parts: bytes) -> bytes:
    # The lengths keep a byte from moving over to the part beside it.
    whole = b"".join(b"%d:%b" % (len(part), part) for part in parts)
    return sha256(whole).digest()
