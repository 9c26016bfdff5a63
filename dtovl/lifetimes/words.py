"""The words of scenario files, in the order of the format, and what is meant by one that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.scenario import WORKS
from dtovl.lifetimes.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable

TOP_KEYS = (
    "dtovl-scenario",
    "name",
    "about",
    "actors",
    "objects",
    "scopes",
    "locks",
    "completions",
    "gates",
    "modules",
    "events",
)
REQUIRED = ("dtovl-scenario", "name", "actors", "events")
ACTOR_KEYS = ("kind", "uses", "code")
OBJECT_KEYS = ("kind", "static", "code", "needs", "release", "window", "policy", "survives")
SCOPE_KEYS = ("kind", "of")
RELEASE_KEYS = ("locks", "puts", "completes", "closes", "frees")

ACTOR_KINDS = ("thread", *WORKS, "notifier", "firmware", "file")
OBJECT_KINDS = ("memory", "kref", "kobject", "resource", "list")
SCOPE_KINDS = ("devm", "group", "drmm", "changeset", "fdt", "module", "call")
PHASES = ("pre_apply", "post_apply", "pre_remove", "post_remove")

FIELDS = tuple(
    dict.fromkeys(field for verb in VERBS.values() for field in (*verb.needs, *verb.takes))
)
"""Fields of events, in the order of the verbs that take them."""

EVENT_KEYS = ("id", "actor", "do", *FIELDS, "note", "after")

NAMES = {
    "actor": "actor",
    "work": "actor",
    "object": "object",
    "parent": "object",
    "old": "object",
    "new": "object",
    "scope": "scope",
    "lock": "lock",
    "completion": "completion",
    "gate": "gate",
    "entry": "gate",
    "guard": "gate",
    "module": "module",
    "code": "module",
    "by": "holder",
}
"""What each key names that has to be declared; `hold`, `via` and `as` name what events make."""


def hint(word: str, allowed: Iterable[str]) -> str:
    """Give `, did you mean 'x'?` for the first allowed word that is one edit away, else ""."""
    for one in allowed:
        if _one_edit(word, one):
            return f", did you mean '{one}'?"
    return ""


def _one_edit(word: str, other: str) -> bool:
    """Tell whether an insertion, deletion, substitution or swap of neighbours makes other."""
    if abs(len(word) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    rest, meant = word[start:], other[start:]
    if len(rest) == len(meant):
        swapped = rest[1::-1] + rest[2:]
        return bool(rest) and (rest[1:] == meant[1:] or swapped == meant)
    return rest[1:] == meant or rest == meant[1:]
