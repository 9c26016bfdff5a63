"""What is the same under every policy: finding nodes, updates, sessions, trees of logs, results.

Tests named for a row of the specification's table of requirements show that row.
"""

from __future__ import annotations

import pytest
from support.messages import (
    COMPRESSION,
    CPU,
    CPUS,
    FACILITIES,
    L2,
    L3,
    LAN,
    NIC,
    NX,
    OTHER_POOL,
    PARTITION,
    PF,
    POLICIES,
    RANDOM,
    RNG,
    ROOT,
    Log,
    answer,
    changed,
    clock,
    facilities,
    found,
    leaf,
    paths,
    results,
    status,
)
from support.trees import tree_of

from dtovl.codes.base import Severity
from dtovl.errors import InputError
from dtovl.model.compare import difference
from dtovl.replay import context
from dtovl.replay.recording import Recording
from dtovl.replay.stream import ADD, DELETE, UPDATE, Content, Note, Problem
from dtovl.script.machine import Machine

every_policy = pytest.mark.parametrize("policy", POLICIES)


# -- updates ---------------------------------------------------------------------------------------


@every_policy
def test_p072_p073_p074_what_updates_mean(policy: str) -> None:
    log = Log().update(RNG, {"ibm,phandle": 5, "compatible": "x", "ibm,resource-id": 8})
    log.update(NX, {"status": "disabled", "ibm,max-sg-len": "?"}, gone=("ibm,max-sync-cop",))
    log.update(NX, gone=("status",)).update(RNG, {"status": "x"}).update(5, {"a": 1})
    result = log.replay(policy)
    for code in ("PS110", "PS113", "PS114"):
        assert found(result, code) == [(RANDOM, RNG, 1)]
    assert found(result, "PS112") == [(COMPRESSION, NX, 2)]
    assert found(result, "PS144") == [(COMPRESSION, NX, 2)]
    assert found(result, "PS111") == [(COMPRESSION, NX, 3)]
    assert found(result, "PS133") == [(None, 5, 5)]
    assert (result.ops[-1].path, result.ops[-1].phandle) == (None, 5)
    nodes = {node.path: node for node in result.nodes}
    assert nodes[RANDOM].phandle == RNG
    assert nodes[COMPRESSION].as_json()["changes"] == [
        {"name": "ibm,max-sg-len", "op": "set", "old": "00000ff0", "new": "?"},
        {"name": "status", "op": "delete", "old": "6f6b617900", "new": None},
    ]


@every_policy
def test_an_update_that_changes_nothing_says_nothing(policy: str) -> None:
    log = Log().update(RNG, {"ibm,phandle": RNG, "ibm,resource-id": 1}, gone=("nothing",))
    log.update(RNG, {})
    result = log.replay(policy)
    assert not result.findings
    assert not result.steps
    assert results(result) == ["applied", "applied"]
    assert status(result, RANDOM) == "kept"


@every_policy
def test_a_name_without_a_value(policy: str) -> None:
    result = Log().update(0x2000, {"d-cache-size": None, "flag": None}).replay(policy)
    if policy in ("naive", "ignore"):
        assert found(result, "PS149") == [(L2, 0x2000, 1)]
        assert status(result, L2) == "kept"
    else:
        assert not result.findings
        assert changed(result, L2) == [("d-cache-size", "set"), ("flag", "add")]


@every_policy
def test_an_update_without_known_changes(policy: str) -> None:
    result = Log().line_of(UPDATE, L2, 0x2000).line_of(UPDATE, "/x", 1).replay(policy)
    assert found(result, "PS144") == [(L2, 0x2000, 1)]
    assert found(result, "PS133") == [("/x", 1, 2)]


@every_policy
def test_a_loose_update_is_applied_outside_the_rule_of_order(policy: str) -> None:
    log = Log().add(CPUS, answer("l2-cache@9", {})).loose(0x2000, a=1).loose(5, a=1)
    result = log.loose(6, path="/gone", a=1).replay(policy)
    assert changed(result, L2) == [("a", "add")]
    assert found(result, "PS133") == [(None, 5, 3), ("/gone", 6, 4)]
    assert result.ops[-1].path == "/gone"
    assert not found(result, "PS130")


