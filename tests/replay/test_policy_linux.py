"""What Linux does with the messages: before the fix, since, and when it attached whole answers.

Tests named for a row of the specification's table of requirements show that row.
"""

from __future__ import annotations

import pytest
from support.messages import (
    COMPRESSION,
    CPUS,
    FACILITIES,
    L2,
    L2_DRC,
    L2_NODE,
    L3,
    LAN,
    LINUX,
    NIC,
    NX,
    PF,
    PF_DRC,
    POLICIES,
    RANDOM,
    RNG,
    ROOT,
    Log,
    answer,
    changed,
    codes,
    facilities,
    found,
    gone,
    leaf,
    paths,
    results,
    status,
)

from dtovl.replay.stream import ADD, DELETE, SET, UPDATE, Change, Content


def test_p050_held_leaves_dangle_below_a_parent_of_count_0() -> None:
    result = gone().add(ROOT, facilities(), drc=PF_DRC).replay("naive")
    assert found(result, "PS101") == [(RANDOM, RNG, 1), (COMPRESSION, NX, 2)]
    assert found(result, "PS102") == [(COMPRESSION, NX, 3), (RANDOM, RNG, 3)]
    assert status(result, FACILITIES) == "removed added"
    memory = {(node.path, node.origin): node.memory for node in result.nodes}
    assert memory[RANDOM, "base"] == "held"
    assert memory[FACILITIES, "base"] == "boot"
    assert memory[FACILITIES, "session"] == "live"


def test_ps102_needs_a_parent_that_nobody_holds() -> None:
    result = gone().holder(FACILITIES, "somebody").replay("naive")
    assert paths(result, "PS101") == [RANDOM, COMPRESSION, FACILITIES]
    assert not paths(result, "PS102")


def test_ps102_comes_with_the_delete_of_the_parent_in_a_later_session() -> None:
    result = Log().delete(RNG).session().delete(PF).replay("naive")
    assert found(result, "PS102") == [(COMPRESSION, NX, 3), (RANDOM, RNG, 3)]


def test_p051_what_is_below_the_top_of_an_answer_is_leaked() -> None:
    content = facilities()
    content.children[0].children.append(Content("deep"))
    content.siblings.append(answer("l2-cache@9", L2_NODE))
    result = gone().add(ROOT, content).replay("naive")
    deep = f"{RANDOM}/deep"
    assert set(paths(result, "PS103")) == {RANDOM, COMPRESSION, deep, "/l2-cache@9"}
    assert status(result, deep) == "leaked"
    assert results(result)[-1] == "attached"
    assert FACILITIES[1:] in result.tree.root.children
    assert not result.tree.root.children[FACILITIES[1:]].children


def test_p052_an_add_without_content_loses_what_was_below() -> None:
    log = gone().add("/", path=FACILITIES, phandle=PF)
    result = log.replay("naive")
    assert found(result, "PS104") == [(FACILITIES, PF, 4)]
    leaked = [node for node in result.nodes if node.status == "leaked"]
    assert [(node.path, node.phandle, node.assumed) for node in leaked] == [
        (COMPRESSION, NX, True),
        (RANDOM, RNG, True),
    ]


def test_ps104_is_about_that_very_node() -> None:
    """A later node of the same path never had the children that left with the first."""
    log = gone().add("/", path=FACILITIES, phandle=PF)
    log.delete(PF).add("/", path=FACILITIES, phandle=PF)
    assert found(log.replay("naive"), "PS104") == [(FACILITIES, PF, 4)]


def test_ps104_looks_below_what_is_still_attached() -> None:
    base = {"pf": {"phandle": 1, "a": {"phandle": 2, "b": {"phandle": 3}}}}
    result = Log().delete(3).add("/", path="/pf", phandle=1).replay("naive", base)
    assert found(result, "PS104") == [("/pf", 1, 2)]
    assert found(result, "PS103") == [("/pf/a/b", 3, 2)]
    assert status(result, "/pf/a/b") == "removed leaked"


def test_p053_memory_of_boot_stays_and_that_of_adds_is_freed() -> None:
    log = Log().delete(L2).add(CPUS, answer("l2-cache@2000", L2_NODE)).session().delete(0x2000)
    result = log.replay("naive")
    memory = [(node.origin, node.status, node.memory) for node in result.nodes]
    assert memory == [("base", "removed", "boot"), ("session", "removed", "freed")]


