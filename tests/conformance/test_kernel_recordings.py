"""dtovl does what each recorded kernel did, but for what is listed with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conformance import kernel

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "kernel"


@pytest.mark.corpus
@pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}")
@pytest.mark.parametrize("version", kernel.KERNELS)
def test_every_recorded_step_agrees(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = kernel.main([str(RECORDINGS), "--kernel", version])
    said = capsys.readouterr().out
    assert code == 0, said
    assert re.search(r"^agree \d+ of \d+ cases \(result ", said.splitlines()[-1])
