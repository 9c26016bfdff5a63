"""Names that are not ASCII: text in logs and reports, a character for each byte in trees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import dtovl
from dtovl.replay.names import as_names, as_texts
from dtovl.replay.stream import Base, name_of

if TYPE_CHECKING:
    from pathlib import Path

RAW = "n\xe4-\u20ac".encode() + b"-\xff"
NAME, TEXT = RAW.decode("latin-1"), RAW.decode("utf-8", "surrogateescape")
SOURCE = """/dts-v1/; / { vdevice { device_type = "vdevice"; b { phandle = <8>; }; c { }; }; };"""
POLICIES = ("naive", "ignore", "preserve", "subtree-attach")


def base() -> dtovl.Tree:
    """Make a tree in which a node, and a property, have the name."""
    tree = dtovl.load(SOURCE.encode())
    vdevice = tree.find("/vdevice")
    assert vdevice is not None
    node = dtovl.Node(NAME, phandle=7)
    node.properties = {"phandle": b"\0\0\0\7", NAME: b"old", "device_type": b"x\0", "reg": bytes(4)}
    vdevice.children = {"b": vdevice.children["b"], NAME: node, "c": vdevice.children["c"]}
    node.parent = vdevice
    tree.index_phandles()
    return tree


def log(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


REMOVE = b"mobility: removing node /vdevice/" + RAW + b":7"
SET = b"update_property 7 " + RAW + b" 3 new"
ADD = b"add_node /vdevice/" + RAW + b"/" + RAW + b" " + RAW + b" 1 x"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_log_finds_what_the_tree_has(policy: str) -> None:
    result = dtovl.replay_stream(log(SET, REMOVE), base(), policy=policy)  # type: ignore[arg-type]
    assert [one.path for one in result.ops] == [f"/vdevice/{TEXT}"] * 2
    (node,) = result.nodes
    assert (node.path, node.holders) == (f"/vdevice/{TEXT}", ("vio:0",))
    assert [(one.name, one.old, one.new) for one in node.changes] == [(TEXT, b"old", b"new")]
    assert not [one for one in result.findings if one.code.number in ("PS116", "PS133")]


def test_the_tree_afterwards_has_bytes_again() -> None:
    tree = base()
    result = dtovl.replay_stream(log(SET, ADD), tree)
    written = dtovl.load(dtovl.dump(result.tree) or b"")
    for found in (result.tree, written):
        node = found.find(f"/vdevice/{NAME}")
        assert node is not None
        assert node.properties[NAME] == b"new"
        assert node.children[NAME].properties[NAME] == b"x"
        vdevice = found.find("/vdevice")
        assert vdevice is not None
        assert list(vdevice.children) == ["b", NAME, "c"]
    assert dtovl.dump(tree, form="dts")


def test_an_inferred_tree_can_be_written() -> None:
    result = dtovl.replay_stream(log(REMOVE.replace(b":7", b"/x:7")))
    written = dtovl.load(dtovl.dump(result.tree) or b"")
    assert written.find(f"/vdevice/{NAME}") is not None
    json.dumps(result.as_json())


def test_a_session_keeps_the_bytes(tmp_path: Path) -> None:
    from dtovl.cli import run

    (tmp_path / "log").write_bytes(log(SET, ADD))
    with dtovl.Session.create(tmp_path / "s", base()):
        pass
    assert (
        run(["migrate", "--replay", str(tmp_path / "log"), "--session", str(tmp_path / "s")]) == 0
    )
    with dtovl.Session.open(tmp_path / "s") as session:
        node = session.export().find(f"/vdevice/{NAME}")
        assert node is not None
        assert node.properties[NAME] == b"new"
        assert node.children[NAME].properties[NAME] == b"x"
        session.undo()
        node = session.export().find(f"/vdevice/{NAME}")
        assert node is not None
        assert not node.children


def test_there_and_back() -> None:
    tree = base()
    node = tree.find(f"/vdevice/{NAME}")
    assert node is not None
    before = dtovl.dump(tree)
    named = as_texts(Base(tree, {node: {NAME}}))
    assert node.name == TEXT
    assert list(node.properties) == ["phandle", TEXT, "device_type", "reg"]
    assert named.unknown == {node: {TEXT}}
    as_names(tree.walk())
    assert name_of(TEXT) == NAME
    assert dtovl.dump(tree) == before
