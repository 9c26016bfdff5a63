"""Property values as a person reads them, in the syntax of devicetree source."""

from __future__ import annotations

from struct import unpack
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from dtovl.model.bindings import pattern_of
from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["empty", "string", "cells", "bytes"]

_NO_REFERENCES: Mapping[int, str] = MappingProxyType({})

# What dtc takes for text: printable ASCII, the escapes below, and NUL between the strings.
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
_TEXT = bytes([0, *_ESCAPES, *range(0x20, 0x7F)])
_IN_STRINGS = {**_ESCAPES, ord('"'): '\\"', ord("\\"): "\\\\"}

# Numbers below this read best in decimal: interrupt and line numbers, indexes, key codes.
_SMALL = 1024

# Names of properties with addresses, sizes, masks and register values.
_ADDRESSES = """
    alignment alloc-ranges assigned-addresses bus-range dma-ranges linux,elfcorehdr
    linux,initrd-end linux,initrd-start linux,phandle linux,usable-memory-range phandle ranges
    reg size virtual-reg
"""
_HEX_NAMES = frozenset(_ADDRESSES.split())
_HEX_ENDINGS = ("-map", "-mask", "-base", "-offset", "-address", "-addr", ",pins")
_HEX_BEGINNINGS = ("pinctrl-single,",)

# Endings of names of properties with counts and physical units.
_UNITS = """
    -cells -frequency -rate -rates -speed -hz -khz -mhz -microvolt -microamp -microwatt
    -microwatt-hours -microamp-hours -millivolt -milliwatt -ohms -micro-ohms -microseconds
    -nanoseconds -millicelsius -percent -ms -us -ns -ps -mv -ma -uv -ua -bits -sec -seconds
    -delay -delays -width -height
"""

# Properties of 64-bit numbers, each two cells.
_WIDE_NAMES = frozenset(("opp-hz", "assigned-clock-rates-u64"))
_DECIMAL_ENDINGS = tuple(_UNITS.split())

_ELISION = "..."


def guess(value: bytes) -> Kind:
    """Guess what a value is: strings, cells or bytes, as dtc does when it writes source.

    Source: dtc guess_value_type (treesource.c): strings end in NUL, hold nothing that is not
    text, and have no more NULs than other characters; cells are what is a multiple of 4 bytes.
    """
    if not value:
        return "empty"
    if not value[-1] and not value.translate(None, _TEXT) and 2 * value.count(0) <= len(value):
        return "string"
    return "bytes" if len(value) % 4 else "cells"


def render(
    value: bytes,
    *,
    name: str = "",
    references: Mapping[int, str] = _NO_REFERENCES,
    limit: int | None = None,
) -> str:
    """Write a value as devicetree source; nothing for an empty one.

    name is the property's, it decides between decimal and hexadecimal; references maps byte
    offsets of cells to a label, or to a path (beginning with `/`), written `&label`, `&{/path}`;
    offsets between cells are left out. limit is the most characters (40 or more); a longer text
    ends in `...` and the number of bytes. The result is printable ASCII and, without limit,
    exact: compiled, it gives the value.
    """
    if limit is None:
        return " ".join(pieces(value, name=name, references=references))
    # Four bytes never take less than two characters, so this is more than fills the limit.
    kind = _kind(value, plain_name(name), references)
    parts = _pieces(value[: 4 * limit], kind, plain_name(name), references)
    text = " ".join(parts)
    fits = len(value) <= 4 * limit and len(text) <= limit
    return text if fits else _shorten(parts, kind, len(value), limit)


def pieces(
    value: bytes, *, name: str = "", references: Mapping[int, str] = _NO_REFERENCES
) -> list[str]:
    """Give the words of a value's text; joined by blanks, or by line breaks, they are the text."""
    plain = plain_name(name)
    return _pieces(value, _kind(value, plain, references), plain, references)


def quoted(value: bytes) -> str:
    """Write text bytes (see guess) as one string in double quotes."""
    return '"' + value.decode("latin-1").translate(_IN_STRINGS) + '"'


def printable(text: str) -> str:
    """Write a name with everything but printable ASCII, and the backslash, as `\\xNN`."""
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(
        char if " " <= char <= "~" and char != "\\" else f"\\x{ord(char):02x}" for char in text
    )


