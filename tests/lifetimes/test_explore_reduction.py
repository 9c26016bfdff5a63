"""Running one order of each class finds what running every order finds, as soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from support.enumeration import about, enumerate_orders
from support.scenarios import small_scenarios

from dtovl.lifetimes.explore import explore
from dtovl.lifetimes.machine import Machine

if TYPE_CHECKING:
    from dtovl.lifetimes.explore import Exploration
    from dtovl.lifetimes.scenario import Scenario


def length(one: Exploration) -> int:
    return len(one.order or ())


@given(small_scenarios())
def test_both_searches_find_what_all_orders_find(scenario: Scenario) -> None:
    every = enumerate_orders(scenario)
    classes, plain = explore(scenario), explore(scenario, reduce=False)
    assert classes.complete
    assert classes.found == plain.found == every.found
    assert length(classes) == length(plain) == every.shortest
    assert plain.beginnings == every.beginnings


@given(small_scenarios(most=12))
def test_larger_ones_find_the_same_with_and_without_reduction(scenario: Scenario) -> None:
    plain, classes = explore(scenario, reduce=False), explore(scenario, seed=7)
    assert classes.found == plain.found
    assert length(classes) == length(plain)
    told = explore(scenario)
    assert told.found == classes.found
    runs_as_told(scenario, told)


def runs_as_told(scenario: Scenario, told: Exploration) -> None:
    if told.order is None or told.result is None:
        assert not told.found
        return
    ordered = scenario._replace(events=(*told.order, *told.rest))
    if told.at_end:
        assert Machine(ordered).run() == told.result
        return
    machine = Machine(ordered)
    for event in told.order:
        machine.step(event)
    kept = [one for one in told.result.findings if one.rule != "T005"]
    assert machine.effects.findings == kept
    assert all(about(one) in told.found for one in told.result.findings)
