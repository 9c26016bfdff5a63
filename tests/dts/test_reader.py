from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from support.sources import sources

from dtovl.diagnostics import Sink
from dtovl.dts.reader import read_source
from dtovl.errors import InputError
from dtovl.fdt.write import flatten
from dtovl.model.cells import cells

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

HEAD = "/dts-v1/;\n"


def tree_of(text: str, sink: Sink | None = None, **files: bytes) -> Tree:
    known = {name.replace("_", "."): data for name, data in files.items()}
    return read_source(text.encode("latin-1"), "x.dts", open_source=known.get, sink=sink)


def node_of(tree: Tree, path: str) -> Node:
    node = tree.find(path)
    assert node is not None
    return node


def errors(text: str, **files: bytes) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        tree_of(text, **files)
    return caught.value.diagnostics


def told(text: str, **files: bytes) -> list[str]:
    return [f"{found.code.number} {found.where}" for found in errors(text, **files)]


# -- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p;", b""),
        ("p = <>;", b""),
        ("p = <1 0x10 010>;", b"\0\0\0\1\0\0\0\x10\0\0\0\x08"),
        ("p = <1>, <2>;", b"\0\0\0\1\0\0\0\2"),
        ("p = < (-1) >;", b"\xff\xff\xff\xff"),
        ("p = <(1 + 2)(3)>;", b"\0\0\0\3\0\0\0\3"),
        ("p = <'A' '\\n'>;", b"\0\0\0A\0\0\0\n"),
        ("p = <10U20>;", b"\0\0\0\x0a\0\0\0\x14"),
        ('p = "a";', b"a\0"),
        ('p = "a", "", "b";', b"a\0\0b\0"),
        ('p = "a\\tb\\"c\\\\\\x41\\101\\q";', b'a\tb"c\\AAq\0'),
        ('p = "a\nb";', b"a\nb\0"),
        ('p = "\xe4";', b"\xe4\0"),
        ("p = [00 Ff1234 5 6];".replace("5 6", "56"), b"\0\xff\x12\x34\x56"),
        ("p = [];", b""),
        ("p = /bits/ 8 <1 0xff (2 + 3)>;", b"\1\xff\5"),
        ("p = /bits/ 16 <1 0xffff>;", b"\0\1\xff\xff"),
        ("p = /bits/ 32 <7>;", b"\0\0\0\7"),
        ("p = /bits/ 64 <0x0123456789abcdef>;", bytes.fromhex("0123456789abcdef")),
        ('p = "s", <1>, [aa], "t", /bits/ 8 <1>;', b"s\0\0\0\0\1\xaat\0\1"),
        ("p = l1: <l2: 1 l3:> l4:, l5: [l6: 01];", b"\0\0\0\1\1"),
        ("p=<1>;", b"\0\0\0\1"),
        ("p\n=\n<\n1\n>\n;", b"\0\0\0\1"),
        ("/* c */ p /* c */ = /* c */ < /* c */ 1 // c\n >;", b"\0\0\0\1"),
    ],
)  # fmt: skip
def test_values(text: str, expected: bytes) -> None:
    value = tree_of(f"{HEAD}/ {{ {text} }};").root.properties["p"]
    assert value == expected
    assert type(value) is bytes


def test_incbin_takes_whole_files_and_parts_of_them() -> None:
    sink = Sink()
    text = HEAD + '/ { a = /incbin/("f.bin"); b = /incbin/("f.bin", 1, (1 + 1)); '
    text += 'c = /incbin/("f.bin", 2, 9), "x"; };'
    tree = tree_of(text, sink, f_bin=b"0123")
    assert tree.root.properties == {"a": b"0123", "b": b"12", "c": b"23x\0"}
    assert [f"{found.code.number} {found.where}" for found in sink] == ["DT045 x.dts:2:67"]


def test_names_may_hold_all_that_dtc_takes() -> None:
    tree = tree_of(HEAD + "/ { #a,b.c_d+e*f?g-1; 0; \\9; node.a,b+c_d-1@2,f { }; };")
    assert list(tree.root.properties) == ["#a,b.c_d+e*f?g-1", "0", "9"]
    assert list(tree.root.children) == ["node.a,b+c_d-1@2,f"]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "  // end", " /* end */ "])
def test_the_end_of_the_text(end: str) -> None:
    assert list(tree_of(f"{HEAD}/ {{ a; }};{end}").root.properties) == ["a"]


