"""Scenarios in short: `a: get drm as=fd after=e1`, one event a line; and random small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from dtovl.lifetimes.scenario import COUNTED, Actor, Event, Object, Release, Scenario, Scope
from dtovl.lifetimes.verbs import VERBS
from support.enumeration import fits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ACTORS = ("a", "b", "c")
_OBJECTS = ("o1", "o2", "o3")
_HOLDS = ("h1", "h2", "o1.initial")

_THEMES = (
    tuple(VERBS),
    ("lock", "unlock", "wait", "complete", "read", "write"),
    ("lock", "unlock", "flush", "start", "finish", "queue", "cancel", "free", "alloc"),
    ("lock", "unlock", "get", "put", "borrow", "forget", "alloc", "free"),
    ("init", "add", "del", "enter_sysfs", "leave_sysfs", "put", "get", "lock", "unlock"),
    ("enter", "exit_gate", "unplug", "use", "alloc", "free", "borrow"),
    ("pin", "unpin", "unload", "phase", "replace", "borrow", "alloc", "free", "exit"),
    ("alloc", "get", "close_scope", "put", "use", "borrow", "link", "add_action", "unwound"),
)


def short(
    text: str,
    objects: Mapping[str, Object] | Sequence[str] = (),
    actors: Sequence[Actor] = (),
    scopes: Sequence[Scope] = (),
) -> Scenario:
    """Read events in short; what they name is declared by that, objects are memory."""
    events = [_event(number, line) for number, line in enumerate(text.strip().splitlines(), 1)]
    known = dict(objects) if hasattr(objects, "keys") else {one: Object(one) for one in objects}
    who = {one.name: one for one in actors}
    for event in events:
        who.setdefault(event.actor, Actor(event.actor))
    named = {
        field: tuple(dict.fromkeys(one.get(field) for one in events if one.get(field)))
        for field in ("lock", "completion", "gate", "module")
    }
    where = {one.name: one for one in scopes}
    return Scenario("short", "", who, known, where, *named.values(), tuple(events))


def _event(number: int, line: str) -> Event:
    actor, rest = line.strip().split(": ")
    verb, *words = rest.split()
    given = dict(word.split("=") for word in words if "=" in word)
    after = tuple(given.pop("after", "").split(",")) if "after" in given else ()
    name = given.pop("id", f"e{number}")
    needs = [field for field in VERBS[verb].needs if field not in given]
    plain = [word for word in words if "=" not in word]
    if verb in ("put", "use") and plain:
        needs = ["object"]
    fields: dict[str, Any] = {**dict(zip(needs, plain, strict=True)), **given}
    return Event(name, actor, verb, fields, after=after)


@st.composite
def small_scenarios(draw: Callable[..., Any], most: int = 6) -> Scenario:
    """Make scenarios of two or three actors that meddle with three objects."""
    names = _ACTORS[: draw(st.integers(2, 3))]
    objects = {name: _random_object(draw, name) for name in _OBJECTS}
    actors = {name: _random_actor(draw, name) for name in names}
    kind = draw(st.sampled_from(("devm", "group", "drmm", "call")))
    empty = Scenario(
        "small",
        "",
        actors,
        objects,
        {"s": Scope("s", kind)},
        ("L", "M"),
        ("C",),
        ("g",),
        ("m",),
        (),
    )
    verbs = draw(st.sampled_from(_THEMES))
    events: list[Event] = []
    for _ in range(draw(st.integers(3, most))):
        event = _random_event(draw, empty, draw(st.sampled_from(verbs)), events)
        if event is not None and fits(empty, tuple(events), event):
            events.append(event)
    return empty._replace(events=tuple(events))


def _some(draw: Callable[..., Any], *values: str, most: int = 1) -> tuple[str, ...]:
    return tuple(draw(st.lists(st.sampled_from(values), max_size=most, unique=True)))


def _random_object(draw: Callable[..., Any], name: str) -> Object:
    kind = draw(st.sampled_from(("memory", "kref", "kobject", "kobject", "resource", "list")))
    others = [other for other in _OBJECTS if other != name]
    release = Release(
        locks=_some(draw, "L", "M", most=2),
        puts=_some(draw, *_HOLDS),
        completes=_some(draw, "C"),
        closes=_some(draw, "s"),
        frees=_some(draw, *others),
    )
    static = kind != "kref" and draw(st.booleans())
    code, window = draw(st.sampled_from(("", "", "m"))), draw(st.sampled_from(("", "", "o3")))
    survives = draw(st.booleans())
    return Object(name, kind, static, code, _some(draw, *others), release, window, False, survives)


def _random_actor(draw: Callable[..., Any], name: str) -> Actor:
    kind = draw(st.sampled_from(("thread", "work", "file", "notifier")))
    return Actor(name, kind, _some(draw, *_OBJECTS), draw(st.sampled_from(("", "", "", "m"))))


def _random_event(
    draw: Callable[..., Any], scenario: Scenario, verb: str, before: Sequence[Event]
) -> Event | None:
    spec = VERBS[verb]
    actor = draw(st.sampled_from(tuple(scenario.actors)))
    names = [
        one.name for one in scenario.objects.values() if not spec.kinds or one.kind in spec.kinds
    ]
    fields = list(spec.needs)
    if verb == "put":
        fields = [draw(st.sampled_from(("object", "hold")))]
    elif verb == "use":
        fields = [draw(st.sampled_from(("object", "via")))]
    if spec.takes and verb != "put":
        fields.extend(_some(draw, *(one for one in spec.takes if one not in ("object", "via"))))
    values: dict[str, str | bool] = {}
    for field in fields:
        known = names if field in ("object", "old") else list(scenario.objects)
        if verb == "put" and field == "object":
            known = [one.name for one in scenario.objects.values() if one.kind in COUNTED]
        if field == "parent":
            known = [one.name for one in scenario.objects.values() if one.kind == "kobject"]
        if not known:
            return None
        values[field] = draw(st.sampled_from(_values(field, known, scenario)))
    after = ()
    if before and draw(st.integers(0, 9)) == 0:
        after = (draw(st.sampled_from(before)).name,)
    return Event(f"e{len(before) + 1}", actor, verb, values, after=after)


def _values(field: str, objects: Sequence[str], scenario: Scenario) -> Sequence[str]:
    fixed = {
        "as": ("h1", "h2"),
        "hold": _HOLDS,
        "via": _HOLDS,
        "lock": ("L", "M"),
        "completion": ("C",),
        "gate": ("g",),
        "entry": ("g",),
        "guard": ("g",),
        "module": ("m",),
        "code": ("m",),
        "scope": ("s",),
        "field": ("x",),
        "work": tuple(scenario.actors),
        "phase": ("pre_apply", "post_remove"),
        "by": (*scenario.actors, *scenario.objects, "s"),
    }
    return fixed.get(field, objects)
