"""The result of a replay: what became of each operation and each node, what was found, the verdict.

A result is plain data (as_json), the tree as it is afterwards, and the changes that led there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes.base import Severity
from dtovl.replay.records import ATTACHED, LEAKED, UNKNOWN, Value
from dtovl.replay.stream import ADD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.replay.context import Replay
    from dtovl.replay.findings import Finding
    from dtovl.replay.model import Model
    from dtovl.replay.records import OpEntry, Record, Step
    from dtovl.replay.stream import Problem, Stream

SCHEMA = "dtovl-migrate/1"

STATUSES = ("kept", "updated", "added", "removed", "dangling", "leaked", "retained")
"""What can become of a node."""

HAZARD, UNSURE, EQUIVALENT, FINE = "hazard", "unknown", "ok-if-equivalent", "ok"
"""The verdicts, the worst first."""


class Changed(NamedTuple):
    """A property that was changed in place: set, add or delete; None absent, "?" not known."""

    name: str
    action: str
    old: Value
    new: Value

    def as_json(self) -> dict[str, Any]:
        """Give the change as plain data, values in hex."""
        return {
            "name": self.name,
            "op": self.action,
            "old": _hex(self.old),
            "new": _hex(self.new),
        }


class NodeEntry(NamedTuple):
    """One instance of a node that the log concerns, and what became of it."""

    path: str
    phandle: int | None
    origin: str
    status: str
    assumed: bool
    holders: tuple[str, ...]
    memory: str
    changes: tuple[Changed, ...]
    record: Record

    def as_json(self) -> dict[str, Any]:
        """Give the node as plain data."""
        return {
            "path": self.path,
            "phandle": self.phandle,
            "origin": self.origin,
            "status": self.status,
            "assumed": self.assumed,
            "holders": list(self.holders),
            "memory": self.memory,
            "changes": [change.as_json() for change in self.changes],
        }


class Result:
    """What a replay gives.

    base is inferred or file; tree the tree afterwards; steps its changes in order, as listeners
    hear of them; problems what could not be read (then the exit code is 2).
    """

    def __init__(self, policy: str, sessions: int, model: Model) -> None:
        self._model = model
        self.policy = policy
        self.base = "inferred" if model.inferred else "file"
        self.sessions = sessions
        self.tree: Tree = model.tree
        self.ops: list[OpEntry] = []
        self.nodes: list[NodeEntry] = []
        self.findings: list[Finding] = []
        self.steps: list[Step] = []
        self.problems: list[Problem] = []
        self.ignored_lines = 0

    def path(self, node: Node) -> str:
        """Give the path of a node of the replay, also of one that left."""
        return self._model.path(node)

    @property
    def verdict(self) -> str:
        """Give the verdict: hazard, unknown, ok-if-equivalent or ok."""
        if any(found.severity == Severity.ERROR for found in self.findings):
            return HAZARD
        numbers = {found.code.number for found in self.findings}
        if "PS122" in numbers:
            return UNSURE
        return EQUIVALENT if "PS121" in numbers else FINE

    @property
    def counts(self) -> dict[str, int]:
        """Count the nodes of each status."""
        counts = dict.fromkeys(STATUSES, 0)
        for node in self.nodes:
            counts[node.status] += 1
        return counts

    def exit_code(self, fail_on: Severity | None = Severity.ERROR) -> int:
        """Give 2 for input that could not be read, 1 for a finding at fail_on or above, else 0.

        A verdict that rests on an assumption counts as a warning. With None nothing counts.
        """
        if self.problems:
            return 2
        if fail_on is None:
            return 0
        worst = max((found.severity for found in self.findings), default=0)
        if self.verdict in (UNSURE, EQUIVALENT):
            worst = max(worst, Severity.WARNING)
        return int(worst >= fail_on)

    def as_json(self, fail_on: Severity | None = Severity.ERROR) -> dict[str, Any]:
        """Give the result as plain data of schema dtovl-migrate/1."""
        return {
            "schema": SCHEMA,
            "policy": self.policy,
            "base": self.base,
            "sessions": self.sessions,
            "verdict": self.verdict,
            "exit": self.exit_code(fail_on),
            "counts": self.counts,
            "ops": [_operation_json(entry) for entry in self.ops],
            "nodes": [node.as_json() for node in self.nodes],
            "findings": [_finding_json(found) for found in self.findings],
            "ignored_lines": self.ignored_lines,
        }


def build_result(replay: Replay, stream: Stream, problems: list[Problem]) -> Result:
    """Sum up a replay that is over."""
    model = replay.model
    result = Result(replay.policy.name, replay.sessions, model)
    result.ops = replay.operations
    records: Iterable[Record] = (*model.records.values(), *model.leaked)
    nodes = [_node_entry(model, record) for record in records if record.named]
    result.nodes = sorted(nodes, key=_place)
    result.findings = replay.findings.ordered()
    result.steps = model.steps
    result.problems = problems
    result.ignored_lines = stream.ignored
    return result


def _place(entry: NodeEntry) -> tuple[str, str, int, int]:
    return entry.path, entry.origin, entry.phandle or 0, entry.record.number


def _node_entry(model: Model, record: Record) -> NodeEntry:
    node = record.node
    changes = _changes(model, record)
    return NodeEntry(
        path=model.path(node),
        phandle=node.phandle or None,
        origin="session" if record.came else "base",
        status=_status(model, record, changes),
        assumed=record.assumed,
        holders=tuple(model.holders.get(node, ())),
        memory=_memory(model, record),
        changes=changes,
        record=record,
    )


def _changes(model: Model, record: Record) -> tuple[Changed, ...]:
    """Give the net effect of all changes: what ended as it began is not listed."""
    found = []
    for name, old in sorted(record.before.items()):
        new = model.value(record.node, name)
        if old != new or old == UNKNOWN:
            action = "delete" if new is None else "add" if old is None else "set"
            found.append(Changed(name, action, old, new))
    return tuple(found)


def _status(model: Model, record: Record, changes: tuple[Changed, ...]) -> str:
    if record.state == LEAKED:
        return "leaked"
    if record.state != ATTACHED:
        return "dangling" if record.node in model.holders else "removed"
    if record.came:
        return "added"
    if record.retained:
        return "retained"
    return "updated" if changes else "kept"


def _memory(model: Model, record: Record) -> str:
    """Tell what became of the memory of a node. Source: kernel of_node_release."""
    if record.state == ATTACHED:
        return "live"
    if record.state == LEAKED:
        return "lost"
    if record.node in model.holders:
        return "held"
    if not record.came:
        return "boot"
    return "lost" if record.lost else "freed"


def _operation_json(entry: OpEntry) -> dict[str, Any]:
    operation = entry.operation
    told: dict[str, Any] = {
        "n": entry.n,
        "line": entry.line,
        "session": entry.session,
        "op": operation.kind,
        "phandle": entry.phandle or None,
        "path": entry.path,
        "result": entry.result,
    }
    if operation.kind == ADD:
        told["drc"] = operation.drc
    return told


def _finding_json(found: Finding) -> dict[str, Any]:
    return {
        "code": found.code.number,
        "severity": found.severity.label,
        "path": found.path,
        "phandle": found.phandle,
        "line": found.line,
        "message": found.message,
    }


def _hex(value: Value) -> str | None:
    return value.hex() if isinstance(value, bytes) else value