def test_memory_reservations() -> None:
    text = HEAD + "/memreserve/ 0x1000 (4 << 10);\nl1: l2: /memreserve/ 0x120000000 1;\n/ { };"
    assert tree_of(text).header.reservations == ((0x1000, 0x1000), (0x120000000, 1))


def test_included_source_is_read_beside_its_file_and_in_include_directories() -> None:
    files = {
        "dir/one.dtsi": b'one { /include/ "two.dtsi" };',
        "dir/two.dtsi": b'two; /include/ "three.dtsi"',
        "inc/three.dtsi": b"three;",
    }
    text = HEAD + '/ { /include/ "dir/one.dtsi" };'
    tree = read_source(text.encode(), "x.dts", open_source=files.get, include_dirs=["inc"])
    assert list(node_of(tree, "/one").properties) == ["two", "three"]
    assert str(tree.positions[node_of(tree, "/one"), "three"]) == "inc/three.dtsi:1:1"


# -- positions and labels --------------------------------------------------------------------------


def test_positions_are_those_of_the_last_definition() -> None:
    text = HEAD + "/ {\n\tn: a {\n\t\tp = <1>; q;\n\t};\n};\n&n { p = <2>; };\n"
    tree = tree_of(text)
    node = node_of(tree, "/a")
    assert {str(place) for place in tree.positions.values()} == {
        "x.dts:2:1",
        "x.dts:7:1",
        "x.dts:7:6",
        "x.dts:4:12",
    }
    assert str(tree.positions[node]) == "x.dts:7:1"
    assert str(tree.positions[node, "p"]) == "x.dts:7:6"
    assert str(tree.positions[node, "q"]) == "x.dts:4:12"


def test_what_is_deleted_has_no_position() -> None:
    tree = tree_of(HEAD + "/ { b; a { p; }; };\n/ { /delete-property/ b; /delete-node/ a; };")
    assert list(tree.positions) == [tree.root]


@given(sources())
def test_every_position_points_at_its_name(source: str) -> None:
    source = source.replace('# 7 "other.dtsi" 2', "")
    try:
        tree = read_source(source.encode(), "x.dts")
    except InputError:
        return
    lines = source.split("\n")
    for what, (file, line, column) in tree.positions.items():
        there = lines[line - 1][column - 1 :]
        assert file == "x.dts"
        if isinstance(what, tuple):
            assert there.startswith((what[1], "&"))
        else:
            assert there.startswith((what.name or "/", "&"))


def test_labels_are_kept_in_the_order_of_the_text() -> None:
    text = HEAD + "/ { a: b: n { }; };\nc: &a { };\n/ { d: e: n { }; };"
    tree = tree_of(text)
    assert tree.labels == {node_of(tree, "/n"): ("a", "b", "c", "d", "e")}
    assert tree.labels_of(node_of(tree, "/n")) == ("a", "b", "c", "d", "e")


@given(sources())
def test_common_statements_and_single_words_give_the_same(source: str) -> None:
    """A comment before each `;` and `{` leads past the pattern for whole statements."""
    longer = re.sub(r'"[^"\n]*"|//[^\n]*|/\*.*?\*/|^#.*$|[;{]', _commented, source, flags=re.M)
    assert _outcome(longer) == _outcome(source)


def _commented(match: re.Match[str]) -> str:
    text = match[0]
    return (
        f"/* ; */{text}"
        if text in (";", "{") and not match.string.startswith("&{", match.start() - 1)
        else text
    )


