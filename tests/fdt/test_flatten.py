"""Writing blobs: the layout of dtc, tree order, nothing left over."""

from __future__ import annotations

from itertools import pairwise
from struct import pack, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_blob import END, END_NODE, begin, prop, raw
from support.trees import tree_of

from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten, size_of
from dtovl.model.node import Node
from dtovl.model.tree import Header, Tree


def test_is_laid_out_as_dtc_does() -> None:
    tree = tree_of({"b": 1, "ab": 2, "n@1": {"xab": b"", "b": "s"}}, Header(3, ((16, 32),), b"pad"))
    # `b` is no tail of a name before it, `ab` neither; dtc looks at earlier names alone.
    structure = (
        begin()
        + prop(0, pack(">I", 1))
        + prop(2, pack(">I", 2))
        + begin("n@1")
        + prop(5)
        + prop(0, b"s\0")
        + END_NODE * 2
        + END
    )
    reservations = pack(">4Q", 16, 32, 0, 0)
    wanted = raw(
        structure, b"b\0ab\0xab\0", reservations=reservations, padding=b"pad", boot_cpuid_phys=3
    )
    assert flatten(tree) == wanted
    assert size_of(tree) + 3 == len(wanted)


def test_a_name_shares_the_tail_of_the_first_that_ends_in_it() -> None:
    names = ["linux,phandle", "my,phandle", "phandle", "handle", "le", "xle"]
    blob = flatten(tree_of(dict.fromkeys(names, b"")))
    strings = blob[unpack_from(">I", blob, 12)[0] :]
    assert strings == b"linux,phandle\0my,phandle\0xle\0"
    assert list(unflatten(blob).root.properties) == names


@given(st.lists(st.text("ab", max_size=4), unique=True))
def test_every_name_is_found_where_a_search_of_the_block_finds_it(names: list[str]) -> None:
    blob = flatten(tree_of(dict.fromkeys(names, b"")))
    wanted = b""
    offsets = []
    for name in names:
        text = name.encode() + b"\0"
        if text not in wanted:
            wanted += text
        offsets.append(wanted.index(text))
    structure, strings = unpack_from(">2I", blob, 8)
    assert blob[strings:] == wanted
    assert [
        unpack_from(">I", blob, structure + 16 + 12 * n)[0] for n in range(len(names))
    ] == offsets


def test_padding_is_kept_or_replaced() -> None:
    tree = tree_of({}, Header(padding=b"\1\2\3"))
    assert flatten(tree).endswith(b"\1\2\3")
    bare = flatten(tree, padding=b"")
    assert flatten(tree, padding=bytes(100)) == (
        bare[:4] + pack(">I", len(bare) + 100) + bare[8:] + bytes(100)
    )


def test_what_was_put_at_the_head_comes_first() -> None:
    tree = tree_of({"a": 1, "b": 2, "c": 3, "x": {}, "y": {}, "z": {}})
    tree.head_properties[tree.root] = 2
    tree.head_children[tree.root] = 1
    blob = flatten(tree)
    assert blob.endswith(b"c\0b\0a\0")
    again = unflatten(blob).root
    assert list(again.properties) == ["c", "b", "a"]
    assert list(again.children) == ["z", "x", "y"]
    assert size_of(tree) == len(blob)


@pytest.mark.parametrize("length", range(9))
def test_values_and_names_of_every_length(length: int) -> None:
    tree = tree_of({"n" * (length + 1): {"p" * (length + 1): b"\xff" * length}})
    blob = flatten(tree)
    assert len(blob) % 4 == (length + 2) % 4  # only the strings block may end anywhere
    node = unflatten(blob).root.children["n" * (length + 1)]
    assert node.properties == {"p" * (length + 1): b"\xff" * length}


def test_depth_costs_no_recursion() -> None:
    root = node = Node("")
    for _ in range(5000):
        child = Node("d")
        node.add_child(child)
        node = child
    blob = flatten(Tree(root))
    assert blob.count(begin("d")) == 5000
    assert size_of(Tree(root)) == len(blob)


def test_blocks_follow_each_other_without_gap() -> None:
    blob = flatten(tree_of({"a": b"x", "n": {}}, Header(reservations=((1, 2), (3, 4)))))
    fields = unpack_from(">10I", blob)
    structure, strings, reservations = fields[2:5]
    ends = [40, reservations + 48, structure + fields[9], strings + fields[8]]
    assert [reservations, structure, strings, fields[1]] == ends
    assert all(low < high for low, high in pairwise(ends))
    assert fields[5:7] == (17, 16)
