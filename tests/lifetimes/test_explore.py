"""The shortest order that breaks a rule, and that mended scenarios have none."""

from __future__ import annotations

import pytest
from support.scenarios import short

from dtovl.lifetimes.explore import default_bound, explore
from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.scenario import Actor, Object, Release, Scenario, Scope

BOTH = pytest.mark.parametrize("reduce", [True, False])

TWO_PHILOSOPHERS = """
    a: lock left
    a: lock right
    a: unlock right
    a: unlock left
    b: lock right
    b: lock left
    b: unlock left
    b: unlock right
"""

WORK = (Actor("work", "work", ("data",)),)

UNFLUSHED = """
    drv: alloc data id=made
    drv: queue work id=queued
    drv: free data
    work: start after=queued
    work: use data
    work: finish
"""

FLUSHED = UNFLUSHED.replace("drv: free", "drv: flush work\n    drv: free")

IN_ORDER = """
    a: alloc data id=made
    b: use data id=last after=made
    a: free data after=last
"""


def names(scenario: Scenario, *, reduce: bool = True) -> list[str]:
    return [event.name for event in explore(scenario, reduce=reduce).order or ()]


def rules(scenario: Scenario, *, reduce: bool = True) -> tuple[str, ...]:
    result = explore(scenario, reduce=reduce).result
    return tuple(one.rule for one in result.findings) if result is not None else ()


@BOTH
def test_two_philosophers(reduce: bool) -> None:
    scenario = short(TWO_PHILOSOPHERS)
    assert names(scenario, reduce=reduce) == ["e1", "e5", "e2", "e6"]
    assert rules(scenario, reduce=reduce) == ("T005",)


@BOTH
def test_a_deadlock_shows_though_others_go_on(reduce: bool) -> None:
    busy = "\n".join("c: lock other\n c: unlock other" for _ in range(5))
    scenario = short(TWO_PHILOSOPHERS + busy)
    assert len(names(scenario, reduce=reduce)) == 4


@BOTH
def test_same_order_of_locks(reduce: bool) -> None:
    scenario = short("a: lock x\na: lock y\na: unlock y\na: unlock x")
    both = (*scenario.events, *(e._replace(name=f"b{e.name}", actor="b") for e in scenario.events))
    scenario = scenario._replace(actors={"a": Actor("a"), "b": Actor("b")}, events=both)
    told = explore(scenario, reduce=reduce)
    assert (told.order, told.found, told.complete) == (None, (), True)


@BOTH
def test_missing_flush(reduce: bool) -> None:
    scenario = short(UNFLUSHED, ["data"], WORK)
    assert names(scenario, reduce=reduce) == ["made", "queued", "e3"]
    assert rules(scenario, reduce=reduce) == ("T011",)
    assert explore(scenario).rules == ("T001", "T011")


@BOTH
def test_flush(reduce: bool) -> None:
    assert explore(short(FLUSHED, ["data"], WORK), reduce=reduce).found == ()


@BOTH
def test_kept_order(reduce: bool) -> None:
    told = explore(short(IN_ORDER, ["data"]), reduce=reduce)
    assert (told.order, told.complete) == (None, True)


@BOTH
@pytest.mark.parametrize(("lost", "rule"), [(" after=last", "T001"), (" after=made", "")])
def test_lost_after(lost: str, rule: str, reduce: bool) -> None:
    """The object has to be there for its use in any list; what is freed is used by mistake."""
    told = explore(short(IN_ORDER.replace(lost, ""), ["data"]), reduce=reduce)
    assert told.rules == ((rule,) if rule else ())
    assert [event.name for event in told.order or ()] == (["made", "e3", "last"] if rule else [])


@BOTH
def test_after_waits_until_the_other_is_through(reduce: bool) -> None:
    """A flush that has to wait does not let those past that come after it."""
    text = FLUSHED.replace("drv: flush work", "drv: flush work id=flushed")
    text = text.replace("drv: free data", "admin: free data after=flushed")
    assert explore(short(text, ["data"], WORK), reduce=reduce).found == ()


@BOTH
def test_the_shortest_way_has_what_comes_before_by_design(reduce: bool) -> None:
    text = "c: lock z\nc: unlock z\nb: lock m id=one\na: free data after=one\na: free data"
    scenario = short(text, {"data": Object("data", static=True)})
    assert names(scenario, reduce=reduce) == ["one", "e4", "e5"]


def test_after_an_event_that_is_blocked_for_ever() -> None:
    result = Machine(short("a: wait never id=w\nb: complete other after=w")).run()
    assert [one.details["waits_for"] for one in result.findings] == ["never", "event:w"]
    result = Machine(short("a: wait c id=w\nb: complete c after=w")).run()
    assert [one.rule for one in result.findings] == ["T005"]


@BOTH
def test_what_shows_at_the_end_of_every_order(reduce: bool) -> None:
    scenario = short("a: alloc data\nb: lock x\nb: unlock x", ["data"])
    told = explore(scenario, reduce=reduce)
    assert told.at_end
    assert (len(told.order or ()), told.rules) == (3, ("T002",))
    assert told.result == Machine(scenario._replace(events=told.order or ())).run()


