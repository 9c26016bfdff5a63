"""Actors that wait for each other, for ever, or might in another order of events.

Source: kernel lockdep (possible), hung task detection (actual).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtovl.lifetimes.machine import Stuck
    from dtovl.lifetimes.scenario import Event, Scenario
    from dtovl.lifetimes.state import State
    from dtovl.lifetimes.waiting import Orders

Graph = dict[str, list[str]]


class Waits:
    """Who waits for whom at the end: blocked actors, each with the blocked ones it waits for."""

    def __init__(
        self,
        scenario: Scenario,
        state: State,
        stuck: Mapping[str, Stuck],
        backlog: Mapping[str, Sequence[Event]],
    ) -> None:
        self.scenario = scenario
        self.stuck = stuck
        self._state = state
        self._backlog = backlog
        self.graph: Graph = {actor: self._owners(actor) for actor in stuck}

    def lasting(self) -> list[Finding]:
        """Find the cycles that nobody else can break any more, though others still go on.

        A lock, an operation and a section end by who has them alone, and so does a work that runs.
        What an actor took only in the attempt that had to wait is not among them: it has it no
        more, and others may see to it that the next attempt ends otherwise.
        """
        graph = {actor: self._keepers(actor) for actor in self.stuck}
        return cycles(self, graph)

    def _keepers(self, actor: str) -> list[str]:
        waits_for = self.stuck[actor].waits_for
        if waits_for in self.scenario.completions:
            return []
        if waits_for.startswith("work:") and waits_for[5:] not in self._state.running:
            return []
        if waits_for in self.scenario.locks and waits_for not in self._state.owners:
            return []
        return self.graph[actor]

    def _owners(self, actor: str) -> list[str]:
        waits_for = self.stuck[actor].waits_for
        if waits_for in self.scenario.completions:
            return sorted(one for one in self.stuck if self._completes(one, waits_for))
        return sorted({one for one in self.stuck[actor].owners if one in self.stuck})

    def _completes(self, actor: str, completion: str) -> bool:
        events = (self.stuck[actor].event, *self._backlog[actor])
        return any(self._would(event, completion) for event in events)

    def _would(self, event: Event, completion: str) -> bool:
        if event.verb == "complete":
            return event.get("completion") == completion
        if event.verb != "put":
            return False
        name = event.get("object")
        if not name:
            hold = self._state.holds.get(event.get("hold"))
            name = hold.object if hold is not None else ""
        return bool(name) and completion in self.scenario.objects[name].release.completes


def _shortest_cycle(graph: Mapping[str, Sequence[str]], back: Graph, start: str) -> list[str]:
    """Give the shortest cycle through start, of equals the first by names; [] without one.

    back is the graph with its edges turned round.
    """
    distance = _distances(back, start)
    if start not in distance:
        return []
    way, node = [start], start
    for left in range(distance[start] - 1, 0, -1):
        node = min(one for one in graph.get(node, ()) if distance.get(one) == left)
        way.append(node)
    return way


def _turned(graph: Mapping[str, Sequence[str]]) -> Graph:
    back: Graph = {}
    for node, others in graph.items():
        for other in others:
            back.setdefault(other, []).append(node)
    return back


def _distances(back: Graph, goal: str) -> dict[str, int]:
    """Count the steps from each node to goal; from goal itself, those of its shortest cycle."""
    found: dict[str, int] = {}
    front, steps = [goal], 0
    while front:
        steps += 1
        nearer = []
        for node in front:
            for one in back.get(node, ()):
                if one not in found:
                    found[one] = steps
                    if one != goal:
                        nearer.append(one)
        front = nearer
    return found


def _all_cycles(graph: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Give a shortest cycle through each node, in sort order, that is in none given before."""
    known: set[str] = set()
    back = _turned(graph)
    for node in sorted(graph):
        if node in known:
            continue
        cycle = _shortest_cycle(graph, back, node)
        if cycle:
            known.update(cycle)
            first = cycle.index(min(cycle))
            yield cycle[first:] + cycle[:first]


def cycles(waits: Waits, graph: Graph | None = None) -> list[Finding]:
    """Find the actors that wait for each other (T005)."""
    found = []
    for cycle in _all_cycles(waits.graph if graph is None else graph):
        blocked = waits.stuck[cycle[0]].event.name
        steps = [{"actor": one, "waits_for": waits.stuck[one].waits_for} for one in cycle]
        found.append(Finding("T005", blocked, {"actor": cycle[0], "cycle": steps}))
    return found


def forever(waits: Waits) -> list[Finding]:
    """Find the actors that wait for what nobody will do (T016)."""
    found = []
    doomed = _leading_to_cycles(waits.graph)
    for actor in waits.scenario.actors:
        if actor in waits.stuck and actor not in doomed:
            event, waits_for, _ = waits.stuck[actor]
            details = {"actor": actor, "waits_for": waits_for}
            found.append(Finding("T016", event.name, details))
    return found


def _leading_to_cycles(graph: Mapping[str, Sequence[str]]) -> set[str]:
    """Give the nodes from which a cycle can be reached."""
    found: set[str] = set()
    back = _turned(graph)
    for cycle in _all_cycles(graph):
        found.update(cycle)
        found.update(_distances(back, cycle[0]))
    return found


def possible(orders: Orders, places: Mapping[str, int]) -> list[Finding]:
    """Find orders of asking that would be a deadlock, had others come between (T006)."""
    graph: Graph = {}
    for held, wanted in orders.edges:
        graph.setdefault(held, []).append(wanted)
    found = []
    for cycle in _all_cycles(graph):
        after = [*cycle[1:], cycle[0]]
        edges = [orders.edges[pair] for pair in zip(cycle, after, strict=True)]
        event = max((one.event for one in edges), key=lambda name: places[name])
        details = {"actor": edges[0].actor, "cycle": [one._asdict() for one in edges]}
        found.append(Finding("T006", event, details))
    return found
