"""Which links are asked for."""

from __future__ import annotations

from support.answers import BOARD, answer, judged, source_tree

from dtovl.links.selection import (
    Selection,
    interrupt_path,
    kind_of,
    known_kinds,
    paths_in,
    scope_of,
)
from dtovl.model.supplierbindings import KINDS


def links(node: str, *, reverse: bool = False, kinds: tuple[str, ...] = ()) -> list[str]:
    found = answer(node=node, reverse=reverse, kinds=frozenset(kinds))
    suppliers, consumers = found.rows()
    return [f"{row.seen.node.path} {row.seen.entry}" for row in (*suppliers, *consumers)]


def test_a_device_has_the_links_of_what_belongs_to_it() -> None:
    assert links("/pmic") == ["/pmic/regulators/buck vin-supply[0]", "/card vdd-supply[0]"]
    assert links("/pmic/regulators/buck") == [
        "/pmic/regulators/buck vin-supply[0]",
        "/card vdd-supply[0]",
    ]
    assert links("/pins@3000") == ["/uart@4000 pinctrl-0[0]"]


def test_what_is_a_device_below_does_not_belong_to_it() -> None:
    tree = source_tree('bus { compatible = "b"; inner { leaf { compatible = "l"; x { }; }; }; };')
    bus = tree.find("/bus")
    assert bus is not None
    assert scope_of(bus).paths == {"/bus", "/bus/inner"}
    assert scope_of(tree.root).paths == {"/"}


def test_reverse_has_consumers_only() -> None:
    assert links("/pmic", reverse=True) == ["/card vdd-supply[0]"]
    assert links("/uart@4000", reverse=True) == []


def test_kinds() -> None:
    assert links("/uart@4000", kinds=("clock",)) == [
        "/uart@4000 clocks[0]",
        "/uart@4000 clocks[1]",
    ]
    assert links("/uart@4000", kinds=("iommu", "pinctrl")) == ["/uart@4000 pinctrl-0[0]"]
    every = answer(kinds=frozenset({"dma"}))
    assert [row.seen.entry for row in every.rows()[0]] == ["dmas[0]"]


def test_a_need_of_oneself_is_told_once() -> None:
    body = 'p: p { compatible = "p"; pinctrl-0 = <&s>; pinctrl-names = "default"; s: s { }; };'
    suppliers, consumers = answer(body, node="/p").rows()
    assert len(suppliers) == 1
    assert consumers == []


def test_findings_of_a_node_are_its_own_and_those_about_it() -> None:
    body = 'a: a { compatible = "a"; #clock-cells = <1>; }; b { compatible = "b"; clocks = <&a>; };'
    rules = [one.rule for one, _ in answer(body, node="/b").findings]
    assert rules == ["L003"]
    assert [one.rule for one, _ in answer(body, node="/a").findings] == ["L003"]
    assert [one.rule for one, _ in answer(body, node="/b", reverse=True).findings] == []
    assert [one.rule for one, _ in answer(body, kinds=frozenset({"gpio"})).findings] == []
    assert [one.rule for one, _ in answer(body, kinds=frozenset({"clock"})).findings] == ["L003"]


def test_the_kind_of_a_property_that_is_not_in_the_table() -> None:
    board, _ = judged(source_tree(BOARD))
    kinds = {
        "interrupts": "interrupt",
        "interrupt-map-mask": "interrupt",
        "iommu-map": "iommu",
        "#iommu-cells": "iommu",
        "msi-map": "msi",
        "gpio-hog": "gpio",
        "assigned-clock-rates": "clock",
        "reset-gpios": "gpio",
        "model": "",
    }
    assert {name: kind_of(board, name) for name in kinds} == kinds
    assert set(kinds.values()) - {""} <= set(KINDS)


def test_kinds_of_further_bindings_are_known() -> None:
    assert known_kinds() == KINDS
    assert "frobnicator" in known_kinds(["frobnicator"])


def test_paths_of_a_finding() -> None:
    body = """a: a { compatible = "a"; #clock-cells = <1>; status = "disabled"; b: b { #clock-cells
 = <0>; }; }; c { compatible = "c"; clocks = <&b>; };"""
    (finding,) = (one for one, _ in answer(body).findings if one.rule == "L007")
    assert set(paths_in(finding)) == {"/a/b", "/a"}


def test_interrupts_go_from_controller_to_controller() -> None:
    body = """
 gic: gic { compatible = "g"; interrupt-controller; #interrupt-cells = <1>;
  interrupts = <9>; interrupt-parent = <&gic>; };
 gpio: gpio { compatible = "p"; interrupt-controller; #interrupt-cells = <2>;
  interrupt-parent = <&gic>; interrupts = <5>, <6>; };
 dev: dev { compatible = "d"; interrupts-extended = <&gpio 17 8>; };
"""
    tree = source_tree(body)
    _, graph = judged(tree)
    dev = tree.find("/dev")
    assert dev is not None
    way = [(one.supplier.path, one.values) for one in interrupt_path(graph, scope_of(dev))]
    assert way == [("/gpio", (17, 8)), ("/gic", (5,))]


def test_interrupts_in_a_circle_end() -> None:
    body = """
 a: a { interrupt-controller; #interrupt-cells = <1>; interrupts-extended = <&b 1>; };
 b: b { interrupt-controller; #interrupt-cells = <1>; interrupts-extended = <&a 1>; };
"""
    tree = source_tree(body)
    _, graph = judged(tree)
    node = tree.find("/a")
    assert node is not None
    assert [one.supplier.path for one in interrupt_path(graph, scope_of(node))] == ["/b", "/a"]


def test_nothing_asked_is_all() -> None:
    _, graph = judged(source_tree(BOARD))
    assert Selection().links(graph.seen) == list(graph.seen)
    assert list(Selection().consumers(graph.seen)) == []
