"""Findings and probe results held against expected ones: what is missing, and what is extra.

A finding is compared as text: JSON with sorted keys, so that `true` is no 1 and 1.0 is none either.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Derived findings, and those that only other commands have.
NOT_COMPARED = frozenset({"L008", "L010", "L033", "L034", "L036"})

_COMMON = ("rule", "severity", "node", "property")

# Keys of a rule that count besides, in the order of the specification; whatever else a finding of
# ours has is dropped.
KEYS = {
    "L001": ("index", "cell", "phandle"),
    "L002": ("index", "cell", "supplier", "missing", "hint"),
    "L003": ("index", "supplier", "want", "have"),
    "L004": ("length",),
    "L005": ("index", "hides", "value"),
    "L006": ("index", "supplier"),
    "L007": ("index", "supplier", "disabled"),
    "L009": ("members", "hard"),
    "L011": ("index", "supplier"),
    "L012": (),
    "L013": ("supplier",),
    "L014": ("cells", "want", "supplier"),
    "L015": (),
    "L016": ("reason", "row", "want", "have"),
    "L017": ("supplier",),
    "L018": ("length",),
    "L019": ("row", "base", "mask"),
    "L020": ("row", "reason"),
    "L021": ("index", "supplier", "other"),
    "L022": ("index", "supplier", "specifier", "other"),
    "L023": ("index", "supplier", "disabled"),
    "L024": ("entries", "names"),
    "L025": ("gap", "states", "names"),
    "L026": ("cells",),
    "L027": ("supplier", "reason"),
    "L028": ("index", "supplier", "cells"),
    "L029": ("clocks", "values", "stuck"),
    "L030": ("reason", "want", "have"),
    "L032": (),
    "L033": ("index", "was", "overlay", "consumer_overlay"),
    "L035": ("reason", "row", "want", "have"),
    "L037": ("phandle", "via"),
}


def comparable(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the keys of a finding of ours that count; of a rule nobody knows, all."""
    keys = KEYS.get(finding.get("rule", ""))
    if keys is None:
        return dict(finding)
    return {key: value for key, value in finding.items() if key in _COMMON or key in keys}


def finding_difference(
    expected: Iterable[Mapping[str, Any]], found: Iterable[Mapping[str, Any]]
) -> str:
    """Say which findings are missing and which are extra, "" for none; order does not count."""
    return multiset_difference(map(_text, expected), (_text(comparable(one)) for one in found))


def multiset_difference(expected: Iterable[str], found: Iterable[str]) -> str:
    """Say which texts are missing and which are extra, "" for none; repetitions count."""
    wanted, given = Counter(expected), Counter(found)
    missing = [f"\n  missing {text}" for text in (wanted - given).elements()]
    return "".join([*missing, *(f"\n  extra   {text}" for text in (given - wanted).elements())])


# -- probe results -------------------------------------------------------------------------------

IN_ORDER = ("order", "log")
AS_SETS = ("unmatched", "never_added")
AS_MAPS = ("deferred", "failed", "sync_pending")


def probe_difference(expected: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Say in which of the seven keys a probe result differs from the expected one."""
    parts = []
    for key in IN_ORDER:
        parts.append(_sequence_difference(key, expected[key], found[key]))
    for key in AS_SETS:
        difference = multiset_difference(set(expected[key]), set(found[key]))
        parts.append(difference and f"\n {key}{difference}")
    for key in AS_MAPS:
        difference = multiset_difference(_items(expected[key]), _items(found[key]))
        parts.append(difference and f"\n {key}{difference}")
    return "".join(parts)


def _items(entries: Mapping[str, Any]) -> list[str]:
    return [f"{path}: {_text(value)}" for path, value in entries.items()]


def _sequence_difference(key: str, expected: Sequence[Any], found: Sequence[Any]) -> str:
    wanted, given = list(map(_text, expected)), list(map(_text, found))
    if wanted == given:
        return ""
    # The longer of two lists of which one begins with the other differs where the other ends.
    place = next(
        (at for at, pair in enumerate(zip(wanted, given, strict=False)) if pair[0] != pair[1]),
        min(len(wanted), len(given)),
    )
    return f"\n {key}, from entry {place}:{multiset_difference(wanted, given) or _order(given)}"


def _order(given: Iterable[str]) -> str:
    return f"\n  in another order: {' '.join(given)}"


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
