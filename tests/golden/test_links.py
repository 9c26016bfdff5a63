"""`dtovl links` as people run it: what does this device need, what does this overlay change?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., Any]

RAIL = ("wifi-rail.dtbo", "wifi-supply.dtbo")


@pytest.mark.parametrize(
    "arguments",
    [
        ("gateway.dtb",),
        ("gateway.dtb", "-vv"),
        ("gateway.dtb", "wifi"),
        ("gateway.dtb", "pinctrl"),
        ("gateway.dtb", "intc", "--reverse"),
        ("gateway.dtb", "--reverse", "--kind", "gpio,supply"),
        ("gateway.dtb", "sensor.dtbo", "uart1-okay.dtbo"),
        ("gateway.dtb", "sensor.dtbo", "--all"),
        ("gateway.dtb", "uart1-okay.dtbo", "uart1"),
        ("gateway.dtb", "same-value.dtbo"),
        ("gateway.dtb", "camera-cells.dtso"),
        ("gateway.dtb", "camera-cells.dtso", "/soc/i2c/camera"),
        ("gateway.dtb", *RAIL, "--remove", "wifi-rail.dtbo"),
        ("gateway.dtb", *RAIL, "wifi", "--remove", "wifi-rail.dtbo"),
        ("gateway.dtb", "wifi", "--format", "json"),
        ("gateway.dtb", "uart1-okay.dtbo", "--format", "json"),
        ("gateway.dtb", "sensor.dtbo", "--format", "dot"),
        ("--help",),
    ],
    ids=" ".join,
)
def test_output(dtovl: Run, arguments: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("links", *arguments)) == snapshot


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("gatewai.dtb",),
        ("sensor.dtbo",),
        ("gateway.dtb", "gateway-b.dtb"),
        ("gateway.dtb", "uart1-oky.dtbo"),
        ("gateway.dtb", "camra"),
        ("gateway.dtb", "camera-cells.dtsx"),
        ("gateway.dtb", "/soc/serial"),
        ("gateway.dtb", "uart0", "--node", "uart1"),
        ("gateway.dtb", "--kind", "clok"),
        ("gateway.dtb", "--kind", "zzzzzz"),
        ("gateway.dtb", "missing-label.dtbo"),
        ("gateway.dtb", "sensor.dtbo", "--remove", "senzor.dtbo"),
        ("gateway.dtb", "connector.dtbo", "display.dtbo", "--remove", "connector.dtbo"),
        ("gateway.dtb", "-o", "gateway.dtb"),
        ("text.dtb",),
    ],
    ids=" ".join,
)
def test_what_cannot_be_answered(
    dtovl: Run, arguments: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    Path("text.dtb").write_text("Not Found\n", encoding="ascii")
    result = dtovl("links", *arguments)
    assert result.code == 2
    assert result.out == ""
    assert str(result) == snapshot


def test_a_path_is_not_taken_for_a_file(dtovl: Run) -> None:
    Path("uart0").write_text("a file that is no tree", encoding="ascii")
    assert dtovl("links", "gateway.dtb", "uart0").code == 2
    Path("&uart0").write_text("another one", encoding="ascii")
    for arguments in (("&uart0",), ("--node", "uart0"), ("/soc/serial@30000",), ("serial0",)):
        result = dtovl("links", "gateway.dtb", *arguments)
        assert result.code == 0
        assert "/soc/serial@30000 (uart0)" in result.out
    assert dtovl("links", "gateway.dtb", "/").out == dtovl("links", "gateway.dtb").out


def test_the_base_may_be_source_or_standard_input(dtovl: Run, process: Run) -> None:
    blob = dtovl("links", "gateway.dtb").out
    assert dtovl("links", "gateway.dts").out == blob.replace("gateway.dtb", "gateway.dts")
    piped = process("dtovl links - uart0 < gateway.dtb")
    assert piped.out == dtovl("links", "gateway.dtb", "uart0").out.replace("gateway.dtb", "-")


def test_fail_on(dtovl: Run) -> None:
    wrong = ("links", "gateway.dtb", "camera-cells.dtso")
    assert dtovl(*wrong).code == 1
    assert dtovl(*wrong, "--fail-on", "never").code == 0
    assert dtovl("links", "gateway.dtb", "--fail-on", "warning").code == 0
    # What is wrong elsewhere is not this overlay's.
    stack = (*wrong, "-o", "/dev/null")
    assert dtovl(*stack).code == 1
    assert dtovl("links", "gateway.dtb", "camera-cells.dtso", "uart1").code == 0


def test_only_what_overlays_had_a_hand_in(dtovl: Run) -> None:
    assert dtovl("apply", "gateway.dtb", "camera-cells.dtso", "-o", "with.dtb", "-q").code == 0
    assert dtovl("links", "with.dtb").code == 1
    assert dtovl("links", "with.dtb", "uart1-okay.dtbo").code == 0
    assert dtovl("links", "with.dtb", "uart1-okay.dtbo", "--all").code == 1


def test_what_is_new_below_a_node_that_an_overlay_enables(dtovl: Run) -> None:
    Path("b.dts").write_text(
        """/dts-v1/; / { off: off { status = "disabled"; };
 bus: bus { status = "disabled"; leaf { compatible = "l"; a-supply = <&off>; }; }; };""",
        encoding="ascii",
    )
    Path("o.dtso").write_text('/dts-v1/; /plugin/; &bus { status = "okay"; };', encoding="ascii")
    assert "L006" not in dtovl("links", "b.dts").out
    assert "warning[L006] /bus/leaf: a-supply[0]" in dtovl("links", "b.dts", "o.dtso").out


@pytest.mark.parametrize("form", ["text", "json", "dot", "svg", "html"])
def test_output_to_a_file_is_what_goes_to_standard_output(dtovl: Run, form: str) -> None:
    arguments = ("links", "gateway.dtb", "camera-cells.dtso", "--format", form)
    shown = dtovl(*arguments)
    written = dtovl(*arguments, "-o", "out")
    assert (written.out, written.code) == ("", 1)
    assert Path("out").read_text("utf-8") == shown.out
    assert dtovl(*arguments, "-o", "-").out == shown.out
    assert dtovl(*arguments).out == shown.out


def test_json_holds_the_keys_of_each_rule(dtovl: Run) -> None:
    found = json.loads(dtovl("links", "gateway.dtb", "camera-cells.dtso", "--format", "json").out)
    by_rule = {one["rule"]: one for one in found["findings"]}
    assert (by_rule["L002"]["missing"], by_rule["L002"]["index"]) == ("#clock-cells", 0)
    assert (by_rule["L003"]["want"], by_rule["L003"]["have"]) == (2, 1)
    assert by_rule["L003"]["diagnostic"]["location"]["file"] == "camera-cells.dtso"
    assert found["counts"]["errors"] == 2


def test_linux_and_libfdt_give_the_same_links(dtovl: Run) -> None:
    stack = ("links", "gateway.dtb", "sensor.dtbo", "uart1-okay.dtbo")
    assert sorted(dtovl(*stack, "--applier", "linux").out.split("\n")) == sorted(
        dtovl(*stack).out.split("\n")
    )


def test_colour_only_where_it_is_wanted(process: Run) -> None:
    assert "\x1b" not in process("dtovl links gateway.dtb sensor.dtbo | cat").out
    assert "\x1b[32m+" in process("dtovl links gateway.dtb sensor.dtbo --color always").out
    assert "\x1b" not in process("dtovl links gateway.dtb sensor.dtbo --color never").out


@pytest.mark.parametrize("form", ["text", "json", "dot", "svg", "html"])
def test_a_reader_that_goes_keeps_the_verdict(process: Run, form: str) -> None:
    command = f"dtovl links gateway.dtb camera-cells.dtso --format {form}"
    result = process(f"{command} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}")
    assert (result.err, result.code) == ("", 1)
    assert process(f"{command} >&-").code == 1
