"""One way to each code of session files, for the test that raises every code there is."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from session.boards import BOARD, BUS, ENABLE, MISSING, SENSOR

from dtovl.session import schema
from dtovl.session.replacing import find_listed
from dtovl.session.session import Session
from dtovl.session.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dtovl.diagnostics import Sink
    from dtovl.session.journal import Operation

    Refusal = Callable[[Sink, Path], Any]


def after(statement: str, use: Callable[[str], object]) -> Refusal:
    """Make a session, let something else change it, and use it."""

    def refusal(sink: Sink, folder: Path) -> None:
        path = made(folder)
        file = sqlite3.connect(path, isolation_level=None)
        file.execute(statement)
        use(path)
        file.close()

    return refusal


def made(folder: Path) -> str:
    path = str(folder / "s.dtovl")
    with Session.create(path, BOARD, name="board.dtb") as session:
        session.apply(SENSOR)
    return path


def differing(sink: Sink, folder: Path) -> None:
    """Keep another digest of the tree, with a seal that fits."""
    path = made(folder)
    store = Store(path)
    with store.writing():
        row, results = store.rows()[0], store.results()
        tree = schema.digest(b"other")
        before = store.head()
        seal = schema.head_seal(*before[:5])
        parts = row.step, row.content, tree, row.result
        assert row.content is not None
        data = store.contents()[row.content]
        store.cut(0)
        kept = schema.Row(1, *parts, schema.row_seal(seal, *parts))
        store.keep(row.content, data)
        store.append(kept, results[1])
        store.move(1, kept.seal)
    store.close()
    Session.open(path).status()


def pending(folder: Path) -> Session:
    """Give a session in which a replaced node is held."""
    session = Session.open(made(folder))
    session.hold("/soc/i2c@1000/sensor@48", "driver")
    session.replace([1], [ENABLE])
    return session


def replaced(refused: Callable[[Session], Operation]) -> Refusal:
    """Replace overlays while a node is held, then do what is refused; keep what is found."""

    def refusal(sink: Sink, folder: Path) -> None:
        sink.diagnostics.extend(refused(pending(folder)).findings)

    return refusal


def below_a_node(sink: Sink, folder: Path) -> None:
    session = Session.open(made(folder))
    parent = "/soc/i2c@1000/sensor@48"
    session.do(
        {"op": "new_node", "label": "mine", "parent": parent, "name": "mine"},
        {"op": "attach_node", "node": "mine"},
    )
    sink.diagnostics.extend(session.replace([1]).findings)


def listener_refuses(sink: Sink, folder: Path) -> None:
    session = Session.open(made(folder))
    session.do({"op": "fail", "chain": "overlay", "action": "pre-remove", "errno": "EBUSY"})
    sink.diagnostics.extend(session.replace([1]).findings)


def changed_stack(session: Session) -> Operation:
    session.apply(BUS)
    return session.reverse_replacement()


REFUSALS: dict[str, Refusal] = {
    "DT260": lambda sink, folder: Session.open(folder / "none"),
    "DT261": lambda sink, folder: Session.open(folder),
    "DT262": after("PRAGMA user_version = 9", Session.open),
    "DT263": after("DELETE FROM head", Session.open),
    "DT264": lambda sink, folder: Session.create(made(folder), BOARD),
    "DT265": after("BEGIN EXCLUSIVE", lambda path: Store(path, longest_wait=0.0)),
    "DT266": lambda sink, folder: Session.create(folder / "no" / "s.dtovl", BOARD),
    "DT267": differing,
    "DT268": lambda sink, folder: Session.open(made(folder)).undo(2),
    "DT270": lambda sink, folder: find_listed(Session.open(made(folder)), ["none"]),
    "DT271": lambda sink, folder: sink.diagnostics.extend(
        Session.open(made(folder)).replace([1], [MISSING]).findings
    ),
    "DT272": replaced(lambda session: session.replace([2])),
    "DT273": lambda sink, folder: sink.diagnostics.extend(
        Session.open(made(folder)).reverse_replacement().findings
    ),
    "DT274": replaced(changed_stack),
    "DT275": below_a_node,
    "DT276": listener_refuses,
    "DT277": replaced(lambda session: session.remove(1)),
    "DT269": lambda sink, folder: Session.open(made(folder)).release("/soc", "me"),
}