def _outcome(source: str) -> bytes | list[str]:
    try:
        return flatten(read_source(source.encode(), "x.dts", symbols=True))
    except InputError as error:
        return [found.code.number for found in error.diagnostics]


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "fix"),
    [
        ("a = <1>\n\tb;\n", "DT020 x.dts:4:2", "end line 3 with `;`"),
        ("a\n\tb;\n", "DT020 x.dts:4:2", None),
        ("n { }\n\tm { };\n", "DT020 x.dts:4:2", "end line 3 with `;`"),
        ("n { a; } m { };", "DT020 x.dts:3:10", None),
        ("no de { };", "DT020 x.dts:3:4", None),
        ("9x: n { };", "DT020 x.dts:3:3", "begin a label with a letter or _"),
        ("a = ;", "DT020 x.dts:3:5", "leave out `=`"),
        ("a = 1 2>;", "DT020 x.dts:3:5", "<1 2 3>"),
        ("a = <1;", "DT020 x.dts:3:7", None),
        ("a = <1 2", "DT020 x.dts:4:1", None),
        ("a = <0xZZ>;", "DT023 x.dts:3:6", "0x and hexadecimal digits"),
        ("a = <GPIO_LOW 1>;", "DT020 x.dts:3:6", "include the file that defines `GPIO_LOW`"),
        ("a = <08>;", "DT023 x.dts:3:6", "write 8 if it is decimal"),
        ("a = <'ab'>;", "DT023 x.dts:3:6", None),
        ("a = <''>;", "DT023 x.dts:3:6", None),
        ('a = "\\xg";', "DT023 x.dts:3:5", None),
        ("a = <(1 / 0)>;", "DT026 x.dts:3:9", None),
        ("a = <(1 +)>;", "DT020 x.dts:3:10", None),
        ("a = <0x1ffffffffffffffff>;", "DT023 x.dts:3:6", None),
        ("a = [abc];", "DT020 x.dts:3:8", "two hexadecimal digits"),
        ("a = [0g];", "DT020 x.dts:3:6", None),
        ("a = /bits/ 12 <1>;", "DT025 x.dts:3:12", None),
        ("a = /bits/ 8 <&x>;", "DT025 x.dts:3:15", None),
        ("a = /bits/ <1>;", "DT020 x.dts:3:12", None),
        ("a = /incbin/(1);", "DT020 x.dts:3:14", None),
        ('a = /incbin/("f", 1);', "DT020 x.dts:3:20", None),
        ("/no-such-word/ a;", "DT020 x.dts:3:1", None),
        ("/delete-nod/ a;", "DT020 x.dts:3:1", "did you mean /delete-node/?"),
        ("&l { };", "DT020 x.dts:3:1", "to the top level"),
        ("/delete-node/ &l;", "DT020 x.dts:3:15", None),
        ("/delete-property/ l: a;", "DT020 x.dts:3:19", None),
        ("/omit-if-no-ref/ a;", "DT020 x.dts:3:19", None),
        ("n { };\n\tlate;", "DT034 x.dts:4:2", None),
        ("n { };\n\t/delete-property/ late;", "DT034 x.dts:4:20", None),
        ("a; b; a;", "DT033 x.dts:3:7", None),
        ("n { }; m { }; n { };", "DT032 x.dts:3:15", None),
        ('/include/ "no.dtsi"', "DT028 x.dts:3:1", "-I DIR"),
        ('/include/ "../no.dtsi"', "DT029 x.dts:3:1", "-I DIR"),
        ('a = /incbin/("/etc/passwd");', "DT029 x.dts:3:14", None),
        ("#define A 1", "DT020 x.dts:3:9", None),
    ],
)  # fmt: skip
def test_mistakes_in_a_body(text: str, expected: str, fix: str | None) -> None:
    found = errors(f"{HEAD}/ {{\n{text}\n}};\n")
    assert f"{found[0].code.number} {found[0].where}" == expected
    assert fix is None or fix in found[0].fix
    assert found[0].excerpt


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "DT021 x.dts:1:1"),
        ("\n\n/ { };", "DT021 x.dts:3:1"),
        ("/dts-v2/;\n/ { };", "DT021 x.dts:1:1"),
        ("/plugin/;\n&x { };", "DT021 x.dts:1:1"),
        ("/dts-v1/\n/ { };", "DT020 x.dts:2:1"),
        (HEAD, "DT020 x.dts:1:9"),
        (HEAD + "/ {\n\tn {\n\t\ta;\n\t};\n", "DT020 x.dts:5:3"),
        (HEAD + "/ { };\n};\n", "DT020 x.dts:3:1"),
        (HEAD + "/ { }\n/ { };", "DT020 x.dts:3:1"),
        (HEAD + "/memreserve/ 0x1000;\n/ { };", "DT020 x.dts:2:20"),
        (HEAD + "/ { };\n/memreserve/ 1 1;", "DT047 x.dts:3:1"),
        (HEAD + "/ { };\n/plugin/;", "DT047 x.dts:3:1"),
        (HEAD + "/dts-v1/; /plugin/;\n/ { };", "DT047 x.dts:2:1"),
        (HEAD + "l: / { };", "DT020 x.dts:2:4"),
        (HEAD + "/ { };\n\n&nothing {\n};", "DT030 x.dts:4:1"),
        (HEAD + "/ { n { }; };\n&{/no/such} { };", "DT030 x.dts:3:1"),
        (HEAD + "/ { };\n/delete-node/ &nothing;", "DT030 x.dts:3:15"),
        (HEAD + "/ { };\n/delete-node/ n;", "DT020 x.dts:3:15"),
        (HEAD + "/delete-node/ &l;\n/ { };", "DT020 x.dts:2:1"),
        (HEAD + "/ { };\n/delete-node/ &{/};", "DT047 x.dts:3:15"),
        (HEAD + "/ { };\n/omit-if-no-ref/ &{/};", "DT047 x.dts:3:18"),
        (HEAD + "&l { };", "DT030 x.dts:2:1"),
        (HEAD + "l: &{/} { };\n/ { };", "DT030 x.dts:2:4"),
        ("/dts-v1/; /plugin/;\nl: &x { };", "DT030 x.dts:2:4"),
        ("\xef\xbb\xbf/dts-v1/;", "DT021 x.dts:1:1"),
        ("\0", "DT021 x.dts:1:1"),
    ],
)  # fmt: skip
def test_mistakes_at_the_top_level(text: str, expected: str) -> None:
    assert told(text)[0] == expected


