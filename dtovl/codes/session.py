"""Codes of session files: DT260 to DT269."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

SESSION_MISSING = Code(
    "DT260",
    "session-missing",
    Severity.ERROR,
    message="there is no session file {name}",
    suggestion="make one: `dtovl init {session} BASE`",
    source="dtovl itself",
    explanation="""\
A session is a file that `dtovl init` makes. Commands with --session work on one that is there;
none of them makes a new one by accident, since it would have no base.

    dtovl apply --session bench.dtovl camera.dtbo          no such file yet
    dtovl init bench.dtovl board.dtb
    dtovl apply --session bench.dtovl camera.dtbo""",
)

NOT_A_SESSION = Code(
    "DT261",
    "not-a-session",
    Severity.ERROR,
    message="{name} is no session: {what}",
    suggestion="give the file that `dtovl init` made",
    source="SQLite file format, 1.3 (header string, application id)",
    explanation="""\
A session is an SQLite file that carries dtovl's application id. Other files are not touched, be
they devicetrees, texts, or databases of other programs.

    dtovl status --session board.dtb                       a blob, no session
    dtovl init bench.dtovl board.dtb
    dtovl status --session bench.dtovl""",
)

SESSION_NEWER = Code(
    "DT262",
    "session-newer",
    Severity.ERROR,
    message="{name} was written by a newer dtovl: its schema is {found}, this one reads {known}",
    suggestion="update dtovl, or make a new session with this one",
    source="dtovl itself",
    explanation="""\
The number of the schema says how a session file is laid out. A newer dtovl may keep things there
that this one knows nothing about, and would destroy when it writes; so it does not even read it.

    dtovl --version                                        dtovl 1.2 on the board
    pip install --upgrade dtovl                            as new as on the desk""",
)

SESSION_DAMAGED = Code(
    "DT263",
    "session-damaged",
    Severity.ERROR,
    message="the session {name} is damaged: {what}",
    suggestion="take a copy of it that is whole, or make it anew: `dtovl init`, then the overlays",
    source="dtovl itself: every operation is sealed by a digest over it and all before it",
    explanation="""\
The base, every overlay and every operation of a session are kept with a digest. What does not fit
its digest, or cannot be read, was changed by something else than dtovl: a copy that broke off, bad
memory or flash, an editor. Nothing of it is used, and nothing is written to the file.

    cp bench.dtovl backup.dtovl                            while no command works on it: whole
    dd if=bench.dtovl of=backup.dtovl bs=4k count=2        cut off: refused with this code""",
)

SESSION_EXISTS = Code(
    "DT264",
    "session-exists",
    Severity.ERROR,
    message="{name} exists already",
    suggestion="choose another name: the session comes first, then the base",
    source="dtovl itself",
    explanation="""\
`dtovl init` never overwrites: a session holds work, and a mistyped name may be a blob or source.

    dtovl init board.dtb bench.dtovl                       the wrong way round
    dtovl init bench.dtovl board.dtb""",
)

SESSION_BUSY = Code(
    "DT265",
    "session-busy",
    Severity.ERROR,
    message="{name} is in use by another process, for more than {seconds} seconds",
    suggestion="wait until it has ended; `fuser {session}` names it",
    source="SQLite file locking, 5.0",
    explanation="""\
One process at a time writes to a session; others wait, and say so after 5 seconds. An operation
takes milliseconds, so whoever keeps the file for longer hangs, or keeps a transaction open: a
database browser with changes that are not written, a stopped process (Ctrl-Z).

    sqlite3 bench.dtovl 'begin immediate' ...              keeps it while it runs
    fuser bench.dtovl                                      the number of that process""",
)

SESSION_READ_ONLY = Code(
    "DT266",
    "session-unwritable",
    Severity.ERROR,
    message="the session {name} cannot be {done}: {what}",
    suggestion="check the rights of the file and of its folder, and the room on the disk",
    source="operating system; SQLite, journal_mode=DELETE needs a writable folder",
    explanation="""\
A change of a session needs the file to be writable, and its folder too: while a transaction is
written, what it replaces stands in a file beside it, NAME-journal. The session is as before.
Reading (status, log, export) needs neither, unless a process was killed while it wrote: what it
began must be taken back first.

    chmod a-w .; dtovl undo --session bench.dtovl          the folder cannot be written to
    cp bench.dtovl ~; dtovl undo --session ~/bench.dtovl""",
)

REPLAY_DIFFERS = Code(
    "DT267",
    "replay-differs",
    Severity.ERROR,
    message="{name} cannot be replayed: {operation} gives {what}",
    suggestion="use the release of dtovl that wrote it, or make the session anew",
    source="dtovl itself: the digest of the tree after each operation",
    explanation="""\
A session keeps the base and the operations, not the tree: the tree is made anew each time it is
opened, and compared with the digest that was kept. Here it differs, although the file is whole: a
release of dtovl that mended an error makes another tree of the same overlay. The first operation
that differs is named; nothing is written.

    operation 3 (apply camera.dtbo)        this one gave another tree when it was carried out
    dtovl init new.dtovl board.dtb; dtovl apply --session new.dtovl camera.dtbo""",
)

NOTHING_TO_MOVE = Code(
    "DT268",
    "nothing-to-undo",
    Severity.ERROR,
    message="{name} has {have} to {verb}",
    suggestion="`dtovl log --session {session}` lists the operations",
    source="dtovl itself",
    explanation="""\
`undo` goes back over operations that are in force, `redo` forward over those that were undone. A
new operation after an undo drops what could have been redone.

    dtovl undo --session bench.dtovl -n 5                  only 3 operations were carried out
    dtovl undo --session bench.dtovl -n 3                  back to the base""",
)

NOT_HELD = Code(
    "DT269",
    "not-held",
    Severity.ERROR,
    message="{holder} holds no reference to this node",
    suggestion="`dtovl status --session {session}` lists who holds what; --as must be the same",
    source="kernel of_node_put: one for each of_node_get, by the same holder",
    explanation="""\
A reference is given back by the holder that took it, as often as it was taken. Giving back what
one does not have frees memory that somebody else uses: on the board a use after free, much later
and elsewhere.

    dtovl hold --session bench.dtovl /soc/codec@1a --as sound
    dtovl release --session bench.dtovl /soc/codec@1a --as audio       another holder
    dtovl release --session bench.dtovl /soc/codec@1a --as sound""",
)
