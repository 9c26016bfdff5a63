"""Scenario files: each error of structure and names, with its place and its words."""

from __future__ import annotations

import pytest
from lifetimes.told import HEAD, errors
from support.lines import numbered

from dtovl.lifetimes.reading import read_scenario
from dtovl.lifetimes.scenario import Actor, Event, Object, Release, Scenario, Scope

FULL = """# a comment
dtovl-scenario: 0x1
name: 12.3-a
about: what it is about
actors:
  a: {kind: file, uses: [o], code: m}
  b:
objects:
  o: {kind: kobject, static: yes, code: m, needs: [p], window: p, policy: true, survives: on,
      release: {locks: [l], puts: [h], completes: [c], closes: [s], frees: [p]}}
  p: {}
scopes: {s: {kind: drmm, of: some thing}}
locks: [l]
completions: [c]
gates: []
modules: [m]
events:
  - {id: first, actor: a, do: alloc, object: p, scope: s, by: s, note: n}
  - actor: b
    do: read
    object: p
    field: "1"
    after: [first]
"""


def test_everything_a_scenario_can_say_is_read() -> None:
    release = Release(("l",), ("h",), ("c",), ("s",), ("p",))
    first = {"object": "p", "scope": "s", "by": "s"}
    assert read_scenario(FULL.encode(), "dir/x.yaml") == Scenario(
        name="12.3-a",
        about="what it is about",
        actors={"a": Actor("a", "file", ("o",), "m"), "b": Actor("b")},
        objects={
            "o": Object("o", "kobject", True, "m", ("p",), release, "p", True, True),
            "p": Object("p"),
        },
        scopes={"s": Scope("s", "drmm", "some thing")},
        locks=("l",),
        completions=("c",),
        gates=(),
        modules=("m",),
        events=(
            Event("first", "a", "alloc", first, "n", 18),
            Event("e2", "b", "read", {"object": "p", "field": "1"}, "", 19, ("first",)),
        ),
        file="dir/x.yaml",
    )


def test_events_that_aliases_repeat_have_ids_of_their_own() -> None:
    text = HEAD + "actors: {a: }\nevents:\n- &x {actor: a, do: queue, work: a}\n- *x\n"
    assert [event.name for event in read_scenario(text.encode(), "x").events] == ["e1", "e2"]


# -- structure -------------------------------------------------------------------------------------

ACTORS = HEAD + "actors: {a: }\n"
OBJECTS = ACTORS + "objects: {o: , k: {kind: kobject}}\nevents:\n"
ALLOC = "- {actor: a, do: alloc, object: o}\n"

