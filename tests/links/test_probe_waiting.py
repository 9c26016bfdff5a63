"""Chains of waiting devices, their first causes, findings, groups of masters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from links.probing import CLK, MMU, PD, board_of, predict_with, run

from dtovl.links.groups import groups
from dtovl.links.judge import judge
from dtovl.links.waiting import chain, findings_of, first_causes

if TYPE_CHECKING:
    from dtovl.links.prediction import Prediction
    from dtovl.model.node import Node


def node_at(found: Prediction, path: str) -> Node:
    return next(node for node in found.board.tree.walk() if node.path == path)


def chain_of(found: Prediction, path: str) -> list[str]:
    """Write a chain: each device, then the first cause."""
    steps = chain(found, node_at(found, path))
    lines = [f"{step.device.path} {step.wait.property}" for step in steps]
    if steps:
        cause = steps[-1].cause
        assert cause is not None
        assert all(step.cause is None for step in steps[:-1])
        assert first_causes(found)[steps[0].device] == cause
        lines.append(f"{cause.kind}: {cause.node.path} {cause.words}")
    return lines


def test_a_chain_ends_at_a_disabled_node_above_the_supplier() -> None:
    board = """a { compatible = "a"; clocks = <&clk>; };
        clk: clk { compatible = "clk"; #clock-cells = <0>; x-supply = <&rail>; };
        bus { status = "disabled"; rail: rail { }; };"""
    assert chain_of(run(board, "a", "clk"), "/a") == [
        "/a clocks",
        "/clk x-supply",
        "disabled: /bus is disabled",
    ]


def test_a_chain_ends_at_a_device_without_driver() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    assert chain_of(run(board, "a"), "/a") == ["/a clocks", "no driver: /clk has no driver"]


def test_a_chain_ends_at_a_driver_that_fails_or_an_entry_that_does_not_decode() -> None:
    board = f'a {{ compatible = "a"; clocks = <&clk>; }}; clk: clk {CLK}'
    assert chain_of(run(board, "a", "match: clk, fails: -5"), "/a") == [
        "/a clocks",
        "/clk ",
        "fails: /clk fails with -5",
    ]
    wrong = board.replace("#clock-cells", "resets = <99>; #clock-cells")
    assert chain_of(run(wrong, "a", "clk"), "/a") == [
        "/a clocks",
        "/clk resets",
        "undecodable: /clk has a wrong entry: resets[0]",
    ]


def test_a_chain_ends_at_what_never_becomes_a_device() -> None:
    board = 'a { compatible = "a"; x-supply = <&rail>; }; rail: rail { };'
    assert chain_of(run(board, "a"), "/a") == [
        "/a x-supply",
        "no device: /rail never becomes a device: it has no compatible",
    ]
    board = """a { compatible = "a"; x-supply = <&r>; };
        p { compatible = "p"; r: r { compatible = "r"; }; };"""
    assert chain_of(run(board, "a", "p"), "/a") == [
        "/a x-supply",
        "never added: /p/r never becomes a device: no driver makes one of it",
    ]


def test_a_chain_goes_on_with_the_device_above_a_supplier() -> None:
    board = f"""a {{ compatible = "a"; x-supply = <&r>; }};
        p {{ compatible = "p"; clocks = <&clk>; r: r {{ }}; }}; clk: clk {CLK}"""
    assert chain_of(run(board, "a", "p"), "/a") == [
        "/a x-supply",
        "/p clocks",
        "no driver: /clk has no driver",
    ]


def test_a_chain_that_comes_back_is_a_cycle() -> None:
    board = """w { compatible = "w"; x-supply = <&c>; };
        c: c { compatible = "c"; x-supply = <&b>; }; b: b { compatible = "b"; x-supply = <&c>; };"""
    found = run(board, "w", "c", "b")
    assert chain_of(found, "/w") == [
        "/w x-supply",
        "/c x-supply",
        "/b x-supply",
        "cycle: /b waits for itself by way of /c",
    ]
    own = 'a { compatible = "a"; x-supply = <&d>; d: d { compatible = "d"; }; };'
    assert chain_of(run(own, "a"), "/a") == ["/a x-supply", "cycle: /a waits for itself"]


def test_a_power_domain_that_comes_after_the_timeout_comes_too_late() -> None:
    board = f"""a {{ compatible = "a"; power-domains = <&pd>; }};
        pd: pd {PD.replace("};", "iommus = <&mmu 1>; };")} mmu: mmu {MMU}"""
    found = run(board, "a", "pd", settings="fw_devlink: permissive")
    assert chain_of(found, "/a") == [
        "/a power-domains",
        "timeout: /a gave up on /pd before that was bound",
    ]


def test_what_is_bound_or_was_never_tried_has_no_chain() -> None:
    found = run('a { compatible = "a"; }; b { compatible = "b"; };', "a")
    assert chain_of(found, "/a") == chain_of(found, "/b") == chain_of(found, "/") == []


def test_findings_name_the_first_cause_and_who_holds_back() -> None:
    board = f"""a {{ compatible = "a"; clocks = <&off>; }}; up: up {CLK}
        off: off {{ status = "disabled"; #clock-cells = <0>; }};
        b {{ compatible = "b"; clocks = <&up>; }};"""
    found = run(board, "a", "match: clk, sync_state: true")
    assert [one.as_object() for one in findings_of(found)] == [
        {
            "rule": "L034",
            "severity": "error",
            "node": "/a",
            "property": "clocks",
            "reason": "a: clocks[0] of /off not ready",
            "cause": "/off is disabled",
        },
        {"rule": "L036", "severity": "info", "node": "/up", "consumers": ["/b"]},
    ]


def test_groups_mark_who_joined_after_the_first_was_bound() -> None:
    source = f"""a {{ compatible = "a"; iommus = <&mmu 1>; }};
        b {{ compatible = "b"; iommus = <&mmu 1>, <&mmu 2>; }};
        c {{ compatible = "c"; iommus = <&mmu 1>; }};
        d {{ compatible = "d"; iommus = <&mmu 1>, <&off 1>; }};
        e {{ compatible = "d"; iommus = <&off 2>, <&mmu 1>; }};
        off: off {{ #iommu-cells = <1>; status = "disabled"; }}; mmu: mmu {MMU}"""
    found = run(source, "match: mmu, level: core", "d", "b", "a")
    judged, _ = judge(found.board)
    seen = [
        (
            one.iommu.path,
            one.id,
            [(m.device.path, m.place, m.bypasses, m.late) for m in one.members],
        )
        for one in groups(found, judged)
    ]
    assert seen == [
        (
            "/mmu",
            (1,),
            [
                ("/a", 5, False, True),
                ("/b", 4, False, False),
                ("/c", 0, False, False),
                ("/d", 2, True, False),
                ("/e", 3, True, False),
            ],
        ),
        ("/mmu", (2,), [("/b", 4, False, False)]),
    ]


def test_without_cells_nobody_is_late() -> None:
    source = 'a { compatible = "a"; iommus = <&m>; }; b { compatible = "a"; iommus = <&m>; };'
    source += 'm: m { compatible = "m"; #iommu-cells = <0>; };'
    found = run(source, "match: m, level: core", "a")
    (group,) = groups(found, judge(found.board)[0])
    assert [(one.place, one.late) for one in group.members] == [(2, False), (3, False)]


def test_a_long_chain_is_followed_in_time() -> None:
    count = 3_000
    board = board_of(
        " ".join(
            f'n{i}: n{i} {{ compatible = "d"; x-supply = <&n{i + 1}>; }};' for i in range(count)
        )
        + f" n{count}: n{count} {{ }};"
    )
    found = predict_with(board, "d")
    causes = first_causes(found)
    assert len(causes) == count
    assert {cause.node.path for cause in causes.values()} == {f"/n{count}"}
    assert len(chain(found, node_at(found, "/n0"))) == count
