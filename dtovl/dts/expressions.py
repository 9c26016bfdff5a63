"""Expressions with C operators: those in values of devicetree source, and how to compute others.

Two stacks instead of recursion, so nesting costs no Python frames; it is bounded all the same.
What an operator does is told by an arithmetic; that of devicetree source has 64 bits without sign.
Everything is computed, as dtc does: both branches of ?: and both sides of && and ||.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from dtovl.dts.literals import MASK, LiteralProblem, character, number
from dtovl.model.limits import MAX_EXPRESSION_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.dts.lexer import Token

_T = TypeVar("_T")

_LEVELS = (
    ("*", "/", "%"),
    ("+", "-"),
    ("<<", ">>"),
    ("<", ">", "<=", ">="),
    ("==", "!="),
    ("&",),
    ("^",),
    ("|",),
    ("&&",),
    ("||",),
)
# Higher binds tighter. `?` waits for its `:`, which makes it `?:`; both bind loosest, to the right.
_BINDS = {sign: len(_LEVELS) - level for level, row in enumerate(_LEVELS) for sign in row}
_UNARY = {"-": "neg", "~": "inv", "!": "not", "+": "pos"}
_PREFIXES = frozenset(_UNARY.values())

_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "*": lambda a, b: a * b & MASK,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "+": lambda a, b: a + b & MASK,
    "-": lambda a, b: a - b & MASK,
    "<<": lambda a, b: a << b & MASK if b < 64 else 0,
    ">>": lambda a, b: a >> b if b < 64 else 0,
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "&": lambda a, b: a & b,
    "^": lambda a, b: a ^ b,
    "|": lambda a, b: a | b,
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
}
_CHANGE: dict[str, Callable[[int], int]] = {
    "neg": lambda a: -a & MASK,
    "inv": lambda a: ~a & MASK,
    "not": lambda a: int(not a),
}


class Unexpected(Exception):
    """A word does not fit: the word, and what was expected."""

    def __init__(self, token: Token, expected: str) -> None:
        super().__init__(expected)
        self.token = token
        self.expected = expected


class TooDeep(Exception):
    """Brackets and operators are nested beyond the bound; carries the word it happened at."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.token = token


