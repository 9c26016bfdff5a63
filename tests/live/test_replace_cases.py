"""The edge cases of replacing overlays, one test each, named by the ids of the table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.overlays import overlay_content, to
from support.replacing import CAM, Bench, codes, events

if TYPE_CHECKING:
    from support.trees import Content

FILE = Path(__file__).parents[3] / "shared" / "lifetimes" / "replace-cases.json"


def test_rp01_same_nodes_stay() -> None:
    bench = Bench("A")
    node, port = bench.node(CAM), bench.node(f"{CAM}/port")
    kept = node.properties["compatible"]
    bench.hold()
    before = {one: bench.live.count(one) for one in (node, port)}
    holders = dict(bench.live.holders)
    gain = bench.live.objects[node, "compatible"]
    answer = bench.replace(["A"], ["A2"])
    assert (answer["ret"], bench.told(answer)) == (0, {"updated": [CAM], "kept": [f"{CAM}/port"]})
    assert events(answer).count("attach-node") == events(answer).count("detach-node") == 0
    changed = next(one for one in answer["nodes"] if one["path"] == CAM)["properties"]
    assert [(one["name"], one["old"], one["new"]) for one in changed] == [
        ("gain", "00000001", "00000005"),
        ("new", None, "00000007"),
    ]
    # A and A2 bring the node with one entry each for it, A2 with one property more.
    after = {one: bench.live.count(one) for one in (node, port)}
    assert after == {node: before[node] + 1, port: before[port]}
    assert bench.node(CAM) is node
    assert bench.live.holders == holders
    assert (node.properties["compatible"], bench.live.objects[node, "compatible"]) == (kept, gain)
    assert answer["freed"] == [[1, "A"]]
    assert answer["order"] == [[2, "A2"]]
    assert bench.step("apply", overlay="sound")["id"] == 1


def test_rp02_nothing_new() -> None:
    bench, removed = Bench("A", "fast"), Bench("A", "fast")
    base = Bench().picture()
    answer = bench.replace(["A", "fast"], [])
    for number in (2, 1):
        removed.step("remove", id=number)
    assert answer["ret"] == 0
    assert bench.picture().tree == removed.picture().tree == base.tree
    assert [*bench.picture().counts.values()] == [*removed.picture().counts.values()]
    assert [*bench.picture().dead.values()] == [*removed.picture().dead.values()]
    assert bench.leaks() == removed.leaks()
    assert bench.stack() == []


def test_rp03_nothing_old() -> None:
    bench, applied = Bench("A"), Bench("A", "lens")
    answer = bench.replace([], ["lens"])
    assert (answer["ret"], answer["added"], answer["order"]) == (0, [2], [[1, "A"], [2, "lens"]])
    assert bench.picture().tree == applied.picture().tree
    assert [*bench.picture().counts.values()] == [*applied.picture().counts.values()]


def test_rp04_one_in_the_middle() -> None:
    bench = Bench("A", "sound", "led")
    led = bench.node("/soc/led")
    count = bench.live.count(led)
    entries = bench.record("led").changeset.entries
    props = [one.prop for one in entries]
    answer = bench.replace(["sound"], ["sound2"])
    assert (answer["ret"], bench.stack()) == (0, ["A", "sound2", "led"])
    assert bench.node("/soc/led") is led
    assert bench.live.count(led) == count
    assert [one.prop for one in bench.record("led").changeset.entries] == props
    told = bench.told(answer)
    assert "/soc/led" not in told.get("updated", [])
    assert not {"attached", "detached"} & told.keys()


def test_rp05_what_stays_needs_what_goes() -> None:
    bench = Bench("A", "lens")
    before = bench.picture()
    answer = bench.replace(["A"], ["unlabelled"])
    assert answer["ret"] == "-EINVAL"
    assert answer["unfit"] == [2, "lens"]
    assert codes(answer) == ["DT104", "DT271"]
    refused = answer["findings"][1]
    assert "lens (#2) does not fit the tree after the replacement" in refused.message
    assert bench.picture() == before
    assert bench.overlays.transition is None


def test_rp06_what_stays_needs_what_both_have() -> None:
    bench = Bench("A", "lens")
    node, lens = bench.node(CAM), bench.node(f"{CAM}/lens")
    answer = bench.replace(["A"], ["A2"])
    assert (answer["ret"], bench.stack()) == (0, ["A2", "lens"])
    assert (bench.node(CAM), bench.node(f"{CAM}/lens")) == (node, lens)
    assert not {"attached", "detached"} & bench.told(answer).keys()
    # What lies on top stays on top, and has what is new below it.
    assert node.properties["gain"] == b"\0\0\0\3"
    assert bench.step("remove", id=bench.record("lens").number)["ret"] == 0
    assert node.properties["gain"] == b"\0\0\0\5"


def test_rp07_another_kind_of_device() -> None:
    bench = Bench("A")
    node = bench.hold()
    answer = bench.replace(["A"], ["other-kind"])
    told = bench.told(answer)
    assert (told["pending"], told["attached"]) == ([CAM], [CAM, f"{CAM}/port"])
    assert bench.node(CAM) is not node
    assert node.properties["compatible"] == b"acme,cam\0"
    assert bench.live.count(node) > 0
    alone = Bench("A", A=_single("acme,cam"), B=_single("acme,cam2"))
    told = alone.told(alone.replace(["A"], ["B"]))
    assert told == {"detached": ["/soc/bus/cam"], "attached": ["/soc/bus/cam"]}


def _single(kind: str) -> Content:
    return overlay_content(to("bus", {"cam": {"compatible": kind}}))


def test_rp08_other_phandle_numbers() -> None:
    bench = Bench("A")
    node, number = bench.node(CAM), bench.node(CAM).phandle
    bench.step("update_property", node="/soc/other", name="camera", value=f"{number:08x}")
    answer = bench.replace(["A"], ["renumbered"])
    assert answer["ret"] == 0
    assert (bench.node(CAM), node.phandle) == (node, number)
    assert node.properties["phandle"] == number.to_bytes(4, "big")
    assert bench.live.tree.by_phandle[number] is node
    assert bench.node("/soc/bus").properties["main"] == number.to_bytes(4, "big")
    assert CAM not in bench.told(answer).get("updated", [])


def test_rp09_a_holder_outside() -> None:
    bench = Bench("A")
    node = bench.hold()
    answer = bench.replace(["A"], ["led"])
    assert answer["ret"] == 0
    pending = [one for one in answer["nodes"] if one["what"] == "pending"]
    assert [(one["path"], one["holders"][0]["name"]) for one in pending] == [(CAM, "driver")]
    assert codes(answer) == ["T013"]
    assert "freed" not in answer
    assert bench.overlays.reserved == {1: "A"}
    # The id is taken, and the node as its holder knows it.
    assert bench.step("apply", overlay="sound")["id"] == 3
    assert node.properties["gain"] == b"\0\0\0\1"
    assert node not in bench.live.freed
    freed = bench.step("release", path=CAM, **{"as": "driver"})
    assert freed["freed"] == [[1, "A"]]
    assert node in bench.live.freed
    assert bench.overlays.transition is None
    assert bench.step("apply", overlay="fast")["id"] == 1


def test_rp10_one_at_a_time() -> None:
    bench = Bench("A")
    bench.hold()
    bench.replace(["A"], ["led"])
    before = bench.picture()
    answer = bench.replace(["led"], ["sound"])
    assert (answer["ret"], codes(answer)) == ("-EBUSY", ["DT272"])
    assert "driver" in answer["findings"][0].message
    assert bench.picture() == before


def test_rp11_back_while_pending() -> None:
    bench = Bench("A")
    node, port = bench.hold(), bench.node(f"{CAM}/port")
    before = bench.picture()
    bench.replace(["A"], ["other-kind"])
    assert bench.node(CAM) is not node
    answer = bench.step("replace_reverse")
    assert (answer["ret"], answer["freed"]) == (0, [[2, "other-kind"]])
    assert bench.picture()[:4] == before[:4]
    assert (bench.node(CAM), bench.node(f"{CAM}/port")) == (node, port)
    assert bench.overlays.transition is None
    assert bench.step("apply", overlay="sound")["id"] == 2


@pytest.mark.parametrize("place", range(5))
def test_rp12_an_entry_fails(place: int) -> None:
    bench = Bench("A", "fast")
    bench.hold()
    before, leaks = bench.picture(), bench.leaks()
    bench.live.faults[f"apply-entry-{place}"] = "-ENOMEM"
    answer = bench.replace(["A", "fast"], ["faster"])
    assert not bench.live.faults, "there are fewer entries"
    assert answer["ret"] == "-ENOMEM"
    assert "DT276" in codes(answer)
    assert bench.picture() == before
    assert bench.leaks() == leaks
    # The same again, without the fault.
    assert bench.replace(["A", "fast"], ["faster"])["ret"] == 0


def test_rp13_taking_back_fails_too() -> None:
    bench = Bench("A")
    bench.live.faults.update({"apply-entry-2": "-ENOMEM", "rollback-entry": "-EINVAL"})
    answer = bench.replace(["A"], ["faster"])
    assert (answer["ret"], bench.overlays.suspect) == ("-ENOMEM", "faster (#2)")
    assert "DT221" in codes(answer)
    for refused in (
        bench.step("apply", overlay="led"),
        bench.step("remove", id=1),
        bench.step("replace", old=[], new=["led"]),
        bench.step("replace_reverse"),
    ):
        assert (refused["ret"], codes(refused)) == ("-EBUSY", ["DT221"])


def test_rp14_the_later_one_wins() -> None:
    bench = Bench()
    answer = bench.replace([], ["faster", "fast"])
    assert (answer["ret"], bench.stack()) == (0, ["faster", "fast"])
    assert bench.node("/soc/bus").properties["speed"] == (400).to_bytes(4, "big")
    assert bench.step("remove", id=2)["ret"] == 0
    assert bench.node("/soc/bus").properties["speed"] == (800).to_bytes(4, "big")
    before = bench.picture()
    answer = bench.replace([], ["twice"])
    assert (answer["ret"], "DT271" in codes(answer)) == ("-EINVAL", True)
    assert bench.picture() == before


def test_rp15_back_to_the_value_of_the_base() -> None:
    bench = Bench("faster")
    bus = bench.node("/soc/bus")
    answer = bench.replace(["faster"], ["led"])
    assert answer["ret"] == 0
    assert bus.properties["speed"] == (100).to_bytes(4, "big")
    assert "turbo" not in bus.properties
    changed = next(one for one in answer["nodes"] if one["path"] == "/soc/bus")["properties"]
    assert {one["name"]: one["new"] for one in changed} == {"speed": "00000064", "turbo": None}


def test_rp16_a_listener_refuses() -> None:
    bench = Bench("A")
    before, leaks = bench.picture(), bench.leaks()
    bench.step("fail", chain="overlay", action="pre-apply", errno="EBUSY")
    answer = bench.replace(["A"], ["faster"])
    assert (answer["ret"], codes(answer)) == ("-EBUSY", ["DT276"])
    assert [one for one in events(answer) if one.startswith(("pre", "post"))] == ["pre-apply"]
    assert bench.picture() == before
    assert bench.leaks() == leaks
    heard = [one for one in events(bench.replace(["A"], ["faster"])) if one[:4] in ("pre-", "post")]
    # A has two targets, as it exports a label.
    removed = ["pre-remove"] * 2 + ["post-remove"] * 2
    assert heard == ["pre-apply", *removed, "post-apply"]


def test_every_case_has_its_test() -> None:
    if not FILE.exists():
        pytest.skip("the table of cases lies beside the checkout, and is not there")
    listed = {case["id"].lower() for case in json.loads(FILE.read_text())}
    tests = {name.split("_")[1] for name in globals() if re.match(r"test_rp\d", name)}
    assert listed == tests
