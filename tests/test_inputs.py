"""What a file is, by its content; blobs plain and packed; folders."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import tree_of

from dtovl.codes.base import Severity
from dtovl.diagnostics import Sink
from dtovl.errors import InputError
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.inputs import Kind, describe, from_directory, read_blob, recognise
from dtovl.model import limits
from dtovl.model.tree import Header

BLOB = flatten(tree_of({"compatible": "v,board", "soc": {"ranges": b""}}))
FIT = flatten(
    tree_of(
        {
            "description": "x",
            "images": {
                "kernel-1": {"type": "kernel", "data": b"\0" * 8},
                "fdt-1": {"type": "flat_dt"},
                "odd": {},
            },
            "configurations": {"default": "c", "c": {}},
        }
    )
)
SOURCE = b'/dts-v1/;\n/ {\n\tcompatible = "v,board";\n};\n'


def tar() -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


def refusal(data: bytes) -> tuple[str, str, str]:
    """Give code, message and suggestion of the refusal of data."""
    with pytest.raises(InputError) as caught:
        read_blob(data, "in put")
    found = caught.value.diagnostic
    return found.code.number, found.message, found.fix or ""


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (FIT, Kind.FIT, "kernel-1 (kernel), fdt-1 (flat_dt), odd (no type)"),
        (b"\xed\xfe\x0d\xd0" + bytes(40), Kind.SWAPPED, "swapped"),
        (b"\xd7\xb7\xab\x1e" + bytes(28), Kind.DTBO_TABLE, "dtbo.img"),
        (b"ANDROID!" + bytes(600), Kind.ANDROID_BOOT, "Android boot image"),
        (b"\x27\x05\x19\x56" + bytes(60), Kind.UIMAGE, "uImage"),
        (b"\x7fELF\2\1\1" + bytes(57), Kind.ELF, "ELF"),
        (b"MZ" + bytes(54) + b"ARM\x64" + bytes(8), Kind.ARM64_IMAGE, "arm64"),
        (b"MZ\x90" + bytes(100), Kind.PE, "PE"),
        (bytes(32) + b"\1\2\3\4\x18\x28\x6f\x01" + bytes(8), Kind.ZIMAGE, "zImage"),
        (tar(), Kind.TAR, "tar archive"),
        (b"PK\3\4" + bytes(26), Kind.ZIP, "zip"),
        (lzma.compress(BLOB), Kind.XZ, "xz-compressed"),
        (bz2.compress(BLOB), Kind.BZIP2, "bzip2-compressed"),
        (b"\x28\xb5\x2f\xfd\x04", Kind.ZSTD, "zstd-compressed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(8), Kind.PNG, "PNG picture"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", Kind.HTML, "failed download"),
        (b"<?xml version='1.0'?><a/>", Kind.XML, "XML"),
        (b'{"a": [1, 2]}', Kind.JSON, "JSON"),
        (b"---\na: 1\n", Kind.YAML, "YAML"),
        (b"# settings\nboard: x\nlist:\n  - a\n", Kind.YAML, "YAML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Kind.GIT_LFS, "git-lfs"),
        ("/dts-v1/;".encode("utf-16"), Kind.UTF16, "UTF-16"),
        (b"#!/bin/sh\necho '/ {'\n", Kind.SCRIPT, "#!/bin/sh"),
        (b"\n\n  Not Found\n", Kind.TEXT, "'Not Found'"),
        (b"", Kind.EMPTY, "an empty file"),
        (bytes(100), Kind.ZEROS, "zero bytes"),
        (b"\xff" * 100, Kind.ONES, "erased flash"),
        (random.Random(1).randbytes(100), Kind.BINARY, "binary data"),
    ],
)  # fmt: skip
def test_what_is_no_input_is_named(data: bytes, kind: Kind, words: str) -> None:
    assert recognise(data) is kind
    assert words in describe(data)
    code, message, fix = refusal(data)
    assert code == "DT001"
    assert message.startswith("in put is no devicetree: it looks like ")
    assert words in message
    assert fix


def test_a_fit_image_tells_how_to_take_the_tree_out() -> None:
    assert "dumpimage -T flat_dt -p 1 -o board.dtb 'in put'" in refusal(FIT)[2]
    without = flatten(tree_of({"images": {}, "configurations": {}}))
    assert "no images" in refusal(without)[1]
    assert "flat_dt" in refusal(without)[2]


def test_a_board_with_a_node_called_images_is_a_board() -> None:
    blob = flatten(tree_of({"images": {}, "x": {"configurations": {}}}))
    assert recognise(blob) is Kind.DTB
    assert read_blob(blob, "b").root.children["images"]


def test_a_blob_inside_something_else_is_found() -> None:
    data = b"ANDROID!" + b"\xd0\x0d\xfe\xed" * 3 + bytes(100) + BLOB + b"rest"
    at = data.index(BLOB)
    assert f"tail -c +{at + 1} 'in put' | head -c {len(BLOB)}" in refusal(data)[2]


def test_a_blob_that_is_cut_off_is_not_proposed() -> None:
    assert "tail" not in refusal(b"ANDROID!" + bytes(100) + BLOB[:-1])[2]


@pytest.mark.parametrize(
    "text",
    [
        SOURCE,
        b"\xef\xbb\xbf" + SOURCE,
        b"/* /dts-v1/; */ / { };",
        b'// c\n&uart0 {\n\tstatus = "okay";\n};\n',
        b"&{/soc/uart@0} { };",
        b'#include "board.dtsi"\n',
        b'# 1 "board.dts"\n',
        b'# 1 "a"\n# 1 "b" 1\n\n/ {\n a;\n};',
        b"/dts-v1/\n/ {",
        b"/plugin/;",
        b"soc {\n reg = <1 2>;\n};",
        b"/memreserve/ 0x1000 0x10;",
        '/ { model = "Gerät"; };'.encode("latin-1"),
        '/ { model = "Gerät"; };'.encode(),
        b"/" * 70 + b"\n" + b"/* licence */\n" * 1000 + SOURCE,
    ],
)
def test_source_is_recognised_whole_or_broken(text: bytes) -> None:
    assert recognise(text) is Kind.DTS
    assert describe(text) == "devicetree source"
    assert refusal(text)[0] == "DT001"


@pytest.mark.parametrize(
    "text",
    [
        b"see /usr/include/linux and c++/bits/stl.h\n",
        b"/* / { }; */ nothing else",
        b"int main(void) { return a / b; }",
        b"body { color: red; }",
        b"#include <stdio.h>\nint x = 1;\n",
        b"def f(x):\n    return f'{x}/{x}'\n",
    ],
)
def test_other_text_is_no_source(text: bytes) -> None:
    assert recognise(text) is Kind.TEXT


@pytest.mark.parametrize(
    "text",
    [
        b"a" * (1 << 20),
        b"a " + b" " * (1 << 20),
        b"\n" * (1 << 20),
        b"/*" * (1 << 19),
        b"{&a" * (1 << 18),
        b"{a:" * (1 << 18),
        b"=<" * (1 << 19),
        b";a@" * (1 << 18),
        b'#include "' + b".dts" * (1 << 18),
        b"\t\t#" * (1 << 18),
    ],
)
@pytest.mark.timeout(60)  # it takes milliseconds; a pattern that tries things twice takes hours
def test_no_text_takes_long(text: bytes) -> None:
    assert isinstance(recognise(text), Kind)


def test_gzip_is_read() -> None:
    packed = gzip.compress(BLOB)
    assert recognise(packed) is Kind.GZIP
    assert "a devicetree blob (version 17" in describe(packed)
    assert flatten(read_blob(packed, "b")) == BLOB


def test_gzip_around_something_else() -> None:
    code, message, fix = refusal(gzip.compress(b"\x7fELF"))
    assert code == "DT001"
    assert "gzip-compressed data, inside an ELF file" in message
    assert "gzip -dk" in fix
    assert describe(gzip.compress(gzip.compress(BLOB))) == "gzip-compressed data"


@pytest.mark.parametrize("damage", ["cut", "flip", "header"])
def test_damaged_gzip(damage: str) -> None:
    packed = bytearray(gzip.compress(random.Random(2).randbytes(5000)))
    if damage == "cut":
        del packed[-3:]
    elif damage == "flip":
        packed[-5] ^= 1  # the checksum
    else:
        del packed[2:]
    assert refusal(bytes(packed))[0] == "DT010"


def test_gzip_that_unpacks_to_too_much() -> None:
    packed = gzip.compress(BLOB + bytes(limits.MAX_UNPACKED_BYTES), 1)
    assert len(packed) < 1 << 20
    assert refusal(packed)[0] == "DT009"


def test_what_is_left_of_gzip_is_reported() -> None:
    sink = Sink()
    read_blob(gzip.compress(BLOB + b"junk") + bytes(300_000), "b", sink)
    assert [found.code.number for found in sink] == ["DT017", "DT017"]
    assert [found.message for found in sink] == [
        "not read and not kept: 4 bytes behind the blob inside the compressed data",
        "not read and not kept: 300000 bytes behind the compressed data",
    ]


def test_warnings_of_the_blob_arrive() -> None:
    sink = Sink()
    read_blob(BLOB + b"junk", "b", sink)
    assert [found.code.number for found in sink] == ["DT017"]


# -- folders -------------------------------------------------------------------------------------


def test_a_folder_becomes_a_tree() -> None:
    sink = Sink()
    tree = from_directory(
        [
            ("compatible", b"v,board\0"),
            ("soc", None),
            ("soc/#address-cells", b"\0\0\0\1"),
            ("soc/uart@10", None),
            ("soc/uart@10/phandle", b"\0\0\0\7"),
        ],
        "dt",
        sink,
    )
    assert tree.root.properties == {"compatible": b"v,board\0"}
    assert tree.by_phandle[7].path == "/soc/uart@10"
    assert tree.header == Header()
    assert not list(sink)


def test_names_that_the_kernel_made_up_are_dropped() -> None:
    tree = from_directory(
        [
            ("name", b"\0"),
            ("soc/name", b"soc\0"),
            ("uart@10/name", b"uart\0"),
            ("a@b@c/name", b"a@b\0"),
            ("kept/name", b"other\0"),
            ("also@1/name", b"also@1\0"),
        ]
    )
    found = {node.path: dict(node.properties) for node in tree.walk() if node.properties}
    assert found == {"/kept": {"name": b"other\0"}, "/also@1": {"name": b"also@1\0"}}


def test_missing_folders_are_made_and_repeated_ones_are_one() -> None:
    tree = from_directory(
        [("a/b/p", b"1"), ("name", b"\0"), ("a", None), ("./a/b", None), (".", None), ("", None)]
    )
    assert [node.path for node in tree.walk()] == ["/", "/a", "/a/b"]


@pytest.mark.parametrize("path", ["README.md", "a/b/compatible", ".git/config", "model/x"])
def test_a_folder_of_other_files_is_refused(path: str) -> None:
    with pytest.raises(InputError) as caught:
        from_directory([("a", None), (path, b"x")], "src")
    assert caught.value.diagnostic.code.number == "DT001"
    assert caught.value.diagnostic.severity is Severity.ERROR


def test_an_empty_folder_is_refused() -> None:
    with pytest.raises(InputError):
        from_directory([])


@pytest.mark.parametrize(
    "path", ["compatible", "model", "#address-cells", "name", "soc/compatible", "fragment@0/target"]
)
def test_one_sign_makes_a_folder_a_tree(path: str) -> None:
    assert from_directory([("README", b"x"), (path, b"x\0")])


def test_a_folder_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as caught:
        from_directory([("/".join("d" * (limits.MAX_DEPTH + 1)), None)])
    assert caught.value.diagnostic.code.number == "DT008"
    monkeypatch.setattr("dtovl.inputs.directory.MAX_DIRECTORY_ENTRIES", 2)
    with pytest.raises(InputError) as caught:
        from_directory([("a", b""), ("b", b""), ("c", b"")])
    assert caught.value.diagnostic.code.number == "DT009"


NAMES = st.sampled_from(["a", "b@1", "c"])
PATHS = st.lists(NAMES, max_size=3).map("/".join)


@given(st.dictionaries(st.tuples(PATHS, st.sampled_from("xyz")), st.binary(max_size=5)))
def test_a_folder_made_from_a_tree_gives_the_tree(files: dict[tuple[str, str], bytes]) -> None:
    given = [(f"{above}/{name}".strip("/"), value) for (above, name), value in files.items()]
    tree = from_directory([*given, ("compatible", b"a,b\0")])
    blob = flatten(tree)
    entries: list[tuple[str, bytes | None]] = []
    for node in unflatten(blob).walk():
        path = node.path.strip("/")
        entries.append((path, None))
        entries.extend((f"{path}/{key}", value) for key, value in node.properties.items())
    assert flatten(from_directory(entries)) == blob


CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no reference corpus at {CORPUS}")
def test_all_source_of_the_corpus_is_recognised() -> None:
    texts = {path.name: path.read_bytes() for path in (CORPUS / "dts").glob("*/*.dts*")}
    with tarfile.open(CORPUS / "sources.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if member.name.endswith((".dts", ".dtsi", ".dtso")) and file is not None:
                texts[member.name] = file.read()
    assert len(texts) > 300
    other = {
        name: recognise(text) for name, text in texts.items() if recognise(text) is not Kind.DTS
    }
    assert other == {"33-binary-nul.dts": Kind.BINARY, "34-empty.dts": Kind.EMPTY}
