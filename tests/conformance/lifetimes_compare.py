"""What differs between a result of a scenario, or the errors of a file, and what is expected."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

COMPARED = frozenset(
    {
        *("rule", "severity", "event", "object", "hold", "actor", "freed", "held_by", "op"),
        *("cycle", "by", "scope", "dependent", "pending", "module", "phase", "waits_for"),
        *("failed", "gate", "field", "other"),
    }
)
"""The keys that the specification names for findings; others are not compared."""


def result_difference(expected: Json, got: Json) -> str:
    """Give the first difference of two results, "" without one."""
    if expected["verdict"] != got["verdict"]:
        return f"verdict {got['verdict']}, expected {expected['verdict']}"
    mine = [{key: one[key] for key in ("event", "why")} for one in got["refused"]]
    if mine != expected["refused"]:
        return f"refused {mine}, expected {expected['refused']}"
    for place, (wanted, one) in enumerate(zip(expected["findings"], got["findings"], strict=False)):
        different = finding_difference(wanted, one)
        if different:
            return f"finding {place + 1} ({wanted['rule']} at {wanted['event']}): {different}"
    wanted_rules, rules = _rules(expected), _rules(got)
    if len(rules) != len(wanted_rules):
        return f"findings {' '.join(rules) or '-'}, expected {' '.join(wanted_rules) or '-'}"
    return ""


def _rules(result: Json) -> list[str]:
    return [one["rule"] for one in result["findings"]]


def finding_difference(expected: Json, got: Json) -> str:
    """Give the first difference of two findings: keys that are absent and null are two things."""
    for key, value in expected.items():
        if key == "message":
            continue
        if key not in got:
            return f"no {key}, expected {value!r}"
        if not _alike(got[key], value):
            return f"{key} is {got[key]!r}, expected {value!r}"
    for key in got:
        if key in COMPARED and key not in expected:
            return f"{key} is {got[key]!r}, expected none"
    return ""


def _alike(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def errors_difference(expected: Json | list[Json], got: list[Json]) -> str:
    """Give the first error that is missing or too much; a column counts if one is expected."""
    wanted = sorted(expected if isinstance(expected, list) else [expected], key=_place)
    left = sorted(got, key=_place)
    for one in wanted:
        match = next((other for other in left if _fits(one, other)), None)
        if match is None:
            return f"no {_told(one)}; got {'; '.join(map(_told, got)) or 'no errors'}"
        left.remove(match)
    return f"{_told(left[0])} is not expected" if left else ""


def _fits(expected: Json, got: Json) -> bool:
    keys = [key for key in ("line", "column", "message") if key in expected]
    return all(expected[key] == got[key] for key in keys)


def _place(error: Json) -> tuple[int, int, str]:
    return error["line"], error.get("column", 0), error["message"]


def _told(error: Json) -> str:
    return f"{error['line']}:{error.get('column', '?')}: {error['message']}"
