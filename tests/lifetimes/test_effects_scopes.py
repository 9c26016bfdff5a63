"""What closing a scope does, who holds, and what is said of pointers."""

from __future__ import annotations

import pytest
from lifetimes.told import found, rules

# -- scopes ----------------------------------------------------------------------------------------


def test_members_go_newest_first() -> None:
    objects = "{o: , p: {needs: [o]}, q: }"
    events = "a alloc object=o scope=s\na alloc object=p scope=s\na close_scope scope=s"
    assert rules(events, objects=objects, scopes="{s: }") == []
    events = "a alloc object=p scope=s\na alloc object=o scope=s\na close_scope scope=s"
    assert rules(events, objects=objects, scopes="{s: }") == ["T009 e3"]


def test_what_was_freed_has_left_its_scope() -> None:
    events = "a alloc object=o scope=s\na free object=o\na alloc object=o\na close_scope scope=s\n"
    assert rules(events + "a free object=o", objects="{o: }", scopes="{s: }") == []


def test_a_hold_in_a_scope_is_put_and_skipped_when_it_is_gone() -> None:
    get = "a alloc object=o\na get object=o as=h scope=s\n"
    end = "a close_scope scope=s\na put object=o"
    for between in ("", "a put hold=h\n"):
        assert rules(get + between + end, objects="{o: {kind: kref}}", scopes="{s: }") == []
    told = rules(get + "a forget hold=h\n" + end, objects="{o: {kind: kref}}", scopes="{s: }")
    assert told == ["T002 end"]


def test_an_action_runs_and_touches() -> None:
    events = """a alloc object=o
        a add_action scope=s object=o code=m
        a add_action scope=s code=m
        a add_action scope=s object=o
        a unload module=m
        a free object=o
        b close_scope scope=s"""
    assert found(events, objects="{o: }", scopes="{s: }", modules="[m]") == [
        {"rule": "T001", "event": "e7", "object": "o", "actor": "b", "freed": "e6"},
        {"rule": "T014", "event": "e7", "actor": "b", "module": "m"},
        {"rule": "T014", "event": "e7", "object": "o", "actor": "b", "module": "m"},
    ]


def test_what_is_added_to_a_closed_scope_waits_for_the_next_close() -> None:
    events = """a close_scope scope=s
        a alloc object=o scope=s
        a use object=o
        a close_scope scope=s
        a open_scope scope=s
        a alloc object=o scope=s
        a close_scope scope=s"""
    assert rules(events, objects="{o: }", scopes="{s: }") == []


def test_a_scope_can_close_itself_by_a_release() -> None:
    objects = "{o: {kind: kref, release: {closes: [s]}}, p: }"
    events = "a alloc object=p scope=s\na alloc object=o\na get object=o as=h scope=s\n"
    events += "a put object=o\na close_scope scope=s"
    assert rules(events, objects=objects, scopes="{s: }") == []


# -- T008 ------------------------------------------------------------------------------------------

OBJECTS = "{o: {kind: KIND}, d: {kind: kref}, e: {kind: kref}}"
OPEN = """a alloc object=d
    a alloc object=e
    a alloc object=o scope=s
    a borrow object=o as=h by=d
    f get object=e as=fd
    a get object=d as=chain by=e
    a close_scope scope=s
    a put hold=chain
    a put object=d
    f put hold=fd
    a put object=e"""
FILE = "f: {kind: file}"


@pytest.mark.parametrize(
    ("kind", "scope", "expected"),
    [
        ("memory", "devm", True),
        ("memory", "group", True),
        ("memory", "drmm", False),
        ("memory", "call", False),
        ("resource", "devm", False),
        ("list", "devm", True),
    ],
)
def test_memory_that_an_open_file_still_reaches(kind: str, scope: str, expected: bool) -> None:
    """Directly, or through counted holds of objects. Without it the pointer dangles: T007."""
    objects, scopes = OBJECTS.replace("KIND", kind), f"{{s: {{kind: {scope}}}}}"
    told = found(OPEN, FILE, objects=objects, scopes=scopes)
    finding = {"rule": "T008", "event": "e7", "object": "o", "hold": "h", "actor": "a"}
    assert told == ([{**finding, "by": "d", "scope": "s"}] if expected else [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("f get object=e as=fd", "b get object=e as=fd"),  # no file
        ("f get object=e as=fd", "f borrow object=e as=fd"),  # does not count
        ("a get object=d as=chain by=e", "a get object=d as=chain by=a"),  # no chain
        ("a borrow object=o as=h by=d", "a borrow object=o as=h by=s"),  # of no object
        ("a close_scope scope=s", "a free object=o"),  # by no scope
    ],
)
def test_memory_that_no_open_file_reaches(old: str, new: str) -> None:
    objects, scopes = OBJECTS.replace("KIND", "memory"), "{s: }"
    told = rules(OPEN.replace(old, new), FILE, objects=objects, scopes=scopes)
    assert not [one for one in told if one.startswith("T008")]


