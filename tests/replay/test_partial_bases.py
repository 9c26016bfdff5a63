"""Bases of which not all is known, or that no compiler would make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.messages import POLICIES, Log, answer, changed, found, paths, results
from support.trees import again, tree_of

from dtovl.replay import adds
from dtovl.replay.policies import replay_stream
from dtovl.replay.stream import Base, Content

if TYPE_CHECKING:
    from dtovl.replay.result import Result

every_policy = pytest.mark.parametrize("policy", POLICIES)


def with_unknown(log: Log, policy: str = "preserve") -> Result:
    """Replay over a base of which one value is known to be there, but not what it is."""
    tree = tree_of({"v": {"device_type": "vdevice", "a@40": {"device_type": "x", "reg": 5}}})
    node = tree.find("/v/a@40")
    assert node is not None
    node.properties["l2-cache"] = b""
    return replay_stream(log.stream, Base(tree, {node: {"reg", "l2-cache"}}), policy)


def test_a_value_of_the_base_that_is_not_known() -> None:
    log = Log().update("/v/a@40", {"reg": 5, "ibm,resource-id": 1})
    (node,) = with_unknown(log).nodes
    assert node.holders == ("vio:40",)
    assert [change.old for change in node.changes] == [None, "?"]
    same = answer("a@40", {"device_type": "x", "reg": 5})
    (node,) = with_unknown(Log().delete("/v/a@40").add("/v", same)).nodes
    assert [(change.name, change.action) for change in node.changes] == [
        ("l2-cache", "delete"),
        ("reg", "set"),
    ]


@pytest.mark.parametrize("policy", ["naive", "subtree-attach"])
def test_what_is_not_known_is_copied_as_that(policy: str) -> None:
    log = Log().delete("/v/a@40").add("/v", path="/v/a@40").update("/v/a@40", {"reg": 5})
    added = with_unknown(log, policy).nodes[1]
    assert [(change.name, change.old) for change in added.changes] == [("reg", "?")]


@every_policy
def test_a_base_with_a_name_twice(policy: str) -> None:
    base = {"a": {"phandle": 1}, again("a"): {"phandle": 2}, again("a", 2): {"phandle": 1}}
    log = Log().update(1, {"x": 1}).deletes("/a", 2).update("/a", {"y": 1})
    result = log.replay(policy, base)
    assert [entry.phandle for entry in result.ops][:3] == [1, 1, 2]
    if policy != "preserve":
        assert changed(result, "/a") == [("x", "add"), ("y", "add")]
        assert len(result.tree.root.children) == 1


def test_a_base_whose_newest_nodes_stand_first() -> None:
    """The tree of a session, in which an overlay put nodes in front."""
    tree = tree_of({"a": {"phandle": 1}, "b": {"phandle": 1}, "c": {}})
    tree.head_children[tree.root] = 2
    stream = Log().update(1, {"x": 1}).deletes("/c", 1).add("/", Content("d")).stream
    result = replay_stream(stream, Base(tree, {}), "naive")
    assert result.ops[0].path == "/b"
    assert [node.name for node in tree.children_of(tree.root)] == ["d", "a"]


def test_nodes_nest_no_deeper_than_any_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adds, "MAX_DEPTH", 2)
    log = Log().add("/", answer("a", {"phandle": 1})).add(1, answer("b", {"phandle": 2}))
    result = log.add(2, answer("c", {})).replay()
    assert results(result) == ["attached", "attached", "dropped"]
    assert paths(result, "PS134") == ["/a/b/c"]


CUT = {"device_type": "x", "reg": 5, "l2-cache": 7}


@pytest.mark.parametrize("policy", ["naive", "preserve", "subtree-attach"])
def test_comparing_with_a_value_cut_short_is_told(policy: str) -> None:
    log = Log().delete("/v/a@40").add("/v", answer("a@40", CUT)).update("/v/a@40", {"reg": 6})
    result = with_unknown(log, policy)
    assert found(result, "PS144") == [("/v/a@40", None, 2)]
    assert sum(one.code.number == "PS144" for one in result.findings) == 1


def test_an_update_of_a_value_cut_short_needs_no_comparing() -> None:
    result = with_unknown(Log().update("/v/a@40", {"reg": 5}).delete("/v/a@40"))
    assert not found(result, "PS144")
