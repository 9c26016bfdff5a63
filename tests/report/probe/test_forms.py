"""A predicted order as text, JSON and a graph; names of strangers in each."""

from __future__ import annotations

import json
import re

import pytest
from support.predictions import HOSTILE, NOTHING, answer, log

from dtovl.cli.terminal import plain_text
from dtovl.report.json import listing
from dtovl.report.probe.dot import dot
from dtovl.report.probe.html import render
from dtovl.report.probe.json import probe_object
from dtovl.report.probe.text import group_lines, log_lines, order_lines, probe_lines
from dtovl.report.probe.why import explain, why_lines, why_object


def text(*, everything: bool = False, overlays: bool = True) -> str:
    shown = answer(overlays=overlays, everything=everything)
    return plain_text(probe_lines(shown, timeline=not overlays, verbose=False))


def test_the_kernel_s_file_is_read_by_its_tabs() -> None:
    lines = text().splitlines()
    assert "/wifi\tacme-wifi: vcc-supply[0] of /rail not ready" in lines
    assert "/camera\tsupplier /wifi not ready" in lines
    assert "/spi\t-22" in lines
    assert "/clk\t/camera, /wifi" in lines


def test_a_tab_of_a_stranger_is_no_column() -> None:
    shown = answer(rail="/ra\til")
    found = plain_text(probe_lines(shown, timeline=False, verbose=False))
    assert "/wifi\tacme-wifi: vcc-supply[0] of /ra\\til not ready" in found.splitlines()


def test_causes_stand_above_what_waits_for_them() -> None:
    assert "/rail is disabled\n  /wifi  vcc-supply\n    /camera  clocks[1]\n" in text()


def test_without_overlays_every_try_is_listed_and_nothing_compared() -> None:
    found = text(overlays=False)
    assert "   3  device  /wifi    acme-wifi    deferred: vcc-supply[0] of /rail" in found
    assert "With the overlay" not in found


def test_problems_of_the_base_are_counted_and_shown_with_all() -> None:
    base = answer().seen
    shown = answer()
    same = shown._replace(difference=shown.difference._replace(deferred={}, failed={}))  # type: ignore[union-attr]
    found = plain_text(probe_lines(same, timeline=False, verbose=False))
    assert "Deferred for good" not in found
    assert "3 devices never bind on board.dtb itself: --all" in found
    whole = plain_text(probe_lines(same._replace(everything=True), timeline=False, verbose=False))
    assert "Deferred for good" in whole
    assert "--all" not in whole
    assert same.seen is shown.seen
    assert base.deferred


def test_lines_are_80_columns_wide_but_for_the_kernel_s() -> None:
    for line in text(overlays=False).splitlines():
        assert len(line) <= 80 or "\t" in line


def test_a_long_path_pushes_the_rest_to_the_next_line() -> None:
    path = "/soc@0/bus@30800000/spba-bus@30800000/serial@30860000"
    seen = NOTHING._replace(log=log(f"device {path} fsl,imx8mp-uart bound", "core /a b bound"))
    assert plain_text(log_lines(seen)) == (
        f"  1  device  {path}\n               fsl,imx8mp-uart  bound\n"
        "  2  core    /a  b                bound\n"
    )


def test_the_order_alone() -> None:
    assert plain_text(order_lines(answer().seen)) == "/gpio\n/clk\n/uart\n/sensor\n"


def test_groups() -> None:
    assert plain_text(group_lines(answer().seen.groups)) == (
        "/iommu  id 0x10\n"
        "  /gpio  binds as number 1\n"
        "  /uart  binds as number 3, late: the group is in use by then\n"
        "\n"
        "/iommu  id (none)\n"
        "  /wifi  never binds\n"
        "  /clk   binds as number 2, without the IOMMU: that comes later, or never\n"
    )
    assert plain_text(group_lines(())) == "No master is behind an IOMMU.\n"


