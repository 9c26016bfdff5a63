"""What actors do with gates, modules, works, fields; error paths; the end."""

from __future__ import annotations

import pytest
from lifetimes.told import found, refused, rules, run

STATIC = "{o: {static: true}, p: {static: true}}"

# -- gates -----------------------------------------------------------------------------------------


def test_use_looks_at_via_guard_and_entry_in_this_order() -> None:
    """A cleared pointer or a closed guard: nothing happens. Closed and no guard: T019, touch."""
    objects = "{o: , p: {survives: true}}"
    before = "a alloc object=o\na alloc object=p\na borrow object=o as=h\na free object=o\n"
    closed = before + "a unplug gate=g\n"
    sections = {"objects": objects, "gates": "[g, k]"}
    end = "\na forget hold=h"
    assert rules(closed + "b use via=gone entry=g object=o" + end, **sections) == []
    assert rules(closed + "b use via=h guard=g entry=k" + end, **sections) == []
    assert rules(closed + "b use via=h guard=k entry=g" + end, **sections) == ["T001 e6"]
    assert found(closed + "b use via=h entry=g object=p" + end, **sections) == [
        {"rule": "T019", "event": "e6", "object": "o", "hold": "h", "actor": "b", "gate": "g"},
        {
            "rule": "T001",
            "event": "e6",
            "object": "o",
            "hold": "h",
            "actor": "b",
            "freed": "e4",
        },
    ]
    assert rules(before + "b use object=p entry=g" + end, **sections) == []
    assert found(closed + "b use object=p entry=g" + end, **sections) == [
        {"rule": "T019", "event": "e6", "object": "p", "actor": "b", "gate": "g"}
    ]


def test_a_closed_gate_lets_nobody_in() -> None:
    events = "a unplug gate=g\nb enter gate=g\na unplug gate=g"
    assert refused(events, gates="[g]") == [("e2", "gate closed: g")]
    assert rules(events, gates="[g]") == []


def test_exit_without_enter_has_no_effect() -> None:
    assert rules("a exit_gate gate=g\na leave_sysfs object=o", gates="[g]", objects=SYSFS) == []


# -- attributes ------------------------------------------------------------------------------------

SYSFS = "{o: {kind: kobject, static: true, survives: true}}"


def test_an_attribute_of_what_is_not_in_sysfs() -> None:
    events = "a init object=o\na enter_sysfs object=o\na add object=o\na enter_sysfs object=o\n"
    assert refused(events, objects=SYSFS) == [("e2", "not in sysfs: o")]
    assert found(events, objects=SYSFS) == [
        {"rule": "T021", "event": "end", "hold": "active:o", "actor": "a"}
    ]


def test_nobody_enters_while_somebody_waits_to_remove() -> None:
    events = """a init object=o
        a add object=o
        b enter_sysfs object=o
        a del object=o
        c enter_sysfs object=o
        b enter_sysfs object=o
        b leave_sysfs object=o"""
    assert refused(events, objects=SYSFS) == [("e5", "not in sysfs: o"), ("e6", "not in sysfs: o")]
    assert rules(events, objects=SYSFS) == []


# -- modules ---------------------------------------------------------------------------------------


def test_a_pinned_module_is_not_unloaded() -> None:
    events = """a pin module=m as=z
        b pin module=m as=x
        a unload module=m
        a unpin module=m as=z
        a unpin module=m as=y
        a unload module=m
        b unpin module=n as=x
        b unpin module=m as=x
        a unload module=m"""
    sections = {"modules": "[m, n]", "objects": "{o: {code: m, survives: true}}"}
    assert refused(events, **sections) == [
        ("e3", "module in use: z, x"),
        ("e6", "module in use: x"),
    ]
    assert rules("a alloc object=o\n" + events, **sections) == ["T014 e10"]


def test_a_module_that_is_gone_can_be_pinned() -> None:
    events = "a unload module=m\na pin module=m as=h\na unload module=m"
    assert refused(events, modules="[m]") == [("e3", "module in use: h")]


