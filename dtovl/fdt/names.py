"""Which names of nodes and properties are outside what the specification allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity

if TYPE_CHECKING:
    from collections.abc import Collection

_COMMON = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,._+-"
_IN_NODES = frozenset(_COMMON)
_IN_PROPERTIES = frozenset(_COMMON + "?#")
_DTC_ALLOWS = frozenset("*#?")

_NODE_BYTES = _COMMON.encode()
_PROPERTY_BYTES = (_COMMON + "?#").encode()

# In a text with a line break before and behind every name, what only odd names can make. What
# begins with a dot is left to the closer look, for . and ..
_ODD_PAIRS = (b"\n\n", b"\n@", b"@\n", b"\n.")


def all_plain_nodes(names: list[str]) -> bool:
    """Tell fast, for many names at once, that odd_node_name finds nothing in any of them.

    False means no more than that a closer look is needed. No pattern is used, as compiling one
    takes longer than looking at the names of a board.
    """
    if not names:
        return True
    lines = ("\n" + "\n".join(names) + "\n").encode("latin-1")
    rest = lines.translate(None, _NODE_BYTES)
    return not (
        rest.translate(None, b"@\n")
        or b"@@" in rest
        or rest.count(b"\n") != len(names) + 1
        or any(pair in lines for pair in _ODD_PAIRS)
    )


def all_plain_properties(names: Collection[str]) -> bool:
    """Tell fast, for many names at once, that odd_property_name finds nothing in any of them."""
    return "" not in names and not "".join(names).encode("latin-1").translate(None, _PROPERTY_BYTES)


def odd_node_name(name: str) -> tuple[str, Severity] | None:
    """Say what is odd about the name of a node other than the root, None if nothing is.

    Source: Devicetree Specification v0.4, 2.2.1; dtc node_name_chars, node_name_format.
    """
    if not name:
        return "is empty, which the root's alone may be", Severity.WARNING
    if name in (".", ".."):
        return "means a folder in /proc/device-tree", Severity.WARNING
    stem, at, unit = name.partition("@")
    if "/" in name:
        return "holds a /, so that no path leads to the node", Severity.WARNING
    found = _odd_characters(stem + unit.replace("@", ""), _IN_NODES)
    if found is not None and found[1] is Severity.WARNING:
        return found
    if "@" in unit:
        return "has more than one @", Severity.WARNING
    if at and not unit:
        return "has no unit address behind its @", Severity.WARNING
    if at and not stem:
        return "has nothing before its @", Severity.WARNING
    return found


def odd_property_name(name: str) -> tuple[str, Severity] | None:
    """Say what is odd about the name of a property, None if nothing is.

    Source: Devicetree Specification v0.4, 2.2.4.1; dtc property_name_chars.
    """
    if not name:
        return "is empty", Severity.WARNING
    return _odd_characters(name, _IN_PROPERTIES)


def _odd_characters(name: str, allowed: frozenset[str]) -> tuple[str, Severity] | None:
    odd = sorted(set(name) - allowed)
    if not odd:
        return None
    shown = " ".join(ascii(char) for char in odd[:8])
    severity = Severity.INFO if _DTC_ALLOWS.issuperset(odd) else Severity.WARNING
    return f"holds characters which the specification does not allow: {shown}", severity
