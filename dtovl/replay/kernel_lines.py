"""Messages of the kernel about nodes that firmware deletes, updates and adds.

Source: Linux 6.1 arch/powerpc/platforms/pseries/mobility.c and dlpar.c, drivers/of/dynamic.c and
kobj.c, lib/refcount.c; `%pOFfp` of lib/vsprintf.c writes path, colon, phandle in decimal.
"""

from __future__ import annotations

import re

from dtovl.replay.stream import (
    ADD,
    DELETE,
    SET,
    UPDATE,
    Change,
    Clock,
    NamedHolder,
    Note,
    Operation,
    Problem,
)

MAX_NUMBER = 0xFFFFFFFF

OPERATIONS = (
    rb"removing[ \t]++node"
    rb"|added[ \t]++node"
    rb"|ignoring[ \t]++(?:remove|add)[ \t]++operation[ \t]++for"
    rb"|updating[ \t]++node"
    rb"|Failed[ \t]++lookup:[ \t]++phandle"
)
"""Beginnings of messages that stand for an operation of firmware."""

FAILURES = (
    rb"updating[ \t]++[^\s]++[ \t]++property[ \t]++failed:"
    rb"|device[ \t]++tree[ \t]++update[ \t]++failed:"
    rb"|Unexpected[ \t]++Error[ \t]++\("
    rb"|Failed[ \t]++to[ \t]++add[ \t]++device[ \t]++node[ \t]"
)
"""Beginnings of messages that tell that the kernel gave up on something."""

EVIDENCE = (
    rb"refcount_t:"
    rb"|Duplicate[ \t]++name[ \t]++in[ \t]"
    rb"|(?:ERROR:[ \t]++)?Bad[ \t]++of_node_put\(\)"
)
"""Beginnings of messages that tell of a reference count gone wrong."""

LINK = rb"[^\s]*+(?<=/of_node:)[ \t]++broken[ \t]++symbolic[ \t]++link[ \t]++to(?![^\s])"
"""Beginning of what file(1) says of a link whose target is gone."""

TRACE = rb"WARNING: CPU|(?:\[[0-9a-fx<>]{1,24}\] ?){0,2}+(?:\? )?[\w.]++\+0x[0-9a-f]{1,8}/0x"
"""Beginnings of the lines around such a message."""

_PREFIX = re.compile(r"(?:mobility|dlpar|OF): ")
_NEEDS_PATH = re.compile(
    r"(?:(?:mobility|dlpar|OF): )?"
    r"(?:removing node|added node|ignoring (?:remove|add) operation for|updating node)\Z"
)
_NODE = re.compile(
    r"(?P<verb>removing node|added node|ignoring remove operation for) (?P<node>/.*)\Z", re.DOTALL
)
_IGNORED_ADD = re.compile(r"ignoring add operation for (?P<path>/.*)\Z", re.DOTALL)
_UPDATE = re.compile(r"updating node (?P<path>/.*) property (?P<name>[^ ]+)\Z", re.DOTALL)
_LOOKUP = re.compile(
    r"Failed lookup: phandle 0x(?P<phandle>[0-9A-Fa-f]+) for action 0x(?P<action>[0-9A-Fa-f]+)\Z"
)
_DECIMAL = re.compile(r"0*([0-9]{1,10})\Z")
_BROKEN = "/of_node: broken symbolic link to "
_BASE = "/base/"
_BLANKS = re.compile(r"[ \t]+")


def single_blanks(text: bytes) -> str:
    """Decode a message, every run of blanks made one; what is not UTF-8 is kept as surrogates."""
    return _BLANKS.sub(" ", text.decode("utf-8", "surrogateescape")).strip(" ")


def needs_target(text: str) -> bool:
    """Tell whether a line about a broken link ends where its target should come."""
    return text.endswith(_BROKEN.rstrip())


def needs_path(text: str) -> bool:
    """Tell whether a message ends where its path should come: mail wraps at a blank."""
    return _NEEDS_PATH.match(text) is not None


