"""The runner of replay cases: it agrees with what it should, and each comparison can fail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conformance import pseries
from conformance.pseries_recorded import Recording
from conformance.pseries_scenarios import first_difference, plain, run_alone, run_here

from dtovl import dump, load

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).resolve().parents[3] / "shared" / "pseries"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "migrate"
POLICIES = ("naive", "ignore", "preserve", "subtree-attach")

Json = dict[str, Any]


@pytest.mark.corpus
@pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")
def test_every_case_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    code = pseries.main(CASES)
    said = capsys.readouterr().out
    assert code == 0, said
    agreed, _, total = said.splitlines()[-1].removeprefix("agree ").partition(" of ")
    assert agreed == total


# -- a folder of one's own -------------------------------------------------------------------------


def replayed(log: Path, base: Path | None, policy: str) -> Json:
    """Give what dtovl says now, as an expected file has it."""
    arguments = ["migrate", "--replay", str(log), "--policy", policy, "--format", "json"]
    _, text = run_here([*arguments, *(["--base", str(base)] if base else [])])
    found: Json = plain(json.loads(text))
    return found


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Make a folder with a good scenario in two forms of its base, and one of bad input."""
    folder = tmp_path / "cases"
    shutil.copytree(FIXTURES, folder)
    (folder / "partition.dtb").write_bytes(compiled(folder / "partition.dts"))
    scenarios = []
    for name, base in (("whole.yaml", "partition.dtb"), ("damaged.txt", None)):
        expected = {}
        for policy in POLICIES:
            path = f"{name}.{policy}.json"
            document = replayed(folder / name, folder / base if base else None, policy)
            (folder / path).write_text(json.dumps(document))
            expected[policy] = path
        scenarios.append({"id": name, "log": name, "base": base, "expected": expected})
    (folder / "scenarios.json").write_text(json.dumps(scenarios))
    return folder


def compiled(source: Path) -> bytes:
    data = dump(load(source, symbols=False))
    assert data is not None
    return data


def change(path: Path, how: Callable[[Json], object]) -> None:
    document = json.loads(path.read_text())
    how(document)
    path.write_text(json.dumps(document))


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = pseries.main(folder)
    return code, capsys.readouterr().out.splitlines()


