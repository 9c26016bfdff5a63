"""Links as they stood, and what became of them."""

from __future__ import annotations

import pytest
from support.answers import BOARD, graph, judged, source_tree

from dtovl.links.changes import difference


def told(before: str, after: str) -> list[str]:
    return [
        f"{one.kind} {one.seen.node.path} {one.seen.entry} {one.seen.supplier.path}"
        f"{' ' + ','.join(one.what) if one.what else ''}"
        for one in difference(graph(before), graph(after))
    ]


def test_entries_have_the_names_of_their_lists() -> None:
    names = {one.entry: one.name for one in graph(BOARD).seen if one.node.path == "/uart@4000"}
    assert names["clocks[0]"] == "bus"
    assert names["clocks[1]"] == "core"
    assert names["pinctrl-0[0]"] == "default"
    assert names["interrupts[0]"] == ""


def test_names_of_interrupts_interconnects_and_later_states() -> None:
    body = """
 a: a { #interrupt-cells = <1>; interrupt-controller; #interconnect-cells = <0>; s1: s1 { }; };
 b { interrupt-parent = <&a>; interrupts = <1>; interrupt-names = "irq"; };
 c { interrupts-extended = <&a 1>; interrupt-names = "wake"; };
 d { interconnects = <&a>, <&a>, <&a>, <&a>; interconnect-names = "read", "write"; };
 e { pinctrl-0 = <&s1>; pinctrl-1 = <&s1>; pinctrl-names = "default", "sleep"; };
 f { clocks = <&a>; clock-names = [41]; };
"""
    names = [(one.node.path, one.entry, one.name) for one in graph(body).seen if one.name]
    assert names == [
        ("/b", "interrupts[0]", "irq"),
        ("/c", "interrupts-extended[0]", "wake"),
        ("/d", "interconnects[0]", "read"),
        ("/d", "interconnects[1]", "read"),
        ("/d", "interconnects[2]", "write"),
        ("/d", "interconnects[3]", "write"),
        ("/e", "pinctrl-0[0]", "default"),
        ("/e", "pinctrl-1[0]", "sleep"),
    ]


def test_ends_know_device_labels_address_and_why_they_are_off() -> None:
    body = """
 #address-cells = <1>; #size-cells = <1>;
 soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; status = "disabled";
  ranges = <0x0 0xf0000000 0x10000>;
  clk: clk@100 { compatible = "c"; reg = <0x100 4>; out: out { }; }; };
 user { compatible = "u"; a-supply = <&out>; b-supply = <&clk>; };
"""
    out, clk = (one.supplier for one in graph(body).seen)
    assert (out.path, out.device, out.labels) == ("/soc/clk@100/out", "/soc/clk@100", ("out",))
    assert clk.address == 0xF0000100
    assert out.address is None
    assert (clk.off, clk.state) == ("/soc", "below disabled /soc")


def test_strength_follows_the_table() -> None:
    body = """
 s: s { compatible = "s"; #clock-cells = <0>; #dma-cells = <0>; };
 c { clocks = <&s>; dmas = <&s>; assigned-clocks = <&s>; };
"""
    strengths = [(one.entry, one.strength) for one in graph(body).seen]
    assert strengths == [
        ("clocks[0]", "mandatory"),
        ("dmas[0]", "optional"),
        ("assigned-clocks[0]", "plain"),
    ]


BASE = """
 one: one { #clock-cells = <1>; }; two: two { #clock-cells = <1>; };
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "u { clocks = <&one 1>; };", ["added /u clocks[0] /one"]),
        ("u { clocks = <&one 1>; };", "", ["gone /u clocks[0] /one"]),
        (
            "u { clocks = <&one 1>; };",
            "u { clocks = <&two 1>; };",
            ["added /u clocks[0] /two", "gone /u clocks[0] /one"],
        ),
        (
            "u { clocks = <&one 1>; };",
            "u { clocks = <&one 2>; };",
            ["changed /u clocks[0] /one specifier"],
        ),
        (
            'u { clocks = <&one 1>; status = "disabled"; };',
            "u { clocks = <&one 1>; };",
            ["changed /u clocks[0] /one consumer"],
        ),
        (
            "u { clocks = <0>, <&one 1>; };",
            "u { clocks = <&two 1>, <&one 1>; };",
            ["added /u clocks[0] /two", "changed /u clocks[1] /one hidden"],
        ),
        ("u { clocks = <&one 1>; };", 'u { clocks = <&one 1>; model = "x"; };', []),
    ],
)
def test_what_became_of_a_link(before: str, after: str, expected: list[str]) -> None:
    assert told(BASE + before, BASE + after) == expected


def test_a_supplier_that_is_enabled() -> None:
    off = 'one: one { #clock-cells = <0>; status = "disabled"; }; u { clocks = <&one>; };'
    on = "one: one { #clock-cells = <0>; }; u { clocks = <&one>; };"
    assert told(off, on) == ["changed /u clocks[0] /one supplier"]
    assert told(on, off) == ["changed /u clocks[0] /one supplier"]


def test_order_is_that_of_the_later_tree_and_what_went_stands_where_it_stood() -> None:
    before = BASE + "".join(f"n{n} {{ clocks = <&one {n}>; }};" for n in (1, 2, 3))
    after = BASE + "n0 { clocks = <&one 0>; }; n1 { clocks = <&one 9>; }; n3 { };"
    assert told(before, after) == [
        "added /n0 clocks[0] /one",
        "changed /n1 clocks[0] /one specifier",
        "gone /n2 clocks[0] /one",
        "gone /n3 clocks[0] /one",
    ]


def test_equal_rows_of_a_map_are_counted() -> None:
    row = "<&one 1>"
    assert told(BASE + f"u {{ clocks = {row}; }};", BASE + f"u {{ clocks = {row}, {row}; }};") == [
        "added /u clocks[1] /one"
    ]


def test_what_was_seen_stays_when_the_tree_changes() -> None:
    tree = source_tree(BASE + "u { clocks = <&one 1>; };")
    _, seen = judged(tree)
    node = tree.root.children.pop("one")
    node.parent = None
    assert seen.seen[0].supplier.path == "/one"
    assert seen.end("/one") == seen.seen[0].supplier
    assert seen.end("/nowhere") is None
