"""Says in words what is wrong with a blob that libfdt refuses, and where.

libfdt gives an error number alone. The walk here follows the same rules and stops at the same
place, so it runs only when libfdt has refused, and never has to be fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.input import BAD_RESERVATIONS, BAD_STRUCTURE
from dtovl.diagnostics import Diagnostic
from dtovl.fdt.header import (
    BEGIN_NODE,
    END,
    END_NODE,
    FULL_PATH_VERSIONS,
    NOP,
    PROPERTY,
    BrokenBlobError,
)
from dtovl.fdt.layout import reservations_end
from dtovl.fdt.tokens import tokens

if TYPE_CHECKING:
    from dtovl.fdt.header import Fields
    from dtovl.fdt.tokens import Token

_SHOWN_LEVELS = 16


def first_fault(data: bytes, fields: Fields, name: str, fdt_error: str) -> Diagnostic:
    """Find the first thing wrong with a blob whose header is sound.

    fdt_error is libfdt's name of its verdict; it stands in the diagnostic (why, fdt_error). Where
    our own walk finds nothing, the diagnostic says only that libfdt refuses.
    """
    shown = name or "the blob"
    why = f"libfdt {fdt_error}"
    if not reservations_end(data, fields):
        return Diagnostic(
            BAD_RESERVATIONS,
            name=shown,
            offset=fields.reservations,
            why=why,
            fdt_error=fdt_error,
        )
    walk = _Walk(shown)
    try:
        for token in tokens(data, fields):
            walk.step(token, fields)
    except BrokenBlobError as broken:
        code, offset, what = broken.code, broken.offset, broken.what
    else:
        code, offset, what = BAD_STRUCTURE, fields.structure, "libfdt refuses it"
    return Diagnostic(
        code, path=walk.path, name=shown, offset=offset, what=what, why=why, fdt_error=fdt_error
    )


def nops_behind_root(data: bytes, fields: Fields) -> int:
    """Give the offset of the first of the NOPs that stand between the root's end and END, else 0.

    The specification allows them there, libfdt does from release 1.8 on.
    """
    depth = 0
    closed = False
    first = 0
    try:
        for token in tokens(data, fields):
            depth += (token.tag == BEGIN_NODE) - (token.tag == END_NODE)
            if closed and not first and token.tag == NOP:
                first = token.start
            elif closed and token.tag not in (NOP, END):
                return 0
            closed = closed or (token.tag == END_NODE and depth == 0)
    except BrokenBlobError:
        return 0
    return first


class _Walk:
    """Where in the tree the walk stands: names of the nodes that are open."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.open: list[str] = []
        self.closed = False

    @property
    def path(self) -> str:
        if not self.open:
            return ""
        if len(self.open) > 2 * _SHOWN_LEVELS:
            return "/".join((*self.open[:_SHOWN_LEVELS], "...", *self.open[-_SHOWN_LEVELS:]))
        return "/".join(self.open) or "/"

    def step(self, token: Token, fields: Fields) -> None:
        """Take one token; raise BrokenBlobError where libfdt's fdt_check_full refuses it."""
        tag = token.tag
        if self.closed and tag not in (END, NOP):
            kind = {BEGIN_NODE: "a second root node", PROPERTY: "a property"}.get(tag, "a token")
            self._refuse(token, f"{kind} stands behind the end of the root node")
        if tag == BEGIN_NODE:
            self._enter(token, fields)
        elif tag == END_NODE:
            if not self.open:
                self._refuse(token, "END_NODE before any node began")
            self.open.pop()
            self.closed = not self.open
        elif tag == END:
            if self.open:
                self._refuse(token, f"END while {len(self.open)} nodes are still open")
            if not self.closed:
                self._refuse(token, "there is no root node")
        elif tag == PROPERTY and not self.open:
            self._refuse(token, "a property stands before the root node")

    def _enter(self, token: Token, fields: Fields) -> None:
        text = token.text
        if fields.version < FULL_PATH_VERSIONS:
            if b"/" not in text:
                what = f"version {fields.version} wants full paths as names, and this one has no /"
                self._refuse(token, what)
            text = text.rpartition(b"/")[2]
        if text and not self.open:
            shown = text[:40].decode("latin-1")
            self._refuse(token, f"the root node has the name {shown!r}; it has to be empty")
        self.open.append(text.decode("latin-1"))

    def _refuse(self, token: Token, what: str) -> None:
        raise BrokenBlobError(token.start, what, "FDT_ERR_BADSTRUCTURE")
