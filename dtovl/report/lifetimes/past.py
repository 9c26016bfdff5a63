"""Looking back from a finding: when something was allocated, taken, freed, and by whom."""

from __future__ import annotations

from bisect import bisect_left
from copy import copy
from typing import TYPE_CHECKING

from dtovl.lifetimes.trace import ALIVE, DROPPED, GONE, TAKEN
from dtovl.report.lifetimes.words import HOLDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.lifetimes.state import Hold
    from dtovl.lifetimes.trace import Moment, Trace


class Past:
    """The moments of a run up to some number, to look back from there."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._end = len(trace.moments)
        self._index: dict[tuple[str, str], list[int]] = {}
        for moment in trace.moments:
            for one in moment.changes:
                self._index.setdefault((one.what, one.name), []).append(moment.number)

    def until(self, number: int) -> Past:
        """Give the past of a moment, with it."""
        past = copy(self)
        past._end = number + 1
        return past

    def last(self, wanted: Callable[[Moment], bool]) -> Moment | None:
        """Give the latest moment that is as wanted."""
        return next(filter(wanted, reversed(self.trace.moments[: self._end])), None)

    def verb(self, verb: str, **fields: str) -> Moment | None:
        """Give the latest moment at which somebody did something."""
        return self.last(
            lambda moment: (
                moment.event.verb == verb
                and not moment.waits_for
                and all(moment.event.get(key) == value for key, value in fields.items())
            )
        )

    def allocated(self, name: str) -> Moment | None:
        """Give the moment at which an object came to be: was allocated, or initialised."""
        found = self._changed(ALIVE, name)
        return found or self.verb("init", object=name)

    def freed(self, name: str) -> Moment | None:
        """Give the moment at which an object was freed."""
        return self._changed(GONE, name)

    def taken(self, hold: str) -> Moment | None:
        """Give the moment at which a hold was taken."""
        return self._changed(TAKEN, hold)

    def dropped(self, hold: str) -> Moment | None:
        """Give the moment at which a hold went."""
        return self._changed(DROPPED, hold)

    def got(self, actor: str, waitable: str) -> Moment | None:
        """Give the moment since which an actor has a lock or the like."""
        found = None
        for moment in reversed(self.trace.moments[: self._end]):
            if moment.event.actor != actor or moment.waits_for:
                continue
            if waitable not in moment.held:
                break
            found = moment
        return found

    def hold(self, name: str) -> Hold | None:
        """Give a hold as it was when it was taken."""
        moment = self.taken(name)
        if moment is None:
            return None
        return next(
            (one.hold for one in moment.changes if one.what == TAKEN and one.name == name), None
        )

    def _changed(self, what: str, name: str) -> Moment | None:
        numbers = self._index.get((what, name), [])
        place = bisect_left(numbers, self._end)
        return self.trace.moments[numbers[place - 1]] if place else None


def at(moment: Moment | None) -> str:
    """Name a moment with its place: ` at e5 (line 15)`; nothing for none."""
    return f" at {moment.event.name} (line {moment.event.line})" if moment is not None else ""


def by(moment: Moment | None) -> str:
    """Name the actor of a moment: ` by drv at e1 (line 11)`; nothing for none."""
    return f" by {moment.event.actor}{at(moment)}" if moment is not None else ""


def hold_words(past: Past, name: str) -> str:
    """Say what a hold is: `fd is a counted reference of app, taken at e4 (line 14)`."""
    hold = past.hold(name)
    if hold is None:
        return name
    return f"{name} is a {HOLDS[hold.kind]} of {hold.by}, taken{at(past.taken(name))}"