STRUCTURE = {
    "": ["1:1: a scenario must be a mapping"],
    "# nothing\n": ["1:1: a scenario must be a mapping"],
    "- a\n": ["1:1: a scenario must be a mapping"],
    "a\n": ["1:1: a scenario must be a mapping"],
    "{}": [
        "1:1: missing key 'actors'",
        "1:1: missing key 'dtovl-scenario'",
        "1:1: missing key 'events'",
        "1:1: missing key 'name'",
    ],
    "dtovl-scenario: 1\nname: 1\nactors: {a: }\nevents: []": [
        "2:7: 'name' must be a string, not an integer"
    ],
    "dtovl-scenario: 1\nname: a b\nactors: {a: }\nevents: []": ["2:7: 'a b' is not a valid name"],
    "dtovl-scenario: 1\nname: ''\nactors: {a: }\nevents: []": ["2:7: '' is not a valid name"],
    "dtovl-scenario: 1\nname: x\nabout: ~\nactors: {a: }\nevents: []": [
        "3:8: 'about' must be a string, not null"
    ],
    "name: x\nactors: {a: }\nevents: []\ndtovl-scenario: '1'": [
        "4:17: 'dtovl-scenario' must be an integer, not a string"
    ],
    "name: x\nactors: {a: }\nevents: []\ndtovl-scenario: 1.0": [
        "4:17: 'dtovl-scenario' must be an integer, not a number"
    ],
    "name: x\nactors: {a: }\nevents: []\ndtovl-scenario: 0x10": [
        "4:17: format version 16 is not supported, expected 1"
    ],
    "name: x\nactors: {a: }\nevents: []\ndtovl-scenario: -1": [
        "4:17: format version -1 is not supported, expected 1"
    ],
    HEAD + "events: {}\nactors: []": [
        "3:9: 'events' must be a list",
        "4:9: 'actors' must be a mapping",
    ],
    HEAD + "events: []\nactors: {}": ["4:9: 'actors' must not be empty"],
    HEAD + "events: []\nactors: {a: 1, on: , 9: {}, x y: }": [
        "4:13: 'a' must be a mapping",
        "4:16: 'actors' must be a string, not a boolean",
        "4:22: 'actors' must be a string, not an integer",
        "4:29: 'x y' is not a valid id",
    ],
    ACTORS + "events: [a, [], ~]\n": [
        "4:10: an event must be a mapping",
        "4:13: an event must be a mapping",
        "4:17: an event must be a mapping",
    ],
    ACTORS + "locks: x\nobjects: \ngates: {}\nevents: []\n": [
        "4:8: 'locks' must be a list",
        "5:9: 'objects' must be a mapping",
        "6:8: 'gates' must be a list",
    ],
    ACTORS + "locks: [a, 1, 2020-01-01, 1.5, [], {}, ~, no]\nevents: []\n": [
        "4:12: 'locks' must be a string, not an integer",
        "4:15: 'locks' must be a string, not a timestamp",
        "4:27: 'locks' must be a string, not a number",
        "4:32: 'locks' must be a string, not a list",
        "4:36: 'locks' must be a string, not a mapping",
        "4:40: 'locks' must be a string, not null",
        "4:43: 'locks' must be a string, not a boolean",
    ],
    ACTORS + "modules: [a.b, -a, a/b, aé, .]\nevents: []\n": [
        "4:16: '-a' is not a valid id",
        "4:25: 'aé' is not a valid id",
        "4:29: '.' is not a valid id",
    ],
    ACTORS + "objects:\n  o: {static: 1, policy: 'yes', kind: 3, release: [a]}\nevents: []\n": [
        "5:15: 'static' must be a boolean, not an integer",
        "5:26: 'policy' must be a boolean, not a string",
        "5:39: 'kind' must be a string, not an integer",
        "5:51: 'release' must be a mapping",
    ],
    ACTORS + "objects: {o: {kind: krf}}\nscopes: {s: {kind: devn, of: 1}}\nevents: []\n": [
        "4:21: unknown kind 'krf', did you mean 'kref'?",
        "5:20: unknown kind 'devn', did you mean 'devm'?",
        "5:30: 'of' must be a string, not an integer",
    ],
    HEAD + "actors: {a: {kind: wrok, x: 1}}\nevents: []\n": [
        "3:20: unknown kind 'wrok', did you mean 'work'?",
        "3:26: unknown key 'x'",
    ],
    ACTORS + "lock: []\n1: x\nevents: []\n": [
        "4:1: unknown key 'lock', did you mean 'locks'?",
        "5:1: unknown key '1'",
    ],
    ACTORS + "objects: {o: {release: {put: [], x: }}}\nevents: []\n": [
        "4:25: unknown key 'put', did you mean 'puts'?",
        "4:34: unknown key 'x'",
    ],
}


@pytest.mark.parametrize("text", STRUCTURE, ids=numbered)
def test_structure(text: str) -> None:
    assert errors(text) == STRUCTURE[text]