def test_a_folder_that_agrees(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(cases, capsys)
    # 2 scenarios under 4 policies, one of them again with the source of its base.
    assert (code, lines[-1]) == (0, "agree 12 of 12")
    assert lines[-2].startswith("scenarios: 8 of 8, forms of bases: 4 of 4, vectors: 0 of 0")


@pytest.mark.parametrize(
    ("name", "how", "where"),
    [
        ("whole.yaml.naive.json", lambda one: one.update(verdict="ok"), ".verdict"),
        ("whole.yaml.ignore.json", lambda one: one["counts"].update(kept=9), ".counts.kept"),
        ("whole.yaml.preserve.json", lambda one: one.update(sessions=2), ".sessions"),
        ("whole.yaml.preserve.json", lambda one: one["ops"].reverse(), ".ops[0]"),
        ("whole.yaml.preserve.json", lambda one: one["nodes"].pop(), ".nodes: not expected"),
        ("whole.yaml.naive.json", lambda one: one["findings"].pop(0), ".findings"),
        ("whole.yaml.naive.json", lambda one: one["findings"].append({}), ".findings: missing"),
        ("whole.yaml.naive.json", lambda one: one.update(more=1), ".more: missing"),
        ("whole.yaml.naive.json", lambda one: one.pop("base"), ".base: not expected"),
        ("whole.yaml.naive.json", lambda one: one.update(exit=0), "exit code 1, expected 0"),
        ("damaged.txt.naive.json", lambda one: one["errors"].pop(), ".errors: not expected"),
        ("damaged.txt.naive.json", lambda one: one["errors"][0].update(line=9), ".errors[0].line"),
    ],
)
def test_a_result_that_differs(
    cases: Path,
    name: str,
    how: Callable[[Json], object],
    where: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(cases / name, how)
    code, lines = said(cases, capsys)
    assert code == 1
    assert any(where in line for line in lines), lines
    again = "whole" in name  # with the other form of the base, too
    assert lines[-1] == f"agree {10 if again else 11} of 12"


def test_every_form_of_a_base_is_compared(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = cases / "partition.dts"
    source.write_text(source.read_text().replace("ibm,max-sg-len = <0xff0>;", ""))
    code, lines = said(cases, capsys)
    assert code == 1
    assert any("preserve partition.dts" in line for line in lines)


def test_a_folder_without_anything_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 0 of 0")


def test_a_process_of_its_own_gives_the_same(cases: Path) -> None:
    arguments = ["migrate", "--replay", str(cases / "dmesg.txt"), "--format", "json"]
    assert run_alone(arguments) == run_here(arguments)


# -- vectors ---------------------------------------------------------------------------------------

DELETE = bytes.fromhex("00" * 16 + "01000001" + "00000030").ljust(4096, b"\0")
UPDATE = (
    bytes.fromhex("00000030" + "00" * 12 + "00000001") + b"x\0" + bytes.fromhex("0000000161")
).ljust(4096, b"\0")
TOP = (bytes.fromhex("00000007" + "00" * 4 + "00000014" + "00" * 8) + b"n\0").ljust(4096, b"\0")


def write_vector(folder: Path, call: str, areas: list[Json], data: bytes, expect: Json) -> None:
    folder = folder / "vectors"
    folder.mkdir()
    (folder / "v.bin").write_bytes(data)
    (folder / "v.json").write_text(json.dumps({"call": call, "areas": areas, "expect": expect}))


@pytest.mark.parametrize(
    ("call", "areas", "data", "expect", "agrees"),
    [
        (
            "ibm,update-nodes",
            [{"rc": 0}],
            DELETE,
            {"ops": [{"op": "delete", "phandle": 0x30}], "notes": []},
            True,
        ),
        (
            "ibm,update-nodes",
            [{"rc": 0}],
            DELETE,
            {"ops": [{"op": "delete", "phandle": 0x31}], "notes": []},
            False,
        ),
        (
            "ibm,update-nodes",
            [{"rc": 0}],
            DELETE,
            {"ops": [{"op": "delete", "phandle": 0x30}], "notes": ["PS147"]},
            False,
        ),
        ("ibm,update-nodes", [{"rc": 0}], DELETE, {"error": "PS205"}, False),
        ("ibm,update-nodes", [{"rc": 0}, {"rc": 0}], DELETE, {}, False),
        ("ibm,other", [{"rc": 0}], DELETE, {}, False),
        (
            "ibm,update-properties",
            [{"rc": 0}],
            UPDATE,
            {"phandle": 0x30, "path": None, "changes": [["x", "set", "61"]], "notes": []},
            True,
        ),
        (
            "ibm,update-properties",
            [{"rc": 0}],
            UPDATE,
            {"phandle": 0x30, "path": None, "changes": [["x", "set", "62"]], "notes": []},
            False,
        ),
        (
            "ibm,configure-connector",
            [{"rc": 2, "drc": 7}, {"rc": 0, "drc": 7}],
            TOP + TOP,
            {"node": {"name": "n", "props": [], "children": []}, "notes": []},
            True,
        ),
        (
            "ibm,configure-connector",
            [{"rc": 3, "drc": 7}],
            TOP,
            {"error": "PS207"},
            True,
        ),
        (
            "ibm,configure-connector",
            [{"rc": 2, "drc": 7}, {"rc": 0, "drc": 7}],
            TOP + TOP,
            {"node": None, "notes": []},
            False,
        ),
    ],
)
def test_vectors_are_counted(
    tmp_path: Path,
    call: str,
    areas: list[Json],
    data: bytes,
    expect: Json,
    agrees: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_vector(tmp_path, call, areas, data, expect)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (0 if agrees else 1, f"agree {int(agrees)} of 1")


# -- recordings ------------------------------------------------------------------------------------

WRITES = (
    "remove_node /vdevice",
    "remove_node /vdevice/v-scsi@30000004",
    "remove_node /vdevice/v-scsi@30000004",
    "add_node /vdevice reg 1 x",
    "update_property 0xffffffd0 y 1 a",
    "add_node /no/where a 1 b",
)
ANSWERS = (
    "op 1 rc=1 Device or resource busy | remove_node /vdevice",
    "vio 30000004 of_node ok ../base/vdevice/v-scsi@30000004 devspec x",
    "op 2 rc=0  | remove_node /vdevice/v-scsi@30000004",
    "vio 30000004 of_node BROKEN ../../devicetree/base/vdevice/v-scsi@30000004 devspec x",
    "op 3 rc=1 No such device | remove_node /vdevice/v-scsi@30000004",
    "op 4 rc=1 Invalid argument | add_node /vdevice reg 1 x",
    "op 5 rc=0  | update_property 0xffffffd0 y 1 a",
    "op 6 rc=139  | add_node /no/where a 1 b",
)


def record(folder: Path, *answers: str, after: str = "") -> None:
    """Write a recording of ofdt writes, and the tree after them, with one property more."""
    shutil.copy(FIXTURES / "partition.dts", folder / "partition.dts")
    (folder / "writes.txt").write_text("".join(f"{line}\n" for line in WRITES))
    scenario = {"id": "W", "log": "writes.txt", "base": "partition.dts", "expected": {}}
    (folder / "scenarios.json").write_text(json.dumps([scenario]))
    (folder / "recordings").mkdir()
    (folder / "recordings" / "ofdt-1.txt").write_text("".join(f"{line}\n" for line in answers))
    tree = load(folder / "partition.dts", symbols=False)
    vdevice = tree.find("/vdevice")
    assert vdevice is not None
    del vdevice.children["v-scsi@30000004"]
    vdevice.properties.update({"name": b"vdevice\0", "y": b"a"})
    if after:
        vdevice.properties[after] = b""
    dump(tree, folder / "recordings" / "ofdt-after.dtb")


def test_a_recording_that_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, *ANSWERS)
    code, lines = said(tmp_path, capsys)
    # 6 writes, 1 link, 1 tree; the other line about a link has no path of the tree.
    assert (code, lines[-1]) == (0, "agree 8 of 8"), lines


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        (0, "op 1 rc=0  | remove_node /vdevice"),
        (2, "op 2 rc=1 No such device | remove_node /vdevice/v-scsi@30000004"),
        (3, "vio 30000004 of_node ok ../devicetree/base/vdevice/v-scsi@30000004 devspec x"),
        (4, "op 3 rc=0  | remove_node /vdevice/v-scsi@30000004"),
        (5, "op 4 rc=0  | add_node /vdevice reg 1 x"),
        (6, "op 5 rc=1 No such device | update_property 0xffffffd0 y 1 a"),
        (7, "op 6 rc=1 No such device | add_node /no/where a 1 b"),
    ],
)
def test_an_answer_that_differs(
    tmp_path: Path, place: int, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, *ANSWERS[:place], answer, *ANSWERS[place + 1 :])
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 7 of 8"), lines


def test_a_tree_that_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, *ANSWERS, after="z")
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 7 of 8")
    assert any("the tree differs: ./vdevice.z: missing" in line for line in lines), lines


def test_writes_that_no_scenario_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, *ANSWERS[1:])
    code, lines = said(tmp_path, capsys)
    assert (code, lines[-1]) == (1, "agree 0 of 1")


def test_a_recording_is_read_whole() -> None:
    recording = Recording("\n".join(ANSWERS))
    assert [write for write, _ in recording.writes] == list(WRITES)
    assert recording.links == {(2, "/vdevice/v-scsi@30000004", False)}


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, ""),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ""),
        ({"a": 1}, {"a": True}, ".a: true, expected 1"),
        ({"a": 1}, {"a": 1.0}, ".a: 1.0, expected 1"),
        ({"a": None}, {"a": 0}, ".a: 0, expected null"),
        ({"a": None}, {}, ".a: missing"),
        ([1, 2], [2, 1], "[0]: 2, expected 1"),
        ([1], [1, 2], ": not expected 2"),
        ([1, 2], [1], ": missing 2"),
    ],
)
def test_where_two_documents_differ(expected: Any, found: Any, said: str) -> None:
    assert first_difference(expected, found) == said
