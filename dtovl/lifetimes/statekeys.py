"""When two states are equal: whatever follows, the same rules break on the same things.

Left out is what only words depend on: at which event something was freed or allocated first, the
order in which holds and pins were taken, who was first to ask for a lock. What an order says in
words is found by running it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from dtovl.lifetimes.machine import Machine
    from dtovl.lifetimes.paths import Path

Key = tuple[int, ...]


class Keys:
    """Gives short keys: equal states have equal ones, others not. Parts are numbered as seen."""

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def of(self, path: Path) -> Key:
        """Give the key of the state that a path ends in."""
        numbers = self._numbers
        parts = (path.at, path.used, *_parts(path.machine))
        return tuple(numbers.setdefault(part, len(numbers)) for part in parts)


def _parts(machine: Machine) -> Iterator[Hashable]:
    state, effects = machine.state, machine.effects
    yield tuple(
        (life.state, life.count, life.initialised, life.sysfs, life.replaced, life.allocator)
        for life in state.lives.values()
    )
    yield frozenset((hold[0], hold[1], hold[2], hold[3]) for hold in state.holds.values())
    yield tuple(map(tuple, state.members.values()))
    yield frozenset(state.closed)
    yield frozenset(state.owners.items())
    yield tuple(tuple(sorted(held)) for held in state.held.values())
    yield (frozenset(state.complete), frozenset(state.gates_closed), frozenset(state.gone))
    yield (frozenset(state.queued), frozenset(state.running), frozenset(state.ended))
    yield tuple(frozenset(pins) for pins in state.pins.values())
    yield (frozenset(state.phases.items()), frozenset(state.failed))
    yield frozenset((field, frozenset(seen)) for field, seen in state.accesses.items())
    yield frozenset((actor, stuck.waits_for) for actor, stuck in machine.stuck.items())
    yield frozenset(effects.dangling)
    yield frozenset(one.details["object"] for one in effects.findings if one.rule == "T017")
    yield frozenset(machine.orders.edges)