NAMES = {
    ACTORS + "locks: [l, m, l, l]\ncompletions: [c, m]\nevents: []\n": [
        "4:15: duplicate id 'l'",
        "4:18: duplicate id 'l'",
        "5:18: duplicate id 'm'",
    ],
    HEAD + "actors: {a: {uses: [o, o, p], code: m}}\nobjects: {o: }\nevents: []\n": [
        "3:24: duplicate id 'o'",
        "3:27: unknown object 'p'",
        "3:37: unknown module 'm'",
    ],
    ACTORS + "objects: {o: {needs: [p], window: q, code: m}}\nevents: []\n": [
        "4:23: unknown object 'p'",
        "4:35: unknown object 'q'",
        "4:44: unknown module 'm'",
    ],
    ACTORS + "objects:\n  o: {release: {locks: [c], completes: [l], closes: [s], frees: [p], "
    "puts: [h, h, '']}}\nlocks: [l]\ncompletions: [c]\nevents: []\n": [
        "5:25: unknown lock 'c'",
        "5:41: unknown completion 'l'",
        "5:54: unknown scope 's'",
        "5:66: unknown object 'p'",
        "5:80: duplicate id 'h'",
        "5:83: '' is not a valid id",
    ],
    OBJECTS
    + "- {actor: x, do: add, object: p, parent: q}\n- {actor: a, do: replace, old: x, new: y}\n": [
        "6:11: unknown actor 'x'",
        "6:31: unknown object 'p'",
        "6:42: unknown object 'q'",
        "7:32: unknown object 'x'",
        "7:40: unknown object 'y'",
    ],
    OBJECTS
    + """- {actor: a, do: lock, lock: x}
- {actor: a, do: wait, completion: x}
- {actor: a, do: close_scope, scope: x}
- {actor: a, do: flush, work: x}
- {actor: a, do: use, object: o, via: x, entry: x, guard: y}
- {actor: a, do: unplug, gate: x}
- {actor: a, do: unload, module: x}
- {actor: a, do: alloc, object: o, by: x}
- {actor: a, do: put, hold: x}
- {actor: a, do: use, object: 1, via: b c}
""": [
        "6:30: unknown lock 'x'",
        "7:36: unknown completion 'x'",
        "8:38: unknown scope 'x'",
        "9:31: unknown actor 'x'",
        "10:49: unknown gate 'x'",
        "10:59: unknown gate 'y'",
        "11:32: unknown gate 'x'",
        "12:34: unknown module 'x'",
        "13:40: unknown holder 'x'",
        "15:31: 'object' must be a string, not an integer",
        "15:39: 'b c' is not a valid id",
    ],
    OBJECTS + "- {actor: a, do: alloc, object: 9o}\n": ["6:33: '9o' is not a valid id"],
}


@pytest.mark.parametrize("text", NAMES, ids=numbered)
def test_names(text: str) -> None:
    assert errors(text) == NAMES[text]


# -- events ----------------------------------------------------------------------------------------

