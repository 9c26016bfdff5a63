"""Replacing overlays: what is kept, what waits for holders, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.overlays import at, overlay_content, to
from support.replacing import CAM, EXPORT, NODE, Bench, codes, events

if TYPE_CHECKING:
    from support.trees import Content


def test_a_node_without_phandle_keeps_the_one_it_had() -> None:
    bare = {key: value for key, value in NODE.items() if key != "phandle"}
    bench = Bench("A", bare=overlay_content(to("bus", {"cam": bare})))
    number = bench.node(CAM).phandle
    assert bench.replace(["A"], ["bare"])["ret"] == 0
    assert bench.live.tree.by_phandle[number] is bench.node(CAM)
    assert bench.node(CAM).properties["phandle"] == number.to_bytes(4, "big")
    # It goes with the overlay that has it now.
    assert bench.step("remove", id=2)["ret"] == 0
    assert number not in bench.live.tree.by_phandle
    assert set(bench.live.made_nodes) <= bench.live.freed


def test_a_node_that_gets_a_phandle_is_found_by_it() -> None:
    bare = {key: value for key, value in NODE.items() if key != "phandle"}
    bench = Bench("bare", bare=overlay_content(to("bus", {"cam": bare})))
    node = bench.hold()
    answer = bench.replace(["bare"], ["A"])
    assert (answer["ret"], bench.node(CAM)) == (0, node)
    assert node.phandle
    assert bench.live.tree.by_phandle[node.phandle] is node
    number = node.phandle
    bench.step("release", path=CAM, **{"as": "driver"})
    assert bench.step("remove", id=2)["ret"] == 0
    assert number not in bench.live.tree.by_phandle


def test_references_follow_a_node_that_is_another_one() -> None:
    uses = overlay_content(
        to("other", {"watch": {"camera": 0xFFFFFFFF}}),
        fixups={"cam": "/fragment@0/__overlay__/watch:camera:0"},
    )
    again = overlay_content(to("bus", {"cam": {**NODE, "compatible": "acme,cam2"}}), symbols=EXPORT)
    bench = Bench("A", "uses", uses=uses, again=again)
    old = bench.node(CAM).phandle
    watch = bench.node("/soc/other/watch")
    answer = bench.replace(["A"], ["again"])
    new = bench.node(CAM).phandle
    assert (answer["ret"], new == old) == (0, False)
    assert bench.node("/soc/other/watch") is watch
    assert watch.properties["camera"] == new.to_bytes(4, "big")


def test_what_lies_below_another_node_is_another_one_too() -> None:
    bench = Bench("A", "lens")
    lens = bench.hold(f"{CAM}/lens")
    again = overlay_content(to("bus", {"cam": {**NODE, "compatible": "x"}}), symbols=EXPORT)
    other = Bench("A", "lens", again=again)
    lens = other.hold(f"{CAM}/lens")
    answer = other.replace(["A"], ["again"])
    assert (answer["ret"], other.stack()) == (0, ["again", "lens"])
    assert other.node(f"{CAM}/lens") is not lens
    assert other.told(answer)["pending"] == [f"{CAM}/lens"]
    assert other.step("release", path=f"{CAM}/lens", **{"as": "driver"})["freed"] == [[1, "A"]]
    assert lens in other.live.freed
    # The rest can be removed as if it had been applied upon the new one.
    for name in ("lens", "again"):
        assert other.step("remove", id=other.record(name).number)["ret"] == 0
    assert other.picture().tree == Bench().picture().tree


def test_edits_of_others_stay() -> None:
    bench = Bench("A", "sound")
    bench.step("update_property", node=CAM, name="gain", value="09")
    bench.step("update_property", node="/soc/bus", name="speed", value="09")
    bench.step("add_property", node="/soc/other/sound", name="mute", value="01")
    bench.replace(["A"], ["renumbered"])
    assert bench.node(CAM).properties["gain"] == b"\x09"
    assert bench.node("/soc/bus").properties["speed"] == b"\x09"
    assert bench.node("/soc/other/sound").properties["mute"] == b"\x01"
    bench.replace(["renumbered"], ["A2"])
    assert bench.node(CAM).properties["gain"] == b"\0\0\0\5"


@pytest.mark.parametrize("which", ["attached", "detached"])
def test_nodes_that_others_changed_are_in_the_way(which: str) -> None:
    bench = Bench("A")
    if which == "attached":
        bench.step("new_node", label="mine", parent=CAM, name="mine")
        bench.step("attach_node", node="mine")
    else:
        bench.step("detach_node", node=f"{CAM}/port")
    before = bench.picture()
    answer = bench.replace(["A"], ["A2"])
    assert (answer["ret"], codes(answer)) == ("-EBUSY", ["DT275"])
    assert bench.picture() == before


def test_an_overlay_that_failed_can_be_replaced() -> None:
    bench = Bench("A")
    assert bench.step("apply", overlay="twice")["ret"] == "-EINVAL"
    counts = Bench("A").picture().counts
    answer = bench.replace(["twice"], [])
    assert (answer["ret"], answer["freed"], bench.stack()) == (0, [[2, "twice"]], ["A"])
    assert [*bench.picture().counts.values()] == [*counts.values()]


def test_one_that_failed_and_stays_is_left_alone() -> None:
    bench = Bench("A")
    bench.step("apply", overlay="twice")
    failed = bench.record("twice")
    entries = list(failed.changeset.entries)
    assert bench.replace(["A"], ["A2"])["ret"] == 0
    assert bench.stack() == ["A2", "twice"]
    assert (failed.changeset.entries, failed.in_force) == (entries, False)


def test_giving_up_what_is_held() -> None:
    bench = Bench("A")
    node, port = bench.node(CAM), bench.hold(f"{CAM}/port")
    bench.replace(["A"], ["led"])
    answer = bench.step("replace_force")
    assert (answer["ret"], answer["abandoned"]) == (0, [[1, "A"]])
    assert [(one["path"], one["holders"][0]["name"]) for one in answer["lost"]] == [
        (f"{CAM}/port", "driver")
    ]
    assert codes(answer) == ["T013"]
    # The node above it stays too: the held one points to it.
    assert bench.live.lost == {node, port}
    assert not {node, port} & bench.live.freed
    bench.step("release", path=f"{CAM}/port", **{"as": "driver"})
    assert port not in bench.live.freed
    assert "node" in bench.leaks()
    # Never again, however many come.
    assert [bench.step("apply", overlay=name)["id"] for name in ("A", "sound")] == [3, 4]


def test_reversing_leads_back_and_forth() -> None:
    bench = Bench("A")
    node = bench.hold()
    before = bench.picture()
    bench.replace(["A"], ["other-kind"])
    after = bench.picture()
    new = bench.hold(CAM, "other driver")
    assert bench.step("replace_reverse")["ret"] == 0
    assert bench.picture()[:4] == before[:4]
    # Now the new one is held, and waits.
    assert bench.overlays.reserved == {2: "other-kind"}
    assert bench.step("replace_reverse")["ret"] == 0
    assert bench.node(CAM) is new
    assert bench.picture().tree == after.tree
    bench.step("release", path=CAM, **{"as": "driver"})
    assert node in bench.live.freed
    assert bench.overlays.transition is None


def test_reversing_a_changed_stack_is_refused() -> None:
    bench = Bench("A")
    bench.hold()
    bench.replace(["A"], ["led"])
    bench.step("apply", overlay="sound")
    before = bench.picture()
    answer = bench.step("replace_reverse")
    assert (answer["ret"], codes(answer)) == ("-EBUSY", ["DT274"])
    assert bench.picture() == before
    bench.step("remove", id=3)
    assert bench.step("replace_reverse")["ret"] == 0


@pytest.mark.parametrize("op", ["replace_reverse", "replace_force"])
def test_nothing_is_pending(op: str) -> None:
    bench = Bench("A")
    bench.replace(["A"], ["A2"])
    answer = bench.step(op)
    assert (answer["ret"], codes(answer)) == ("-ENOENT", ["DT273"])


def test_a_replaced_overlay_cannot_be_removed() -> None:
    bench = Bench("A")
    bench.hold()
    bench.replace(["A"], ["led"])
    answer = bench.step("remove", id=1)
    assert (answer["ret"], codes(answer)) == ("-EBUSY", ["DT277"])


def test_a_listener_may_refuse_that_the_old_ones_go() -> None:
    bench = Bench("A")
    before, leaks = bench.picture(), bench.leaks()
    bench.step("fail", chain="overlay", action="pre-remove", errno="EPERM")
    answer = bench.replace(["A"], ["led"])
    assert (answer["ret"], codes(answer)) == ("-EPERM", ["DT276"])
    assert events(answer) == ["pre-apply", "pre-remove"]
    assert bench.picture() == before
    assert bench.leaks() == leaks


def test_listeners_that_fail_afterwards_change_nothing() -> None:
    bench = Bench("A")
    bench.step("fail", chain="overlay", action="post-apply", errno="EIO")
    answer = bench.replace(["A"], ["led"])
    assert (answer["ret"], bench.stack()) == ("-EIO", ["led"])
    assert codes(answer) == ["DT218"]


def test_devices_go_and_come_with_their_nodes() -> None:
    base: Content = {"soc": {"compatible": "simple-bus", "phandle": 1}}
    one = overlay_content(at("/soc", {"dev@1": {"compatible": "acme,a"}}))
    two = overlay_content(at("/soc", {"dev@1": {"compatible": "acme,b"}}))
    same = overlay_content(at("/soc", {"dev@1": {"compatible": "acme,a", "x": 1}}))
    bench = Bench("one", base=base, one=one, two=two, same=same)
    answer = bench.replace(["one"], ["same"])
    assert not {"device-add", "device-del", "add", "remove"} & set(events(answer))
    answer = bench.replace(["same"], ["two"])
    assert answer["freed"] == [[2, "same"]]
    assert events(answer).index("detach-node") < events(answer).index("attach-node")


def test_an_unknown_id() -> None:
    bench = Bench("A")
    before = bench.picture()
    answer = bench.step("replace", old=[7], new=["led"])
    assert (answer["ret"], codes(answer)) == ("-ENODEV", ["DT214"])
    assert bench.picture() == before


def test_leftovers_of_remove_all_are_looked_at() -> None:
    bench = Bench("A")
    bench.step("remove_all")
    assert "DT220" in codes(bench.step("replace", old=[], new=["led"]))


@pytest.mark.parametrize("way", ["reversed", "failed"])
def test_order_comes_back(way: str) -> None:
    one = overlay_content(to("bus", {"a": 1, "b": 2, "x": {}, "y": {"q": 1}, "z": {}}))
    two = overlay_content(to("bus", {"c": 3, "y": {"q": 2}, "w": {}}))
    bench = Bench("one", one=one, two=two)
    bench.step("add_property", node="/soc/bus", name="late", value="01")
    bench.hold("/soc/bus/x")
    before = bench.picture()
    if way == "failed":
        bench.step("fail", chain="overlay", action="pre-apply", errno="EIO")
        assert bench.replace(["one"], ["two"])["ret"] == "-EIO"
        bench.live.faults["apply-entry-4"] = "-ENOMEM"
        assert bench.replace(["one"], ["two"])["ret"] == "-ENOMEM"
    else:
        assert bench.replace(["one"], ["two"])["ret"] == 0
        assert bench.step("replace_reverse")["ret"] == 0
    assert bench.picture()[:4] == before[:4]
