"""One way to each rule, in every form: reasons, words of all verbs, bounds of drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from lifetimes.raised import RULES
from lifetimes.told import scenario

from dtovl.lifetimes.reading import read_scenario
from dtovl.lifetimes.trace import watch
from dtovl.lifetimes.verbs import VERBS
from dtovl.report.lifetimes.answer import Answer
from dtovl.report.lifetimes.dot import dot
from dtovl.report.lifetimes.grid import MOST_ROWS
from dtovl.report.lifetimes.json import run_object
from dtovl.report.lifetimes.past import Past
from dtovl.report.lifetimes.reasons import reasons
from dtovl.report.lifetimes.svg import svg
from dtovl.report.lifetimes.svg_objects import MOST_OBJECTS
from dtovl.report.lifetimes.text import run_lines
from dtovl.report.lifetimes.words import _SENTENCES

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


def answer(text: str) -> Answer:
    read = read_scenario(text.encode(), "t.yaml")
    return Answer(read, watch(read), None)


def written(found: Answer) -> str:
    lines = run_lines(found, explain=True, verbose=True)
    return "\n".join("".join(text for _, text in line.spans) for line in lines)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_rule_has_reasons_and_every_form(rule: str, snapshot: SnapshotAssertion) -> None:
    events, actors, sections = RULES[rule]
    read = scenario(events, actors, **sections)
    found = Answer(read, watch(read), None)
    past = Past(found.trace)
    told = [(one.rule, reasons(one, past)) for one in found.findings]
    assert rule in dict(told)
    assert all(why for _, why in told)
    assert told == snapshot
    text = written(found)
    assert f" {rule}: " in text
    assert f"{rule}]" in text or f"{rule} " in text
    ElementTree.fromstring(svg(found))
    assert dot(found).endswith("}\n")
    assert run_object(found)["verdict"] == "findings"


def test_every_verb_has_a_sentence() -> None:
    assert set(_SENTENCES) == set(VERBS)


def big(objects: int, events: str) -> str:
    declared = "".join(f"  o{n}: {{}}\n" for n in range(objects))
    return (
        f"dtovl-scenario: 1\nname: big\nactors: {{a: {{}}}}\nobjects:\n{declared}events:\n{events}"
    )


def test_drawings_of_large_runs_are_bounded() -> None:
    events = "".join(f"- {{actor: a, do: alloc, object: o{n}}}\n" for n in range(1500))
    found = answer(big(1500, events))
    assert len(found.findings) == 1500
    drawn = svg(found)
    assert drawn.count('class="mark ') <= MOST_ROWS + 10
    assert drawn.count('class="life"') <= MOST_OBJECTS + 1
    assert len(drawn) < 300_000
    text = written(found)
    assert text.count("error T002") == 1500
    assert text.count("  why ") < 100
    assert len(text.splitlines()) < 2200


def test_long_names_are_shortened_where_they_have_to_fit() -> None:
    name = "n" * 900
    found = answer(
        f"dtovl-scenario: 1\nname: long\nactors: {{{name}: {{}}, b: {{}}, c: {{}}}}\n"
        f"objects: {{{name}: {{}}}}\nevents:\n"
        f"- {{id: {name}, actor: {name}, do: alloc, object: {name}}}\n"
        f"- {{actor: b, do: free, object: {name}}}\n- {{actor: c, do: use, object: {name}}}\n"
    )
    root = ElementTree.fromstring(svg(found))
    assert float(root.attrib["width"]) < 2000
    lanes = written(found).partition("Lanes")[2].partition("Life of")[0]
    assert all(len(line) <= 80 for line in lanes.splitlines())


def test_holds_that_dangle_are_red_only_while_the_object_is_gone() -> None:
    found = answer(
        "dtovl-scenario: 1\nname: again\nactors: {a: {}}\nobjects: {o: {}}\nevents:\n"
        "- {actor: a, do: alloc, object: o}\n- {actor: a, do: borrow, object: o, as: p}\n"
        "- {actor: a, do: free, object: o}\n- {actor: a, do: alloc, object: o}\n"
        "- {actor: a, do: forget, hold: p}\n- {actor: a, do: free, object: o}\n"
    )
    drawn = svg(found)
    assert drawn.count('class="hold borrow bad"') == 1
    assert drawn.count('class="hold borrow"') == 3  # before, after, and in the legend
