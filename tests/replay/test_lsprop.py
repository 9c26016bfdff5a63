"""Listings of lsprop -R: every form of value, and what is no listing."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.lsprop import LIMIT, listing
from support.trees import cells, strings

from dtovl.errors import InputError
from dtovl.model.node import Node
from dtovl.replay.lsprop import is_listing, read_lsprop

ROOT = 'compatible       "a,b"\n'


def properties(text: str) -> dict[str, bytes]:
    """Read a listing of one node; give its properties but for the first line."""
    found = dict(read_lsprop((ROOT + text).encode("latin-1"), "x").tree.root.properties)
    assert found.pop("compatible") == b"a,b\0"
    return found


def refusal(text: str) -> tuple[str, int]:
    with pytest.raises(InputError) as caught:
        read_lsprop((ROOT + text).encode("latin-1"), "x")
    found = caught.value.diagnostic
    assert found.where is not None
    return found.code.number, found.where.line


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('x                "okay"', b"okay\0"),
        ('x                "a"\n\t\t "b"', b"a\0b\0"),
        ('x                "0"\n\t\t ""\n\t\t ""', b"0\0\0\0"),
        ('x                ""', b"\0"),
        ('x                "say "no""', b'say "no"\0'),
        ('x                "two\nlines"', b"two\nlines\0"),
        ("x                00000010 (16)", cells(16)),
        ("x                fffffff0 (-16)", cells(0xFFFFFFF0)),
        ("x                00000001 00000002", cells(1, 2)),
        ("x                00000001 00000002\n\t\t 00000003", cells(1, 2, 3)),
        ("x                41 42 43" + " " * 39 + "ABC", b"ABC"),
        (
            "x               " + " 41" * 16 + "A" * 16 + "\n\t\t 42" + " " * 45 + "B",
            b"A" * 16 + b"B",
        ),
        ("x               ", b""),
        ("x", b""),
    ],
)
def test_values(text: str, value: bytes) -> None:
    assert properties(text + "\n") == {"x": value}
    assert properties(text + "\r\n\r\n".replace("\r", "")) == {"x": value}


def test_long_names_have_their_value_below() -> None:
    text = "exactly-16-chars 00000001\nseventeen-letters\n\t\t 00000002\nan-empty-property\n\t\t\n"
    assert properties(text) == {
        "exactly-16-chars": cells(1),
        "seventeen-letters": cells(2),
        "an-empty-property": b"",
    }
    assert properties("an-empty-property\nx                00000001\n") == {
        "an-empty-property": b"",
        "x": cells(1),
    }


def test_p045_cut_values_are_known_as_far_as_they_go() -> None:
    text = "x                00000001\n\t\t [130 bytes total]\ny                00000002\n"
    base = read_lsprop((ROOT + "\nn:\n" + text).encode(), "x")
    node = base.tree.root.children["n"]
    assert node.properties == {"x": cells(1), "y": cells(2)}
    assert base.unknown == {node: {"x"}}


def test_directories() -> None:
    for where in ("", "./", "/proc/device-tree/", "copy/", "/tmp/x/y/"):
        text = f"{ROOT}\n{where}a:\nx                00000001\n\n{where}a/b@1:\n\n{where}c:\n"
        root = read_lsprop(text.encode(), "x").tree.root
        assert [node.path for node in root.walk()] == ["/", "/a", "/a/b@1", "/c"]
    text = f"/proc/device-tree:\n{ROOT}\n/proc/device-tree/a:\nx                00000001\n"
    assert [node.path for node in read_lsprop(text.encode(), "x").tree.root.walk()] == ["/", "/a"]


def test_the_name_that_the_kernel_shows_is_left_out() -> None:
    text = f'{ROOT}name             ""\n\nn@1:\nname             "n"\nm                "n"\n'
    root = read_lsprop(text.encode(), "x").tree.root
    assert list(root.properties) == ["compatible"]
    assert list(root.children["n@1"].properties) == ["m"]


def test_phandles_are_those_of_boot() -> None:
    text = f"{ROOT}\nn:\nphandle          00000001\nibm,phandle      00000002\n"
    base = read_lsprop(text.encode(), "x")
    assert base.tree.by_phandle[2].name == "n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x                0000001\n", 2),
        ("x                okay\n", 2),
        ('x                "okay\n', 2),
        ("x                00000001 zz\n", 2),
        ("x                " + "41 " * 17 + "\n", 2),
        ("x                00000001\n\t\t [3 bytes total]\n", 2),
        ("\n\t\t 00000001\n", 3),
        ("x                00000001\nx                00000001\n", 3),
        ("\n/a/b:\nx                00000001\n\n/c:\n", 6),
        ("\na:\nx                00000001\n\na//b:\nx                00000001\n", 6),
    ],
)
def test_what_is_no_listing(text: str, line: int) -> None:
    assert refusal(text) == ("PS208", line)


def test_what_looks_like_a_listing() -> None:
    assert is_listing(ROOT.encode())
    assert is_listing(b"\n\na:\nreg              00000001\n")
    for text in (
        b"",
        b"compatible = 1",
        b"mobility: removing node /a:5",
        b"dtovl-replay: 1\nops: []",
    ):
        assert not is_listing(text)


NAMES = st.text("abcdefgh,#-", min_size=1, max_size=20).map(lambda text: "n" + text)
VALUES = st.one_of(
    st.binary(max_size=40),
    st.lists(st.integers(0, 0xFFFFFFFF), max_size=20).map(lambda numbers: cells(*numbers)),
    st.lists(st.text("ab c", max_size=9), max_size=4).map(lambda texts: strings(*texts)),
    st.integers(LIMIT - 2, LIMIT + 40).map(lambda size: b"\1" * size),
)


@st.composite
def trees(draw: st.DrawFn, name: str = "", depth: int = 3) -> Node:
    node = Node(name)
    node.properties = {"compatible": b"x\0"} | draw(st.dictionaries(NAMES, VALUES, max_size=4))
    if depth:
        for child in draw(st.lists(NAMES, max_size=2, unique=True)):
            node.add_child(draw(trees(child, depth - 1)))
    return node


@given(trees(), st.sampled_from(("", "./", "/proc/device-tree/")))
def test_p045_trees_that_are_listed_read_back(root: Node, where: str) -> None:
    base = read_lsprop(listing(root, where).encode("latin-1"), "x")
    found = {node.path: node for node in base.tree.walk()}
    wanted = {node.path: node for node in root.walk()}
    assert list(found) == list(wanted)
    for path, node in wanted.items():
        cut = {key: value[:LIMIT] for key, value in node.properties.items()}
        assert found[path].properties == cut
        long = {key for key, value in node.properties.items() if len(value) > LIMIT}
        assert base.unknown.get(found[path], set()) == long


@given(st.text('ab:\n\t "0[]()16/ bytes total', max_size=120))
def test_any_text(text: str) -> None:
    with suppress(InputError):
        read_lsprop((ROOT + text).encode(), "x")
