"""Findings that are known: a file of them, so that only new ones fail a run.

A finding is known by its code, its cause (see matrix.group), the base and the overlays: not by
lines, not by severity, not by what else is in the matrix. So the same cause on a board that was not
there before is a new finding. Where an entry stands for several findings of one place, as many are
known, and one more is new.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl._version import __version__
from dtovl.codes.base import Severity
from dtovl.codes.matrix import BASELINE_STALE, BASELINE_UNUSABLE
from dtovl.matrix.config import prefix_of
from dtovl.matrix.foreign import parse, refusal
from dtovl.matrix.group import cause_of
from dtovl.model.limits import MAX_BASELINE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.errors import InputError
    from dtovl.matrix.checked import Checked, Place

SCHEMA = "dtovl-baseline/1"

_MOST_COUNT = 1_000_000


class Entry(NamedTuple):
    """What a finding is known by; base and overlays are paths below the configuration's folder."""

    code: str
    cause: str
    node: str
    base: str
    overlays: tuple[str, ...]


class Baseline(NamedTuple):
    """Known findings, and how often each may occur.

    name is what messages call the file, folder that of the configuration.
    """

    name: str
    entries: Counter[Entry]
    folder: str = ""


class Known:
    """A baseline that is used up while findings are held against it."""

    __slots__ = ("_left", "_prefix")

    def __init__(self, baseline: Baseline) -> None:
        self._left = Counter(baseline.entries)
        self._prefix = prefix_of(baseline.folder)

    def covers(self, place: Place) -> bool:
        """Tell whether a finding is known, and take it off what is left."""
        entry = entry_of(place, self._prefix)
        left = self._left.get(entry, 0)
        if left:
            self._left[entry] = left - 1
        return left > 0

    def left(self) -> list[tuple[Entry, str, tuple[str, ...]]]:
        """List entries of which a finding is missing, with base and overlays as a case has them."""
        prefix = self._prefix
        return [
            (entry, entry.base and prefix + entry.base, tuple(prefix + n for n in entry.overlays))
            for entry in sorted(self._left)
            if self._left[entry] > 0
        ]


def least_known(fail_on: int) -> int:
    """Give the least severity that a baseline holds: a warning, or less where that fails a run."""
    return min(fail_on or Severity.WARNING, Severity.WARNING)


def entry_of(place: Place, prefix: str) -> Entry:
    """Give what a finding is known by; prefix is that of paths below the configuration's folder."""
    cause = cause_of(place)
    if not prefix:
        return Entry(cause.code, cause.text, cause.node, place.base, place.overlays)
    text = cause.text.replace(prefix, "") if prefix in cause.text else cause.text
    overlays = tuple(name.removeprefix(prefix) for name in place.overlays)
    return Entry(cause.code, text, cause.node, place.base.removeprefix(prefix), overlays)


def write(checked: Checked) -> str:
    """Write the baseline of a run: what is new and known, but neither expected nor mere info.

    One entry a line, sorted, so that a review sees what came and what went.
    """
    prefix = prefix_of(checked.folder)
    least = least_known(checked.fail_on)
    counts = Counter(
        entry_of(place, prefix)
        for group in checked.groups
        if group.severity >= least and group.standing != "expected"
        if group.code != BASELINE_STALE.number
        for place in group.places
    )
    lines = (json.dumps(_as_plain(entry, counts[entry])) for entry in sorted(counts))
    listed = ",\n    ".join(lines)
    entries = f"[\n    {listed}\n  ]" if counts else "[]"
    head = f'"schema": {json.dumps(SCHEMA)},\n  "version": {json.dumps(__version__)}'
    return f'{{\n  {head},\n  "entries": {entries}\n}}\n'


def read(text: str, name: str, folder: str = "") -> Baseline:
    """Read a baseline, whoever wrote it; name is what messages call it.

    Raises InputError (DT626).
    """
    document = parse(text, name, BASELINE_UNUSABLE, MAX_BASELINE_BYTES)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _unusable(name, f"it has no schema {SCHEMA}")
    entries = document.get("entries")
    if not isinstance(entries, list):
        raise _unusable(name, "it has no list `entries`")
    return Baseline(name, _count(entries, name), folder)


def _count(entries: Iterable[Any], name: str) -> Counter[Entry]:
    counts: Counter[Entry] = Counter()
    for number, plain in enumerate(entries, 1):
        entry = _entry(plain, name, number)
        # A merge of two branches may have kept the line of both.
        counts[entry] = max(counts[entry], _times(plain, name, number))
    return counts


def _entry(plain: Any, name: str, number: int) -> Entry:
    if not isinstance(plain, dict):
        raise _unusable(name, f"entry {number} is no mapping")
    for key in ("code", "cause", "node", "base"):
        if not isinstance(plain.get(key), str):
            raise _unusable(name, f"`{key}` of entry {number} is no text")
    overlays = plain.get("overlays")
    if not isinstance(overlays, list) or not all(isinstance(one, str) for one in overlays):
        raise _unusable(name, f"`overlays` of entry {number} is no list of names")
    code, cause, node, base = (plain[key] for key in ("code", "cause", "node", "base"))
    return Entry(code, cause, node, base, tuple(overlays))


def _times(plain: dict[str, Any], name: str, number: int) -> int:
    count = plain.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= _MOST_COUNT:
        raise _unusable(name, f"`count` of entry {number} is no number from 1 to {_MOST_COUNT}")
    return count


def _as_plain(entry: Entry, count: int) -> dict[str, object]:
    plain: dict[str, object] = {**entry._asdict(), "overlays": list(entry.overlays)}
    return plain if count == 1 else {**plain, "count": count}


def _unusable(name: str, what: str) -> InputError:
    return refusal(BASELINE_UNUSABLE, name, what)
