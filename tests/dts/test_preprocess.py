from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from dtovl.diagnostics import Sink
from dtovl.dts.directives import needs_preprocessing
from dtovl.dts.preprocess import preprocess
from dtovl.dts.reader import read
from dtovl.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from dtovl.diagnostics import Diagnostic
    from dtovl.model.tree import Tree

HEAD = "/dts-v1/;\n"
CPP = shutil.which("cpp")
needs_cpp = pytest.mark.skipif(CPP is None, reason="cpp is not installed: --cpp is not tried")


def words(text: str, defines: dict[str, str] | None = None, **files: bytes) -> str:
    """Preprocess and give what is left, without markers, blanks made one."""
    known = {name.replace("_", "."): data for name, data in files.items()}
    data = preprocess(text.encode(), "x.dts", defines=defines, read_file=known.get)
    lines = [line for line in data.decode().split("\n") if not line.startswith("# ")]
    return " ".join(" ".join(lines).split())


def error(text: str, **files: bytes) -> Diagnostic:
    known = {name.replace("_", "."): data for name, data in files.items()}
    with pytest.raises(InputError) as caught:
        preprocess(text.encode(), "x.dts", read_file=known.get)
    return caught.value.diagnostic


def tree_of(text: str, cpp: str | None = None, **files: bytes) -> Tree:
    known = {name.replace("_", "."): data for name, data in files.items()}
    return read(text.encode("latin-1"), "x.dts", read_file=known.get, cpp=cpp)


# -- whether it is needed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ['#include "a.h"', "#include <a.h>", "#include A", "#define A", "#define A 1", "\t# define A",
     "#ifdef A", "#ifndef A", "#if A", "#if(A)", "#if !A", "#undef A", "#error", "#error no",
     "#warning old", "#pragma once", "#else", "#endif /* A */", "#endif // A", "#elif 1",
     "#define\tA", "#endif\r"],
)  # fmt: skip
def test_directives_need_preprocessing(line: str) -> None:
    assert needs_preprocessing(f"/dts-v1/;\n{line}\n/ {{ }};\n".encode())


@pytest.mark.parametrize(
    "line",
    ["#address-cells = <1>;", "\t#size-cells = <0>;", "#define-cells = <1>;", "#if = <1>;",
     "#error = <1>;", "#include;", "#if-cells;", '# 1 "x.dts"', '#line 1 "x.dts"', "#5",
     "a = <1>; #define", "#else = <1>;", "#endif-x;", "//define"],
)  # fmt: skip
def test_properties_and_line_markers_do_not(line: str) -> None:
    assert not needs_preprocessing(f"/dts-v1/;\n/ {{\n{line}\n}};\n".encode())


def test_words_that_are_to_be_replaced_need_it() -> None:
    text = b"/dts-v1/; / { a = <VALUE>; };"
    assert needs_preprocessing(text, {"VALUE": "1"})
    assert not needs_preprocessing(text, {"VAL": "1"})
    assert not needs_preprocessing(text, {})


# -- what it does ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#define A 1\n<A>", "<1>"),
        ("#define F(x, y) <(x) (y)>\nF(1, 2+3)", "<(1) (2+3)>"),
        ("#define F(x) x\nF(\n 1\n) F", "1 F"),
        ("#define C(a, b) a##b\nC(x, 1)", "x1"),
        ("#define S(a) #a\nS(b c)", '"b c"'),
        ("#define V(...) <__VA_ARGS__>\nV(1, 2)", "<1, 2>"),
        ("#define A B\n#define B A\nA B", "A B"),
        ("#define B F (C)\n#define C F(B)\n#define F(a) a a##1\nC", "C C1 B1"),
        ("#define A 1\n#undef A\nA", "A"),
        ('#define A 1\n"A" /* A */ A // A\n', '"A" 1'),
        ("#define long\\\n 1\nlong", "1"),
        ("#ifdef A\n1\n#else\n2\n#endif", "2"),
        ("#define A\n#ifdef A\n1\n#elif 1\n2\n#endif", "1"),
        ("#if defined(A) || defined B\n1\n#elif 2 > 1\n2\n#else\n3\n#endif", "2"),
        ("#define N 3\n#if N * 2 == 6 && !defined(M)\nyes\n#endif", "yes"),
        ("#if 0\n#error no\n#if 1\n#endif\n#include <no.h>\n#endif\nyes", "yes"),
        ("#if 0 && 1 / 0\nno\n#endif\nyes", "yes"),
        ("#pragma anything\nyes", "yes"),
        ("__DTS__ __linux__ __FILE__", "1 __linux__ __FILE__"),
        ("#define A 1\n#clock-cells = <A>;\n\t#a = <A>;", "#clock-cells = <1>; #a = <1>;"),
        ("#define A 1\n/* c */ #a = <A>; #b", "#a = <1>; #b"),
        ("#define R(x) reg = <x>\nR(1); R(2);", "reg = <1>; reg = <2>;"),
        ("a ??= b ??) c", "a ??= b ??) c"),
    ],
)
def test_directives_and_macros(text: str, expected: str) -> None:
    assert words(f"#define ANY\n{text}\n") == expected


