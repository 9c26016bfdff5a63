"""`dtovl probe`: order, chains, the difference that an overlay makes, in every form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.blob import blob
from support.overlays import at, overlay_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.trees import Content
    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]

CAMERA = ("gateway.dtb", "camera.dtbo")
TABLE = ("--drivers", "gateway.drivers.yaml")
HOSTILE = "\x1b[2J\n::error::<img src=x>%0A[red]\\\xff{0}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["gateway.dtb"],
        ["gateway.dtb", *TABLE],
        ["gateway.dtb", *TABLE, "--fw-devlink", "off"],
        ["gateway.dtb", *TABLE, "--fw-devlink", "permissive", "--order"],
        [*CAMERA],
        [*CAMERA, "-v"],
        [*CAMERA, "-q"],
        [*CAMERA, *TABLE],
        [*CAMERA, "--no-modules", "--strict", "--fail-on", "never"],
        [*CAMERA, "--order"],
        [*CAMERA, "--groups"],
        [*CAMERA, "--dot"],
        [*CAMERA, "--format", "json", "--why", "expander"],
        ["gateway.dtb", "sensor.dtbo"],
        ["gateway.dtb", "same-value.dtbo"],
        [*CAMERA, "--why", "i2c1/camera"],
        [*CAMERA, "--why", "cam_rail"],
        [*CAMERA, "--why", "uart1"],
        ["gateway.dtb", "--why", "intc"],
        ["gateway.dtb", "--why", "soc"],
        ["gateway.dtb", "--why", "wifi"],
        ["gateway.dtb", "--why", "uart0_pins"],
        ["gateway.dtb", "--why", "/"],
        ["gateway.dtb", "--why", "/chosen"],
        ["gateway.dtb", "--why", "/soc/i2c@4000"],
        ["gateway.dtb", "--why", "/soc/serial"],
        ["gateway.dtb", "--order", "--groups"],
        ["gateway.dtb", "--why", "uart0", "--dot"],
        ["gateway.dtb", "--dot", "--format", "json"],
        ["gateway.dtb", "--fw-devlink", "maybe"],
        ["camera.dtbo"],
        ["gateway.dtb", "gateway-b.dtb"],
        ["gateway.dtb", "missing-label.dtbo"],
        ["gatewai.dtb"],
        ["gateway.dtb", "--drivers", "none.yaml"],
        ["gateway.dtb", "--drivers", "gateway.dtb"],
        ["gateway.dtb", "-o", "gateway.dtb"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_output(dtovl: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("probe", *arguments)) == snapshot


def test_all_mistakes_of_a_table(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    Path("bad.yaml").write_text(
        "fw_devlinks: on\ndrivers:\n- {name: a, match: 'x,y', level: devise}\n- {name: b}\n",
        encoding="ascii",
    )
    assert str(dtovl("probe", "gateway.dtb", "--drivers", "bad.yaml")) == snapshot


def test_the_base_s_own_problems_count_with_all(dtovl: Run) -> None:
    dtovl("apply", *CAMERA, "-o", "stuck.dtb")
    assert str(dtovl("probe", "stuck.dtb")).endswith("exit 1")
    calm = str(dtovl("probe", "stuck.dtb", "uart1-okay.dtbo"))
    assert "2 devices never bind on stuck.dtb itself: --all" in calm
    assert calm.endswith("exit 0")
    whole = str(dtovl("probe", "stuck.dtb", "uart1-okay.dtbo", "--all"))
    assert "error[L034]" in whole
    assert whole.endswith("exit 1")
    found = json.loads(
        str(dtovl("probe", "stuck.dtb", "uart1-okay.dtbo", "--format", "json")).partition("---")[0]
    )
    assert [one["caused"] for one in found["findings"]] == [False, False]
    assert found["difference"]["deferred"] == {}


def test_a_failed_probe_is_told_with_what_is_wrong(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    board: Content = {
        "clk": {"compatible": "a,clk", "#clock-cells": 1, "phandle": 1},
        "uart": {"compatible": "a,uart", "clocks": 1},
        "spi": {"compatible": "a,spi", "clocks": [9, 1]},
    }
    Path("board.dtb").write_bytes(blob(board))
    assert str(dtovl("probe", "board.dtb")) == snapshot
    assert str(dtovl("probe", "board.dtb", "--fail-on", "never")).endswith("exit 0")


def test_a_driver_that_fails_by_itself_counts(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    Path("one.yaml").write_text(
        "drivers:\n"
        "- {name: bus, match: simple-bus}\n"
        "- {name: pins, match: 'acme,pinctrl'}\n"
        "- {name: uart, match: 'acme,uart', fails: -5}\n",
        encoding="ascii",
    )
    assert str(dtovl("probe", "gateway.dtb", "--drivers", "one.yaml")) == snapshot
    assert (
        str(dtovl("probe", "gateway.dtb", "uart1-okay.dtbo", "--drivers", "one.yaml")) == snapshot
    )


def test_masters_behind_an_iommu(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    board: Content = {
        "gpu": {"compatible": "a,gpu", "iommus": [1, 4], "clocks": 2},
        "vpu": {"compatible": "a,vpu", "iommus": [1, 4]},
        "dma": {"compatible": "a,dma", "iommus": [1, 5]},
        "iommu": {"compatible": "a,iommu", "#iommu-cells": 1, "phandle": 1},
        "clk": {"compatible": "a,clk", "#clock-cells": 0, "phandle": 2},
    }
    Path("board.dtb").write_bytes(blob(board))
    assert str(dtovl("probe", "board.dtb", "--groups")) == snapshot


def test_the_name_of_the_file_tells_the_form(dtovl: Run) -> None:
    for name, start in (
        ("out.html", "<!doctype html>"),
        ("out.json", "{\n"),
        ("out.dot", "digraph "),
        ("out.txt", "gateway.dtb with"),
    ):
        assert str(dtovl("probe", *CAMERA, "-o", name)) == f"wrote {name}\n--- exit 1"
        assert Path(name).read_text(encoding="utf-8").startswith(start)
    dtovl("probe", *CAMERA, "-o", "out.html", "--format", "json", "-q")
    assert Path("out.html").read_text(encoding="utf-8").startswith("{\n")
    assert str(dtovl("probe", *CAMERA, "-o", "-", "--format", "dot")).startswith("digraph ")


def test_hostile_names_stay_text(dtovl: Run) -> None:
    base: Content = {
        "soc": {"compatible": HOSTILE, "phandle": 1},
        HOSTILE: {"compatible": "a,b", "vcc-supply": 2, "phandle": 3},
        "rail": {"compatible": HOSTILE, "status": "disabled", "phandle": 2},
        "user": {"compatible": f"</script>{HOSTILE}2", f"{HOSTILE}-supply": 3},
    }
    Path("base.dtb").write_bytes(blob(base))
    Path("1.dtbo").write_bytes(blob(overlay_content(at("/", {f"{HOSTILE}2": {"compatible": "x"}}))))
    for files in (("base.dtb",), ("base.dtb", "1.dtbo", "--all")):
        for form in ("text", "json", "dot", "html"):
            result = str(dtovl("probe", *files, "--format", form))
            assert result.endswith("--- exit 1"), result
            assert "\x1b" not in result
            assert "\n::error" not in result
            report = result.partition("--- stderr")[0]
            assert "<img" not in report or form != "html"
            assert report.count("</script>") == 1 or form != "html"
    why = str(dtovl("probe", "base.dtb", "--why", f"/{HOSTILE}"))
    assert "\x1b" not in why
    assert "/rail is disabled" in why


def test_lines_fit_the_terminal_but_those_of_the_kernel(dtovl: Run) -> None:
    for command in (CAMERA, (*CAMERA, "-v"), (*CAMERA, "--why", "i2c1/camera"), ("gateway.dtb",)):
        for line in str(dtovl("probe", *command)).splitlines():
            assert len(line) <= 80 or "\t" in line, line


def test_colour_and_pipes(process: Run) -> None:
    coloured = str(process("dtovl probe gateway.dtb camera.dtbo --color always"))
    assert "\x1b[" in coloured
    assert "\x1b[" not in str(process("dtovl probe gateway.dtb camera.dtbo"))
    assert str(process("set -o pipefail; dtovl probe gateway.dtb -v | head -1")).startswith(
        "gateway.dtb: 8 devices, 8 bind\n"
    )
    piped = str(process("dtovl probe - camera.dtbo --order < gateway.dtb"))
    assert piped.startswith("/regulator-3v3\n")
    assert str(process("dtovl probe gateway.dtb --order >&-; echo $?")).startswith("0\n")


def test_completion_knows_the_command(process: Run) -> None:
    words = "_DTOVL_COMPLETE=bash_complete COMP_WORDS='dtovl probe --fw-devlink p' COMP_CWORD=3"
    assert "plain,permissive" in str(process(f"{words} dtovl"))
