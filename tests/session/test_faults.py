"""The faults D01 and D02: Ctrl-C between two entries, and an output that cannot be written."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.blob import blob
from support.boards import BASE, tree_lines
from support.overlays import at, lines, overlay_content, overlay_of, state
from support.trees import tree_of

import dtovl
from dtovl.changeset import SetProperty
from dtovl.cli import run
from dtovl.errors import InputError
from dtovl.live.changeset import LiveChangeset
from dtovl.model.dialect import LINUX
from dtovl.overlay.apply import apply_overlay
from dtovl.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import CodeType, FrameType

FRAGMENTS = (at("/soc", {"p": 1, "n": {"q": 1}}), at("/soc/bare", {"x": 9, "y": 9}))
OVERLAY = blob(overlay_content(*FRAGMENTS))
FIRST = blob(overlay_content(at("/soc", {"first": {}})))


@pytest.fixture
def interrupt() -> Iterator[Callable[[CodeType, int], None]]:
    """Give a function that lets Ctrl-C strike when a function is entered for the nth time."""

    def arm(code: CodeType, nth: int) -> None:
        left = nth

        def watch(frame: FrameType, event: str, _: object) -> None:
            nonlocal left
            if event == "call" and frame.f_code is code:
                left -= 1
                if not left:
                    sys.setprofile(None)
                    raise KeyboardInterrupt

        sys.setprofile(watch)

    yield arm
    sys.setprofile(None)


class CtrlC(dict[str, str]):
    """Faults of a live tree at whose place Ctrl-C strikes instead."""

    def __init__(self, place: str) -> None:
        super().__init__({place: ""})

    def pop(self, place: str, default: Any = None) -> Any:
        if place in self:
            raise KeyboardInterrupt
        return default


def names(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "base.dtb").write_bytes(blob(BASE))
    (tmp_path / "cam.dtbo").write_bytes(OVERLAY)
    (tmp_path / "first.dtbo").write_bytes(FIRST)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def limited(*arguments: str) -> tuple[int, str]:
    """Run a command that cannot write to any file, as on a full disk."""
    command = ["bash", "-c", 'ulimit -f 0; exec "$@"', "-", sys.executable, "-m", "dtovl"]
    done = subprocess.run(
        [*command, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


# -- D01 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 2, 4])
def test_d01_a_tree_is_as_before(nth: int, interrupt: Callable[[CodeType, int], None]) -> None:
    tree = tree_of(BASE)
    before = state(tree)
    interrupt(SetProperty.apply.__code__, nth)
    with pytest.raises(KeyboardInterrupt):
        apply_overlay(tree, overlay_of(*FRAGMENTS), LINUX)
    assert state(tree) == before
    assert apply_overlay(tree, overlay_of(*FRAGMENTS), LINUX).applies


def test_d01_no_file_is_written(
    folder: Path, interrupt: Callable[[CodeType, int], None], capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "out.dtb").write_bytes(b"old")
    before = names(folder)
    interrupt(SetProperty.apply.__code__, 2)
    assert run(["apply", "base.dtb", "cam.dtbo", "-o", "out.dtb"]) == 130
    assert names(folder) == before
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("place", ["apply-entry-0", "apply-entry-3", "node-copy"])
def test_d01_a_session_is_as_before(folder: Path, place: str) -> None:
    with Session.create("s", "base.dtb") as session:
        session.apply("first.dtbo")
        files, tree = names(folder), tree_lines(session.machine.live)
        session.machine.live.faults = CtrlC(place)
        with pytest.raises(KeyboardInterrupt):
            session.apply("cam.dtbo")
        assert names(folder) == files
        for one in (session, Session.open("s")):
            assert one.position == 1
            assert tree_lines(one.machine.live) == tree
            assert [record.number for record in one.machine.overlays.listed] == [1]
            # Nothing is left of what was done half.
            assert one.machine.live.faults == {}
            one.refresh()
        done = session.apply("cam.dtbo")
        assert done[0].result["id"] == 2


def test_d01_a_session_is_as_before_a_removal(folder: Path) -> None:
    with Session.create("s", "base.dtb") as session:
        session.apply("cam.dtbo")
        tree = tree_lines(session.machine.live)
        session.machine.live.faults = CtrlC("revert-entry-1")
        with pytest.raises(KeyboardInterrupt):
            session.remove(1)
        assert session.position == 1
        assert tree_lines(session.machine.live) == tree
        assert session.remove(1).result["ret"] == 0


def test_d01_a_session_command_leaves_the_file_as_it_was(
    folder: Path, interrupt: Callable[[CodeType, int], None], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "s", "base.dtb"]) == 0
    before = names(folder)
    interrupt(LiveChangeset.notify_applied.__code__, 1)
    assert run(["apply", "--session", "s", "cam.dtbo"]) == 130
    assert names(folder) == before
    assert "Traceback" not in capfd.readouterr().err


# -- D02 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("out", ["gone/out.dtb", "base.dtb/out.dtb", "."])
def test_d02_an_output_that_cannot_be_made(
    folder: Path, out: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = names(folder)
    assert run(["apply", "base.dtb", "cam.dtbo", "-o", out]) == 2
    assert names(folder) == before
    assert out in capfd.readouterr().err


def test_d02_a_full_disk_leaves_the_old_output(folder: Path) -> None:
    (folder / "out.dtb").write_bytes(b"old")
    before = names(folder)
    code, errors = limited("apply", "base.dtb", "cam.dtbo", "-o", "out.dtb")
    assert code == 2
    assert "out.dtb" in errors
    assert "Traceback" not in errors
    assert names(folder) == before


def test_d02_a_full_disk_leaves_a_session(folder: Path) -> None:
    assert run(["init", "s", "base.dtb"]) == 0
    before = names(folder)
    for arguments in (
        ("apply", "--session", "s", "cam.dtbo"),
        ("export", "--session", "s", "-o", "out.dtb"),
        ("init", "other", "base.dtb"),
    ):
        code, errors = limited(*arguments)
        assert code == 2, errors
        assert "Traceback" not in errors
        assert names(folder) == before


def test_d02_the_tree_in_memory_stays_applied(folder: Path) -> None:
    tree, twin = dtovl.load("base.dtb"), dtovl.load("base.dtb")
    for one in (tree, twin):
        assert dtovl.apply_overlay(one, dtovl.load("cam.dtbo")).applies
    with pytest.raises(InputError):
        dtovl.dump(tree, "gone/out.dtb")
    assert lines(tree) == lines(twin)