def test_unload_finds_live_objects_in_the_order_of_the_map() -> None:
    """Static ones only when they are initialised."""
    objects = """{z: {code: m}, i: {kind: kobject, static: true, code: m},
        j: {kind: kobject, static: true, code: m}, a: {code: m}, n: {code: m}, o: {code: k}}"""
    events = "a init object=i\n" + "".join(f"a alloc object={one}\n" for one in "azo")
    events += "b unload module=m\n" + "".join(f"a free object={one}\n" for one in "azo")
    told = found(events + "a free object=i", objects=objects, modules="[m, k]")
    assert told == [
        {"rule": "T014", "event": "e5", "object": one, "actor": "b", "module": "m"} for one in "zia"
    ]


def test_code_of_an_actor() -> None:
    """Any verb but exit: T014 without an object, once of each actor, then the verb runs."""
    actors = "a: {code: m};b: {code: m}"
    events = "a fail\nc unload module=m\nb exit\na alloc object=o\na free object=o\nb use object=o"
    assert found(events, actors, objects="{o: }", modules="[m]") == [
        {"rule": "T014", "event": "e4", "actor": "a", "module": "m"},
        {"rule": "T014", "event": "e6", "actor": "b", "module": "m"},
        {"rule": "T001", "event": "e6", "object": "o", "actor": "b", "freed": "e5"},
    ]


# -- works -----------------------------------------------------------------------------------------


def test_start_needs_no_queue_and_takes_it_away() -> None:
    work = "w: {kind: work, uses: [o]}"
    events = (
        "a alloc object=o\nw start\nw finish\na queue work=w\na cancel work=w\nw start\nw finish\n"
    )
    assert rules(events + "a free object=o", work, objects="{o: }") == []
    events = "a alloc object=o\na queue work=w\nw start\nw finish\na free object=o\nw finish"
    assert rules(events, work, objects="{o: }") == []


def test_a_work_that_never_finished() -> None:
    assert found("w start\nw start", "w: {kind: work}") == [
        {"rule": "T021", "event": "end", "hold": "work:w", "actor": "w"}
    ]


# -- fields ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("a write object=o\nb read object=o", "e2"),
        ("a read object=o\nb write object=o", "e2"),
        ("a read object=o\nb read object=o", ""),
        ("a write object=o\na read object=o", ""),
        ("a write object=o\nb read object=p", ""),
        ("a write object=o field=x\nb read object=o field=y", ""),
        ("a write object=o field=x\nb read object=o", ""),
        ("a lock lock=l\na write object=o\na unlock lock=l\nb read object=o", "e4"),
        ("a lock lock=l\na write object=o\na unlock lock=l\nb lock lock=l\nb read object=o", ""),
        ("a lock lock=l\na write object=o\nb lock lock=k\nb read object=o", "e4"),
    ],
)
def test_fields_without_a_common_lock(events: str, expected: str) -> None:
    told = [one for one in rules(events, objects=STATIC, locks="[l, k]") if one[:4] == "T020"]
    assert told == ([f"T020 {expected}"] if expected else [])


def test_the_first_earlier_access_is_named() -> None:
    """That of another actor without a common lock, one of both a write: not c, which read."""
    events = "c read object=o\nd write object=o\ne write object=o\na read object=o"
    told = found(events, objects=STATIC)
    assert told == [
        {
            "rule": "T020",
            "event": "e2",
            "object": "o",
            "actor": "d",
            "field": "*",
            "other": "c",
        }
    ]
    told = found(
        "c read object=o\na lock lock=l\n" + "a read object=o", objects=STATIC, locks="[l]"
    )
    assert [one["rule"] for one in told] == ["T021"]


def test_a_gate_is_no_lock() -> None:
    events = "a enter gate=g\na write object=o\na exit_gate gate=g\nb enter gate=g\n"
    events += "b write object=o\nb exit_gate gate=g"
    assert rules(events, objects=STATIC, gates="[g]") == ["T020 e5"]


# -- error paths -----------------------------------------------------------------------------------


