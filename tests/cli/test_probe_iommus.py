"""`dtovl probe`: masters that are probed before their IOMMU registers."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtovl.cli import run

BOARD = """/dts-v1/;
/ { compatible = "acme,board";
  mmu: mmu { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
  off: off { compatible = "arm,smmu-v3"; #iommu-cells = <1>; status = "disabled"; };
  early: early { compatible = "acme,early"; #iommu-cells = <1>; };
  late { compatible = "acme,dma"; iommus = <&mmu 1>; };
  bypasses { compatible = "acme,dma"; iommus = <&off 1>; };
  served { compatible = "acme,dma"; iommus = <&early 1>; };
};
"""
TABLE = """modules: false
early: ['acme,early']
drivers:
- {name: dma, match: 'acme,dma', level: device}
- {name: smmu, match: 'arm,smmu-v3', level: late}
"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("drivers.yaml").write_text(TABLE)
    path = Path("board.dts")
    path.write_text(BOARD)
    return path


def test_a_master_whose_iommu_registers_late(
    board: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["probe", str(board), "--drivers", "drivers.yaml"]) == 0
    out = capfd.readouterr().out
    assert out.count("DT682") == 1
    assert "warning[DT682] /late probes before /mmu registers: -ENODEV" in out
    assert "2c  driver_deferred_probe_check_state: -ENODEV" in out


def test_without_a_table_iommus_register_in_time(
    board: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["probe", str(board), "--fail-on", "warning"]) == 0
    assert "DT682" not in capfd.readouterr().out
