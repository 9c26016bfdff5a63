"""Recorded cases, carried out by the machine of dtovl and compared step by step."""

from __future__ import annotations

import signal
import traceback
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from conformance.kernel_parts import (
    PARTS,
    RAISED,
    REFUSED,
    Sides,
    compare,
    compare_state,
    danger_sides,
    finding_line,
)
from support.canonical import first_difference

from dtovl.errors import DtovlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.kernel_recorded import Case, Step

# Seconds for one case, some hundred times what the longest needs: a hang must not stop the run.
_PATIENCE = 60


class Machine(Protocol):
    """What carries out steps: `dtovl.script.machine.Machine`."""

    def step(self, op: dict[str, Any]) -> dict[str, Any]: ...

    def state(self) -> dict[str, Any]: ...


class Compared(NamedTuple):
    """One step: its title, the parts that were compared, and what else helps to see why."""

    title: str
    sides: dict[str, Sides]
    notes: list[str]

    def problem(self) -> str:
        """Say what differs first, "" for nothing."""
        differing = [part for part in PARTS if part in self.sides and not self.sides[part].agree]
        if not differing:
            return ""
        first = differing[0]
        others = f" (also {', '.join(differing[1:])})" if differing[1:] else ""
        return f"{self.title}: {first}: {first_difference(*self.sides[first])}{others}"


class Outcome(NamedTuple):
    """A case that was run, with all of its steps."""

    name: str
    steps: list[Compared]

    def problem(self) -> str:
        """Say where the case differs first, "" for nowhere."""
        return next((problem for step in self.steps if (problem := step.problem())), "")

    def counts(self) -> tuple[Counter[str], Counter[str]]:
        """Count by part the steps that agree, and those that were compared."""
        agreed: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for step in self.steps:
            for part, sides in step.sides.items():
                total[part] += 1
                agreed[part] += sides.agree
        return agreed, total


def run_case(case: Case, start: Callable[[Case], Machine]) -> Outcome:
    """Carry out all steps of a case with a machine that start makes."""
    steps: list[Compared] = []
    with guarded("the run", steps):
        machine = start(case)
        steps.append(_boot(case, machine))
        corrupt = False
        for step in case.steps:
            if corrupt or not step.reached:
                steps.append(_unseen(step, machine))
                continue
            steps.append(_run(step, machine))
            corrupt = step.dangerous
    return Outcome(case.name, steps)


@contextmanager
def guarded(title: str, steps: list[Compared]) -> Iterator[None]:
    """Turn an exception of the block, or too long a time, into a disagreement."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"not ready after {_PATIENCE} s")

    previous = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        yield
    except Exception as error:
        # Whatever a case raises is a disagreement of that case, and the run goes on.
        steps.append(Compared(title, {"result": Sides([], [_raised(error)])}, _trace(error)))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _boot(case: Case, machine: Machine) -> Compared:
    return Compared("boot", compare_state(case.boot, machine.state()), [])


def _run(step: Step, machine: Machine) -> Compared:
    result, notes = carry_out(step, machine)
    if step.dangerous:
        return Compared(step.title, {"result": danger_sides(step, result)}, notes)
    return Compared(step.title, compare(step, result, machine.state()), notes)


def carry_out(step: Step, machine: Machine) -> tuple[dict[str, Any], list[str]]:
    """Give the result of a step, and its findings or the traceback in words."""
    try:
        result = machine.step(step.op)
    except TimeoutError:
        raise
    except Exception as error:
        # Whatever a case raises is a disagreement of that case, and the run goes on.
        if step.refused and isinstance(error, DtovlError):
            return {REFUSED: str(error)}, []
        return {RAISED: _raised(error)}, _trace(error)
    return result, [finding_line(found) for found in result.get("findings", [])]


def _unseen(step: Step, machine: Machine) -> Compared:
    """Carry out a step that no recording speaks of: nothing but an honest error may be raised."""
    sides: dict[str, Sides] = {}
    notes: list[str] = []
    try:
        machine.step(step.op)
        machine.state()
    except TimeoutError:
        raise
    except DtovlError as error:
        notes = [_raised(error)]
    except Exception as error:
        # Whatever a case raises is a disagreement of that case, and the run goes on.
        sides["result"] = Sides([], [_raised(error)])
        notes = _trace(error)
    return Compared(f"{step.title} (memory is corrupt, not compared)", sides, notes)


def _raised(error: Exception) -> str:
    return f"raised {type(error).__name__}: {error}"


def _trace(error: Exception) -> list[str]:
    return "".join(traceback.format_exception(error)).splitlines()