def test_what_an_error_path_leaves() -> None:
    """What this actor allocated, at whatever time; not static, not what survives."""
    objects = "{z: , o: , p: , s: {survives: true}, t: {static: true}, u: {static: true}}"
    events = """a free object=t
        a alloc object=t
        a alloc object=o
        b alloc object=p
        a alloc object=s
        a fail
        a alloc object=z
        a unwound
        b free object=p
        b free object=t"""
    assert found(events, objects=objects) == [
        {"rule": "T017", "event": "e8", "object": "z", "actor": "a", "failed": "e6"},
        {"rule": "T017", "event": "e8", "object": "o", "actor": "a", "failed": "e6"},
    ]


def test_the_present_life_counts() -> None:
    events = (
        "a alloc object=o\na free object=o\nb alloc object=o\na fail\na unwound\nb free object=o"
    )
    assert rules(events, objects="{o: }") == []


def test_unwound_clears_the_failure() -> None:
    events = "a unwound\na fail\na unwound\na alloc object=o\na unwound\na free object=o"
    assert rules(events, objects="{o: }") == []


# -- the end ---------------------------------------------------------------------------------------


def test_objects_that_are_left_are_told_in_the_order_of_the_map() -> None:
    objects = """{z: , y: {policy: true}, x: {policy: true}, w: {survives: true},
        v: {kind: kobject, static: true}, u: {kind: kobject, static: true}, t: {static: true}}"""
    events = "\n".join(f"a alloc object={one}" for one in "wxyz")
    events += "\na init object=v\na replace old=x new=y"
    assert found(events, objects=objects) == [
        {"rule": "T002", "event": "end", "object": "z", "held_by": []},
        {"rule": "T015", "event": "end", "object": "y", "phase": "end"},
        {"rule": "T013", "event": "end", "object": "x", "held_by": []},
        {
            "rule": "T002",
            "event": "end",
            "object": "v",
            "hold": "v.initial",
            "held_by": ["v.initial"],
        },
    ]


def test_counted_holds_are_named_in_sort_order() -> None:
    events = "a alloc object=o\na get object=o as=z\na get object=o as=Z\na borrow object=o as=b"
    told = found(events, objects="{o: {kind: kref}}")
    assert told[0]["held_by"] == ["Z", "o.initial", "z"]
    assert told[0]["hold"] == "Z"


def test_nothing_is_judged_at_the_end_while_an_actor_is_stuck() -> None:
    events = "a alloc object=o\na lock lock=l\nb lock lock=l"
    assert rules(events, objects="{o: }", locks="[l]") == ["T016 e3"]


def test_things_held_are_told_by_actor_in_the_order_taken() -> None:
    events = "b lock lock=l\na enter gate=g\na enter gate=g\na lock lock=k\na exit\nb unlock lock=k"
    told = found(events, "a: ;b: ", locks="[k, l]", gates="[g]")
    assert [(one["actor"], one["hold"]) for one in told] == [
        ("a", "gate:g"),
        ("a", "k"),
        ("b", "l"),
    ]


def test_a_lost_reference_on_what_is_told_otherwise() -> None:
    """T022 only where the object has no T002, T013, T015 or T017 of any time."""
    objects = "{o: {kind: kref, window: v, survives: true}, p: , v: {static: true}}"
    begin = "a alloc object=o\na alloc object=p\na get object=o as=h by=p\na free object=p\n"
    assert rules(begin, objects=objects) == ["T022 end"]
    window = "a phase object=v phase=pre_apply\na free object=o\na alloc object=o"
    assert rules(begin + window, objects=objects) == ["T015 e6"]
    assert rules(begin, objects=objects.replace(", survives: true", "")) == ["T002 end"]


def test_a_result_without_findings_is_clean() -> None:
    assert run("a fail").verdict == "clean"
    assert run("a unplug gate=g\nb enter gate=g", gates="[g]").verdict == "clean"
    assert (
        run("a unplug gate=g\na use object=o entry=g", gates="[g]", objects=STATIC).verdict
        == "findings"
    )
