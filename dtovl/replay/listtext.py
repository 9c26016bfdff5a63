"""How text of any bytes is spelled in an operation list, which holds Unicode without surrogates.

Names of a Stream hold bytes that are not UTF-8 as surrogate escapes. In a list, byte 0x80 + n of
those is the private character U+EF80 + n; names that really have one of these characters spell each
of its bytes so. Everything else stands for itself.
"""

from __future__ import annotations

import re

_PRIVATE = re.compile("[\uef80-\uefff]")
_ODD = re.compile("[\udc80-\udcff\uef80-\uefff]")
_ESCAPES = {0xEF00 + byte: 0xDC00 + byte for byte in range(0x80, 0x100)}


def spelled(text: str) -> str:
    """Give the characters of a list that stand for a text."""
    return _ODD.sub(_spell, text)


def meant(characters: str) -> str:
    """Give the text that characters of a list stand for.

    Raises UnicodeEncodeError for characters that are halves of surrogate pairs.
    """
    if characters.isascii():
        return str(characters)
    characters.encode()
    if not _PRIVATE.search(characters):
        return str(characters)
    raw = characters.translate(_ESCAPES).encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "surrogateescape")


def _spell(match: re.Match[str]) -> str:
    return "".join(chr(0xEF00 + byte) for byte in match[0].encode("utf-8", "surrogateescape"))
