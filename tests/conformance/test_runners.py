"""The runners of the reference corpus: they count, they say where something differs, they fail."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from support.blob import blob
from support.canonical import blob_lines, digest, plain_lines
from support.overlays import at, overlay_content
from support.trees import Content, tree_of

HERE = Path(__file__).parent
BASE: Content = {"soc": {"a": 1}}
OVERLAY = overlay_content(at("/soc", {"b": 2}))
AFTER: Content = {"soc": {"b": 2, "a": 1}}


def run(script: str, folder: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, str(HERE / script), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def pack(archive: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(archive, "w:xz") as content:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            content.addfile(member, io.BytesIO(data))


def json_lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def canon(content: Content) -> str:
    return digest(blob_lines(blob(content)))


def make_corpus(folder: Path, pair: dict[str, Any]) -> None:
    """Write a corpus with one part of each kind; pair is the record of its only pair."""
    base, overlay = blob(BASE), blob(OVERLAY)
    files = {"a.dtb": base, "b.dtbo": overlay}
    manifest = json_lines(
        {"type": "base", "file": "a.dtb", "canon_doc": canon(BASE)},
        {"type": "overlay", "file": "b.dtbo", "canon_doc": canon(OVERLAY)},
        {"type": "pair", "base": "a.dtb", "overlays": ["b.dtbo"], **pair},
    )
    pack(folder / "corpus.tar.xz", {**files, "manifest.jsonl": manifest})
    bad = json_lines(
        {"file": "cut", "role": "dtb", "class": "must-reject", "seen": {}},
        {"file": "good", "role": "dtb", "class": "must-accept", "seen": {}},
        {"file": "good", "role": "dtb", "class": "must-reject", "seen": {}},
    )
    pack(folder / "bad.tar.xz", {"cut": base[:50], "good": base, "expected.jsonl": bad})
    (folder / "dts").mkdir()
    (folder / "dts" / "x.dts").write_text("/dts-v1/;\n/ { soc { a = <1>; }; };\n")
    (folder / "dts" / "y.dts").write_text("/dts-v1/;\n/ {\n a = <1>\n};\n")
    good = {"file": "x.dts", "class": "good", "cpp": False, "symbols": False}
    wrong = {"file": "y.dts", "class": "bad", "cpp": False, "in": "y.dts", "also_ok": []}
    (folder / "dts" / "expected.jsonl").write_bytes(
        json_lines({**good, "canon_doc": canon(BASE)}, {**wrong, "line": 4}, {**wrong, "line": 1})
    )


@pytest.mark.parametrize(
    ("pair", "agreed", "said"),
    [
        ({"verdict": "0", "canon_doc": canon(AFTER)}, 1, ""),
        ({"verdict": "0", "canon_doc": "0"}, 0, "the tree differs"),
        ({"verdict": "FDT_ERR_NOTFOUND"}, 0, "applies, expected FDT_ERR_NOTFOUND"),
    ],
    ids=["right", "other-tree", "other-verdict"],
)
def test_the_corpus_is_counted(
    tmp_path: Path, pair: dict[str, Any], agreed: int, said: str
) -> None:
    make_corpus(tmp_path, pair)
    code, told = run("corpus.py", tmp_path)
    assert code == 1
    assert told[-1] == (
        f"agree {agreed} of 1 pairs, 0 of 0 stacks, 2 of 3 bad inputs, 0 of 0 sources, 2 of 3 texts"
    )
    assert "bad inputs: good: accepted, must be refused" in told
    assert any(line.startswith("texts: y.dts: first message at ") for line in told)
    assert any(said in line for line in told)


def test_a_folder_without_any_part_is_no_success(tmp_path: Path) -> None:
    assert run("corpus.py", tmp_path) == (
        1,
        ["agree 0 of 0 pairs, 0 of 0 stacks, 0 of 0 bad inputs, 0 of 0 sources, 0 of 0 texts"],
    )
    assert run("apply.py", tmp_path) == (1, ["agree 0 of 0"])


def make_case(folder: Path, **changes: Any) -> None:
    """Write a case with one apply as a kernel would have recorded it, but for changes."""
    case = folder / "cases" / "one"
    case.mkdir(parents=True)
    (case / "base.dtb").write_bytes(blob(BASE))
    (case / "o.dtbo").write_bytes(blob(OVERLAY))
    leak = "OF: overlay: WARNING: memory leak will occur if overlay removed, property: /soc/b"
    result = {
        "ret": 0,
        "log": [{"level": 3, "text": leak}, {"level": 7, "text": "debug"}, {"event": "overlay"}],
        "tree_sha256": {"plain": digest(plain_lines(tree_of(AFTER)))},
        **changes,
    }
    before = {"tree_sha256": {"plain": digest(plain_lines(tree_of(BASE)))}}
    step = {"op": "apply", "overlay": "o.dtbo", "result": result}
    record = {"name": "one", "base": "base.dtb", "boot": before, "steps": [{"op": "find"}, step]}
    (case / "case.json").write_text(json.dumps(record))


def test_a_broken_recording_is_counted_and_the_run_goes_on(tmp_path: Path) -> None:
    make_case(tmp_path)
    whole = (tmp_path / "cases" / "one" / "case.json").read_bytes()
    for name, text in (
        ("cut", whole[: len(whole) // 2]),
        ("list", b"[]"),
        ("no-boot", b'{"name": "no-boot", "base": "base.dtb", "steps": []}'),
        ("no-step", b'{"name": "x", "base": "b", "boot": {"tree_sha256": {"exact": ""}}}'),
    ):
        (tmp_path / "cases" / name).mkdir()
        (tmp_path / "cases" / name / "case.json").write_bytes(text)
    (tmp_path / "real.jsonl").write_bytes(b'{"base": \n{"base": "b"}\n')
    code, told = run("kernel.py", tmp_path)
    assert code == 1
    assert told[-1].startswith("agree 0 of 7 cases ")
    for name in ("cut", "list", "no-boot", "no-step", "real-1", "real-2"):
        assert any(line.startswith(f"{name}: the recording: ") for line in told), name


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"ret": "-EINVAL"}, "returned 0, expected -EINVAL"),
        ({"log": []}, "log, line 1: only found: <3> OF: overlay: WARNING"),
        ({"tree_sha256": {"plain": "0"}}, "the tree after it differs"),
        ({"crash": {}}, "the kernel corrupts memory, we do not"),
    ],
    ids=["right", "return-value", "log", "tree", "crash"],
)
def test_recorded_applies_are_counted(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    make_case(tmp_path, **changes)
    code, told = run("apply.py", tmp_path)
    assert code == (1 if said else 0)
    assert told[-1] == f"agree {0 if said else 1} of 1"
    assert any(said in line for line in told)
