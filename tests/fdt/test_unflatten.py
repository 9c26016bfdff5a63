"""Reading blobs: every version, layout and order gives the tree that was written."""

from __future__ import annotations

import gc
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_blob import END, END_NODE, NOP, Spec, begin, changed, prop, raw, structure_of

from dtovl.diagnostics import Sink
from dtovl.errors import InputError
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten, size_of
from dtovl.model.node import Node, plain_name
from dtovl.model.tree import Header

NAMES = st.sampled_from(["a", "b", "cpu@0", "x,y-z.1", "reg", "interrupt-parent", "t", "parent"])
VALUES = st.binary(max_size=20)
RESERVATIONS = st.lists(st.tuples(*[st.integers(1, 2**64 - 1)] * 2), max_size=3)


# Per node: which of the nodes before it is its parent, its name, its properties.
ENTRIES = st.lists(
    st.tuples(st.integers(0, 7), NAMES, st.lists(st.tuples(NAMES, VALUES), max_size=3).map(tuple)),
    max_size=8,
)


def built(entries: list[tuple[int, str, tuple[tuple[str, bytes], ...]]], at: int = 0) -> Spec:
    """Put a list of nodes together to a tree; names and properties may repeat in a node."""
    _, name, properties = entries[at]
    below = (number for number in range(at + 1, len(entries)) if entries[number][0] % number == at)
    return Spec(name, properties, tuple(built(entries, number) for number in below))


SPECS = ENTRIES.map(lambda entries: built([(0, "", (("a", b"1"),)), *entries]))


def spec_of(node: Node) -> Spec:
    return Spec(
        node.name,
        tuple((plain_name(key), value) for key, value in node.properties.items()),
        tuple(spec_of(child) for child in node.children.values()),
    )


TREE = Spec(
    "",
    (("compatible", b"v,board\0"), ("#address-cells", pack(">I", 1)), ("empty", b"")),
    (
        Spec("soc", (("ranges", b""), ("phandle", pack(">I", 1))), (Spec("uart@10"), Spec("i2c"))),
        Spec("aliases", (("long", bytes(range(16))),)),
    ),
)


@given(
    SPECS,
    st.sampled_from([2, 3, 15, 16, 17, 18]),
    st.booleans(),
    st.permutations("rst").map("".join),
    st.sampled_from([b"", bytes(4), b"gap!"]),
    st.binary(max_size=9),
)
def test_reads_what_was_written(
    spec: Spec, version: int, nops: bool, order: str, gap: bytes, padding: bytes
) -> None:
    structure, strings = structure_of(spec, version=version, nops=nops)
    compatible = min(version, 16)
    blob = raw(
        structure,
        strings,
        order=order,
        gap=gap,
        padding=padding,
        version=version,
        last_comp_version=compatible,
    )
    tree = unflatten(blob)
    assert spec_of(tree.root) == spec
    assert tree.header.padding == padding
    assert tree.header.version == version


@given(SPECS, RESERVATIONS)
def test_write_and_read_are_inverse(spec: Spec, reservations: list[tuple[int, int]]) -> None:
    entries = b"".join(pack(">2Q", *entry) for entry in reservations) + bytes(16)
    blob = raw(*structure_of(spec, nops=True), reservations=entries, boot_cpuid_phys=7)
    tree = unflatten(blob)
    once = flatten(tree)
    again = unflatten(once)
    assert spec_of(again.root) == spec
    assert again.header == tree.header == Header(7, tuple(reservations))
    assert flatten(again) == once
    assert size_of(tree) == len(once)


@pytest.mark.parametrize("version", [3, 16, 17])
@pytest.mark.parametrize("start", range(1, 8))
def test_structure_block_at_any_offset(start: int, version: int) -> None:
    structure, strings = structure_of(TREE, version=version)
    compatible = min(version, 16)
    blob = raw(
        bytes(start) + structure,
        strings,
        order="rts",
        version=version,
        last_comp_version=compatible,
    )
    moved = int.from_bytes(blob[8:12], "big") + start
    blob = changed(blob, off_dt_struct=moved, size_dt_struct=len(structure))
    assert spec_of(unflatten(blob).root) == TREE
    assert spec_of(unflatten(blob + bytes(16)).root) == TREE


def test_bytes_behind_the_blob_are_no_part_of_it() -> None:
    blob = raw(*structure_of(TREE), padding=b"room")
    assert flatten(unflatten(blob + b"something")) == flatten(unflatten(blob))


def test_names_are_latin_1_and_nothing_is_lost() -> None:
    every = bytes(byte for byte in range(1, 256) if byte != ord("/"))
    blob = raw(begin() + prop(0, b"\xff") + begin(every) + END_NODE + END_NODE + END, every + b"\0")
    tree = unflatten(blob)
    (child,) = tree.root.children.values()
    assert child.name.encode("latin-1") == every
    assert list(tree.root.properties) == [every.decode("latin-1")]
    assert unflatten(flatten(tree)).root.properties == tree.root.properties


