"""What a run prints: a line for each case that disagrees, all of its steps on demand, the sum."""

from __future__ import annotations

from collections import Counter
from difflib import unified_diff
from typing import TYPE_CHECKING

from conformance.kernel_known import reason
from conformance.kernel_parts import PARTS

if TYPE_CHECKING:
    from conformance.kernel_run import Compared, Outcome


class Summary:
    """Counts what agrees, and prints what does not as it comes."""

    def __init__(self, kernel: str, verbose: bool) -> None:
        self._kernel = kernel
        self._verbose = verbose
        self._cases = 0
        self._agreeing = 0
        self._unknown = 0
        self._agreed: Counter[str] = Counter()
        self._total: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Take in a case."""
        agreed, total = outcome.counts()
        self._agreed += agreed
        self._total += total
        problem = outcome.problem()
        why = reason(self._kernel, outcome.name)
        self._cases += 1
        self._agreeing += not problem
        self._unknown += bool(problem) and not why
        if problem:
            print(f"{outcome.name}: {problem}", flush=True)
            if why:
                print(f"  known: {why}")
        elif why:
            print(f"{outcome.name} agrees now: take it out of kernel_known.py")
        if self._verbose:
            print("\n".join(outcome_lines(outcome)))

    def last_line(self) -> str:
        """Give the sum of the run."""
        words = ("result", "tree", "counts", "events", "leaks")
        parts = [f"{self._agreed[part]} of {self._total[part]}" for part in PARTS]
        told = [f"{word} {part}" for word, part in zip(words, parts, strict=True)]
        told[0] += " steps"
        return f"agree {self._agreeing} of {self._cases} cases ({', '.join(told)})"

    def exit_code(self) -> int:
        """Give 1 when something unknown disagrees, or when there was nothing to compare."""
        return 1 if self._unknown or not self._cases else 0


def outcome_lines(outcome: Outcome) -> list[str]:
    """Write all steps of a case, with whole differences: `-` the kernel, `+` ours."""
    lines = [f"=== {outcome.name}"]
    for step in outcome.steps:
        lines += _step_lines(step)
    return lines


def _step_lines(step: Compared) -> list[str]:
    differing = [part for part in PARTS if part in step.sides and not step.sides[part].agree]
    verdict = f"differs in {', '.join(differing)}" if differing else "agrees"
    lines = [f"--- {step.title}: {verdict if step.sides else 'not compared'}"]
    for part in differing:
        lines.append(f"  {part}:")
        changes = list(unified_diff(*step.sides[part], lineterm="", n=3))[2:]
        lines += [f"    {change}" for change in changes]
    return lines + [f"  . {note}" for note in step.notes]
