"""Scenario files: what the list of events tells before it is run."""

from __future__ import annotations

import pytest
from lifetimes.told import HEAD, errors
from support.lines import numbered

from dtovl.lifetimes.reading import read_scenario

OBJECTS = (
    HEAD
    + "actors: {a: , b: }\nscopes: {s: }\nmodules: [m]\nobjects: {o: , r: {kind: kref}, "
    + "k: {kind: kobject}, l: {kind: list}, x: {kind: resource}, t: {static: true}, "
    + "i: {kind: kobject, static: true}}\nevents:\n"
)
FIRST = "".join(f"- {{actor: a, do: alloc, object: {one}}}\n" for one in "orklx")
PLACE = 8 + 5
"""The line of the first event behind those of FIRST."""


def told(*events: str) -> list[str]:
    """Give the errors of events behind allocations of everything, by event from 0."""
    text = OBJECTS + FIRST + "".join(f"- {{actor: a, do: {one}}}\n" for one in events)
    found = []
    for one in errors(text):
        line, column, message = one.split(":", 2)
        found.append(f"{int(line) - PLACE}:{int(column)}:{message}")
    return found


KINDS = {
    "init": "kl",
    "add": "k",
    "del": "kl",
    "get": "rk",
    "put": "rk",
    "enter_sysfs": "k",
    "leave_sysfs": "k",
    **dict.fromkeys(("alloc", "free", "borrow", "link", "use", "read", "write"), "orklx"),
}
NAMES = {"o": "memory", "r": "kref", "k": "kobject", "l": "list", "x": "resource"}


