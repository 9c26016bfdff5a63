"""preserve: a node that is deleted and added again stays the node it was.

Tests named for a row of the specification's table of requirements show that row.
"""

from __future__ import annotations

from support.messages import (
    COMPRESSION,
    CPUS,
    FACILITIES,
    L2,
    L2_DRC,
    L2_NODE,
    L3,
    LAN,
    NIC,
    NX,
    OTHER_POOL,
    PARTITION,
    PF,
    PF_DRC,
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
from support.trees import cells, tree_of

from dtovl.replay.policies import replay_stream
from dtovl.replay.stream import ADD, DELETE, Base, Content


def test_p060_equal_content_changes_nothing() -> None:
    base = Base(tree_of(PARTITION), {})
    before = [(node, node.phandle, dict(node.properties)) for node in base.tree.walk()]
    result = replay_stream(gone().add(ROOT, facilities()).stream, base)
    assert [(node, node.phandle, node.properties) for node in result.tree.walk()] == before
    assert results(result) == ["paired"] * 4
    assert {node.status for node in result.nodes} == {"kept"}
    assert result.verdict == "ok"
    assert not result.findings
    assert not result.steps


def test_p061_only_differences_become_updates_in_place() -> None:
    content = facilities()
    content.children[0].properties = [
        ("compatible", b"ibm,random\0"),
        ("ibm,resource-id", cells(1)),
        ("ibm,shared-interrupt-pool", cells(OTHER_POOL)),
        ("ibm,new", b""),
        ("ibm,phandle", cells(RNG)),
    ]
    content.children[1].properties = content.children[1].properties[:-1]
    result = gone().add(ROOT, content).replay()
    steps = [(step.action, step.node.name, step.name, step.old, step.new) for step in result.steps]
    assert steps == [
        (
            "update-property",
            "ibm,random-v1",
            "ibm,shared-interrupt-pool",
            cells(0xFFFFFFF0),
            cells(OTHER_POOL),
        ),
        ("update-property", "ibm,random-v1", "ibm,new", None, b""),
        (
            "remove-property",
            "ibm,compression-v1",
            "ibm,shared-interrupt-pool",
            cells(0xFFFFFFF0),
            None,
        ),
    ]
    assert changed(result, RANDOM) == [("ibm,new", "add"), ("ibm,shared-interrupt-pool", "set")]
    assert changed(result, COMPRESSION) == [("ibm,shared-interrupt-pool", "delete")]
    assert [node.holders for node in result.nodes if node.path == RANDOM] == [
        ("vio:ibm,random-v1",)
    ]


def test_identity_properties_that_say_nothing_new_are_no_difference() -> None:
    """An answer without a phandle property, or with one more of the same number, is equal."""
    bare = answer("l2-cache@2000", L2_NODE, ibm_phandle=None)
    more = answer("l3-cache@3000", {"device_type": "cache", "d-cache-size": 0x800000})
    more.properties += [("phandle", cells(0x3000)), ("name", b"l3-cache\0")]
    result = Log().deletes(0x2000, 0x3000).add(CPUS, bare).add(CPUS, more).replay()
    assert {node.status for node in result.nodes} == {"kept"}


def test_p062_an_add_without_content_is_taken_as_equal() -> None:
    result = gone().add("/", path=FACILITIES, phandle=PF).replay()
    assert found(result, "PS121") == [(FACILITIES, PF, 4)]
    assert codes(result) == ["PS121"]
    assert all(node.assumed and node.status == "kept" for node in result.nodes)
    assert len(result.nodes) == 3
    assert result.verdict == "ok-if-equivalent"


def test_an_add_without_content_of_what_was_not_there_is_unknown() -> None:
    log = Log().deletes(0x2000, 0x3000)
    log.add(CPUS, path="/cpus/l2-cache@9", phandle=9)
    log.add(CPUS, path=L2, phandle=0x2001)
    log.add(CPUS, path="/cpus/l3-cache@9", phandle=0x3000)
    result = log.replay()
    assert paths(result, "PS122") == ["/cpus/l2-cache@9", L2, "/cpus/l3-cache@9"]
    assert found(result, "PS123") == [(L2, 0x2001, 4)]
    assert found(result, "PS124") == [("/cpus/l3-cache@9", 0x3000, 5)]
    assert all(node.assumed for node in result.nodes if node.status == "added")


def test_p063_what_is_held_is_retained_with_what_is_above_it() -> None:
    result = Log().deletes(PF, NIC).replay()
    assert results(result) == ["retained", "retained"]
    assert {node.status for node in result.nodes} == {"retained"}
    assert found(result, "PS120") == [(COMPRESSION, NX, 1), (RANDOM, RNG, 1), (LAN, NIC, 2)]


def test_what_was_retained_once_stays_so_in_the_result() -> None:
    log = Log().delete(RNG).session().delete(RNG).add(PF, leaf("ibm,random-v1"))
    result = log.replay()
    assert status(result, RANDOM) == "retained"
    assert results(result) == ["retained", "paired", "paired"]


def test_p064_what_nobody_holds_is_removed_at_the_end_of_the_session() -> None:
    result = Log().delete(0x3000).replay()
    assert results(result) == ["pending-removed"]
    assert found(result, "PS107") == [(L2, 0x2000, None)]
    assert status(result, L3) == "removed"


def test_a_subtree_loses_only_what_nobody_holds() -> None:
    base = {"vdevice": {"device_type": "vdevice", "a": {}, "b": {"device_type": "x", "reg": 1}}}
    result = Log().delete("/vdevice").replay(base=base)
    assert status(result, "/vdevice/a") == "removed"
    assert status(result, "/vdevice") == status(result, "/vdevice/b") == "retained"


def test_p065_a_new_child_is_attached_and_a_missing_one_stays_pending() -> None:
    content = facilities(new={"ibm,phandle": 7}, ibm_random_v1=None)
    result = gone().add(ROOT, content).replay()
    assert status(result, f"{FACILITIES}/new") == "added"
    assert found(result, "PS120") == [(RANDOM, RNG, 1)]
    assert results(result) == ["retained", "paired", "paired", "paired"]


def test_p066_same_path_other_phandle_is_another_node() -> None:
    """The held nodes below the old one dangle, and what is above them has count 0."""
    result = gone().add(ROOT, facilities(ibm_phandle=9)).replay()
    assert found(result, "PS123") == [(FACILITIES, 9, 4)]
    assert found(result, "PS101") == [(RANDOM, RNG, 1), (COMPRESSION, NX, 2)]
    assert paths(result, "PS102") == [COMPRESSION, RANDOM]
    assert results(result) == ["pending-removed"] * 3 + ["attached"]


def test_a_node_that_left_without_a_delete_is_unknown_to_later_deletes() -> None:
    log = Log().add(PF, leaf("ibm,random-v1", ibm_phandle=9)).delete(RNG).update(RNG, {"a": 1})
    result = log.replay()
    assert found(result, "PS101") == [(RANDOM, RNG, 1)]
    assert found(result, "PS133") == [(None, RNG, 2), (None, RNG, 3)]


def test_a_node_that_left_by_a_delete_is_known_to_later_ones() -> None:
    log = Log().delete(RNG).add(PF, leaf("ibm,random-v1", ibm_phandle=9))
    result = log.delete(RNG).update(RNG, {"a": 1}).replay()
    assert found(result, "PS132") == [(RANDOM, RNG, 3)]
    assert found(result, "PS131") == [(RANDOM, RNG, 4)]
    assert results(result)[2:] == ["not-found", "not-found"]


def test_p067_same_phandle_other_path_has_moved() -> None:
    moved = answer("l3-cache@3100", {"ibm,phandle": 0x3000})
    result = Log().delete(0x3000).add(CPUS, moved).replay()
    assert found(result, "PS124") == [("/cpus/l3-cache@3100", 0x3000, 2)]
    assert results(result) == ["pending-removed", "attached"]
    assert not paths(result, "PS107")


def test_same_phandle_as_a_node_that_stays_is_attached_as_linux_does() -> None:
    result = Log().add(CPUS, answer("l3-cache@3100", {"ibm,phandle": 0x3000})).replay()
    assert found(result, "PS106") == [("/cpus/l3-cache@3100", 0x3000, 1)]
    assert results(result) == ["attached"]


def test_p068_an_add_before_its_delete_is_paired() -> None:
    log = Log().add(ROOT, facilities(new={"ibm,phandle": 7}, ibm_random_v1=None))
    result = log.deletes(RNG, NX, PF, 7, 7).replay()
    assert found(result, "PS136") == [(FACILITIES, PF, 1)]
    # The child that the answer lacks is deleted for good; that which it brought is not.
    assert results(result) == ["paired", "retained", "paired", "paired", "paired", "not-found"]
    assert len(found(result, "PS130")) == 5
    assert status(result, f"{FACILITIES}/new") == "added"
    assert status(result, COMPRESSION) == "kept"


def test_what_comes_back_twice_goes_with_a_later_delete() -> None:
    """Each add answers one delete."""
    cache = answer("l2-cache@2000", L2_NODE)
    result = Log().delete(0x2000).add(CPUS, cache).delete(0x2000).replay()
    assert results(result) == ["paired", "paired", "pending-removed"]
    assert status(result, L2) == "removed"


def test_an_add_without_content_before_its_delete_is_paired() -> None:
    log = Log().add("/", path=FACILITIES, phandle=PF).deletes(RNG, PF)
    result = log.replay()
    assert codes(result) == ["PS121", "PS130", "PS136"]
    assert results(result) == ["paired"] * 3


def test_a_parent_stays_while_a_child_does() -> None:
    """The child was added before its parent was deleted for good: nothing is cut off."""
    base = {"a": {"phandle": 1, "b": {"phandle": 2}}}
    log = Log().add("/a", answer("b", {"phandle": 2})).delete(1)
    result = log.replay(base=base)
    assert result.tree.find("/a/b") is not None
    assert results(result) == ["paired", "retained"]


def test_p069_updates_before_and_after() -> None:
    log = Log().update(NX, {"status": "a"}).delete(NX).update(NX, {"status": "b"})
    content = leaf("ibm,compression-v1", status="c")
    after = log.add(PF, content).update(NX, {"status": "d"}).replay()
    assert results(after) == ["applied", "paired", "dropped", "paired", "applied"]
    assert found(after, "PS131") == [(COMPRESSION, NX, 3)]
    assert found(after, "PS130") == [(COMPRESSION, NX, 2), (COMPRESSION, NX, 5)]
    assert found(after, "PS112") == [(COMPRESSION, NX, line) for line in (1, 4, 5)]
    assert changed(after, COMPRESSION) == [("status", "set")]


def test_changes_are_the_net_effect() -> None:
    log = Log().update(NX, {"status": "a", "new": 1}).update(NX, {"status": "okay"}, gone=("new",))
    result = log.replay()
    assert status(result, COMPRESSION) == "kept"
    assert len(result.steps) == 4


def test_p070_repeated_deletes() -> None:
    result = Log().deletes(PF, RNG, PF, RNG, 0x12345678).replay()
    assert found(result, "PS135") == [(RANDOM, RNG, 2)]
    assert found(result, "PS132") == [(FACILITIES, PF, 3), (RANDOM, RNG, 4)]
    assert found(result, "PS133") == [(None, 0x12345678, 5)]
    assert results(result) == ["retained"] + ["not-found"] * 4


def test_p071_nothing_is_added_below_what_is_deleted() -> None:
    log = Log().delete(PF).add(PF, leaf("ibm,random-v1")).add(0x999, drc=1)
    result = log.add("/nowhere", path="/nowhere/x").replay()
    assert results(result)[1:] == ["dropped"] * 3
    assert found(result, "PS134") == [(None, PF, 2), (None, 0x999, 3), ("/nowhere/x", None, 4)]


def test_p072_p073_what_differences_mean() -> None:
    content = facilities()
    content.children[0].properties[0] = ("compatible", b"x\0")
    content.children[1].properties = [
        ("compatible", b"ibm,compression\0"),
        ("ibm,max-sync-cop", cells(1)),
        ("ibm,resource-id", cells(9)),
    ]
    result = gone().add(ROOT, content).replay()
    assert found(result, "PS110") == [(COMPRESSION, NX, 4)]
    assert found(result, "PS111") == [(COMPRESSION, NX, 4)]  # status is deleted
    assert found(result, "PS112") == [(COMPRESSION, NX, 4)]  # ibm,max-sync-cop is new
    assert found(result, "PS113") == [(RANDOM, RNG, 4)]
    assert not found(result, "PS114")


def test_p076_an_add_known_by_its_drc_index_alone() -> None:
    log = gone().add(ROOT, drc=PF_DRC).deletes(0x2000, 0x3000).add(CPUS, drc=L2_DRC)
    result = log.add(CPUS, drc=5).add(CPUS, drc=6).add("/", drc=7).replay()
    assert [entry.path for entry in result.ops if entry.operation.kind == ADD] == [
        FACILITIES,
        L2,
        L3,  # the only one that has no index
        "/cpus/?",
        "/?",
    ]
    assert found(result, "PS122") == [("/cpus/?", None, 9), ("/?", None, 10)]


def test_two_nodes_without_a_name_are_two() -> None:
    result = Log().add(CPUS, drc=6).add(CPUS, drc=7).replay()
    assert results(result) == ["attached", "attached"]
    assert codes(result) == ["PS122"]
    assert status(result, "/cpus/?") == "added added"


def test_p076_a_node_found_by_its_drc_index_is_not_found_again() -> None:
    base = {"a": {"ibm,my-drc-index": 1}}
    log = Log().delete("/a").add("/", drc=1).delete("/a").add("/", drc=1)
    assert [op["path"] for op in log.replay(base=base).as_json()["ops"]][1::2] == ["/a", "/?"]


def test_p076_two_of_one_drc_index_cannot_be_told_apart() -> None:
    base = {"a": {"ibm,my-drc-index": 1}, "b": {"ibm,my-drc-index": 1}}
    result = Log().deletes("/a", "/b").add("/", drc=1).replay(base=base)
    assert found(result, "PS122") == [("/?", None, 3)]


def test_siblings_of_the_top_are_matched_below_the_same_parent() -> None:
    content = facilities()
    content.siblings.append(answer("new", {"ibm,phandle": 9}))
    content.siblings.append(answer("interrupt-controller@a", {"ibm,phandle": 0xFFFFFFF0}))
    result = gone().add(ROOT, content).replay()
    assert status(result, "/new") == "added"
    assert found(result, "PS136") == [("/interrupt-controller@a", 0xFFFFFFF0, 4)]


def test_a_phandle_that_is_not_known_equals_any() -> None:
    log = Log().delete("/a").add("/", answer("a", {"ibm,phandle": 5})).update(5, {"x": 1})
    result = log.replay(base={"a": {}})
    assert results(result) == ["paired", "paired", "applied"]
    assert [node.phandle for node in result.nodes] == [5]


def test_p033_a_gap_makes_what_was_deleted_before_it_assumed() -> None:
    log = Log().deletes(RNG, 0x3000).gap().delete(0x2000)
    result = log.replay()
    assert {node.path: node.assumed for node in result.nodes} == {
        RANDOM: True,
        L3: True,
        L2: False,
    }
    assert found(result, "PS140") == [(None, None, 3)]


def test_a_gap_changes_nothing_for_what_comes_back() -> None:
    log = Log().delete(0x2000).gap().add(CPUS, answer("l2-cache@2000", L2_NODE))
    assert not any(node.assumed for node in log.replay().nodes)


def test_ofdt_adds_are_paired_one_by_one() -> None:
    log = Log().ofdt(DELETE, RANDOM).ofdt(DELETE, COMPRESSION).ofdt(DELETE, FACILITIES)
    top = facilities()
    top.children = []
    log.ofdt(ADD, FACILITIES, content=top).ofdt(ADD, RANDOM, content=leaf("ibm,random-v1"))
    result = log.replay()
    assert results(result) == ["paired", "retained", "paired", "paired", "paired"]
    assert codes(result) == ["PS120"]


def test_a_child_moves_to_the_place_of_its_parent() -> None:
    """The node whose phandle moves is not taken out when the new one lies below it."""
    base = {"a": {"phandle": 1, "b": {"phandle": 2}}}
    log = Log().add("/a", answer("b", {"phandle": 2})).delete(1)
    log.add("/a/b", answer("c", {"phandle": 1}))
    result = log.replay(base=base)
    assert result.tree.find("/a/b/c") is not None


def test_a_hostile_name_is_only_a_name() -> None:
    content = Content("a/b")
    content.children = [Content(""), Content("..")]
    result = Log().add("/", content).add("/", content).replay()
    assert {node.status for node in result.nodes} == {"added"}
