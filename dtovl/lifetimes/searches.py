"""Two ways through all orders of a scenario: every one, and one of each class."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from dtovl.lifetimes.paths import Path
from dtovl.lifetimes.statekeys import Keys

if TYPE_CHECKING:
    from dtovl.lifetimes.independence import Relations
    from dtovl.lifetimes.paths import Program
    from dtovl.lifetimes.statekeys import Key
    from dtovl.lifetimes.tally import Tally


def plainly(program: Program, tally: Tally) -> int:
    """Take every event in every state, all orders of one length before the longer ones.

    Gives how many beginnings of orders there are: the states that an enumeration of the orders
    meets, which takes equal states for different ones.
    """
    keys, first = Keys(), Path(program)
    layer: dict[Key, tuple[Path, int]] = {keys.of(first): (first, 1)} if tally.visit() else {}
    beginnings = 0
    while layer:
        following: dict[Key, tuple[Path, int]] = {}
        for path, ways in layer.values():
            beginnings += ways
            choices = path.choices()
            if not choices:
                tally.close(path)
            for actor in choices:
                new = path.take(actor)
                tally.see(new)
                key = keys.of(new)
                known = following.get(key)
                if known is not None:
                    following[key] = (known[0], known[1] + ways)
                elif tally.visit():
                    following[key] = (new, ways)
        layer = following
    return beginnings


def by_class(program: Program, relations: Relations, tally: Tally, seed: int) -> None:
    """Run one order of each class at least; every end and everything that breaks is met.

    seed: 0 goes by the list, others shuffle what is tried first.
    """
    keys, first = Keys(), Path(program)
    shuffle = random.Random(seed).shuffle if seed else None
    known = {keys.of(first)}
    left = [first] if tally.visit() else []
    while left:
        path = left.pop()
        choices = path.choices(idle=False)
        if not choices:
            tally.close(path)
            continue
        chosen = list(relations.enough(path, choices))
        if shuffle is not None:
            shuffle(chosen)
        for actor in reversed(chosen):
            new = path.take(actor)
            tally.see(new)
            key = keys.of(new)
            if key not in known:
                if not tally.visit():
                    return
                known.add(key)
                left.append(new)
