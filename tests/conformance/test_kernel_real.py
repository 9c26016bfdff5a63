"""The runner of real overlays on real boards: it agrees with what it should, and it can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conformance import kernel
from conformance.kernel_real import Line, lay_over, run_line
from conformance.kernel_recorded import exact_lines
from support.canonical import digest
from support.replay import DANGER

from dtovl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.kernel_run import Outcome

Record = dict[str, Any]


def node(path: str, *properties: str) -> Record:
    props = [[name, "00"] for name in properties]
    return {"path": path, "phandle": 0, "refs": 2, "flags": [], "sysfs": True, "props": props}


BOOT = [node("/"), node("/soc", "reg")]
ONE = [node("/"), node("/soc", "reg", "status"), node("/soc/new")]
TWO = [node("/"), node("/soc", "reg", "status", "more"), node("/soc/new")]
DEVICES = [{"device": "soc", "driver": None, "node": "/soc"}]
DEVICE_EVENT = {"event": "device", "action": "add", "device": "new", "node": "/soc/new"}
PROBE = {"event": "probe", "device": "new", "ret": 0}


def tree(nodes: list[Record], before: list[Record]) -> Record:
    old, new = ({one["path"]: one for one in some} for some in (before, nodes))
    return {
        "tree_sha256": {"exact": digest(exact_lines(nodes)), "plain": ""},
        "nodes": len(nodes),
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(path for path in new.keys() & old.keys() if new[path] != old[path]),
    }


def recording() -> Record:
    """Write a line: two overlays applied, both removed, the same blob twice."""
    line = {"level": 3, "text": "OF: leak"}
    done = {"ret": 0, "log": [line], "overlay": "o.dtbo"}
    events = {"device:add": 1, "probe": 1}
    return {
        "base": "base.dtb",
        "overlays": ["o.dtbo", "o.dtbo"],
        "boot": {**tree(BOOT, []), "devices": 1},
        "steps": [
            {**done, "op": "apply", "id": 1, "events": events, **tree(ONE, BOOT)},
            {**done, "op": "apply", "id": 2, "events": {}, **tree(TWO, ONE)},
            {**done, "op": "remove", "id": 0, "events": {}, **tree(ONE, TWO)},
            {**done, "op": "remove", "id": 0, "events": {}, **tree(BOOT, ONE)},
        ],
    }


class Board:
    """A machine that does what the recording above says."""

    def __init__(self, case: object) -> None:
        self.tree, self.devices = BOOT, DEVICES
        self.applied: list[str] = []

    def step(self, op: Record) -> Record:
        log: list[Record] = [{"level": 3, "text": "OF: leak"}, {"level": 7, "text": "debug"}]
        if op["op"] == "apply":
            assert op["overlay"] == "o.dtbo"
            self.applied.append(op["as"])
            answer = len(self.applied)
            log += [DEVICE_EVENT, PROBE] if answer == 1 else []
        else:
            assert self.applied.pop() == op["overlay"]
            answer = 0
        self.tree = (BOOT, ONE, TWO)[len(self.applied)]
        return {"ret": 0, "id": answer, "log": log}

    def state(self) -> Record:
        return {"tree": self.tree, "devices": self.devices, "held": []}


def run(machine: Any, record: Record | None = None) -> Outcome:
    return run_line(Line(7, record or recording()), Path(), machine)


def test_a_board_that_does_as_recorded_agrees() -> None:
    outcome = run(Board)
    assert outcome.name == "real-7 real o.dtbo + o.dtbo on base.dtb"
    assert not outcome.problem()
    assert outcome.counts() == ({"result": 4, "tree": 5, "events": 5},) * 2


class Other(Board):
    """A board that is wrong in one way: change gets operation, result and the machine."""

    change: Callable[[Record, Record, Board], None]

    def step(self, op: Record) -> Record:
        result = super().step(op)
        type(self).change(op, result, self)
        return result


def wrong(change: Callable[[Record, Record, Board], None]) -> type[Board]:
    return type("Changed", (Other,), {"change": staticmethod(change)})


def lose_order(op: Record, result: Record, board: Board) -> None:
    board.tree = board.tree[::-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda op, result, board: result.update(id=3), "step 0 apply o.dtbo 0: result: "),
        (lambda op, result, board: result["log"].pop(0), "step 0 apply o.dtbo 0: result: "),
        (lambda op, result, board: result["log"].append(PROBE), "step 0 apply o.dtbo 0: events: "),
        (lambda op, result, board: setattr(board, "tree", BOOT), "tree: line 1: expected nodes 3"),
        (lose_order, "tree: line 4: expected sha256 "),
    ],
    ids=["id", "line", "events", "tree", "order"],
)
def test_each_part_can_fail(change: Callable[[Record, Record, Board], None], said: str) -> None:
    assert said in run(wrong(change)).problem()


def test_devices_at_boot_and_exceptions_are_seen() -> None:
    class Bare(Board):
        def __init__(self, case: object) -> None:
            super().__init__(case)
            self.devices = []

    assert run(Bare).problem() == "boot: events: line 1: expected devices 1, found devices 0"

    def fail(op: Record, result: Record, board: Board) -> None:
        raise OSError("gone")

    outcome = run(wrong(fail))
    assert outcome.problem() == (
        "step 0 apply o.dtbo 0: result: line 1: only found: raised OSError: gone (also events)"
    )
    assert len(outcome.steps) == 5


def test_a_danger_ends_the_line() -> None:
    record = recording()
    record["steps"][1]["log"] = [{"report": "KASAN", "headline": "BUG: KASAN: use-after-free"}]

    def warn(op: Record, result: Record, board: Board) -> None:
        if len(board.applied) == 2:
            finding = Diagnostic(DANGER, path="/soc", who="overlay 2")
            result.update(hazard="reads freed memory", findings=[finding])

    assert "hazard: some" in run(Board, record).problem()
    assert not run(wrong(warn), record).problem()
    assert len(run(wrong(warn), record).steps) == 3


def test_differences_of_a_kernel_are_laid_over() -> None:
    record = recording()
    changed = lay_over(
        record, [{"step": "boot", "devices": 0}, {"step": 1, "op": "apply", "log": []}]
    )
    assert changed["boot"]["devices"] == 0
    assert [len(step["log"]) for step in changed["steps"]] == [1, 0, 1, 1]
    assert len(record["steps"][1]["log"]) == 1
    assert lay_over(record, True) is record


@pytest.mark.parametrize(
    ("version", "wanted", "names"),
    [
        ("6.1", [], ["real-1", "real-2"]),
        ("7.2", [], ["real-1"]),
        ("6.1", ["real-2"], ["real-2"]),
        ("6.1", ["real * on other.dtb"], ["real-2"]),
        ("6.1", ["one"], []),
    ],
)
def test_lines_are_chosen(
    tmp_path: Path, version: str, wanted: list[str], names: list[str]
) -> None:
    folder = tmp_path / "kernel"
    (folder / "versions").mkdir(parents=True)
    records = [recording(), {**recording(), "base": "other.dtb"}]
    (folder / "real.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    same = {"base": "base.dtb", "overlays": ["o.dtbo", "o.dtbo"], "same": True}
    (folder / "versions" / "7.2-real.jsonl").write_text(json.dumps(same) + "\n")
    found = list(kernel.outcomes(folder, version, wanted, Board))
    assert [outcome.name.split()[0] for outcome in found] == names
    assert not any(outcome.problem() for outcome in found)
