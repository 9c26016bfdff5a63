"""The runner that checks the corpus as a matrix: it agrees where it should, and it can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conformance import matrix
from conformance.test_runners import BASE, OVERLAY, json_lines, pack
from support.blob import blob
from support.overlays import overlay_content, to

if TYPE_CHECKING:
    from pathlib import Path

    from dtovl.matrix.result import BaseResult

WAYS = 7


def corpus(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write a corpus of two bases with an overlay that applies and one that does not."""
    files = {
        "a.dtb": blob(BASE),
        "b.dtb": blob({**BASE, "model": "b"}),
        "good.dtbo": blob(OVERLAY),
        "bad.dtbo": blob(overlay_content(to("camera", {"x": 1}))),
    }
    pack(folder / "corpus.tar.xz", {**files, "manifest.jsonl": json_lines(*entries)})
    return folder


def pair(base: str, overlay: str, verdict: str) -> dict[str, Any]:
    return {"type": "pair", "base": base, "overlays": [overlay], "verdict": verdict}


def stack(verdict: str, failed_at: int) -> dict[str, Any]:
    overlays = ["good.dtbo", "bad.dtbo"]
    more = {"verdict": verdict, "failed_at": failed_at}
    return {"type": "stack", "base": "a.dtb", "overlays": overlays, **more}


RIGHT = (
    pair("a.dtb", "good.dtbo", "0"),
    pair("b.dtb", "good.dtbo", "0"),
    pair("b.dtb", "bad.dtbo", "FDT_ERR_BADOFFSET"),
    stack("FDT_ERR_BADOFFSET", 1),
)


def test_what_agrees_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert matrix.main(corpus(tmp_path, *RIGHT), 0, dask=False) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "agree 3 of 3 pairs, 1 of 1 stacks"
    assert len(told) == WAYS + 1


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (pair("a.dtb", "good.dtbo", "FDT_ERR_NOTFOUND"), "0, expected FDT_ERR_NOTFOUND"),
        (pair("a.dtb", "bad.dtbo", "0"), "FDT_ERR_BADOFFSET, expected 0"),
        (stack("FDT_ERR_BADOFFSET", 0), "overlay 1 fails, expected 0"),
        (pair("a.dtb", "none.dtbo", "0"), "unreadable, expected 0"),
    ],
    ids=["refused", "applies", "place", "missing"],
)
def test_what_disagrees_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entry: dict[str, Any], said: str
) -> None:
    assert matrix.main(corpus(tmp_path, RIGHT[1], entry), 0, dask=False) == 1
    told = capsys.readouterr().out
    assert said in told


def test_a_way_that_finds_something_else_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one_process = matrix.one_process

    def otherwise(tasks: Any) -> list[BaseResult]:
        return [result._replace(compared=7) for result in one_process(tasks)]

    monkeypatch.setattr(matrix, "one_process", otherwise)
    assert matrix.main(corpus(tmp_path, *RIGHT), 0, dask=False) == 1
    assert "-j1: a.dtb: not what one run with two processes finds" in capsys.readouterr().out


def test_a_folder_without_a_corpus_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert matrix.main(tmp_path, 300, dask=False) == 1
    assert capsys.readouterr().out == "agree 0 of 0 pairs, 0 of 0 stacks\n"


def test_a_sample_is_spread_over_the_corpus() -> None:
    every = [matrix.Group([{}] * 5, matrix.Task(matrix.Source(f"{n}"), (), ())) for n in range(100)]
    chosen = matrix.spread(every, 50)
    assert [group.task.base.path for group in chosen] == [f"{n}" for n in range(0, 100, 10)]
    assert matrix.spread(every, 0) == matrix.spread(every, 10_000) == every
