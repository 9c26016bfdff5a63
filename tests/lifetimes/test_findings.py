"""What is found, in words: those of the codes, at the line of the event."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from lifetimes.raised import RULES
from lifetimes.told import FILE, run, scenario
from support.scenarios import small_scenarios

from dtovl.codes import find_code
from dtovl.diagnostics import Location
from dtovl.lifetimes.findings import WARNINGS, diagnose
from dtovl.lifetimes.machine import Machine

MESSAGES = {
    "T001": ["use after free: a uses p at e3; p was freed at e2"],
    "T002": ["leak: o is still allocated after the last event; held by o.initial"],
    "T003": [
        "released twice: a releases h at e1; it holds no reference",
        "released twice: a releases p at e4; already freed at e3",
    ],
    "T004": ["not initialised: a does put on o at e1 before init"],
    "T005": ["deadlock: a waits for l (at e2)"],
    "T006": ["possible deadlock: a holds k and wants l at e4; a holds l and wants k at e2"],
    "T007": ["dangling pointer: a still keeps h to p, freed at e3"],
    "T008": ["p is freed at e4 when scope s closes, but o lives on for an open file and keeps h"],
    "T009": ["wrong order: a frees o at e3 while p, which needs it, is alive"],
    "T010": ["notifier a keeps h to o beyond POST_REMOVE (at e3)"],
    "T011": ["missing drain: p is freed at e3 while w, which uses it, is queued"],
    "T012": ["a does alloc on o a second time at e1"],
    "T013": [
        "replaced object o is freed at e4 while a keeps h",
        "replaced object o is never released; nothing holds it",
    ],
    "T014": [
        "code of module m is gone at e2 while o is alive",
        "code of module m is gone at e3 when a runs it",
    ],
    "T015": [
        "memory of o is freed inside the notifier window (phase pre_apply) at e4",
        "memory of p is kept for good after the last event",
    ],
    "T016": ["a waits for c for ever (since e1)"],
    "T017": ["error path leaves p allocated: failed at e1, unwound at e3 by a"],
    "T018": ["broken link: h of a names o, removed from sysfs at e4"],
    "T019": ["entry not fenced: a touches o at e2 after gate g was closed"],
    "T020": ["data race: b and a access o.* without a common lock (at e2)"],
    "T021": ["left held: a still holds l after the last event"],
    "T022": ["reference lost: p, freed at e4, never put h on o"],
}


@pytest.mark.parametrize("rule", RULES)
def test_messages(rule: str) -> None:
    events, actors, sections = RULES[rule]
    found = run(events, actors, **sections).findings
    assert [one.message for one in found if one.rule == rule] == MESSAGES[rule]


def test_the_hold_is_named_where_it_is_known() -> None:
    events = "a alloc object=o\na borrow object=o as=h\na free object=o\na unplug gate=g\n"
    found = run(events + "b use via=h entry=g\nb put hold=h", objects="{o: }", gates="[g]").findings
    assert [one.message for one in found][:3] == [
        "entry not fenced: b touches o via h at e5 after gate g was closed",
        "use after free: b uses o via h at e5; o was freed at e3",
        "released twice: b releases o via h at e6; already freed at e3",
    ]


def test_what_nothing_holds() -> None:
    found = run("a alloc object=o", objects="{o: }").findings
    assert found[0].message == "leak: o is still allocated after the last event; nothing holds it"


def test_a_finding_is_told_at_the_line_of_its_event() -> None:
    read = scenario("a alloc object=o\na get object=o as=h\na free object=o\na put object=o",
                    objects="{o: {kind: kref}}")  # fmt: skip
    found = Machine(read).run().findings
    told = [diagnose(one, read) for one in found]
    assert [one.where for one in told] == [Location(FILE, 9)]
    assert told[0].message == found[0].message
    assert told[0].fix == "give the object one owner, and let it release once"
    read = scenario("a alloc object=o", objects="{o: }")
    assert diagnose(Machine(read).run().findings[0], read).where == Location(FILE)


def test_warnings_are_those_of_the_codes() -> None:
    assert {"T006", "T015", "T018", "T019"} == WARNINGS


@given(small_scenarios())
def test_whatever_happens_the_machine_has_an_answer(made: object) -> None:
    """Each finding has words, and none of them is missing."""
    found = Machine(made).run()  # type: ignore[arg-type]
    for one in found.findings:
        code = find_code(one.rule)
        assert code is not None
        assert one.severity == code.severity.label
        assert not re.search(r"[{}]|None", one.message)
        assert one.as_object()["message"] == one.message


def test_findings_that_are_alike_but_for_the_phase_are_one() -> None:
    objects = "{o: {window: v, policy: true}, v: {static: true}}"
    events = "a alloc object=o\na phase object=v phase=pre_apply\na free object=o\na alloc object=o"
    assert [one.event for one in run(events, objects=objects).findings] == ["e3"]
