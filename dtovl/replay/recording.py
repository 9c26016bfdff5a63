"""The changes of a replay as a step of a session, which makes them again without the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.model.node import Node
    from dtovl.replay.records import Record, Step, Value
    from dtovl.replay.result import Result


class Recording:
    """The changes of a replay that was carried out on a base, in order.

    changes are those of a step `migrate`; unknown counts the values that the log does not tell,
    which cannot be made again.
    """

    def __init__(self, result: Result) -> None:
        self.changes: list[list[object]] = []
        self.unknown = 0
        self._names: dict[Node, str] = {}
        records = {entry.record.node: entry.record for entry in result.nodes}
        for step in result.steps:
            if step.action == "attach-node":
                self._attach(step.node, records.get(step.node))
            elif step.action == "detach-node":
                self.changes.append([step.action, self._name(step.node)])
            else:
                self._property(step)

    def _name(self, node: Node) -> str:
        return self._names.get(node) or node.path

    def _attach(self, node: Node, record: Record | None) -> None:
        parent = node.parent
        assert parent is not None
        self._names[node] = f"#{len(self._names) + 1}"
        properties = _at_first(node, record.before if record is not None else {})
        values = [[name, value.hex()] for name, value in properties.items()]
        self.changes.append(
            ["attach-node", self._names[node], self._name(parent), node.name, values]
        )

    def _property(self, step: Step) -> None:
        change: list[object] = [step.action, self._name(step.node), step.name]
        if step.action != "remove-property":
            if not isinstance(step.new, bytes):
                self.unknown += 1
                return
            change.append(step.new.hex())
        self.changes.append(change)


def _at_first(node: Node, before: Mapping[str, Value]) -> dict[str, bytes]:
    """Give the properties that a node had when it was attached, before later updates."""
    properties = {plain_name(key): value for key, value in node.properties.items()}
    for name, value in before.items():
        if isinstance(value, bytes):
            properties[name] = value
        else:
            properties.pop(name, None)
    return properties
