"""Files of a commit, whatever the commit holds: nothing but objects is looked at."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from support.gitting import OWN, commit, git

from dtovl.errors import InputError
from dtovl.matrix.gitobjects import GitTree
from dtovl.model.limits import MAX_BLOB_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder in which git takes its own configuration, and be in it."""
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    made = tmp_path / "repo"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def failure(ref: str, folder: str = "") -> str:
    with pytest.raises(InputError) as caught:
        GitTree(ref, folder)
    found = caught.value.diagnostic
    assert found.code.number == "DT657"
    return f"{found.message}; {found.fix}"


def read_failure(tree: GitTree, path: str) -> str:
    with pytest.raises(InputError) as caught:
        tree.read(path)
    assert caught.value.diagnostic.code.number == "DT011"
    return caught.value.diagnostic.message


def test_files_are_those_of_the_commit_and_not_of_the_work_tree(folder: Path) -> None:
    write(folder, {"boards/a.dts": b"old", "boards/b.dts": b"other"})
    commit(folder)
    write(folder, {"boards/a.dts": b"new", "boards/c.dts": b"fresh"})
    (folder / "boards/b.dts").unlink()
    before = git(folder, "status", "--porcelain")
    with GitTree("main", "") as tree:
        assert tree.paths() == ["boards/a.dts", "boards/b.dts"]
        assert tree.read("boards/a.dts") == b"old"
        assert tree.read("boards/b.dts") == b"other"
        assert tree.read_included("boards/c.dts") is None
        assert "it is not in main" in read_failure(tree, "boards/c.dts")
    assert git(folder, "status", "--porcelain") == before


def test_the_index_is_left_alone(folder: Path) -> None:
    write(folder, {"a": b"1"})
    commit(folder)
    index = folder / ".git/index"
    index.write_bytes(b"no index at all")
    with GitTree("main", "") as tree:
        assert tree.read("a") == b"1"
    assert index.read_bytes() == b"no index at all"


def test_a_folder_below_the_top(folder: Path) -> None:
    write(folder, {"fw/boards/a.dts": b"a", "fw/include/x.dtsi": b"x", "top.dtsi": b"t"})
    commit(folder)
    with GitTree("main", "fw") as tree:
        assert tree.paths() == ["boards/a.dts", "include/x.dtsi"]
        assert tree.read("fw/boards/a.dts") == b"a"
        # What a board includes may lie above its folder, but never above the repository.
        assert tree.read_included("fw/boards/../../top.dtsi") == b"t"
        assert tree.read_included("fw/../../top.dtsi") is None
        assert tree.covers("fw/../top.dtsi")
        assert not tree.covers("fw/../../top.dtsi")


def test_from_another_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"fw/a.dts": b"a", "fw/b/c": b"c"})
    commit(folder)
    monkeypatch.chdir(folder / "fw")
    with GitTree("main", "") as tree:
        assert tree.paths() == ["a.dts", "b/c"]
        assert tree.read("a.dts") == b"a"
    monkeypatch.chdir(folder.parent)
    with GitTree("main", "repo/fw") as tree:
        assert tree.read("repo/fw/b/c") == b"c"


def test_links_are_followed_inside_the_commit(folder: Path) -> None:
    write(folder, {"boards/a.dts": b"a", "deep/er/b.dtsi": b"b"})
    (folder / "boards/link.dts").symlink_to("a.dts")
    (folder / "include").symlink_to("deep/er")
    (folder / "twice").symlink_to("include/b.dtsi")
    commit(folder)
    with GitTree("main", "") as tree:
        assert tree.read("boards/link.dts") == b"a"
        assert tree.read("include/b.dtsi") == b"b"
        assert tree.read("twice") == b"b"


def test_links_that_lead_nowhere_good(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "above").symlink_to("../secret")
    (folder / "ring").symlink_to("gnir")
    (folder / "gnir").symlink_to("ring")
    (folder / "dangling").symlink_to("nothing")
    (folder.parent / "secret").write_bytes(b"secret")
    commit(folder)
    with GitTree("main", "") as tree:
        assert "leads out of the repository" in read_failure(tree, "passwd")
        assert "leads out of the repository" in read_failure(tree, "above")
        assert "ring of links" in read_failure(tree, "ring")
        assert "not in main" in read_failure(tree, "dangling")