@pytest.mark.parametrize("verb", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_verbs_apply_to_kinds(verb: str, name: str) -> None:
    more = ", as: h" if verb in ("get", "borrow", "link") else ""
    column = len("- {actor: a, do: , object: ") + len(verb) + 1
    refusal = f"0:{column}: verb '{verb}' does not apply to kind '{NAMES[name]}'"
    expected = [] if name in KINDS[verb] else [refusal]
    assert told(f"{verb}, object: {name}{more}") == expected


def test_a_parent_is_a_kobject() -> None:
    assert told("add, object: k, parent: r") == ["0:42: verb 'add' does not apply to kind 'kref'"]
    assert told("add, object: k, parent: i") == []


def test_a_put_by_hold_is_of_any_kind() -> None:
    assert told("borrow, object: o, as: h", "put, hold: h") == []


def test_a_kref_cannot_be_static() -> None:
    text = HEAD + "actors: {a: }\nobjects: {o: {static: no, kind: kref}, p: {kind: kref,\n"
    text += " static: yes}}\nevents: [{actor: a, do: use, object: o}]\n"
    assert errors(text) == [
        "5:10: 'static' does not apply to kind 'kref'",
        "6:38: object 'o' is used before it is allocated",
    ]


# -- use before alloc ------------------------------------------------------------------------------


def before(event: str) -> list[str]:
    return errors(OBJECTS + f"- {{actor: a, do: {event}}}\n")


@pytest.mark.parametrize(
    "verb", ["free", "use", "read", "write", "borrow", "link", "get", "put", "init", "replace"]
)
def test_use_before_alloc(verb: str) -> None:
    name = {"get": "r", "put": "r", "init": "l"}.get(verb, "o")
    more = ", as: h" if verb in ("get", "borrow", "link") else ""
    text = f"{verb}, object: {name}{more}"
    if verb == "replace":
        text = "replace, old: o, new: t"
    column = len("- {actor: a, do: ") + text.index(": ") + 3
    refusal = f"8:{column}: object '{name}' is used before it is allocated"
    assert before(text) == [refusal]


def test_each_object_of_an_event_counts() -> None:
    assert before("replace, old: o, new: x") == [
        "8:32: object 'o' is used before it is allocated",
        "8:40: object 'x' is used before it is allocated",
    ]
    assert before("phase, object: o, phase: pre_apply") != []
    assert before("add_action, scope: s, object: o") != []
    assert before("leave_sysfs, object: k") != []


@pytest.mark.parametrize(
    "event",
    [
        "alloc, object: o",
        "use, object: t",
        "init, object: i",
        "put, object: k",
        "del, object: k",
        "add, object: k",
        "add, object: i, parent: k",
        "get, object: k, as: h",
    ],
)
def test_what_the_run_judges_itself(event: str) -> None:
    assert before(event) == []


def test_a_kobject_is_let_through_in_four_verbs_only() -> None:
    assert before("init, object: k") == ["8:32: object 'k' is used before it is allocated"]
    assert before("borrow, object: k, as: h") != []
    assert before("del, object: l") == ["8:31: object 'l' is used before it is allocated"]


def test_a_parent_of_a_wrong_kind_is_told_twice() -> None:
    assert before("add, object: i, parent: r") == [
        "8:42: object 'r' is used before it is allocated",
        "8:42: verb 'add' does not apply to kind 'kref'",
    ]


def test_whoever_allocates_it_and_whatever_follows() -> None:
    text = "- {actor: b, do: alloc, object: o}\n- {actor: a, do: free, object: o}\n" * 2
    assert errors(OBJECTS + text + "- {actor: a, do: use, object: o}\n") == []


def test_a_wrong_kind_is_told_beside_it() -> None:
    assert before("get, object: o, as: h") == [
        "8:31: object 'o' is used before it is allocated",
        "8:31: verb 'get' does not apply to kind 'memory'",
    ]


# -- hold ids --------------------------------------------------------------------------------------

IN_USE = f"in use (taken at line {PLACE})"


@pytest.mark.parametrize("taking", ["borrow, object: o", "link, object: o", "get, object: r"])
@pytest.mark.parametrize("leaving", ["put, hold: h", "forget, hold: h", "unlink, hold: h"])
def test_holds_leave_their_id(taking: str, leaving: str) -> None:
    again = "borrow, object: o, as: h"
    assert told(f"{taking}, as: h", leaving, again) == []
    assert told(f"{taking}, as: h", again) == [f"1:41: hold 'h' is {IN_USE}"]


@pytest.mark.parametrize(
    "event", ["free, object: r", "put, object: r", "exit", "unpin, module: m, as: h"]
)
def test_nothing_else_leaves_an_id(event: str) -> None:
    refusal = f"2:41: hold 'h' is {IN_USE}"
    assert told("get, object: r, as: h", event, "borrow, object: o, as: h") == [refusal]


def test_a_pin_leaves_its_id_to_unpin_alone() -> None:
    pin, again = "pin, module: m, as: h", "borrow, object: o, as: h"
    assert told(pin, "unpin, module: m, as: h", again) == []
    assert told(pin, "put, hold: h", again) == [f"2:41: hold 'h' is {IN_USE}"]
    assert told(pin, "forget, hold: h", pin) == [f"2:38: hold 'h' is {IN_USE}"]


def test_a_second_taker_does_not_have_the_id() -> None:
    take = "borrow, object: o, as: h"
    refusals = [f"{event}:41: hold 'h' is {IN_USE}" for event in (1, 2)]
    assert told(take, take, take) == refusals


def test_reserved_ids() -> None:
    assert told("borrow, object: o, as: o.initial") == ["0:41: hold 'o.initial' is reserved"]
    assert told("pin, module: m, as: k.parent") == ["0:38: hold 'k.parent' is reserved"]
    assert told("link, object: o, as: l.parent", "unpin, module: m, as: o.initial") == []


# -- after -----------------------------------------------------------------------------------------

EVENTS = HEAD + "actors: {a: , b: }\nevents:\n"


def event(name: str, actor: str, *after: str) -> str:
    behind = f", after: [{', '.join(after)}]" if after else ""
    return f"- {{id: {name}, actor: {actor}, do: fail{behind}}}\n"


def test_after_is_kept_with_the_event() -> None:
    text = EVENTS + event("x", "a") + event("y", "b", "x", "x2") + event("x2", "a")
    wrong = [
        "6:42: event 'y' comes after 'x2', which stands later in the list",
    ]
    assert errors(text) == wrong
    text = EVENTS + event("x", "a") + event("x2", "a") + event("y", "b", "x", "x2")
    events = read_scenario(text.encode(), "x").events
    assert [one.after for one in events] == [(), (), ("x", "x2")]


AFTER = {
    event("x", "a", "z") + event("y", "a", "e1", "y"): [
        "5:39: unknown event 'z'",
        "6:39: unknown event 'e1'",
    ],
    "- {actor: a, do: exit, after: x}\n": ["5:31: 'after' must be a list"],
    "- {actor: a, do: exit, after: [e1, 1]}\n": ["5:36: 'after' must be a string, not an integer"],
    "- {actor: a, do: exit}\n- {actor: b, do: exit, after: [e1, e1]}\n": [
        "6:36: duplicate id 'e1'"
    ],
    event("x", "a", "x"): ["5:39: event 'x' comes after 'x': a cycle"],
    event("x", "a", "y") + event("y", "b", "x"): [
        "5:39: event 'x' comes after 'y', which comes after 'x': a cycle"
    ],
    event("x", "a", "z") + event("y", "b") + event("z", "a"): [
        "5:39: event 'x' comes after 'z', which comes after 'x': a cycle"
    ],
    event("x", "a", "z") + event("y", "b", "x") + event("z", "b"): [
        "5:39: event 'x' comes after 'z', which comes after 'y', which comes after 'x': a cycle"
    ],
    event("x", "a", "y") + event("y", "b"): [
        "5:39: event 'x' comes after 'y', which stands later in the list"
    ],
}


@pytest.mark.parametrize("events", AFTER, ids=numbered)
def test_after(events: str) -> None:
    assert errors(EVENTS + events) == AFTER[events]
