from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dtovl import load
from dtovl.model.compare import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]


def test_a_plan(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "sensor.dtbo", "-o", "out.dtb")) == snapshot


def test_both_appliers_show_the_same_plan(dtovl: Run) -> None:
    """Their changesets differ: libfdt brings a subtree at once, Linux node by node."""
    overlays = ("connector.dtbo", "display.dtbo", "sensor.dtbo")
    of_linux = str(dtovl("apply", "gateway.dtb", *overlays, "--applier", "linux"))
    of_libfdt = str(dtovl("apply", "gateway.dtb", *overlays))
    assert of_linux.partition("Plan:")[0] == of_libfdt.partition("Plan:")[0]


def test_a_plan_of_one_property(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dts", "uart1-okay.dtso")) == snapshot


def test_a_plan_as_json(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    result = dtovl("apply", "gateway.dtb", "sensor.dtbo", "--format", "json")
    assert str(result) == snapshot


def test_a_refusal_as_json(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    result = dtovl("apply", "gateway.dtb", "connector.dtbo", "missing-path.dtso", "--format=json")
    assert str(result) == snapshot


def test_a_stale_symbol(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "stale-symbol.dtb", "amplifier.dtbo")) == snapshot


@pytest.mark.parametrize(
    "overlay",
    ["unit-address", "reg-cells", "same-address", "same-value", "no-fragments", "macros"],
)
def test_what_is_odd(dtovl: Run, overlay: str, snapshot: SnapshotAssertion) -> None:
    source = ("-I", "include", "-D", "KEY=28")
    assert str(dtovl("apply", "gateway.dtb", f"{overlay}.dtso", *source)) == snapshot


def test_a_stack_in_the_wrong_order(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    result = dtovl("apply", "gateway.dtb", "display.dtbo", "connector.dtbo", "-o", "out.dtb")
    assert str(result) == snapshot
    assert not Path("out.dtb").exists()


def test_quiet_shows_findings_only(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "sensor.dtbo", "--quiet")) == "--- exit 0"
    assert str(dtovl("apply", "gateway.dtb", "same-value.dtso", "--quiet")) == snapshot


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 0), ("warning", 1), ("info", 1), ("never", 0)]
)
def test_fail_on_sets_the_exit_code(dtovl: Run, fail_on: str, code: int) -> None:
    result = dtovl("apply", "gateway.dtb", "same-value.dtso", "--fail-on", fail_on)
    assert str(result).endswith(f"--- exit {code}")


def test_never_spares_a_refusal(dtovl: Run) -> None:
    result = dtovl("apply", "gateway.dtb", "missing-label.dtbo", "--fail-on", "never")
    assert str(result).endswith("--- exit 0")


def test_the_result_as_source_on_standard_output(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    result = dtovl("apply", "gateway.dtb", "uart1-okay.dtbo", "-o", "-", "--out-format", "dts")
    assert str(result) == snapshot


def test_the_result_as_a_blob_is_the_same_tree(dtovl: Run) -> None:
    dtovl("apply", "gateway.dtb", "sensor.dtbo", "-o", "out.dtb")
    dtovl("apply", "gateway.dtb", "sensor.dtbo", "-o", "out.dts")
    assert same(load("out.dtb"), load("out.dts"), ordered=True)


def test_symbols_can_be_left_out(dtovl: Run) -> None:
    dtovl("apply", "gateway.dtb", "sensor.dtbo", "-o", "out.dtb", "--no-symbols")
    tree = load("out.dtb")
    assert tree.symbols is None
    assert tree.find("/soc/i2c@41000/sensor@48") is not None


def test_padding_is_made(dtovl: Run) -> None:
    dtovl("apply", "gateway.dtb", "sensor.dtbo", "-o", "out.dtb", "--pad", "100")
    assert len(load("out.dtb").header.padding) == 100


def test_an_input_is_not_overwritten(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    dtovl("convert", "gateway.dtb", "-o", "base.dtb")
    before = Path("base.dtb").read_bytes()
    result = dtovl("apply", "base.dtb", "sensor.dtbo", "-o", "base.dtb")
    assert str(result) == snapshot
    assert Path("base.dtb").read_bytes() == before
    assert str(dtovl("apply", "base.dtb", "sensor.dtbo", "-o", "base.dtb", "--force")).endswith("0")
    assert Path("base.dtb").read_bytes() != before


def test_a_refusal_leaves_out_as_it_was(dtovl: Run) -> None:
    Path("out.dtb").write_bytes(b"before")
    dtovl("apply", "gateway.dtb", "missing-label.dtbo", "-o", "out.dtb")
    assert Path("out.dtb").read_bytes() == b"before"


def test_values_are_those_of_their_overlay(dtovl: Run) -> None:
    """A later overlay changes a property that an earlier one brought; the plan keeps them apart."""
    result = dtovl("apply", "gateway.dtb", "connector.dtbo", "display.dtbo", "--format", "json")
    document = json.loads(str(result).rpartition("--- exit")[0])
    found = [
        (change["overlay"], one["old_text"], one["new_text"])
        for change in document["changes"]
        for one in change["properties"]
        if one["name"] == "spi-max-frequency"
    ]
    assert found == [(1, None, "<1000000>"), (2, "<1000000>", "<32000000>")]


def room(dtovl: Run, *arguments: str) -> dict[str, int]:
    report = str(dtovl("apply", *arguments, "--format", "json")).partition("\n---")[0]
    found: dict[str, int] = json.loads(report)["room"]
    return found


def test_room_is_that_of_the_base_as_given_and_of_what_is_written(dtovl: Run) -> None:
    bare = ("gateway-without-symbols.dtb", "sensor.dtbo", "--symbols-from", "gateway.dts")
    found = room(dtovl, *bare, "-o", "out.dtb", "--pad", "0")
    size = Path("gateway-without-symbols.dtb").stat().st_size
    assert found["base"] == size - found["padding"]
    assert found["total"] == Path("out.dtb").stat().st_size
    assert found["growth"] == found["total"] - found["base"]
    less = room(dtovl, *bare, "-o", "less.dtb", "--pad", "0", "--no-symbols")
    assert less["total"] == Path("less.dtb").stat().st_size < found["total"]
    assert less["base"] == found["base"]


@pytest.mark.parametrize("overlay", ["sensor.dtbo", "missing-label.dtbo"])
def test_the_plan_names_standard_output(process: Run, overlay: str) -> None:
    refused = overlay.startswith("missing")
    to = "" if refused else "2>&1 >/dev/null"
    report = str(process(f"dtovl apply gateway.dtb {overlay} -o - {to}"))
    words = "nothing written to" if refused else "wrote the result to"
    assert f"\n{words} standard output\n" in report


def test_standard_output_has_the_blob_alone(process: Run, compiled: Path) -> None:
    process("dtovl apply gateway.dtb sensor.dtbo -o - >alone.dtb")
    process("dtovl apply gateway.dtb sensor.dtbo -o file.dtb")
    assert (compiled / "alone.dtb").read_bytes() == (compiled / "file.dtb").read_bytes()