def test_an_unheld_node_may_change_what_drivers_match() -> None:
    result = Log().update(0x2000, {"compatible": "x", "ibm,resource-id": 1}).replay()
    assert not result.findings


# -- finding nodes ---------------------------------------------------------------------------------


@every_policy
def test_p046_log_and_base_disagree(policy: str) -> None:
    log = Log().line_of(DELETE, L2, 0x3000).line_of(DELETE, "/cpus/l4-cache@4", 0x4000)
    log.line_of(DELETE, "/x", 0x2000)
    result = log.replay(policy)
    assert found(result, "PS116") == [(L2, 0x2000, 1)]
    assert found(result, "PS133") == [("/cpus/l4-cache@4", 0x4000, 2), ("/x", 0x2000, 3)]
    assert [entry.path for entry in result.ops] == [L3, "/cpus/l4-cache@4", L2]
    assert results(result)[1] == "not-found"


@every_policy
def test_a_path_that_the_replay_had_is_known(policy: str) -> None:
    log = Log().add("/", answer("x", {"ibm,phandle": 5})).line_of(DELETE, "/x", 5).session()
    result = log.line_of(DELETE, "/x", 5).replay(policy)
    assert found(result, "PS133") == [("/x", 5, 4)]
    assert not paths(result, "PS116")


@every_policy
def test_p047_a_tree_without_phandles_is_named_by_path(policy: str) -> None:
    log = Log().delete("/a/b").update("/a", {"x": 1}).add("/a", answer("c", {}))
    result = log.update("/a/b", {"y": 1}).replay(policy, {"a": {"b": {}}})
    assert results(result)[1] == "applied"
    assert found(result, "PS131") == [("/a/b", None, 4)]
    assert [entry.phandle for entry in result.ops] == [0] * 4


@every_policy
def test_the_root_cannot_be_deleted_nor_added(policy: str) -> None:
    result = Log().deletes(ROOT, "/").add("/", path="/", phandle=ROOT).replay(policy)
    assert results(result) == ["not-found", "not-found", "dropped"]
    assert len(result.tree.root.children) == 5


@every_policy
def test_p021_an_add_that_the_connector_refuses_is_dropped(policy: str) -> None:
    result = Log().add(ROOT, drc=9, refused=True).replay(policy)
    assert result.as_json()["ops"][0] == {
        "n": 1,
        "line": 1,
        "session": 1,
        "op": "add",
        "phandle": None,
        "path": None,
        "result": "dropped",
        "drc": 9,
    }


# -- what firmware may do --------------------------------------------------------------------------


@every_policy
def test_p077_what_a_migration_may_delete_and_add(policy: str) -> None:
    log = Log().deletes(NIC, 0x2000, RNG, PF, CPUS)
    log.delete("/interrupt-controller@a", scope=2).ofdt(DELETE, "/interrupt-controller@b")
    log.add("/", Content("l2-cache@9")).add("/", answer("x", {"device_type": "cache"}))
    log.add("/", Content("x")).add("/", Content("x"), scope=-2).update("/vdevice", {"a": 1})
    result = log.replay(policy)
    assert [(path, line) for path, _, line in found(result, "PS137")] == [
        (LAN, 1),
        ("/cpus", 5),
        ("/x", 10),
    ]


@every_policy
def test_ps137_leaves_out_what_is_not_known(policy: str) -> None:
    log = Log().line_of(DELETE, "/vdevice/l-lan@1", 5).add("/", path="/x", phandle=6).delete(6)
    assert not paths(log.inferred(policy), "PS137")


@every_policy
def test_ps130_is_about_classes_and_not_about_ofdt(policy: str) -> None:
    log = Log().update(CPUS, {"a": 1}).delete(0x2000).add(CPUS, drc=1).update(CPUS, {"a": 2})
    log.ofdt(DELETE, L3)
    result = log.replay(policy)
    assert [line for _, _, line in found(result, "PS130")] == [2, 4]
    after = Log().ofdt(ADD, "/x", content=Content("x")).delete(0x2000).replay(policy)
    assert not found(after, "PS130")


