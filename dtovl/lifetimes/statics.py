"""The order of events, looked at before a run: kinds, use before alloc, hold ids, `after`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes import scenario as codes
from dtovl.lifetimes.after import check_after
from dtovl.lifetimes.positions import shown
from dtovl.lifetimes.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtovl.lifetimes.positions import Problems, Value
    from dtovl.lifetimes.scenario import Event, Scenario

_TOUCHED = ("object", "parent", "old", "new")
_JUDGED = ("put", "del", "add", "get")
_TAKING = ("get", "borrow", "link", "pin")
_LEAVING = ("put", "forget", "unlink")


class Step(NamedTuple):
    """An event with the values it is made of, by key; and those of its `after`."""

    event: Event
    values: Mapping[str, Value]
    after: Mapping[str, Value]


def check_order(scenario: Scenario, steps: Sequence[Step], problems: Problems) -> None:
    """Look along the list of events for what could not be run as it is meant."""
    holds = _Holds(scenario, problems)
    allocated = {name for name, spec in scenario.objects.items() if spec.static}
    for step in steps:
        _check_kinds(scenario, step, problems)
        _check_allocated(scenario, step, allocated, problems)
        holds.check(step)
        if step.event.verb == "alloc":
            allocated.add(step.event.get("object"))
    check_after(steps, problems)


def _check_kinds(scenario: Scenario, step: Step, problems: Problems) -> None:
    """Find objects of a kind that a verb does not apply to."""
    verb = step.event.verb
    wanted = {"object": VERBS[verb].kinds, "parent": ("kobject",)}
    for key, kinds in wanted.items():
        name = step.event.get(key)
        if not name or not kinds:
            continue
        kind = scenario.objects[name].kind
        if kind not in kinds:
            what = f"verb '{verb}'"
            problems.add(step.values[key].place, codes.WRONG_KIND, what=what, kind=kind)


def _check_allocated(
    scenario: Scenario, step: Step, allocated: set[str], problems: Problems
) -> None:
    """Find objects that no event before allocates; of kobjects the run tells that (T004)."""
    event = step.event
    if event.verb == "alloc":
        return
    for key in _TOUCHED:
        name = event.get(key)
        if not name or name in allocated:
            continue
        if event.verb in _JUDGED and scenario.objects[name].kind == "kobject":
            continue
        problems.add(step.values[key].place, codes.NOT_ALLOCATED, name=shown(name))


class _Holds:
    """The ids of holds and pins that are in use, each with the line where it was taken."""

    def __init__(self, scenario: Scenario, problems: Problems) -> None:
        self._problems = problems
        self._reserved = {f"{name}.initial" for name in scenario.objects}
        self._reserved.update(
            f"{name}.parent" for name, one in scenario.objects.items() if one.kind == "kobject"
        )
        self._taken: dict[str, tuple[int, bool]] = {}

    def check(self, step: Step) -> None:
        """Find an id that is taken again, and note what is taken and dropped."""
        event = step.event
        if event.verb in _TAKING:
            self._take(step.values["as"], pin=event.verb == "pin")
        elif event.verb in _LEAVING:
            self._leave(event.get("hold"), pin=False)
        elif event.verb == "unpin":
            self._leave(event.get("as"), pin=True)

    def _take(self, value: Value, *, pin: bool) -> None:
        name = value.text
        reason = ""
        if name in self._reserved:
            reason = "reserved"
        elif name in self._taken:
            reason = f"in use (taken at line {self._taken[name][0]})"
        if reason:
            self._problems.add(value.place, codes.HOLD_TAKEN, name=shown(name), reason=reason)
        else:
            self._taken[name] = (value.place.line, pin)

    def _leave(self, name: str, *, pin: bool) -> None:
        if name in self._taken and self._taken[name][1] == pin:
            del self._taken[name]