def read_operation(text: str, line: int, clock: Clock | None) -> Operation | Note | Problem | None:
    """Read a message that begins with one of OPERATIONS, its wrapped path put behind it.

    Returns None for a text of somebody else that only begins alike: without a kernel prefix and
    with words where the path must be.
    """
    prefix = _PREFIX.match(text)
    body = text[prefix.end() :] if prefix else text
    if body.startswith("Failed"):
        return _lookup(body, line, clock)
    found = _NODE.match(body)
    if found is not None:
        return _delete_or_add(found["verb"], found["node"], line, clock)
    found = _IGNORED_ADD.match(body)
    if found is not None:
        return Operation(ADD, line, path=found["path"], clock=clock, typed=True)
    found = _UPDATE.match(body)
    if found is not None:
        changes = [Change(found["name"], SET)]
        return Operation(UPDATE, line, path=found["path"], changes=changes, clock=clock)
    if prefix is None and not needs_path(body) and not re.search(r"(?:node|for) /", body):
        return None
    if body.startswith("updating"):
        wanted = "`updating node PATH property NAME`"
    else:
        wanted = f"a path after `{_verb(body)}`, on this line or at the start of the next one"
    return Problem("PS204", line, f"{_shown(body)} is cut short or damaged: expected {wanted}")


def _delete_or_add(verb: str, node: str, line: int, clock: Clock | None) -> Operation | Problem:
    """Read `path:phandle`; the phandle is what follows the last colon, for a path may hold some."""
    path, colon, digits = node.rpartition(":")
    if not colon:
        return Problem("PS204", line, f"{_shown(node)} has no phandle: expected PATH:PHANDLE")
    number = _DECIMAL.match(digits)
    if number is None or int(number[1]) > MAX_NUMBER:
        return Problem(
            "PS204",
            line,
            f"{_shown(digits)} is no phandle: expected a decimal number of at most {MAX_NUMBER}",
        )
    kind = ADD if verb == "added node" else DELETE
    return Operation(kind, line, path=path, phandle=int(number[1]) or None, clock=clock)


def _lookup(body: str, line: int, clock: Clock | None) -> Operation | Note | Problem:
    """Read a failed lookup: what firmware asked for, and Linux could not find."""
    found = _LOOKUP.match(body)
    if found is None:
        wanted = "`Failed lookup: phandle 0xHEX for action 0xHEX`"
        return Problem("PS204", line, f"{_shown(body)} is cut short or damaged: expected {wanted}")
    phandle, action = int(found["phandle"], 16), int(found["action"], 16)
    if phandle > MAX_NUMBER or action > MAX_NUMBER:
        return Problem("PS204", line, f"{_shown(body)} has a number of more than 32 bits")
    opcode = action >> 24
    if opcode == 1:
        return Operation(DELETE, line, phandle=phandle, clock=clock)
    if opcode == 2:
        return Operation(UPDATE, line, phandle=phandle, clock=clock)
    if opcode == 3:
        return Operation(ADD, line, parent=phandle, clock=clock)
    if not opcode:
        return Problem("PS204", line, f"0x{action:x} is no action: expected 0x1000000 or more")
    return Note("PS146", line, None, f"firmware used the unknown operation 0x{opcode:02x}")


def read_link(text: str, line: int) -> NamedHolder | None:
    """Read `DEVICE/of_node: broken symbolic link to .../base/PATH`, as file(1) writes it.

    The link of a device that still holds its node breaks when the node leaves the tree.
    """
    head, _, target = text.partition(_BROKEN)
    device = head.rpartition("/")[2]
    _, base, path = target.rstrip("'\"").partition(_BASE)
    if not (base and device):
        return None
    return NamedHolder(f"/{path.rstrip('/')}", f"vio:{device}", line)


def _verb(body: str) -> str:
    """Give the words of a message that stand before its path."""
    return " ".join(body.split(" ", 4)[: 4 if body.startswith("ignoring") else 2])


def _shown(text: str) -> str:
    """Quote a piece of a line for a message, a long one cut."""
    return repr(text if len(text) <= 80 else text[:77] + "...")