def test_a_holder_of_count_zero_is_not_open() -> None:
    """One that lives again and is not initialised, whatever references its former life left."""
    events = """a alloc object=d
        a init object=d
        f get object=d as=fd
        a free object=d
        a alloc object=d
        a alloc object=o scope=s
        a borrow object=o as=h by=d
        INIT
        a close_scope scope=s
        a forget hold=h
        a free object=d"""
    objects = "{o: , d: {kind: kobject}}"
    for init, expected in (("a fail", []), ("a init object=d", ["T008 e9"])):
        told = rules(events.replace("INIT", init), FILE, objects=objects, scopes="{s: }")
        assert told == expected


def test_a_link_counts_as_a_pointer() -> None:
    objects = OBJECTS.replace("KIND", "memory")
    told = rules(OPEN.replace("a borrow", "a link"), FILE, objects=objects, scopes="{s: }")
    assert told == ["T008 e7"]


# -- holders ---------------------------------------------------------------------------------------


def test_a_name_is_an_actor_else_an_object_else_a_scope() -> None:
    """An actor and an object have one name: `by` is the actor, whose end takes its pointer."""
    objects = "{a: , o: }"
    events = "a alloc object=a\na alloc object=o\na borrow object=o as=h by=a\na free object=a\n"
    assert rules(events + "a free object=o", objects=objects) == ["T007 end"]
    assert rules(events + "a exit\na free object=o", objects=objects) == []


def test_a_parent_is_held_by_the_object_also_where_an_actor_has_its_name() -> None:
    objects = "{a: {kind: kobject}, p: {kind: kobject, survives: true}}"
    events = """b alloc object=a
        b init object=a
        b alloc object=p
        b init object=p
        b add object=a parent=p
        b free object=a
        a fail"""
    assert found(events, objects=objects) == [
        {
            "rule": "T022",
            "event": "end",
            "object": "p",
            "hold": "a.parent",
            "by": "a",
            "freed": "e6",
        }
    ]


@pytest.mark.parametrize(
    ("by", "gone"), [("b", "b exit"), ("p", "a free object=p"), ("s", "a close_scope scope=s")]
)
def test_living_holders(by: str, gone: str) -> None:
    """An actor that has not ended, a live object, an open scope."""
    events = f"a alloc object=p\na alloc object=o\na borrow object=o as=h by={by}\n"
    sections = {"objects": "{o: , p: {survives: true}}", "scopes": "{s: }"}
    assert rules(f"{events}a free object=o\nb fail", **sections) == ["T007 end"]
    assert rules(f"{events}a free object=o\n{gone}\nb fail", **sections) == []


def test_exit_takes_the_borrows_of_the_actor_alone() -> None:
    """Links and references stay; what it does later runs."""
    objects = "{o: {kind: kref}}"
    events = """a alloc object=o
        a borrow object=o as=b
        a borrow object=o as=c by=x
        a get object=o as=r
        a exit
        a use object=o via=b
        x forget hold=c
        a put hold=r
        a put object=o"""
    assert rules(events, objects=objects) == []


def test_a_hold_taken_again_is_the_last() -> None:
    objects = "{o: , p: }"
    events = """a alloc object=o
        a borrow object=o as=x
        a borrow object=o as=y
        a forget hold=x
        a borrow object=o as=x
        a free object=o"""
    assert [one["hold"] for one in found(events, objects=objects)] == ["y", "x"]


# -- notifiers -------------------------------------------------------------------------------------

WINDOW = "{o: {window: v, survives: true}, p: {survives: true}, v: {static: true}}"


def test_a_notifier_that_keeps_a_pointer() -> None:
    """To an object of that window, freed or not; told once, and not again as T007."""
    events = """a alloc object=o
        a alloc object=p
        n borrow object=o as=h
        a borrow object=o as=i by=n
        n borrow object=p as=j
        b borrow object=o as=k
        n link object=o as=l
        a free object=o
        a phase object=v phase=pre_remove
        a phase object=v phase=post_remove"""
    told = found(events, "n: {kind: notifier}", objects=WINDOW)
    assert told == [
        {"rule": "T010", "event": "e10", "object": "o", "hold": "h", "actor": "n"},
        {"rule": "T010", "event": "e10", "object": "o", "hold": "i", "actor": "n"},
        {"rule": "T007", "event": "end", "object": "o", "hold": "k", "by": "b", "freed": "e8"},
    ]


def test_the_order_of_phases_is_not_checked() -> None:
    events = "a phase object=v phase=post_remove\na phase object=v phase=pre_apply"
    assert rules(events, objects=WINDOW) == []
