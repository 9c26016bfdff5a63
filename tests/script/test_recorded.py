"""Steps held against what is recorded: each part is told when it differs, and only then."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from support.blob import blob
from support.overlays import overlay_content, to
from support.trees import tree_of

from dtovl.diagnostics import Location
from dtovl.errors import DtovlError
from dtovl.fdt.read import unflatten
from dtovl.script.machine import Machine
from dtovl.script.recorded import Recording
from dtovl.script.stepfile import ScriptStep, read_steps

RECORDINGS = Path(__file__).parents[3] / "shared" / "kernel" / "cases"
BASE: dict[str, Any] = {
    "soc": {"compatible": "simple-bus", "phandle": 1, "n": {"compatible": "a,b"}},
    "__symbols__": {"soc": "/soc"},
}
OVERLAY = overlay_content(to("soc", {"new": {"compatible": "a,c"}, "x": 1}))
OPS: list[dict[str, Any]] = [
    {"op": "apply", "overlay": "o.dtbo", "as": "o"},
    {"op": "hold", "label": "h", "path": "/soc/new"},
    {"op": "remove", "overlay": "o"},
    {"op": "leak_scan"},
]


def machine() -> Machine:
    return Machine(tree_of(BASE), read=lambda _: blob(OVERLAY))


def recorded() -> list[dict[str, Any]]:
    """Record the steps with the machine itself: what it says, and the state after each."""
    one = machine()
    results = []
    for op in OPS:
        answer = one.step(op)
        answer = {key: value for key, value in answer.items() if key not in ("findings", "hazard")}
        results.append(copy.deepcopy({**answer, **one.state()}))
    return results


def compare(results: list[Any], *, boot: bool = True) -> list[list[str] | None]:
    one = machine()
    recording = Recording(machine().state() if boot else None)
    assert recording.boot(one) == []
    parts: list[list[str] | None] = []
    for number, (op, result) in enumerate(zip(OPS, results, strict=True), 1):
        step = ScriptStep(number, op, result, result is not None, "", Location("steps.yaml"))
        found = recording.compare(step, one.step(op), one)
        parts.append(found if found is None else [difference.part for difference in found])
    return parts


def test_the_same_is_as_recorded() -> None:
    assert compare(recorded()) == [[], [], [], []]


def _lines(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in log if "text" in entry]


def _events(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in log if "event" in entry]


CHANGES = {
    "ret": lambda result: result.update(ret="-EINVAL"),
    "id": lambda result: result.update(id=7),
    "kernel line": lambda result: _lines(result["log"])[0].update(text="OF: other"),
    "event": lambda result: _events(result["log"])[0].update(target="/"),
    "tree": lambda result: result["tree"][1]["props"].append(["y", "00"]),
    "counts": lambda result: result["tree"][1].update(refs=99),
    "devices": lambda result: result["devices"].pop(),
}


@pytest.mark.parametrize("part", CHANGES)
def test_each_part_can_differ(part: str) -> None:
    results = recorded()
    CHANGES[part](results[0])
    assert compare(results)[0] == [part]


def test_held_nodes_and_leaks_can_differ() -> None:
    results = recorded()
    results[1]["held"] = []
    results[3]["leaks"] = [{"size": 8, "alloc": ["kstrdup", "prop_make"], "text": "x"}]
    results[3]["held"] = copy.deepcopy(results[2]["held"])
    assert compare(results) == [[], ["held"], [], ["leak"]]


def test_only_what_is_told_is_compared() -> None:
    assert compare([{"ret": 0}, None, {"id": 0}, {}], boot=False) == [[], None, [], []]
    found = compare([{"ret": "0"}, None, {"ret": 5}, {}], boot=False)
    assert found == [[], None, ["ret"], []]


def test_a_state_holds_until_the_next_one() -> None:
    results = recorded()
    for part in ("tree", "held", "devices"):
        del results[1][part]
    # Holding a node changes what is held, and its count: the recording would tell both.
    assert compare(results) == [[], ["counts", "held"], [], []]


def test_a_crash_asks_for_a_hazard_and_ends_the_comparison() -> None:
    results: list[Any] = recorded()
    results[1] = {"crash": {"headlines": ["BUG"]}}
    assert compare(results) == [[], ["hazard"], None, None]
    results[1] = {"log": [{"report": "KASAN", "headline": "BUG"}]}
    assert compare(results) == [[], ["hazard"], None, None]


def test_lines_that_an_ordinary_kernel_does_not_print_are_passed_over() -> None:
    results = recorded()
    results[0]["log"].insert(0, {"level": 7, "text": "OF: changeset: applying..."})
    taint = "Disabling lock debugging due to kernel taint"
    results[0]["log"].insert(0, {"level": 4, "text": taint})
    assert compare(results)[0] == []
    results[0]["log"].insert(0, {"level": 6, "text": "OF: other"})
    assert compare(results)[0] == ["kernel line"]


def test_what_both_refuse_agrees() -> None:
    one, recording = machine(), Recording(None)
    step = ScriptStep(1, {"op": "dump"}, {"recorder_error": "x"}, True, "", Location("a"))
    assert recording.compare(step, None, one) == []
    found = recording.compare(step, one.step({"op": "dump"}), one)
    assert found is not None
    assert [(each.recorded, each.found) for each in found] == [("refused", "carried out")]


def agreement(path: Path) -> list[str]:
    """Run a recorded case; give what differs first in it."""
    script = read_steps(path.read_bytes(), str(path))
    folder = path.parent
    base = unflatten((folder / script.base).read_bytes(), script.base)
    one = Machine(base, read=lambda name: (folder / name).read_bytes())
    recording = Recording(script.boot)
    for step in script.steps:
        answer = None
        try:
            answer = one.step(step.values)
        except DtovlError:
            assert "recorder_error" in (step.result or {})
        found = recording.compare(step, answer, one)
        if found:
            return [f"step {step.number} {found[0]}"]
    return []


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="needs ../shared/kernel beside the checkout")
@pytest.mark.parametrize(
    "name",
    [
        "status-template-remove-while-enabled",
        "stack-remove-middle",
        "stack-remove-all",
        "cs-update-twice",
        "life-hold-node",
        "notify-post-apply-kept",
    ],
)
def test_recorded_cases_are_as_recorded(name: str) -> None:
    path = RECORDINGS / name / "case.json"
    assert agreement(path) == []