def test_p054_a_fixed_kernel_keeps_facilities_and_their_children() -> None:
    result = gone().add(ROOT, facilities()).replay("ignore")
    assert results(result) == ["ignored"] * 4
    assert codes(result) == ["PS150", "PS151"]
    assert {node.status for node in result.nodes} == {"kept"}
    assert result.verdict == "ok"


def test_ps150_comes_at_every_delete() -> None:
    result = Log().deletes(PF, RNG, PF, RNG).replay("ignore")
    assert codes(result) == ["PS150"]
    assert len(found(result, "PS150")) == 4


def test_a_grandchild_of_facilities_is_deleted_by_a_fixed_kernel() -> None:
    node = {"ibm,phandle": 9, "device_type": "ibm,platform-facilities", "a": {"b": {}}}
    result = Log().deletes("/pf/a/b", "/pf/a").replay("ignore", {"pf": node})
    assert results(result) == ["detached", "ignored"]


def test_facilities_without_a_type_are_as_any_node_to_a_fixed_kernel() -> None:
    log = gone().add(ROOT, facilities(device_type=None))
    base = {"ibm,phandle": ROOT, FACILITIES[1:]: {"ibm,phandle": PF, "a": {"ibm,phandle": RNG}}}
    assert results(log.replay("ignore", base)) == ["detached", "not-found", "detached", "attached"]


def test_p055_a_fixed_kernel_loses_what_the_answer_changes() -> None:
    content = facilities(new={}, ibm_random_v1=None)
    content.children[0].properties = [
        ("compatible", b"other\0"),
        ("status", b"okay\0"),
        ("ibm,resource-id", b"\0\0\0\7"),
        ("ibm,max-sg-len", b"\0\0\0\7"),
    ]
    result = gone().add(ROOT, content).replay("ignore")
    assert set(paths(result, "PS108")) == {RANDOM, COMPRESSION, f"{FACILITIES}/new"}
    for code in ("PS110", "PS111", "PS113"):
        assert found(result, code) == [(COMPRESSION, NX, 4)]
    assert not any(node.changes for node in result.nodes)


def test_ps108_for_a_top_node_that_is_not_there() -> None:
    log = Log().add("/", facilities()).add("/", path=FACILITIES, typed=True)
    result = log.replay("ignore", {})
    assert found(result, "PS108") == [(FACILITIES, None, 2), (FACILITIES, PF, 1)][::-1]
    assert found(result, "PS151") == [(FACILITIES, PF, 1), (FACILITIES, None, 2)]
    assert not result.nodes


def test_a_sibling_of_an_ignored_top_is_compared_and_listed() -> None:
    content = facilities()
    content.siblings.append(answer("cpus", {"ibm,phandle": CPUS, "new": 1}))
    result = Log().add(ROOT, content).replay("ignore")
    assert ("/cpus", CPUS, 1) in found(result, "PS108")
    assert {status(result, path) for path in (FACILITIES, "/cpus", L2, L3)} == {"kept"}


def test_an_ignored_add_without_content_is_taken_as_equal() -> None:
    result = Log().add("/", path=FACILITIES, typed=True).replay("ignore")
    assert found(result, "PS121") == [(FACILITIES, PF, 1)]
    assert {(node.path, node.assumed) for node in result.nodes} == {
        (FACILITIES, True),
        (RANDOM, True),
        (COMPRESSION, True),
    }


def test_p056_a_leaf_added_alone_is_attached_beside_the_old_one() -> None:
    result = Log().delete(RNG).add(PF, leaf("ibm,random-v1")).replay("ignore")
    assert results(result) == ["ignored", "attached"]
    assert codes(result) == ["PS105", "PS106", "PS150"]
    assert status(result, RANDOM) == "kept added"


def test_p057_other_nodes_are_as_before_the_fix() -> None:
    log = Log().deletes(0x3000, NIC).add(CPUS, answer("l3-cache@3000", {"ibm,phandle": 0x3001}))
    naive, ignore = (log.replay(policy).as_json() for policy in ("naive", "ignore"))
    assert naive | {"policy": ""} == ignore | {"policy": ""}


@pytest.mark.parametrize("policy", LINUX)
def test_a_write_to_ofdt_is_not_subject_to_the_fix(policy: str) -> None:
    result = Log().ofdt(DELETE, RANDOM).ofdt(DELETE, COMPRESSION).ofdt(DELETE, FACILITIES)
    assert results(result.replay(policy)) == ["detached"] * 3
    # It never drops the last reference: nothing is used after it was freed, all is lost.
    assert codes(result.replay(policy)) == ["PS101"]


