"""What compiling makes of source: order, phandles, symbols, fixups. Expected trees are dtc's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dtovl.diagnostics import Sink
from dtovl.dts.reader import read_source
from dtovl.errors import InputError
from dtovl.model.cells import cells, strings

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

HEAD = "/dts-v1/;\n"
PLUGIN = "/dts-v1/; /plugin/;\n"


def tree_of(text: str, symbols: bool = False, sink: Sink | None = None) -> Tree:
    return read_source(text.encode("latin-1"), "x.dts", symbols=symbols, sink=sink)


def node_of(tree: Tree, path: str) -> Node:
    node = tree.find(path)
    assert node is not None, path
    return node


def paths(tree: Tree) -> list[str]:
    return [node.path for node in tree.walk()]


def told(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        tree_of(text)
    return [f"{found.code.number} {found.where}" for found in caught.value.diagnostics]


# -- merging ---------------------------------------------------------------------------------------


def test_later_blocks_add_and_replace_in_place() -> None:
    text = (
        HEAD + "/ { a = <1>; b; n { x; y = <1>; }; };\n/ { c; a = <2>; n { y = <2>; z; }; m { }; };"
    )
    tree = tree_of(text)
    assert tree.root.properties == {"a": b"\0\0\0\2", "b": b"", "c": b""}
    assert node_of(tree, "/n").properties == {"x": b"", "y": b"\0\0\0\2", "z": b""}
    assert list(tree.root.properties) == ["a", "b", "c"]
    assert paths(tree) == ["/", "/n", "/m"]


def test_blocks_of_references_add_to_their_node() -> None:
    text = (
        HEAD + "/ { n@1 { l: k { }; }; };\n&l { a; };\n&{/n@1} { b; };\n&{l} { c; };\n&{/} { d; };"
    )
    tree = tree_of(text)
    assert list(node_of(tree, "/n@1/k").properties) == ["a", "c"]
    assert list(node_of(tree, "/n@1").properties) == ["b"]
    assert list(tree.root.properties) == ["d"]


def test_paths_from_labels() -> None:
    text = HEAD + "/ { r = <&{l/k}>; p = &{l/k}; l: n { k { }; }; };\n&{l/k} { a; };"
    tree = tree_of(text)
    assert list(node_of(tree, "/n/k").properties) == ["a", "phandle"]
    assert tree.root.properties["p"] == b"/n/k\0"


def test_what_was_deleted_comes_back_in_its_old_place() -> None:
    text = (
        HEAD + "/ { a; b; c; n { x; y; }; m { }; };\n/ { /delete-property/ a; /delete-node/ n; };\n"
    )
    assert list(tree_of(text).root.properties) == ["b", "c"]
    tree = tree_of(text + "/ { d; a; n { z; y; }; };")
    assert list(tree.root.properties) == ["a", "b", "c", "d"]
    assert paths(tree) == ["/", "/n", "/m"]
    assert list(node_of(tree, "/n").properties) == ["y", "z"]


def test_a_deletion_in_a_new_block_keeps_a_place() -> None:
    text = HEAD + "/ { n { /delete-property/ a; b; /delete-node/ k; m { }; }; };\n"
    tree = tree_of(text + "/ { n { a; k { }; }; };")
    assert list(node_of(tree, "/n").properties) == ["a", "b"]
    assert paths(tree) == ["/", "/n", "/n/k", "/n/m"]


def test_a_name_may_be_deleted_and_defined_in_one_block() -> None:
    tree = tree_of(HEAD + "/ { /delete-property/ a; b; a; /delete-node/ n; m { }; n { }; };")
    assert list(tree.root.properties) == ["b", "a"]
    assert paths(tree) == ["/", "/m", "/n"]


def test_labels_of_deleted_nodes_are_free_again() -> None:
    text = HEAD + "/ { l: a { }; };\n/delete-node/ &l;\n/ { r = <&l>; l: b { }; };"
    tree = tree_of(text, symbols=True)
    assert node_of(tree, "/__symbols__").properties == {"l": b"/b\0"}


def test_the_first_node_in_the_tree_has_a_label_that_two_carry() -> None:
    text = HEAD + "/ { s { }; t { l: a { }; }; };\n/ { s { l: b { }; }; };\n/delete-node/ &l;"
    assert paths(tree_of(text)) == ["/", "/s", "/t", "/t/a"]


# -- phandles --------------------------------------------------------------------------------------


def test_phandles_are_numbered_in_the_order_of_first_use() -> None:
    text = HEAD + "/ { a: a { r = <&c &a>; }; b: b { r = <&b &c>; }; c: c { }; d: d { }; };"
    tree = tree_of(text)
    numbers = {node.name: node.phandle for node in tree.walk()}
    assert numbers == {"": 0, "a": 2, "b": 3, "c": 1, "d": 0}
    assert cells(node_of(tree, "/a").properties["r"]) == (1, 2)
    assert list(node_of(tree, "/a").properties) == ["r", "phandle"]
    assert tree.by_phandle == {
        1: node_of(tree, "/c"),
        2: node_of(tree, "/a"),
        3: node_of(tree, "/b"),
    }


def test_numbers_of_the_source_are_kept_and_left_free() -> None:
    text = HEAD + "/ { a: a { phandle = <1>; }; b: b { linux,phandle = <3>; }; c: c { }; d: d { };"
    tree = tree_of(text + " e { r = <&c &d &a &b>; }; };")
    assert cells(node_of(tree, "/e").properties["r"]) == (2, 4, 1, 3)
    assert list(node_of(tree, "/b").properties) == ["linux,phandle"]
    assert node_of(tree, "/b").phandle == 3


def test_a_node_may_ask_for_a_phandle_of_its_own() -> None:
    tree = tree_of(HEAD + "/ { z; a: a { phandle = <&a>; x; }; };")
    assert list(node_of(tree, "/a").properties.items()) == [("phandle", b"\0\0\0\1"), ("x", b"")]


def test_path_references_move_what_stands_behind_them() -> None:
    text = HEAD + '/ { p = "x", &l, <&l 7>, &{/n}, [ff]; l: n { }; };'
    value = tree_of(text).root.properties["p"]
    assert value == b"x\0/n\0" + b"\0\0\0\1\0\0\0\7" + b"/n\0\xff"


def test_the_boot_cpu_is_the_first_one() -> None:
    text = HEAD + "/ { cpus { cpu@2 { reg = <2>; }; cpu@3 { reg = <3>; }; }; };\n"
    assert tree_of(text).header.boot_cpuid == 2
    assert tree_of(text + "/ { cpus { /delete-node/ cpu@2; }; };").header.boot_cpuid == 0
    assert tree_of(HEAD + "/ { cpus { a { reg = <1 2>; }; }; };").header.boot_cpuid == 0


# -- nodes that are left out -----------------------------------------------------------------------


def test_unused_nodes_are_left_out() -> None:
    text = HEAD + "/ { r = <&u>; s = &v; /omit-if-no-ref/ u: u { }; /omit-if-no-ref/ v: v { };"
    text += " w: /omit-if-no-ref/ w { k { }; }; x: x { }; };\n/omit-if-no-ref/ &x;\n"
    assert paths(tree_of(text)) == ["/", "/u", "/v"]
    assert "w" in paths(tree_of(text, symbols=True))[3]


def test_extending_does_not_mark_a_node() -> None:
    text = HEAD + "/ { n { }; };\n/ { /omit-if-no-ref/ n { }; };"
    assert paths(tree_of(text)) == ["/", "/n"]


def test_a_number_that_goes_with_its_node_is_given_again() -> None:
    text = HEAD + "/ { r = <&l>; /omit-if-no-ref/ x { l: n { }; }; m: m { }; };"
    tree = tree_of(text, symbols=True)
    assert tree.root.properties["r"] == b"\0\0\0\1"
    assert node_of(tree, "/m").phandle == 1


# -- symbols and fixups ----------------------------------------------------------------------------


def test_symbols_list_labels_in_tree_order_and_give_phandles() -> None:
    text = HEAD + "/ { b1: b2: b { }; a: a { r = <&a>; }; c { }; };\nb3: &b1 { };"
    tree = tree_of(text, symbols=True)
    table = node_of(tree, "/__symbols__").properties
    assert list(table.items()) == [
        ("b3", b"/b\0"),
        ("b1", b"/b\0"),
        ("b2", b"/b\0"),
        ("a", b"/a\0"),
    ]
    assert [node.phandle for node in tree.walk()] == [0, 2, 1, 0, 0]


def test_without_labels_there_are_no_symbols() -> None:
    assert paths(tree_of(HEAD + "/ { n { l: p; q = <l2: 1>; }; };", symbols=True)) == ["/", "/n"]


def test_symbols_of_the_source_stay() -> None:
    sink = Sink()
    text = HEAD + '/ { __symbols__ { l = "/old"; k = "/k"; }; l: n { }; m: m { }; };'
    tree = tree_of(text, symbols=True, sink=sink)
    table = node_of(tree, "/__symbols__").properties
    assert table == {"l": b"/old\0", "k": b"/k\0", "m": b"/m\0"}
    assert [found.code.number for found in sink] == ["DT046"]


def test_a_fragment_made_of_sugar_may_not_take_the_name_of_a_written_one() -> None:
    text = PLUGIN + '/ { fragment@0 { target-path = "/"; __overlay__ { q; }; }; };\n&x { p; };\n'
    with pytest.raises(InputError, match="DT032"):
        tree_of(text)


def test_an_overlay_gets_fragments_and_fixups() -> None:
    text = PLUGIN + "&i2c { s: dev@10 { irq = <&gpio 3>, <&s>, <&gpio 4>; }; };\n"
    text += "&{/chosen} { x = <&s>; };\n&s { y; };\n"
    tree = tree_of(text)
    assert paths(tree) == [
        "/",
        "/fragment@0",
        "/fragment@0/__overlay__",
        "/fragment@0/__overlay__/dev@10",
        "/fragment@1",
        "/fragment@1/__overlay__",
        "/__fixups__",
        "/__local_fixups__",
        "/__local_fixups__/fragment@0",
        "/__local_fixups__/fragment@0/__overlay__",
        "/__local_fixups__/fragment@0/__overlay__/dev@10",
        "/__local_fixups__/fragment@1",
        "/__local_fixups__/fragment@1/__overlay__",
    ]
    device = "/fragment@0/__overlay__/dev@10"
    assert node_of(tree, "/fragment@0").properties == {"target": b"\xff" * 4}
    assert node_of(tree, "/fragment@1").properties == {"target-path": b"/chosen\0"}
    assert list(node_of(tree, device).properties) == ["irq", "y", "phandle"]
    fixups = node_of(tree, "/__fixups__").properties
    assert {label: strings(value) for label, value in fixups.items()} == {
        "i2c": ["/fragment@0:target:0"],
        "gpio": [f"{device}:irq:0", f"{device}:irq:12"],
    }
    assert node_of(tree, f"/__local_fixups__{device}").properties == {"irq": b"\0\0\0\x08"}
    assert str(tree.positions[node_of(tree, "/fragment@1")]) == "x.dts:3:1"
    assert str(tree.positions[node_of(tree, device)]) == "x.dts:4:1"


def test_offsets_count_the_paths_before_them() -> None:
    tree = tree_of(PLUGIN + "&t { l: n { p = &l, <&l &x>; }; };")
    path = "/fragment@0/__overlay__/n"
    length = len(path) + 1
    assert cells(node_of(tree, f"/__local_fixups__{path}").properties["p"]) == (length,)
    assert strings(node_of(tree, "/__fixups__").properties["x"]) == [f"{path}:p:{length + 4}"]


def test_a_table_of_the_source_is_added_to() -> None:
    text = PLUGIN + '/ { n { p = <&x 1>; };\n __fixups__ { x = "/n:p:0", "/m:q:4"; }; };'
    assert strings(node_of(tree_of(text), "/__fixups__").properties["x"]) == ["/n:p:0", "/m:q:4"]


@pytest.mark.parametrize(
    "table", ["__fixups__ { x = <1>; }", "__local_fixups__ { n { p = [00]; }; }"]
)
def test_a_malformed_table_is_told(table: str) -> None:
    sink = Sink()
    tree_of(PLUGIN + f"/ {{ l: n {{ p = <&x &l>; }}; {table}; }};", sink=sink)
    assert [str(found.where) for found in sink if found.code.number == "DT048"] == ["x.dts:2:12"]


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/ {\n l: a { };\n l: b { };\n};", ["DT031 x.dts:4:5"]),
        ("/ {\n l: a { };\n l: p;\n};".replace("l: p;", "b { l: p; };"), ["DT031 x.dts:4:9"]),
        ("/ {\n l: p = <1>;\n q = <l: 2>;\n};", ["DT031 x.dts:4:2"]),
        ("/ {\n p = <l: 1 l: 2>;\n};", ["DT031 x.dts:3:2"]),
        ("/ {\n a { phandle = <1>; };\n b { phandle = <1>; };\n};", ["DT037 x.dts:4:6"]),
        ("/ {\n a { phandle = <0>; };\n};", ["DT036 x.dts:3:6"]),
        ("/ {\n a { phandle = <0xffffffff>; };\n};", ["DT036 x.dts:3:6"]),
        ("/ {\n a { phandle = <1 2>; };\n};", ["DT036 x.dts:3:6"]),
        ("/ {\n a { phandle = [01]; };\n};", ["DT036 x.dts:3:6"]),
        ("/ {\n a { phandle = <1>; linux,phandle = <2>; };\n};", ["DT036 x.dts:3:21"]),
        ("/ {\n l: a { }; b { phandle = <&l>; };\n};", ["DT036 x.dts:3:16"]),
        ("/ {\n a { r = <1>, <&no>; s = &no; };\n};", ["DT030 x.dts:3:16", "DT030 x.dts:3:26"]),
        ("/ {\n a { r = <&{/no/a}>; };\n};", ["DT030 x.dts:3:11"]),
        ("/ {\n n@1@2 { };\n};", ["DT035 x.dts:3:2"]),
        ("/ {\n #n { };\n};", ["DT035 x.dts:3:2"]),
        ("/ {\n a@1 = <1>;\n};", ["DT035 x.dts:3:2"]),
        ('/ {\n a { name = "b"; };\n};', ["DT038 x.dts:3:6"]),
        ("/ {\n a { name; };\n};", ["DT038 x.dts:3:6"]),
        ("/ {\n a { b { }; /delete-node/ b; };\n};", ["DT049 x.dts:3:27"]),
        ("/ {\n l: a { };\n};\n/delete-node/ &l;\n/ { r = <&l>; };", ["DT030 x.dts:6:10"]),
    ],
)  # fmt: skip
def test_mistakes_in_a_base(text: str, expected: list[str]) -> None:
    assert told(HEAD + text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&t { p = &no; };", ["DT030 x.dts:2:10"]),
        ("&t { p = <&{/clocks/osc}>; };", ["DT044 x.dts:2:11"]),
        ("&{l/x} { };", ["DT030 x.dts:2:1"]),
        ("/delete-node/ &t;\n/ { };", ["DT020 x.dts:2:1"]),
        ("/ { };\n/delete-node/ &t;", ["DT030 x.dts:3:15"]),
    ],
)
def test_mistakes_in_an_overlay(text: str, expected: list[str]) -> None:
    assert told(PLUGIN + text) == expected


def test_a_right_name_property_is_left_out() -> None:
    assert tree_of(HEAD + '/ { a@1 { name = "a"; x; }; };').find("/a@1").properties == {"x": b""}  # type: ignore[union-attr]


def test_mistakes_of_all_steps_are_told_together() -> None:
    text = HEAD + "/ {\n a@@1 { };\n l: b { };\n l: c { };\n d { phandle = <0>; r = <&no>; };\n};"
    assert told(text) == [
        "DT035 x.dts:3:2",
        "DT031 x.dts:5:5",
        "DT036 x.dts:6:6",
        "DT030 x.dts:6:26",
    ]
