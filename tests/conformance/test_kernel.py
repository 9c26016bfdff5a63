"""The runner of kernel recordings: it agrees with what it should, and each part of it can fail."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conformance import kernel, kernel_known, kernel_run
from conformance.kernel_recorded import exact_lines, kernel_lines, read_case, read_json
from conformance.kernel_run import Outcome, run_case
from conformance.kernel_show import Summary, outcome_lines
from conformance.kernel_versions import lay_over
from support.canonical import digest
from support.replay import DANGER, Replay

from dtovl.codes.base import Severity
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

Record = dict[str, Any]


def node(path: str, **changes: Any) -> Record:
    name = path.rpartition("/")[2]
    made = {"path": path, "phandle": 0, "refs": 2, "flags": [], "sysfs": True, "name": name}
    return {**made, "props": [["name", f"{name}\0".encode().hex()]], **changes}


ROOT, SOC, NEW = node("/"), node("/soc"), node("/soc/new", flags=["DYNAMIC", "OVERLAY"], refs=4)
BOOT = [ROOT, SOC]
APPLIED = [ROOT, {**SOC, "refs": 3, "dead": ["old"]}, NEW]
ATTACHED = {"event": "reconfig", "action": "attach-node", "node": "/soc/new"}
HELD = {
    "label": "h",
    "own": 1,
    "refs": 5,
    "flags": ["DYNAMIC"],
    "sysfs": True,
    "phandle": 0,
    "full_name": "new",
}
DEVICE = {"device": "soc", "driver": None, "node": "/soc"}
STACK = ["kstrdup", "__of_prop_dup", "add_changeset_property"]
KASAN = {"report": "KASAN", "headline": "BUG: KASAN: use-after-free in strlen"}
OVERLAY_NAMED = Diagnostic(DANGER, path="/soc", who="overlay 1")

MERE_INFORMATION = Diagnostic(DANGER, path="/soc", who="overlay 1", severity=Severity.INFO)


def with_tree(tree: list[Record]) -> Record:
    return {"tree": tree, "tree_sha256": {"exact": digest(exact_lines(tree)), "plain": ""}}


def recording() -> Record:
    """Write a case with an apply, a query, and a scan."""
    log = [{"level": 7, "text": "debug"}, {"level": 3, "text": "OF: bad"}, ATTACHED]
    applied = {"ret": 0, "id": 1, "log": log, "held": [HELD], "devices": [DEVICE]}
    steps = [
        {
            "op": "apply",
            "overlay": "a.dtbo",
            "as": "a",
            "result": {**applied, **with_tree(APPLIED)},
        },
        {"op": "find", "path": "/soc/new", "result": {"node": "/soc/new", "log": []}},
        {"op": "leak_scan", "result": {"leaks": [{"size": 8, "alloc": STACK}], "log": []}},
    ]
    boot = {**with_tree(BOOT), "devices": []}
    return {"name": "one", "base": "base.dtb", "boot": boot, "steps": steps}


def write(folder: Path, record: Record, name: str = "cases/one/case.json") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return path


class Wrong(Replay):
    """A machine that does one thing in another way: change gets number, result and state."""

    change: Callable[[int, Record, Record], None]

    def step(self, op: Record) -> Record:
        self.number = getattr(self, "number", -1) + 1
        self.result = super().step(op)
        self.shown = copy.deepcopy(super().state())
        type(self).change(self.number, self.result, self.shown)
        return self.result

    def state(self) -> Record:
        return self.shown if hasattr(self, "shown") else super().state()


def wrong(change: Callable[[int, Record, Record], None]) -> type[Wrong]:
    return type("Changed", (Wrong,), {"change": staticmethod(change)})


def at(number: int, change: Callable[[Record, Record], Any]) -> type[Wrong]:
    """Make a machine that is wrong at one step."""

    def only(step: int, result: Record, state: Record) -> None:
        if step == number:
            change(result, state)

    return wrong(only)


def run(tmp_path: Path, machine: Any, record: Record | None = None) -> Outcome:
    case = read_case(write(tmp_path, record or recording()))
    return run_case(case, machine)


def told(outcome: Outcome, kernel_version: str = "6.1") -> tuple[str, int]:
    summary = Summary(kernel_version, verbose=False)
    summary.add(outcome)
    return summary.last_line(), summary.exit_code()


def test_a_machine_that_does_as_recorded_agrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(run(tmp_path, Replay)) == (
        "agree 1 of 1 cases "
        "(result 3 of 3 steps, tree 4 of 4, counts 4 of 4, events 4 of 4, leaks 1 of 1)",
        0,
    )
    assert capsys.readouterr().out == ""


def shown_with(**changes: Any) -> Callable[[Record, Record], None]:
    """Change the new node of the state."""
    return lambda result, state: state["tree"][2].update(changes)


PARTS = [
    ("ret", "result", lambda result, state: result.update(ret="-EINVAL")),
    ("id", "result", lambda result, state: result.update(id=2)),
    ("no-id", "result", lambda result, state: result.pop("id")),
    ("line", "result", lambda result, state: result["log"].pop(0)),
    ("level", "result", lambda result, state: result["log"][0].update(level=4)),
    ("hazard", "result", lambda result, state: result.update(hazard="it burns")),
    ("phandle", "tree", shown_with(phandle=1)),
    ("property", "tree", shown_with(props=[])),
    ("name", "tree", shown_with(name="other")),
    ("order", "tree", lambda result, state: state["tree"].reverse()),
    ("refs", "counts", shown_with(refs=5)),
    ("flags", "counts", shown_with(flags=["OVERLAY"])),
    ("sysfs", "counts", shown_with(sysfs=False)),
    ("dead", "counts", lambda result, state: state["tree"][1].pop("dead")),
    ("held", "counts", lambda result, state: state["held"].clear()),
    ("own", "counts", lambda result, state: state["held"][0].update(own=2)),
    ("event", "events", lambda result, state: result["log"].pop()),
    ("target", "events", lambda result, state: result["log"].append({"event": "inject"})),
    ("device", "events", lambda result, state: state["devices"][0].update(driver="d")),
]


@pytest.mark.parametrize(
    ("part", "change"), [row[1:] for row in PARTS], ids=[row[0] for row in PARTS]
)
def test_each_part_can_fail(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    part: str,
    change: Callable[[Record, Record], Any],
) -> None:
    outcome = run(tmp_path, at(0, change))
    agreed, total = outcome.counts()
    assert total[part] - agreed[part] == 1
    line, code = told(outcome)
    assert line.startswith("agree 0 of 1 cases")
    assert code == 1
    assert f"one: step 0 apply a.dtbo a: {part}:" in capsys.readouterr().out
    assert f"--- step 0 apply a.dtbo a: differs in {part}" in "\n".join(outcome_lines(outcome))


@pytest.mark.parametrize(
    ("number", "part", "change"),
    [
        (1, "result", lambda result, state: result.update(node=None)),
        (1, "counts", shown_with(refs=9)),
        (2, "leaks", lambda result, state: result["leaks"].append("node")),
        (2, "leaks", lambda result, state: result.pop("leaks")),
    ],
    ids=["query", "counts-that-did-not-change", "leak-too-many", "no-scan"],
)
def test_later_steps_can_fail(
    tmp_path: Path, number: int, part: str, change: Callable[[Record, Record], Any]
) -> None:
    agreed, total = run(tmp_path, at(number, change)).counts()
    assert total - agreed == {part: 1}


def test_the_state_at_boot_can_fail(tmp_path: Path) -> None:
    record = recording()
    record["boot"]["devices"] = [DEVICE]
    case = read_case(write(tmp_path, record))
    other = case._replace(boot=case.boot._replace(devices=[]))
    assert run_case(case, lambda _: Replay(other)).problem().startswith("boot: events: ")


def test_an_exception_is_a_disagreement_and_the_run_goes_on(tmp_path: Path) -> None:
    def fail(result: Record, state: Record) -> None:
        raise KeyError("oh")

    outcome = run(tmp_path, at(0, fail))
    agreed, total = outcome.counts()
    assert total - agreed == {"result": 1, "events": 1}
    assert outcome.problem() == (
        "step 0 apply a.dtbo a: result: line 1: only found: raised KeyError: 'oh' (also events)"
    )


def test_an_exception_at_the_start_is_a_disagreement(tmp_path: Path) -> None:
    def start(_: object) -> Replay:
        raise ValueError("no base")

    assert run(tmp_path, start).problem().endswith("raised ValueError: no base")


def test_a_hang_is_a_disagreement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(result: Record, state: Record) -> None:
        while True:
            time.monotonic()

    monkeypatch.setattr(kernel_run, "_PATIENCE", 0.05)
    assert "raised TimeoutError" in run(tmp_path, at(1, hang)).problem()


def test_an_error_of_ours_is_no_answer(tmp_path: Path) -> None:
    def refuse(result: Record, state: Record) -> None:
        raise InputError(OVERLAY_NAMED)

    assert "raised InputError: DT000" in run(tmp_path, at(1, refuse)).problem()


def test_flags_have_no_order_and_steps_not_reached_are_not_compared(tmp_path: Path) -> None:
    record = recording()
    record["steps"][2]["result"] = None
    outcome = run(tmp_path, at(0, shown_with(flags=["OVERLAY", "DYNAMIC"])), record)
    assert not outcome.problem()
    assert [bool(step.sides) for step in outcome.steps] == [True, True, True, False]


def dangerous(**changes: Any) -> Record:
    """Record that KASAN reported in the apply of the case, and what came after is garbage."""
    record = recording()
    record["steps"][0]["result"].update({"log": [KASAN], "ret": 77, **changes})
    record["steps"][1]["result"] = None
    return record


@pytest.mark.parametrize("changes", [{}, {"log": [], "crash": {"timeout": True}}])
def test_a_danger_that_is_told_agrees(tmp_path: Path, changes: Record) -> None:
    outcome = run(tmp_path, Replay, dangerous(**changes))
    assert told(outcome)[0].startswith("agree 1 of 1 cases (result 1 of 1 steps, tree 1 of 1")
    assert [step.sides.keys() for step in outcome.steps[2:]] == [set(), set()]


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("hazard: some", {"hazard": None}),
        ("a finding that names the node", {"findings": []}),
        ("a finding that names the node", {"findings": [Diagnostic(DANGER, who="overlay 1")]}),
        ("a finding that names the overlay", {"findings": [Diagnostic(DANGER, path="/soc")]}),
        ("a finding that names the node", {"findings": [MERE_INFORMATION]}),
    ],
)
def test_a_danger_must_be_told_with_node_and_overlay(
    tmp_path: Path, said: str, changes: Record
) -> None:
    machine = at(0, lambda result, state: result.update(changes))
    assert f"expected {said}" in run(tmp_path, machine, dangerous()).problem()


def test_a_danger_in_a_removal_of_all_must_be_told_with_an_overlay(tmp_path: Path) -> None:
    record = dangerous()
    record["steps"][0] = {"op": "remove_all", "result": record["steps"][0]["result"]}
    findings = [Diagnostic(DANGER, path="/soc")]
    machine = at(0, lambda result, state: result.update(findings=findings))
    assert "names the overlay" in run(tmp_path, machine, record).problem()
    findings[0] = Diagnostic(DANGER, path="/soc", overlays="a.dtbo, b.dtbo")
    assert not run(tmp_path, machine, record).problem()


def test_after_a_danger_nothing_but_a_traceback_counts(tmp_path: Path) -> None:
    def refuse(result: Record, state: Record) -> None:
        raise InputError(OVERLAY_NAMED)

    def fail(result: Record, state: Record) -> None:
        raise IndexError("list")

    assert not run(tmp_path, at(1, refuse), dangerous()).problem()
    assert "raised IndexError: list" in run(tmp_path, at(1, fail), dangerous()).problem()


def test_what_the_recorder_refused_must_be_refused(tmp_path: Path) -> None:
    def refuse(result: Record, state: Record) -> None:
        raise InputError(OVERLAY_NAMED)

    record = recording()
    record["steps"][1]["result"] = {"recorder_error": "no such node", "log": []}
    assert not run(tmp_path, at(1, refuse), record).problem()
    machine = at(1, lambda result, state: result.clear())
    assert "refused" in run(tmp_path, machine, record).problem()


def test_lines_of_debugging_reports_and_consoles_are_left_out() -> None:
    taint = "Disabling lock debugging due to kernel taint"
    log = [{"level": 4, "text": taint}, {"text": "of a crash"}, {"level": 7, "text": "debug"}]
    assert kernel_lines([*log, ATTACHED, KASAN, {"level": 6, "text": "kept"}]) == ["<6> kept"]


def test_bytes_of_names_are_kept(tmp_path: Path) -> None:
    assert read_json(b'["\xc3\xa9", "\\udcff", {"\\u00e9": 1}]') == [
        "\u00c3\u00a9",
        "\u00ff",
        {"\u00c3\u00a9": 1},
    ]
    record = recording()
    record["boot"]["tree"] = [{**node("/b"), "path": "/b\udcff"}]
    path = write(tmp_path, record)
    assert exact_lines(read_case(path).boot.tree or [])[0] == "N /b\\xff 00000000"


def test_known_disagreements_count_but_do_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(kernel_known.KNOWN, "7.2 one", "of a driver")
    bad = run(tmp_path, at(0, PARTS[0][2]))
    assert told(bad, "6.1")[1] == 1
    line, code = told(bad, "7.2")
    assert (line[:19], code) == ("agree 0 of 1 cases ", 0)
    assert "  known: of a driver" in capsys.readouterr().out
    told(run(tmp_path, Replay), "7.2")
    assert "one agrees now: take it out" in capsys.readouterr().out


def differing(tmp_path: Path, *same: Record) -> Any:
    return lay_over(read_case(write(tmp_path, recording())), list(same))


def test_differences_of_a_kernel_are_laid_over(tmp_path: Path) -> None:
    more = {"path": "/soc/a", "phandle": 7, "props": [], "refs": 2, "flags": [], "sysfs": True}
    tree = [APPLIED[0], {**APPLIED[1], "refs": 8}, {"name": "a", **more}]
    taint = "Disabling lock debugging due to kernel taint"
    log = [[4, taint], [4, "new"]]
    answers = {"ret": "-EINVAL", "log": log, "events": [], "held": []}
    state = {"nodes": [{"name": "a", **more}], "missing": ["/soc/new"], **with_tree(tree)}
    state["refs_or_flags"] = [{"path": "/soc", "refs": 8}]
    case = differing(
        tmp_path,
        {"step": "boot", "devices": [DEVICE]},
        {"step": 0, "op": "apply", **answers, **state},
        {"step": 2, "state_equal_again": True, "leaks": []},
    )
    assert case.boot.devices == [DEVICE]
    first, second, third = case.steps
    assert (first.answers["ret"], first.answers["id"]) == ("-EINVAL", 1)
    assert (first.lines, first.events) == (["<4> new"], [])
    assert first.state.tree == second.state.tree == tree
    assert second.state.held == []
    assert third.state == read_case(tmp_path / "cases/one/case.json").steps[2].state
    assert third.leaks == []
    assert not run_case(case, Replay).problem()


def test_a_new_node_comes_first_below_its_parent(tmp_path: Path) -> None:
    tree = [APPLIED[0], APPLIED[1], node("/soc/a"), APPLIED[2]]
    case = differing(tmp_path, {"step": 0, "nodes": [node("/soc/a")], **with_tree(tree)})
    assert case.steps[0].state.tree == tree


def test_a_new_order_of_nodes_is_laid_over(tmp_path: Path) -> None:
    tree = [APPLIED[0], APPLIED[2], APPLIED[1]]
    order = [node["path"] for node in tree]
    case = differing(tmp_path, {"step": 0, "order": order, **with_tree(tree)})
    assert case.steps[0].state.tree == tree


def test_nodes_that_do_not_give_the_tree_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not give its tree_sha256"):
        differing(tmp_path, {"step": 0, "tree_sha256": {"exact": "0", "plain": "0"}})


def test_a_danger_that_went_is_compared_and_one_that_came_is_not(tmp_path: Path) -> None:
    record = dangerous(crash={"timeout": False}, log=[ATTACHED, KASAN])
    case = read_case(write(tmp_path, record))
    reached = {"step": 1, "reached": True, "ret": 1, "log": [], "events": []}
    reached["tree_sha256"] = {"exact": "1", "plain": "1"}
    new = lay_over(case, [{"step": 0, "crash": None, "report_kinds": [], "log": []}, reached])
    assert [(step.dangerous, step.reached) for step in new.steps[:2]] == [(False, True)] * 2
    assert new.steps[0].events == [ATTACHED]
    assert new.steps[1].answers == {"ret": 1}
    assert new.steps[1].state == ("1", None, None, None)
    again = lay_over(new, [{"step": 0, "report_kinds": ["KASAN use-after-free"]}])
    assert again.steps[0].dangerous
    assert lay_over(new, [{"step": 0, "crash": {"timeout": True}}]).steps[0].dangerous


def fill(folder: Path) -> None:
    """Write a folder of recordings with one case of each kind, and one that 7.2 does not have."""
    write(folder, recording())
    write(folder, {**recording(), "name": "two"}, "cases/two/case.json")
    (folder / "versions").mkdir()
    (folder / "versions" / "7.2.jsonl").write_text('{"name": "one", "same": true}\n')
    for version in kernel.KERNELS:
        extra = {**recording(), "name": f"extra-{version}"}
        write(folder, extra, f"versions/extra/three/case-{version}.json")


@pytest.mark.parametrize(
    ("version", "wanted", "names"),
    [
        ("6.1", [], ["one", "two", "extra-6.1"]),
        ("7.2", [], ["one", "extra-7.2"]),
        ("6.1", ["t*"], ["two", "extra-6.1"]),
        ("6.1", ["one"], ["one"]),
    ],
)
def test_cases_are_chosen(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    version: str,
    wanted: list[str],
    names: list[str],
) -> None:
    fill(tmp_path)
    run = kernel.outcomes(tmp_path, version, wanted, Replay)
    assert [outcome.name for outcome in run] == names
    not_run = "two is not recorded for 7.2: not run\n"
    assert capsys.readouterr().out == (not_run if version == "7.2" else "")


RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "kernel"


@pytest.mark.corpus
@pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}")
@pytest.mark.parametrize("version", kernel.KERNELS)
def test_the_recordings_agree_with_themselves(version: str) -> None:
    """Show that all hashes follow from the trees, and that all leaks have a kind."""
    cases = 0
    for outcome in kernel.outcomes(RECORDINGS, version, ["[!r]*"], Replay):
        cases += 1
        for step in outcome.steps:
            for part, sides in step.sides.items():
                told = part != "tree" or len(sides.expected) > 1
                assert sides.agree or not told, (outcome.name, step.title, part)
    assert cases > 200


def test_a_folder_without_cases_is_no_success(tmp_path: Path) -> None:
    summary = Summary("6.1", verbose=False)
    assert list(kernel.outcomes(tmp_path, "6.1", [], Replay)) == []
    assert summary.exit_code() == 1


def test_a_folder_without_recordings_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        kernel.main([str(tmp_path)])
    assert end.value.code == 2
    assert f"{tmp_path} holds no recordings" in capsys.readouterr().err
