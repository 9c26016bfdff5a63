"""Findings of a whole matrix by their cause: one for a label that forty boards lack.

The cause of a finding is its code and its message without the names of base and overlays, and

- where the message speaks of the base, nothing else: whatever overlay meets that base has it;
- otherwise the overlay that is to blame (of two that clash, both) and the name of the node.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes import find_code
from dtovl.matrix.checked import Group, Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtovl.matrix.checked import Standing

_BASE = "{base}"
_OVERLAY = "{overlay}"

# Messages that say something of the single case besides the cause: what of it to leave out.
_SINGLE = {
    "DT101": (re.compile(r"; \d+ .*", re.DOTALL), ""),
    "DT102": (re.compile(r", the base is .*", re.DOTALL), ""),
    "DT114": (re.compile(r"phandle 0x[0-9a-f]+"), "a phandle"),
    "DT131": (re.compile(r" is set to .*", re.DOTALL), " is set to the value it has"),
}
# Messages that name the base, and yet are about the overlay.
_BY_OVERLAY = frozenset({"DT102", "DT114", "DT118", "DT620", "DT623", "DT624", "DT625"})

_NUMBERED = re.compile(r"overlay (\d{1,4}) \(")
# What, before or after a name, makes it a part of a longer one.
_IN_NAMES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+@/")


class Cause(NamedTuple):
    """What findings of one group share.

    text is the message with `{base}`, `{overlay}` (the one to blame), `{overlay2}`, ... for names;
    node is the name of the node, "" where the text tells all; overlays are those to blame, none
    when it is the base.
    """

    code: str
    text: str
    node: str
    overlays: tuple[str, ...]


def group(standings: Mapping[Place, Standing]) -> tuple[Group, ...]:
    """Group findings by cause; by severity, number of places, code and message.

    What stands otherwise (new, known, expected) is a group of its own.
    """
    found: dict[tuple[Standing, int, Cause], list[Place]] = {}
    for place, standing in standings.items():
        key = (standing, place.finding.severity, cause_of(place))
        found.setdefault(key, []).append(place)
    groups = [
        Group(
            cause.code,
            short_name(cause.code),
            severity,
            _message(cause, places),
            standing,
            tuple(sorted(places)),
        )
        for (standing, severity, cause), places in found.items()
    ]
    groups.sort(
        key=lambda one: (
            -one.severity,
            -len(one.places),
            one.code,
            one.message,
            one.standing,
            one.places[0],
        )
    )
    return tuple(groups)


def cause_of(place: Place) -> Cause:
    """Give the cause of a finding, the same for all that have it."""
    finding = place.finding
    code = finding.code
    text = finding.message
    if place.base in text:
        text = _masked(text, place.base, _BASE)
    about = blamed(place)
    for number, name in enumerate(_from(about, place.overlays)):
        if name in text:
            text = _masked(text, name, _mask(number))
    if code in _SINGLE:
        pattern, instead = _SINGLE[code]
        text = pattern.sub(instead, text)
    clash = len(place.overlays) == 2 and not place.stack
    if _BASE in text and not clash and code not in _BY_OVERLAY:
        return Cause(code, text, "", ())
    node = finding.path.rpartition("/")[2] or finding.path
    return Cause(code, text, node, about)


@lru_cache(maxsize=1024)
def short_name(code: str) -> str:
    """Give the short name of a code, "" for one that does not exist."""
    found = find_code(code)
    return found.name if found is not None and found.number == code else ""


def blamed(place: Place) -> tuple[str, ...]:
    """Give the overlays that a finding is about: of two that clash, and if it is unclear, all."""
    overlays = place.overlays
    if len(overlays) < 2 or not place.stack:
        return overlays
    who = place.finding.who
    named = tuple(who.split(" and "))
    if set(named) <= set(overlays):
        return named
    # `overlay 2 (a.dtbo)`, `/x is disabled by overlay 2 (a.dtbo)`; who did it comes first.
    numbered = _NUMBERED.search(who)
    if numbered is not None and 0 < int(numbered[1]) <= len(overlays):
        return (overlays[int(numbered[1]) - 1],)
    return overlays


def _mask(number: int) -> str:
    return f"{{overlay{number + 1}}}" if number else _OVERLAY


def named(text: str, base: str, overlays: Sequence[str]) -> str:
    """Put names into the text of a cause, where it is clear which is meant."""
    if base:
        text = text.replace(_BASE, base)
    if len(overlays) == 1:
        text = text.replace(_OVERLAY, overlays[0])
    return text.replace(_OVERLAY, "the overlay")


def _from(about: tuple[str, ...], overlays: tuple[str, ...]) -> tuple[str, ...]:
    """Give the overlays of a place, the one to blame first."""
    if about == overlays:
        return overlays
    return (*about, *(name for name in overlays if name not in about))


def _masked(text: str, name: str, mask: str) -> str:
    """Put a mask where a name stands by itself."""
    if not name:
        return text
    parts = []
    done = start = 0
    while (at := text.find(name, start)) >= 0:
        start = at + len(name)
        inside = (at and text[at - 1] in _IN_NAMES) or text[start : start + 1] in _IN_NAMES
        if not inside:
            parts += [text[done:at], mask]
            done = start
    return "".join((*parts, text[done:]))


def _message(cause: Cause, places: list[Place]) -> str:
    """Write the message of a group: names where there is one alone, else `the base`."""
    messages = {place.finding.message for place in places}
    if len(messages) == 1:
        return messages.pop()
    text = cause.text
    if _BASE in text:
        bases = {place.base for place in places}
        text = text.replace(_BASE, bases.pop() if len(bases) == 1 else "the base")
    if "{overlay" not in text:
        return text
    lists = [_from(blamed(place), place.overlays) for place in places]
    for number in range(max(map(len, lists))):
        mask = _mask(number)
        if mask in text:
            names = {one[number] for one in lists if number < len(one)}
            other = "another overlay" if number else "the overlay"
            text = text.replace(mask, names.pop() if len(names) == 1 else other)
    return text
