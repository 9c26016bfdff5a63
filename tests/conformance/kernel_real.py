"""Recordings of real overlays on real boards: `real.jsonl`, one line a board with its overlays.

They hold less than the cases: of the state only hash, paths and numbers, of the events only how
many there were of each kind.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.kernel_parts import Sides, danger_sides, result_sides
from conformance.kernel_recorded import (
    Case,
    State,
    Step,
    exact_lines,
    is_dangerous,
    kernel_lines,
)
from conformance.kernel_run import Compared, Outcome, carry_out, guarded
from support.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.kernel_run import Machine

_ANSWERS = ("ret", "id")


class Line(NamedTuple):
    """A line of the recordings; number counts from 1."""

    number: int
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """Name the line by its blobs."""
        return f"real {' + '.join(self.record['overlays'])} on {self.record['base']}"

    @property
    def short(self) -> str:
        """Name the line by its number, for the command line."""
        return f"real-{self.number}"


class Seen(NamedTuple):
    """Our state after a step: the nodes by path, as lines, and the hash of all."""

    exact: str
    nodes: dict[str, tuple[Any, ...]]
    devices: int


def run_line(line: Line, corpus: Path, start: Callable[[Case], Machine]) -> Outcome:
    """Apply and remove the overlays of a line, with a machine that start makes."""
    record = line.record
    steps: list[Compared] = []
    case = Case(line.name, corpus, record["base"], (), State(None, None, None, None), [])
    with guarded("the run", steps):
        machine = start(case)
        seen = _see(machine)
        boot = record["boot"]
        expected = boot["tree_sha256"]["exact"]
        sides = {"tree": Sides(*_tree_lines(boot, expected, seen, None))}
        sides["events"] = Sides([f"devices {boot['devices']}"], [f"devices {seen.devices}"])
        steps.append(Compared("boot", sides, []))
        applied: list[str] = []
        for number, recorded in enumerate(record["steps"]):
            hashes = recorded.get("tree_sha256")
            expected = hashes["exact"] if hashes else expected
            step = _step(number, recorded, applied)
            compared, seen = _run(step, recorded, expected, machine, seen)
            steps.append(compared)
            if step.dangerous:
                break
    return Outcome(f"{line.short} {line.name}", steps)


def lay_over(record: dict[str, Any], same: bool | list[dict[str, Any]]) -> dict[str, Any]:
    """Give a record as a newer kernel did it; same is what its line in the differences says."""
    if not isinstance(same, list):
        return record
    steps = [dict(step) for step in record["steps"]]
    boot = dict(record["boot"])
    for difference in same:
        place = difference["step"]
        values = {key: difference[key] for key in difference if key not in ("step", "op")}
        (boot if place == "boot" else steps[place]).update(values)
    return {**record, "boot": boot, "steps": steps}


def _step(number: int, recorded: dict[str, Any], applied: list[str]) -> Step:
    """Make the step of a record; those applied with success are removed, last first."""
    op: dict[str, Any] = {"op": recorded["op"], "overlay": f"{number}"}
    if recorded["op"] == "apply":
        op = {"op": "apply", "overlay": recorded["overlay"], "as": f"{number}"}
        if recorded["ret"] == 0:
            applied.append(f"{number}")
    else:
        op = {"op": "remove", "overlay": applied.pop()}
    return Step(
        number,
        op,
        {key: recorded[key] for key in _ANSWERS if key in recorded},
        kernel_lines(recorded["log"]),
        [],
        None,
        State(None, None, None, None),
        is_dangerous(recorded),
        False,
        True,
    )


def _run(
    step: Step, recorded: dict[str, Any], expected: str, machine: Machine, before: Seen
) -> tuple[Compared, Seen]:
    result, notes = carry_out(step, machine)
    if step.dangerous:
        return Compared(step.title, {"result": danger_sides(step, result)}, notes), before
    seen = _see(machine)
    found = Counter(
        f"{entry['event']}:{entry['action']}" if "action" in entry else entry["event"]
        for entry in result.get("log", [])
        if "event" in entry
    )
    sides = {
        "result": result_sides(step, result),
        "tree": Sides(*_tree_lines(recorded, expected, seen, before)),
        "events": Sides(_event_lines(recorded["events"]), _event_lines(found)),
    }
    return Compared(step.title, sides, notes), seen


def _event_lines(events: dict[str, int]) -> list[str]:
    return [f"{kind} {events[kind]}" for kind in sorted(events)]


def _see(machine: Machine) -> Seen:
    state = machine.state()
    nodes = {
        node["path"]: (node["phandle"], [tuple(item) for item in node["props"]])
        for node in state["tree"]
    }
    return Seen(digest(exact_lines(state["tree"])), nodes, len(state["devices"]))


def _tree_lines(
    recorded: dict[str, Any], expected: str, seen: Seen, before: Seen | None
) -> tuple[list[str], list[str]]:
    """Write what the recording tells of a tree, and the same of ours: paths first, hash last."""
    wanted = [f"nodes {recorded['nodes']}"] if "nodes" in recorded else []
    found = [f"nodes {len(seen.nodes)}"] if wanted else []
    if before is not None:
        for kind, paths in zip(("added", "removed", "changed"), _moved(before, seen), strict=True):
            wanted += [f"{kind} {path}" for path in sorted(recorded.get(kind, ()))]
            found += [f"{kind} {path}" for path in paths]
    return [*wanted, f"sha256 {expected}"], [*found, f"sha256 {seen.exact}"]


def _moved(before: Seen, after: Seen) -> tuple[list[str], list[str], list[str]]:
    added = sorted(after.nodes.keys() - before.nodes.keys())
    removed = sorted(before.nodes.keys() - after.nodes.keys())
    both = before.nodes.keys() & after.nodes.keys()
    return added, removed, sorted(path for path in both if before.nodes[path] != after.nodes[path])
