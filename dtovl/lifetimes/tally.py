"""What a search has seen so far: states counted against the bound, findings, the best order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.machine import Machine
    from dtovl.lifetimes.paths import Path

Found = tuple[str, str, str]

_EVERY = 500


class Tally:
    """Counts the states of a search, keeps what it finds and the shortest ways to it.

    shown is the path after the event that breaks a rule; ended is one that breaks a rule only when
    all is over, length counts its events and the last attempts of blocked actors. goals are the
    events at which something breaks before the end; those of all actors of a deadlock together.
    """

    def __init__(self, bound: int, progress: Callable[[int], None] | None) -> None:
        self.bound = bound
        self.states = 0
        self.complete = True
        self.found: set[Found] = set()
        self.goals: set[tuple[str, ...]] = set()
        self.shown: Path | None = None
        self.ended: Path | None = None
        self.length = 0
        self._progress = progress

    def visit(self) -> bool:
        """Count a new state; False: there were enough."""
        if self.states >= self.bound:
            self.complete = False
            return False
        self.states += 1
        if self._progress is not None and self.states % _EVERY == 0:
            self._progress(self.states)
        return True

    def see(self, path: Path) -> None:
        """Look at what the last event of a path found."""
        if path.raised:
            self._note(path.raised)
            self._aim(path.machine, path.raised)
            if self.shown is None or path.depth < self.shown.depth:
                self.shown = path

    def close(self, path: Path) -> None:
        """Look at a path that cannot go on."""
        machine = path.finish()
        before = len(machine.effects.findings)
        self._aim(machine, machine.waits().lasting())
        findings = machine.end().findings[before:]
        if findings:
            self._note(findings)
            length = path.depth + len(path.attempts())
            if self.ended is None or length < self.length:
                self.ended, self.length = path, length

    def _aim(self, machine: Machine, findings: Iterable[Finding]) -> None:
        """Keep the events that show what breaks: one, or those of the actors of a cycle."""
        for one in findings:
            names: tuple[str, ...] = (one.event,)
            if one.rule == "T005":
                names = tuple(
                    machine.stuck[step["actor"]].event.name for step in one.details["cycle"]
                )
            self.goals.add(names)

    def _note(self, findings: Iterable[Finding]) -> None:
        for one in findings:
            about = one.details
            self.found.add((one.rule, about.get("object") or "", about.get("hold") or ""))