def test_mistakes_in_included_files_and_behind_markers_are_told_there() -> None:
    assert told(HEAD + '/ {\n/include/ "a.dtsi"\n};', a_dtsi=b"\nn {\n a = <1\n};") == [
        "DT020 a.dtsi:4:1"
    ]
    assert told(HEAD + '/ {\n# 40 "b.dtsi" 1\n\ta = <1\n};')[0] == "DT020 b.dtsi:41:1"


def test_several_mistakes_are_told_at_once() -> None:
    text = (
        HEAD + "/ {\n a = 1;\n b = <2>;\n n {\n  c = <;\n d { e = [x]; };\n };\n f g;\n};\n&x y;\n"
    )
    assert told(text) == [
        "DT020 x.dts:3:6",
        "DT020 x.dts:6:8",
        "DT020 x.dts:7:11",
        "DT020 x.dts:9:4",
        "DT020 x.dts:11:4",
    ]


def test_one_missing_semicolon_is_one_mistake() -> None:
    text = HEAD + '/ {\n a = "x"\n b;\n n {\n  c = <1>\n }\n d { };\n};\n'
    assert told(text) == ["DT020 x.dts:4:2", "DT020 x.dts:7:2", "DT020 x.dts:8:2"]


def test_a_statement_with_a_mistake_is_passed_over_as_a_whole() -> None:
    assert told(HEAD + "/ {\n a = <1> b c d;\n e { f = <1> g; } h i;\n};") == [
        "DT020 x.dts:3:10",
        "DT020 x.dts:4:14",
        "DT020 x.dts:4:19",
        "DT020 x.dts:4:21",
    ]


def test_mistakes_are_told_up_to_a_number() -> None:
    assert len(errors(HEAD + "/ {\n" + "a b;\n" * 500 + "};")) == 20


def test_a_swallowed_quote_is_pointed_out() -> None:
    found = errors(HEAD + '/ {\n model = "a;\n compatible = "b";\n};')[0]
    assert str(found.where) == "x.dts:4:16"
    assert "line 3 goes over several lines" in found.why


def test_the_end_of_the_text_inside_of_a_block_names_the_block() -> None:
    found = errors(HEAD + "/ {\n n {\n  a;\n")[0]
    assert [(note.text, str(note.location)) for note in found.notes] == [
        ("the block of /n is still open", "x.dts:3:2")
    ]


def test_second_definitions_name_the_first() -> None:
    found = errors(HEAD + "/ {\n a;\n a;\n};")[0]
    assert [str(note.location) for note in found.notes] == ["x.dts:3:2"]


def test_what_is_repeated_in_a_node_that_goes_is_no_mistake() -> None:
    tree = tree_of(HEAD + "/ { n { a; a; }; m { }; };\n/ { /delete-node/ n; };")
    assert list(tree.root.children) == ["m"]


@pytest.mark.parametrize(
    ("reference", "mended"),
    [
        ("&uart6", "did you mean &uart5?"),
        ("&{/soc/uart@2000}", "did you mean uart@1000?"),
        ("&{/sock/uart@1000}", "did you mean soc?"),
        ("&{uart5/x}", "paths are full"),
        ("&zzz", "zzz: name { }"),
    ],
)
def test_unknown_references_come_with_what_is_near(reference: str, mended: str) -> None:
    text = f"{HEAD}/ {{ soc {{ uart5: uart@1000 {{ }}; }}; }};\n{reference} {{ }};"
    found = errors(text)[0]
    assert found.code.number == "DT030"
    assert mended in found.fix


