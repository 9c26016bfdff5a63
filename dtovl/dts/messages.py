"""What to say about a word that does not fit, and where reading can go on after a mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.codes.source import BAD_LITERAL, SYNTAX
from dtovl.diagnostics import Note
from dtovl.dts.lexer import END

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.dts.lexer import Lexer, Token
    from dtovl.dts.places import Places

# The ends of statements, and what may hide such signs.
_RESUME = re.compile(
    r'"(?:[^\\"\n]|\\.)*+"|/\*(?>[\s\S]*?\*/)|//[^\n]*+|^#[^\n]*+|([{};])', re.MULTILINE
)

NEEDS_END = "`;`"
END_OF_BODY = "a property or a node, or `}`"
VALUE = "a value (a string, <...>, [...] or a reference)"
BYTE = "two hexadecimal digits or `]`"

_WORDS = (
    *("/dts-v1/", "/plugin/", "/memreserve/", "/bits/", "/incbin/", "/include/"),
    *("/delete-node/", "/delete-property/", "/omit-if-no-ref/"),
)
_LETTERS = re.compile(r"[A-Za-z0-9_]*")
_LETTERS_BEFORE = re.compile(r"[A-Za-z0-9_]*$")


def report_unexpected(
    places: Places, token: Token, expected: str, notes: Iterable[Note] = ()
) -> None:
    """Report a word that does not fit; a missing `;` is mended where it is missing."""
    notes = list(notes)
    source = places.source_of(token.place)
    offset = token.place - source.base
    start, found = offset, str(token)
    if token.text.isalpha() and len(token.text) == 1 and expected != BYTE:
        # Where a number may come, a letter is a sign of its own; a person sees the whole word.
        start -= len(_LETTERS_BEFORE.search(source.text[max(offset - 40, 0) : offset])[0])  # type: ignore[index]
        found = f"`{_LETTERS.match(source.text, start)[0]}`"  # type: ignore[index]
    fix = None
    if expected == NEEDS_END:
        end = places.locate(_end_before(places, token))
        if end.line != places.locate(token.place).line or token.kind == END:
            fix = f"end line {end.line} with `;`"
            notes.append(Note("the statement before ends here, without `;`", end))
    if start != offset and source.text[start].isdigit():
        found_error = places.diagnostic(
            BAD_LITERAL,
            source.base + start,
            found=found,
            what="number",
            reason="it has a letter that is no digit",
            mend="write a decimal number, or 0x and hexadecimal digits",
        )
    else:
        found_error = places.diagnostic(
            SYNTAX,
            source.base + start,
            found=found,
            expected=expected,
            fix=_advice(token, found, expected) if fix is None else fix,
            notes=notes,
            why=_swallowed(places, token),
        )
    places.error(found_error)


def _advice(token: Token, found: str, expected: str) -> str | None:
    """Say how to mend a word that does not fit; None if that is plain."""
    kind = token.kind
    if kind == END:
        return "close what is open; a block ends with `};`"
    if kind == ":":
        return "begin a label with a letter or _, and use only letters, digits and _ in it"
    if kind == "}" and expected not in (NEEDS_END, END_OF_BODY):
        if expected.startswith("a node"):
            return "remove it: all blocks are closed here"
        return "end the statement before with what is missing, and `;`"
    if kind == "ref" and "node" in expected:
        return f"move {token.text} {{ ... }}; to the top level, outside of all braces"
    if kind.startswith("/") and len(kind) > 1:
        return _directive_advice(token)
    if token.text.startswith("#"):
        return "begin a line with the directive, and have the text preprocessed"
    if token.text == "\u00ef" and not token.place:
        return "save the text without a byte order mark (its first three bytes)"
    if expected == VALUE and kind == "number":
        return "write numbers in angle brackets: <1 2 3>"
    if expected == VALUE and kind == ";":
        return "leave out `=` if the property has no value"
    if expected == BYTE:
        return "write each byte with two hexadecimal digits: [00 1f ff]"
    if token.text[:1].isalpha() and "number" in expected:
        return f"include the file that defines {found}, if it is a macro"
    return None


def _directive_advice(token: Token) -> str | None:
    if token.text in _WORDS:
        return f"move {token.text} to where it may stand; see `dtovl explain DT020`"
    from difflib import get_close_matches

    near = get_close_matches(token.text, _WORDS, 1, 0.6)
    return f"did you mean {near[0]}?" if near else f"the directives are {', '.join(_WORDS)}"


def _swallowed(places: Places, token: Token) -> str:
    if places.long_string is None:
        return ""
    first, last = places.long_string
    if not last <= token.place <= last + 200:
        return ""
    line = places.locate(first).line
    return f'the string that begins in line {line} goes over several lines; is its `"` missing?'


def _end_before(places: Places, token: Token) -> int:
    """Give the place of the last character before a word, white space left out."""
    source = places.source_of(token.place)
    if token.kind == END:
        return token.place
    text = source.text[: token.place - source.base].rstrip()
    return source.base + max(len(text) - 1, 0)


def starts_line(places: Places, token: Token) -> bool:
    """Tell whether a word is the first of its line."""
    source = places.source_of(token.place)
    offset = token.place - source.base
    return not source.text[source.text.rfind("\n", 0, offset) + 1 : offset].strip()


def resume(lexer: Lexer, inside: bool) -> None:
    """Move behind the next `;` of this block, or before the brace that closes it.

    Outside of all blocks a closing brace closes nothing and is passed over.
    """
    depth = 0
    for match in _RESUME.finditer(lexer.text, lexer.offset):
        sign = match[1]
        if sign == "{":
            depth += 1
        elif sign == "}":
            if not depth and inside:
                lexer.offset = match.start()
                return
            depth = max(depth - 1, 0)
        elif sign == ";" and not depth:
            lexer.offset = match.end()
            return
    lexer.offset = len(lexer.text)
