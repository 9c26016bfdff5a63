"""Traces: the moments of a run, what each changed, to which the findings belong."""

from __future__ import annotations

from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.reading import read_scenario
from dtovl.lifetimes.state import LIVE
from dtovl.lifetimes.trace import (
    ALIVE,
    CLOSED,
    COUNT,
    DONE,
    DROPPED,
    GONE,
    TAKEN,
    Trace,
    watch,
    watch_beginning,
)

HEAD = "dtovl-scenario: 1\nname: t\n"


def traced(text: str) -> Trace:
    scenario = read_scenario((HEAD + text).encode(), "t.yaml")
    trace = watch(scenario)
    assert trace.result == Machine(scenario).run()
    return trace


def changes(trace: Trace, event: str) -> list[tuple[str, str, int]]:
    return [
        (one.what, one.name, one.number)
        for moment in trace.moments
        if moment.event.name == event and not moment.waits_for
        for one in moment.changes
    ]


def test_changes_of_an_event_with_all_that_follows_from_it() -> None:
    trace = traced(
        """
actors: {a: {}}
scopes: {s: {kind: drmm}}
completions: [done]
objects:
  outer: {kind: kref, release: {puts: [outer.inner], completes: [done], closes: [s]}}
  inner: {kind: kref, survives: true}
  member: {}
events:
- {actor: a, do: alloc, object: outer}
- {actor: a, do: alloc, object: inner}
- {actor: a, do: alloc, object: member, scope: s}
- {actor: a, do: get, object: inner, as: outer.inner, by: outer}
- {actor: a, do: put, object: outer}
"""
    )
    assert changes(trace, "e1") == [
        (ALIVE, "outer", 0),
        (COUNT, "outer", 1),
        (TAKEN, "outer.initial", 0),
    ]
    assert changes(trace, "e3") == [(ALIVE, "member", 0)]
    assert changes(trace, "e4") == [(COUNT, "inner", 2), (TAKEN, "outer.inner", 0)]
    assert changes(trace, "e5") == [
        (DROPPED, "outer.initial", 0),
        (COUNT, "outer", 0),
        (DROPPED, "outer.inner", 0),
        (COUNT, "inner", 1),
        (DONE, "done", 0),
        (GONE, "member", 0),
        (CLOSED, "s", 0),
        (GONE, "outer", 0),
    ]


def test_who_has_to_wait_is_there_twice_and_tried_in_between_without_a_trace() -> None:
    trace = traced(
        """
actors: {a: {}, b: {}}
locks: [L]
objects: {o: {static: true, survives: true}}
events:
- {actor: a, do: lock, lock: L}
- {actor: b, do: lock, lock: L}
- {actor: b, do: alloc, object: o}
- {actor: a, do: phase, object: o, phase: pre_apply}
- {actor: a, do: unlock, lock: L}
- {actor: b, do: unlock, lock: L}
"""
    )
    told = [(one.event.name, one.waits_for, one.late) for one in trace.moments]
    assert told == [
        ("e1", "", False),
        ("e2", "L", False),
        ("e4", "", False),
        ("e5", "", False),
        ("e2", "", True),
        ("e3", "", False),
        ("e6", "", False),
    ]
    assert trace.moments[1].owners == ("a",)
    assert [one.held for one in trace.moments[3:6]] == [(), ("L",), ("L",)]


def test_findings_belong_to_the_moment_that_got_through_or_to_the_end() -> None:
    trace = traced(
        """
actors: {a: {}, b: {}}
locks: [L]
objects: {o: {}, leak: {}}
events:
- {actor: a, do: lock, lock: L}
- {actor: a, do: alloc, object: o}
- {actor: a, do: alloc, object: leak}
- {actor: b, do: lock, lock: L}
- {actor: a, do: free, object: o}
- {id: end, actor: b, do: use, object: o}
- {actor: a, do: unlock, lock: L}
- {actor: b, do: unlock, lock: L}
"""
    )
    (number,) = trace.found
    assert trace.moments[number].event.name == "end"
    assert [one.rule for one in trace.found[number]] == ["T001"]
    assert [one.rule for one in trace.at_end] == ["T002"]
    assert trace.state.lives["leak"].state == LIVE
    assert not trace.stuck


def test_state_and_waits_are_those_of_the_first_finding() -> None:
    trace = traced(
        """
actors: {a: {}, b: {}}
locks: [L]
objects: {o: {}}
events:
- {actor: a, do: alloc, object: o}
- {actor: a, do: borrow, object: o, as: p}
- {actor: a, do: lock, lock: L}
- {actor: b, do: lock, lock: L}
- {actor: a, do: free, object: o}
- {actor: a, do: use, via: p}
- {actor: a, do: forget, hold: p}
- {actor: a, do: unlock, lock: L}
- {actor: b, do: unlock, lock: L}
"""
    )
    assert "p" in trace.state.holds
    assert set(trace.waits) == {"b"}
    assert not trace.stuck
    assert [one.target for one in trace.moments if one.event.verb in ("use", "forget")] == ["o"] * 2


def test_the_beginning_of_an_order_is_not_judged_at_its_end() -> None:
    scenario = read_scenario(
        f"{HEAD}actors: {{a: {{}}}}\nobjects: {{o: {{}}}}\nevents:\n"
        "- {actor: a, do: alloc, object: o}\n- {actor: a, do: free, object: o}\n".encode(),
        "t.yaml",
    )
    order = scenario.events[:1]
    trace = watch_beginning(scenario._replace(events=order), order, Machine(scenario).run())
    assert [one.event.name for one in trace.moments] == ["e1"]
    assert trace.at_end == ()
