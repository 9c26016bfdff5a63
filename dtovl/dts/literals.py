"""Numbers, characters and strings of devicetree source: text between the delimiters to values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtovl.dts.lexer import Token

MASK = (1 << 64) - 1


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)

_LETTERS = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}


class LiteralProblem(ValueError):
    """A literal is written wrongly: what it should be, the reason, and how to mend it.

    token is the word it stands in, filled in by who knows it.
    """

    token: Token | None = None

    def __init__(self, what: str, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.what = what
        self.reason = reason
        self.mend = mend


def number(text: str) -> int:
    """Read an integer literal, suffix included, as 64 bits without sign.

    Raises LiteralProblem for digits that are not octal after a 0, and beyond 64 bits.
    Source: dtc lexer (strtoull with base 0).
    """
    digits = text.rstrip("UL")
    try:
        if digits[:2] in ("0x", "0X"):
            value = int(digits, 16)
        elif len(digits) > 1 and digits[0] == "0":
            value = int(digits, 8)
        else:
            value = int(digits) if len(digits) < 30 else MASK + 1
    except ValueError:
        raise LiteralProblem(
            "number",
            "a leading 0 means octal, which has the digits 0 to 7",
            f"write {digits.lstrip('0') or '0'} if it is decimal, 0x{digits} if hexadecimal",
        ) from None
    if value > MASK:
        raise LiteralProblem("number", "it needs more than 64 bits", "split it into cells")
    return value


def unescape(text: str) -> str:
    r"""Replace the escapes of a string or character: \n, \x41, \101, and \c for c itself.

    Raises LiteralProblem for \x without a hexadecimal digit.
    Source: dtc get_escape_char.
    """
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    digits, octal, letter = match.groups()
    if digits:
        return chr(int(digits, 16))
    if octal:
        return chr(int(octal, 8) & 0xFF)
    if letter == "x":
        raise LiteralProblem(
            "string",
            r"\x has no hexadecimal digit after it",
            r"write the byte as \x00 to \xff, or \\x for a backslash and an x",
        )
    return _LETTERS.get(letter, letter)


def character(text: str) -> int:
    """Read what stands between the quotes of a character literal: one byte, 0 to 255.

    Raises LiteralProblem when it is not exactly one byte.
    """
    value = unescape(text)
    if len(value) != 1:
        reason = "it is empty" if not value else f"it has {len(value)} characters"
        raise LiteralProblem(
            "character", reason, "write one character, or a string in double quotes"
        )
    return ord(value)
