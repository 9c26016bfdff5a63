"""What verbs do to objects: a test for each sentence of the rules of allocation and counting."""

from __future__ import annotations

import pytest
from lifetimes.told import found, rules, run

KREF = "{o: {kind: kref}, p: {}}"
KOBJECT = "{o: {kind: kobject}, p: {kind: kobject, survives: true}}"
READY = "a alloc object=o\na init object=o\na alloc object=p\na init object=p\n"

# -- alloc -----------------------------------------------------------------------------------------


def test_alloc_of_a_live_object_has_no_effect() -> None:
    """T012; the first life goes on, with its allocator and its references."""
    events = "a alloc object=o\nb alloc object=o\na put object=o"
    assert found(events, objects=KREF) == [
        {"rule": "T012", "event": "e2", "object": "o", "actor": "b", "op": "alloc"}
    ]


def test_a_static_object_is_live_from_the_start() -> None:
    assert rules("a alloc object=o", objects="{o: {static: true}}") == ["T012 e1"]
    assert rules("a use object=o", objects="{o: {static: true}}") == []


def test_alloc_begins_a_new_life() -> None:
    """Not initialised, not in sysfs, not replaced; a static one that was freed, too."""
    life = "a init object=o\na add object=o\na replace old=o new=p\na free object=o\n"
    again = "a alloc object=o\na add object=o\na free object=o"
    objects = "{o: {kind: kobject, static: true}, p: {static: true}}"
    assert rules(life + again, objects=objects) == ["T004 e6"]


def test_a_new_life_is_not_replaced() -> None:
    events = """a alloc object=o
        a replace old=o new=p
        a free object=o
        a alloc object=o
        a borrow object=o as=h
        a free object=o
        a forget hold=h"""
    assert rules(events, objects="{o: , p: {static: true}}") == []


def test_holds_of_a_former_life_stay_and_count_in_the_new_one() -> None:
    events = """a alloc object=o
        a get object=o as=h
        a free object=o
        a alloc object=o
        a put hold=h
        a use object=o"""
    assert found(events, objects=KREF) == [
        {"rule": "T001", "event": "e6", "object": "o", "actor": "a", "freed": "e5"}
    ]


def test_accesses_of_a_former_life_stay() -> None:
    events = """a alloc object=o
        a write object=o
        a free object=o
        b alloc object=o
        b read object=o
        b free object=o"""
    assert rules(events, objects="{o: }") == ["T020 e5"]


def test_the_first_reference_is_of_whom_by_says() -> None:
    events = "a alloc object=p\na alloc object=o by=p\na free object=p"
    told = found(events, objects=KREF)
    assert told[0] == {
        "rule": "T002",
        "event": "end",
        "object": "o",
        "hold": "o.initial",
        "held_by": ["o.initial"],
    }


# -- free ------------------------------------------------------------------------------------------


def test_free_of_what_was_never_allocated_has_no_effect() -> None:
    objects = "{o: {kind: kref, release: {frees: [p]}}, p: }"
    assert rules("a alloc object=o\na put object=o", objects=objects) == []


def test_free_frees_whatever_the_count() -> None:
    events = "a alloc object=o\na get object=o as=h\na free object=o\na use object=o"
    assert rules(events, objects=KREF) == ["T001 e4"]


def test_free_of_a_freed_object_says_no_hold_and_stops() -> None:
    objects = "{o: , p: {needs: [o]}}"
    events = "a alloc object=o\na free object=o\na alloc object=p\nb free object=o\na free object=p"
    assert found(events, objects=objects) == [
        {"rule": "T003", "event": "e4", "object": "o", "actor": "b", "freed": "e2"}
    ]


def test_free_finds_what_needs_the_object_in_the_order_of_the_map() -> None:
    objects = "{z: {needs: [o]}, o: , b: {needs: [o]}, c: {needs: [o]}}"
    events = "\n".join(f"a alloc object={one}" for one in "bzoc")
    events += "\na free object=c\na free object=o\na free object=z\na free object=b"
    assert found(events, objects=objects) == [
        {"rule": "T009", "event": "e6", "object": "o", "actor": "a", "dependent": "z"},
        {"rule": "T009", "event": "e6", "object": "o", "actor": "a", "dependent": "b"},
    ]


