"""What a run against recordings found: what agrees, what does not, and what is known not to."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from conformance.known import KNOWN


class Result(NamedTuple):
    """One entry of the recordings; problem is "" when it agrees."""

    kind: str
    name: str
    problem: str


class Tally:
    """Counts results by kind, and prints every disagreement as it comes."""

    def __init__(self) -> None:
        self.agreed: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self._unknown = 0

    def add(self, result: Result) -> None:
        self.total[result.kind] += 1
        reason = KNOWN.get(result.name)
        if not result.problem:
            self.agreed[result.kind] += 1
            if reason is not None:
                print(f"{result.name} agrees now: take it out of known.py")
            return
        self._unknown += reason is None
        print(f"{result.kind}: {result.name}: {result.problem}", flush=True)
        if reason is not None:
            print(f"  known: {reason}")

    def count(self, kind: str) -> str:
        return f"{self.agreed[kind]} of {self.total[kind]}"

    def exit_code(self) -> int:
        """Give 1 when something unknown disagrees, or when there was nothing to compare."""
        return 1 if self._unknown or not self.total else 0
