"""`dtovl audit` as people run it: a log alone, and a log held against a board and overlays."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., Any]

LOG = ("audit", "logs/dmesg.txt")
BOARD = ("--base", "gateway.dtb", "sensor.dtbo", "camera.dtbo", "missing-label.dtbo")


@pytest.mark.parametrize("options", [[], ["-v"], ["-q"], ["--format", "json"]], ids=" ".join)
@pytest.mark.parametrize("board", [(), BOARD], ids=["alone", "board"])
def test_a_log(
    dtovl: Run, board: tuple[str, ...], options: list[str], snapshot: SnapshotAssertion
) -> None:
    assert str(dtovl(*LOG, *board, *options)) == snapshot


def test_sources_are_read_as_blobs_are(dtovl: Run) -> None:
    sources = [name.replace(".dtbo", ".dtso").replace(".dtb", ".dts") for name in BOARD]
    wanted, found = (
        json.loads(dtovl(*LOG, *board, "--format", "json").out) for board in (BOARD, sources)
    )
    assert [one["nodes"] for one in found["findings"]] == [
        one["nodes"] for one in wanted["findings"]
    ]


@pytest.mark.parametrize(
    ("line", "fail_on", "code"),
    [
        ("usb 1-1: new device", "info", 0),
        ("OF: changeset: applying...", "warning", 0),
        ("OF: changeset: applying...", "info", 1),
        ("acme a: Adding to IOMMU failed: -22", "error", 0),
        ("acme a: Adding to IOMMU failed: -22", "warning", 1),
        ("OF: overlay: overlay #1 is not topmost", "error", 1),
        ("OF: overlay: overlay #1 is not topmost", "never", 0),
    ],
)
def test_the_exit_code(dtovl: Run, tmp_path: Path, line: str, fail_on: str, code: int) -> None:
    (tmp_path / "log").write_text(line)
    assert dtovl("audit", "log", "--fail-on", fail_on).code == code


def test_standard_input(process: Run, snapshot: SnapshotAssertion) -> None:
    assert str(process("grep topmost logs/dmesg.txt | dtovl audit -")) == snapshot


def test_an_empty_log(dtovl: Run, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "log").touch()
    assert str(dtovl("audit", "log")) == snapshot


def test_a_log_of_other_things(dtovl: Run, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "log").write_text("usb 1-1: new device\n" * 3)
    assert str(dtovl("audit", "log")) == snapshot


def test_many_lines_alike_are_shown_in_part(
    dtovl: Run, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    lines = (f"OF: changeset notifier error @/soc/n{number}" for number in range(9))
    (tmp_path / "log").write_text("\n".join(lines))
    assert str(dtovl("audit", "log")) == snapshot


def test_names_from_a_log_are_escaped(dtovl: Run, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(
        b"OF: changeset notifier error @/a\xe2\x80\xae\x9b31m::error::\n"
    )
    for form in ("text", "json"):
        out = dtovl("audit", "log", "--format", form).out
        assert not {"\x9b", "\x80", "\u202e"} & set(out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "gateway.dtb"),
        ("audit", "log.gz"),
        ("audit", "no-such-log"),
        ("audit", "logs/dmesg.txt", "sensor.dtbo"),
        ("audit", "-", "--base", "-"),
        ("audit", "logs/dmesg.txt", "--base", "sensor.dtbo"),
        ("audit", "logs/dmesg.txt", "--base", "no-such.dtb"),
        ("audit", "logs"),
    ],
    ids=" ".join,
)
def test_what_gives_no_verdict(
    dtovl: Run, tmp_path: Path, arguments: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"x", mtime=0))
    found = dtovl(*arguments)
    assert found.code == 2
    assert str(found) == snapshot


def test_a_damaged_overlay_is_audited_as_the_kernel_saw_it(dtovl: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.dtbo").write_bytes(b"\xd0\x0d\xfe\xed" + bytes(60))
    (tmp_path / "log").write_text("OF: overlay: Invalid overlay_fdt header\n")
    found = dtovl("audit", "log", "--base", "gateway.dtb", "bad.dtbo", "--format", "json")
    document = json.loads(found.out)
    assert found.code == 1
    assert [one["name"] for one in document["findings"][0]["overlays"]] == ["bad.dtbo"]
    assert document["overlays"][0]["id"] is None