# -- warnings --------------------------------------------------------------------------------------


def warnings(text: str) -> list[str]:
    sink = Sink()
    tree_of(text, sink)
    return [f"{found.code.number} {found.where} {found.message}" for found in sink]


def test_numbers_that_are_cut() -> None:
    assert warnings(HEAD + "/ { a = <0x1ffffffff>; };") == [
        "DT024 x.dts:2:10 `0x1ffffffff` does not fit 32 bits and is cut to 0xffffffff",
    ]
    assert warnings(HEAD + "/ { a = <0x1ffffffff 1 (-1) (1 << 33)>, /bits/ 8 <256>; };") == [
        "DT024 x.dts:2:10 `0x1ffffffff` does not fit 32 bits and is cut to 0xffffffff",
        "DT024 x.dts:2:29 0x200000000 does not fit 32 bits and is cut to 0x0",
        "DT024 x.dts:2:51 `256` does not fit 8 bits and is cut to 0x0",
    ]


def test_nul_bytes_in_strings() -> None:
    found = warnings(HEAD + '/ { a = "x\0y"; };')
    assert found == ["DT040 x.dts:2:9 a NUL byte stands inside a string of the text"]


def test_deleting_in_an_overlay_what_is_in_the_base() -> None:
    text = (
        "/dts-v1/; /plugin/;\n&i2c0 {\n\t/delete-property/ clock-frequency;\n"
        "\t/delete-node/ eeprom@50;\n\tl: own { a; };\n};\n"
        "&l { /delete-property/ a; };\n&{/x} { k { }; };\n/delete-node/ &l;\n"
    )
    assert warnings(text) == [
        "DT039 x.dts:3:20 /delete-property/ clock-frequency has no effect in an overlay",
        "DT039 x.dts:4:16 /delete-node/ eeprom@50 has no effect in an overlay",
    ]


def test_deleting_what_is_not_there_in_a_base_is_fine() -> None:
    assert warnings(HEAD + "/ { /delete-property/ a; /delete-node/ n; };") == []


# -- bounds ----------------------------------------------------------------------------------------


def test_deep_nodes_are_refused() -> None:
    def text(depth: int) -> str:
        return HEAD + "/ {" + "n {" * depth + "};" * (depth + 1)

    assert len(list(tree_of(text(1024)).walk())) == 1025
    assert told(text(1025))[0].startswith("DT027")


def test_depth_counts_from_the_root_also_for_references() -> None:
    text = HEAD + "/ {" + "n {" * 1000 + "l: n { };" + "};" * 1001
    assert told(f"{text}\n&l {{ {'n {' * 30}{'};' * 31}")[0].startswith("DT027 x.dts:3:")


@pytest.mark.parametrize(
    "text",
    [
        "/ { " + "l: a { }; b: b { }; " * 30_000 + "};",
        "/ { n { " + "".join(f"a{i}{{}};" for i in range(500)) + "}; };"
        + "/ { /delete-node/ n; n { }; };" * 50_000,
        "/ { a = <" + "(" * 3000 + "1" + ")" * 3000 + ">; };",
        "/ { " + "a" * 70_000 + "; };",
        "/ { " + "a" * 70_000 + " { }; };",
    ],
    ids=["label everywhere", "delete and define", "brackets", "name", "node name"],
)  # fmt: skip
def test_what_costs_too_much_is_refused(text: str) -> None:
    found = errors(HEAD + text)
    assert found[-1].code.number in ("DT027", "DT032")


def test_symbols_of_long_paths_are_bounded() -> None:
    text = "/ {" + f"{'n' * 60_000} {{" * 20
    text += "".join(f"l{i}: x{i} {{}};" for i in range(200)) + "};" * 21
    with pytest.raises(InputError, match="DT027"):
        read_source((HEAD + text).encode(), "x.dts", symbols=True)


def test_cells_stay_cells() -> None:
    tree = tree_of(HEAD + "/ { a = <0xffff0000 (1 << 31) 0>; };")
    assert cells(tree.root.properties["a"]) == (0xFFFF0000, 1 << 31, 0)


def test_the_width_of_numbers_is_a_literal() -> None:
    (found,) = errors(HEAD + "/ { p = /bits/ (8) <1>; };")
    assert found.code.number == "DT020"
    assert "8, 16, 32 or 64" in found.message
