"""Searching the orders of scenarios: states with partial-order reduction and without.

    python benchmarks/bench_explore.py

For each scenario that comes along: beginnings of orders (what an enumeration of all orders visits,
counted exactly, not run), states when equal ones are visited once, states with reduction, that of
the search for the shortest order included. Then made-up scenarios of five actors and 40 events,
that have to end within the default bound, and states per second of CPU time.

The status is 1 when a scenario of three or more actors needs more than a tenth of the states of an
enumeration, when the searches disagree, or when one of the made-up ones does not end.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from dtovl.lifetimes.explore import explore
from dtovl.lifetimes.presets import load, names
from dtovl.lifetimes.reading import read_scenario

if TYPE_CHECKING:
    from dtovl.lifetimes.explore import Exploration
    from dtovl.lifetimes.scenario import Scenario

WANTED = 10
ACTORS = "abcde"


def agree(one: Exploration, other: Exploration) -> bool:
    """Tell whether two searches found the same, as soon."""
    return one.found == other.found and len(one.order or ()) == len(other.order or ())


def compare(name: str) -> bool:
    """Print one line about a scenario that comes along; False: it missed the bound."""
    scenario = read_scenario(load(name), name)
    plain, reduced = explore(scenario, reduce=False), explore(scenario)
    print(
        f"{name:<36} {len(scenario.actors)} actors {len(scenario.events):>3} events  "
        f"enumerated {plain.beginnings:>13,}  equal once {plain.states:>6,}  "
        f"reduced {reduced.states:>6,}  shortest {len(reduced.order or ()) or '-':>2}"
    )
    few = len(scenario.actors) < 3 or plain.beginnings >= WANTED * reduced.states
    return few and agree(plain, reduced)


def made_up(line: str) -> Scenario:
    """Make a scenario of five actors, each with the same eight events."""
    events = "".join(
        f"- {{actor: {actor}, {event}}}\n" for actor in ACTORS for event in line.split("; ")
    )
    text = f"""dtovl-scenario: 1
name: made-up
actors: {{a: , b: , c: , d: , e: }}
objects: {{data: {{static: true, survives: true}}}}
locks: [l, m]
gates: [g]
events:
{events}"""
    return read_scenario(text.encode(), "made up")


SECTION = "do: lock, lock: m; do: write, object: data; do: unlock, lock: m; do: use, object: data"
NESTED = (
    "do: lock, lock: l; do: lock, lock: m; do: write, object: data; do: unlock, lock: m; "
    "do: unlock, lock: l; do: enter, gate: g; do: use, object: data; do: exit_gate, gate: g"
)
OPEN = (
    "do: write, object: data; do: enter, gate: g; do: use, object: data; do: exit_gate, gate: g; "
    "do: read, object: data; do: enter, gate: g; do: exit_gate, gate: g; do: unplug, gate: g"
)
LINES = {
    "made up: sections under one lock": f"{SECTION}; {SECTION}",
    "made up: two locks in one order": NESTED,
    "made up: a gate that each closes": OPEN,
}


def speed(name: str) -> bool:
    """Print states per second of a made-up scenario; False: it did not end."""
    scenario = made_up(LINES[name])
    for reduce in (True, False):
        start = time.process_time()
        told = explore(scenario, reduce=reduce)
        taken = time.process_time() - start
        print(
            f"{name:<36} {len(scenario.actors)} actors {len(scenario.events):>3} events  "
            f"{'reduced' if reduce else 'equal once':<10} {told.states:>8,} states "
            f"{told.states / taken:>8,.0f} a second  {'' if told.complete else 'BOUND HIT'}"
        )
        if reduce and not told.complete:
            return False
    return True


def main() -> int:
    """Run all; give 1 when a bound was missed."""
    missed = [name for name in names() if not compare(name)]
    missed.extend(name for name in LINES if not speed(name))
    print(f"missed: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
