"""From bytes to the tree in them, or to a message that says what they are instead."""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING

from dtovl.codes.input import NOT_A_TREE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.fdt.header import LAST_VERSION, MAGIC_BYTES
from dtovl.fdt.read import unflatten
from dtovl.inputs import fit, gzipped
from dtovl.inputs.kinds import Kind, kind_by_magic, kind_of_fill

if TYPE_CHECKING:
    from dtovl.diagnostics import Sink
    from dtovl.model.tree import Tree

_MOST_PLACES = 10_000  # at which a blob inside other data is looked for
_LEAST_BLOB = 72  # a header, the end of the reservations, a root node and END


def recognise(data: bytes) -> Kind:
    """Tell what kind of file these bytes are, by content alone.

    Damaged files keep their kind: a blob that is cut off is a DTB, source with an error is DTS.
    """
    kind = kind_by_magic(data) or kind_of_fill(data)
    if kind is None:
        from dtovl.inputs.words import kind_of_text

        kind = kind_of_text(data) or Kind.BINARY
    return Kind.FIT if kind is Kind.DTB and _fit_tree(data) is not None else kind


def describe(data: bytes) -> str:
    """Say in one phrase what these bytes look like, with what can be told about the inside."""
    kind = recognise(data)
    if kind is Kind.GZIP:
        inside = gzipped.peek(data)
        # Not looked into twice: there are files that unpack to themselves.
        nested = inside and recognise(inside) is not Kind.GZIP
        return f"{kind.looks}, inside {describe(inside)}" if nested else kind.looks
    if kind is Kind.FIT:
        tree = _fit_tree(data)
        return fit.looks(tree) if tree is not None else kind.looks
    if kind is Kind.DTB and len(data) >= 24:
        total, version = unpack_from(">I", data, 4)[0], unpack_from(">I", data, 20)[0]
        return f"{kind.looks} (version {version}, {total} bytes)"
    if kind in (Kind.TEXT, Kind.SCRIPT):
        from dtovl.inputs.words import first_line

        return f"{kind.looks} which begins with {first_line(data)!r}"
    if kind is Kind.BINARY:
        return f"{kind.looks} which begins with {data[:8].hex(' ')}"
    return kind.looks


def read_blob(data: bytes, name: str, sink: Sink | None = None) -> Tree:
    """Read a devicetree blob, gzip-compressed or not.

    name is what messages call the file; sink takes warnings.

    Raises InputError: DT001 when it is no blob, with what it is instead and what to do; DT002 to
    DT010 when it is one and cannot be read.
    """
    if data.startswith(b"\x1f\x8b"):
        inside = gzipped.unpack(data, name, sink)
        if not inside.startswith(MAGIC_BYTES):
            raise InputError(refusal(inside, name, packed=True))
        data = inside
    if not data.startswith(MAGIC_BYTES):
        raise InputError(refusal(data, name))
    tree = unflatten(data, name, sink)
    if fit.is_fit(tree):
        raise InputError(
            Diagnostic(NOT_A_TREE, name=name, looks=fit.looks(tree), fix=fit.advice(tree, name))
        )
    return tree


def refusal(data: bytes, name: str, *, packed: bool = False) -> Diagnostic:
    """Say what data is that is no blob (DT001): what it looks like, and what to do about it.

    packed tells that it was found inside compressed data.
    """
    looks = describe(data)
    kind = recognise(data)
    # A session keeps blobs inside, of which none is the tree it stands for.
    cut = "" if kind is Kind.SQLITE else _embedded(data, name)
    fix = cut or kind.advice or None
    if packed:
        looks = f"gzip-compressed data, inside {looks}"
        fix = "unpack it first (`gzip -dk FILE`), then give what is inside"
    return Diagnostic(NOT_A_TREE, name=name, looks=looks, fix=fix)


def _embedded(data: bytes, name: str) -> str:
    """Say how to cut out a blob that stands somewhere inside the data, "" where there is none."""
    at = data.find(MAGIC_BYTES)
    for _ in range(_MOST_PLACES):
        if at < 0:
            break
        if at + _LEAST_BLOB <= len(data):
            total = unpack_from(">I", data, at + 4)[0]
            version, compatible = unpack_from(">2I", data, at + 20)
            fits = _LEAST_BLOB <= total <= len(data) - at
            if fits and compatible <= LAST_VERSION <= version < 256:
                from shlex import quote

                cut = f"tail -c +{at + 1} {quote(name)} | head -c {total} > board.dtb"
                return f"a devicetree blob stands at byte {at} of it; cut it out: `{cut}`"
        at = data.find(MAGIC_BYTES, at + 1)
    return ""


def _fit_tree(data: bytes) -> Tree | None:
    """Read a FIT image, None when the blob is none or cannot be read."""
    if not fit.maybe_fit(data):
        return None
    try:
        tree = unflatten(data)
    except InputError:
        return None
    return tree if fit.is_fit(tree) else None
