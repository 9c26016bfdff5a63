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


LANES = """/dts-v1/; / {
 lanes: lanes { compatible = "a,lanes"; #acme,lane-cells = <1>; };
 off: off { compatible = "a,off"; #acme,lane-cells = <0>; status = "disabled"; };
 user { compatible = "a,user"; acme,lanes = <&lanes 3>, <&off>; };
};"""
CONFIG = "bindings:\n- {property: 'acme,lanes', cells: '#acme,lane-cells', fw_devlink: on}\n"


def test_bindings_of_the_configuration(dtovl: Run) -> None:
    Path("b.dts").write_text(LANES, encoding="ascii")
    Path("lanes.yaml").write_text(CONFIG, encoding="ascii")
    assert "acme,lanes[" not in dtovl("links", "b.dts").out
    assert dtovl("links", "b.dts", "--kind", "acme,lanes").code == 2
    named = dtovl("links", "b.dts", "--config", "lanes.yaml")
    assert "acme,lanes[0]  &lanes <3>" in named.out
    assert "warning[L006] /user: acme,lanes[1]" in named.out
    assert dtovl("links", "b.dts", "--config", "none.yaml").code == 2
    Path("lanes.yaml").rename("dtovl.yaml")
    assert dtovl("links", "b.dts") == named


def test_kinds_of_the_configuration(dtovl: Run) -> None:
    Path("b.dts").write_text(LANES, encoding="ascii")
    Path("dtovl.yaml").write_text(CONFIG.replace("on}", "on, kind: lane}"), encoding="ascii")
    assert "2 links of kind lane" in dtovl("links", "b.dts", "--kind", "lane").out
    assert "Did you mean 'lane'?" in dtovl("links", "b.dts", "--kind", "lanee").err


def test_removal_and_bindings_of_the_configuration(dtovl: Run) -> None:
    lanes = "lanes { #acme,lane-cells = <1>; phandle = <7>; };"
    user = "user { acme,lanes = <9 3>; };"  # Linux adds the largest phandle, and 1
    for name, content in (("lanes", lanes), ("user", user)):
        Path(f"{name}.dtso").write_text(
            f"/dts-v1/; /plugin/; &soc {{ {content} }};", encoding="ascii"
        )
    Path("b.dts").write_text("/dts-v1/; / { soc: soc { phandle = <1>; }; };", encoding="ascii")
    removal = ("links", "b.dts", "lanes.dtso", "user.dtso", "--remove", "lanes.dtso")
    assert "acme,lanes" not in dtovl(*removal).out
    Path("dtovl.yaml").write_text(CONFIG, encoding="ascii")
    assert "[L033] /soc/user: acme,lanes[0]" in dtovl(*removal).out


def test_maps_of_ids_by_kernel(dtovl: Run) -> None:
    Path("b.dts").write_text(
        """/dts-v1/; / { smmu: iommu { compatible = "a,smmu"; #iommu-cells = <2>; };
 pcie { compatible = "a,pcie"; device_type = "pci"; iommu-map = <0 &smmu 5 6 0x10>; }; };""",
        encoding="ascii",
    )
    assert "L018" in dtovl("links", "b.dts", "-v").out
    newer = dtovl("links", "b.dts", "-v", "--kernel", "7.2")
    assert "L018" not in newer.out
    assert "iommu-map[0]  &smmu" in newer.out


@pytest.mark.parametrize("form", ["text", "json", "dot", "svg", "html"])
def test_output_to_a_file_is_what_goes_to_standard_output(dtovl: Run, form: str) -> None:
    arguments = ("links", "gateway.dtb", "camera-cells.dtso", "--format", form)
    shown = dtovl(*arguments)
    written = dtovl(*arguments, "-o", "out")
    assert (written.out, written.code) == ("wrote out\n", 1)
    assert Path("out").read_text("utf-8") == shown.out
    assert dtovl(*arguments, "-o", "-").out == shown.out
    assert dtovl(*arguments).out == shown.out


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("out.svg", "<?xml "),
        ("out.gv", "digraph "),
        ("out.json", "{\n"),
        ("out.txt", "gateway.dtb: "),
    ],
)
def test_the_name_of_the_file_tells_the_form(dtovl: Run, name: str, start: str) -> None:
    assert dtovl("links", "gateway.dtb", "-o", name).out == f"wrote {name}\n"
    assert Path(name).read_text("utf-8").startswith(start)
    dtovl("links", "gateway.dtb", "-o", name, "--format", "html")
    assert Path(name).read_text("utf-8").startswith("<!doctype html>")


def test_how_the_iommus_of_a_node_are_set_up(dtovl: Run) -> None:
    Path("b.dts").write_text(
        """/dts-v1/; / { mmu: iommu { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
 dma { compatible = "a,dma"; iommus = <&mmu 5>; }; };""",
        encoding="ascii",
    )
    told = dtovl("links", "b.dts", "/dma", "-v").out
    assert "\nset-up of its IOMMUs\n  2   of_iommu_xlate: entry 0: /iommu 0x5\n" in told
    assert max(map(len, told.splitlines())) <= 80
    assert "set-up" not in dtovl("links", "b.dts", "/dma").out
    assert "set-up" not in dtovl("links", "b.dts", "/dma", "-v", "--reverse").out
    assert "set-up" not in dtovl("links", "b.dts", "/iommu", "-v").out
    events = json.loads(dtovl("links", "b.dts", "/dma", "--format", "json").out)["events"]
    assert events[0] == "2   of_iommu_xlate: entry 0: /iommu 0x5"
    assert json.loads(dtovl("links", "b.dts", "--format", "json").out)["events"] == []


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
