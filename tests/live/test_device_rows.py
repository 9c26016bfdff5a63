"""Rows K140 to K147: which devices the platform bus makes and destroys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.boards import Board, events_of, lines_of
from support.overlays import at

from dtovl.live.changeset import Action, LiveChangeset
from dtovl.live.objects import Flag
from dtovl.script import direct

if TYPE_CHECKING:
    from support.trees import Content

BASE: Content = {
    "#address-cells": 1,
    "#size-cells": 1,
    "bus": {
        "compatible": "simple-bus",
        "#address-cells": 1,
        "#size-cells": 1,
        "ranges": None,
        "on@10": {"compatible": "acme,uart", "reg": [0x10, 1], "status": "okay"},
        "off@20": {"compatible": "acme,uart", "reg": [0x20, 1], "status": "disabled"},
        "always@30": {"compatible": "acme,uart", "reg": [0x30, 1]},
        "bare@40": {"reg": [0x40, 1]},
    },
    "plain": {"inner": {}},
}
BUS = {"/bus": "bus", "/bus/on@10": "10.on", "/bus/always@30": "30.always"}


def board() -> Board:
    made = Board(BASE, devices=True)
    assert made.devices() == BUS
    made.forget()
    return made


def came(log: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [event for event in events_of(log) if event[0] in ("add", "removed")]


def status(made: Board, path: str, value: str | None) -> LiveChangeset:
    """Make a changeset that gives a node a status; None removes the one that is there."""
    changeset = made.changeset()
    node = made.node(path)
    if value is None:
        made.record(changeset, Action.REMOVE, path, "status")
    else:
        action = Action.UPDATE if "status" in node.properties else Action.ADD
        made.record(changeset, action, path, "status", value)
    return changeset


@pytest.mark.parametrize("compatible", [{"compatible": "acme,uart"}, {}], ids=["with", "without"])
@pytest.mark.parametrize("parent", ["/", "/bus"])
def test_k140_a_new_node_below_a_populated_bus(parent: str, compatible: Content) -> None:
    made = board()
    path = f"{parent.rstrip('/')}/n@99"
    made.apply(at(parent, {"n@99": {"reg": [0x99, 1], **compatible}}))
    assert came(made.log()) == [("add", path)]
    assert made.devices()[path] == "99.n"
    node = made.node(path)
    assert made.live.flags(node) & Flag.POPULATED
    # Entry, sysfs, its properties, the device.
    assert made.live.count(node) == 2 + len(node.properties) + 1


def test_k140_the_device_is_made_when_the_whole_node_is_there() -> None:
    made = board()
    made.apply(at("/bus", {"n@99": {"reg": [0x99, 1], "m": {}, "late": 1}}))
    events = made.events()
    assert events.index(("add", "/bus/n@99")) == events.index(("attach-node", "/bus/n@99")) + 1
    assert events.index(("attach-node", "/bus/n@99/m")) > events.index(("add", "/bus/n@99"))


@pytest.mark.parametrize(
    ("parent", "content", "made_of"),
    [
        pytest.param("/plain", {"n": {"compatible": "acme,uart"}}, [], id="no-bus"),
        pytest.param("/bus/on@10", {"n": {"compatible": "acme,uart"}}, [], id="device"),
        pytest.param(
            "/",
            {"new": {"compatible": "simple-bus", "n": {"compatible": "acme,uart"}}},
            ["/new"],
            id="new-bus",
        ),
        pytest.param("/bus", {"n@99": {"status": "disabled"}}, [], id="disabled"),
        pytest.param("/bus", {"n@99": {"status": "okey"}}, [], id="misspelt"),
    ],
)
def test_k141_where_no_device_is_made(parent: str, content: Content, made_of: list[str]) -> None:
    made = board()
    assert made.apply(at(parent, content)).error == ""
    assert came(made.log()) == [("add", path) for path in made_of]


@pytest.mark.parametrize("value", ["okay", "ok"])
def test_k142_a_node_that_is_switched_on(value: str) -> None:
    made = board()
    changeset = status(made, "/bus/off@20", value)
    assert changeset.apply(made.live) == ""
    assert came(made.log()) == [("add", "/bus/off@20")]
    assert made.devices() == {**BUS, "/bus/off@20": "20.off"}


def test_k142_a_node_that_loses_its_disabled() -> None:
    made = board()
    assert status(made, "/bus/off@20", None).apply(made.live) == ""
    assert came(made.log()) == [("add", "/bus/off@20")]


@pytest.mark.parametrize("path", ["/bus/on@10", "/bus/always@30"], ids=["update", "add"])
def test_k143_a_node_that_is_switched_off(path: str) -> None:
    made = board()
    counts = made.counts()
    changeset = status(made, path, "disabled")
    assert changeset.apply(made.live) == ""
    assert came(made.log()) == [("removed", path)]
    assert path not in made.devices()
    assert not made.live.flags(made.node(path)) & Flag.POPULATED
    assert changeset.revert(made.live) == ""
    assert came(made.log()) == [("add", path)]
    changeset.destroy(made.live)
    assert made.counts() == counts


@pytest.mark.parametrize(
    ("path", "value"),
    [("/bus/on@10", "ok"), ("/bus/off@20", "fail"), ("/bus/always@30", "okay")],
)
def test_k144_a_status_that_means_the_same(path: str, value: str) -> None:
    made = board()
    made.apply(at(path, {"status": value}))
    log = made.log()
    assert came(log) == []
    leak = "OF: overlay: WARNING: memory leak will occur if overlay removed, property: "
    assert lines_of(log) == [f"{leak}{path}/status"]
    assert made.devices() == BUS
    record = made.overlays.find(1)
    assert record is not None
    assert len(record.changeset.entries) == 1


def test_k145_a_removed_node_loses_its_device_when_it_is_out_of_the_tree() -> None:
    made = board()
    made.applied(at("/bus", {"n@99": {"reg": [0x99, 1]}}))
    assert made.remove(1) == ("", 0)
    events = made.events()
    assert events.index(("removed", "/bus/n@99")) > events.index(("detach-node", "/bus/n@99"))
    assert made.devices() == BUS
    assert made.lines() == []


def test_k145_a_device_of_boot_goes_with_its_node() -> None:
    made = board()
    direct.detach_node(made.live, made.node("/bus/on@10"))
    assert came(made.log()) == [("removed", "/bus/on@10")]


def test_k146_a_device_whose_name_is_taken() -> None:
    made = board()
    done = made.apply(at("/", {"on@10": {"reg": [0x10, 1]}}))
    assert (done.error, done.number) == ("-EINVAL", 1)
    log = made.log()
    assert came(log) == []
    assert lines_of(log)[-3:] == [
        "OF: of_platform_notify: failed to create for '/on@10'",
        "OF: changeset notifier error @/on@10",
        "OF: overlay: overlay apply changeset entry notify error -22",
    ]
    assert made.live.tree.find("/on@10") is not None
    assert made.devices() == BUS
    assert made.remove(1) == ("", 0)
    assert made.devices() == BUS


def test_k147_a_listener_in_front_keeps_the_device_from_being_made() -> None:
    made = board()
    made.fail("reconfig-first", "attach-node")
    done = made.apply(at("/bus", {"n@99": {"reg": [0x99, 1]}}))
    assert (done.error, done.number) == ("-EBUSY", 1)
    log = made.log()
    assert came(log) == []
    assert "OF: changeset notifier error @/bus/n@99" in lines_of(log)
    assert made.live.tree.find("/bus/n@99") is not None
    assert made.devices() == BUS


def test_k147_a_listener_behind_comes_too_late() -> None:
    made = board()
    made.fail("reconfig", "attach-node")
    assert made.apply(at("/bus", {"n@99": {"reg": [0x99, 1]}})).error == "-EBUSY"
    assert came(made.log()) == [("add", "/bus/n@99")]


def test_a_template_is_switched_on_by_a_changeset_and_off_again() -> None:
    made = board()
    tree, counts = made.tree(), made.counts()
    made.applied(at("/bus", {"ep@99": {"status": "disabled"}}))
    assert made.devices() == BUS
    changeset = made.changeset()
    made.record(changeset, Action.ADD, "/bus/ep@99", "reg", 0x99)
    made.record(changeset, Action.UPDATE, "/bus/ep@99", "status", "okay")
    assert changeset.apply(made.live) == ""
    assert made.events()[:3] == [
        ("add-property", "/bus/ep@99", "reg"),
        ("update-property", "/bus/ep@99", "status"),
        ("add", "/bus/ep@99"),
    ]
    assert changeset.revert(made.live) == ""
    changeset.destroy(made.live)
    assert made.events()[-2:] == [
        ("removed", "/bus/ep@99"),
        ("remove-property", "/bus/ep@99", "reg"),
    ]
    assert made.remove(1) == ("", 0)
    assert (made.tree(), made.counts(), made.devices()) == (tree, counts, BUS)
    assert made.lines() == []
