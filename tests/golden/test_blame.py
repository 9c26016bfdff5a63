"""`dtovl blame`, `show` with overlays and --blame, and forecasts as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.blob import blob
from support.overlays import at, overlay_content

from dtovl import load
from dtovl.model.compare import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]

STACK = ("gateway.dtb", "connector.dtbo", "display.dtbo")
HOSTILE = "\x1b[2J\n%0A[red]\\\xff{0}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["blame", *STACK, "/soc/spi@50000/status"],
        ["blame", *STACK, "slot/panel:acme,console"],
        ["blame", *STACK, "/__symbols__:slot"],
        ["blame", *STACK, "slot"],
        ["blame", *STACK, "spi0:status", "--format", "json"],
        ["blame", *STACK, "slot/panel", "--format", "json"],
        ["blame", *STACK, "spi0:status", "--applier", "linux"],
        ["blame", "gateway.dtb", "uart0:status"],
        ["blame", *STACK, "spi0:statsu"],
        ["blame", *STACK, "spi0/statsu"],
        ["blame", *STACK, "/soc/spi@5000"],
        ["blame", *STACK, "/soc/serial"],
        ["blame", "gateway.dtb", "display.dtbo", "spi0"],
        ["blame", "gateway.dtb"],
        ["blame", "gateway.dtb", "display.dtbo"],
        ["show", *STACK, "spi0", "--blame"],
        ["show", *STACK, "slot", "--depth", "0", "--blame", "--format", "json"],
        ["show", *STACK, "slot"],
        ["show", *STACK, "--blame", "--format", "dts"],
        ["show", "gateway.dtb", "nothing.dtbo"],
    ],
    ids=" ".join,
)
def test_output(dtovl: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl(*arguments)) == snapshot


def test_a_forecast_as_json(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    overlays = ("wifi-rail.dtbo", "wifi-supply.dtbo", "sensor.dtbo")
    document = str(dtovl("apply", "gateway.dtb", *overlays, "--format", "json"))
    assert json.loads(document.rpartition("--- exit")[0])["forecast"] == snapshot


def test_a_forecast_alone_changes_no_exit_code(dtovl: Run) -> None:
    overlays = ("wifi-rail.dtbo", "wifi-supply.dtbo")
    assert str(dtovl("apply", "gateway.dtb", *overlays, "--forecast")).endswith("exit 0")
    warned = dtovl("apply", "gateway.dtb", *overlays, "--forecast", "--fail-on", "warning")
    assert str(warned).endswith("exit 1")
    silent = dtovl("apply", "gateway.dtb", *overlays, "--fail-on", "info")
    assert str(silent).endswith("exit 0")
    quiet = str(dtovl("apply", "gateway.dtb", *overlays, "--forecast", "--quiet"))
    assert quiet.startswith("warning[DT241]")
    assert "DT240" not in quiet


def test_shown_with_overlays_is_what_apply_writes(dtovl: Run) -> None:
    dtovl("apply", *STACK, "-o", "out.dtb")
    source = str(dtovl("show", *STACK, "--format", "dts")).rpartition("--- exit")[0]
    Path("shown.dts").write_text(source, encoding="ascii")
    assert same(load("out.dtb"), load("shown.dts"))


def test_a_file_of_the_name_of_a_node_is_a_file(dtovl: Run) -> None:
    Path("uart0").write_bytes(Path("sensor.dtbo").read_bytes())
    assert str(dtovl("show", "gateway.dtb", "uart0")).startswith("gateway.dtb with uart0:")
    assert str(dtovl("show", "gateway.dtb", "&uart0")).startswith("gateway.dtb:")


def test_hostile_names_stay_text(dtovl: Run) -> None:
    Path("base.dtb").write_bytes(blob({"soc": {"compatible": "a", HOSTILE: {HOSTILE: 1}}}))
    first = overlay_content(at("/soc", {HOSTILE: {HOSTILE: 2, "x" * 300: b"y" * 300}}))
    second = overlay_content(at(f"/soc/{HOSTILE}", {HOSTILE: {HOSTILE: 3}}))
    for name, content in (("1.dtbo", first), ("2.dtbo", second)):
        content[f"fragment@{HOSTILE}"] = content.pop("fragment@0")
        Path(name).write_bytes(blob(content))
    for command in (
        ("blame", "base.dtb", "1.dtbo", "2.dtbo", f"/soc/{HOSTILE}"),
        ("blame", "base.dtb", "1.dtbo", "2.dtbo", f"/soc/{HOSTILE}:{HOSTILE}"),
        ("show", "base.dtb", "1.dtbo", "2.dtbo", "--blame"),
        ("apply", "base.dtb", "1.dtbo", "2.dtbo", "--forecast"),
    ):
        for form in ("text", "json"):
            result = str(dtovl(*command, "--format", form))
            assert result.endswith("--- exit 0"), result
            assert "\x1b" not in result
            assert "Traceback" not in result


def test_columns_fit_the_terminal(dtovl: Run) -> None:
    for command in (
        ("blame", *STACK, "spi0"),
        ("blame", *STACK, "slot:spi-max-frequency"),
        ("show", *STACK, "soc", "--blame"),
    ):
        lines = str(dtovl(*command)).splitlines()
        assert max(map(len, lines)) <= 80, command