@pytest.mark.parametrize(
    ("before", "pending"),
    [
        ("a queue work=w", "queued"),
        ("w start", "running"),
        ("w start\na queue work=w", "running"),
        ("a queue work=w\nw start\nw finish", ""),
        ("a queue work=w\na cancel work=w", ""),
        ("", ""),
    ],
)
def test_free_finds_works_that_use_the_object(before: str, pending: str) -> None:
    events = f"a alloc object=o\n{before}\na free object=o\n"
    told = found(events, "w: {kind: timer, uses: [o]}", objects="{o: }")
    expected = {"rule": "T011", "object": "o", "actor": "w", "pending": pending}
    got = [{key: one[key] for key in expected} for one in told if one["rule"] == "T011"]
    assert got == ([expected] if pending else [])


@pytest.mark.parametrize("kind", ["thread", "notifier", "firmware", "file"])
def test_only_works_are_drained(kind: str) -> None:
    events = "a alloc object=o\na queue work=w\na free object=o"
    assert rules(events, f"w: {{kind: {kind}, uses: [o]}}", objects="{o: }") == []


def test_of_several_works_each_is_found_once() -> None:
    """For T011 the actor counts when findings are compared."""
    actors = "v: {kind: irq, uses: [o]};w: {kind: commit, uses: [o]}"
    events = "a alloc object=o\na queue work=w\na queue work=v\na free object=o\n" * 2
    told = found(events, actors, objects="{o: }")
    assert [(one["rule"], one["event"], one["actor"]) for one in told] == [
        ("T011", "e4", "v"),
        ("T011", "e4", "w"),
    ]


@pytest.mark.parametrize("phase", ["pre_apply", "post_apply", "pre_remove", "post_remove", ""])
def test_free_inside_the_window(phase: str) -> None:
    events = "a alloc object=o\n"
    events += f"a phase object=v phase={phase}\n" if phase else ""
    told = found(events + "a free object=o", objects="{o: {window: v}, v: {static: true}}")
    if phase in ("", "post_remove"):
        assert told == []
    else:
        expected = {"rule": "T015", "event": "e3", "object": "o", "actor": "a", "phase": phase}
        assert told == [expected]


def test_of_an_overlay_the_last_phase_counts() -> None:
    objects = "{o: {window: v}, v: {static: true}}"
    events = "a phase object=v phase=post_remove\na phase object=v phase=pre_apply\n"
    assert rules(events + "a alloc object=o\na free object=o", objects=objects) == ["T015 e4"]


def test_free_tells_in_order() -> None:
    """Needs, works, window; then pointers to it."""
    objects = "{o: {window: v}, v: {static: true}, n: {needs: [o], survives: true}}"
    events = """a alloc object=o
        a alloc object=n
        a borrow object=o as=h by=n
        a phase object=v phase=pre_apply
        a queue work=w
        a replace old=o new=n
        a free object=o"""
    actors = "w: {kind: work, uses: [o]}"
    assert rules(events, actors, objects=objects) == ["T009 e7", "T011 e7", "T015 e7", "T013 e7"]


def test_pointers_to_a_replaced_object() -> None:
    """In the order taken, borrows and links, of living holders; counted holds are none."""
    events = """a alloc object=p
        a alloc object=o
        b exit
        a link object=o as=z by=p
        a borrow object=o as=y by=b
        a borrow object=o as=x
        a get object=o as=w
        a replace old=o new=p
        c free object=o
        a free object=p"""
    assert found(events, objects=KREF)[:2] == [
        {"rule": "T013", "event": "e9", "object": "o", "hold": "z", "actor": "c", "by": "p"},
        {"rule": "T013", "event": "e9", "object": "o", "hold": "x", "actor": "c", "by": "a"},
    ]


