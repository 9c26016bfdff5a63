"""The runner of cases of links: it agrees with what it should, and each comparison can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conformance import links, links_counts
from conformance.links_compare import finding_difference, probe_difference
from support.blob import blob

if TYPE_CHECKING:
    from support.trees import Content

CASES = Path(__file__).resolve().parents[3] / "shared" / "links"

Json = dict[str, Any]

SOURCE = "/dts-v1/;\n/ { uart { clocks = <0x99>; }; };\n"
FINDING: Json = {
    "rule": "L001",
    "severity": "error",
    "node": "/uart",
    "property": "clocks",
    "index": 0,
    "cell": 0,
    "phandle": 0x99,
}
BASE = "/dts-v1/;\n/ { soc: soc { }; };\n"
PROVIDER = "/dts-v1/;\n/plugin/;\n&soc { pll: pll { #clock-cells = <0>; }; };\n"
CONSUMER = "/dts-v1/;\n/plugin/;\n&soc { spi: spi { clocks = <&pll>; }; };\n"
DANGLING: Json = {
    "rule": "L033",
    "severity": "error",
    "node": "/soc/spi",
    "property": "clocks",
    "index": 0,
    "was": "/soc/pll",
    "overlay": "a",
    "consumer_overlay": "b",
}


@pytest.mark.corpus
@pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")
def test_every_case_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    code = links.main(CASES)
    said = capsys.readouterr().out
    assert code == 0, said
    agreed, _, total = said.splitlines()[-1].removeprefix("agree ").partition(" of ")
    assert agreed == total


# -- a folder of one's own -------------------------------------------------------------------------


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = links.main(folder)
    return code, capsys.readouterr().out.splitlines()


def make_case(folder: Path, source: str = SOURCE, **changes: Any) -> None:
    """Write a case with one finding as it is, but for changes; None takes a key out."""
    finding = {key: value for key, value in {**FINDING, **changes}.items() if value is not None}
    write(folder / "cases" / "one.dts", source)
    write(folder / "cases" / "one.json", json.dumps({"findings": [finding]}))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_case_that_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_case(tmp_path)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[1:]) == (
        0,
        ["cases: 1 of 1, probe: 0 of 0, removal: 0 of 0", "agree 1 of 1"],
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "warning"},
        {"node": "/uart2"},
        {"property": "resets"},
        {"phandle": 0x98},
        {"phandle": "153"},
        {"phandle": 153.0},
        {"index": False},
        {"cell": None},
        {"more": 1},
    ],
    ids=str,
)
def test_a_finding_that_differs_is_missing_and_extra(
    tmp_path: Path, changes: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    make_case(tmp_path, **changes)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 0 of 1")
    assert [line.split()[0] for line in lines if line.startswith("  ")] == ["missing", "extra"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("/dts-v1/;\n/ { uart { clocks = <0x99> };\n", "raised"),
        ("/dts-v1/;\n/ { };\n", "missing"),
        ("/dts-v1/;\n/ { uart { clocks = <0x99>; }; v { clocks = <0x99>; }; };\n", "extra"),
    ],
    ids=["no-source", "missing", "extra"],
)
def test_a_case_that_does_not_agree(
    tmp_path: Path, source: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_case(tmp_path, source)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 0 of 1")
    assert any(why in line for line in lines)


def test_a_tree_that_dtc_complains_about_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_case(tmp_path, "/dts-v1/;\n/ { uart { clocks = <0x99>; }; x@1 { }; y { reg = <1>; }; };\n")
    assert said(tmp_path, capsys)[0] == 0


def test_an_empty_folder_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 0 of 0")


def test_repetitions_count_and_order_does_not() -> None:
    other = {**FINDING, "index": 1}
    assert not finding_difference([FINDING, other], [other, FINDING])
    assert finding_difference([FINDING], [FINDING, FINDING]).strip().startswith("extra")
    assert finding_difference([FINDING, FINDING], [FINDING]).strip().startswith("missing")


def test_keys_of_ours_that_do_not_count_are_dropped() -> None:
    assert not finding_difference(
        [FINDING], [{**FINDING, "message": "clocks[0]: no node", "at": 3}]
    )


# -- probe results ---------------------------------------------------------------------------------

DRIVERS = 'drivers:\n  - {name: acme-uart, match: "acme,uart", level: device}\n'
BOUND: Json = {
    "order": ["/uart"],
    "log": [["device", "/uart", "acme-uart", "bound"]],
    "deferred": {},
    "failed": {},
    "unmatched": ["/spi"],
    "never_added": [],
    "sync_pending": {},
}


def make_probe(folder: Path, **changes: Any) -> None:
    source = (
        '/dts-v1/;\n/ { uart { compatible = "acme,uart"; }; spi { compatible = "acme,spi"; }; };\n'
    )
    write(folder / "probe" / "one.dts", source)
    write(folder / "probe" / "one.drivers.yaml", DRIVERS)
    write(folder / "probe" / "one.json", json.dumps({**BOUND, **changes}))


def test_a_probe_result_that_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_probe(tmp_path)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (0, "agree 1 of 1"), lines


@pytest.mark.parametrize(
    "changes",
    [
        {"order": []},
        {"log": [["arch", "/uart", "acme-uart", "bound"]]},
        {"log": BOUND["log"] * 2},
        {"deferred": {"/uart": "supplier /x not ready"}},
        {"failed": {"/uart": -22}},
        {"unmatched": []},
        {"never_added": ["/x"]},
        {"sync_pending": {"/uart": ["/spi"]}},
    ],
    ids=str,
)
def test_a_probe_result_that_differs(
    tmp_path: Path, changes: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    make_probe(tmp_path, **changes)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 0 of 1")
    assert any(line.startswith(f" {next(iter(changes))}") for line in lines), lines


def test_the_order_of_tries_counts_that_of_sets_does_not() -> None:
    there = {**BOUND, "order": ["/a", "/b"], "unmatched": ["/c", "/d"]}
    assert not probe_difference(there, {**there, "unmatched": ["/d", "/c"]})
    assert "another order" in probe_difference(there, {**there, "order": ["/b", "/a"]})


# -- removals --------------------------------------------------------------------------------------


def make_removal(folder: Path, **changes: Any) -> None:
    for name, text in (("base.dts", BASE), ("a.dtso", PROVIDER), ("b.dtso", CONSUMER)):
        write(folder / "removal" / name, text)
    case = {
        "id": "r",
        "apply": ["a", "b"],
        "remove": 1,
        "kernel": {"result": 0},
        "findings": [DANGLING],
        **changes,
    }
    write(folder / "removal" / "cases.json", json.dumps({"symbols": ["a"], "cases": [case]}))


REFUSED: Json = {"errno": "EBUSY", "message": "overlay #1 is not topmost"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"apply": ["a", "b-@"], "kernel": REFUSED, "findings": []},
        {"apply": ["a", "b-@"], "remove": 2, "findings": []},
        {"remove": 2, "then_remove": 1, "findings": []},
    ],
    ids=str,
)
def test_removals_that_agree(
    tmp_path: Path, changes: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    make_removal(tmp_path, **changes)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (0, "agree 1 of 1"), lines


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"findings": []}, "extra"),
        ({"findings": [{**DANGLING, "overlay": "b"}]}, "missing"),
        ({"kernel": REFUSED}, "every removal: 0, expected EBUSY"),
        ({"apply": ["a", "b-@"]}, "remove a: EBUSY, expected 0"),
        (
            {"apply": ["a", "b-@"], "kernel": {**REFUSED, "message": "other"}, "findings": []},
            "the kernel does not say 'other'",
        ),
        ({"remove": 2, "then_remove": 1}, "missing"),
        ({"apply": ["b"]}, "apply b: "),
    ],
    ids=["findings", "owner", "verdict", "refused", "message", "order", "not-applied"],
)
def test_a_removal_that_differs(
    tmp_path: Path, changes: Json, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_removal(tmp_path, **changes)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 0 of 1")
    assert any(why in line for line in lines), lines


# -- boards ----------------------------------------------------------------------------------------

BOARD: Content = {
    "osc": {"phandle": 1, "#clock-cells": 0},
    "off": {"phandle": 2, "#clock-cells": 0, "status": "disabled"},
    "uart": {"clocks": [1, 2, 0x99]},
}
COUNTS = {"L001:error": 1, "L006:warning": 1, "links": 1}


def make_boards(folder: Path, counts: Json) -> Path:
    """Write a corpus with one board under two names, and its counts."""
    make_case(folder / "links")
    package = "bases/deb-6.1.0-50-armmp"
    (folder / "corpus" / package).mkdir(parents=True)
    (folder / "corpus" / package / "a.dtb").write_bytes(blob(BOARD))
    record = {"type": "base", "file": f"{package}/a.dtb", "also": ["deb-6.1.0-50-arm64/acme/b"]}
    write(folder / "corpus" / "manifest.jsonl", json.dumps(record) + "\n")
    for name, key in (("armhf", "linux-image-6.1.0-50-armmp/a.dtb"), ("arm64", "acme/b.dtb")):
        text = json.dumps({"boards": {key: counts}})
        write(folder / "links" / f"corpus-{name}-6.1.json", text)
    return folder / "links"


def test_boards_are_counted_on_a_line_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = said(make_boards(tmp_path, COUNTS), capsys)
    assert (code, lines[-2:]) == (0, ["boards of the corpus: agree 2 of 2", "agree 1 of 1"])


@pytest.mark.parametrize(
    "changes", [{"links": 2}, {"L001:error": 2}, {"L002:error": 1}, {"L006:warning": 0}], ids=str
)
def test_boards_whose_counts_differ(
    tmp_path: Path, changes: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = said(make_boards(tmp_path, {**COUNTS, **changes}), capsys)
    assert (code, lines[-2:]) == (1, ["boards of the corpus: agree 0 of 2", "agree 1 of 1"])
    ((key, wanted),) = changes.items()
    assert sum(f"{key}: {COUNTS.get(key, 0)}, expected {wanted}" in line for line in lines) == 2


def test_boards_of_unpacked_packages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_boards(tmp_path, {**COUNTS, "links": 5})
    there = tmp_path / "deb" / "usr" / "lib" / "linux-image-6.1.0-50-armmp"
    there.mkdir(parents=True)
    (there / "a.dtb").write_bytes(blob(BOARD))
    (there / "of-no-package.dtb").write_bytes(blob(BOARD))
    report = tmp_path / "report.txt"
    arguments = [str(folder), "-o", str(report), "--packages", str(tmp_path / "deb")]
    code = links_counts.main([*arguments, str(tmp_path / "nowhere")])
    lines = capsys.readouterr().out.splitlines()
    assert (code, lines[-1]) == (1, "boards: agree 0 of 1")
    assert any(f"{tmp_path / 'nowhere'}: no boards" in line for line in lines)
    assert report.read_text() == "armhf-6.1/a.dtb: links: 1, expected 5;\n"
