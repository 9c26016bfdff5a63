"""Results as plain JSON data and back: what the cache keeps.

Laid out by columns, as a run from the cache is to take a fraction of a run without: every kind of
value has a table, each field a column of it, and others refer to a row by its number. What stands
in many places is written once, and reading runs in C: one pass over a column checks its types, one
over all of them makes the rows.

What is read may have been written by anyone. It comes out as the types that dtovl.matrix.result
names, with every number within its bounds, or not at all.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from dtovl.matrix.result import (
    BaseResult,
    Between,
    Case,
    Change,
    Finding,
    Remark,
    Spot,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

Row = TypeVar("Row", bound=tuple[Any, ...])

_MOST = (1 << 53) - 1
"""Largest number: what every reader of JSON takes without loss."""

_KINDS = {"+node", "+", "~"}

Plain = list[Any]


class MisshapenError(ValueError):
    """The data is not what to_plain gives."""


# -- writing ---------------------------------------------------------------------------------------


class _Table:
    """Values that occur at several places, each numbered when it comes for the first time."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, value: Hashable) -> int:
        numbers = self._numbers
        return numbers.setdefault(value, len(numbers))

    def numbers(self, values: Iterable[Hashable]) -> list[int]:
        return list(map(self.number, values))

    def columns(self, turned: dict[int, Callable[[Any], object]] | None = None) -> Plain:
        """Give the rows by columns; turned are columns to write in another form.

        To turn a column may need numbers of other tables, so those are written afterwards.
        """
        columns: list[Any] = list(zip(*self._numbers, strict=True))
        if columns and turned:
            for index, turn in turned.items():
                columns[index] = list(map(turn, columns[index]))
        return columns

    def values(self) -> list[Any]:
        return list(self._numbers)


def to_plain(result: BaseResult) -> Plain:
    """Give a result as lists, strings and numbers alone, for json."""
    strings, spots, remarks, verdicts, findings, changes = (_Table() for _ in range(6))
    cases = [
        [strings.number(case.base) for case in result.cases],
        [strings.numbers(case.overlays) for case in result.cases],
        [case.name for case in result.cases],
        [verdicts.numbers(case.verdicts) for case in result.cases],
        [findings.numbers(case.findings) for case in result.cases],
        [case.smallest for case in result.cases],
        [changes.numbers(case.plan) for case in result.cases],
        [case.more for case in result.cases],
    ]
    between = [
        [strings.number(one.base) for one in result.between],
        [strings.number(one.first) for one in result.between],
        [strings.number(one.second) for one in result.between],
        [findings.number(one.finding) for one in result.between],
    ]
    inputs = [
        [strings.number(file) for file, _ in result.inputs],
        [findings.number(finding) for _, finding in result.inputs],
    ]
    found = findings.columns({4: spots.number, 8: remarks.numbers})
    remarked = remarks.columns({1: spots.number})
    tables = [spots.columns(), remarked, found, verdicts.columns(), changes.columns()]
    return [result.base, result.compared, strings.values(), *tables, cases, between, inputs]


# -- reading ---------------------------------------------------------------------------------------


def from_plain(data: object) -> BaseResult:
    """Give the result that to_plain made data of.

    Raises MisshapenError for anything that cannot have come from there.
    """
    try:
        return _result(*data)  # type: ignore[misc]
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise MisshapenError(f"no result of a base: {error}") from error


def _result(
    base: Any,
    compared: Any,
    strings: Any,
    spots: Any,
    remarks: Any,
    found: Any,
    verdicts: Any,
    changes: Any,
    cases: Any,
    between: Any,
    inputs: Any,
) -> BaseResult:
    _check_texts([base], strings)
    _check_numbers([compared])
    string = strings.__getitem__
    finding = _findings(found, remarks, spots).__getitem__
    bases, firsts, seconds, shown = _columns(between, 4)
    files, said = _columns(inputs, 2)
    return BaseResult(
        base,
        tuple(_cases(cases, string, finding, _verdicts(verdicts), _changes(changes))),
        tuple(
            _rows(
                Between,
                map(string, bases),
                map(string, firsts),
                map(string, seconds),
                map(finding, shown),
            )
        ),
        compared,
        tuple(zip(map(string, files), map(finding, said), strict=True)),
    )


