"""The JSON report of a check (dtovl-check/1) read back. It may have been written by a stranger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from dtovl.codes.base import Severity
from dtovl.codes.matrix import PART_UNUSABLE
from dtovl.matrix.checked import Checked, Judged, Place, Standing, State
from dtovl.matrix.foreign import parse, refusal
from dtovl.matrix.group import group, short_name
from dtovl.matrix.result import Case, Change, Finding, Remark, Spot, Verdict
from dtovl.matrix.shards import MAX_SHARDS
from dtovl.model.limits import MAX_REPORT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import TypeVar

    Value = TypeVar("Value")

_SCHEMA = "dtovl-check/1"
_MOST = 1 << 53
_SEVERITIES = {severity.label: int(severity) for severity in Severity}
_FAIL_ON = {"never": 0, **_SEVERITIES}
_STATES = frozenset(get_args(State))
_STANDINGS = frozenset(get_args(Standing))


class _MisshapenError(ValueError):
    """Something is not as the schema has it; the argument says what."""


def read_checked(text: str, name: str) -> Checked:
    """Read a report; name is what messages call it.

    Groups are made anew of the findings, so that they cannot contradict them.

    Raises InputError (DT627).
    """
    document = parse(text, name, PART_UNUSABLE, MAX_REPORT_BYTES)
    try:
        return _checked(document)
    except _MisshapenError as error:
        raise refusal(PART_UNUSABLE, name, str(error)) from error


# -- the document ----------------------------------------------------------------------------------


def _checked(document: Any) -> Checked:
    if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
        raise _MisshapenError(f"it has no schema {_SCHEMA}")
    standings: dict[Place, Standing] = {}
    cases = _each(document, "cases", lambda plain: _case(plain, standings))
    for place, standing in _each(document, "findings", _other):
        standings.setdefault(place, standing)
    counts = _mapping(document.get("counts"), "counts")
    return Checked(
        _text(document, "version"),
        _names(document, "bases"),
        _names(document, "overlays"),
        _names(document, "appliers"),
        cases,
        group(standings),
        _number(counts, "compared"),
        _names(document, "fits_nothing"),
        _shard(document.get("shard")),
        _FAIL_ON[_word(document, "fail_on", _FAIL_ON)],
        _text(document, "plan", null=True),
        _text(document, "folder", null=True),
    )


def _shard(plain: Any) -> tuple[int, int] | None:
    if plain is None:
        return None
    mapping = _mapping(plain, "shard")
    whole = _number(mapping, "of", 1, MAX_SHARDS)
    return _number(mapping, "number", 1, whole), whole


def _case(plain: dict[str, Any], standings: dict[Place, Standing]) -> Judged:
    base, overlays, stack = _where(plain)
    if not base or not overlays:
        raise _MisshapenError("it has no base, or no overlays")
    told = _each(plain, "findings", _finding)
    for finding, standing in told:
        standings.setdefault(Place(base, overlays, stack, finding), standing)
    count = len(overlays)
    case = Case(
        base,
        overlays,
        stack,
        _each(plain, "verdicts", lambda one: _verdict(one, count)),
        tuple(finding for finding, _ in told),
        _indices(plain, count),
        _each(plain, "plan", _change),
        _number(plain, "more"),
    )
    state: Any = _word(plain, "state", _STATES)
    return Judged(case, state, _text(plain, "reason", null=True))


def _other(plain: dict[str, Any]) -> tuple[Place, Standing]:
    finding, standing = _finding(plain)
    return Place(*_where(plain), finding), standing


def _where(plain: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    stack = _text(plain, "stack", null=True)
    return _text(plain, "base", null=True), _names(plain, "overlays"), stack


def _indices(plain: dict[str, Any], count: int) -> tuple[int, ...]:
    found = _list(plain, "smallest")
    if not all(type(one) is int and 0 <= one < count for one in found):
        raise _MisshapenError("`smallest` has what is no index of an overlay")
    return tuple(found)


def _verdict(plain: dict[str, Any], count: int) -> Verdict:
    at = plain.get("failed_at")
    at = -1 if at is None else _number(plain, "failed_at", 0, count - 1)
    return Verdict(_text(plain, "applier"), _text(plain, "error", null=True), at)


def _change(plain: dict[str, Any]) -> Change:
    return Change(
        _text(plain, "fragment"),
        _text(plain, "path"),
        _text(plain, "kind"),
        *(_text(plain, key, null=True) for key in ("property", "old", "new")),
    )


def _finding(plain: dict[str, Any]) -> tuple[Finding, Standing]:
    code = _text(plain, "code")
    if len(code) > 8 or not short_name(code):
        raise _MisshapenError(f"there is no code {code[:8]}")
    standing: Any = _word(plain, "standing", _STANDINGS)
    finding = Finding(
        code,
        _SEVERITIES[_word(plain, "severity", _SEVERITIES)],
        _text(plain, "path", null=True),
        _text(plain, "message"),
        _spot(plain.get("location")),
        _text(plain, "why", null=True),
        _text(plain, "who", null=True),
        _text(plain, "fix", null=True),
        _each(plain, "notes", _remark),
        _names(plain, "kernel"),
        _text(plain, "excerpt", null=True),
    )
    return finding, standing


def _remark(plain: dict[str, Any]) -> Remark:
    return Remark(_text(plain, "text"), _spot(plain.get("location")))


def _spot(plain: Any) -> Spot:
    if plain is None:
        return Spot()
    place = _mapping(plain, "location")
    line, column = (
        0 if place.get(key) is None else _number(place, key) for key in ("line", "column")
    )
    return Spot(_text(place, "file"), line, column)


# -- values ----------------------------------------------------------------------------------------


def _mapping(plain: Any, key: str) -> dict[str, Any]:
    if not isinstance(plain, dict):
        raise _MisshapenError(f"`{key}` is no mapping")
    return plain


def _list(plain: dict[str, Any], key: str) -> list[Any]:
    value = plain.get(key)
    if not isinstance(value, list):
        raise _MisshapenError(f"`{key}` is no list")
    return value


def _each(
    plain: dict[str, Any], key: str, read: Callable[[dict[str, Any]], Value]
) -> tuple[Value, ...]:
    """Read the entries of a list; what is wrong in one is told with its number, from 1."""
    values = []
    for number, one in enumerate(_list(plain, key), 1):
        if not isinstance(one, dict):
            raise _MisshapenError(f"entry {number} of `{key}` is no mapping")
        try:
            values.append(read(one))
        except _MisshapenError as error:
            raise _MisshapenError(f"in entry {number} of `{key}`: {error}") from error
    return tuple(values)


def _names(plain: dict[str, Any], key: str) -> tuple[str, ...]:
    values = _list(plain, key)
    if not all(isinstance(one, str) for one in values):
        raise _MisshapenError(f"`{key}` is no list of texts")
    return tuple(values)


def _text(plain: dict[str, Any], key: str, *, null: bool = False) -> str:
    value = plain.get(key)
    if isinstance(value, str):
        return value
    if null and value is None:
        return ""
    raise _MisshapenError(f"`{key}` is no text")


def _word(plain: dict[str, Any], key: str, known: Container[str]) -> str:
    word = _text(plain, key)
    if word not in known:
        raise _MisshapenError(f"`{key}` is {word[:20]!r}, which means nothing")
    return word


def _number(plain: dict[str, Any], key: str, least: int = 0, most: int = _MOST) -> int:
    value = plain.get(key)
    if type(value) is not int or not least <= value <= most:
        raise _MisshapenError(f"`{key}` is no number from {least} to {most}")
    return value