def test_macros_of_the_command_line() -> None:
    assert words("A B", {"A": "1", "B": ""}) == "1"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_and_columns_are_kept(line_end: str) -> None:
    text = "#define A 1\n\n/* c\n */ a  = <A>;\n\n\n\tb;".replace("\n", line_end)
    data = preprocess(text.encode(), "x.dts")
    lines = ["", '# 4 "x.dts"', "    a  = <1>;", "", "", "\tb;", ""]
    assert data.decode().split("\n") == lines


def test_many_empty_lines_become_a_marker() -> None:
    data = preprocess(b"#define A\na\n" + b"\n" * 1000 + b"b", "x.dts")
    assert data.decode().split("\n") == ["", '# 2 "x.dts"', "a", '# 1003 "x.dts"', "b", ""]


def test_comments_keep_columns() -> None:
    text = b"#define A\n/* one */ a; /* two\n */ b; // c\n"
    assert b"\n          a;\n    b;\n" in preprocess(text, "x.dts")


def test_bytes_that_are_no_utf8_and_odd_line_ends_come_through() -> None:
    text = b'#define A 1\na = "\xff\xc3\x85\xe2\x80\xa8\x0b\x0c\x1c\r.", A;\n'
    assert b'a = "\xff\xc3\x85\xe2\x80\xa8\x0b\x0c\x1c\r.", 1;' in preprocess(text, "x.dts")


def test_included_files_are_found_as_cpp_finds_them() -> None:
    files = {
        "src/a.h": b'#include "b.h"\n#include <c.h>\n',
        "src/b.h": b"beside",
        "inc/b.h": b"in-inc",
        "inc/c.h": b'#include "d.h"\n#include <b.h>\n',
        "inc/d.h": b"d",
    }
    data = preprocess(b'#include "a.h"\n', "src/x.dts", include_dirs=["inc"], read_file=files.get)
    found = [line for line in data.decode().split("\n") if line and not line.startswith("#")]
    assert found == ["beside", "d", "in-inc"]


def test_names_of_files_are_utf8() -> None:
    files = {"ä.h": b"#define A 1\n\n\n\n\n\n\n\n\n\n\nx y"}
    data = preprocess('#include "ä.h"\n'.encode(), "ö.dts", read_file=files.get)
    assert '# 12 "ä.h"'.encode() in data
    with pytest.raises(InputError) as caught:
        read(HEAD.encode() + '#include "ä.h"\n'.encode(), "ö.dts", read_file=files.get)
    assert str(caught.value.diagnostic.where) == "ä.h:12:1"


def test_letters_behind_a_number_belong_to_it() -> None:
    assert (
        words("#define base X\n10base-t base uart@1base 0xbase") == "10base-t X uart@1base 0xbase"
    )


def test_guards_and_pragma_once() -> None:
    files = {
        "guard_h": b"#ifndef G\n#define G\nguarded\n#endif\n",
        "once_h": b"#pragma once\nonce\n",
        "again_h": b"again\n",
    }
    text = '#include "guard.h"\n#include "once.h"\n#include "again.h"\n' * 2
    assert words(text, **files) == "guarded once again again"
    assert words('#include "guard.h"\n#undef G\n#include "guard.h"\n', **files) == "guarded guarded"


def test_what_is_read_can_be_had() -> None:
    originals: dict[str, bytes] = {}
    files = {"a.h": b"#define A 1\n"}
    preprocess(b'#include "a.h"\nA', "x.dts", read_file=files.get, originals=originals)
    assert originals == {"x.dts": b'#include "a.h"\nA', "a.h": b"#define A 1\n"}


# -- positions through macros and files ------------------------------------------------------------