def test_a_submodule_has_no_files(folder: Path) -> None:
    write(folder, {"a": b"a"})
    commit(folder)
    head = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{head},linux")
    git(folder, "commit", "-q", "-m", "a submodule")
    with GitTree("main", "") as tree:
        assert tree.paths() == ["a"]
        assert "submodule" in read_failure(tree, "linux/arch/board.dts")
        with pytest.raises(OSError, match="submodule"):
            tree.read_included("linux/x.dtsi")


def test_a_pointer_of_lfs_is_no_blob(folder: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    write(folder, {"a.dtb": pointer})
    commit(folder)
    with GitTree("main", "") as tree:
        assert "git LFS" in read_failure(tree, "a.dtb")


def test_what_is_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"a.dtb": b"x" * 2000, "b.dtb": b"small"})
    commit(folder)
    monkeypatch.setattr("dtovl.matrix.gitobjects.MAX_BLOB_BYTES", 1000)
    assert MAX_BLOB_BYTES > 1000
    with GitTree("main", "") as tree:
        assert "it has 2000 bytes, the bound is 1000" in read_failure(tree, "a.dtb")
        assert tree.read("b.dtb") == b"small"


def test_an_unknown_commit_is_answered_with_near_ones(folder: Path) -> None:
    write(folder, {"a": b"a"})
    commit(folder)
    git(folder, "branch", "release-2026")
    assert "did you mean release-2026?" in failure("release-2025")
    assert "git log" in failure("0" * 40)


@pytest.mark.parametrize(
    "ref", ["--upload-pack=touch x", "-h", "", "main:a", "main:", "main^{blob}", "a\0b"]
)
def test_what_is_no_commit_is_refused_and_runs_nothing(folder: Path, ref: str) -> None:
    write(folder, {"a": b"a"})
    commit(folder)
    failure(ref)
    assert sorted(path.name for path in folder.iterdir()) == [".git", "a"]


def test_a_shallow_clone_says_how_to_get_the_rest(folder: Path) -> None:
    write(folder, {"a": b"1"})
    commit(folder)
    git(folder, "tag", "v1")
    write(folder, {"a": b"2"})
    commit(folder)
    git(folder.parent, "clone", "-q", "--depth=1", "--no-tags", folder.as_uri(), "shallow")
    assert "git fetch --unshallow" in failure("v1", str(folder.parent / "shallow"))


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    assert "not a git repository" in failure("main", str(tmp_path / "plain"))


def test_no_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(folder)
    monkeypatch.setenv("PATH", str(folder))
    assert "install git" in failure("main")


def test_a_damaged_object_is_told(folder: Path) -> None:
    write(folder, {"a": b"some content"})
    commit(folder)
    name = git(folder, "rev-parse", "main:a").strip()
    (folder / ".git/objects" / name[:2] / name[2:]).unlink()
    with GitTree("main", "") as tree:
        assert "not in this clone" in read_failure(tree, "a")


def test_no_hook_and_no_filter_of_the_repository_runs(folder: Path) -> None:
    write(folder, {".gitattributes": b"*.dts filter=evil diff=evil\n", "a.dts": b"plain"})
    commit(folder)
    mark = folder.parent / "ran"
    for key in ("filter.evil.smudge", "diff.evil.textconv", "core.fsmonitor", "core.sshCommand"):
        git(folder, "config", key, f"touch {mark}; cat")
    with GitTree("main", "") as tree:
        assert tree.read("a.dts") == b"plain"
    assert not mark.exists()


def test_the_process_that_gives_objects_ends(folder: Path) -> None:
    write(folder, {"a": b"a"})
    commit(folder)
    with GitTree("main", "") as tree:
        tree.read("a")
        process = tree._batch
        assert isinstance(process, subprocess.Popen)
    assert process.poll() is not None
