from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dtovl.diagnostics import Diagnostic
from dtovl.dts.includes import Files, folder_of, inside
from dtovl.errors import InputError

if TYPE_CHECKING:
    from dtovl.codes.base import Code


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("a.h", ".", True),
        ("a/b.h", ".", True),
        ("../a.h", ".", False),
        ("..", ".", False),
        ("..a", ".", True),
        ("/a.h", ".", False),
        ("a/b", "a", True),
        ("ab", "a", False),
        ("a", "a", True),
        ("../a", "..", True),
        ("../../a", "..", False),
        ("/x/a", "/x", True),
        ("/xa", "/x", False),
        ("/a", "/", True),
        ("a", "/", False),
    ],
)
def test_inside(path: str, root: str, expected: bool) -> None:
    assert inside(path, root) is expected


def test_the_folder_of_standard_input_is_the_current_one() -> None:
    assert [folder_of(name) for name in ("<stdin>", "a.dts", "x/a.dts", "/a.dts", "x/../a")] == [
        ".", ".", "x", "/", ".",
    ]  # fmt: skip


def found(files: Files, name: str, *beside: str) -> str:
    def complain(code: Code, **fields: str) -> Diagnostic:
        return Diagnostic(code, **fields)  # type: ignore[arg-type]

    try:
        return files.find(name, beside, "#include", complain)[0]
    except InputError as error:
        return f"{error.diagnostic.code.number} {error.diagnostic.message}"


class Disk:
    """Remembers what was asked for."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths
        self.asked: list[str] = []

    def read(self, path: str) -> bytes | None:
        self.asked.append(path)
        if path == "locked.h":
            raise PermissionError(13, "Permission denied")
        if "\0" in path:
            raise ValueError("embedded null byte")
        return b"" if path in self.paths else None


def test_files_are_looked_for_beside_then_in_the_folders_in_order() -> None:
    disk = Disk("inc/a.h")
    files = Files(disk.read, "src/x.dts", ["other", "inc/"])
    assert found(files, "a.h", "src/sub/y.dtsi") == "inc/a.h"
    assert disk.asked == ["src/sub/a.h", "other/a.h", "inc/a.h"]


def test_names_may_lead_up_and_down_inside_of_the_roots() -> None:
    files = Files(Disk("src/b/a.h").read, "src/x.dts")
    assert found(files, "../b/a.h", "src/a/y.dtsi") == "src/b/a.h"


@pytest.mark.parametrize("name", ["../a.h", "/etc/passwd", "sub/../../a.h", "../src2/a.h"])
def test_paths_outside_are_refused_and_not_even_asked_for(name: str) -> None:
    disk = Disk("a.h", "/etc/passwd", "src2/a.h")
    files = Files(disk.read, "src/x.dts")
    assert found(files, name, "src/x.dts").startswith("DT029")
    assert disk.asked == []


def test_a_folder_given_with_include_is_a_root_also_for_absolute_names() -> None:
    files = Files(Disk("/inc/a.h", "../up/b.h").read, "src/x.dts", ["/inc", "../up"])
    assert found(files, "/inc/a.h", "src/x.dts") == "/inc/a.h"
    assert found(files, "b.h") == "../up/b.h"


def test_roots_can_be_given() -> None:
    files = Files(Disk("lib/a.h").read, "src/x.dts", roots=["."])
    assert found(files, "../lib/a.h", "src/x.dts") == "lib/a.h"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no.h", "no such file in ., inc"),
        ("locked.h", "Permission denied"),
        ("a\0b", "the name is not allowed"),
    ],
)
def test_the_reason_is_told(name: str, reason: str) -> None:
    files = Files(Disk().read, "x.dts", ["inc"])
    assert found(files, name, "x.dts") == f'DT028 #include "{name}": {reason}'


def test_without_a_way_to_read_nothing_is_read() -> None:
    assert found(Files(None, "x.dts"), "a.h", "x.dts").endswith("files are not read here")