def test_names_that_share_their_tails() -> None:
    strings = b"linux,phandle\0"
    blob = raw(begin() + prop(6, b"\0\0\0\1") + prop(0, b"\0\0\0\1") + END_NODE + END, strings)
    tree = unflatten(blob)
    assert list(tree.root.properties) == ["phandle", "linux,phandle"]


@pytest.mark.parametrize(
    ("properties", "kernel", "libfdt"),
    [
        ([("phandle", 5)], 5, 5),
        ([("linux,phandle", 5)], 5, 5),
        ([("linux,phandle", 4), ("phandle", 5)], 4, 5),
        ([("phandle", 0), ("linux,phandle", 6)], 6, 0),
        ([("phandle", 5), ("ibm,phandle", 9)], 9, 5),
        ([("ibm,phandle", 9)], 9, 0),
        ([("phandle", 0), ("phandle", 8)], 8, 0),
        ([("phandle", 5), ("phandle", 8)], 5, 5),
    ],
)
def test_phandles_as_the_kernel_and_as_libfdt_take_them(
    properties: list[tuple[str, int]], kernel: int, libfdt: int
) -> None:
    node = Spec("a", tuple((name, pack(">I", number)) for name, number in properties))
    tree = unflatten(raw(*structure_of(Spec("", (), (node,)))))
    found = tree.root.children["a"]
    assert found.phandle == kernel
    assert tree.by_phandle == {kernel: found}
    assert tree.odd_phandles == ({} if kernel == libfdt else {found: libfdt})


def test_of_two_nodes_with_one_phandle_the_first_is_found() -> None:
    inner = Spec("inner", (("phandle", pack(">I", 3)),))
    outer = Spec("outer", (("phandle", pack(">I", 3)),), (inner,))
    tree = unflatten(raw(*structure_of(Spec("", (), (outer,)))))
    assert tree.by_phandle[3].name == "outer"


def test_repeated_names_stay_in_order() -> None:
    spec = Spec(
        "",
        (("a", b"1"), ("b", b"2"), ("a", b"3"), ("a", b"4")),
        (Spec("n", (("x", b"1"),)), Spec("n", (("x", b"2"),))),
    )
    tree = unflatten(raw(*structure_of(spec)))
    assert tree.root.properties["a"] == b"1"
    assert tree.root.children["n"].properties["x"] == b"1"
    assert spec_of(tree.root) == spec_of(unflatten(flatten(tree)).root) == spec


def test_a_property_behind_a_subnode_is_not_the_nodes_and_is_reported() -> None:
    sink = Sink()
    structure = begin() + begin("a") + END_NODE + prop(0, b"x") + END_NODE + END
    tree = unflatten(raw(structure, b"lost\0"), "b.dtb", sink)
    assert not tree.root.properties
    (found,) = sink
    assert found.code.number == "DT015"
    assert (found.path, str(found.where)) == ("/", "b.dtb")
    assert "lost" in found.message


@pytest.mark.parametrize("levels", [1024, 1025])
def test_depth_is_bounded(levels: int) -> None:
    blob = raw(begin() + begin("d") * levels + END_NODE * levels + END_NODE + END)
    if levels > 1024:
        with pytest.raises(InputError) as caught:
            unflatten(blob)
        assert caught.value.diagnostic.code.number == "DT008"
    else:
        assert flatten(unflatten(blob)) == blob


def test_refuses_a_tree_without_root() -> None:
    for structure in (END, NOP + END, prop(0) + begin() + END_NODE + END):
        with pytest.raises(InputError) as caught:
            unflatten(raw(structure, b"a\0"), "x.dtb")
        assert caught.value.diagnostic.code.number == "DT005"


def test_names_below_version_16_have_to_be_paths() -> None:
    structure = begin("/") + begin("a") + END_NODE * 2 + END
    with pytest.raises(InputError) as caught:
        unflatten(raw(structure, version=3, last_comp_version=3))
    assert "full paths" in caught.value.diagnostic.message


def test_garbage_collection_is_as_before() -> None:
    blob = raw(*structure_of(TREE))
    assert gc.isenabled()
    unflatten(blob)
    assert gc.isenabled()
    gc.disable()
    try:
        unflatten(blob)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_blob_validated_before_is_not_validated_again() -> None:
    blob = raw(*structure_of(TREE))
    assert spec_of(unflatten(blob, validated=True).root) == TREE


@pytest.mark.parametrize(
    ("node", "number"),
    [
        pytest.param(Spec("n", (("phandle", b""), ("x", b""))), 3, id="property"),
        pytest.param(Spec("n", (("phandle", b""),), (Spec("c"),)), 1, id="node"),
        pytest.param(Spec("n", (("x", b""), ("linux,phandle", b""))), 2, id="end"),
        pytest.param(
            Spec("n", (("phandle", b""), ("linux,phandle", b"\0\0\0\x09"))), 3, id="first"
        ),
    ],
)
def test_the_kernel_takes_the_next_token_for_a_phandle_without_value(
    node: Spec, number: int
) -> None:
    tree = unflatten(raw(*structure_of(Spec("", (), (node,)))))
    assert tree.root.children["n"].phandle == number
    assert list(tree.by_phandle) == [number]
