"""Blobs of the reference corpus: good ones come back whole, bad ones are refused with a reason."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from support.canonical import blob_lines, digest

from dtovl.diagnostics import Sink
from dtovl.errors import InputError
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
# Of the good blobs every 12th is read, or all where property tests search long.
STRIDE = 12 if settings().max_examples < 1000 else 1

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no reference corpus at {CORPUS}"),
]


def members(archive: str, *, stride: int = 1) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(CORPUS / archive, "r|xz") as content:
        for number, member in enumerate(content):
            if member.isfile() and (number % stride == 0 or member.name.endswith(".jsonl")):
                file = content.extractfile(member)
                assert file is not None
                yield member.name, file.read()


def rows(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_good_blobs_keep_all_they_hold() -> None:
    files = dict(members("corpus.tar.xz", stride=STRIDE))
    wanted = {
        row["file"]: row["canon_doc"]
        for row in rows(files["manifest.jsonl"])
        if row["type"] in ("base", "overlay")
    }
    read = 0
    for name, data in files.items():
        if name not in wanted:
            continue
        sink = Sink()
        written = flatten(unflatten(data, name, sink))
        assert digest(blob_lines(written)) == wanted[name], name
        assert flatten(unflatten(written)) == written, name
        assert not list(sink), name
        read += 1
    assert read > 2000 / STRIDE


def test_bad_blobs_are_refused_and_odd_ones_never_lost() -> None:
    files = dict(members("bad.tar.xz"))
    cases = [row for row in rows(files["expected.jsonl"]) if row["role"] == "dtb"]
    assert len(cases) > 200
    refused: list[tuple[str, str, str]] = []
    for case in cases:
        name, kind = case["file"], case["class"]
        try:
            tree = unflatten(files[name], name)
        except InputError as error:
            refused.append((name, kind, error.diagnostic.code.number))
            continue
        assert kind != "must-reject", name
        written = flatten(tree)
        assert flatten(unflatten(written)) == written, name
    assert not [row for row in refused if row[1] == "must-accept" or row[2] > "DT009"]
