"""Queries: each of the recordings by itself, and the kernel's rules one by one."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.asking import RECORDED, ask, lines, live_of
from support.trees import Content, cells

from dtovl.codes import live as codes
from dtovl.live.objects import Flag, Maker, Oops, Property
from dtovl.live.primitives import add_property, attach, new_node, update_property
from dtovl.live.state import SATURATED, Live
from dtovl.model.dialect import LINUX, LINUX_7_2
from dtovl.model.node import Node, free_key
from dtovl.model.tree import Tree
from dtovl.script.queries import QUERIES
from dtovl.script.render import render_log

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = Path(__file__).parents[3] / "shared" / "kernel" / "cases"


def recorded_steps() -> Iterator[Any]:
    """Give each recorded query with the state of the tree before it; labels are the machine's."""
    if not CASES.is_dir():
        yield pytest.param(None, None, marks=pytest.mark.skip(reason="../shared/kernel is absent"))
        return
    for path in sorted(CASES.glob("*/case.json")):
        case = json.loads(path.read_bytes())
        state = case["boot"]["tree"]
        for number, step in enumerate(case["steps"]):
            result = step["result"]
            is_path = str(step.get("node", "/")).startswith("/")
            if step["op"] in QUERIES and result and is_path:
                yield pytest.param(state, step, id=f"{case['name']}-{number}")
            state = (result or {}).get("tree") or state


def live_from(state: list[dict[str, Any]]) -> Live:
    """Build the live tree that a recorded state describes."""
    nodes: dict[str, Node] = {}
    live: Live | None = None
    for entry in state:
        above, _, name = entry["path"].rpartition("/")
        node = Node(name, phandle=int(entry["phandle"]) if entry["phandle"] else 0)
        for key, value in entry["props"]:
            node.properties[free_key(key, node.properties)] = bytes.fromhex(value)
        if live is None:
            live = Live(Tree(node), RECORDED)
        else:
            nodes[above or "/"].add_child(node)
        nodes[entry["path"]] = node
        live.tree.index(node)
        live.counts[node] = entry["refs"]
        for flag in entry["flags"]:
            live.set_flag(node, getattr(Flag, flag))
            if flag == "DYNAMIC":
                objects = {
                    (node, key): Property(key, value, Maker.OVERLAY)
                    for key, value in node.properties.items()
                }
                live.objects.update(objects)
    assert live is not None
    return live


@pytest.mark.parametrize(("state", "step"), list(recorded_steps()))
def test_recorded_query_is_answered_as_the_kernel_did(state: Any, step: Any) -> None:
    live = live_from(state)
    found = ask(live, **{key: value for key, value in step.items() if key != "result"})
    recorded = step["result"]
    rest = ("log", "tree", "tree_sha256", "tree_changed", "refs_or_flags_changed")
    assert found == {key: value for key, value in recorded.items() if key not in rest}
    kernel = [entry["text"] for entry in recorded["log"] if entry.get("level", 7) < 4]
    assert lines(live) == kernel
    if "tree" in recorded:
        counts = {entry["path"]: entry["refs"] for entry in recorded["tree"]}
        assert {node.path: live.count(node) & 0xFFFFFFFF for node in live.tree.walk()} == counts


BOARD: Content = {
    "aliases": {"first": "/soc", "second": "first/uart@1:9600", "loop": "loop2", "loop2": "loop"},
    "soc": {
        "uart@1": {"compatible": b"v,one\0v,common\0", "status": "okay", "phandle": 7},
        "uart@2": {"compatible": "v,common"},
    },
}


@pytest.mark.parametrize(
    ("path", "node", "options"),
    [
        ("first", "/soc", ""),
        ("second", "/soc/uart@1", ""),
        ("second/", None, ""),
        ("second:a:b", "/soc/uart@1", "a:b"),
        ("first:x/uart@1", "/soc", "x/uart@1"),
        ("/:x", None, "x"),
        ("", None, ""),
        ("first/uart@2\0junk", "/soc/uart@2", ""),
        ("name", None, ""),
    ],
)
def test_path_is_looked_up(path: str, node: str | None, options: str) -> None:
    assert ask(live_of(BOARD), "find_opts", path=path) == {"node": node, "opts": options}


def test_aliases_that_name_each_other_overflow_the_stack() -> None:
    with pytest.raises(Oops, match="leads back"):
        ask(live_of(BOARD), "find", path="loop/x")


