"""Which overlays explain a live tree: a choice among traces, without trying combinations.

Steps: leave out overlays of which more is missing than found, until nothing changes; then cover
what the live tree has beyond the base with few overlays, those first that explain most; then drop
what that has made unnecessary, and add what the chosen ones presuppose. What can be told neither
way stays outside.

Each step costs time in proportion to the number of changes, not of combinations.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from dtovl.checks.traces import Fact, Spot, State, Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Choice:
    """The overlays chosen, by number, and what is known of each spot.

    symbols is the place of /__symbols__. chosen maps numbers to traces; writers has all traces that
    touch a spot; sole are the numbers of those that alone explain something.
    """

    def __init__(self, traces: Sequence[Trace], symbols: int) -> None:
        self.traces = traces
        self._symbols = symbols
        self.chosen: dict[int, Trace] = {}
        self.writers: dict[Spot, list[Trace]] = {}
        for trace in traces:
            for spot in trace.facts:
                self.writers.setdefault(spot, []).append(trace)
        self._setters: dict[Spot, list[Trace]] = {}
        self._found: dict[Spot, int] = {}
        self._possible = self._leave_out()
        self._finders: dict[Spot, int] = {}
        for trace in self._possible.values():
            for spot in found_spots(trace):
                self._finders[spot] = self._finders.get(spot, 0) + 1
        self.sole = {
            trace.number
            for trace in self._possible.values()
            if any(self._finders[spot] == 1 for spot in found_spots(trace))
        }
        self._cover()
        self._drop_redundant()
        self._add_presupposed()

    def missing(self, trace: Trace) -> list[Fact]:
        """List the changes of an overlay that the live tree lacks and no chosen one has undone."""
        return [
            fact
            for fact in trace.facts.values()
            if fact.telling and fact.state is State.ABSENT and not self.setters(fact.spot)
        ]

    def setters(self, spot: Spot) -> list[Trace]:
        """List the chosen overlays that set a spot to what the live tree has there."""
        return self._setters.get(spot, [])

    def explainers(self, trace: Trace) -> list[Trace]:
        """List the chosen overlays that set what another one sets, and left their value there."""
        found = {
            other.number: other
            for spot, fact in trace.facts.items()
            if fact.telling
            for other in self.setters(spot)
        }
        return [found[number] for number in sorted(found)]

    def stand_ins(self, trace: Trace) -> list[Trace]:
        """List overlays that were not chosen and would explain as much in the place of this one."""
        if trace.number in self.sole or trace.number not in self.chosen:
            return []
        alone = [spot for spot in found_spots(trace) if len(self._setters[spot]) == 1]
        return [
            other
            for other in (self.writers[alone[0]] if alone else ())
            if other.number in self._possible
            and other.number not in self.chosen
            and all(
                spot in other.facts and other.facts[spot].state is State.FOUND for spot in alone
            )
        ]

    # -- steps ---------------------------------------------------------------------------------

    def _leave_out(self) -> dict[int, Trace]:
        """Give the overlays of which at least as much is found as is missing.

        What another possible overlay has set back is not missing, so leaving one out can make
        others impossible.
        """
        possible = {trace.number: trace for trace in self.traces}
        finders = self._found = {
            spot: sum(trace.facts[spot].state is State.FOUND for trace in writers)
            for spot, writers in self.writers.items()
        }
        queue = deque(self.traces)
        while queue:
            trace = queue.popleft()
            if trace.number not in possible:
                continue
            missing = sum(
                fact.telling and fact.state is State.ABSENT and not finders[spot]
                for spot, fact in trace.facts.items()
            )
            if missing <= trace.count(State.FOUND):
                continue
            del possible[trace.number]
            for spot, fact in trace.facts.items():
                if fact.state is State.FOUND:
                    finders[spot] -= 1
                    if not finders[spot]:
                        queue.extend(self.writers[spot])
        return possible

    def _cover(self) -> None:
        """Choose overlays until each change that a possible one explains is explained."""
        whole = {
            number: trace
            for number, trace in self._possible.items()
            if not any(self._lacks(fact) for fact in trace.facts.values())
        }
        self._cover_with(whole.values(), at_least=0)
        partly = (trace for number, trace in self._possible.items() if number not in whole)
        self._cover_with(partly, at_least=1)

    def _lacks(self, fact: Fact) -> bool:
        return fact.telling and fact.state is State.ABSENT and not self._found[fact.spot]

    def _cover_with(self, traces: Iterable[Trace], *, at_least: int) -> None:
        """Choose the overlay that explains most of what is left, again and again.

        Among equals the one of which least is not found, then the first given. Where something is
        missing, an overlay has to explain at_least times as much.
        """
        heap = [
            (-self._gain(trace), trace.count(State.ABSENT) + trace.count(State.OTHER), trace.number)
            for trace in traces
        ]
        heapify(heap)
        while heap:
            before, rest, number = heappop(heap)
            trace = self._possible[number]
            gain = self._gain(trace)
            if -gain != before:
                heappush(heap, (-gain, rest, number))  # others have explained a part by now
            elif gain > 0 and gain >= at_least * len(self.missing(trace)):
                self._choose(trace)

    def _gain(self, trace: Trace) -> int:
        if trace.number in self.chosen:
            return 0
        return sum(spot not in self._setters for spot in found_spots(trace))

    def _choose(self, trace: Trace) -> None:
        self.chosen[trace.number] = trace
        for spot, fact in trace.facts.items():
            if fact.state is State.FOUND:
                self._setters.setdefault(spot, []).append(trace)

    def _drop_redundant(self) -> None:
        """Take back what later choices have made unnecessary, the smallest first."""
        for trace in sorted(self.chosen.values(), key=lambda one: len(one.facts)):
            if all(len(self._setters[spot]) > 1 for spot in found_spots(trace)):
                del self.chosen[trace.number]
                for spot, fact in trace.facts.items():
                    if fact.state is State.FOUND:
                        self._setters[spot].remove(trace)

    def _add_presupposed(self) -> None:
        """Add overlays that bring what a chosen one needs, or that have set a value back."""
        queue = deque(self.chosen.values())
        while queue:
            trace = queue.popleft()
            wanted = {
                spot for spot in self._prerequisites(trace) if not self._supplied(trace, spot)
            }
            back = [fact.spot for fact in self.missing(trace)]
            for spot in [*sorted(wanted), *back]:
                for other in self.writers.get(spot, ()):
                    if other is trace or other.number not in self._possible:
                        continue
                    if spot in wanted or other.facts[spot].state is State.FOUND:
                        if other.number not in self.chosen:
                            self._choose(other)
                            queue.append(other)
                        break

    def _prerequisites(self, trace: Trace) -> Iterator[Spot]:
        """Give what the base lacks and an overlay cannot be applied without."""
        yield from trace.needs
        for label, (_, of_base) in trace.labels.items():
            if not of_base:
                yield self._symbols, label

    def _supplied(self, trace: Trace, spot: Spot) -> bool:
        writers = self.writers.get(spot, ())
        return any(other.number in self.chosen and other is not trace for other in writers)


def found_spots(trace: Trace) -> Iterable[Spot]:
    """Give the spots where the live tree has what the overlay sets and the base does not."""
    return (
        spot for spot, fact in trace.facts.items() if fact.telling and fact.state is State.FOUND
    )