@pytest.mark.parametrize("cpp", [None, pytest.param("cpp", marks=needs_cpp)])
def test_nodes_and_properties_know_where_they_were_written(cpp: str | None, tmp_path: Path) -> None:
    (tmp_path / "part.dtsi").write_text("\n\npart {\n\tp = <ONE>;\n};\n")
    source = tmp_path / "x.dts"
    source.write_text(
        "#define ONE 1\n#define TWO(a, b) <a b>\n/dts-v1/;\n\n\n\n\n\n\n\n\n\n\n/ {\n"
        '\tq = TWO(ONE,\n\t\tONE);\n#include "part.dtsi"\n\tlast { };\n};\n'
    )
    tree = read(
        source.read_bytes(),
        str(source),
        read_file=lambda path: open(path, "rb").read(),  # noqa: SIM115, PTH123  short-lived
        cpp=cpp,
    )
    root = tree.root
    places = {
        "/": tree.positions[root],
        "q": tree.positions[root, "q"],
        "part": tree.positions[root.children["part"]],
        "p": tree.positions[root.children["part"], "p"],
        "last": tree.positions[root.children["last"]],
    }
    found = {name: (place.file.rpartition("/")[2], place.line) for name, place in places.items()}
    assert found == {
        "/": ("x.dts", 14),
        "q": ("x.dts", 15),
        "part": ("part.dtsi", 3),
        "p": ("part.dtsi", 4),
        "last": ("x.dts", 18),
    }  # fmt: skip


@pytest.mark.parametrize("cpp", [None, pytest.param("cpp", marks=needs_cpp)])
def test_mistakes_made_by_macros_show_the_line_as_written(cpp: str | None) -> None:
    text = f"#define OPEN(a) <a\n{HEAD}/ {{\n\tok;\n\tb = OPEN(5);\n}};\n"
    with pytest.raises(InputError) as caught:
        tree_of(text, cpp)
    found = caught.value.diagnostic
    assert (found.code.number, str(found.where)) == ("DT020", "x.dts:5" if not cpp else "x.dts:5:8")
    if not cpp:
        assert found.excerpt == "\tb = <5;\n\t      ^"
        assert [note.text for note in found.notes] == ["before macros were replaced: b = OPEN(5);"]


def test_a_mistake_without_macros_keeps_its_column() -> None:
    with pytest.raises(InputError) as caught:
        tree_of(f"#define A\n{HEAD}/ {{\n\tb = 5;\n}};\n")
    assert str(caught.value.diagnostic.where) == "x.dts:4:6"


def test_line_markers_in_the_text_move_what_follows() -> None:
    with pytest.raises(InputError) as caught:
        tree_of(f'#define A\n{HEAD}/ {{\n# 50 "y.dtsi"\n\ta;\n\tb = 5;\n}};\n')
    assert str(caught.value.diagnostic.where).startswith("y.dtsi:51")


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "message"),
    [
        ("\n#error stop here\n", "DT041 x.dts:2", "#error stop here"),
        ("\n#if 1\n", "DT041 x.dts:2", "without #endif"),
        ("#ifdef A\n#else\n", "DT041 x.dts:1", "without #endif"),
        ("\n#endif\n", "DT041 x.dts:2", "Misplaced #endif"),
        ("\n#else\n", "DT041 x.dts:2", "Misplaced #else"),
        ("\n#if 1 +\n#endif\n", "DT041 x.dts:2", "#if 1 +: found the end of the line"),
        ("\n#if defined\n#endif", "DT041 x.dts:2", "without the name of a macro"),
        ("#define F(a) a\n\nF(1, 2)", "DT041 x.dts:3", "requires 1 arguments but was passed 2"),
        ("\n#include\n", "DT041 x.dts:2", "no file name"),
        ("\n#include x\n", "DT041 x.dts:2", "#include x: no file name"),
        ('\n#include "no.h"\n', "DT028 x.dts:2", "no.h"),
        ('\n#include "../no.h"\n', "DT029 x.dts:2", "../no.h"),
        ("\n#include </etc/passwd>\n", "DT029 x.dts:2", "/etc/passwd"),
        ("\n#ifdef\n", "DT041 x.dts:2", "#ifdef cannot be carried out"),
        ("\n#define\n", "DT041 x.dts:2", "#define cannot be carried out"),
        ("\n#undef\n", "DT041 x.dts:2", "#undef cannot be carried out"),
        ("\n#define F(\n", "DT041 x.dts:2", "Missing ')'"),
    ],
)
def test_mistakes(text: str, expected: str, message: str) -> None:
    found = error(text)
    assert f"{found.code.number} {found.where}" == expected
    assert message in found.message
    assert found.fix
    assert found.excerpt


