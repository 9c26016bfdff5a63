"""The step `migrate`: changes in their order, on nodes that have one path, or none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.asking import live_of
from support.trees import Content, tree_of

from dtovl.errors import InputError
from dtovl.script.machine import Machine

if TYPE_CHECKING:
    from dtovl.live.state import Live

BASE: Content = {"a": {"x": 1, "ibm,phandle": 7, "child": {}}, "b": {}}
NEW = ["attach-node", "#1", "/", "a", [["ibm,phandle", "00000007"], ["y", "02"]]]


def machine() -> Machine:
    return Machine(tree_of(BASE))


def migrate(one: Machine, *changes: Any) -> dict[str, Any]:
    return one.step({"op": "migrate", "log": "l", "policy": "naive", "changes": list(changes)})


def paths(live: Live) -> list[str]:
    return [node.path for node in live.tree.walk()]


def test_properties_are_changed_in_place() -> None:
    one = machine()
    node = one.live.tree.find("/a")
    assert node is not None
    answer = migrate(
        one,
        ["update-property", "/a", "x", "00000005"],
        ["update-property", "/a", "z", ""],
        ["add-property", "/b", "w", "61"],
        ["remove-property", "/a", "ibm,phandle"],
    )
    assert answer["changes"] == 4
    assert one.live.tree.find("/a") is node
    assert node.properties["x"] == b"\0\0\0\5"
    assert node.properties["z"] == b""
    assert "ibm,phandle" not in node.properties
    events = [entry["action"] for entry in answer["log"] if "event" in entry]
    assert events == ["update-property", "update-property", "add-property", "remove-property"]


def test_a_node_goes_and_another_comes_in_its_place() -> None:
    one = machine()
    old = one.live.tree.find("/a")
    migrate(one, ["detach-node", "/a/child"], ["detach-node", "/a"], NEW)
    new = one.live.tree.find("/a")
    assert new is not old
    assert new is not None
    assert new.phandle == 7
    assert new.properties["y"] == b"\2"
    assert paths(one.live) == ["/", "/a", "/b"]


def test_two_nodes_of_one_path_are_told_apart() -> None:
    one = machine()
    old = one.live.tree.find("/a")
    assert old is not None
    migrate(one, NEW, ["update-property", "#1", "x", "09"], ["detach-node", "/a"])
    left = one.live.tree.find("/a")
    assert left is not None
    assert left is not old
    assert left.properties["x"] == b"\x09"
    assert old.properties["x"] == b"\0\0\0\1"


def test_a_node_that_somebody_holds_keeps_a_count() -> None:
    one = machine()
    node = one.live.tree.find("/b")
    assert node is not None
    one.step({"op": "hold", "path": "/b", "as": "vio"})
    migrate(one, ["detach-node", "/b"])
    assert one.live.count(node) == 1
    free = machine()
    gone = free.live.tree.find("/b")
    assert gone is not None
    migrate(free, ["detach-node", "/b"])
    assert free.live.count(gone) == 0


@pytest.mark.parametrize(
    "changes",
    [
        None,
        "detach-node",
        [["detach-node", "/nothing"]],
        [["detach-node", "a"]],
        [["detach-node", "#1"]],
        [["detach-node"]],
        [["explode", "/a"]],
        [[]],
        [7],
        [["update-property", "/a", "x", "zz"]],
        [["update-property", "/a", "x", 1]],
        [["attach-node", "/c", "/", "c", []]],
        [NEW, NEW],
        [["attach-node", "#1", "/", "c", [["x"]]]],
        [["attach-node", "#1", "/", "c", [["x", "0"]]]],
        [["detach-node", "/a"], ["detach-node", "/nothing"]],
    ],
    ids=str,
)
def test_what_is_no_list_of_changes_changes_nothing(changes: Any) -> None:
    one = machine()
    with pytest.raises(InputError) as caught:
        one.step({"op": "migrate", "changes": changes})
    assert caught.value.diagnostic.code.number.startswith("DT28")
    assert paths(one.live) == paths(live_of(BASE))
