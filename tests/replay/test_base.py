"""The tree a replay starts from: four forms, and what is refused (row P045)."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import pytest
from support.lsprop import listing
from support.trees import Content, tree_of

from dtovl.errors import InputError
from dtovl.fdt.write import flatten
from dtovl.files import walk_directory
from dtovl.replay.base import read_base, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dtovl.model.node import Node
    from dtovl.replay.stream import Base

CONTENT: Content = {
    "compatible": "ibm,x",
    "#address-cells": 1,
    "cpus": {"l2@1": {"reg": 1, "ibm,phandle": 0x30, "phandle": 0x31}, "empty": {}},
    "flag": {"a-long-name-without-value": b"", "x": b"\1\2\3", "many": [1, 2, 3, 4, 5, 6, 7]},
}

SOURCE = b"""/dts-v1/;
/ { compatible = "ibm,x"; #address-cells = <1>;
  cpus { l2: l2@1 { reg = <1>; ibm,phandle = <0x30>; phandle = <0x31>; }; empty { }; };
  flag { a-long-name-without-value; x = [010203]; many = <1 2 3 4 5 6 7>; };
};
"""


def told(base: Base) -> list[tuple[str, dict[str, bytes], int]]:
    nodes = sorted(base.tree.walk(), key=lambda node: node.path)
    return [(node.path, dict(node.properties), node.phandle) for node in nodes]


def write_folder(node: Node, folder: Path) -> None:
    folder.mkdir()
    for name, value in node.properties.items():
        (folder / name).write_bytes(value)
    (folder / "name").write_bytes(node.name.partition("@")[0].encode() + b"\0")
    for child in node.children.values():
        write_folder(child, folder / child.name)


def refusal(source: bytes | Iterable[tuple[str, bytes | None]], name: str = "base") -> str:
    with pytest.raises(InputError) as caught:
        read_base(source, name)
    (found,) = caught.value.diagnostics
    assert found.code.number == "PS208"
    assert name in found.message
    return found.message


def test_p045_all_forms_give_the_same_tree(tmp_path: Path) -> None:
    tree = tree_of(CONTENT)
    write_folder(tree.root, tmp_path / "proc")
    blob = flatten(tree)
    wanted = told(read_base(blob, "x.dtb"))
    assert ("/cpus/l2@1", 0x30) in [(path, phandle) for path, _, phandle in wanted]
    for source in (
        gzip.compress(blob),
        SOURCE,
        listing(tree.root).encode(),
        walk_directory(tmp_path / "proc"),
    ):
        assert told(read_base(source, "x")) == wanted


def test_source_may_include_what_it_is_given() -> None:
    source = b'/dts-v1/;\n/include/ "more.dtsi"\n'
    base = read_base(source, "x.dts", read_file={"more.dtsi": b"/ { n { }; };"}.get)
    assert list(base.tree.root.children) == ["n"]
    assert "x.dts:2" in refusal(source, "x.dts")


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\0" * 100,
        b"mobility: removing node /a:5\n",
        b"\xd0\x0d\xfe\xed" + b"\0" * 60,
        b"/ { x",
    ],
)
def test_what_is_refused(source: bytes) -> None:
    refusal(source)


def test_a_listing_with_a_mistake_is_refused_with_its_line() -> None:
    assert "base:2: " in refusal(b'compatible       "x"\nreg              0000001\n')


def test_a_folder_is_bounded() -> None:
    entries = ((f"n{number}", bytes(16 << 20)) for number in range(100))
    assert "67108864" in refusal(entries)
    refusal([("readme", b"no tree")])


def test_only_regular_files_of_a_folder_are_read(tmp_path: Path) -> None:
    tree = tree_of(CONTENT)
    write_folder(tree.root, tmp_path / "proc")
    (tmp_path / "proc" / "link").symlink_to("/etc/passwd")
    (tmp_path / "proc" / "loop").symlink_to(tmp_path / "proc")
    os.mkfifo(tmp_path / "proc" / "pipe")
    base = read_base(walk_directory(tmp_path / "proc"), "x")
    assert told(base) == told(read_base(flatten(tree), "x"))


def test_what_cannot_be_opened_is_a_base_that_cannot_be_read(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    refusal(walk_directory(missing), missing)
    try:
        list(walk_directory(missing))
    except InputError as error:
        found = unreadable("base", error)
        assert found.diagnostic.code.number == "PS208"
        assert unreadable("base", found) is found
