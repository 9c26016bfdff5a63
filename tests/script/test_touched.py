"""The op `dump`: who holds a node, and what steps have left behind."""

from __future__ import annotations

from typing import Any

from support.blob import blob
from support.overlays import overlay_content, to
from support.trees import tree_of

from dtovl.script.machine import Machine

BASE: dict[str, Any] = {"soc": {"phandle": 1, "x": 0}, "__symbols__": {"soc": "/soc"}}
OVERLAY = overlay_content(to("soc", {"new": {"a": 1}, "x": 1}))


def machine(*steps: dict[str, Any]) -> Machine:
    one = Machine(tree_of(BASE), read=lambda _: blob(OVERLAY))
    for step in steps:
        one.step(step)
    return one


def dumped(one: Machine, **parameters: str) -> dict[str, Any]:
    nodes = one.step({"op": "dump", **parameters})["nodes"]
    return {node.pop("path"): node for node in nodes}


APPLY = {"op": "apply", "overlay": "o.dtbo", "as": "o"}
REMOVE = {"op": "remove", "overlay": "o"}


def test_an_overlay_holds_its_nodes_and_its_targets() -> None:
    found = dumped(machine(APPLY, {"op": "hold", "path": "/soc/new", "as": "me", "where": "here"}))
    assert list(found) == ["/soc", "/soc/new"]
    assert found["/soc"]["holders"] == [
        {"name": "overlay 1 (o.dtbo)", "where": "entries", "refs": 1},
        {"name": "overlay 1 (o.dtbo)", "where": "target of fragments", "refs": 1},
    ]
    assert found["/soc"]["dead"] == ["x"]
    new = found["/soc/new"]
    assert new["holders"] == [
        {"name": "me", "where": "here", "refs": 1},
        {"name": "overlay 1 (o.dtbo)", "where": "entries", "refs": 3},
    ]
    # The holder's, those of the entries, and the one for its place in sysfs.
    assert new["refs"] == 1 + 3 + 1
    assert new["flags"] == ["DYNAMIC", "OVERLAY"]
    assert "props" not in new


def test_one_node_is_told_with_its_properties() -> None:
    found = dumped(machine(), node="/soc")["/soc"]
    assert found["props"] == [["phandle", "00000001"], ["x", "00000000"], ["name", "736f6300"]]
    assert (found["phandle"], found["holders"], found["attached"]) == (1, [], True)


def test_what_was_freed_is_not_listed_and_what_is_lost_is() -> None:
    assert list(dumped(machine(APPLY, REMOVE))) == ["/soc"]
    held = {"op": "hold", "path": "/soc/new", "as": "me"}
    found = dumped(machine(APPLY, held, REMOVE))["/soc/new"]
    assert found["attached"] is False
    assert found["flags"] == ["DYNAMIC", "DETACHED", "OVERLAY"]


def test_nodes_that_nobody_touched_are_not_listed() -> None:
    assert dumped(machine({"op": "find", "path": "/soc"})) == {}
