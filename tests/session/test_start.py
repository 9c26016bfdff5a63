"""What a command on a session imports: it is started as often as a shell prompt."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from session.boards import BOARD

from dtovl import Session

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"rich", "yaml", "dataclasses", "subprocess", "pcpp", "urllib.parse", "json"}
SCRIPT = """
import sys
from dtovl.__main__ import start
assert start(sys.argv[1:]) == 0
sys.stderr.write(" ".join(sys.modules))
"""


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stderr.split())


def test_status_imports_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / "s.dtovl"
    Session.create(path, BOARD).close()
    modules = loaded("status", "--session", str(path))
    assert "sqlite3" in modules
    assert not modules & HEAVY
    assert not {name for name in modules if name.startswith("dtovl.dts")}


def test_other_commands_do_not_import_sqlite(tmp_path: Path) -> None:
    board = tmp_path / "board.dtb"
    board.write_bytes(BOARD)
    for command in (("show", str(board)), ("apply", "--help")):
        modules = loaded(*command)
        assert "dtovl.cli" in modules
        assert not {name for name in modules if name.startswith(("sqlite3", "dtovl.session"))}
