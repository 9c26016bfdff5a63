"""The changes of a replay as a step of a session, which makes them again without the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.replay.stream import name_of

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.records import Step
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
        for step in result.steps:
            if step.action == "attach-node":
                self._attach(step)
            elif step.action == "detach-node":
                self.changes.append([step.action, self._name(step.node)])
            else:
                self._property(step)

    def _name(self, node: Node) -> str:
        return self._names.get(node) or node.path

    def _attach(self, step: Step) -> None:
        node = step.node
        parent = node.parent
        assert parent is not None
        self._names[node] = f"#{len(self._names) + 1}"
        values = [[name_of(name), value.hex()] for name, value in step.brings]
        self.changes.append(
            ["attach-node", self._names[node], self._name(parent), node.name, values]
        )

    def _property(self, step: Step) -> None:
        change: list[object] = [step.action, self._name(step.node), name_of(step.name)]
        if step.action != "remove-property":
            if not isinstance(step.new, bytes):
                self.unknown += 1
                return
            change.append(step.new.hex())
        self.changes.append(change)
