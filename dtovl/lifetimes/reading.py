"""Scenario files: bytes -> Scenario, or every error with its line and column.

Three stages; one is reached when those before found nothing: what of YAML is not taken
(`positions`), structure and the names that are declared (here), the order of events (`statics`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dtovl.codes import scenario as codes
from dtovl.lifetimes import words
from dtovl.lifetimes.positions import TOP, Problems, read_values, shown
from dtovl.lifetimes.scenario import Actor, Event, Object, Release, Scenario, Scope
from dtovl.lifetimes.statics import Step, check_order
from dtovl.lifetimes.verbs import VERBS
from dtovl.model.limits import MAX_SCENARIO_EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.lifetimes.positions import Place, Value

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_NAME = re.compile(r"[A-Za-z0-9._-]+")

Entries = dict[str, "Value"]


def read_scenario(data: bytes, name: str) -> Scenario:
    """Read a scenario file. name is what messages call the file.

    Raises InputError with a Diagnostic per error, by line, column and message, at most 20.
    """
    problems = Problems(name)
    root = read_values(data, problems)
    if root is None or root.kind != "map":
        raise problems.refuse(TOP, codes.NO_MAPPING, what="a scenario")
    reader = _Reader(root, problems)
    scenario, steps = reader.read(name)
    problems.stop()
    for flag in reader.static_krefs:
        problems.add(flag.place, codes.WRONG_KIND, what="'static'", kind="kref")
    check_order(scenario, steps, problems)
    problems.stop()
    return scenario


class _Reader:
    """Reads the structure of one file.

    What aliases repeat is read once: `_known` has what was made of a value. static_krefs are the
    flags that have no sense, for the stage after.
    """

    def __init__(self, root: Value, problems: Problems) -> None:
        self.static_krefs: list[Value] = []
        self._problems = problems
        self._top = self._entries(root, words.TOP_KEYS)
        self._root = root
        self._declared: dict[str, set[str]] = {}
        self._known: dict[tuple[str, str, int], Any] = {}

    def read(self, file: str) -> tuple[Scenario, list[Step]]:
        """Read all sections: first what is declared, then what refers to it."""
        for key in words.REQUIRED:
            if key not in self._top:
                self._problems.add(self._root.place, codes.MISSING_KEY, key=key)
        self._version()
        sections = {key: self._section(key) for key in ("actors", "objects", "scopes")}
        lists = self._declared_lists()
        for what, key in (("actor", "actors"), ("object", "objects"), ("scope", "scopes")):
            self._declared[what] = set(sections[key])
        for what in ("lock", "completion", "gate", "module"):
            self._declared[what] = set(lists[f"{what}s"])
        self._declared["holder"] = set().union(*sections.values())
        scenario = Scenario(
            name=self._name(),
            about=self._text(self._top, "about"),
            actors={name: self._actor(name, value) for name, value in sections["actors"].items()},
            objects={
                name: self._object(name, value) for name, value in sections["objects"].items()
            },
            scopes={name: self._scope(name, value) for name, value in sections["scopes"].items()},
            **lists,
            events=(),
            file=file,
        )
        steps = self._events()
        return scenario._replace(events=tuple(step.event for step in steps)), steps

    # -- values --------------------------------------------------------------------------------

    def _entries(self, value: Value, allowed: Sequence[str]) -> Entries:
        """Give what stands under the keys of a mapping that are known."""
        found: Entries = {}
        for key, one in value.pairs:
            if key.kind == "str" and key.text in allowed:
                found[key.text] = one
            else:
                self._unknown(key, "key", allowed)
        return found

    def _unknown(self, word: Value, what: str, allowed: Sequence[str]) -> None:
        hint = words.hint(word.text, allowed)
        self._problems.add(
            word.place, codes.UNKNOWN_WORD, what=what, word=shown(word.text), hint=hint
        )

    def _wrong(self, value: Value, key: str, wanted: str) -> None:
        if wanted not in ("a list", "a mapping"):
            wanted = f"{wanted}, not {value.type_name}"
        self._problems.add(value.place, codes.WRONG_TYPE, key=shown(key), wanted=wanted)

    def _is_text(self, value: Value, key: str) -> bool:
        if value.kind != "str":
            self._wrong(value, key, "a string")
        return value.kind == "str"

    def _is_id(self, value: Value, key: str) -> bool:
        return self._is_text(value, key) and self._fits(value, _ID, "id")

    def _fits(self, value: Value, pattern: re.Pattern[str], what: str) -> bool:
        fits = pattern.fullmatch(value.text) is not None
        if not fits:
            self._problems.add(value.place, codes.NOT_AN_ID, value=shown(value.text), what=what)
        return fits

    def _text(self, entries: Entries, key: str) -> str:
        value = entries.get(key)
        return value.text if value is not None and self._is_text(value, key) else ""

    def _flag(self, entries: Entries, key: str) -> bool:
        value = entries.get(key)
        if value is None:
            return False
        if value.kind != "bool":
            self._wrong(value, key, "a boolean")
        return value.is_true

    def _word(self, value: Value, key: str, allowed: Sequence[str]) -> str:
        """Read one of a few words, "" where it is none."""
        if not self._is_text(value, key):
            return ""
        if value.text in allowed:
            return value.text
        self._unknown(value, {"do": "verb"}.get(key, key), allowed)
        return ""

    def _kind(self, entries: Entries, allowed: Sequence[str]) -> str:
        """Read a kind; the first is what it is without."""
        value = entries.get("kind")
        return (value is not None and self._word(value, "kind", allowed)) or allowed[0]

    def _reference(self, value: Value, key: str, what: str) -> str:
        """Read an id that has to be declared, "" where it is none; what "": it need not be."""
        if not self._is_id(value, key):
            return ""
        if what and value.text not in self._declared[what]:
            self._problems.add(value.place, codes.NOT_DECLARED, what=what, name=shown(value.text))
        return value.text

    def _name_of(self, entries: Entries, key: str, what: str) -> str:
        value = entries.get(key)
        return self._reference(value, key, what) if value is not None else ""

    def _ids(self, value: Value, key: str) -> dict[str, Value]:
        """Read a list of ids, each once."""
        known = "ids", key, id(value)
        if known in self._known:
            found: dict[str, Value] = self._known[known]
            return found
        found = self._known[known] = {}
        if value.kind != "list":
            self._wrong(value, key, "a list")
        for item in value.items:
            if not self._is_id(item, key):
                continue
            if item.text in found:
                self._twice(item)
            else:
                found[item.text] = item
        return found

    def _twice(self, item: Value) -> None:
        self._problems.add(
            item.place, codes.DUPLICATE_ID, what="id", name=shown(item.text), first=""
        )

    def _names(self, entries: Entries, key: str, what: str) -> tuple[str, ...]:
        """Read a list of ids that have to be declared."""
        if key not in entries:
            return ()
        found = self._ids(entries[key], key)
        known = "names", what, id(found)
        if known not in self._known:
            for item in found.values():
                self._reference(item, key, what)
            self._known[known] = tuple(found)
        names: tuple[str, ...] = self._known[known]
        return names

    # -- sections ------------------------------------------------------------------------------

    def _version(self) -> None:
        value = self._top.get("dtovl-scenario")
        if value is None:
            return
        if value.kind != "int":
            self._wrong(value, "dtovl-scenario", "an integer")
        elif value.number != 1:
            number = shown(value.text) if value.number is None else value.number
            self._problems.add(value.place, codes.VERSION, version=number)

    def _name(self) -> str:
        value = self._top.get("name")
        if value is None or not self._is_text(value, "name"):
            return ""
        return value.text if self._fits(value, _NAME, "name") else ""

    def _section(self, key: str) -> dict[str, Value]:
        """Read what a section declares."""
        value = self._top.get(key)
        if value is None:
            return {}
        if value.kind != "map":
            self._wrong(value, key, "a mapping")
        elif key == "actors" and not value.pairs:
            self._problems.add(value.place, codes.NO_ACTORS)
        found = {}
        for name, one in value.pairs:
            self._is_id(name, key)
            if one.kind not in ("map", "null"):
                self._wrong(one, name.text, "a mapping")
            found[name.text] = one
        return found

    def _declared_lists(self) -> dict[str, tuple[str, ...]]:
        lists = {}
        for key in ("locks", "completions", "gates", "modules"):
            lists[key] = self._ids(self._top[key], key) if key in self._top else {}
        for name, item in lists["completions"].items():
            if name in lists["locks"]:
                self._twice(item)
        return {key: tuple(found) for key, found in lists.items()}

    def _actor(self, name: str, value: Value) -> Actor:
        entries = self._entries(value, words.ACTOR_KEYS)
        return Actor(
            name,
            self._kind(entries, words.ACTOR_KINDS),
            self._names(entries, "uses", "object"),
            self._name_of(entries, "code", "module"),
        )

    def _object(self, name: str, value: Value) -> Object:
        entries = self._entries(value, words.OBJECT_KEYS)
        kind = self._kind(entries, words.OBJECT_KINDS)
        static = self._flag(entries, "static")
        if static and kind == "kref":
            self.static_krefs.append(entries["static"])
        return Object(
            name,
            kind=kind,
            static=static,
            code=self._name_of(entries, "code", "module"),
            needs=self._names(entries, "needs", "object"),
            release=self._release(entries),
            window=self._name_of(entries, "window", "object"),
            policy=self._flag(entries, "policy"),
            survives=self._flag(entries, "survives"),
        )

    def _release(self, entries: Entries) -> Release:
        value = entries.get("release")
        if value is None:
            return Release()
        if value.kind != "map":
            self._wrong(value, "release", "a mapping")
        inner = self._entries(value, words.RELEASE_KEYS)
        return Release(
            locks=self._names(inner, "locks", "lock"),
            puts=self._names(inner, "puts", ""),
            completes=self._names(inner, "completes", "completion"),
            closes=self._names(inner, "closes", "scope"),
            frees=self._names(inner, "frees", "object"),
        )

    def _scope(self, name: str, value: Value) -> Scope:
        entries = self._entries(value, words.SCOPE_KEYS)
        return Scope(name, self._kind(entries, words.SCOPE_KINDS), self._text(entries, "of"))

    # -- events --------------------------------------------------------------------------------

    def _events(self) -> list[Step]:
        value = self._top.get("events")
        if value is None:
            return []
        if value.kind != "list":
            self._wrong(value, "events", "a list")
        if len(value.items) > MAX_SCENARIO_EVENTS:
            what = f"more than {MAX_SCENARIO_EVENTS} events"
            self._problems.add(value.place, codes.TOO_LARGE, what=what)
            return []
        first: dict[str, int] = {}
        steps = []
        for number, item in enumerate(value.items, 1):
            if item.kind != "map":
                self._problems.add(item.place, codes.NO_MAPPING, what="an event")
                continue
            known = "event", "", id(item)
            if known not in self._known:
                self._known[known] = self._event(item)
            step: Step = self._known[known]
            name, place = self._event_id(step, item, number)
            if name in first:
                self._problems.add(
                    place,
                    codes.DUPLICATE_ID,
                    what="event id",
                    name=shown(name),
                    first=f" (first at line {first[name]})",
                )
            first.setdefault(name, place.line)
            steps.append(step._replace(event=step.event._replace(name=name)))
        self._declared["event"] = set(first)
        for step in steps:
            for value in step.after.values():
                self._reference(value, "after", "event")
        return steps

    def _event_id(self, step: Step, item: Value, number: int) -> tuple[str, Place]:
        own = step.values.get("id")
        if own is None:
            return f"e{number}", item.place
        return own.text, own.place

    def _event(self, item: Value) -> Step:
        entries = self._entries(item, words.EVENT_KEYS)
        for key in ("actor", "do"):
            if key not in entries:
                self._problems.add(item.place, codes.MISSING_KEY, key=key)
        verb = self._word(entries["do"], "do", tuple(VERBS)) if "do" in entries else ""
        taken = self._taken(item, entries, verb)
        if "id" in entries:
            self._is_id(entries["id"], "id")
        fields: dict[str, str | bool] = {}
        for key in words.FIELDS:
            if key in taken:
                fields[key] = self._field(key, entries[key])
        after = self._ids(entries["after"], "after") if "after" in entries else {}
        event = Event(
            name="",
            actor=self._name_of(entries, "actor", "actor"),
            verb=verb,
            fields=fields,
            note=self._text(entries, "note"),
            line=item.place.line,
            after=tuple(after),
        )
        return Step(event, entries, after)

    def _field(self, key: str, value: Value) -> str:
        if key == "field":
            return value.text if self._is_text(value, key) else ""
        if key == "phase":
            return self._word(value, key, words.PHASES)
        return self._reference(value, key, words.NAMES.get(key, ""))

    def _taken(self, item: Value, entries: Entries, verb: str) -> set[str]:
        """Give the fields that the verb takes; of a verb that is none, all."""
        given = {key for key in entries if key in words.FIELDS}
        if not verb:
            return given
        spec = VERBS[verb]
        taken = given & {*spec.needs, *spec.takes}
        for key, _ in item.pairs:
            if key.text in given - taken:
                self._not_taken(key.place, verb, f"no '{key.text}'")
        for field in spec.needs:
            if field not in given:
                self._needs(item, verb, f"'{field}'")
        if verb == "use" and not taken & {"object", "via"}:
            self._needs(item, verb, "'object'")
        if verb == "put" and not taken:
            self._needs(item, verb, "'object' or 'hold'")
        if verb == "put" and len(taken) > 1:
            self._not_taken(item.place, verb, "'object' or 'hold', not both")
        return taken

    def _needs(self, item: Value, verb: str, fields: str) -> None:
        self._problems.add(item.place, codes.FIELD_MISSING, verb=verb, fields=fields)

    def _not_taken(self, place: Place, verb: str, fields: str) -> None:
        self._problems.add(place, codes.FIELD_NOT_TAKEN, verb=verb, fields=fields)