class ZeroDivisor(Exception):
    """A division by zero; carries the sign of the division."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.token = token


class Arithmetic(Protocol[_T]):
    """What numbers are, and what operators do to them."""

    def operand(self, token: Token) -> _T | None:
        """Give the value of a word; None if it is none."""

    def change(self, sign: str, value: _T) -> _T | None:
        """Apply neg, inv, not or pos; None if that is not known."""

    def compute(self, token: Token, left: _T, right: _T) -> _T:
        """Apply the operator that a word is."""

    def choose(self, condition: _T, left: _T, right: _T) -> _T:
        """Apply ?: to its three values."""


class _Unsigned:
    """64 bits without sign. Source: dtc grammar, integer_expr."""

    def operand(self, token: Token) -> int | None:
        """Read a number or a character."""
        return literal(token) if token.kind in ("number", "char") else None

    def change(self, sign: str, value: int) -> int | None:
        """Apply a sign that stands before a value."""
        return _CHANGE[sign](value) if sign in _CHANGE else None

    def compute(self, token: Token, left: int, right: int) -> int:
        """Apply an operator. Raises ZeroDivisor."""
        if not right and token.kind in ("/", "%"):
            raise ZeroDivisor(token)
        return _COMPUTE[token.kind](left, right)

    def choose(self, condition: int, left: int, right: int) -> int:
        """Choose by a condition."""
        return left if condition else right


_UNSIGNED = _Unsigned()


class _Machine(Generic[_T]):
    """The two stacks: values, and signs that wait for their right side."""

    __slots__ = ("arithmetic", "signs", "values")

    def __init__(self, arithmetic: Arithmetic[_T]) -> None:
        self.arithmetic = arithmetic
        self.values: list[_T] = []
        self.signs: list[tuple[str, Token]] = []

    def push(self, sign: str, token: Token) -> None:
        if len(self.signs) >= MAX_EXPRESSION_DEPTH:
            raise TooDeep(token)
        self.signs.append((sign, token))

    def apply(self) -> None:
        """Carry out the sign on top."""
        sign, token = self.signs.pop()
        values = self.values
        right = values.pop()
        if sign in _PREFIXES:
            changed = self.arithmetic.change(sign, right)
            if changed is None:
                raise Unexpected(token, "a number or `(`")
            values.append(changed)
            return
        left = values.pop()
        if sign == "?:":
            values.append(self.arithmetic.choose(values.pop(), left, right))
        else:
            values.append(self.arithmetic.compute(token, left, right))

    def reduce(self, binding: int) -> None:
        """Carry out all signs on top that bind at least as tight; a bracket or `?` stops it."""
        signs = self.signs
        while signs and signs[-1][0] not in ("(", "?"):
            if _BINDS.get(signs[-1][0], 99 if signs[-1][0] in _PREFIXES else 0) < binding:
                break
            self.apply()

    def then(self, token: Token) -> None:
        """Take the `:` of a conditional expression."""
        self.reduce(0)
        if self.signs[-1][0] != "?":
            raise Unexpected(token, "`)`")
        self.signs[-1] = ("?:", self.signs[-1][1])

    def close(self, token: Token) -> None:
        """Take a closing bracket."""
        self.reduce(0)
        if self.signs[-1][0] == "?":
            raise Unexpected(token, "`:`")
        self.signs.pop()


def evaluate(opening: Token, next_token: Callable[[], Token]) -> int:
    """Compute the expression in brackets whose opening bracket has just been read.

    next_token gives the words that follow; the matching closing bracket is the last one taken.
    The result is 0..2**64-1.

    Raises Unexpected, TooDeep, ZeroDivisor, LiteralProblem.
    Source: dtc grammar, integer_expr.
    """
    return calculate(_UNSIGNED, opening, next_token)


def calculate(arithmetic: Arithmetic[_T], opening: Token, next_token: Callable[[], Token]) -> _T:
    """Compute an expression in brackets by any arithmetic; see evaluate.

    Raises Unexpected, TooDeep, and what the arithmetic raises.
    """
    machine = _Machine(arithmetic)
    machine.push("(", opening)
    while machine.signs:
        _operand(machine, next_token)
        _operator(machine, next_token)
    return machine.values[0]


def literal(token: Token) -> int:
    """Give the value of a number or a character, 0..2**64-1.

    Raises LiteralProblem, with the word in it.
    """
    try:
        return number(token.text) if token.kind == "number" else character(token.text[1:-1])
    except LiteralProblem as problem:
        problem.token = token
        raise


def _operand(machine: _Machine[_T], next_token: Callable[[], Token]) -> None:
    """Read brackets and unary signs up to a number, and the number."""
    while True:
        token = next_token()
        kind = token.kind
        value = machine.arithmetic.operand(token)
        if value is not None:
            machine.values.append(value)
            return
        if kind == "(":
            machine.push("(", token)
        elif kind in _UNARY:
            machine.push(_UNARY[kind], token)
        else:
            raise Unexpected(token, "a number or `(`")


def _operator(machine: _Machine[_T], next_token: Callable[[], Token]) -> None:
    """Read closing brackets up to a binary operator, `?` or `:`, or the end of the expression."""
    while machine.signs:
        token = next_token()
        kind = token.kind
        if kind == ")":
            machine.close(token)
        elif kind in _BINDS:
            machine.reduce(_BINDS[kind])
            machine.push(kind, token)
            return
        elif kind == "?":
            machine.reduce(1)
            machine.push("?", token)
            return
        elif kind == ":":
            machine.then(token)
            return
        else:
            raise Unexpected(token, "an operator or `)`")
