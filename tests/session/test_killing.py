"""A session survives the death of its writer at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session.killing import kill_often

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

KILLS = 200


def test_no_damaged_and_no_lost_operation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = kill_often(str(tmp_path / "s.dtovl"), KILLS)
    assert tally.kills == KILLS
    # Kills that only ever strike between changes would show nothing.
    assert tally.counted > KILLS // 20
    assert tally.made > KILLS // 2
    with capsys.disabled():
        print(f"\n{tally}")
