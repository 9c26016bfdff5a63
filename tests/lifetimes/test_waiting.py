"""Waiting: who is blocked, when they go on, what is a deadlock and what might be one."""

from __future__ import annotations

import pytest
from lifetimes.told import found, refused, rules

LOCKS = "[j, k, l, m]"


def cycle(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"actor": actor, "waits_for": waitable} for actor, waitable in pairs]


def edges(*steps: tuple[str, str, str, str]) -> list[dict[str, str]]:
    return [dict(zip(("held", "wanted", "actor", "event"), one, strict=True)) for one in steps]


# -- blocking --------------------------------------------------------------------------------------


def test_an_actor_that_has_the_lock_waits_for_itself() -> None:
    assert found("a lock lock=l\na lock lock=l", locks=LOCKS) == [
        {"rule": "T005", "event": "e2", "actor": "a", "cycle": cycle(("a", "l"))}
    ]


def test_a_release_in_a_release_wants_the_same_lock() -> None:
    """The owner is who has it in the attempt, though nothing of the attempt stays."""
    objects = """{o: {kind: kref, release: {locks: [l], puts: [p.initial]}},
        p: {kind: kref, release: {locks: [l]}}}"""
    events = "a alloc object=o\na alloc object=p\na put object=o\nb lock lock=l\nb unlock lock=l"
    assert found(events, objects=objects, locks=LOCKS) == [
        {"rule": "T005", "event": "e3", "actor": "a", "cycle": cycle(("a", "l"))}
    ]


def test_an_unlock_by_another_has_no_effect() -> None:
    assert rules("a lock lock=l\nb unlock lock=l\nb lock lock=l", locks=LOCKS) == ["T016 e3"]


def test_a_completion_stays_complete() -> None:
    events = (
        "a wait completion=c\nb complete completion=c\na wait completion=c\nc wait completion=c"
    )
    assert rules(events, completions="[c]") == []


def test_a_release_completes() -> None:
    objects = "{o: {kind: kref, release: {completes: [c]}}}"
    events = "b alloc object=o\na wait completion=c\nb put object=o\na use object=o"
    assert rules(events, objects=objects, completions="[c]") == ["T001 e4"]


@pytest.mark.parametrize("end", ["w start\nw finish", "b cancel work=w"])
def test_flush_waits_until_the_work_is_idle(end: str) -> None:
    events = f"a alloc object=o\nb queue work=w\na flush work=w\na free object=o\n{end}"
    assert rules(events, "w: {kind: work, uses: [o]}", objects="{o: }") == []
    assert rules("b queue work=w\na flush work=w", "w: {kind: work}") == ["T016 e2"]


def test_queued_again_while_it_runs_counts_for_a_flush() -> None:
    events = "w start\na queue work=w\na flush work=w\nw finish"
    assert rules(events, "w: {kind: work}") == ["T016 e3"]
    assert rules(events + "\nw start\nw finish", "w: {kind: work}") == []


def test_cancel_drops_what_is_queued_at_once_and_waits_for_what_runs() -> None:
    """A start runs also after it."""
    events = "w start\na queue work=w\na cancel work=w\nb flush work=w\nw finish"
    assert rules(events, "w: {kind: work}") == []
    assert rules("a queue work=w\na cancel work=w\nw start\nw finish", "w: {kind: work}") == []


def test_unplug_closes_at_once_and_waits_for_readers() -> None:
    events = """a alloc object=o
        b enter gate=g
        a unplug gate=g
        a free object=o
        c enter gate=g
        c use object=o guard=g
        b use object=o
        b exit_gate gate=g
        b use object=o"""
    assert refused(events, gates="[g]", objects="{o: }") == [("e5", "gate closed: g")]
    assert rules(events, gates="[g]", objects="{o: }") == ["T001 e9"]


def test_a_del_waits_for_active_operations() -> None:
    objects = "{o: {kind: kobject, static: true, survives: true}}"
    events = """a init object=o
        a add object=o
        b enter_sysfs object=o
        b enter_sysfs object=o
        a del object=o
        b leave_sysfs object=o
        b leave_sysfs object=o
        a add object=o"""
    assert rules(events, objects=objects) == []


