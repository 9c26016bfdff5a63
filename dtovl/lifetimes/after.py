"""`after` of events: what comes before by design. The list has to respect it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import scenario as codes
from dtovl.lifetimes.positions import shown
from dtovl.model.limits import MAX_SCENARIO_ERRORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.lifetimes.positions import Problems
    from dtovl.lifetimes.statics import Step

Edges = list[list[int]]


def check_after(steps: Sequence[Step], problems: Problems) -> None:
    """Find what comes after an event that the list has later: a cycle, or a wrong list."""
    if not any(step.event.after for step in steps):
        return
    numbers = {step.event.name: number for number, step in enumerate(steps)}
    wrong = [
        (number, numbers[name], value)
        for number, step in enumerate(steps)
        for name, value in step.after.items()
        if numbers[name] >= number
    ]
    edges = _edges(steps, numbers)
    for number, other, value in wrong[:MAX_SCENARIO_ERRORS]:
        way = _way(edges, other, number)
        event, before = shown(steps[number].event.name), shown(steps[other].event.name)
        order = f"comes after '{before}', which stands later in the list"
        if way:
            told = ", which comes after ".join(f"'{shown(steps[one].event.name)}'" for one in way)
            order = f"comes after {told}: a cycle"
        problems.add(value.place, codes.WRONG_ORDER, event=event, order=order)


def _edges(steps: Sequence[Step], numbers: dict[str, int]) -> Edges:
    """Give for each event those it comes directly after: by `after`, and its actor's last."""
    last: dict[str, int] = {}
    edges: Edges = []
    for number, step in enumerate(steps):
        before = [numbers[name] for name in step.event.after]
        if step.event.actor in last:
            before.append(last[step.event.actor])
        last[step.event.actor] = number
        edges.append(before)
    return edges


def _way(edges: Edges, start: int, goal: int) -> list[int]:
    """Give a shortest way along the edges, with both ends; [] where there is none."""
    came = {start: start}
    front = [start]
    while front and goal not in came:
        further = []
        for node in front:
            for one in edges[node]:
                if one not in came:
                    came[one] = node
                    further.append(one)
        front = further
    if goal not in came:
        return []
    way = [goal]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]
