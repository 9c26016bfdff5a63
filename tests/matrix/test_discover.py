"""A folder without a configuration: what is taken for boards and overlays, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.blob import blob
from support.repository import Repository, board, cases_of, overlay

from dtovl.errors import InputError
from dtovl.matrix.config import Files
from dtovl.matrix.defaults import commented
from dtovl.matrix.discover import discover
from dtovl.matrix.listing import Listing
from dtovl.matrix.plan import make_plan
from dtovl.matrix.reading import read_config

if TYPE_CHECKING:
    from pathlib import Path

    from dtovl.matrix.config import Config

BOARD = board("a,board", labels=("uart",))
OTHER = board("b,board", labels=("uart",))
OVERLAY = overlay("uart")
SOURCE = b'/dts-v1/;\n/ { compatible = "a,board"; uart: uart { }; };\n'
PLUGIN = b"/dts-v1/;\n/plugin/;\n&uart { x; };\n"


def found(**files: bytes) -> Config:
    return of({name.replace("__", "/"): data for name, data in files.items()})


def of(files: dict[str, bytes]) -> Config:
    repository = Repository(files)
    return discover("", repository.listing(), repository.read)


def taken(files: dict[str, bytes]) -> tuple[list[str], list[str]]:
    """Give the bases and overlays that the discovered configuration stands for."""
    listing = Repository(files).listing()

    def paths(entries: tuple[Files, ...]) -> list[str]:
        return [
            path
            for entry in entries
            for glob in entry.globs
            for path in listing.find(glob)
            if path not in entry.excluded
        ]

    config = of(files)
    return paths(config.bases), paths(config.overlays)


def test_content_decides() -> None:
    files = {
        "a.dtb": BOARD,
        "cam.dtb": OVERLAY,
        "old-overlay.dts": PLUGIN,
        "b.dts": SOURCE,
        "lcd.dtbo": overlay("uart", path="/"),
        "touch.dtso": PLUGIN + b"\n",
        "with-fragments.dts": b"/dts-v1/;\n/ { fragment@0 { __overlay__ { }; }; };",
        "zephyr.overlay": b'&uart0 { status = "okay"; };',
        "whole.overlay": PLUGIN + b"// whole",
        "common.dtsi": b"/ { };",
        "notes.dts": b"just text",
        "README": b"x",
    }
    bases, overlays = taken(files)
    assert bases == ["a.dtb", "b.dts"]
    assert sorted(overlays) == sorted(
        ["cam.dtb", "lcd.dtbo", "old-overlay.dts", "touch.dtso", "whole.overlay",
         "with-fragments.dts"]
    )  # fmt: skip


def test_a_variant_of_a_board_is_what_it_includes() -> None:
    files = {
        "boards/a.dts": SOURCE,
        "boards/a-plus.dts": b'#include "a.dts"\n/ { model = "plus"; };',
        "boards/a-plus-plus.dts": b'/include/ "a-plus.dts"\n/ { model = "++"; };',
        "boards/cam.dts": b'#include "../over/cam.dtso"\n&uart { y; };',
        "boards/part.dts": b'#include "part.dtsi"\n&uart { y; };',
        "boards/loop.dts": b'#include "loop.dts"\n/ { };',
        "boards/out.dts": b'#include "../../out.dts"\n/ { };',
        "over/cam.dtso": PLUGIN,
    }
    bases, overlays = taken(files)
    assert bases == ["boards/a-plus-plus.dts", "boards/a-plus.dts", "boards/a.dts"]
    assert overlays == ["boards/cam.dts", "over/cam.dtso"]


def test_comments_are_no_source() -> None:
    bases, _ = taken({"a.dts": b"// /plugin/;\n/* __overlay__ */\n" + SOURCE, "o.dtbo": OVERLAY})
    assert bases == ["a.dts"]


def test_the_source_goes_before_its_blob_and_copies_are_left_out() -> None:
    files = {
        "boards/a.dts": SOURCE,
        "boards/a.dtb": BOARD,
        "boards/b.dtb": OTHER,
        "image/b.dtb": OTHER,
        "overlays/cam.dtso": PLUGIN,
        "overlays/cam.dtbo": OVERLAY,
        "overlays/cam.dtso.dtb": OVERLAY,
    }
    assert taken(files) == (["boards/a.dts", "boards/b.dtb"], ["overlays/cam.dtso"])


def test_hidden_folders_and_builds_are_left_out() -> None:
    files = {
        "boards/a.dtb": BOARD,
        "overlays/cam.dtbo": OVERLAY,
        ".git/x.dtb": OTHER,
        ".cache/x.dtb": OTHER,
        "build/x.dtb": OTHER,
        "build-arm64/x.dtb": OTHER,
        "boards/out/x.dtb": OTHER,
        "node_modules/dt/x.dtb": OTHER,
        "boards/.x.dtb": OTHER,
    }
    assert taken(files) == (["boards/a.dtb"], ["overlays/cam.dtbo"])


def test_builds_count_when_there_is_nothing_else() -> None:
    assert taken({"build/a.dtb": BOARD, "overlays/cam.dtbo": OVERLAY}) == (
        ["build/a.dtb"],
        ["overlays/cam.dtbo"],
    )


def test_what_is_broken_is_taken_by_its_name() -> None:
    files = {"a.dtb": BOARD, "b.dtb": BOARD[:60], "c.dtbo": OVERLAY, "d.dtbo": OVERLAY[:60],
             "e.dtso": OVERLAY[:61], "none.dtbo": blob({"x": {}})}  # fmt: skip
    assert taken(files) == (["a.dtb", "b.dtb"], ["c.dtbo", "d.dtbo", "none.dtbo", "e.dtso"])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "repo holds no base and no overlay"),
        ({"a.dtb": BOARD}, "repo holds no overlay"),
        ({"a.dtbo": OVERLAY, "x.dtsi": SOURCE}, "repo holds no base"),
    ],
)
def test_nothing_to_check_is_an_error(files: dict[str, bytes], message: str) -> None:
    repository = Repository({f"repo/{path}": data for path, data in files.items()})
    with pytest.raises(InputError) as caught:
        discover("repo", Listing.of_paths(files), repository.read)
    diagnostic = caught.value.diagnostic
    assert diagnostic.code.number == "DT618"
    assert diagnostic.message == message
    assert "*.dtb, *.dts, *.dtbo, *.dtso, *.overlay" in diagnostic.why
    assert "init-config" in diagnostic.fix


def test_globs_are_those_of_folders() -> None:
    files = {
        "boards/a.dtb": BOARD,
        "boards/b.dtb": OTHER,
        "overlays/cam/x.dtbo": OVERLAY,
        "overlays/lcd.dtbo": overlay("uart", path="/"),
        "top.dts": SOURCE,
    }
    config = of(files)
    assert config.bases == (Files(("boards/*.dtb",)), Files(("*.dts",)))
    assert config.overlays == (Files(("overlays/**/*.dtbo",)),)


def test_a_folder_of_both_names_the_exceptions() -> None:
    boards = {f"all/b{number}.dtb": board(f"x,{number}") for number in range(9)}
    config = of({**boards, "all/cam.dtb": OVERLAY, "all/sub/lcd.dtb": overlay("i2c")})
    assert config.bases == (Files(("all/**/*.dtb",), excluded=("all/cam.dtb", "all/sub/lcd.dtb")),)
    assert config.overlays == (Files(("all/cam.dtb",)), Files(("all/sub/*.dtb",)))


def test_a_glob_never_reaches_into_what_was_left_out() -> None:
    files = {"boards/a.dtb": BOARD, "boards/arm/b.dtb": OTHER, "boards/arm/build/c.dtb": BOARD,
             "o.dtbo": OVERLAY}  # fmt: skip
    assert taken(files)[0] == ["boards/a.dtb", "boards/arm/b.dtb"]


def test_names_that_look_like_globs_are_names() -> None:
    files = {"[x]/a.dtb": BOARD, "b[1]/o.dtbo": OVERLAY}
    assert taken(files) == (["[x]/a.dtb"], ["b[1]/o.dtbo"])


def test_include_folders_are_offered_to_source() -> None:
    config = of({"include/x.h": b"", "dts/include/y.h": b"", "a.dts": SOURCE, "o.dtbo": OVERLAY})
    assert config.bases == (Files(("*.dts",), ("include", "dts/include")),)
    assert config.overlays == (Files(("*.dtbo",)),)


def test_on_disk_and_written_down(tmp_path: Path) -> None:
    files = {
        "boards/a.dts": SOURCE,
        "boards/b.dtb": OTHER,
        "include/x.h": b"",
        "overlays/cam.dtso": PLUGIN,
        "overlays/un\\ié 'x\".dtbo": OVERLAY,
    }
    folder = str(Repository(files).write(tmp_path))
    config = discover(folder)
    assert config.folder == folder
    text = commented(config)
    again = read_config(text, f"{folder}/dtovl.yaml", folder)
    assert [one._replace(line=0) for one in (*again.bases, *again.overlays)] == [
        *config.bases,
        *config.overlays,
    ]
    plan = make_plan(config)
    assert plan.tasks == make_plan(again).tasks
    assert not plan.findings
    assert len(cases_of(plan)) == 4
    assert plan.bases == (f"{folder}/boards/a.dts", f"{folder}/boards/b.dtb")


def test_names_that_are_no_text_are_found_again(tmp_path: Path) -> None:
    name = b"bo\xffrd.dtb".decode("utf-8", "surrogateescape")
    folder = str(Repository({name: BOARD, "x.dtb": OVERLAY}).write(tmp_path))
    text = commented(discover(folder))
    text.encode()
    plan = make_plan(read_config(text, "dtovl.yaml", folder))
    assert plan.bases == (f"{folder}/{name}",)
