"""In which order overlays were applied: where it matters, and where only phandles tell."""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.checks.traces import Spot, State, Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.checks.choice import Choice

Reason = Literal["needs", "overrides", "relabels"]


class Before(NamedTuple):
    """first was applied before second, for something at spot; more is how much of the same."""

    first: Trace
    second: Trace
    reason: Reason
    spot: Spot
    more: int


class Conflict(NamedTuple):
    """Overlays that set one property to different values, of which the live tree has none."""

    spot: Spot
    traces: list[Trace]


class Order(NamedTuple):
    """What is known of the order.

    order has all; before what makes it matter; conflicts where it matters and cannot be told;
    contradictory: no single order fits before; numbered are the overlays in the order of the
    phandles they were given, empty where these tell nothing.
    """

    order: list[Trace]
    before: list[Before]
    conflicts: list[Conflict]
    contradictory: bool
    numbered: list[Trace]

    def free(self) -> list[Trace]:
        """List the overlays that could stand anywhere."""
        bound = {one.number for pair in self.before for one in (pair.first, pair.second)}
        bound |= {one.number for conflict in self.conflicts for one in conflict.traces}
        return [trace for trace in self.order if trace.number not in bound]


def find_order(choice: Choice, largest: int, symbols: int) -> Order:
    """Find the order of the chosen overlays.

    largest is the largest phandle of the base, symbols the place of `/__symbols__`.
    """
    finder = _Finder([choice.chosen[number] for number in sorted(choice.chosen)])
    finder.note_needs(symbols)
    conflicts = finder.note_contests()
    numbered = finder.numbered(largest)
    finder.settle(numbered)
    chain = [(one.number, other.number) for one, other in pairwise(numbered)]
    order, sound = finder.order(chain)
    if not sound:
        numbered = []
        order, sound = finder.order([])
    return Order(order, list(finder.pairs.values()), conflicts, not sound, numbered)


class _Finder:
    """The pairs found so far, by numbers; each pair once, the first reason for it counts.

    contests are spots that several overlays left with the value of the live tree, others with
    another one: any of the former may have been the last.
    """

    def __init__(self, traces: Sequence[Trace]) -> None:
        self.traces = traces
        self.pairs: dict[tuple[int, int], Before] = {}
        self.contests: dict[tuple[tuple[int, ...], tuple[int, ...]], Spot] = {}
        self.writers: dict[Spot, list[Trace]] = {}
        for trace in traces:
            for spot in trace.facts:
                self.writers.setdefault(spot, []).append(trace)

    def note_needs(self, symbols: int) -> None:
        """Note that who brings a label or node comes before who needs it.

        And who gives a label to another node comes after those who used it for the first.
        """
        for trace in self.traces:
            for label, (used, of_base) in trace.labels.items():
                spot = symbols, label
                others = self._others(trace, spot)
                same = [one for one in others if one.facts[spot].value == used]
                if same and not of_base:
                    self._note(same[0], trace, "needs", spot)
                for other in others:
                    if other not in same and (of_base or other.facts[spot].state is State.FOUND):
                        self._note(trace, other, "relabels", spot)
            for spot in sorted(trace.needs):
                for first in self._others(trace, spot)[:1]:
                    self._note(first, trace, "needs", spot)

    def _others(self, trace: Trace, spot: Spot) -> list[Trace]:
        return [one for one in self.writers.get(spot, ()) if one is not trace]

    def note_contests(self) -> list[Conflict]:
        """Note that who left the value that is there comes after those with another one."""
        conflicts = []
        for spot, writers in self.writers.items():
            if len({writer.facts[spot][1:3] for writer in writers}) < 2:
                continue
            winners = [one for one in writers if one.facts[spot].state is State.FOUND]
            losers = [one for one in writers if one.facts[spot].state is not State.FOUND]
            if not winners:
                if any(one.facts[spot].telling for one in writers):
                    conflicts.append(Conflict(spot, writers))
            elif len(winners) == 1:
                for loser in losers:
                    self._note(loser, winners[0], "overrides", spot)
            else:
                numbers = [tuple(one.number for one in group) for group in (losers, winners)]
                self.contests.setdefault((numbers[0], numbers[1]), spot)
        return conflicts

    def numbered(self, largest: int) -> list[Trace]:
        """List overlays by the phandles that their nodes were given.

        Each application adds the largest phandle there is to those of the overlay, so the sum
        grows from one to the next. A node that several bring has the phandle of the first.
        Source: libfdt overlay_adjust_node_phandles; kernel adjust_overlay_phandles.
        """
        found = []
        named = Counter(place for trace in self.traces for place, _ in trace.numbers)
        for trace in self.traces:
            added = {number for place, number in trace.numbers if named[place] == 1}
            if len(added) == 1 and min(added) >= largest:
                found.append((added.pop(), trace))
        found.sort(key=lambda entry: (entry[0], entry[1].number))
        distinct = len({number for number, _ in found}) == len(found) > 1
        return [trace for _, trace in found] if distinct else []

    def settle(self, numbered: Sequence[Trace]) -> None:
        """Let the last of the overlays that may have won a contest have won it.

        Last by phandles, else as given; not one that has to come before a loser for other reasons.
        """
        places = {trace.number: place for place, trace in enumerate(numbered)}
        known = {trace.number: trace for trace in self.traces}
        for (losers, winners), spot in self.contests.items():
            likely = sorted(winners, key=lambda one: (places.get(one, -1), one), reverse=True)
            fit = (one for one in likely if not self._leads_to(one, set(losers)))
            winner = known[next(fit, likely[0])]
            for loser in losers:
                self._note(known[loser], winner, "overrides", spot)

    def order(self, more: Iterable[tuple[int, int]]) -> tuple[list[Trace], bool]:
        """Sort by the pairs noted and more, else as given; tell whether all could be kept."""
        known = {trace.number: trace for trace in self.traces}
        after: dict[int, list[int]] = {number: [] for number in known}
        left = dict.fromkeys(known, 0)
        for first, second in {*self.pairs, *more}:
            after[first].append(second)
            left[second] += 1
        ready = [number for number, count in left.items() if not count]
        heapify(ready)
        order = []
        sound = True
        while left:
            if not ready:
                sound = False
                ready.append(min(left))
            number = heappop(ready)
            if left.pop(number, None) is None:
                continue
            order.append(known[number])
            for second in after[number]:
                if second in left:
                    left[second] -= 1
                    if not left[second]:
                        heappush(ready, second)
        return order, sound

    def _note(self, first: Trace, second: Trace, reason: Reason, spot: Spot) -> None:
        key = first.number, second.number
        before = self.pairs.get(key)
        self.pairs[key] = (
            Before(first, second, reason, spot, 0)
            if before is None
            else before._replace(more=before.more + 1)
        )

    def _leads_to(self, start: int, ends: set[int]) -> bool:
        after: dict[int, list[int]] = {}
        for first, second in self.pairs:
            after.setdefault(first, []).append(second)
        seen = {start}
        stack = [start]
        while stack:
            number = stack.pop()
            if number in ends:
                return True
            fresh = [one for one in after.get(number, ()) if one not in seen]
            seen.update(fresh)
            stack.extend(fresh)
        return False
