"""The expressions of #if: C integers of 64 bits, with sign unless one is marked unsigned.

What is not evaluated may be wrong: `defined(N) && 8 / N` is fine without N. So a division by zero
gives a value that stands for the failure, and spoils only what is computed from it.
Source: ISO C, 6.10.1; cpp.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.dts.expressions import TooDeep, Unexpected, calculate
from dtovl.dts.lexer import END, Token
from dtovl.dts.literals import LiteralProblem, character

if TYPE_CHECKING:
    from collections.abc import Iterator

_BITS = 64
_WORD = re.compile(
    r"""\s*+(?:
  (?P<name>[A-Za-z_]\w*+)
| (?P<number>[0-9][0-9A-Za-z_.]*+)
| (?P<char>'(?:[^\\'\n]|\\.)++')
| (?P<op><<|>>|<=|>=|==|!=|&&|\|\||\S)
)""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)")


class _Number(NamedTuple):
    """A value; failed if it comes from a division by zero."""

    value: int
    unsigned: bool = False
    failed: bool = False


_FAILED = _Number(0, failed=True)


def _wrapped(value: int, unsigned: bool) -> _Number:
    value &= (1 << _BITS) - 1
    if not unsigned and value >> (_BITS - 1):
        value -= 1 << _BITS
    return _Number(value, unsigned)


class _Signed:
    """The arithmetic of the preprocessor."""

    def operand(self, token: Token) -> _Number | None:
        """Read a number or a character; a name that is no macro is 0."""
        if token.kind == "name":
            return _Number(0)
        if token.kind == "char":
            return _Number(character(token.text[1:-1]))
        return _number(token.text) if token.kind == "number" else None

    def change(self, sign: str, value: _Number) -> _Number:
        """Apply a sign that stands before a value."""
        if value.failed:
            return value
        if sign == "not":
            return _Number(int(not value.value))
        number = {"neg": -value.value, "inv": ~value.value, "pos": value.value}[sign]
        return _wrapped(number, value.unsigned)

    def compute(self, token: Token, left: _Number, right: _Number) -> _Number:
        """Apply an operator."""
        sign = token.kind
        if sign in ("&&", "||"):
            return _logical(sign, left, right)
        if left.failed or right.failed:
            return _FAILED
        unsigned = left.unsigned or right.unsigned
        if sign in ("<<", ">>"):
            return _shifted(left, right if sign == "<<" else right._replace(value=-right.value))
        a, b = _wrapped(left.value, unsigned).value, _wrapped(right.value, unsigned).value
        if sign in ("/", "%"):
            if not b:
                return _FAILED
            # C rounds to zero, Python down.
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return _wrapped(quotient if sign == "/" else a - b * quotient, unsigned)
        if sign in _COMPARE:
            return _Number(int(_COMPARE[sign](a, b)))
        return _wrapped(_COMBINE[sign](a, b), unsigned)

    def choose(self, condition: _Number, left: _Number, right: _Number) -> _Number:
        """Choose by a condition."""
        if condition.failed:
            return condition
        chosen = left if condition.value else right
        if chosen.failed:
            return chosen
        return _wrapped(chosen.value, left.unsigned or right.unsigned)


_COMPARE = {
    "<": int.__lt__,
    ">": int.__gt__,
    "<=": int.__le__,
    ">=": int.__ge__,
    "==": int.__eq__,
    "!=": int.__ne__,
}
_COMBINE = {
    "*": int.__mul__,
    "+": int.__add__,
    "-": int.__sub__,
    "&": int.__and__,
    "^": int.__xor__,
    "|": int.__or__,
}


def _logical(sign: str, left: _Number, right: _Number) -> _Number:
    if left.failed or bool(left.value) == (sign == "||"):
        return left if left.failed else _Number(int(sign == "||"))
    return right if right.failed else _Number(int(bool(right.value)))


def _shifted(left: _Number, right: _Number) -> _Number:
    """Shift to the left by a count, to the right if it is negative."""
    count = right.value
    if count >= _BITS:
        return _Number(0, left.unsigned)
    if count >= 0:
        return _wrapped(left.value << count, left.unsigned)
    return _wrapped(left.value >> min(-count, _BITS), left.unsigned)


def _number(text: str) -> _Number:
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > 100:
        raise ValueError(f"{text[:40]} is no integer")
    digits, suffix = match.groups()
    octal = len(digits) > 1 and digits.isdigit() and digits[0] == "0"
    if octal and not set(digits) <= set("01234567"):
        raise ValueError(f"{digits} is octal, but has other digits than 0 to 7")
    value = int(digits, 8 if octal else 0)
    unsigned = "u" in suffix.lower() or value >= 1 << (_BITS - 1)
    return _wrapped(value, unsigned)


def condition(text: str) -> bool:
    """Compute the expression of #if, its macros and `defined` replaced already.

    Raises ValueError that tells what is wrong.
    """
    words = _words(text)
    opening = Token("(", "(", 0)
    try:
        result = calculate(_Signed(), opening, words.__next__)
    except Unexpected as problem:
        found = str(problem.token) if problem.token.text else "the end of the line"
        raise ValueError(f"found {found} where {problem.expected} is expected") from None
    except TooDeep:
        raise ValueError("it is nested too deeply") from None
    except LiteralProblem as problem:
        raise ValueError(problem.reason) from None
    if next(words).kind != END:
        raise ValueError("it has a `)` too many")
    if result.failed:
        raise ValueError("it divides by zero")
    return bool(result.value)


def _words(text: str) -> Iterator[Token]:
    """Give the words of an expression, a closing bracket, and then the end for ever."""
    for match in _WORD.finditer(text):
        kind = match.lastgroup or ""
        yield Token(match[kind] if kind == "op" else kind, match[kind], 0)
    yield Token(")", "", 0)
    while True:
        yield Token(END, "", 0)