# -- references ------------------------------------------------------------------------------------


@every_policy
def test_p075_references_that_no_longer_resolve(policy: str) -> None:
    log = Log().update(RNG, {"ibm,shared-interrupt-pool": 0x999}).update(CPU, {"l3-cache": 0x998})
    log.update(L2, {"l2-cache": 0, "next-level-cache": "?"}).update(L3, {"interrupt-parent": b"x"})
    result = log.replay(policy)
    assert found(result, "PS107") == [(CPU, 0xFFFFFFE1, None), (RANDOM, RNG, None)]
    assert [one.severity for one in result.findings if one.code.number == "PS107"] == [
        Severity.ERROR,
        Severity.WARNING,
    ]


def test_the_graver_of_two_broken_references_counts() -> None:
    log = Log().update(RNG, {"ibm,shared-interrupt-pool": 0x999, "interrupt-parent": 0x999})
    (finding,) = log.replay().findings
    assert finding.severity == Severity.ERROR


@every_policy
def test_a_reference_that_never_resolved_is_no_news(policy: str) -> None:
    base = {"a": {"l2-cache": 7}, "b": {"phandle": 7, "l2-cache": 9}}
    log = Log().delete("/b").session().add("/", answer("c", {"phandle": 8})).session()
    result = log.delete("/c").replay(policy, {**base, "d": {"l2-cache": 5}})
    assert paths(result, "PS107") == ["/a"]


@every_policy
def test_what_is_set_back_in_the_session_is_not_new(policy: str) -> None:
    base = {"d": {"l2-cache": 5}}
    log = Log().update("/d", {"l2-cache": 6}).update("/d", {"l2-cache": 5})
    assert not log.replay(policy, base).findings
    log = Log().update("/d", {"l2-cache": 6}).session().update("/d", {"l2-cache": 5})
    assert paths(log.replay(policy, base), "PS107") == ["/d"]


# -- sessions --------------------------------------------------------------------------------------


@every_policy
@pytest.mark.parametrize(
    ("first", "second", "sessions"),
    [
        (clock(10), clock(70.5), 2),
        (clock(10), clock(70), 1),
        (clock(10), clock(99, "kmsg"), 1),
        (None, clock(99), 1),
        (clock(10), None, 1),
    ],
)
def test_p078_a_pause_ends_a_session(
    policy: str, first: object, second: object, sessions: int
) -> None:
    log = Log().delete(0x2000, clock=clock(0)).add(CPUS, answer("x", {}), clock=first)
    result = log.delete(0x3000, clock=second).replay(policy)
    assert result.sessions == sessions
    assert bool(found(result, "PS130")) == (sessions == 1)


def test_a_session_without_operations_is_none() -> None:
    result = Log().session().session().delete(0x2000).session().session().replay()
    assert result.sessions == 1
    assert result.ops[0].session == 1


@every_policy
def test_p035_a_listing_before_makes_nodes_and_one_after_is_an_observation(policy: str) -> None:
    log = Log().listing(FACILITIES, "ibm,random-v1").line_of(UPDATE, "/x", None, changes=[])
    result = log.listing(FACILITIES).listing("/nowhere").inferred(policy)
    assert found(result, "PS145") == [(RANDOM, None, 3)]


# -- results ---------------------------------------------------------------------------------------


def test_verdicts_and_p080_exit_codes() -> None:
    fine = Log().update(0x2000, {"a": 1}).replay()
    assert (fine.verdict, fine.exit_code(Severity.WARNING)) == ("ok", 0)
    assumed = Log().delete(0x2000).add(CPUS, path=L2, phandle=0x2000).replay()
    assert (assumed.verdict, assumed.exit_code(Severity.ERROR)) == ("ok-if-equivalent", 0)
    assert assumed.exit_code(Severity.WARNING) == 1
    unknown = Log().add(CPUS, path="/cpus/x", phandle=9).replay()
    assert (unknown.verdict, unknown.exit_code()) == ("unknown", 0)
    hazard = Log().delete(RNG).replay()
    assert (hazard.verdict, hazard.exit_code(), hazard.exit_code(None)) == ("hazard", 1, 0)
    assert hazard.as_json()["exit"] == 1