@pytest.mark.parametrize("policy", POLICIES)
def test_ofdt_refuses_what_has_children_and_what_is_there(policy: str) -> None:
    node = leaf("ibm,random-v1")
    log = Log().ofdt(DELETE, FACILITIES).ofdt(ADD, RANDOM, content=node)
    result = log.replay(policy)
    assert results(result) == ["dropped", "dropped"]
    assert found(result, "PS152") == [(FACILITIES, PF, 1)]
    assert found(result, "PS153") == [(RANDOM, RNG, 2)]


@pytest.mark.parametrize("policy", POLICIES)
def test_ofdt_properties(policy: str) -> None:
    """add_property leaves alone what is there; remove_property of what is not there fails."""
    there = [Change("status", SET, b"disabled\0", exclusive=True)]
    new = [Change("ibm,max-sync-cop", SET, b"x", exclusive=True)]
    lost = [Change("nothing", "delete", required=True)]
    log = Log()
    for changes in (there, new, lost):
        log.ofdt(UPDATE, NX, changes=changes)
    result = log.replay(policy)
    assert results(result) == ["applied", "applied", "not-found"]
    assert found(result, "PS155") == [(COMPRESSION, NX, 1)]
    assert found(result, "PS111") == [(COMPRESSION, NX, 2)]
    assert found(result, "PS133") == [(COMPRESSION, NX, 3)]
    assert changed(result, COMPRESSION) == [("ibm,max-sync-cop", "add")]
    assert [step.action for step in result.steps] == ["add-property"]


def test_memory_of_what_ofdt_removes_is_lost() -> None:
    node = answer("l2-cache@9", L2_NODE)
    log = Log().ofdt(ADD, "/cpus/l2-cache@9", content=node).ofdt(DELETE, "/cpus/l2-cache@9")
    assert [node.memory for node in log.replay("naive").nodes] == ["lost"]


def test_p078_the_second_session_of_an_old_kernel_finds_the_leaves_gone() -> None:
    log = gone().add("/", path=FACILITIES, phandle=PF).session().deletes(RNG, PF)
    result = log.replay("naive")
    assert result.sessions == 2
    assert found(result, "PS133") == [(None, RNG, 6)]
    assert results(result)[4:] == ["not-found", "detached"]


def test_p079_attaching_the_subtree_leaks_nothing_and_still_leaves_dangling_nodes() -> None:
    content = facilities()
    content.siblings.append(answer("l2-cache@9", {"ibm,phandle": 9}))
    result = gone().add(ROOT, content).replay("subtree-attach")
    assert not paths(result, "PS103")
    assert paths(result, "PS101") == [RANDOM, COMPRESSION]
    assert status(result, RANDOM) == "dangling added"
    assert status(result, "/l2-cache@9") == "added"


def test_attaching_the_subtree_copies_what_was_there() -> None:
    log = Log().delete(RNG).delete(PF).add("/", path=FACILITIES, phandle=PF)
    result = log.replay("subtree-attach")
    assert found(result, "PS121") == [(FACILITIES, PF, 3)]
    top = result.tree.find(FACILITIES)
    assert top is not None
    assert {child.name: child.phandle for child in top.children.values()} == {
        "ibm,random-v1": RNG,
        "ibm,compression-v1": NX,
    }
    assert all(node.assumed for node in result.nodes if node.origin == "session")


@pytest.mark.parametrize("policy", ["naive", "subtree-attach"])
def test_an_answer_is_compared_with_what_left(policy: str) -> None:
    """The old node keeps its old values for who holds it."""
    content = facilities()
    content.children[1].properties = [
        ("ibm,phandle", NX.to_bytes(4, "big")),
        ("compatible", b"x\0"),
    ]
    result = gone().add(ROOT, content).replay(policy)
    for code in ("PS110", "PS111", "PS113"):
        assert found(result, code) == [(COMPRESSION, NX, 4)]


@pytest.mark.parametrize("policy", LINUX)
def test_a_node_of_another_phandle_or_path_is_another_node(policy: str) -> None:
    """P066, P067 for Linux: what left is removed, what came is added, and it is said."""
    renumbered = answer("l2-cache@2000", L2_NODE, ibm_phandle=0x2002)
    moved = answer("l3-cache@3100", {"ibm,phandle": 0x3000})
    log = Log().deletes(0x2000, 0x3000).add(CPUS, renumbered).add(CPUS, moved)
    result = log.replay(policy)
    assert found(result, "PS123") == [(L2, 0x2002, 3)]
    assert found(result, "PS124") == [("/cpus/l3-cache@3100", 0x3000, 4)]