@BOTH
def test_an_actor_that_waits_for_ever_counts_its_attempt(reduce: bool) -> None:
    scenario = short("a: lock x\na: unlock x\nb: wait never\nb: lock x")
    told = explore(scenario, reduce=reduce)
    assert [len(told.order or ()), [event.name for event in told.rest]] == [3, ["e4"]]
    assert told.rules == ("T016",)


@BOTH
def test_an_actor_that_waits_for_itself(reduce: bool) -> None:
    scenario = short("a: lock x\na: lock x\nb: lock y\nb: unlock y")
    assert names(scenario, reduce=reduce) == ["e1", "e2"]


@BOTH
def test_the_last_of_two_puts_releases(reduce: bool) -> None:
    """Who puts last takes the lock of the release: only then b runs into a lock that it has."""
    objects = {"drm": Object("drm", "kref", release=Release(locks=("x",)))}
    text = """
        a: alloc drm id=made
        a: get drm as=fd id=got
        a: put drm
        b: lock x after=got
        b: put hold=fd
        b: unlock x
    """
    scenario = short(text, objects)._replace(locks=("x",))
    told = explore(scenario, reduce=reduce)
    assert [event.name for event in told.order or ()] == ["made", "got", "e3", "e4", "e5"]
    assert told.rules == ("T005",)


@BOTH
def test_unplug_closes_at_once(reduce: bool) -> None:
    """Whoever comes while unplug waits for a reader is refused, though unplug got not through."""
    text = "a: enter g\na: unplug h\na: exit_gate g\nb: unplug g\nc: use data entry=g"
    scenario = short(text, ["data"])._replace(gates=("g", "h"))
    scenario = scenario._replace(objects={"data": Object("data", static=True, survives=True)})
    assert explore(scenario, reduce=reduce).rules == ("T019",)
    assert len(names(scenario, reduce=reduce)) == 2


@BOTH
def test_no_hold_id_is_in_use_twice(reduce: bool) -> None:
    """The id serves both actors; orders in which it would be taken twice are no lists."""
    objects = {"drm": Object("drm", "kref", survives=True)}
    text = "a: alloc drm\na: get drm as=h\na: put hold=h\nb: get drm as=h\nb: put hold=h"
    assert explore(short(text, objects), reduce=reduce).found == ()


def test_scopes_and_files() -> None:
    objects = {"drm": Object("drm", "kref", survives=True), "crtc": Object("crtc")}
    text = """
        drv: alloc drm id=one
        drv: alloc crtc scope=bind id=two
        drv: borrow crtc as=drm.crtc by=drm id=three
        drv: close_scope bind
        app: get drm as=fd after=three
        app: put hold=fd
    """
    told = explore(short(text, objects, [Actor("app", "file")], [Scope("bind")]))
    assert told.rules == ("T007", "T008")
    assert [one.name for one in told.order or ()] == ["one", "two", "three", "e5", "e4"]


def test_nothing_to_do() -> None:
    told = explore(short("a: lock x")._replace(events=()))
    assert (told.order, told.states, told.complete) == (None, 1, True)


@BOTH
def test_bound(reduce: bool) -> None:
    text = "\n".join(f"{one}: write data field=f{i}" for one in "abcd" for i in range(4))
    scenario = short(text, {"data": Object("data", static=True, survives=True)})
    told = explore(scenario, bound=10, reduce=reduce)
    assert (told.complete, told.states) == (False, 10)
    assert explore(scenario, bound=0, reduce=reduce).states == 0


def test_an_order_found_before_the_bound_is_cut_to_what_matters() -> None:
    text = "c: lock z\nc: unlock z\n" * 5 + UNFLUSHED.strip()
    told = explore(short(text, ["data"], WORK), bound=18)
    assert not told.complete
    assert [one.name for one in told.order or ()] == ["made", "queued", "e13"]


def test_default_bound_is_smaller_for_large_scenarios() -> None:
    small, large = short("a: lock x"), short("a: lock x\na: unlock x\n" * 1000)
    assert default_bound(small) > 10 * default_bound(large) // 2 > 0


def test_progress() -> None:
    told: list[int] = []
    text = "\n".join(f"{one}: lock x\n{one}: unlock x" for one in "abcde" for _ in range(2))
    states = explore(short(text), progress=told.append, reduce=False).states
    assert told == sorted(told)
    assert 0 < told[-1] <= states


def test_seeds_are_deterministic() -> None:
    scenario = short(UNFLUSHED, ["data"], WORK)
    assert explore(scenario, seed=3) == explore(scenario, seed=3)


def test_five_actors_with_forty_events_end_within_the_bound() -> None:
    lines = []
    for one in "abcde":
        lines += [f"{one}: lock m", f"{one}: write d{one}", f"{one}: unlock m", f"{one}: read all"]
        lines += [f"{one}: lock m", f"{one}: write d{one}", f"{one}: unlock m", f"{one}: read all"]
    static = {
        n: Object(n, static=True, survives=True) for n in ("all", *(f"d{o}" for o in "abcde"))
    }
    told = explore(short("\n".join(lines), static))
    assert (told.complete, told.found) == (True, ())