def reference(target: str) -> str:
    """Write a reference to a label, or to a path (beginning with `/`)."""
    return f"&{{{printable(target)}}}" if target.startswith("/") else f"&{printable(target)}"


def _kind(value: bytes, name: str, references: Mapping[int, str]) -> Kind:
    found = guess(value)
    if references and len(value) >= 4:
        return "cells"
    # Numbers that happen to look like text. A path is one: labels and aliases have any name.
    if found == "string" and not len(value) % 4 and value[:1] != b"/" and _is_numeric(name):
        return "cells"
    return found


def _is_numeric(name: str) -> bool:
    return (
        name.startswith("#")
        or name in _HEX_NAMES
        or name in _WIDE_NAMES
        or name.endswith(_DECIMAL_ENDINGS)
    )


def _pieces(value: bytes, kind: Kind, name: str, references: Mapping[int, str]) -> list[str]:
    if kind == "string":
        return _string_pieces(value)
    if kind != "cells":
        return _byte_pieces(value)
    if name in _WIDE_NAMES and not len(value) % 8 and not references:
        numbers = unpack(f">{len(value) // 8}Q", value)
        return _bracketed([*map(str, numbers)], "/bits/ 64 <", ">")
    whole = len(value) // 4 * 4
    words = _cell_pieces(value[:whole], name, references)
    if whole < len(value):
        words[-1] += ","
        words += _byte_pieces(value[whole:])
    return words


def _string_pieces(value: bytes) -> list[str]:
    words = [quoted(part) + "," for part in value[:-1].split(b"\0")]
    words[-1] = words[-1][:-1]
    return words


def _byte_pieces(value: bytes) -> list[str]:
    return _bracketed(value.hex(" ").split(" "), "[", "]") if value else []


def _bracketed(words: list[str], left: str, right: str) -> list[str]:
    words[0] = left + words[0]
    words[-1] += right
    return words


def _cell_pieces(value: bytes, name: str, references: Mapping[int, str]) -> list[str]:
    numbers = unpack(f">{len(value) // 4}I", value)
    words = [*map(_number_writer(name), numbers)]
    places = [offset for offset in references if not offset % 4 and 0 <= offset < len(value)]
    for offset in places:
        words[offset // 4] = reference(references[offset])
    if 0 in places and _is_list_of_groups(name):
        for offset in places:
            if offset:
                words[offset // 4 - 1] += ">,"
                words[offset // 4] = "<" + words[offset // 4]
    return _bracketed(words, "<", ">")


def _is_list_of_groups(name: str) -> bool:
    """Tell whether each phandle of the property begins a group: it and its arguments."""
    pattern = pattern_of(name)
    return pattern is None or pattern.shape in ("args", "fixed")


def _number_writer(name: str) -> Callable[[int], str]:
    if name.startswith("#") or name.endswith(_DECIMAL_ENDINGS):
        return str
    if name in _HEX_NAMES or name.endswith(_HEX_ENDINGS) or name.startswith(_HEX_BEGINNINGS):
        return hex
    return _shorter_number


def _shorter_number(number: int) -> str:
    """Write a number in the base in which it is round, a small one in decimal."""
    decimal = str(number)
    if number < _SMALL:
        return decimal
    hexadecimal = hex(number)
    significant = len(hexadecimal.rstrip("0")) - 2
    return decimal if len(decimal.rstrip("0")) < significant else hexadecimal


def _shorten(parts: list[str], kind: Kind, size: int, limit: int) -> str:
    tail = f" ({size} bytes)"
    room = limit - len(tail) - len("...>")
    kept = 0
    for part in parts:
        room -= len(part) + 1
        if room < 0:
            break
        kept += 1
    if not kept and kind == "string":
        cut = parts[0][: limit - len(tail) - len('..."')]
        if (len(cut) - len(cut.rstrip("\\"))) % 2:
            cut = cut[:-1]  # not in the middle of an escape
        return f'{cut}..."{tail}'
    text = " ".join([*parts[:kept], _ELISION])
    if kept and kind != "string" and not parts[kept - 1].endswith((">,", "],")):
        text += "]" if parts[kept - 1].startswith("[") or kind == "bytes" else ">"
    return text + tail
