"""Results of all shapes for tests, and a check that one has the types that its classes name."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

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

TEXTS = st.text(max_size=5) | st.sampled_from(["", "\udc80\x00", "[red]", "é"])
NUMBERS = st.integers(0, 2**53 - 1)
SPOTS = st.builds(Spot, TEXTS, NUMBERS, NUMBERS)
REMARKS = st.builds(Remark, TEXTS, SPOTS)
FINDINGS = st.builds(
    Finding,
    st.sampled_from(["DT104", "DT130"]),
    st.integers(1, 3),
    TEXTS,
    TEXTS,
    SPOTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.lists(REMARKS, max_size=2).map(tuple),
    st.lists(TEXTS, max_size=2).map(tuple),
    TEXTS,
)
CHANGES = st.builds(Change, TEXTS, TEXTS, st.sampled_from(["+node", "+", "~"]), TEXTS, TEXTS, TEXTS)


@st.composite
def cases(draw: st.DrawFn, base: str, names: list[str]) -> Case:
    overlays = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=4)))
    place = st.integers(-1, len(overlays) - 1)
    smallest = st.lists(st.integers(0, len(overlays) - 1), max_size=3).map(tuple)
    return Case(
        base,
        overlays,
        draw(TEXTS),
        tuple(draw(st.lists(st.builds(Verdict, TEXTS, TEXTS, place), max_size=2))),
        tuple(draw(st.lists(FINDINGS, max_size=3))),
        draw(smallest),
        tuple(draw(st.lists(CHANGES, max_size=3))),
        draw(NUMBERS),
    )


@st.composite
def results(draw: st.DrawFn) -> BaseResult:
    base, names = draw(TEXTS), draw(st.lists(TEXTS, min_size=1, max_size=3))
    name = st.sampled_from(names)
    return BaseResult(
        base,
        tuple(draw(st.lists(cases(base, names), max_size=3))),
        tuple(draw(st.lists(st.builds(Between, st.just(base), name, name, FINDINGS), max_size=2))),
        draw(NUMBERS),
        tuple(draw(st.lists(st.tuples(name, FINDINGS), max_size=2))),
    )


def mistyped(value: object, wanted: Any = BaseResult) -> str:
    """Say which part of a value is not of the type wanted, "" when all are."""
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return "" if any(not mistyped(value, one) for one in get_args(wanted)) else f"{value!r}"
    if origin is tuple:
        if type(value) is not tuple:
            return f"{value!r} is no tuple"
        kinds = get_args(wanted)
        if kinds[1:] == (...,):
            kinds = (kinds[0],) * len(value)
        return next(filter(None, map(mistyped, value, kinds)), "")
    if type(value) is not wanted:
        return f"{value!r} is no {wanted.__name__}"
    if hasattr(wanted, "_fields"):
        hints = get_type_hints(wanted)
        kinds = [hints[field] for field in wanted._fields]
        return next(filter(None, map(mistyped, value, kinds)), "")  # type: ignore[call-overload]
    return ""