def test_an_event_that_waits_has_no_effect_and_no_finding() -> None:
    """Also deep inside: the release takes a lock that is held; then all happens at once."""
    objects = """{o: {kind: kref, code: m, release: {locks: [l], frees: [p]}}, p: }"""
    events = """a alloc object=o
        a alloc object=p
        b lock lock=l
        a unload module=m
        a put object=o
        b use object=o
        b put object=o
        b unlock lock=l"""
    sections = {"objects": objects, "locks": LOCKS, "modules": "[m]"}
    told = found(events, **sections)
    assert [(one["rule"], one["event"]) for one in told] == [("T014", "e4"), ("T005", "e7")]
    told = found(events.replace("b put object=o", "b fail"), **sections)
    assert [(one["rule"], one["event"]) for one in told] == [("T014", "e4")]


def test_of_what_waits_the_refusals_are_not_noted_twice() -> None:
    """The code of the actor is found gone when the event gets through, once."""
    events = "b lock lock=l\nc unload module=m\na lock lock=l\nb unlock lock=l\na unlock lock=l"
    assert found(events, "a: {code: m}", locks=LOCKS, modules="[m]") == [
        {"rule": "T014", "event": "e3", "actor": "a", "module": "m"}
    ]


# -- order -----------------------------------------------------------------------------------------


def test_later_events_of_a_blocked_actor_wait_behind_it() -> None:
    events = """a alloc object=o
        b lock lock=l
        a lock lock=l
        a free object=o
        b use object=o
        b unlock lock=l
        b use object=o
        a unlock lock=l"""
    assert rules(events, objects="{o: }", locks=LOCKS) == ["T001 e7"]


def test_blocked_actors_are_tried_in_the_order_of_the_map() -> None:
    """Not in the order in which they blocked; the second is in the next round."""
    events = """a alloc object=o
        a lock lock=l
        c lock lock=l
        b lock lock=l
        b write object=o
        b unlock lock=l
        c free object=o
        c unlock lock=l
        a unlock lock=l"""
    sections = {"objects": "{o: }", "locks": LOCKS}
    assert rules(events, "a: ;b: ;c: ", **sections) == []
    assert rules(events, "a: ;c: ;b: ", **sections) == ["T001 e5"]


def test_one_that_gets_through_works_off_its_backlog_first() -> None:
    events = """a alloc object=o
        a lock lock=l
        b lock lock=l
        b unlock lock=l
        b free object=o
        c lock lock=l
        c use object=o
        c unlock lock=l
        a unlock lock=l"""
    assert rules(events, "a: ;b: ;c: ", objects="{o: }", locks=LOCKS) == ["T001 e7"]


def test_rounds_go_on_while_somebody_gets_through() -> None:
    """c waits for what b completes, which stands behind it in the map: a second round."""
    events = (
        "b wait completion=x\nb complete completion=y\nc wait completion=y\na complete completion=x"
    )
    assert rules(events, "c: ;b: ;a: ", completions="[x, y]") == []


# -- deadlocks -------------------------------------------------------------------------------------

ABBA = "a lock lock=k\nb lock lock=l\na lock lock=l\nb lock lock=k\n"


def test_a_cycle_starts_with_the_actor_that_sorts_first() -> None:
    events = "b lock lock=k\na lock lock=l\nb lock lock=l\na lock lock=k"
    assert found(events, locks=LOCKS) == [
        {"rule": "T005", "event": "e4", "actor": "a", "cycle": cycle(("a", "k"), ("b", "l"))}
    ]


def test_who_waits_for_a_deadlock_is_in_no_finding() -> None:
    assert rules(ABBA + "c lock lock=k", locks=LOCKS) == ["T005 e3"]


def test_two_deadlocks_are_two_findings() -> None:
    other = "d lock lock=j\nc lock lock=m\nd lock lock=m\nc lock lock=j"
    assert rules(ABBA + other, locks=LOCKS) == ["T005 e3", "T005 e8"]


def test_the_shortest_cycle_by_names() -> None:
    """z waits for two readers, each of which waits for z: the one that sorts first is named."""
    events = """z lock lock=l
        b enter gate=g
        a enter gate=g
        b lock lock=l
        a lock lock=l
        z unplug gate=g"""
    told = found(events, locks=LOCKS, gates="[g]")
    assert told == [
        {
            "rule": "T005",
            "event": "e5",
            "actor": "a",
            "cycle": cycle(("a", "l"), ("z", "gate:g")),
        },
        {
            "rule": "T005",
            "event": "e4",
            "actor": "b",
            "cycle": cycle(("b", "l"), ("z", "gate:g")),
        },
    ]


