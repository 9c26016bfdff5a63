from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.dts.conditions import condition
from dtovl.dts.expressions import TooDeep, Unexpected, ZeroDivisor, evaluate
from dtovl.dts.includes import Files
from dtovl.dts.lexer import VALUES, Lexer
from dtovl.dts.literals import MASK, LiteralProblem, character, number, unescape
from dtovl.dts.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable


def value(text: str) -> int:
    lexer = Lexer(text, "x.dts", Places(None), Files(None, "x.dts"))
    return evaluate(lexer.next(VALUES), lambda: lexer.next(VALUES))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(2 + 3 * 4)", 14),
        ("((2 + 3) * 4)", 20),
        ("(10 - 4 - 3)", 3),
        ("(7 / 2 * 2 % 4)", 2),
        ("(1 << 4 + 1)", 32),
        ("(1 << 64)", 0),
        ("(1 >> 64)", 0),
        ("(-1)", MASK),
        ("(-1 >> 60)", 15),
        ("(0 - 1 > 5)", 1),
        ("(~0)", MASK),
        ("(!5 + !0)", 1),
        ("(- - 3)", 3),
        ("(-2 * 3)", MASK - 5),
        ("(6 & 3 == 3)", 0),
        ("(1 | 2 ^ 3 & 1)", 3),
        ("(2 && 0 || 3)", 1),
        ("(1 ? 2 : 0 ? 3 : 4)", 2),
        ("(0 ? 2 : 0 ? 3 : 4)", 4),
        ("(1 ? 0 ? 5 : 6 : 7)", 6),
        ("(0 || 1 ? 8 : 9)", 8),
        ("('A' + 010 + 0x10U)", 65 + 8 + 16),
        ("(0xffffffffffffffff + 2)", 1),
        ("(5 <= 5 != 4 >= 5)", 1),
        ("(1 /* c */ + // d\n 2)", 3),
    ],
)
def test_values(text: str, expected: int) -> None:
    assert value(text) == expected


COMPUTE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "<<": lambda a, b: a << b if b < 64 else 0,
    ">>": lambda a, b: a >> b if b < 64 else 0,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "&": lambda a, b: a & b,
    "^": lambda a, b: a ^ b,
    "|": lambda a, b: a | b,
    "&&": lambda a, b: bool(a) and bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}
CHANGE: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a,
    "~": lambda a: ~a,
    "!": lambda a: not a,
}

# A text, and its value; None for a division by zero.
Sample = tuple[str, "int | None"]


def binary(left: Sample, sign: str, right: Sample) -> Sample:
    text = f"({left[0]} {sign} {right[0]})"
    if left[1] is None or right[1] is None or (sign in "/%" and not right[1]):
        return text, None
    return text, int(COMPUTE[sign](left[1], right[1])) & MASK


def unary(sign: str, inner: Sample) -> Sample:
    found = None if inner[1] is None else int(CHANGE[sign](inner[1])) & MASK
    return f"({sign}{inner[0]})", found


def ternary(parts: tuple[Sample, Sample, Sample]) -> Sample:
    condition, left, right = parts
    text = f"({condition[0]} ? {left[0]} : {right[0]})"
    if None in (condition[1], left[1], right[1]):
        return text, None
    return text, left[1] if condition[1] else right[1]


def samples() -> st.SearchStrategy[Sample]:
    numbers = st.integers(0, MASK) | st.integers(0, 70)
    leaves = numbers.map(lambda n: (str(n), n)) | numbers.map(lambda n: (f"{n:#x}UL", n))
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(binary, inner, st.sampled_from(sorted(COMPUTE)), inner)
            | st.builds(unary, st.sampled_from(sorted(CHANGE)), inner)
            | st.tuples(inner, inner, inner).map(ternary)
        ),
        max_leaves=20,
    )


@given(samples())
def test_generated_expressions(sample: Sample) -> None:
    text, expected = sample
    if expected is None:
        with pytest.raises(ZeroDivisor):
            value(f"({text})")
    else:
        assert value(f"({text})") == expected


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("()", ")", "a number or `(`"),
        ("(1 2)", "2", "an operator or `)`"),
        ("(1 +)", ")", "a number or `(`"),
        ("(+1)", "+", "a number or `(`"),
        ("(1 ? 2)", ")", "`:`"),
        ("(1 : 2)", ":", "`)`"),
        ("(1", "", "an operator or `)`"),
        ("(&x)", "&x", "a number or `(`"),
    ],
)
def test_what_does_not_fit(text: str, found: str, expected: str) -> None:
    with pytest.raises(Unexpected) as caught:
        value(text)
    assert (caught.value.token.text, caught.value.expected) == (found, expected)


@pytest.mark.parametrize(
    "text",
    ["(" * 300 + "1" + ")" * 300, "(" + "-" * 5000 + "1)", "(" + "1 ? " * 5000 + "1)"],
    ids=["brackets", "signs", "conditions"],
)
def test_nesting_is_bounded(text: str) -> None:
    with pytest.raises(TooDeep):
        value(text)


def test_long_but_flat_expressions_are_fine() -> None:
    assert value("(" + "1 + " * 5000 + "1)") == 5001


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("0x7FUL", 127), ("017", 15), ("12LL", 12), ("0xffffffffffffffff", MASK)],
)
def test_numbers(text: str, expected: int) -> None:
    assert number(text) == expected


@pytest.mark.parametrize(
    "text", ["08", "0x10000000000000000", "18446744073709551616", "9" * 10_000]
)
def test_wrong_numbers(text: str) -> None:
    with pytest.raises(LiteralProblem):
        number(text)


def test_escapes() -> None:
    assert unescape(r"\a\b\t\n\v\f\r\\\"\'\q\x41\x4g\101\0\400") == (
        "\a\b\t\n\v\f\r\\\"'q\x41\x04gA\0\0"
    )
    with pytest.raises(LiteralProblem, match="hexadecimal"):
        unescape(r"a\xg")


def test_characters() -> None:
    assert [character(text) for text in ("a", r"\n", r"\xff", r"\'", "\xe4")] == [
        97, 10, 255, 39, 0xE4,
    ]  # fmt: skip
    for wrong in ("", "ab", r"\nx"):
        with pytest.raises(LiteralProblem):
            character(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", True),
        ("0", False),
        ("NOT_DEFINED", False),
        ("-1 < 0", True),
        ("-1 < 0u", False),
        ("-1 > 0xffffffffffffffff - 1", True),
        ("-7 / 2 == -3 && -7 % 2 == -1", True),
        ("-8 >> 1 == -4", True),
        ("1 << 63 < 0", True),
        ("1 << 1000000000000", False),
        ("9223372036854775807 + 1 < 0", True),
        ("0 && 1 / 0", False),
        ("1 || 1 / 0", True),
        ("1 ? 2 : 1 / 0", True),
        ("(2 ? 1u : -1) > -2", False),
        ("+3 == 3 && ~0 == -1 && !0", True),
        ("'A' == 65 && '\\n' == 10", True),
        ("0b11 == 3 && 0x1F == 31 && 010 == 8", True),
    ],
)
def test_conditions(text: str, expected: bool) -> None:
    assert condition(text) is expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the end of the line"),
        ("1 +", "the end of the line"),
        ("1 / 0", "divides by zero"),
        ("1 2", "`2`"),
        ("(1", "the end of the line"),
        ("1)", "`)` too many"),
        ("F(1)", "`(`"),
        ("1x", "1x is no integer"),
        ("08", "octal"),
        ("'ab'", "2 characters"),
        ("(" * 500, "too deeply"),
    ],
)
def test_wrong_conditions(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        condition(text)