def test_what_a_freed_object_had() -> None:
    """Its borrows and links vanish, its counted holds stay: T022."""
    objects = "{o: {kind: kref, survives: true}, p: }"
    events = """a alloc object=o
        a alloc object=p
        a get object=o as=c by=p
        a borrow object=o as=b by=p
        a free object=p
        a use object=o via=b
        a free object=o
        a alloc object=o"""
    assert found(events, objects=objects) == [
        {
            "rule": "T022",
            "event": "end",
            "object": "o",
            "hold": "c",
            "by": "p",
            "freed": "e5",
        }
    ]


def test_a_reference_is_lost_only_when_its_holder_is_freed() -> None:
    objects = "{o: {kind: kref, survives: true}, p: {survives: true}}"
    events = "a alloc object=o\na alloc object=p\na get object=o as=h by=p\n"
    assert rules(events, objects=objects) == []
    assert rules(events + "a free object=p", objects=objects) == ["T022 end"]


# -- touch -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "verb", ["use", "read", "write", "get", "borrow", "init", "add", "del", "enter_sysfs"]
)
def test_these_verbs_touch(verb: str) -> None:
    name = " as=h" if verb in ("get", "borrow") else ""
    events = f"a alloc object=o\na free object=o\nb {verb} object=o{name}"
    assert found(events, objects=KOBJECT) == [
        {"rule": "T001", "event": "e3", "object": "o", "actor": "b", "freed": "e2"}
    ]


@pytest.mark.parametrize("verb", ["link", "leave_sysfs"])
def test_these_verbs_do_not_touch(verb: str) -> None:
    name = " as=h" if verb == "link" else ""
    assert (
        rules(f"a alloc object=o\na free object=o\nb {verb} object=o{name}", objects=KOBJECT) == []
    )


def test_replace_and_phase_do_not_touch() -> None:
    events = "a alloc object=o\na free object=o\na phase object=o phase=pre_apply\n"
    assert rules(events + "a replace old=o new=o", objects=KREF) == []


def test_a_use_after_free_is_told_once_of_object_and_hold() -> None:
    events = """a alloc object=o
        a borrow object=o as=h
        a borrow object=o as=i
        a free object=o
        a use object=o
        b use object=o
        a use via=h
        b use via=h
        a use via=i
        a forget hold=h
        a forget hold=i"""
    assert rules(events, objects=KREF) == ["T001 e5", "T001 e7", "T001 e9"]


def test_a_borrow_that_failed_is_none() -> None:
    events = "a alloc object=o\na free object=o\na borrow object=o as=h"
    assert rules(events, objects=KREF) == ["T001 e3"]


# -- kobjects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["add", "del", "get", "put"])
def test_before_init(verb: str) -> None:
    name = " as=h" if verb == "get" else ""
    expected = {"rule": "T004", "event": "e2", "object": "o", "actor": "a", "op": verb}
    events = f"a alloc object=o\na {verb} object=o{name}\na free object=o"
    assert found(events, objects=KOBJECT) == [expected]


def test_before_init_without_alloc() -> None:
    assert rules("a put object=o\na add object=o", objects=KOBJECT) == ["T004 e1", "T004 e2"]


def test_a_get_before_init_takes_no_hold() -> None:
    events = "a alloc object=o\na get object=o as=h\na init object=o\na put hold=h\na free object=o"
    told = found(events, objects=KOBJECT)
    assert told[1] == {"rule": "T003", "event": "e4", "hold": "h", "actor": "a"}


def test_a_second_init_counts_one_again() -> None:
    """In sysfs and with other holds, which stay; one put then releases."""
    events = READY + "a add object=o\na get object=o as=h\na init object=o by=p\na put object=o"
    told = found(events + "\na use object=o", objects=KOBJECT)
    assert told == [
        {"rule": "T012", "event": "e7", "object": "o", "actor": "a", "op": "init"},
        {"rule": "T001", "event": "e9", "object": "o", "actor": "a", "freed": "e8"},
    ]


