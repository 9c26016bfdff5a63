"""Kill processes that write to a session, at random moments; nothing may be damaged or lost.

    python tests/session/killing.py [KILLS]

Each process works through the library: overlays applied and removed, nodes held and released,
operations undone and done again. Before every change it says what the journal is going to be, and
after it that the change is made. Every other process is killed from outside, at a random moment;
the others kill themselves at a call of SQLite that was chosen before, so what these strike does not
depend on how fast the machine is. Then the session has to be in the state before or after the
change that was going on, every seal and the tree in order.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from session.boards import BOARD, BUS, ENABLE, EXPORTS, SENSOR  # noqa: E402

from dtovl.session.session import Session  # noqa: E402

OVERLAYS = (SENSOR, ENABLE, BUS, EXPORTS)
MOST_OPERATIONS = 60
LONGEST_DELAY = 0.006  # seconds: a change takes about 3 ms
MOST_CALLS = 60  # of SQLite, before and after each: some changes

if TYPE_CHECKING:
    from collections.abc import Callable

State = tuple[int, int]
"""Position, and number of operations."""


class Tally(NamedTuple):
    """What came of killing: changes that were made, and moments at which the kill struck.

    counted is how often a process that killed itself left a change half made.
    """

    kills: int
    made: int
    before: int
    after: int
    interrupted: int
    counted: int

    def __str__(self) -> str:
        return (
            f"killed {self.kills} times: {self.made} changes made, none lost or damaged; of those "
            f"going on {self.before} left no trace, {self.after} were made; "
            f"{self.interrupted} times a transaction was half written and taken back"
        )


def main(kills: int) -> None:
    """Kill, and print the figure."""
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{kill_often(str(Path(folder) / 's.dtovl'), kills)}\n")


def kill_often(path: str, kills: int, seed: int = 4) -> Tally:
    """Kill so many writers of one session; raises AssertionError for what is lost or damaged."""
    chance = random.Random(seed)
    Session.create(path, BOARD, name="board.dtb").close()
    made = before = after = interrupted = counted = 0
    state = (0, 0)
    for life in range(kills):
        itself = bool(life % 2)
        die = _die_by_itself if itself else _live_and_die
        words = die(path, chance, seed * kills + life)
        interrupted += Path(f"{path}-journal").exists()
        now = _reopened(path)
        going_on, done = _last(words, state)
        assert now in (done, going_on), f"life {life}: {now} is neither {done} nor {going_on}"
        made += words.count("made") + (now != done)
        before += going_on != done and now == done
        after += going_on != done and now == going_on
        counted += itself and going_on != done and now == done
        state = now
        if state[1] >= MOST_OPERATIONS:
            state = _start_over(path)
    return Tally(kills, made, before, after, interrupted, counted)


def _start_over(path: str) -> State:
    Path(path).unlink()
    Session.create(path, BOARD, name="board.dtb").close()
    return 0, 0


def _live_and_die(path: str, chance: random.Random, seed: int) -> list[str]:
    """Start a writer, kill it at a random moment, and give all that it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            _write(path, random.Random(seed), writing)
        finally:
            os._exit(1)
    os.close(writing)
    heard = b""
    wanted = chance.randrange(1, 7)
    while heard.count(b"\n") < wanted:
        heard += os.read(reading, 4096)
    select.select([], [], [], chance.uniform(0.0, LONGEST_DELAY))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the writer ended by itself"
    while part := os.read(reading, 4096):
        heard += part
    os.close(reading)
    return heard.decode().splitlines()


def _die_by_itself(path: str, chance: random.Random, seed: int) -> list[str]:
    """Start a writer that kills itself before or after a certain call of SQLite."""
    left = chance.randrange(1, MOST_CALLS)

    def count(_frame: object, event: str, called: object) -> None:
        nonlocal left
        owner = getattr(called, "__self__", None)
        if event in ("c_call", "c_return") and isinstance(
            owner, sqlite3.Connection | sqlite3.Cursor
        ):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            _write(path, random.Random(seed), writing, lambda: sys.setprofile(count))
        finally:
            os._exit(1)
    os.close(writing)
    heard = b""
    while part := os.read(reading, 4096):
        heard += part
    os.close(reading)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the writer ended by itself"
    return heard.decode().splitlines()


def _last(words: list[str], state: State) -> tuple[State, State]:
    """Give the state that was being made when the kill came, and the last one that was made."""
    going_on = done = state
    for word in words:
        if word == "made":
            done = going_on
        else:
            position, count = word.split()
            going_on = int(position), int(count)
    return going_on, done


def _reopened(path: str) -> State:
    with Session.open(path) as session:
        session.status()  # replays, and compares the tree
        history = session.history()
        assert [one.number for one in history] == list(range(1, len(history) + 1))
        with session._store.writing():  # looks at every page
            pass
        return session.position, len(history)


def _write(
    path: str, chance: random.Random, words: int, opened: Callable[[], object] = bool
) -> None:
    """Change a session again and again, saying what is going to be and when it is."""
    with Session.open(path) as session:
        opened()
        while True:
            position, undone = session.position, session.undone
            choices = ["apply", "hold", *["undo"] * bool(position), *["redo"] * bool(undone)]
            listed = session.machine.overlays.listed
            if listed:
                choices += ["remove"] * 3
            kind = chance.choice(choices)
            if kind in ("undo", "redo"):
                count = chance.randint(1, min(3, position if kind == "undo" else undone))
                to = position - count if kind == "undo" else position + count
                _say(words, f"{to} {position + undone}")
                (session.undo if kind == "undo" else session.redo)(count)
            else:
                _say(words, f"{position + 1} {position + 1}")
                if kind == "apply":
                    session.apply(chance.choice(OVERLAYS))
                elif kind == "hold":
                    session.hold("/soc", "somebody")
                else:
                    session.remove(listed[-1].number)
            _say(words, "made")


def _say(words: int, text: str) -> None:
    os.write(words, f"{text}\n".encode())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