def _findings(found: Any, remarks: Any, spots: Any) -> list[Finding]:
    files, lines, places = _columns(spots, 3)
    _check_texts(files)
    _check_numbers(lines, places)
    spot = _rows(Spot, files, lines, places).__getitem__
    texts, where = _columns(remarks, 2)
    _check_texts(texts)
    remark = _rows(Remark, texts, map(spot, where)).__getitem__
    code, severity, path, message, at, why, who, fix, notes, kernel, excerpt = _columns(found, 11)
    _check_texts(code, path, message, why, who, fix, excerpt, chain.from_iterable(kernel))
    _check_numbers(severity, least=1, most=3)
    return _rows(
        Finding,
        code,
        severity,
        path,
        message,
        map(spot, at),
        why,
        who,
        fix,
        (tuple(map(remark, rows)) for rows in notes),
        map(tuple, kernel),
        excerpt,
    )


def _verdicts(columns: Any) -> list[Verdict]:
    appliers, errors, places = _columns(columns, 3)
    _check_texts(appliers, errors)
    _check_numbers(places, least=-1)
    return _rows(Verdict, appliers, errors, places)


def _changes(columns: Any) -> list[Change]:
    fragments, paths, kinds, properties, old, new = _columns(columns, 6)
    _check_texts(fragments, paths, properties, old, new)
    if not _KINDS.issuperset(kinds):
        raise MisshapenError("an unknown kind of change")
    return _rows(Change, fragments, paths, kinds, properties, old, new)


def _cases(
    columns: Any,
    string: Callable[[Any], str],
    finding: Callable[[Any], Finding],
    verdicts: list[Verdict],
    changes: list[Change],
) -> list[Case]:
    bases, overlays, names, judged, found, smallest, plans, more = _columns(columns, 8)
    _check_texts(names)
    _check_numbers(more, list(chain.from_iterable(smallest)))
    verdict, change = verdicts.__getitem__, changes.__getitem__
    cases = _rows(
        Case,
        map(string, bases),
        (tuple(map(string, rows)) for rows in overlays),
        names,
        (tuple(map(verdict, rows)) for rows in judged),
        (tuple(map(finding, rows)) for rows in found),
        map(tuple, smallest),
        (tuple(map(change, rows)) for rows in plans),
        more,
    )
    for case in cases:
        # Reports look up overlays by these.
        places = chain(case.smallest, (one.failed_at for one in case.verdicts))
        if max(places, default=-1) >= len(case.overlays):
            raise MisshapenError("a case points at an overlay that it does not have")
    return cases


def _columns(columns: Any, width: int) -> list[Any]:
    """Give the columns of a table, as many as it has to have; those of an empty one are empty."""
    if type(columns) is not list or len(columns) not in (0, width):
        raise MisshapenError(f"no table of {width} columns")
    return columns or [[]] * width


def _rows(kind: type[Row], *columns: Iterable[object]) -> list[Row]:
    """Make rows of columns, which must be of one length."""
    # As _make and __new__ of a NamedTuple do, without a call of Python for each row.
    return list(map(partial(tuple.__new__, kind), zip(*columns, strict=True)))


def _check_texts(*columns: Iterable[object]) -> None:
    for column in columns:
        if not {str}.issuperset(map(type, column)):
            raise MisshapenError("a text is none")


def _check_numbers(*columns: Sequence[Any], least: int = 0, most: int = _MOST) -> None:
    for column in columns:
        if not {int}.issuperset(map(type, column)):
            raise MisshapenError("a number is none")
        if column and not least <= min(column) <= max(column) <= most:
            raise MisshapenError("a number is out of bounds")
