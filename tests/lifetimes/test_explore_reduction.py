"""Running one order of each class finds what running every order finds, as soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from support.enumeration import about, enumerate_orders
from support.scenarios import short, small_scenarios

from dtovl.lifetimes.explore import explore
from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.scenario import Actor, Object, Release, Scope

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


OVERLAY = {"tree": Object("tree", window="ovl"), "ovl": Object("ovl", static=True, survives=True)}
DRM = {"drm": Object("drm", "kref", release=Release(locks=("l",)))}


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        # Told as kept beyond POST_REMOVE, a pointer is not told again at the end.
        (
            "core: alloc tree id=made\ncore: phase ovl post_remove\ncore: free tree\n"
            "ntf: borrow tree as=h",
            OVERLAY,
        ),
        # Who puts last asks for the lock of the release, with what it has.
        (
            "a: alloc drm id=made\na: get drm as=h id=got\na: lock m\na: put drm\na: unlock m\n"
            "b: put hold=h after=got\nc: lock l after=got\nc: lock m\nc: unlock m\nc: unlock l",
            DRM,
        ),
        # An error path tells of an object that is not told as a leak again.
        (
            "a: alloc x id=one\na: fail\na: unwound\nb: free x after=one\na: alloc x",
            {"x": Object("x")},
        ),
        # A module that is pinned stays, one that was pinned later does not.
        (
            "a: pin mod as=p\nb: unload mod id=u\na: unpin mod as=p id=last\n"
            "code: lock m after=last,u\ncode: unlock m",
            {},
        ),
        # Members of a scope go the newest first.
        (
            "a: alloc x scope=s\nb: alloc y scope=s\na: close_scope s",
            {"x": Object("x", needs=("y",)), "y": Object("y")},
        ),
    ],
)
def test_states_that_differ_in_what_follows(text: str, objects: dict[str, Object]) -> None:
    scenario = short(
        text, objects, [Actor("ntf", "notifier"), Actor("code", code="mod")], [Scope("s")]
    )
    scenario = scenario._replace(locks=("l", "m"), modules=("mod",))
    every = enumerate_orders(scenario)
    for told in (explore(scenario), explore(scenario, seed=1), explore(scenario, reduce=False)):
        assert (told.found, length(told)) == (every.found, every.shortest)


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