def test_a_second_add_has_no_effect() -> None:
    events = READY + "a add object=o\na add object=o parent=p\na put object=o"
    assert found(events, objects=KOBJECT) == [
        {"rule": "T012", "event": "e6", "object": "o", "actor": "a", "op": "add"}
    ]


def test_add_holds_the_parent_until_del() -> None:
    parent = "{o: {kind: kobject}, p: {kind: kobject, release: {completes: [c]}}}"
    events = READY + "a add object=o parent=p\na put object=p\n"
    gone = "a wait completion=c\na put object=o"
    assert rules(events + gone, objects=parent, completions="[c]") == ["T016 e7"]
    gone = "a del object=o\na wait completion=c\na put object=o"
    assert rules(events + gone, objects=parent, completions="[c]") == []


def test_del_of_what_is_not_in_sysfs_has_no_effect() -> None:
    assert rules(READY + "a del object=o\na del object=o\na put object=o", objects=KOBJECT) == []


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("a alloc object=p\na free object=p", {"rule": "T001", "freed": "e4"}),
        ("a alloc object=p", {"rule": "T004", "op": "get"}),
    ],
)
def test_a_parent_that_cannot_be_held(parent: str, expected: dict[str, str]) -> None:
    """Without a hold in the finding, and the object is in sysfs all the same."""
    events = f"a alloc object=o\na init object=o\n{parent}\na add object=o parent=p\na add object=o"
    told = found(events + "\na put object=o", objects=KOBJECT)
    assert told[0] == {**told[0], **expected, "object": "p", "actor": "a"}
    assert "hold" not in told[0]
    assert [one["rule"] for one in told[1:]] == ["T012"]


def test_the_last_put_takes_it_out_of_sysfs_first() -> None:
    events = READY + "a add object=o parent=p\na link object=o as=l by=p\na put object=o"
    assert found(events, objects=KOBJECT) == [
        {"rule": "T018", "event": "e7", "object": "o", "hold": "l", "actor": "a", "by": "p"}
    ]


def test_a_link_of_a_holder_that_is_gone_is_not_broken() -> None:
    events = READY + "a add object=o\nb exit\na link object=o as=l by=b\na put object=o"
    assert rules(events, objects=KOBJECT) == []


def test_a_list_is_deleted_and_nothing_else() -> None:
    objects = "{o: {kind: list}}"
    assert found("a alloc object=o\na del object=o\na free object=o", objects=objects) == [
        {"rule": "T004", "event": "e2", "object": "o", "actor": "a", "op": "del"}
    ]
    ready = "a alloc object=o\na init object=o\n"
    assert rules(ready + "a del object=o\na del object=o\na free object=o", objects=objects) == []


def test_a_static_kobject_stays_initialised_when_it_is_released() -> None:
    """A put after the release is T003, not T004."""
    objects = "{o: {kind: kobject, static: true}}"
    assert found("a init object=o\na put object=o\na put object=o", objects=objects) == [
        {
            "rule": "T003",
            "event": "e3",
            "object": "o",
            "hold": "o.initial",
            "actor": "a",
            "freed": "e2",
        }
    ]


# -- put -------------------------------------------------------------------------------------------


def test_a_put_of_a_hold_that_is_not_there() -> None:
    assert found("a put hold=h") == [{"rule": "T003", "event": "e1", "hold": "h", "actor": "a"}]


def test_a_put_without_an_object_is_told_once_of_each_actor() -> None:
    assert rules("a put hold=h\nb put hold=h\na put hold=h\na put hold=i") == [
        "T003 e1",
        "T003 e2",
        "T003 e4",
    ]


def test_a_put_of_a_freed_object_leaves_the_hold() -> None:
    events = (
        "a alloc object=o\na get object=o as=h\na free object=o\na put hold=h\na alloc object=o\n"
    )
    told = found(events + "a put hold=h", objects=KREF)
    assert told == [
        {"rule": "T003", "event": "e4", "object": "o", "hold": "h", "actor": "a", "freed": "e3"}
    ]


