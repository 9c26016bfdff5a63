"""Objects as SVG: a bar for the life of each, beside it the holds on it; what dangles is red."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.trace import ALIVE, COUNT, DROPPED, GONE, TAKEN
from dtovl.report.lifetimes import svg_parts as draw
from dtovl.report.lifetimes.grid import shortened
from dtovl.report.lifetimes.relevant import Concern
from dtovl.report.lifetimes.words import HOLDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.lifetimes.state import Hold
    from dtovl.lifetimes.trace import Trace
    from dtovl.report.lifetimes.grid import Grid

MOST_OBJECTS = 10
_MOST_HOLDS = 8
_LETTER = 6.2
_BAR = 16.0
_PITCH = 18.0
_TOUCHING = ("use", "read", "write")


class Life(NamedTuple):
    """An object from one height to another; freed tells whether it ends, or the drawing does."""

    top: float
    bottom: float
    freed: bool


class Held(NamedTuple):
    """A hold from one height to another; its slot is the place beside the bar."""

    hold: Hold
    top: float
    bottom: float
    slot: int


class Sight(NamedTuple):
    """What is drawn of an object."""

    name: str
    lives: tuple[Life, ...]
    holds: tuple[Held, ...]
    counts: tuple[tuple[float, int], ...]
    touched: tuple[tuple[float, str], ...]
    slots: int

    @property
    def width(self) -> float:
        """Give the room that it takes."""
        beside = _BAR + 10 + _PITCH * self.slots
        return max(beside, _LETTER * len(shortened(self.name, 24)) + 20) + 10


def sights(grid: Grid, trace: Trace) -> list[Sight]:
    """Gather what is drawn: the objects that findings are about, then the others."""
    names = list(trace.scenario.objects)
    concern = Concern(trace.result.findings, trace.scenario).names
    chosen = [name for name in names if name in concern]
    chosen += [name for name in names if name not in concern]
    kept = set(chosen[:MOST_OBJECTS])
    return [_Gathering(name, grid, trace).sight() for name in names if name in kept]


class _Gathering:
    """Follows one object through a run."""

    def __init__(self, name: str, grid: Grid, trace: Trace) -> None:
        self._name, self._grid = name, grid
        self._lives: list[Life] = []
        self._holds: list[Held] = []
        self._counts: list[tuple[float, int]] = []
        self._touched: list[tuple[float, str]] = []
        self._born: float | None = 0.0 if trace.scenario.objects[name].static else None
        self._open: dict[str, tuple[Hold, float, int]] = {}
        for moment in trace.moments:
            height = grid.height_of(moment.number)
            if moment.event.verb in _TOUCHING and moment.target == name:
                self._touched.append((height, moment.event.name))
            for one in moment.changes:
                if one.name == name:
                    self._own(one.what, one.number, height)
                if one.hold is not None and one.hold.object == name:
                    self._held(one.what, one.hold, height)

    def sight(self) -> Sight:
        """Give what was gathered, with all that is still there at the end."""
        end = self._grid.end
        if self._born is not None:
            self._lives.append(Life(self._born, end, freed=False))
        self._holds += [Held(hold, top, end, slot) for hold, top, slot in self._open.values()]
        slots = max((one.slot + 1 for one in self._holds), default=0)
        return Sight(
            self._name,
            tuple(self._lives),
            tuple(one for one in self._holds if one.slot < _MOST_HOLDS),
            tuple(self._counts),
            tuple(self._touched),
            min(slots, _MOST_HOLDS),
        )

    def _own(self, what: str, number: int, height: float) -> None:
        if what == ALIVE:
            self._born = height
        elif what == GONE and self._born is not None:
            self._lives.append(Life(self._born, height, freed=True))
            self._born = None
        elif what == COUNT and number:
            self._counts = [one for one in self._counts if one[0] != height]
            self._counts.append((height, number))

    def _held(self, what: str, hold: Hold, height: float) -> None:
        if what == DROPPED and hold.name in self._open:
            taken, top, slot = self._open.pop(hold.name)
            self._holds.append(Held(taken, top, height, slot))
        elif what == TAKEN:
            used = {slot for _, _, slot in self._open.values()}
            used |= {one.slot for one in self._holds if one.bottom > height - 40}
            slot = next(n for n in range(len(used) + 1) if n not in used)
            self._open[hold.name] = hold, height, slot


def object_parts(sight: Sight, left: float, grid: Grid) -> Iterator[str]:
    """Draw an object whose column begins at left."""
    bar, middle = left + 4, left + 4 + _BAR / 2
    for life in sight.lives:
        told = f"{sight.name} is {'allocated until it is freed here' if life.freed else 'there'}"
        height = life.bottom - life.top
        yield draw.box(bar, life.top, _BAR, height, "life", round_by=4, told=told)
        if life.freed:
            yield _end(middle, life.bottom)
    for height, count in sight.counts:
        yield draw.text(middle - 3 * len(str(count)), height + 14, "count", str(count))
    for held in sight.holds:
        yield from _hold(sight, held, bar + _BAR + 8 + _PITCH * held.slot)
    for height, event in sight.touched:
        bad = not any(life.top <= height < life.bottom for life in sight.lives)
        style = "touch error" if bad else "touch"
        what = "used after it was freed" if bad else "used"
        if bad:
            freed = max((one.bottom for one in sight.lives if one.bottom <= height), default=0)
            yield draw.line(middle, freed + 5, middle, height, "ghost")
        yield draw.dot(middle, height, 4, style, f"{sight.name} is {what} at {event}")


def _end(middle: float, height: float) -> str:
    d = f"M{middle - 9:.1f} {height:.1f}H{middle + 9:.1f}"
    return f'<path class="freed" d="{d}"/>'


def _hold(sight: Sight, held: Held, left: float) -> Iterator[str]:
    """Draw a hold; the part of it that is after the object was freed is red."""
    hold = held.hold
    told = f"{hold.name}: {HOLDS[hold.kind]} of {hold.by}"
    freed = min(
        (one.bottom for one in sight.lives if one.freed and one.bottom >= held.top),
        default=held.bottom,
    )
    again = [one.top for one in sight.lives if one.top >= freed]
    until = min([held.bottom, *again])
    yield draw.line(left, held.top, left, min(freed, held.bottom), f"hold {hold.kind}", told)
    if until < held.bottom:
        yield draw.line(left, until, left, held.bottom, f"hold {hold.kind}", told)
    if freed < until:
        yield draw.line(left, freed, left, until, f"hold {hold.kind} bad", f"{told}, dangling")
    yield draw.line(left - 3, held.top, left + 3, held.top, "hold")
    room = int((held.bottom - held.top - 8) / 5.2)
    if room >= 4:
        yield draw.text(left + 4.5, held.top + 7, "holder", shortened(hold.name, room), turn=True)


def head_parts(sight: Sight, left: float, line: float, kind: str) -> Iterator[str]:
    """Write the name of an object with its kind."""
    yield draw.text(left, line, "name", shortened(sight.name, 24))
    yield draw.text(left, line + 14, "soft", kind)