def test_a_longer_cycle_by_way_of_one_that_was_told() -> None:
    """That of b goes by way of a, and begins with it."""
    events = """a lock lock=l
        x lock lock=m
        b enter gate=g
        c enter gate=g
        c lock lock=l
        x lock lock=l
        b lock lock=m
        a unplug gate=g"""
    told = found(events, locks=LOCKS, gates="[g]")
    assert [(one["rule"], one["event"], one["actor"]) for one in told] == [("T005", "e8", "a")] * 2
    assert [one["cycle"] for one in told] == [
        cycle(("a", "gate:g"), ("c", "l")),
        cycle(("a", "gate:g"), ("b", "m"), ("x", "l")),
    ]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ("b complete completion=c", "T005"),
        ("b put object=o", "T005"),
        ("b put hold=h", "T005"),
        ("b put hold=none", "T016"),
        ("b free object=o", "T016"),
        ("d complete completion=c", ""),
    ],
)
def test_who_would_complete(later: str, expected: str) -> None:
    """Blocked actors whose event or backlog completes it, or puts an object whose release does."""
    objects = "{o: {kind: kref, survives: true, release: {completes: [c]}}}"
    events = f"""b alloc object=o
        b get object=o as=h
        a lock lock=l
        a wait completion=c
        b lock lock=l
        b fail
        {later}
        a unlock lock=l
        b unlock lock=l"""
    told = found(events, objects=objects, locks=LOCKS, completions="[c]")
    assert [one["rule"] for one in told if one["rule"] in ("T005", "T016")] == {
        "": [],
        "T005": ["T005"],
        "T016": ["T016", "T016"],
    }[expected]


def test_an_actor_that_would_complete_what_it_waits_for() -> None:
    events = "a wait completion=c\na complete completion=c"
    assert found(events, completions="[c]") == [
        {"rule": "T005", "event": "e1", "actor": "a", "cycle": cycle(("a", "c"))}
    ]


def test_waiting_for_ever_without_a_cycle() -> None:
    """In the order of the map."""
    events = "a wait completion=c\nb flush work=w\nc fail\nw queue work=w"
    told = found("w queue work=w\n" + events, "w: {kind: work};b: ;a: ", completions="[c]")
    assert told == [
        {"rule": "T016", "event": "e3", "actor": "b", "waits_for": "work:w"},
        {"rule": "T016", "event": "e2", "actor": "a", "waits_for": "c"},
    ]


def test_who_holds_is_found_at_the_last_attempt() -> None:
    """The lock goes from one to another while c waits for it."""
    events = """a lock lock=l
        c lock lock=k
        c lock lock=l
        b lock lock=l
        a unlock lock=l
        b lock lock=k"""
    told = found(events, "b: ;a: ;c: ", locks=LOCKS)
    assert told == [
        {"rule": "T005", "event": "e6", "actor": "b", "cycle": cycle(("b", "k"), ("c", "l"))}
    ]


# -- possible deadlocks ----------------------------------------------------------------------------


LATER = "a lock lock=k\na lock lock=l\na unlock lock=l\na unlock lock=k\n"
OTHER = "b lock lock=l\nb lock lock=k\nb unlock lock=k\nb unlock lock=l"


def test_two_orders_of_two_locks() -> None:
    assert found(LATER + OTHER, locks=LOCKS) == [
        {
            "rule": "T006",
            "event": "e6",
            "actor": "a",
            "cycle": edges(("k", "l", "a", "e2"), ("l", "k", "b", "e6")),
        }
    ]


def test_only_the_first_request_of_a_pair_counts() -> None:
    again = LATER.replace("a ", "c ")
    assert found(LATER + OTHER + "\n" + again, locks=LOCKS)[0]["event"] == "e6"
    assert found(LATER + again + OTHER, locks=LOCKS)[0]["cycle"][0]["event"] == "e2"


def test_the_event_is_the_latest_of_the_cycle() -> None:
    told = found(OTHER + "\n" + LATER, locks=LOCKS)
    assert (told[0]["event"], told[0]["actor"]) == ("e6", "a")
    told = found("c fail\n" * 5 + OTHER + "\n" + LATER, locks=LOCKS)
    assert told[0]["event"] == "e11"


def test_a_deadlock_leaves_no_possible_one() -> None:
    other = "c lock lock=m\nc lock lock=j\nc unlock lock=j\nc unlock lock=m\n"
    third = "d lock lock=j\nd lock lock=m\nd unlock lock=m\nd unlock lock=j\n"
    assert rules(other + third, locks=LOCKS) == ["T006 e6"]
    assert rules(other + third + ABBA, locks=LOCKS) == ["T005 e11"]


