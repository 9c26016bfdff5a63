"""What a run finds, in words."""

from __future__ import annotations

from typing import Any, NamedTuple

WARNINGS = frozenset({"T006", "T015", "T018", "T019"})

# Two findings that have these alike are one.
_SAME = ("object", "hold", "dependent", "field", "op", "module", "gate")

END = "end"
"""The event of what is found when all is over."""


class Finding(NamedTuple):
    """A rule that is broken: at which event, the keys of the rule, the message."""

    rule: str
    event: str
    details: dict[str, Any]
    message: str

    @property
    def severity(self) -> str:
        """Give `error` or `warning`."""
        return "warning" if self.rule in WARNINGS else "error"

    def as_object(self) -> dict[str, Any]:
        """Give the finding as JSON has it."""
        about = {"rule": self.rule, "severity": self.severity, "event": self.event}
        return {**about, **self.details, "message": self.message}

    @property
    def identity(self) -> tuple[Any, ...]:
        """Give what two findings have alike that are one."""
        details = self.details
        actor = None
        if self.rule == "T011" or "object" not in details:
            actor = details.get("actor")
        return (self.rule, actor, *(details.get(key) for key in _SAME))


def at(event: str) -> str:
    """Say when."""
    return "after the last event" if event == END else f"at {event}"


def via(hold: str) -> str:
    """Say by which hold, if by one."""
    return f" via {hold}" if hold else ""
