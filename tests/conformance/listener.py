"""A listener of overlays and changes that fails where a recording says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtovl.model.node import Node


class RecordedListener:
    """Answers with the error of an armed step at its nth matching call, count times.

    armed are the `fail` steps of a case: chain (`overlay`, `reconfig`, `reconfig-first`), action,
    errno, and perhaps nth and count. What fails first in a chain hides the event from the others.
    """

    def __init__(self, armed: list[dict[str, Any]]) -> None:
        self._armed = sorted(armed, key=lambda step: step["chain"] != "reconfig-first")
        self._calls = [0] * len(armed)

    def overlay(self, action: str, target: Node, content: Node) -> str:
        return self._answer(("overlay",), action)

    def reconfig(self, action: str, node: Node, name: str | None) -> str:
        return self._answer(("reconfig-first", "reconfig"), action)

    def _answer(self, chains: tuple[str, ...], action: str) -> str:
        for index, step in enumerate(self._armed):
            if step["chain"] not in chains or step["action"] != action:
                continue
            self._calls[index] += 1
            first = step.get("nth", 1)
            if first <= self._calls[index] < first + step.get("count", 1):
                return f"-{step['errno']}"
        return ""