@pytest.mark.parametrize("policy", LINUX)
def test_add_before_delete_makes_two_of_a_name_and_the_delete_takes_the_old(policy: str) -> None:
    log = Log().add(CPUS, answer("l2-cache@2000", L2_NODE)).delete(0x2000)
    result = log.replay(policy)
    assert found(result, "PS105") == found(result, "PS106") == [(L2, 0x2000, 1)]
    assert found(result, "PS130") == [(L2, 0x2000, 2)]
    assert [(node.origin, node.status) for node in result.nodes] == [
        ("base", "removed"),
        ("session", "added"),
    ]


@pytest.mark.parametrize(
    ("looked_up", "expected"), [(False, ["/td", "/td"]), (True, ["/tc", "/tc"])]
)
def test_p083_of_two_with_one_phandle_the_one_looked_up_before_answers(
    looked_up: bool, expected: list[str]
) -> None:
    """Else the newest: it stands first in the tree."""
    log = Log().ofdt(ADD, "/tc", content=answer("tc", {"phandle": 0x7D01}))
    if looked_up:
        log.update(0x7D01, {"y": "o"})
    log.ofdt(ADD, "/td", content=answer("td", {"phandle": 0x7D01}))
    log.update(0x7D01, {"y": "n"}).update(0x7D01, {"y": "m"})
    result = log.replay("naive")
    assert [entry.path for entry in result.ops[-2:]] == expected
    log.ofdt(DELETE, expected[0]).update(0x7D01, {"y": "z"})
    assert log.replay("naive").ops[-1].path == ({"/tc", "/td"} - {expected[0]}).pop()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_parent_that_was_looked_up_is_cached(policy: str) -> None:
    log = Log().ofdt(ADD, "/tc", content=answer("tc", {"phandle": 0x7D01}))
    log.add(0x7D01, answer("l2-cache@1", {}))
    log.ofdt(ADD, "/td", content=answer("td", {"phandle": 0x7D01})).update(0x7D01, {"y": "n"})
    assert log.replay(policy).ops[-1].path == "/tc"


def test_of_several_of_a_name_the_oldest_counts() -> None:
    log = Log().add("/", answer("x", {"phandle": 1})).add("/", answer("x", {"phandle": 2}))
    log.add("/", answer("x", {"phandle": 3})).deletes("/x", "/x").update("/x", {"a": 1})
    result = log.replay("naive")
    assert [entry.phandle for entry in result.ops[3:]] == [1, 2, 3]
    assert [child.phandle for child in result.tree.root.children.values()][-1] == 3


def test_identity_at_run_time() -> None:
    """`phandle` counts before `linux,phandle` and `ibm,phandle`; the first that is there."""
    log = Log()
    for number, props in enumerate(
        (
            {"ibm,phandle": 3, "linux,phandle": 2, "phandle": 1},
            {"ibm,phandle": 3, "linux,phandle": 12},
            {"ibm,phandle": 13},
            {"ibm,phandle": 3, "phandle": b"\0"},
        )
    ):
        log.add("/", answer(f"n{number}", props))
    result = log.replay("naive")
    assert [node.phandle for node in result.nodes] == [1, 12, 13, None]
    assert paths(result, "PS115") == ["/n0", "/n1", "/n3"]


@pytest.mark.parametrize("policy", POLICIES)
def test_ps115_is_for_every_node_of_an_answer(policy: str) -> None:
    both = {"phandle": 5, "ibm,phandle": 6}
    content = answer("top", {"below": both})
    content.siblings.append(answer("beside", both))
    log = Log().add("/", content).add("/nowhere", content).add(0x999, content)
    assert found(log.replay(policy), "PS115") == [
        ("/beside", 5, 1),
        ("/top/below", 5, 1),
        ("/nowhere/beside", 5, 2),
        ("/nowhere/top/below", 5, 2),
        (None, 5, 3),
    ]


def test_the_deleted_lan_names_its_holder() -> None:
    result = Log().deletes(LAN, L3).holder(L3, "cacheinfo:0-7").replay("naive")
    holders = {node.path: node.holders for node in result.nodes}
    assert holders == {LAN: ("vio:30000002",), L3: ("cacheinfo:0-7",)}


def test_a_drc_index_alone_finds_what_was_deleted() -> None:
    """P076 for Linux: the copy of the counterpart has the index too, for the next session."""
    log = Log().delete(0x2000).add(CPUS, drc=L2_DRC).session().delete(0x2000).add(CPUS, drc=L2_DRC)
    result = log.replay("naive")
    assert [entry.path for entry in result.ops] == [L2] * 4
    assert result.verdict == "ok"