def test_aliases_made_later_lead_nowhere() -> None:
    live = live_of({"soc": {}})
    aliases = new_node(live, "aliases", live.tree.root)
    add_property(live, aliases, Property("a0", b"/soc\0", Maker.OVERLAY))
    attach(live, aliases)
    assert ask(live, "find", path="a0") == {"node": None}
    assert ask(live, "find", path="/aliases") == {"node": "/aliases"}


def test_alias_without_end_is_read_beyond() -> None:
    live = live_of(BOARD)
    aliases = live.tree.root.children["aliases"]
    add_property(live, aliases, Property("late", b"/soc", Maker.OVERLAY))
    assert ask(live, "find", path="late") == {"node": "/soc"}
    assert [found.code for found in live.take_findings()] == [codes.READ_BEYOND]
    add_property(live, aliases, Property("empty", b"", Maker.OVERLAY))
    with pytest.raises(Oops, match="no value"):
        ask(live, "find", path="empty")


def test_aliases_have_the_numbers_of_boot() -> None:
    live = live_of(
        {
            "aliases": {
                "uart9": "/soc/uart@1",
                "i2c0": "/soc/uart@1",
                "uart99999999999": "/soc/uart@2",
                "deep007": "base/uart@2:opt",
                "base": "/soc",
            },
            "soc": {"uart@1": {}, "uart@2": {}},
        }
    )
    aliases = live.tree.root.children["aliases"]
    assert ask(live, "alias_id", node="/soc/uart@1", stem="uart") == {"ret": 9}
    assert ask(live, "alias_id", node="/soc/uart@1", stem="i2c") == {"ret": 0}
    assert ask(live, "alias_id", node="/soc/uart@2", stem="uart") == {"ret": "-ENODEV"}
    assert ask(live, "alias_id", node="/soc/uart@2", stem="deep") == {"ret": 7}
    assert ask(live, "alias_id", node="/soc/uart@2", stem="deep0") == {"ret": "-ENODEV"}
    update_property(live, aliases, Property("uart9", b"/soc/uart@2\0", Maker.OVERLAY), None)
    add_property(live, aliases, Property("uart3", b"/soc/uart@2\0", Maker.OVERLAY))
    assert ask(live, "alias_id", node="/soc/uart@1", stem="uart") == {"ret": 9}
    assert ask(live, "alias_id", node="/soc/uart@2", stem="uart") == {"ret": "-ENODEV"}


def test_counts_that_are_used_up_are_noticed_on_the_way() -> None:
    live = live_of({"a": {}, "b": {"c": {}}, "d": {}})
    first, second, last = live.tree.root.children.values()
    for node in (first, last):
        live.counts[node] = 0
    assert ask(live, "find", path="/b/c") == {"node": "/b/c"}
    assert live.count(first) == SATURATED
    assert live.count(last) == 0
    assert second not in live.counts
    assert ask(live, "child", node="/", name="e") == {"node": None}
    assert live.count(last) == SATURATED


def test_walk_over_a_ring_never_ends() -> None:
    live = live_of({"soc": {"a": {}, "b": {}}})
    attach(live, live.tree.root.children["soc"].children["b"])
    assert ask(live, "find", path="/soc/b") == {"node": "/soc/b"}
    assert ask(live, "find_name", name="a") == {"node": "/soc/a"}
    for op, step in (
        ("find", {"path": "/soc/c"}),
        ("find_name", {"name": "c"}),
        ("find_compatible", {"compatible": "c"}),
        ("find_phandle", {"phandle": 9}),
        ("child", {"node": "/soc", "name": "c"}),
    ):
        with pytest.raises(Oops, match="ring"):
            ask(live, op, **step)


def test_freed_node_cannot_be_asked() -> None:
    live = live_of(BOARD)
    live.freed.add(live.tree.root.children["soc"])
    with pytest.raises(Oops, match="freed"):
        ask(live, "is_available", node="/soc")


def test_phandle_is_taken_as_text_and_number() -> None:
    assert ask(live_of(BOARD), "find_phandle", phandle="0x7") == {"node": "/soc/uart@1"}
    assert ask(live_of(BOARD), "find_phandle", phandle=7) == {"node": "/soc/uart@1"}
    assert ask(live_of(BOARD), "find_phandle", phandle=0) == {"node": None}


