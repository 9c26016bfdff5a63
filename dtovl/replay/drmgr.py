"""Lines of the debug log of drmgr, which does in user space what the kernel does after a migration.

Source: powerpc-utils 1.3.13, src/drmgr/drmig_chrp_pmig.c and common.c.
"""

from __future__ import annotations

import re

from dtovl.replay.stream import (
    ADD,
    DELETE,
    NAME_ONLY,
    REMOVE,
    SET,
    UPDATE,
    Change,
    Clock,
    Note,
    Operation,
    Problem,
)

SEPARATOR = rb"#{10}[ \t][^\r\n]*[ \t]#{10}[ \t]*\r?\n?\Z"
"""The line that drmgr writes when it starts, and when it ends."""

OPERATIONS = (
    rb"(?:Delete|Update)[ \t]++node[ \t]++with[ \t]++phandle(?![^\s])"
    rb"|Add[ \t]++node[ \t]++with[ \t]++parent[ \t]++phandle(?![^\s])"
    rb"|Unknown[ \t]++update_nodes[ \t]++op(?![^\s])"
)
"""Beginnings of lines that stand for an operation of firmware."""

CHANGES = (
    rb"(?:/[^\r\n]*?|[^\s]++)[ \t]-[ \t]++"
    rb"(?:updating|delete|name[ \t]++only)[ \t]++property(?![^\s])"
)
"""Beginning of a line about a property of the node updated last."""

REPEATS = (
    rb"<(?:remove_node|add_node|update_property|add_property|remove_property)(?![^\s])"
    rb"|ofdt update:|(?:Removing|Adding) device-tree node "
)
"""Beginnings of lines that tell once more what another line told."""

_OPERATION = re.compile(
    r"(?P<verb>Delete|Update) node with phandle (?P<phandle>[0-9A-Fa-f]{1,8})\Z"
    r"|Add node with parent phandle (?P<parent>[0-9A-Fa-f]{1,8})"
    r" and drc index (?P<drc>[0-9A-Fa-f]{1,8})\Z"
    r"|Unknown update_nodes op (?P<opcode>[0-9A-Fa-f]{1,8})\Z"
)
_CHANGE = re.compile(r" - (?P<verb>updating|delete|name only) property (?P<name>[^ ]+)")
_VERBS = {"updating": SET, "delete": REMOVE, "name only": NAME_ONLY}


def read_operation(text: str, line: int, clock: Clock | None) -> Operation | Note | Problem:
    """Read a line that begins with one of OPERATIONS, its runs of blanks made one.

    An update is given with changes None; lines about properties that follow fill them.
    """
    found = _OPERATION.match(text)
    if found is None:
        shown = repr(text if len(text) <= 80 else text[:77] + "...")
        return Problem(
            "PS204", line, f"{shown} is cut short or damaged: expected numbers of 8 hex digits"
        )
    if found["opcode"]:
        opcode = int(found["opcode"], 16) >> 24
        return Note("PS146", line, None, f"firmware used the unknown operation 0x{opcode:02x}")
    if found["parent"]:
        parent, drc = int(found["parent"], 16), int(found["drc"], 16)
        return Operation(ADD, line, parent=parent, drc=drc, clock=clock)
    kind = DELETE if found["verb"] == "Delete" else UPDATE
    return Operation(kind, line, phandle=int(found["phandle"], 16), clock=clock)


def read_change(text: str) -> Change | None:
    """Read a line about one property; drmgr does not print the value. None: it names none."""
    found = _CHANGE.search(text)
    return Change(found["name"], _VERBS[found["verb"]]) if found else None