@pytest.mark.parametrize("verb", ["borrow", "link"])
def test_a_pointer_cannot_be_put(verb: str) -> None:
    events = f"a alloc object=o\na {verb} object=o as=h\na put hold=h\na put object=o"
    assert found(events, objects=KREF)[0] == {
        "rule": "T003",
        "event": "e3",
        "object": "o",
        "hold": "h",
        "actor": "a",
    }


def test_a_second_put_of_the_first_reference() -> None:
    events = "a alloc object=o\na get object=o as=h\na put object=o\na put object=o\na put hold=h"
    assert found(events, objects=KREF) == [
        {"rule": "T003", "event": "e4", "object": "o", "hold": "o.initial", "actor": "a"}
    ]


def test_the_first_reference_can_be_put_by_its_name() -> None:
    assert rules("a alloc object=o\nb put hold=o.initial", objects=KREF) == []


def test_a_reference_that_is_forgotten_still_counts() -> None:
    events = "a alloc object=o\na get object=o as=h\na forget hold=h\na put object=o"
    assert found(events, objects=KREF) == [
        {"rule": "T002", "event": "end", "object": "o", "held_by": []}
    ]


def test_forget_of_an_unknown_hold_has_no_effect() -> None:
    assert rules("a forget hold=h\na unlink hold=h") == []


# -- release ---------------------------------------------------------------------------------------


def test_a_release_does_all_in_order() -> None:
    """Code, locks, puts, completions, scopes, unlock, the object, then what it frees."""
    objects = """{o: {kind: kref, code: m, release: {locks: [l, k], puts: [none, h], completes: [c],
        closes: [s], frees: [f, o]}}, p: {kind: kref, release: {completes: [d]}}, f: , q: }"""
    events = """a alloc object=o
        a alloc object=p
        a get object=p as=h by=o
        a put object=p
        a alloc object=f
        a alloc object=q scope=s
        a unload module=m
        a put object=o
        a wait completion=c
        a wait completion=d
        a lock lock=l
        a unlock lock=l
        a use object=f
        a use object=q
        a use object=p
        a use object=o"""
    sections = {"locks": "[l, k]", "completions": "[c, d]", "scopes": "{s: }", "modules": "[m]"}
    told = found(events, objects=objects, **sections)
    assert [(one["rule"], one["event"], one["object"]) for one in told] == [
        ("T014", "e7", "o"),
        ("T003", "e8", "o"),
        ("T001", "e13", "f"),
        ("T001", "e14", "q"),
        ("T001", "e15", "p"),
        ("T001", "e16", "o"),
    ]


def test_a_release_of_a_static_object_runs_too() -> None:
    objects = "{o: {kind: kobject, static: true, release: {frees: [p], completes: [c]}}, p: }"
    events = (
        "a alloc object=p\na init object=o\na put object=o\na wait completion=c\na use object=o"
    )
    assert rules(events, objects=objects, completions="[c]") == ["T001 e5"]


def test_puts_of_a_release_are_judged_as_any() -> None:
    objects = "{o: {kind: kref, release: {puts: [h]}}, p: }"
    events = "a alloc object=o\na alloc object=p\na borrow object=p as=h\nb put object=o"
    assert found(events + "\na free object=p\na forget hold=h", objects=objects) == [
        {"rule": "T003", "event": "e4", "object": "p", "hold": "h", "actor": "b"}
    ]


def test_a_long_chain_of_releases_ends() -> None:
    count = 3000
    objects = ", ".join(
        f"o{one}: {{kind: kref, release: {{puts: [o{one + 1}.initial]}}}}" for one in range(count)
    )
    events = "\n".join(f"a alloc object=o{one}" for one in range(count))
    assert not run(events + "\na put object=o0", objects=f"{{{objects}}}").findings
