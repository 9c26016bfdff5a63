"""Random sequences of operations: undone they give the base back, done again the same state."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from session.boards import BOARD, BUS, ENABLE, EXPORTS, MISSING, SENSOR, USES

from dtovl import Session, load
from dtovl.errors import UsageError
from dtovl.fdt.write import flatten
from dtovl.session.digest import tree_digest

OVERLAYS = (SENSOR, ENABLE, BUS, EXPORTS, USES, MISSING)
PATHS = ("/soc", "/soc/i2c@1000/sensor@48", "/soc/dev@3000/port", "/soc/codec@4000")
BASE = flatten(load(BOARD))

operations = st.one_of(
    st.tuples(st.just("apply"), st.integers(0, len(OVERLAYS) - 1)),
    st.tuples(st.just("remove"), st.integers(1, 3)),
    st.tuples(st.just("hold"), st.integers(0, len(PATHS) - 1)),
    st.tuples(st.just("release"), st.integers(0, len(PATHS) - 1)),
    st.tuples(st.just("edit"), st.integers(0, len(PATHS) - 1)),
    st.tuples(st.just("undo"), st.integers(1, 3)),
    st.tuples(st.just("redo"), st.integers(1, 3)),
)


def carry_out(session: Session, kind: str, number: int) -> None:
    """Do one operation; what does not fit the state is refused and changes nothing."""
    with suppress(UsageError):
        if kind == "apply":
            session.apply(OVERLAYS[number])
        elif kind == "remove":
            session.remove(number)
        elif kind in ("hold", "release"):
            getattr(session, kind)(PATHS[number], "somebody")
        elif kind == "edit":
            if session.tree.find(PATHS[number]) is None:
                return
            step = {"op": "update_property", "node": PATHS[number], "name": "x"}
            session.do({**step, "value": f"{session.position:02x}"})
        else:
            getattr(session, kind)(number)


def picture(session: Session) -> tuple[object, ...]:
    """Give all that there is to compare of a session."""
    state = session.machine.state()
    return tree_digest(session.tree), flatten(session.export()), session.status(), state


@settings(max_examples=60)
@given(st.lists(operations, max_size=12))
def test_undo_and_redo(sequence: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.dtovl"
        with Session.create(path, BOARD, name="board.dtb") as session:
            for kind, number in sequence:
                carry_out(session, kind, number)
            before, count = picture(session), session.position
            with Session.open(path) as opened:
                assert picture(opened) == before
            if count:
                session.undo(count)
                assert flatten(session.export()) == BASE
                assert session.tree.root.properties == load(BOARD).root.properties
                session.redo(count)
            assert picture(session) == before