def test_problems_end_in_2_and_evidence_changes_no_verdict() -> None:
    log = Log().update(0x2000, {"a": 1}).holder("/nowhere", "me", 3)
    log.stream.notes.append(Note("PS141", 7, None, "refcount_t: underflow"))
    result = log.replay()
    assert (result.verdict, result.exit_code()) == ("ok", 0)
    assert found(result, "PS141") == [(None, None, 7)]
    log.stream.problems.append(Problem("PS204", 9, "no path"))
    log.holder("/nowhere", "me")
    result = log.replay()
    assert result.exit_code(None) == 2
    assert found(result, "PS204") == [(None, None, 9)]
    assert found(result, "PS202") == [(None, None, None)]


def test_findings_are_explained() -> None:
    result = Log().deletes(RNG, PF).replay("naive")
    (finding,) = (
        one for one in result.findings if one.code.number == "PS102" and one.path == RANDOM
    )
    assert finding.explain() == [
        (None, f"{RANDOM} is held by vio:ibm,random-v1"),
        (1, f"{RANDOM} is deleted"),
        (1, f"{RANDOM} leaves the tree"),
        (2, f"{FACILITIES} is deleted"),
        (2, f"{FACILITIES} leaves the tree"),
    ]


def test_a_broken_reference_tells_who_left() -> None:
    result = Log().delete(0x3000).replay()
    (finding,) = result.findings
    assert (1, f"{L3} leaves the tree") in finding.explain()


def test_a_node_with_many_events_keeps_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtovl.replay.model.MAX_REPLAY_EVENTS", 3)
    log = Log()
    for number in range(9):
        log.update(0x2000, {"a": number + 1})
    (entry,) = log.replay().nodes
    assert len(entry.record.events) == 4


@pytest.mark.parametrize("policy", ["naive", "subtree-attach"])
def test_a_log_cannot_multiply_nodes_without_end(
    policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "MAX_REPLAY_NODES", 3)
    log = Log()
    for _ in range(9):
        log.deletes(RNG, PF).add("/", path=FACILITIES, phandle=PF).add(PF, leaf("ibm,random-v1"))
    with pytest.raises(InputError) as caught:
        log.replay(policy)
    assert caught.value.diagnostic.code.number == "DT009"


# -- changes ---------------------------------------------------------------------------------------


def carried_out(log: Log, policy: str) -> None:
    """Hold the changes, carried out on a live tree and undone, against the tree of the replay."""
    result = log.replay(policy)
    machine = Machine(tree_of(PARTITION))
    machine.step({"op": "migrate", "changes": Recording(result).changes})
    for node in machine.live.tree.walk():
        node.properties.pop("name", None)
    assert not list(difference(result.tree, machine.live.tree))


@every_policy
def test_the_changes_carried_out_give_the_same_tree(policy: str) -> None:
    content = facilities(new={"ibm,phandle": 7}, ibm_random_v1=None, other=OTHER_POOL)
    log = Log().deletes(RNG, NX, PF).add(ROOT, content)
    log.update(0x2000, {"a": 1, "b": "x"}, gone=("d-cache-size",))
    log.ofdt(ADD, "/cpus/x", content=answer("x", {"phandle": 9, "y": 1})).update(9, {"z": 2})
    carried_out(log, policy)


def test_values_that_nothing_tells_are_left_out() -> None:
    log = Log().update(0x2000, {"a": "?"}, gone=("d-cache-size",))
    recording = Recording(log.replay())
    assert recording.changes == [["remove-property", L2, "d-cache-size"]]
    assert recording.unknown == 1