EVENTS = {
    "- {}\n": ["6:3: missing key 'actor'", "6:3: missing key 'do'"],
    "- {actor: a, do: yes}\n": ["6:18: 'do' must be a string, not a boolean"],
    "- {actor: a, do: opem_scope}\n": [
        "6:18: unknown verb 'opem_scope', did you mean 'open_scope'?"
    ],
    "- {actor: a, do: puts}\n": ["6:18: unknown verb 'puts', did you mean 'put'?"],
    "- {actor: a, do: explode, objct: o, hold: 1, object: x}\n": [
        "6:18: unknown verb 'explode'",
        "6:27: unknown key 'objct', did you mean 'object'?",
        "6:43: 'hold' must be a string, not an integer",
        "6:54: unknown object 'x'",
    ],
    "- {actor: a, do: alloc, object: o, hold: 1, via: h}\n": [
        "6:36: verb 'alloc' takes no 'hold'",
        "6:45: verb 'alloc' takes no 'via'",
    ],
    "- {actor: a, do: borrow}\n": [
        "6:3: verb 'borrow' needs 'as'",
        "6:3: verb 'borrow' needs 'object'",
    ],
    "- {actor: a, do: use, guard: g}\n": [
        "6:3: verb 'use' needs 'object'",
        "6:30: unknown gate 'g'",
    ],
    "- {actor: a, do: put}\n": ["6:3: verb 'put' needs 'object' or 'hold'"],
    "- {actor: a, do: put, object: x, hold: h}\n": [
        "6:3: verb 'put' takes 'object' or 'hold', not both",
        "6:31: unknown object 'x'",
    ],
    "- {actor: a, do: phase, object: o, phase: pre_appl}\n": [
        "6:43: unknown phase 'pre_appl', did you mean 'pre_apply'?"
    ],
    "- {actor: a, do: phase, object: o}\n": ["6:3: verb 'phase' needs 'phase'"],
    "- {actor: a, do: phase, object: o, phase: null}\n": [
        "6:43: 'phase' must be a string, not null"
    ],
    "- {actor: a, do: exit, note: 3, object: o}\n": [
        "6:30: 'note' must be a string, not an integer",
        "6:33: verb 'exit' takes no 'object'",
    ],
    "- {actor: a, do: exit, id: 9}\n": ["6:28: 'id' must be a string, not an integer"],
    "- {actor: a, do: exit, id: 9x}\n": ["6:28: '9x' is not a valid id"],
    "- actor: a\n  id: x\n  do: exit\n" + "- {actor: a, do: exit, id: x}\n" * 2: [
        "9:28: duplicate event id 'x' (first at line 7)",
        "10:28: duplicate event id 'x' (first at line 7)",
    ],
    "- {actor: a, do: exit, id: e2}\n- {actor: a, do: exit}\n": [
        "7:3: duplicate event id 'e2' (first at line 6)"
    ],
    "-\n  do: exit\n  actor: a\n- {actor: a, do: exit, id: e1}\n": [
        "9:28: duplicate event id 'e1' (first at line 7)"
    ],
}


@pytest.mark.parametrize("events", EVENTS, ids=numbered)
def test_events(events: str) -> None:
    assert errors(OBJECTS + events) == EVENTS[events]


def test_a_word_that_is_two_edits_away_is_not_meant() -> None:
    assert errors(OBJECTS + "- {actor: a, do: aloca}\n") == ["6:18: unknown verb 'aloca'"]


def test_of_several_words_the_first_of_the_format_is_meant() -> None:
    """`ad` is `id` or `as`; `lick` is `lock` or `link`: lock stands behind link."""
    assert errors(OBJECTS + "- {actor: a, do: exit, ad: x}\n") == [
        "6:24: unknown key 'ad', did you mean 'id'?"
    ]
    assert errors(OBJECTS + "- {actor: a, do: lick}\n") == [
        "6:18: unknown verb 'lick', did you mean 'link'?"
    ]


def test_at_most_twenty_errors_are_listed() -> None:
    events = "".join("- {actor: z, do: exit}\n" for _ in range(3000))
    told = errors(ACTORS + "events:\n" + events)
    assert told == [f"{line}:11: unknown actor 'z'" for line in range(5, 25)]


def test_more_than_10000_events() -> None:
    events = "".join("- {actor: a, do: exit}\n" for _ in range(10_001))
    assert errors(ACTORS + "events:\n" + events) == ["5:1: more than 10000 events"]
    assert errors(ACTORS + "events:\n" + events.removeprefix("- {actor: a, do: exit}\n")) == []


def test_stages_follow_one_another() -> None:
    """What is wrong with the order is not told while names are unknown, nor names beside tags."""
    order, names = "- {actor: a, do: use, object: o}\n", "- {actor: z, do: exit}\n"
    assert errors(OBJECTS + order + names) == ["7:11: unknown actor 'z'"]
    assert errors(OBJECTS + order + names + "- !!str a\n") == ["8:3: tags are not allowed"]
    assert errors(OBJECTS + order) == ["6:31: object 'o' is used before it is allocated"]