def test_mistakes_in_included_files_are_told_there() -> None:
    found = error('#include "a.h"\n', a_h=b"#define A 1\n  #error stop\n")
    assert str(found.where) == "a.h:2"
    assert found.excerpt == "  #error stop\n  ^"


def test_warnings_go_to_the_sink() -> None:
    sink = Sink()
    preprocess(b"#define A\n#warning old thing\n", "x.dts", sink=sink)
    assert [(found.message, str(found.where)) for found in sink] == [
        ("#warning old thing", "x.dts:2")
    ]


# -- bounds ----------------------------------------------------------------------------------------


def grown(form: str, count: int) -> str:
    """Write macros each of which holds the one before several times."""
    return "".join(form.format(n=n, m=n - 1) for n in range(1, count))


@pytest.mark.parametrize(
    "text",
    [
        grown("#define a{n} a{m} a{m} a{m}\n", 40) + "a39",
        "#define a0(x) x x\n" + grown("#define a{n}(x) a{m}(a{m}(x))\n", 9) + "a8(1)",
        "#define D(x) x x\n" + "D(" * 40 + "1" + ")" * 40,
        "#define C(a, b) a##b\n#define D(x) C(x, x)\n" + "D(" * 40 + "y" + ")" * 40,
        "#define S(x) #x\n#define D(x) S(x) S(x)\n" + "D(" * 40 + "y" + ")" * 40,
        "\n".join([*(f"#define a{i} a{i + 1}" for i in range(3000)), "a0"]),
    ],
    ids=["words", "calls", "arguments", "pasted", "quoted", "chain"],
)  # fmt: skip
def test_macros_that_grow_are_stopped(text: str) -> None:
    assert error(text).code.number == "DT027"


def test_huge_shifts_in_conditions_cost_nothing() -> None:
    assert words("#if 1 << 1000000000000\nno\n#endif\nyes") == "yes"


def test_files_that_include_themselves_are_stopped() -> None:
    found = error('\n#include "a.h"', a_h=b'\n#include "a.h"\n')
    assert (found.code.number, str(found.where)) == ("DT027", "a.h:2")


def test_many_lines_with_macros_are_linear() -> None:
    text = "#define R(x) x\n" + "reg = <R(1)>;\n" * 5_000
    assert words(text).count("reg = <1>;") == 5_000


# -- the external program --------------------------------------------------------------------------


@needs_cpp
def test_an_external_program_gives_the_same_tree(tmp_path: Path) -> None:
    (tmp_path / "a.h").write_text("#define A(x) <x 2>\n")
    text = f'#include "a.h"\n{HEAD}/ {{ #cells = A(ONE); }};\n'.encode()
    trees = [
        read(
            text,
            str(tmp_path / "x.dts"),
            read_file=lambda path: open(path, "rb").read(),  # noqa: SIM115, PTH123  short-lived
            defines={"ONE": "1"},
            cpp=cpp,
        )
        for cpp in (None, "cpp", "cpp -P")
    ]
    assert [tree.root.properties for tree in trees] == [{"#cells": b"\0\0\0\1\0\0\0\2"}] * 3


@needs_cpp
def test_errors_of_an_external_program_keep_their_place() -> None:
    sink = Sink()
    with pytest.raises(InputError) as caught:
        preprocess(b"#define A\n#error stop here\n", "dir/x.dts", cpp="cpp", sink=sink)
    found = caught.value.diagnostic
    assert (found.code.number, str(found.where)) == ("DT041", "dir/x.dts:2:2")
    assert "stop here" in found.message
    preprocess(b"#warning old\n", "x.dts", cpp="cpp", sink=sink)
    assert [str(warning.where) for warning in sink] == ["x.dts:1:2"]


@pytest.mark.parametrize("program", ["no-such-program", "false", "'"])
def test_an_external_program_that_fails_is_named(program: str) -> None:
    with pytest.raises(InputError) as caught:
        preprocess(b"#define A\n", "x.dts", cpp=program)
    found = caught.value.diagnostic
    assert found.code.number == "DT043"
    assert program in found.message
