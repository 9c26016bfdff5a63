"""Session files with changed bytes: the same session, or a refusal with a code; nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session.boards import BOARD, ENABLE, SENSOR

from dtovl import Session
from dtovl.errors import InputError
from dtovl.session.digest import tree_digest

if TYPE_CHECKING:
    from collections.abc import Callable

ALLOWED = {"DT261", "DT262", "DT263", "DT266"}


def state(path: Path) -> tuple[object, ...]:
    with Session.open(path) as session:
        history = [(one.step, one.result, one.in_force) for one in session.history()]
        return session.base, session.kernel, history, tree_digest(session.tree)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, tuple[object, ...]]:
    path = tmp_path_factory.mktemp("fuzz") / "s.dtovl"
    with Session.create(path, BOARD, name="board.dtb") as session:
        session.apply(SENSOR, ENABLE)
        session.hold("/soc", "me")
        session.remove(2)
        session.undo()
    return path, path.read_bytes(), state(path)


Whole = tuple[Path, bytes, tuple[object, ...]]


def attempt(work: Callable[[], object]) -> tuple[object, str]:
    """Give what work gives, or the code with which it is refused."""
    try:
        return work(), ""
    except InputError as error:
        return None, error.diagnostic.code.number


def redo(path: Path) -> None:
    with Session.open(path) as session:
        session.redo()


def check(whole: Whole, data: bytes) -> None:
    """Open a damaged file, and write to it: what is not refused must be the same session."""
    path, _, good = whole
    path.write_bytes(data)
    found, code = attempt(lambda: state(path))
    assert found == good if not code else code in ALLOWED
    assert path.read_bytes() == data
    _, written = attempt(lambda: redo(path))
    assert not written or (written in ALLOWED and path.read_bytes() == data)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@given(data=st.data())
def test_changed_bytes(whole: Whole, data: st.DataObject) -> None:
    _, good, _ = whole
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] ^= data.draw(st.integers(1, 255))
    check(whole, bytes(bad))


@given(at=st.integers(0, 99), value=st.integers(0, 255))
def test_changed_header(whole: Whole, at: int, value: int) -> None:
    bad = bytearray(whole[1])
    bad[at] = value
    check(whole, bytes(bad))


@given(share=st.floats(0.0, 1.0))
def test_cut_off(whole: Whole, share: float) -> None:
    good = whole[1]
    check(whole, good[: int(share * len(good))])


@given(page=st.integers(0, 7), other=st.integers(0, 7), fill=st.sampled_from([None, 0, 255]))
def test_changed_pages(whole: Whole, page: int, other: int, fill: int | None) -> None:
    good = whole[1]
    pages = [good[at : at + 4096] for at in range(0, len(good), 4096)]
    page, other = page % len(pages), other % len(pages)
    pages[page] = pages[other] if fill is None else bytes([fill]) * 4096
    check(whole, b"".join(pages))