def test_shared_phandle_is_that_of_boot_or_the_first_in_the_tree() -> None:
    for taken in (7, 0):
        live = live_of({"host": {}, "old": {"phandle": taken}})
        host = live.tree.root.children["host"]
        for name in ("x", "y"):
            node = new_node(live, name, host)
            add_property(live, node, Property("phandle", cells(7), Maker.OVERLAY))
            attach(live, node)
        expected = "/old" if taken else "/host/y"
        assert ask(live, "find_phandle", phandle=7) == {"node": expected}


def test_shared_phandle_of_a_slot_taken_at_boot() -> None:
    live = live_of({"a": {"phandle": 2}, "b": {"phandle": 91}, "host": {}})
    node = new_node(live, "x", live.tree.root)
    add_property(live, node, Property("phandle", cells(91), Maker.OVERLAY))
    attach(live, node)
    assert ask(live, "find_phandle", phandle=91) == {"node": "/x"}


# -- strings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        (None, 1, 1),
        (b"ok\0", 1, 1),
        (b"okay\0junk", 1, 1),
        (b"okay", 1, 0),
        (b"", 0, 0),
        (b"Okay\0", 0, 0),
    ],
)
def test_status_tells_what_is_available(value: bytes | None, old: int, new: int) -> None:
    content: Content = {"n": {} if value is None else {"status": value}}
    assert ask(live_of(content), "is_available", node="/n") == {"available": old}
    assert ask(live_of(content, LINUX_7_2), "is_available", node="/n") == {"available": new}


@pytest.mark.parametrize(
    ("value", "wanted", "score"),
    [
        (b"a\0b\0", "B", 0x3FFFFFFF - 4),
        (b"a\0\0b\0", "b", 0x3FFFFFFF - 8),
        (b"a\0b", "b", 0x3FFFFFFF - 4),
        (b"a\0b\0", "", 0),
        (b"", "a", 0),
        (b"caf\xc9\0", "caf\xe9", 0x3FFFFFFF),
    ],
)
def test_compatible_is_scored(value: bytes, wanted: str, score: int) -> None:
    live = live_of({"n": {"compatible": value}})
    assert ask(live, "is_compatible", node="/n", compatible=wanted) == {"score": score}
    assert live.take_findings() == []


def test_compatible_of_an_overlay_is_read_beyond_its_end() -> None:
    for dialect, beyond in ((LINUX, 1), (LINUX_7_2, 0)):
        live = live_of({"n": {}}, dialect)
        node = live.tree.root.children["n"]
        add_property(live, node, Property("compatible", b"a\0b", Maker.OVERLAY))
        assert ask(live, "is_compatible", node="/n", compatible="a")["score"]
        assert live.take_findings() == []
        assert ask(live, "find_compatible", compatible="c") == {"node": None}
        assert [found.code for found in live.take_findings()] == [codes.READ_BEYOND] * beyond


# -- hostile ---------------------------------------------------------------------------------------

NAMES = """\
phandle #x-cells x-map x-map-mask x-map-pass-thru refs a0 status compatible device_type
#interrupt-cells interrupt-map interrupt-map-mask interrupt-parent interrupts
interrupts-extended interrupt-controller #address-cells #size-cells reg ranges
""".split()  # noqa: SIM905
NUMBERS = st.sampled_from([0, 1, 2, 3, 4, 16, 17, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
VALUES = (
    st.lists(NUMBERS, max_size=9).map(lambda numbers: cells(*numbers))
    | st.binary(max_size=9)
    | st.sampled_from([b"/a:x\0", b"a0/b\0", b"pci\0", b"okay\0"])
)
PROPERTIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=9)


@given(st.lists(PROPERTIES, min_size=5, max_size=5), st.integers(-2, 3), st.data())
def test_hostile_values_end_in_an_answer_or_a_refusal(
    properties: list[dict[str, bytes]], index: int, data: st.DataObject
) -> None:
    root, aliases, first, second, third = properties
    content: Any = {**root, "aliases": aliases, "a": {**first, "b": {**second, "isa": third}}}
    live = live_of(content, data.draw(st.sampled_from([LINUX, LINUX_7_2])))
    nodes = ["/", "/a", "/a/b", "/a/b/isa"]
    common = {"list": "refs", "cells": "#x-cells", "stem": "x", "index": index, "count": index}
    words = {"name": "a", "path": data.draw(st.sampled_from(["a0", "a0/b:c", "/a/b"]))}
    for op in QUERIES:
        for node in nodes:
            step = {"node": node, "compatible": "okay", "phandle": 1, **common, **words}
            with suppress(Oops):
                assert ask(live, op, **step)
    render_log(live.log)
