"""Results as plain data: nothing is lost, and nothing but a result comes out of anything."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrix.results import mistyped, results

from dtovl.matrix.plainform import MisshapenError, from_plain, to_plain
from dtovl.matrix.result import BaseResult, Case, Change, Finding, Spot, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

ODD = st.sampled_from(
    [None, True, -1, -2, 7, 2**60, 10**400, 0.5, float("nan"), "", "x", [], [[]], [0], {}, {"a": 1}]
)


def over_json(plain: object) -> Any:
    return json.loads(json.dumps(plain))


def places(data: Any) -> Iterator[tuple[Any, int]]:
    """Give every place of nested lists, as a list and an index."""
    for index, value in enumerate(data):
        yield data, index
        if isinstance(value, list):
            yield from places(value)


@given(results())
def test_what_is_written_is_read(result: BaseResult) -> None:
    assert from_plain(over_json(to_plain(result))) == result


@given(results(), st.data())
def test_whatever_is_changed_gives_a_result_or_is_refused(
    result: BaseResult, data: st.DataObject
) -> None:
    plain = over_json(to_plain(result))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, index = data.draw(st.sampled_from(list(places(plain))))
        match data.draw(st.sampled_from(["odd", "without", "twice", "moved"])):
            case "odd":
                holder[index] = data.draw(ODD)
            case "without":
                del holder[index]
            case "twice":
                holder.insert(index, copy.deepcopy(holder[index]))
            case _:
                holder[index] = copy.deepcopy(data.draw(st.sampled_from(plain)))
        if not plain:
            break
    try:
        read = from_plain(plain)
    except MisshapenError:
        return
    assert mistyped(read) == ""
    for case in read.cases:
        assert max((*case.smallest, *(one.failed_at for one in case.verdicts)), default=-1) < len(
            case.overlays
        )


@pytest.mark.parametrize("data", [None, 0, "", "x" * 11, {}, [], [[]] * 11, [None] * 11, [""]])
def test_other_data_is_refused(data: object) -> None:
    with pytest.raises(MisshapenError):
        from_plain(data)


FINDING = Finding("DT104", 3, "/", "m")
CASE = Case("b", ("o",), "", (Verdict("libfdt"),), (FINDING,), (0,), (Change("f", "/", "~"),))


@pytest.mark.parametrize(
    "case",
    [
        CASE._replace(smallest=(1,)),
        CASE._replace(smallest=(-1,)),
        CASE._replace(verdicts=(Verdict("libfdt", "E", 1),)),
        CASE._replace(verdicts=(Verdict("libfdt", "E", -2),)),
        CASE._replace(findings=(FINDING._replace(severity=4),)),
        CASE._replace(findings=(FINDING._replace(severity=True),)),  # type: ignore[arg-type]
        CASE._replace(findings=(FINDING._replace(kernel=(1,)),)),  # type: ignore[arg-type]
        CASE._replace(findings=(FINDING._replace(at=Spot("f", "1")),)),  # type: ignore[arg-type]
        CASE._replace(verdicts=(Verdict("libfdt", 0),)),  # type: ignore[arg-type]
        CASE._replace(name=0),  # type: ignore[arg-type]
        CASE._replace(plan=(Change("f", "/", "x"),)),
        CASE._replace(more=-1),
        CASE._replace(more=2**53),
    ],
)
def test_what_a_report_would_stumble_on_is_refused(case: Case) -> None:
    assert from_plain(to_plain(BaseResult("b", (CASE,)))).cases == (CASE,)
    with pytest.raises(MisshapenError):
        from_plain(to_plain(BaseResult("b", (case,))))


def test_what_stands_at_many_places_is_written_once() -> None:
    one = len(json.dumps(to_plain(BaseResult("b", (CASE,)))))
    long = FINDING._replace(message="m" * 1000)
    many = BaseResult("b", (CASE._replace(findings=(long,)),) * 50)
    assert len(json.dumps(to_plain(many))) < one + 4000
