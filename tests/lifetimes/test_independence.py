"""Events that are said to be independent commute, wherever they may both come next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.enumeration import about
from support.scenarios import short, small_scenarios

from dtovl.lifetimes.independence import Relations
from dtovl.lifetimes.paths import Path, Program
from dtovl.lifetimes.scenario import Actor, Object, Release, Scope
from dtovl.lifetimes.statekeys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.lifetimes.scenario import Scenario


@given(small_scenarios(most=14), st.randoms(use_true_random=False))
def test_independent_events_commute(scenario: Scenario, chance) -> None:  # type: ignore[no-untyped-def]
    program = Program(scenario)
    relations, keys, path = Relations(program), Keys(), Path(program)
    while choices := path.choices(idle=False):
        for one, other in independent(relations, path, choices):
            ways = [path.take(one).take(other), path.take(other).take(one)]
            assert keys.of(ways[0]) == keys.of(ways[1])
            found = [
                {about(finding) for finding in (*path.take(first).raised, *way.raised)}
                for first, way in zip((one, other), ways, strict=True)
            ]
            assert found[0] == found[1]
        path = path.take(chance.choice(choices))


def independent(relations: Relations, path: Path, choices: list[int]) -> Iterator[tuple[int, int]]:
    """Give pairs of actors whose next events are independent, and wake none that is blocked."""
    marks = {actor: relations.marks[actor][path.at[actor]] for actor in choices}
    blocked = [
        relations.marks[actor][path.at[actor] - 1]
        for actor, name in enumerate(path.program.actors)
        if name in path.machine.stuck
    ]
    calm = [one for one in choices if not any(marks[one].meets(other) for other in blocked)]
    for one in calm:
        for other in calm:
            if one < other and not marks[one].meets(marks[other]):
                yield one, other


COUNTED = {
    "x": Object("x", "kref", release=Release(locks=("m",), completes=("c",), frees=("y",))),
    "y": Object("y", needs=("z",), window="over"),
    "z": Object("z", code="mod"),
    "over": Object("over"),
    "dir": Object("dir", "kobject"),
}
ACTORS = [Actor("w", "work", ("y",)), Actor("app", "file"), Actor("code", code="mod")]
SCOPES = [Scope("bind")]

DEPENDENT = [
    ("a: put x", "b: get x as=h"),
    ("a: put x", "b: put x"),
    ("a: put x", "b: lock m"),
    ("a: put x", "b: wait c"),
    ("a: put x", "b: use y"),
    ("a: free z", "b: alloc y"),
    ("a: free z", "b: use z"),
    ("a: free y", "b: phase over pre_apply"),
    ("a: free y", "w: start"),
    ("a: free y", "b: queue w"),
    ("a: free y", "b: replace y z"),
    ("a: free y\na: replace y z", "b: borrow y as=h"),
    ("a: free y\na: replace y z\na: borrow y as=h by=b", "b: exit"),
    ("a: alloc x", "b: link x as=h"),
    ("a: alloc x", "b: phase x pre_apply"),
    ("a: close_scope bind\na: alloc y scope=bind", "b: use y"),
    ("a: close_scope bind\na: alloc y scope=bind\na: borrow y as=h by=x", "b: get x as=fd"),
    ("a: close_scope bind\na: alloc y scope=bind\na: borrow y as=h by=x", "b: put x"),
    ("a: close_scope bind", "b: add_action bind object=y"),
    ("a: close_scope bind\na: add_action bind object=y", "b: free y"),
    ("a: close_scope bind\na: get x as=h scope=bind", "b: lock m"),
    ("a: del dir", "b: leave_sysfs dir"),
    ("a: del dir", "b: enter_sysfs dir"),
    ("a: del dir\na: link dir as=h by=b", "b: exit"),
    ("a: del dir", "b: unlink h\nb: link dir as=h"),
    ("a: del dir\na: add dir parent=dir", "b: init dir"),
    ("a: unplug g", "b: enter g"),
    ("a: unplug g", "b: exit_gate g"),
    ("a: unplug g", "b: use y entry=g"),
    ("a: unplug g", "b: use y guard=g"),
    ("a: unload mod", "b: pin mod as=p"),
    ("a: unload mod", "b: free z"),
    ("a: unload mod", "code: lock n"),
    ("a: phase over post_remove", "b: borrow y as=h"),
    ("a: phase over post_remove", "b: forget h\nb: borrow y as=h"),
    ("a: unwound\na: alloc y", "b: free y"),
    ("a: use via=h", "b: forget h"),
    ("a: exit\na: borrow y as=h", "b: use via=h"),
    ("a: flush w", "b: queue w"),
    ("a: cancel w", "w: finish"),
    ("a: complete c", "b: wait c"),
    ("a: open_scope bind", "b: close_scope bind"),
    ("a: borrow y as=h", "b: get x as=h"),
]

INDEPENDENT = [
    ("a: write y", "b: write y"),
    ("a: use y", "b: use y"),
    ("a: borrow y as=h", "b: borrow y as=i"),
    ("a: get x as=h", "b: get x as=i"),
    ("a: enter g", "b: exit_gate g"),
    ("a: complete c", "b: complete c"),
    ("a: queue w", "b: queue w"),
    ("a: wait c", "b: wait c"),
    ("a: pin mod as=p", "b: pin mod as=q"),
    ("a: lock m", "b: lock n"),
    ("a: fail", "b: free y"),
    ("a: free y", "b: borrow z as=h"),
]


def first_two_meet(one: str, other: str) -> bool:
    """Tell whether the first events of two actors depend on each other, in one scenario."""
    scenario = short(f"{one}\n{other}", COUNTED, ACTORS, SCOPES)
    program = Program(scenario._replace(modules=("mod",)))
    marks = Relations(program).marks
    first, second = (program.actors.index(text.split(":")[0]) for text in (one, other))
    assert marks[first][0].meets(marks[second][0]) == marks[second][0].meets(marks[first][0])
    return marks[first][0].meets(marks[second][0])


@pytest.mark.parametrize(("one", "other"), DEPENDENT)
def test_dependent(one: str, other: str) -> None:
    assert first_two_meet(one, other)


@pytest.mark.parametrize(("one", "other"), INDEPENDENT)
def test_independent(one: str, other: str) -> None:
    assert not first_two_meet(one, other)


def first_choices(text: str, objects: dict[str, Object], taken: int) -> list[int]:
    """Give the actors that are enough to go on with, after some events of the list."""
    program = Program(short(text, objects))
    path = Path(program)
    for event in program.scenario.events[:taken]:
        path = path.take(program.actors.index(event.actor))
    return list(Relations(program).enough(path, path.choices(idle=False)))


STATIC = {name: Object(name, static=True, survives=True) for name in ("x", "y")}


def test_what_touches_nothing_in_common_needs_one_actor() -> None:
    assert first_choices("a: write x\nb: write y\na: lock m", STATIC, 0) == [0]


def test_accesses_of_one_field_commute() -> None:
    assert first_choices("a: write x\nb: write x", STATIC, 0) == [0]


def test_locks_do_not() -> None:
    assert first_choices("a: lock m\nb: lock m", STATIC, 0) == [0, 1]


def test_what_an_actor_does_later_counts() -> None:
    """To free x may not go first alone; the write of y may, and who comes next is open then."""
    assert first_choices("a: free x\nb: write y\nb: write x", STATIC, 0) == [1]


def test_a_blocked_actor_comes_with_those_that_its_event_depends_on() -> None:
    """To leave the section lets unplug through; then it counts what else unplug depends on."""
    text = "a: enter g\nb: unplug g\nc: enter g\na: exit_gate g"
    assert first_choices(text, STATIC, 2) == [2, 0]


def test_a_lock_is_got_when_its_owner_goes_on() -> None:
    """To free x first would leave out that a gives the lock to b, that frees x before."""
    text = "a: lock m\na: write y\na: unlock m\nb: lock m\nb: free x\nc: free x\nc: free y"
    assert first_choices(text, STATIC, 1) == [0, 2]


def test_attempts_in_vain_are_left_out_unless_who_is_first_matters() -> None:
    """After b's release stopped at the lock, c may come and be served before it."""
    objects = {"x": Object("x", "kref", release=Release(locks=("m",)))}
    program = Program(short("c: lock m\nb: put x\na: alloc x\na: lock m", objects))
    path = Path(program).take(2).take(2)
    assert path.choices() == [0, 1]
    assert path.choices(idle=False) == [1]
    assert path.take(1).choices(idle=False) == [0]