def test_why_a_device_waits() -> None:
    why = explain(answer().seen, "/camera/port", "/camera", "not probed")
    found = plain_text(why_lines(why))
    assert found.startswith("/camera: deferred for good\n  asked   /camera/port lies in it\n")
    assert "  /wifi\n    -> vcc-supply[0] of /rail not ready\n  /rail is disabled" in found
    assert "  clocks[1]  /wifi  deferred for good\n" in found
    made = why_object(why)
    assert [one["device"] for one in made["chain"]] == ["/camera", "/wifi"]  # type: ignore[attr-defined]
    assert made["cause"] == {"node": "/rail", "kind": "disabled", "words": "is disabled"}


def test_why_a_device_is_bound_and_a_node_is_none() -> None:
    seen = answer().seen
    assert plain_text(why_lines(explain(seen, "/uart", "/uart", ""))).startswith(
        "/uart: bound as number 3\n"
    )
    gone = explain(seen, "/off", "/off", "not probed: disabled")
    assert plain_text(why_lines(gone)) == "/off: not probed: disabled\n"


def test_a_circle_is_followed_once() -> None:
    seen = answer().seen
    waits = {**seen.waits, "/wifi": seen.waits["/wifi"]._replace(device="/camera")}
    chain = explain(seen._replace(waits=waits), "/camera", "/camera", "").chain
    assert [device for device, _ in chain] == ["/camera", "/wifi"]


def test_json_has_the_keys_of_the_schema() -> None:
    found = json.loads(listing(probe_object(answer(), ())))
    assert found["schema"] == "dtovl-probe/1"
    assert found["log"][2] == [
        "device", "/wifi", "acme-wifi", "deferred: vcc-supply[0] of /rail not ready",
    ]  # fmt: skip
    assert found["sync_pending"] == {"/clk": ["/camera", "/wifi"]}
    assert found["failed"] == {"/spi": -22}
    assert found["settings"]["drivers"] is None
    assert found["chains"]["/camera"]["device"] == "/wifi"
    assert found["chains"]["/wifi"]["device"] is None
    assert found["chains"]["/camera"]["cause"]["node"] == "/rail"
    assert found["difference"]["moved"][0]["device"] == "/gpio"
    assert json.loads(listing(probe_object(answer(overlays=False), ())))["difference"] is None


def statements(graph: str) -> list[str]:
    """Split a graph at its line ends, which no string may hold."""
    return graph.splitlines()


@pytest.mark.parametrize("rail", ["/rail", HOSTILE, '/a"];evil[', "/back\\", '/both\\"', "/\\N\\G"])
def test_a_graph_holds_strings_and_nothing_else_of_a_stranger(rail: str) -> None:
    string = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
    value = rf"(?:{string}|[\w.,]+)"
    attributes = rf"\[\w+={value}(?:, \w+={value})*\]"
    allowed = (
        rf"digraph {string} \{{",
        r"  rankdir=LR;",
        rf"  (?:node|edge) {attributes};",
        rf"  {string} {attributes};",
        rf"  {string} -> {string}(?: {attributes})?;",
        r"\}",
    )
    for line in statements(dot(answer(rail=rail))):
        assert any(re.fullmatch(one, line) for one in allowed), line


def test_a_graph_draws_waiting_in_red() -> None:
    graph = dot(answer())
    red = [line for line in statements(graph) if "->" in line and "#bf3227" in line]
    assert [line.split(" [")[0] for line in red] == [
        '  "/wifi" -> "/rail"',
        '  "/camera" -> "/wifi"',
    ]
    assert '"/rail" [label="/rail\\nis disabled", shape=octagon' in graph
    assert '  "/wifi" -> "/gpio";' in graph
    assert '"/sensor" [label="4  /sensor", color="#1b6a4d"' in graph


def test_names_of_strangers_stay_text_everywhere() -> None:
    shown = answer(rail=HOSTILE)
    found = [
        plain_text(probe_lines(shown, timeline=True, verbose=True)),
        plain_text(why_lines(explain(shown.seen, "/wifi", "/wifi", ""))),
        listing(probe_object(shown, ())),
        dot(shown),
        render(shown),
    ]
    for one in found:
        assert "\x1b" not in one
        assert "\u202e" not in one
        assert "\n::error::" not in one
    assert "<img" not in found[-1]
    assert found[-1].count("</script>") == 1
