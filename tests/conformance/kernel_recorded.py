"""What recordings of the kernel's overlay code say should happen, step by step.

A recording stores states only where they change, and mixes kernel lines with events. Here each step
has everything that holds after it, so that it can be compared by itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from support.canonical import escaped

if TYPE_CHECKING:
    from pathlib import Path

# Lines from here on (KERN_DEBUG) appear only where debugging was switched on.
DEBUG = 7

# In the recordings this line comes once in each run, in the step with its first KASAN report and
# nowhere else: it speaks of the report, not of the overlay.
TAINT = "Disabling lock debugging due to kernel taint"

_NOT_RESULTS = frozenset(
    {
        "crash",
        "devices",
        "held",
        "leaks",
        "log",
        "log_source",
        "refs_or_flags_changed",
        "tree",
        "tree_changed",
        "tree_cyclic",
        "tree_sha256",
    }
)


class State(NamedTuple):
    """The state after a step. None stands for what the recording does not tell.

    exact is the hash of the tree, tree its nodes, held the nodes on which the case has references,
    devices the platform devices.
    """

    exact: str | None
    tree: list[dict[str, Any]] | None
    held: list[dict[str, Any]] | None
    devices: list[dict[str, Any]] | None


class Step(NamedTuple):
    """One step as the kernel did it.

    number counts from 0, op are its parameters. answers are the return value and the results of
    queries, lines the kernel lines as `<level> text`; leaks is None but for a scan. dangerous: the
    kernel died, hung, or KASAN reported. refused: the recorder could not carry out the step.
    reached is False for steps that an earlier crash prevented.
    """

    number: int
    op: dict[str, Any]
    answers: dict[str, Any]
    lines: list[str]
    events: list[dict[str, Any]]
    leaks: list[dict[str, Any]] | None
    state: State
    dangerous: bool
    refused: bool
    reached: bool

    @property
    def title(self) -> str:
        """Name the step in one short line."""
        values = (str(value) for key, value in self.op.items() if key != "op")
        return " ".join([f"step {self.number}", self.op["op"], *values])


class Case(NamedTuple):
    """A recorded case: base and overlays are in folder; boot is the state before the first step."""

    name: str
    folder: Path
    base: str
    cmdline: tuple[str, ...]
    boot: State
    steps: list[Step]


def read_case(path: Path) -> Case:
    """Read a `case.json`."""
    record = read_json(path.read_bytes())
    boot = record["boot"]
    state = State(
        boot["tree_sha256"]["exact"], boot["tree"], boot.get("held", []), boot.get("devices", [])
    )
    return Case(
        record["name"],
        path.parent,
        record["base"],
        tuple(record.get("cmdline", ())),
        state,
        _steps(record["steps"], state),
    )


def read_json(text: bytes) -> Any:
    """Read JSON, with strings as latin-1: each byte that the kernel had is one character."""
    value = json.loads(text)
    return value if text.isascii() and b"\\u" not in text else _latin(value)


def _latin(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    if isinstance(value, list):
        return [_latin(item) for item in value]
    if isinstance(value, dict):
        return {_latin(key): _latin(item) for key, item in value.items()}
    return value


def _steps(records: list[dict[str, Any]], state: State) -> list[Step]:
    steps = []
    for number, record in enumerate(records):
        op = {key: value for key, value in record.items() if key != "result"}
        result = record["result"]
        if result is not None:
            state = _state_after(result, state)
        steps.append(_step(number, op, result, state))
    return steps


def _step(number: int, op: dict[str, Any], result: dict[str, Any] | None, state: State) -> Step:
    known = result or {}
    log = known.get("log", [])
    return Step(
        number,
        op,
        {key: value for key, value in known.items() if key not in _NOT_RESULTS},
        kernel_lines(log),
        [entry for entry in log if "event" in entry],
        known.get("leaks"),
        state,
        is_dangerous(known),
        "recorder_error" in known,
        result is not None,
    )


def _state_after(result: dict[str, Any], before: State) -> State:
    hashes = result.get("tree_sha256")
    return State(
        hashes["exact"] if hashes else before.exact,
        result.get("tree", before.tree),
        result.get("held", before.held),
        result.get("devices", before.devices),
    )


def is_dangerous(result: dict[str, Any]) -> bool:
    """Tell whether the kernel died, hung, or reported a wrong access in a step."""
    reports = (entry.get("report") for entry in result.get("log", []))
    return bool(result.get("crash")) or "KASAN" in reports


def kernel_lines(log: list[dict[str, Any]]) -> list[str]:
    """Write the kernel lines of a log that an ordinary kernel prints as `<level> text`.

    The lines of a crash come from the console and have no level; they are left out.
    """
    return [
        f"<{entry['level']}> {entry['text']}"
        for entry in log
        if entry.get("level", DEBUG) < DEBUG and entry["text"] != TAINT
    ]


def exact_lines(tree: list[dict[str, Any]]) -> list[str]:
    """Write a recorded or found tree in the `exact` form: live order, with phandles."""
    written = []
    for node in tree:
        path = escaped(node["path"])
        written.append(f"N {path} {node['phandle']:08x}")
        written += [f"P {path} {escaped(name)} {content}" for name, content in node["props"]]
    return written
