"""What `dtovl compat` says of overlays that a change of the boards breaks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.gitting import OWN, commit

from dtovl.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]

FIXTURES = Path(__file__).parents[2] / "fixtures" / "repo"

HEAD = """/dts-v1/;
/ {
	#address-cells = <1>;
	#size-cells = <1>;
	compatible = "ti,am335x-bone-black", "ti,am33xx";
	model = "TI AM335x BeagleBone Black";
	ocp: ocp {
		compatible = "simple-bus";
		#address-cells = <1>;
		#size-cells = <1>;
		ranges;
"""
OLD = """
		rtc: rtc@44e3e000 {
			compatible = "ti,am3352-rtc", "ti,da830-rtc";
			reg = <0x44e3e000 0x1000>;
		};
		uart1: serial@48022000 {
			compatible = "ti,am3352-uart";
			reg = <0x48022000 0x2000>;
		};
	};
};
"""
NEW = """
		l4_wkup: interconnect@44c00000 {
			compatible = "ti,am33xx-l4-wkup", "simple-pm-bus";
			#address-cells = <1>;
			#size-cells = <1>;
			ranges = <0 0x44c00000 0x400000>;
			segment@200000 {
				compatible = "simple-pm-bus";
				#address-cells = <1>;
				#size-cells = <1>;
				ranges = <0x3e000 0x23e000 0x1000>;
				target-module@3e000 {
					compatible = "ti,sysc-omap4-simple", "ti,sysc";
					reg = <0x3e074 0x4>;
					#address-cells = <1>;
					#size-cells = <1>;
					ranges = <0 0x3e000 0x1000>;
					rtc: rtc@0 {
						compatible = "ti,am3352-rtc", "ti,da830-rtc";
						reg = <0 0x1000>;
					};
				};
			};
		};
		uart1: serial@48022000 {
			compatible = "ti,am3352-uart";
			reg = <0x48022000 0x2000>;
		};
	};
};
"""
OVERLAY = """/dts-v1/;
/plugin/;

/ {
	compatible = "ti,am335x-bone-black";

	fragment@0 {
		target-path = "/ocp/rtc@44e3e000";
		__overlay__ {
			system-power-controller;
		};
	};
};
"""


@pytest.fixture
def kernels(dtovl: Run, tmp_path: Path) -> Run:
    """Make a folder with the boards of two kernels, and overlays."""
    for name, text in (
        ("4.19/am335x-boneblack.dts", HEAD + OLD),
        ("6.1/am335x-boneblack.dts", HEAD + NEW),
        ("overlays/BB-RTC.dtso", OVERLAY),
    ):
        (tmp_path / "bone" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bone" / name).write_text(text)
        source = str(tmp_path / "bone" / name)
        blob = source.replace(".dtso", ".dtbo").replace(".dts", ".dtb")
        assert run(("convert", "-@", source, "-o", blob)) == 0
        if not name.startswith("overlays"):
            Path(source).unlink()
    (tmp_path / "bone/dtovl.yaml").write_text("bases: [6.1/*.dtb]\noverlays: [overlays/*]\n")
    return dtovl


def test_a_kernel_update_moves_a_node(
    kernels: Run, snapshot: SnapshotAssertion, tmp_path: Path
) -> None:
    (tmp_path / "bone/overlays/BB-RTC.dtbo").unlink()
    assert str(kernels("compat", "--against", "bone/4.19", "bone")) == snapshot


def test_a_kernel_update_moves_a_node_under_a_blob(
    kernels: Run, snapshot: SnapshotAssertion, tmp_path: Path
) -> None:
    (tmp_path / "bone/overlays/BB-RTC.dtso").unlink()
    assert str(kernels("compat", "--against", "bone/4.19", "bone")) == snapshot


@pytest.fixture
def repo(dtovl: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Be in the fixture repository, one commit deep, its chip changed in many ways."""
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "clone"
    shutil.copytree(FIXTURES, folder, ignore=shutil.ignore_patterns(".dtovl-cache"))
    commit(folder)
    monkeypatch.chdir(folder)
    soc = folder / "boards/soc.dtsi"
    text = soc.read_text()
    for old, new in (
        ("uart2: serial@", "serial2: serial@"),
        ("rtc: rtc@44e3e000", "rtc: clock@44e3e000"),
        ("#gpio-cells = <2>", "#gpio-cells = <3>"),
        ('"acme,spi"', '"acme,spi-v2"'),
    ):
        assert old in text
        text = text.replace(old, new)
    soc.write_text(text)
    (folder / "boards/beacon-s.dts").unlink()
    return dtovl


def test_a_changed_repository(repo: Run, snapshot: SnapshotAssertion) -> None:
    assert str(repo("compat", "--against", "HEAD")) == snapshot


def test_a_changed_repository_for_a_code_review(repo: Run, snapshot: SnapshotAssertion) -> None:
    assert str(repo("compat", "--against", "HEAD", "--format", "github")) == snapshot


def test_an_unknown_commit(repo: Run, snapshot: SnapshotAssertion) -> None:
    assert str(repo("compat", "--against", "mian")) == snapshot


def test_nothing_to_compare_with(repo: Run, snapshot: SnapshotAssertion) -> None:
    assert str(repo("compat")) == snapshot
