"""The tree that a log implies: which nodes were there before, who holds them, what is known."""

from __future__ import annotations

import pytest
from support.messages import (
    COMPRESSION,
    CPUS,
    FACILITIES,
    L2,
    L2_NODE,
    L3,
    POLICIES,
    RANDOM,
    RNG,
    Log,
    answer,
    changed,
    facilities,
    found,
    paths,
    results,
)

from dtovl.model import limits
from dtovl.replay.skeleton import infer_base
from dtovl.replay.stream import DELETE, UPDATE

every_policy = pytest.mark.parametrize("policy", POLICIES)


def test_p034_the_tree_of_a_log() -> None:
    log = Log().holder("/held/x", "me", 4).holder("/vdevice/y", "me")
    log.line_of(DELETE, RANDOM, RNG).line_of(UPDATE, "/vdevice/v-scsi@30", None, changes=[])
    log.add("/", path="/new", phandle=7).line_of(DELETE, "/new/below", 8)
    log.add("/", path="/old", phandle=9, typed=True).add("/parent/of", answer("an", {"answer": {}}))
    log.line_of(DELETE, "/parent/of/an/answer", None).line_of(DELETE, RANDOM, 0x99)
    tree = infer_base(log.stream, log.stream.holders).tree
    assert sorted(node.path for node in tree.walk()) == [
        "/",
        "/held",
        "/held/x",
        FACILITIES,
        RANDOM,
        "/new",
        "/new/below",
        "/old",
        "/parent",
        "/parent/of",
        "/parent/of/an",
        "/vdevice",
        "/vdevice/v-scsi@30",
        "/vdevice/y",
    ]
    phandles = {node.path: node.phandle for node in tree.walk() if node.phandle}
    assert phandles == {RANDOM: RNG, "/new/below": 8, "/old": 9}


def test_holders_of_an_inferred_tree_come_from_names() -> None:
    log = Log().deletes(f"{FACILITIES}/ibm,random-v1@7", "/vdevice/v-scsi@3000", "/vdevice/plain")
    log.deletes("/vdevice/v-scsi@3000/disk")
    holders = {node.path: node.holders for node in log.inferred("naive").nodes}
    assert holders == {
        f"{FACILITIES}/ibm,random-v1@7": ("vio:ibm,random-v1",),
        "/vdevice/v-scsi@3000": ("vio:3000",),
        "/vdevice/plain": (),
        "/vdevice/v-scsi@3000/disk": (),
    }


def test_holders_of_a_base_come_from_its_properties() -> None:
    base = {
        "v": {
            "device_type": "vdevice",
            "a": {"device_type": "x", "reg": [0x30, 1], "b": {"device_type": "y", "reg": 1}},
            "no-type": {"reg": 1},
            "no-reg": {"device_type": "x"},
        },
        "p": {
            "device_type": "ibm,platform-facilities",
            "q@1": {},
            "irq": {"interrupt-controller": None},
        },
    }
    log = Log().deletes("/v", "/p").holder("/v/a", "me")
    holders = {node.path: node.holders for node in log.replay(base=base).nodes}
    assert {path: held for path, held in holders.items() if held} == {
        "/v/a": ("me", "vio:30"),
        "/p/q@1": ("vio:q",),
    }


@every_policy
def test_an_old_value_that_nothing_tells_is_unknown(policy: str) -> None:
    log = Log().line_of(DELETE, L3, 5).update(L2, {"a": 1, "b": "?"}, gone=("c",))
    result = log.update(L2, {"a": 2}, gone=("b",)).inferred(policy)
    (node,) = (one for one in result.nodes if one.path == L2)
    assert node.as_json()["changes"] == [
        {"name": "a", "op": "set", "old": "?", "new": "00000002"},
        {"name": "b", "op": "delete", "old": "?", "new": None},
        {"name": "c", "op": "delete", "old": "?", "new": None},
    ]


def test_an_inferred_node_takes_any_content() -> None:
    log = Log().line_of(DELETE, L2, 0x2000).add("/cpus", answer("l2-cache@2000", L2_NODE))
    result = log.update(0x2000, {"d-cache-size": 1}).inferred()
    assert found(result, "PS121") == [(L2, 0x2000, 2)]
    (node,) = result.nodes
    assert node.assumed
    assert node.as_json()["changes"] == [
        {"name": "d-cache-size", "op": "set", "old": "00200000", "new": "00000001"}
    ]


def test_two_phandles_for_one_path_the_first_counts() -> None:
    log = Log().line_of(DELETE, L2, 0x2000).line_of(DELETE, L2, 0x2001)
    result = log.inferred()
    assert found(result, "PS133") == [(L2, 0x2001, 2)]


def test_a_path_deeper_than_any_tree_makes_no_node() -> None:
    log = Log().delete("/a" * (limits.MAX_DEPTH + 1))
    assert results(log.inferred()) == ["not-found"]


@every_policy
def test_an_inferred_parent_without_a_phandle_is_found_by_its_path(policy: str) -> None:
    log = Log().add(CPUS, path="/cpus/y", phandle=9).add(0x999, answer("x", {}))
    assert results(log.inferred(policy)) == ["attached", "dropped"]


def test_an_ignored_add_over_an_inferred_tree() -> None:
    log = Log().line_of(DELETE, RANDOM, RNG).add("/", facilities())
    result = log.inferred("ignore")
    assert paths(result, "PS121") == [FACILITIES, RANDOM]
    assert paths(result, "PS108") == [COMPRESSION]
    assert {node.path: node.assumed for node in result.nodes} == {FACILITIES: True, RANDOM: True}


def test_a_node_added_without_content_takes_any_content() -> None:
    log = Log().add(CPUS, path="/cpus/x", phandle=9).update(9, {"a": 1, "b": "?"})
    result = log.delete(9).add(CPUS, answer("x", {"phandle": 9, "c": 3})).replay()
    node = result.tree.find("/cpus/x")
    assert node is not None
    assert set(node.properties) == {"phandle", "c"}
    assert changed(result, "/cpus/x") == [("a", "delete"), ("b", "delete")]


@pytest.mark.parametrize(("line", "held"), [(None, True), (1, True), (9, False)])
def test_what_is_held_before_its_add_was_there(line: int | None, held: bool) -> None:
    """A holder that the input names, and a broken link above the add, speak of the node first."""
    log = Log().gap().add("/", path="/x", phandle=5)
    result = log.holder("/x", "me", line).holder("/y", "link", 9).inferred()
    (node,) = result.nodes
    assert (node.status, node.origin) == (("kept", "base") if held else ("added", "session"))
    assert node.holders == (("me",) if held else ())
    assert result.problems == []
