"""A machine that does what a recording says: the runner of recordings has to agree with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.kernel_leaks import kinds

from dtovl.codes.base import Code, Severity
from dtovl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from conformance.kernel_recorded import Case

DANGER = Code("DT000", "danger", Severity.ERROR, "memory is corrupt", "", "", "")


class Replay:
    """Answers step after step, and shows the states, as a case has them."""

    def __init__(self, case: Case) -> None:
        self._steps = iter(case.steps)
        self._state = case.boot

    def step(self, op: dict[str, Any]) -> dict[str, Any]:
        step = next(self._steps)
        assert step.op == op
        self._state = step.state
        lines = [{"level": int(line[1]), "text": line[4:]} for line in step.lines]
        result = {**step.answers, "log": [*lines, *step.events], "findings": [], "hazard": None}
        if step.dangerous:
            result["findings"] = [Diagnostic(DANGER, path="/soc", who="overlay 1")]
            result["hazard"] = "reads freed memory"
        if step.leaks is not None:
            result["leaks"] = kinds(step.leaks)
        return result

    def state(self) -> dict[str, Any]:
        tree, held, devices = self._state.tree, self._state.held, self._state.devices
        return {"tree": tree or [], "held": held or [], "devices": devices or []}
