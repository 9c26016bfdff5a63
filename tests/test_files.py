"""Reading and writing at the edge: bounds, reasons, and never half a file."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tracemalloc
from pathlib import Path
from threading import Thread

import pytest

from dtovl import files
from dtovl.errors import InputError
from dtovl.fdt.write import flatten
from dtovl.files import (
    is_directory,
    list_directory,
    open_bytes,
    read_bytes,
    read_included,
    walk_directory,
    write_atomically,
)
from dtovl.inputs import from_directory

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def number_of(error: pytest.ExceptionInfo[InputError]) -> str:
    return error.value.diagnostic.code.number


# -- reading -------------------------------------------------------------------------------------


def test_lists_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.dtbo", "a.dtbo"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a.dtbo")
    (tmp_path / "broken").symlink_to("nothing")
    assert list_directory(tmp_path) == ["a.dtbo", "b.dtbo", "link"]
    for wrong in ("no-such-folder", "a.dtbo", "a\0b"):
        with pytest.raises(InputError) as caught:
            list_directory(tmp_path / wrong)
        assert number_of(caught) == "DT011"


def test_a_folder_of_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_DIRECTORY_ENTRIES", 2)
    for name in "abc":
        (tmp_path / name).touch()
    with pytest.raises(InputError) as caught:
        list_directory(tmp_path)
    assert number_of(caught) == "DT009"


def test_reads_files_and_pipes(tmp_path: Path) -> None:
    file = tmp_path / "a.dtb"
    file.write_bytes(b"abc")
    assert read_bytes(file) == read_bytes(str(file)) == b"abc"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(b"x" * 200_000,))
    writer.start()
    assert read_bytes(pipe) == b"x" * 200_000
    writer.join()


def test_reads_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    with file.open() as opened:
        monkeypatch.setattr(sys, "stdin", opened)
        assert read_bytes("-") == b"abc"
    with pytest.raises(InputError) as caught:
        read_bytes("-")
    assert number_of(caught) == "DT011"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError) as caught:
        read_bytes("-")
    assert "standard input is closed" in caught.value.diagnostic.message


def test_reads_in_pieces_and_tells_how_far(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"one line\n" * 300_000)
    told: list[tuple[int, int]] = []
    with open_bytes(file, lambda *so_far: told.append(so_far)) as opened:
        assert sum(1 for _ in opened) == 300_000
    size = file.stat().st_size
    assert told[0][0] < told[-1][0] == size
    assert {whole for _, whole in told} == {size}
    with open_bytes(file) as opened:
        assert opened.read(8) == b"one line"
    assert opened.closed


def test_reads_standard_input_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    with file.open() as given:
        monkeypatch.setattr(sys, "stdin", given)
        with open_bytes("-") as opened:
            assert opened.read() == b"abc"
        assert os.fstat(given.fileno())  # not closed
    with pytest.raises(InputError) as caught, open_bytes("-"):
        pass
    assert "standard input is closed" in caught.value.diagnostic.message


@pytest.mark.parametrize(("path", "words"), [("no", "no such"), (".", "folder"), ("a\0b", "null")])
def test_what_cannot_be_read_in_pieces(path: str, words: str) -> None:
    with pytest.raises(InputError) as caught, open_bytes(path):
        pass
    assert number_of(caught) == "DT011"
    assert words in caught.value.diagnostic.message.lower()


def test_devices_are_not_read_in_pieces() -> None:
    with pytest.raises(InputError) as caught, open_bytes("/dev/zero"):
        pass
    assert "device" in caught.value.diagnostic.message


def test_what_is_no_blob_is_not_read_to_its_end(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(files.MAX_BLOB_BYTES)
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as caught:
            read_bytes(big)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number_of(caught) == "DT001"
    assert "zero bytes" in caught.value.diagnostic.message
    assert peak < 2 * files.MAX_SOURCE_BYTES


@pytest.mark.parametrize(
    ("start", "code"), [(b"/dts-v1/;", "DT009"), (b"\x1f\x8b", "DT009"), (b"\x7fELF", "DT001")]
)
def test_only_blobs_may_be_large(
    start: bytes, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_SOURCE_BYTES", 100)
    file = tmp_path / "a"
    file.write_bytes(start + b" " * 100)
    with pytest.raises(InputError) as caught:
        read_bytes(file)
    assert number_of(caught) == code
    file.write_bytes(b"\xd0\x0d\xfe\xed" + bytes(200))
    assert len(read_bytes(file)) == 204


def test_included_files_are_regular_files(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    assert read_included(str(file)) == b"abc"
    assert read_included(str(tmp_path / "missing")) is None
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("missing")
    for name, words in (("pipe", "pipe"), (".", "folder"), ("nowhere", "No such file")):
        with pytest.raises(OSError, match=words):
            read_included(str(tmp_path / name))


def test_reads_files_that_do_not_tell_their_size() -> None:
    assert read_bytes("/proc/self/status")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing.dtb", "no such file"),
        ("", "no such file"),
        (".", "folder"),
        ("a\0b", "null"),
        ("/dev/zero", "device"),
        ("file/below", "not a directory"),
        ("n" * 300, "too long"),
    ],
)
def test_says_why_a_file_cannot_be_read(
    path: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        read_bytes(path)
    assert number_of(caught) == "DT011"
    assert words in caught.value.diagnostic.message.lower()


@pytest.mark.skipif(ROOT, reason="root may read everything")
def test_says_that_permission_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.touch(mode=0)
    with pytest.raises(InputError) as caught:
        read_bytes(file)
    assert "permission denied" in caught.value.diagnostic.message


def test_proposes_the_file_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "board.dtb").touch()
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path / "bord.dtb")
    assert caught.value.diagnostic.fix == f"did you mean {tmp_path / 'board.dtb'}?"
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path / "unlike.bin")
    assert caught.value.diagnostic.fix == "check the path"


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(files.MAX_BLOB_BYTES + 1)
    with pytest.raises(InputError) as caught:
        read_bytes(big)
    assert number_of(caught) == "DT009"
    monkeypatch.setattr(files, "MAX_BLOB_BYTES", 10)
    with pytest.raises(InputError) as caught:
        read_bytes("/proc/self/status")
    assert number_of(caught) == "DT009"


# -- folders -------------------------------------------------------------------------------------


def test_walks_a_folder(tmp_path: Path) -> None:
    (tmp_path / "soc" / "uart@1").mkdir(parents=True)
    (tmp_path / "soc" / "reg").write_bytes(b"1")
    (tmp_path / "soc" / "uart@1" / "status").write_bytes(b"okay\0")
    (tmp_path / "zz").write_bytes(b"")
    (tmp_path / "aliases").mkdir()
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "file-link").symlink_to("zz")
    os.mkfifo(tmp_path / "pipe")
    assert is_directory(tmp_path)
    assert list(walk_directory(tmp_path)) == [
        ("zz", b""),
        ("aliases", None),
        ("soc", None),
        ("soc/reg", b"1"),
        ("soc/uart@1", None),
        ("soc/uart@1/status", b"okay\0"),
    ]


def test_a_link_to_a_folder_is_followed_and_any_name_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xe4")).write_bytes(b"v")
    (tmp_path / "link").symlink_to(folder)
    assert list(walk_directory(tmp_path / "link")) == [("\xff\xe4", b"v")]
    (folder / "compatible").write_bytes(b"a,b\0")
    blob = flatten(from_directory(walk_directory(tmp_path / "link")))
    assert b"\xff\xe4\0" in blob


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", "a\0b"):
        with pytest.raises(InputError) as caught:
            list(walk_directory(path))
        assert number_of(caught) == "DT011"
    assert not is_directory(tmp_path / "missing")
    assert not is_directory("-")
    assert not is_directory("a\0b")


def test_a_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    monkeypatch.setattr(files, "MAX_DIRECTORY_ENTRIES", 2)
    with pytest.raises(InputError) as caught:
        list(walk_directory(tmp_path))
    assert number_of(caught) == "DT009"


# -- writing -------------------------------------------------------------------------------------


def test_writes_a_new_file_with_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "out", b"data")
    finally:
        os.umask(before)
    assert (tmp_path / "out").read_bytes() == b"data"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_replaces_a_file_and_keeps_its_mode(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"old")
    out.chmod(0o604)
    with out.open("rb") as opened:
        write_atomically(out, b"new")
        assert opened.read() == b"old"  # another file took the place; nobody sees a mixture
    assert out.read_bytes() == b"new"
    assert stat.S_IMODE(out.stat().st_mode) == 0o604


def test_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/real")
    for data in (b"1", b"2"):
        write_atomically(tmp_path / "link", data)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there" / "real").read_bytes() == data


def test_does_not_overwrite_an_input(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.write_bytes(b"base")
    (tmp_path / "link").symlink_to("base")
    os.link(base, tmp_path / "hard")
    for out in ("base", "link", "hard"):
        with pytest.raises(InputError) as caught:
            write_atomically(tmp_path / out, b"x", inputs=["-", "missing", base])
        assert number_of(caught) == "DT012"
        assert base.read_bytes() == b"base"
    write_atomically(base, b"x", force=True, inputs=[base])
    assert base.read_bytes() == b"x"


def test_standard_input_is_an_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "base"
    base.write_bytes(b"base")
    with base.open() as opened:
        monkeypatch.setattr(sys, "stdin", opened)
        with pytest.raises(InputError) as caught:
            write_atomically(base, b"x", inputs=["-"])
        assert number_of(caught) == "DT012"
        write_atomically(tmp_path / "other", b"x", inputs=["-"])


def test_does_not_write_into_a_folder_that_is_an_input(tmp_path: Path) -> None:
    folder = tmp_path / "dt"
    (folder / "soc").mkdir(parents=True)
    (folder / "compatible").write_bytes(b"old")
    (tmp_path / "link").symlink_to("dt")
    for out in ("dt/compatible", "dt/new", "link/soc/new"):
        for given in (folder, tmp_path / "link", f"{folder}/"):
            with pytest.raises(InputError) as caught:
                write_atomically(tmp_path / out, b"x", inputs=[given])
            assert number_of(caught) == "DT012"
    assert sorted(path.name for path in folder.iterdir()) == ["compatible", "soc"]
    assert (folder / "compatible").read_bytes() == b"old"
    write_atomically(tmp_path / "dt.dtb", b"x", inputs=[folder])
    write_atomically(folder / "compatible", b"x", force=True, inputs=[folder])
    assert (folder / "compatible").read_bytes() == b"x"


def test_what_is_no_regular_file_is_written_to_and_stays(tmp_path: Path) -> None:
    # A pipe, not /dev/null: run as root, a defect here would put a file in the place of that.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b"x" * 200_000)
    reader.join()
    assert got == [b"x" * 200_000]
    assert pipe.is_fifo()


def test_a_pipe_that_is_open_already_is_written_to() -> None:
    """As /dev/stderr, and what bash makes of >(command): a link to what has no path."""
    reading, writing = os.pipe()
    try:
        write_atomically(f"/proc/self/fd/{writing}", b"xyz")
        os.close(writing)
        assert os.read(reading, 10) == b"xyz"
    finally:
        os.close(reading)


@pytest.mark.parametrize("path", ["missing/out", ".", "file/out", "a\0b", "n" * 300])
def test_says_why_a_file_cannot_be_written(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        write_atomically(path, b"x")
    assert number_of(caught) == "DT013"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_loop_of_links_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError) as caught:
        write_atomically(tmp_path / "a", b"x")
    assert number_of(caught) == "DT013"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InputError) as caught:
        write_atomically(out, b"new")
    assert "no space left" in caught.value.diagnostic.message
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_stays_when_the_last_step_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(out, b"new")
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "made"
    assert files.create_atomically(target, b"first")
    assert not files.create_atomically(target, b"second")
    # As when another process makes it after the look at it.
    monkeypatch.setattr(files.os.path, "lexists", lambda path: False)
    assert not files.create_atomically(target, b"third")
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_is_made_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: str, target: str) -> None:
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(files.os, "link", link)
    target = tmp_path / "made"
    assert files.create_atomically(target, b"whole")
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]
