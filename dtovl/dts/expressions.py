"""Integer expressions of devicetree source: C operators on 64 bits without sign.

Two stacks instead of recursion, so nesting costs no Python frames; it is bounded all the same.
Everything is computed, as dtc does: both branches of ?: and both sides of && and ||.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.dts.literals import MASK, LiteralProblem, character, number
from dtovl.model.limits import MAX_EXPRESSION_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.dts.lexer import Token

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
_UNARY = {"-": "neg", "~": "inv", "!": "not"}

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


class _Machine:
    """The two stacks: values, and signs that wait for their right side."""

    __slots__ = ("signs", "values")

    def __init__(self) -> None:
        self.values: list[int] = []
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
        if sign in _CHANGE:
            values.append(_CHANGE[sign](right))
            return
        left = values.pop()
        if sign == "?:":
            values.append(left if values.pop() else right)
        elif not right and sign in "/%":
            raise ZeroDivisor(token)
        else:
            values.append(_COMPUTE[sign](left, right))

    def reduce(self, binding: int) -> None:
        """Carry out all signs on top that bind at least as tight; a bracket or `?` stops it."""
        signs = self.signs
        while signs and signs[-1][0] not in ("(", "?"):
            if _BINDS.get(signs[-1][0], 99 if signs[-1][0] in _CHANGE else 0) < binding:
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
    machine = _Machine()
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


def _operand(machine: _Machine, next_token: Callable[[], Token]) -> None:
    """Read brackets and unary signs up to a number, and the number."""
    while True:
        token = next_token()
        kind = token.kind
        if kind in ("number", "char"):
            machine.values.append(literal(token))
            return
        if kind == "(":
            machine.push("(", token)
        elif kind in _UNARY:
            machine.push(_UNARY[kind], token)
        else:
            raise Unexpected(token, "a number or `(`")


def _operator(machine: _Machine, next_token: Callable[[], Token]) -> None:
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