def test_one_who_waits_for_ever_leaves_it() -> None:
    events = LATER + OTHER + "\na wait completion=c"
    assert rules(events, locks=LOCKS, completions="[c]") == ["T016 e9", "T006 e6"]


def test_requests_of_an_attempt_that_waited_stay() -> None:
    """b asks for k while it has l, and waits; the put that a does asks, and waits."""
    events = """a lock lock=k
        b lock lock=l
        b lock lock=k
        a unlock lock=k
        b unlock lock=k
        b unlock lock=l"""
    assert rules(events + "\n" + LATER, locks=LOCKS) == ["T006 e8"]


def test_a_flush_under_a_lock_that_the_work_takes() -> None:
    events = """w start
        w lock lock=l
        w unlock lock=l
        w finish
        a lock lock=l
        a flush work=w
        a unlock lock=l"""
    assert found(events, "w: {kind: work}", locks=LOCKS) == [
        {
            "rule": "T006",
            "event": "e6",
            "actor": "a",
            "cycle": edges(("l", "work:w", "a", "e6"), ("work:w", "l", "w", "e2")),
        }
    ]


def test_complete_under_a_lock_that_the_waiter_has() -> None:
    """An edge from the completion to what the completer has, by an event or a release."""
    waiter = "a lock lock=l\na wait completion=c\na unlock lock=l\n"
    event = "b lock lock=l\nb complete completion=c\nb unlock lock=l\n"
    told = found(event + waiter, locks=LOCKS, completions="[c]")
    assert told[0]["cycle"] == edges(("c", "l", "b", "e2"), ("l", "c", "a", "e5"))
    objects = "{o: {kind: kref, release: {completes: [c]}}}"
    put = "b alloc object=o\nb lock lock=l\nb put object=o\nb unlock lock=l\n"
    assert rules(put + waiter, objects=objects, locks=LOCKS, completions="[c]") == ["T006 e6"]


def test_a_removal_under_a_lock_that_the_callback_takes() -> None:
    objects = "{o: {kind: kobject, static: true, survives: true}}"
    events = """a init object=o
        a add object=o
        b enter_sysfs object=o
        b lock lock=l
        b unlock lock=l
        b leave_sysfs object=o
        a lock lock=l
        a del object=o
        a unlock lock=l"""
    told = found(events, objects=objects, locks=LOCKS)
    assert told[0]["cycle"] == edges(("active:o", "l", "b", "e4"), ("l", "active:o", "a", "e8"))


def test_unplug_asks_for_the_gate_and_enter_does_not() -> None:
    section = "b enter gate=g\nb lock lock=l\nb unlock lock=l\nb exit_gate gate=g\n"
    unplug = "a lock lock=l\na unplug gate=g\na unlock lock=l"
    assert rules(section + unplug, locks=LOCKS, gates="[g]") == ["T006 e6"]
    enter = "a lock lock=l\na enter gate=g\na exit_gate gate=g\na unlock lock=l"
    assert rules(section + enter, locks=LOCKS, gates="[g]") == []


def test_start_and_enter_sysfs_ask_for_nothing() -> None:
    objects = "{o: {kind: kobject, static: true, survives: true}}"
    events = """a init object=o
        a add object=o
        w lock lock=l
        w start
        w enter_sysfs object=o
        w unlock lock=l
        w lock lock=l
        w unlock lock=l
        w leave_sysfs object=o
        w finish"""
    assert rules(events, "w: {kind: work}", objects=objects, locks=LOCKS) == []


def test_cycles_are_told_by_waitable() -> None:
    """Each is in one only, starting with the waitable that sorts first."""
    other = (LATER + OTHER).replace("=k", "=x").replace("=l", "=j")
    first = (LATER + OTHER + "\n").replace("=k", "=m")
    told = found(first + other, locks="[j, l, m, x]")
    assert [one["cycle"][0]["held"] for one in told] == ["j", "l"]


def test_locks_of_a_release_are_asked_for() -> None:
    objects = "{o: {kind: kref, release: {locks: [k]}}}"
    put = "a alloc object=o\na lock lock=l\na put object=o\na unlock lock=l\n"
    assert rules(put + LATER.replace("a ", "b "), objects=objects, locks=LOCKS) == ["T006 e6"]
